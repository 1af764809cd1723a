// Leaky integrate-and-fire neurons with threshold, reset, refractoriness and a spike monitor.
snn.program @lif {
  %N = snn.param "neurons.N" "" : index
  %tau = snn.param "tau" "s" : f64
  %drive = snn.param "drive" "V" : f64
  %period = snn.param "refractory" "s" : f64
  %v = snn.state "neurons.v" "V" [%N] : tensor<?xf64>
  %last = snn.state "neurons.lastspike" "s" [%N] : tensor<?xf64>
  %ready = snn.state "neurons.not_refractory" "" [%N] : tensor<?xi1>
  %count = snn.state "spikemonitor.count" "" [%N] : tensor<?xi32>
  %e = snn.event_space "neurons.spike" [%N]
  %clk = snn.clock "defaultclock"
  %m = snn.sink "spikemonitor" : !snn.sink<[f64, i32, f64]>
  %dt = snn.dt %clk
  %x = arith.divf %dt, %tau : f64
  %nx = arith.negf %x : f64
  %decay = math.exp %nx : f64
  %zero = arith.constant 0 : index
  %one = arith.constant 1.0 : f64
  %yes = arith.constant true
  %no = arith.constant false
  %reset_to = arith.constant 0.0 : f64
  %out:5 = snn.loop (%v, %last, %ready, %count, %e) : tensor<?xf64>, tensor<?xf64>, tensor<?xi1>, tensor<?xi32>, !snn.events -> tensor<?xf64>, tensor<?xf64>, tensor<?xi1>, tensor<?xi32>, !snn.events {
  ^bb0(%v0: tensor<?xf64>, %last0: tensor<?xf64>, %ready0: tensor<?xi1>, %count0: tensor<?xi32>, %e0: !snn.events):
    %t, %n = snn.time %clk
    %ready1 = snn.map "refractory" "neurons_stateupdater" on(%clk) [%N] (%ready0, %last0) updates [0] : tensor<?xi1>, tensor<?xf64> -> tensor<?xi1> {
    ^bb0(%i: index, %r: i1, %l: f64):
      %since = arith.subf %t, %l : f64
      %over = arith.cmpf oge, %since, %period : f64
      snn.yield %over : i1
    }
    %v1 = snn.map "integrate" "neurons_stateupdater" on(%clk) [%N] (%v0, %ready1) updates [0] : tensor<?xf64>, tensor<?xi1> -> tensor<?xf64> {
    ^bb0(%i: index, %u: f64, %r: i1):
      %away = arith.subf %u, %drive : f64
      %less = arith.mulf %away, %decay : f64
      %new = arith.addf %less, %drive : f64
      %kept = arith.select %r, %new, %u : f64
      snn.yield %kept : f64
    }
    %e1 = snn.threshold "neurons_spike_thresholder" on(%clk) [%N] (%v1, %ready1) into %e0 : tensor<?xf64>, tensor<?xi1> {
    ^bb0(%i: index, %u: f64, %r: i1):
      %above = arith.cmpf ogt, %u, %one : f64
      %both = arith.andi %above, %r : i1
      snn.yield %both : i1
    }
    %last1, %ready2 = snn.reset "refractory" "neurons_spike_thresholder" on(%clk) %e1 (%last0, %ready1) updates [0, 1] : tensor<?xf64>, tensor<?xi1> -> tensor<?xf64>, tensor<?xi1> {
    ^bb0(%i: index, %l: f64, %r: i1):
      snn.yield %t, %no : f64, i1
    }
    %count1 = snn.record_events "spikemonitor" on(%clk) %m %e1 [%zero, %N] at %t counts %count0 : !snn.sink<[f64, i32, f64]>, tensor<?xi32> -> tensor<?xi32> {
    ^bb0(%i: index):
      %u = snn.gather %v1[%i] : tensor<?xf64> -> f64
      snn.yield %u : f64
    }
    %v2 = snn.reset "reset" "neurons_spike_resetter" on(%clk) %e1 (%v1) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %u: f64):
      snn.yield %reset_to : f64
    }
    snn.yield %v2, %last1, %ready2, %count1, %e1 : tensor<?xf64>, tensor<?xf64>, tensor<?xi1>, tensor<?xi32>, !snn.events
  }
}
