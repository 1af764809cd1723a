// Adaptive neurons with refractoriness, noise and all monitors: what the front end makes of a usual script.
snn.program @neurons {
  %N = snn.param "g.N" "" : index
  %key = snn.param "key" "" : i64
  %tau = snn.param "tau" "s" : f64
  %tauw = snn.param "tauw" "s" : f64
  %vt = snn.param "vt" "V" : f64
  %refractory = snn.param "refractory" "s" : f64
  %sigma = snn.param "sigma" "V" : f64
  %zero = arith.constant 0 : index
  %v = snn.state "g.v" "V" [%N] : tensor<?xf64>
  %w = snn.state "g.w" "V" [%N] : tensor<?xf64>
  %last = snn.state "g.lastspike" "s" [%N] : tensor<?xf64>
  %ready = snn.state "g.not_refractory" "" [%N] : tensor<?xi1>
  %e = snn.event_space "g.spike" [%N]
  %count = snn.state "s.count" "" [%N] : tensor<?xi32>
  %clk = snn.clock "clk"
  %s = snn.sink "s" : !snn.sink<[f64, i32, f64]>
  %m = snn.sink "m" : !snn.sink<[f64, f64, f64]>
  %r = snn.sink "r" : !snn.sink<[f64, f64]>
  %nrec = snn.param "m.n" "" : index
  %rec = snn.state "m.record" "" [%nrec] : tensor<?xi32>
  %dt = snn.dt %clk
  %end:6 = snn.loop (%v, %w, %last, %ready, %e, %count)
      : tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, tensor<?xi1>, !snn.events, tensor<?xi32>
      -> tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, tensor<?xi1>, !snn.events, tensor<?xi32> {
  ^bb0(%v0: tensor<?xf64>, %w0: tensor<?xf64>, %l0: tensor<?xf64>, %q0: tensor<?xi1>, %e0: !snn.events, %c0: tensor<?xi32>):
    %t, %n = snn.time %clk
    snn.record "m" on(%clk) %m [%nrec] at %t : !snn.sink<[f64, f64, f64]> {
    ^bb0(%k: index):
      %j = snn.gather %rec[%k] : tensor<?xi32> -> i32
      %i = arith.index_cast %j : i32 to index
      %a = snn.gather %v0[%i] : tensor<?xf64> -> f64
      %b = snn.gather %w0[%i] : tensor<?xf64> -> f64
      snn.yield %a, %b : f64, f64
    }
    %q1 = snn.map "refractory" "g" on(%clk) [%N] (%q0, %l0) updates [0] : tensor<?xi1>, tensor<?xf64> -> tensor<?xi1> {
    ^bb0(%i: index, %old: i1, %l: f64):
      %since = arith.subf %t, %l : f64
      %ok = arith.cmpf ogt, %since, %refractory : f64
      snn.yield %ok : i1
    }
    %v1, %w1 = snn.map "integrate" "g_stateupdater" on(%clk) [%N] (%v0, %w0, %q1) updates [0, 1]
        : tensor<?xf64>, tensor<?xf64>, tensor<?xi1> -> tensor<?xf64>, tensor<?xf64> {
    ^bb0(%i: index, %x: f64, %y: f64, %ok: i1):
      %two = arith.constant 2.0 : f64
      %one = arith.constant 1.0 : f64
      %b0 = arith.negf %dt : f64
      %b1 = arith.divf %b0, %tau : f64
      %decay = math.exp %b1 : f64
      %b2 = arith.divf %b0, %tauw : f64
      %decayw = math.exp %b2 : f64
      %z = snn.random "normal" 0 at (%key, %n, %i) () : -> f64
      %root = math.sqrt %dt : f64
      %scale = arith.mulf %sigma, %root : f64
      %noise = arith.mulf %scale, %z : f64
      %square = math.powf %x, %two : f64
      %quarter = arith.divf %square, %tau : f64
      %step = arith.mulf %quarter, %dt : f64
      %x1 = arith.mulf %x, %decay : f64
      %x2 = arith.addf %x1, %noise : f64
      %x3 = arith.addf %x2, %step : f64
      %x4 = arith.mulf %x3, %one : f64
      %x5 = arith.select %ok, %x4, %x : f64
      %y1 = arith.mulf %y, %decayw : f64
      snn.yield %x5, %y1 : f64, f64
    }
    %e1 = snn.threshold "g_spike_thresholder" on(%clk) [%N] (%v1, %w1, %q1) into %e0 : tensor<?xf64>, tensor<?xf64>, tensor<?xi1> {
    ^bb0(%i: index, %x: f64, %y: f64, %ok: i1):
      %limit = arith.addf %vt, %y : f64
      %c = arith.cmpf ogt, %x, %limit : f64
      %d = arith.andi %c, %ok : i1
      snn.yield %d : i1
    }
    %l1, %q2 = snn.reset "refractory" "g_spike_thresholder" on(%clk) %e1 (%l0, %q1) updates [0, 1]
        : tensor<?xf64>, tensor<?xi1> -> tensor<?xf64>, tensor<?xi1> {
    ^bb0(%i: index, %l: f64, %ok: i1):
      %no = arith.constant 0 : i1
      snn.yield %t, %no : f64, i1
    }
    %c1 = snn.record_events "s" on(%clk) %s %e1 [%zero, %N] at %t counts %c0 : !snn.sink<[f64, i32, f64]>, tensor<?xi32> -> tensor<?xi32> {
    ^bb0(%i: index):
      %b = snn.gather %w1[%i] : tensor<?xf64> -> f64
      snn.yield %b : f64
    }
    snn.record_rate "r" on(%clk) %r %e1 [%zero, %N] at %t by %dt : !snn.sink<[f64, f64]>
    %v2, %w2 = snn.reset "reset" "g_spike_resetter" on(%clk) %e1 (%v1, %w1) updates [0, 1]
        : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>, tensor<?xf64> {
    ^bb0(%i: index, %x: f64, %y: f64):
      %step = arith.constant 0.1 : f64
      %y1 = arith.addf %y, %step : f64
      %x1 = arith.constant 0.0 : f64
      snn.yield %x1, %y1 : f64, f64
    }
    snn.yield %v2, %w2, %l1, %q2, %e1, %c1 : tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, tensor<?xi1>, !snn.events, tensor<?xi32>
  }
}
