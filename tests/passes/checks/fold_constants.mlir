// RUN: fold-constants,eliminate-dead-code
// A product with one, a small power, a division by a power of two, and exp of a constant; 0*x and x/3 stay.
snn.program @fold {
  %N = snn.param "g.N" "" : index
  %v = snn.state "g.v" "" [%N] : tensor<?xf64>
  %k = snn.state "g.k" "" [%N] : tensor<?xi32>
  %clk = snn.clock "clk"
  %end:2 = snn.loop (%v, %k) : tensor<?xf64>, tensor<?xi32> -> tensor<?xf64>, tensor<?xi32> {
  ^bb0(%v0: tensor<?xf64>, %k0: tensor<?xi32>):
    %v1, %k1 = snn.map "integrate" "g" on(%clk) [%N] (%v0, %k0) updates [0, 1]
        : tensor<?xf64>, tensor<?xi32> -> tensor<?xf64>, tensor<?xi32> {
    ^bb0(%i: index, %x: f64, %n: i32):
      %one = arith.constant 1.0 : f64
      %zero = arith.constant 0.0 : f64
      %three = arith.constant 3.0 : f64
      %four = arith.constant 4.0 : f64
      %half = arith.constant 0.5 : f64
      // CHECK: [[CUBE:%\w+]] = arith.constant 3.0
      // CHECK-NOT: math.exp
      // CHECK: [[SQUARE:%\w+]] = arith.mulf %x, %x
      // CHECK-NEXT: [[POWER:%\w+]] = arith.mulf %x, [[SQUARE]]
      // CHECK-NOT: math.powf
      // CHECK: [[QUARTER:%\w+]] = arith.constant 2.500000e-01
      // CHECK-NEXT: [[SCALED:%\w+]] = arith.mulf [[POWER]], [[QUARTER]]
      // CHECK-NEXT: arith.divf [[SCALED]], %three
      // CHECK: math.sqrt
      // CHECK: arith.mulf %{{\w+}}, %zero
      // CHECK: arith.subf
      // CHECK-NOT: arith.negf
      %a = arith.mulf %x, %one : f64
      %b = math.powf %a, %three : f64
      %c = arith.divf %b, %four : f64
      %d = arith.divf %c, %three : f64
      %e = math.exp %zero : f64
      %f = arith.addf %d, %e : f64
      %r = math.powf %f, %half : f64
      %g = arith.mulf %r, %zero : f64
      %m = arith.negf %x : f64
      %h = arith.addf %g, %m : f64
      // CHECK: arith.shrsi %n
      // CHECK-NOT: arith.muli
      %i8 = arith.constant 8 : i32
      %i1 = arith.constant 1 : i32
      %p = arith.floordivsi %n, %i8 : i32
      %q = arith.muli %i1, %p : i32
      // CHECK: arith.divsi %{{\w+}}, %{{\w+}}
      %i0 = arith.constant 0 : i32
      %s = arith.divsi %i8, %i0 : i32
      %t = arith.addi %q, %s : i32
      snn.yield %h, %t : f64, i32
    }
    snn.yield %v1, %k1 : tensor<?xf64>, tensor<?xi32>
  }
}
