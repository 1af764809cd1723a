// RUN: choose-width{own-bytes=24 instances=1000 own="tau"}
// So small instances are computed side by side: the program is that of all of them, and says why.
snn.program @small {
  // CHECK: %instances = snn.param "instances" "" : index
  // CHECK: %tau = snn.state "tau" "s"[%instances] : tensor<?xf64> {own}
  %N = snn.param "g.N" "" : index
  %tau = snn.param "tau" "s" : f64
  %v = snn.state "g.v" "" [%N] : tensor<?xf64>
  %clk = snn.clock "defaultclock"
  %end = snn.loop (%v) : tensor<?xf64> -> tensor<?xf64> {
  ^bb0(%v0: tensor<?xf64>):
    // CHECK: snn.map
    %v1 = snn.map "integrate" "g" on(%clk) [%N] (%v0) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %x: f64):
      %y = arith.divf %x, %tau : f64
      snn.yield %y : f64
    }
    snn.yield %v1 : tensor<?xf64>
  }
}
// CHECK: } {width = "lanes", reasons = "an instance has 24 bytes
