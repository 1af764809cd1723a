// RUN: eliminate-common-subexpressions
// Equal up to the order of factors, across regions; the same draw; but not two draws of different streams.
snn.program @cse {
  %N = snn.param "g.N" "" : index
  %a = snn.param "a" "" : f64
  %b = snn.param "b" "" : f64
  %key = snn.param "key" "" : i64
  %v = snn.state "g.v" "" [%N] : tensor<?xf64>
  %clk = snn.clock "clk"
  // CHECK: %p = arith.mulf %a, %b
  // CHECK-NOT: arith.mulf %b, %a
  %p = arith.mulf %a, %b : f64
  // CHECK: arith.subf %a, %b
  // CHECK: arith.subf %b, %a
  %s = arith.subf %a, %b : f64
  %s2 = arith.subf %b, %a : f64
  %end = snn.loop (%v) : tensor<?xf64> -> tensor<?xf64> {
  ^bb0(%v0: tensor<?xf64>):
    %t, %n = snn.time %clk
    %v1 = snn.map "integrate" "g" on(%clk) [%N] (%v0) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %x: f64):
      %q = arith.mulf %b, %a : f64
      // CHECK: snn.random "normal" 1
      // CHECK-NOT: snn.random "normal" 1
      // CHECK: snn.random "normal" 2
      %r1 = snn.random "normal" 1 at (%key, %n, %i) () : -> f64
      %r2 = snn.random "normal" 1 at (%key, %n, %i) () : -> f64
      %r3 = snn.random "normal" 2 at (%key, %n, %i) () : -> f64
      // CHECK: [[Y:%\w+]] = arith.mulf %x, %p
      %y = arith.mulf %x, %q : f64
      %y1 = arith.addf %y, %r1 : f64
      // CHECK: [[Y1:%\w+]] = arith.addf [[Y]], %r1
      // CHECK-NEXT: arith.addf [[Y1]], %r1
      %y2 = arith.addf %y1, %r2 : f64
      %y3 = arith.addf %y2, %r3 : f64
      %y4 = arith.addf %y3, %s : f64
      %y5 = arith.addf %y4, %s2 : f64
      snn.yield %y5 : f64
    }
    snn.yield %v1 : tensor<?xf64>
  }
}
