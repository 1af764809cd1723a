// RUN: eliminate-dead-code
// Drops an unread mask and its condition, the input only it read, an unchanged array, an unused scalar; not inputs.
snn.program @dead {
  // CHECK: snn.param "g.N"
  // CHECK-NEXT: snn.param "unused"
  %N = snn.param "g.N" "" : index
  %unused = snn.param "unused" "" : f64
  %v = snn.state "g.v" "" [%N] : tensor<?xf64>
  %w = snn.state "g.w" "" [%N] : tensor<?xf64>
  %u = snn.state "g.u" "" [%N] : tensor<?xf64>
  %clk = snn.clock "clk"
  // CHECK-NOT: math.exp
  %e = math.exp %unused : f64
  // CHECK: snn.loop (%v) : tensor<?xf64> -> tensor<?xf64>
  %end:3 = snn.loop (%v, %w, %u) : tensor<?xf64>, tensor<?xf64>, tensor<?xf64>
      -> tensor<?xf64>, tensor<?xf64>, tensor<?xf64> {
  ^bb0(%v0: tensor<?xf64>, %w0: tensor<?xf64>, %u0: tensor<?xf64>):
    // CHECK: snn.map "integrate" "g" on(%clk) [%N] (%v0, %u) updates [0] : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64> {
    // CHECK-NOT: arith.cmpf
    // CHECK: snn.yield %{{\w+}} : f64
    %w1, %v1, %m = snn.map "integrate" "g" on(%clk) [%N] (%w0, %v0, %u0) updates [0, 1, -1]
        : tensor<?xf64>, tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>, tensor<?xf64>, tensor<?xi1> {
    ^bb0(%i: index, %y: f64, %x: f64, %z: f64):
      %s = arith.addf %x, %z : f64
      %c = arith.cmpf ogt, %s, %y : f64
      snn.yield %y, %s, %c : f64, f64, i1
    }
    // CHECK: snn.yield %{{\w+}} : tensor<?xf64>
    snn.yield %v1, %w1, %u0 : tensor<?xf64>, tensor<?xf64>, tensor<?xf64>
  }
}
