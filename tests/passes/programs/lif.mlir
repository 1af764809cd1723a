snn.program @lif {
  %N = snn.param "neurongroup.N" "" : index
  %tau = snn.param "tau" "s" : f64
  %vt = snn.param "vt" "V" : f64
  %v = snn.state "neurongroup.v" "V" [%N] : tensor<?xf64>
  %e = snn.event_space "neurongroup.spike" [%N]
  %clk = snn.clock "defaultclock"
  %c = snn.state "spikemonitor.count" "" [%N] : tensor<?xi32>
  %m = snn.sink "spikemonitor" : !snn.sink<[f64, i32]>
  %dt = snn.dt %clk
  %zero = arith.constant 0 : index
  %a:3 = snn.loop (%v, %e, %c) : tensor<?xf64>, !snn.events, tensor<?xi32> -> tensor<?xf64>, !snn.events, tensor<?xi32> {
  ^bb0(%v0: tensor<?xf64>, %e0: !snn.events, %c0: tensor<?xi32>):
    %t, %n = snn.time %clk
    %v1 = snn.map "integrate" "neurongroup_stateupdater" on(%clk) [%N] (%v0) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %x: f64):
      %k = arith.divf %dt, %tau : f64
      %k2 = arith.negf %k : f64
      %k3 = math.exp %k2 : f64
      %y = arith.mulf %x, %k3 : f64
      snn.yield %y : f64
    }
    %e1 = snn.threshold "neurongroup_spike_thresholder" on(%clk) [%N] (%v1) into %e0 : tensor<?xf64> {
    ^bb0(%i: index, %x: f64):
      %cond = arith.cmpf ogt, %x, %vt : f64
      snn.yield %cond : i1
    }
    %c1 = snn.record_events "spikemonitor" on(%clk) %m %e1 [%zero, %N] at %t counts %c0 : !snn.sink<[f64, i32]>, tensor<?xi32> -> tensor<?xi32> {
    ^bb0(%i: index):
      snn.yield
    }
    %v2 = snn.reset "reset" "neurongroup_spike_resetter" on(%clk) %e1 (%v1) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %x: f64):
      snn.yield %vt : f64
    }
    snn.yield %v2, %e1, %c1 : tensor<?xf64>, !snn.events, tensor<?xi32>
  }
}
