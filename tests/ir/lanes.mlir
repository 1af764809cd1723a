// Several instances side by side: N elements of each, instance innermost, with a time constant of each instance.
snn.program @lanes {
  %B = snn.param "instances" "" : index
  %N = snn.param "g.N" "" : index
  %all = arith.muli %N, %B : index
  %zero = arith.constant 0 : index
  %tau = snn.state "tau" "s" [%B] : tensor<?xf64> {own}
  %v = snn.state "g.v" "" [%all] : tensor<?xf64> {own}
  %gain = snn.state "g.gain" "" [%N] : tensor<?xf64>
  %e = snn.event_space "g.spike" [%all] {own}
  %clk = snn.clock "clk"
  %rates = snn.sink "rates" : !snn.sink<[f64, f64]>
  %dt = snn.dt %clk
  %decay = snn.tabulate [%B] : tensor<?xf64> {
  ^bb0(%b: index):
    %t = snn.gather %tau[%b] : tensor<?xf64> -> f64
    %k = arith.divf %dt, %t : f64
    snn.yield %k : f64
  }
  %end:2 = snn.loop (%v, %e) : tensor<?xf64>, !snn.events -> tensor<?xf64>, !snn.events {
  ^bb0(%v0: tensor<?xf64>, %e0: !snn.events):
    %t, %n = snn.time %clk
    %v1 = snn.map "integrate" "g" on(%clk) [%all] (%v0) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%k: index, %x: f64):
      %i, %b = snn.instance %k of %B
      %g = snn.gather %gain[%i] : tensor<?xf64> -> f64
      %d = snn.gather %decay[%b] : tensor<?xf64> -> f64
      %s = arith.mulf %g, %d : f64
      %y = arith.addf %x, %s : f64
      snn.yield %y : f64
    }
    %e1 = snn.threshold "th" on(%clk) [%all] (%v1) into %e0 : tensor<?xf64> {
    ^bb0(%k: index, %x: f64):
      %one = arith.constant 1.0 : f64
      %c = arith.cmpf ogt, %x, %one : f64
      snn.yield %c : i1
    }
    snn.record_rate "rates" on(%clk) %rates %e1 [%zero, %all] at %t by %dt of %B : !snn.sink<[f64, f64]>
    snn.yield %v1, %e1 : tensor<?xf64>, !snn.events
  }
}
