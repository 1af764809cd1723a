// Ops that the other programs do not have: offsets, new arrays, compact, scatter, rates, calls, branches, propagators.
snn.program @everything {
  %N = snn.param "g.N" "" : index
  %from = snn.param "sub.start" "" : index
  %size = snn.param "sub.N" "" : index
  %rate = snn.param "rate" "Hz" : f64
  %x = snn.state "g.x" "" [%N] : tensor<?xf64>
  %to = snn.state "g.to" "" [%N] : tensor<?xi32>
  %table = snn.state "table" "" [%N] : tensor<?xf64>
  %e = snn.event_space "g.spike" [%N]
  %clk = snn.clock "defaultclock"
  %m = snn.sink "ratemonitor" : !snn.sink<[f64, f64]>
  %silent = snn.sink "spikemonitor" : !snn.sink<[]>
  %count = snn.state "spikemonitor.count" "" [%size] : tensor<?xi64>
  %dt = snn.dt %clk
  %null = arith.constant 0.0 : f64
  %minus = arith.negf %rate : f64
  %c, %d = snn.propagator 2 (%null, %rate, %minus, %null) by %dt wanted [0, 1] : f64, f64, f64, f64 -> f64, f64
  %stop = arith.addi %from, %size : index
  %out:4 = snn.loop (%x, %table, %e, %count) : tensor<?xf64>, tensor<?xf64>, !snn.events, tensor<?xi64> -> tensor<?xf64>, tensor<?xf64>, !snn.events, tensor<?xi64> {
  ^bb0(%x0: tensor<?xf64>, %table0: tensor<?xf64>, %e0: !snn.events, %count0: tensor<?xi64>):
    %t, %n = snn.time %clk
    %x1 = snn.map "run_regularly" "sub_run_regularly" on(%clk) [%size from %from] (%x0) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %u: f64):
      %k = arith.index_cast %i : index to i64
      %f = arith.sitofp %k : i64 to f64
      %y = arith.addf %u, %f : f64
      snn.yield %y : f64
    }
    %mask, %x2 = snn.map "integrate" "g_stateupdater" on(%clk) [%N] (%x1) updates [-1, 0] : tensor<?xf64> -> tensor<?xi1>, tensor<?xf64> {
    ^bb0(%i: index, %u: f64):
      %big = arith.cmpf ogt, %u, %c : f64
      %v = scf.if %big -> (f64) {
        %w = arith.mulf %u, %d : f64
        scf.yield %w : f64
      } else {
        scf.yield %u : f64
      }
      snn.yield %big, %v : i1, f64
    }
    %e1 = snn.compact on(%clk) %mask [%N] into %e0 : tensor<?xi1>
    snn.record_rate "ratemonitor" on(%clk) %m %e1 [%from, %stop] at %t by %dt : !snn.sink<[f64, f64]>
    %count1 = snn.record_events "spikemonitor" on(%clk) %silent %e1 [%from, %stop] at %t counts %count0 : !snn.sink<[]>, tensor<?xi64> -> tensor<?xi64> {
    ^bb0(%i: index):
      snn.yield
    }
    %table1 = snn.scatter "run_regularly" "g_run_regularly" on(%clk) [%N] (%to, %x2) to %table0 : tensor<?xi32>, tensor<?xf64> to tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %l: i32, %u: f64):
      %where = arith.index_cast %l : i32 to index
      %old = snn.gather %table0[%where] : tensor<?xf64> -> f64
      %new = arith.addf %old, %u : f64
      snn.yield %where, %new : index, f64
    }
    %x3, %e2 = snn.call "networkoperation" 0 on(%clk) (%x2, %e1) : tensor<?xf64>, !snn.events -> tensor<?xf64>, !snn.events
    snn.yield %x3, %table1, %e2, %count1 : tensor<?xf64>, tensor<?xf64>, !snn.events, tensor<?xi64>
  }
}
