// RUN: contract-products
// A product that one sum alone uses becomes one operation with it; one that is computed outside, or used twice, stays.
snn.program @contract {
  %N = snn.param "g.N" "" : index
  %a = snn.param "a" "" : f64
  %b = snn.param "b" "" : f64
  %v = snn.state "g.v" "" [%N] : tensor<?xf64>
  %clk = snn.clock "clk"
  // CHECK: [[K:%\w+]] = arith.mulf %a, %b
  %k = arith.mulf %a, %b : f64
  %end = snn.loop (%v) : tensor<?xf64> -> tensor<?xf64> {
  ^bb0(%v0: tensor<?xf64>):
    %v1 = snn.map "integrate" "g" on(%clk) [%N] (%v0) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    // CHECK: ^bb0([[I:%\w+]]: index, [[X:%\w+]]: f64):
    // CHECK-NEXT: [[ONE:%\w+]] = arith.addf [[K]], [[X]]
    // CHECK-NEXT: [[RIGHT:%\w+]] = arith.mulf [[X]], %b
    // CHECK-NEXT: [[BOTH:%\w+]] = math.fma [[ONE]], %a, [[RIGHT]]
    // CHECK-NEXT: [[MINUS:%\w+]] = arith.negf [[BOTH]]
    // CHECK-NEXT: [[LESS:%\w+]] = math.fma [[MINUS]], [[X]], %a
    // CHECK-NEXT: [[NO:%\w+]] = arith.negf %b
    // CHECK-NEXT: [[LEFT:%\w+]] = math.fma [[LESS]], [[LESS]], [[NO]]
    // CHECK-NEXT: [[TWICE:%\w+]] = arith.mulf [[LEFT]], %a
    // CHECK-NEXT: [[SUM:%\w+]] = arith.addf [[TWICE]], [[TWICE]]
    // CHECK-NEXT: snn.yield [[SUM]]
    ^bb0(%i: index, %x: f64):
      %one = arith.addf %k, %x : f64
      %left = arith.mulf %one, %a : f64
      %right = arith.mulf %x, %b : f64
      %both = arith.addf %left, %right : f64
      %other = arith.mulf %both, %x : f64
      %less = arith.subf %a, %other : f64
      %square = arith.mulf %less, %less : f64
      %minus = arith.subf %square, %b : f64
      %twice = arith.mulf %minus, %a : f64
      %sum = arith.addf %twice, %twice : f64
      snn.yield %sum : f64
    }
    snn.yield %v1 : tensor<?xf64>
  }
}
