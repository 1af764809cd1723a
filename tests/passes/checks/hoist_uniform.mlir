// RUN: hoist-uniform
// Once per run: exp(-dt/tau), an element of constant data. Once per step: sin(t). Stays: what may trap, what is drawn
// for each element, what a reset needs in this step only.
snn.program @hoist {
  %N = snn.param "g.N" "" : index
  %tau = snn.param "tau" "s" : f64
  %k = snn.param "k" "" : i64
  %key = snn.param "key" "" : i64
  %zero = arith.constant 0 : index
  %data = snn.state "data" "" [%N] : tensor<?xf64>
  %v = snn.state "g.v" "" [%N] : tensor<?xf64>
  %e = snn.event_space "g.spike" [%N]
  %clk = snn.clock "clk"
  // CHECK: snn.dt
  // CHECK-NEXT: arith.divf %dt, %tau
  // CHECK-NEXT: math.exp
  // CHECK-NEXT: snn.gather %data[%zero]
  // CHECK-NEXT: math.log %tau
  // CHECK-NEXT: snn.loop
  %end:2 = snn.loop (%v, %e) : tensor<?xf64>, !snn.events -> tensor<?xf64>, !snn.events {
  ^bb0(%v0: tensor<?xf64>, %e0: !snn.events):
    %t, %n = snn.time %clk
    // CHECK: math.sin %t
    // CHECK-NEXT: snn.gather %v0[%zero]
    // CHECK-NEXT: snn.map
    %v1 = snn.map "integrate" "g" on(%clk) [%N] (%v0) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %x: f64):
      // CHECK: arith.divsi
      // CHECK: snn.random
      %dt = snn.dt %clk
      %a = arith.divf %dt, %tau : f64
      %b = math.exp %a : f64
      %c = snn.gather %data[%zero] : tensor<?xf64> -> f64
      %s = math.sin %t : f64
      %f = snn.gather %v0[%zero] : tensor<?xf64> -> f64
      %q = arith.divsi %k, %k : i64
      %qf = arith.sitofp %q : i64 to f64
      %r = snn.random "normal" 1 at (%key, %n, %i) () : -> f64
      %y0 = arith.mulf %x, %b : f64
      %y1 = arith.addf %y0, %c : f64
      %y2 = arith.addf %y1, %s : f64
      %y3 = arith.addf %y2, %f : f64
      %y4 = arith.addf %y3, %qf : f64
      %y5 = arith.addf %y4, %r : f64
      snn.yield %y5 : f64
    }
    %e1 = snn.threshold "th" on(%clk) [%N] (%v1) into %e0 : tensor<?xf64> {
    ^bb0(%i: index, %x: f64):
      %c = arith.cmpf ogt, %x, %tau : f64
      snn.yield %c : i1
    }
    // CHECK: snn.reset
    // CHECK-NEXT: ^bb
    // CHECK-NEXT: math.cos %t
    %v2 = snn.reset "reset" "g" on(%clk) %e1 (%v1) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %x: f64):
      %s = math.cos %t : f64
      %l = math.log %tau : f64
      %y = arith.addf %s, %l : f64
      snn.yield %y : f64
    }
    snn.yield %v2, %e1 : tensor<?xf64>, !snn.events
  }
}
