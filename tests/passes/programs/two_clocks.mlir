// Two clocks, shared variables, a run-time call, a monitor with an index list, a rate monitor.
snn.program @two_clocks {
  %N = snn.param "g.N" "" : index
  %one = arith.constant 1 : index
  %zero = arith.constant 0 : index
  %rate = snn.param "rate" "" : f64
  %v = snn.state "g.v" "V" [%N] : tensor<?xf64>
  %s = snn.state "g.s" "" [%one] : tensor<1xf64>
  %e = snn.event_space "g.spike" [%N]
  %fast = snn.clock "fast"
  %slow = snn.clock "slow"
  %nrec = snn.param "m.n" "" : index
  %rec = snn.state "m.record" "" [%nrec] : tensor<?xi32>
  %m = snn.sink "m" : !snn.sink<[f64, f64]>
  %r = snn.sink "r" : !snn.sink<[f64, f64]>
  %dt = snn.dt %fast
  %end:3 = snn.loop (%v, %s, %e) : tensor<?xf64>, tensor<1xf64>, !snn.events
      -> tensor<?xf64>, tensor<1xf64>, !snn.events {
  ^bb0(%v0: tensor<?xf64>, %s0: tensor<1xf64>, %e0: !snn.events):
    %t, %n = snn.time %fast
    %ts, %ns = snn.time %slow
    %x = snn.read %s0 : tensor<1xf64> -> f64
    %v1 = snn.map "integrate" "g_stateupdater" on(%fast) [%N] (%v0) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %a: f64):
      %i64 = arith.index_cast %i : index to i64
      %f = arith.sitofp %i64 : i64 to f64
      %b = arith.addf %a, %f : f64
      %c = arith.addf %b, %x : f64
      snn.yield %c : f64
    }
    %y = arith.addf %x, %rate : f64
    %s1 = snn.write on(%slow) %s0, %y : tensor<1xf64>, f64 -> tensor<1xf64>
    %limit = snn.read %s1 : tensor<1xf64> -> f64
    %e1 = snn.threshold "g_thresholder" on(%fast) [%N] (%v1) into %e0 : tensor<?xf64> {
    ^bb0(%i: index, %a: f64):
      %c = arith.cmpf ogt, %a, %limit : f64
      snn.yield %c : i1
    }
    snn.record "m" on(%slow) %m [%nrec] at %ts : !snn.sink<[f64, f64]> {
    ^bb0(%k: index):
      %i = snn.gather %rec[%k] : tensor<?xi32> -> i32
      %ii = arith.index_cast %i : i32 to index
      %a = snn.gather %v1[%ii] : tensor<?xf64> -> f64
      snn.yield %a : f64
    }
    snn.record_rate "r" on(%fast) %r %e1 [%one, %N] at %t by %dt : !snn.sink<[f64, f64]>
    snn.yield %v1, %s1, %e1 : tensor<?xf64>, tensor<1xf64>, !snn.events
  }
}
