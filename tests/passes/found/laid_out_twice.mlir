// Ends that were copied in order were copied once more, and took other types.
snn.program @random {
  %N = snn.param "N" "" : index
  %half = snn.param "half" "" : f64
  %key = snn.param "key" "" : i64
  %S = snn.param "S" "" : index
  %one = arith.constant 1 : index
  %zero = arith.constant 0 : index
  %four = arith.constant 4 : index
  %kept = arith.muli %N, %four : index
  %s = snn.state "s" ""[%one] : tensor<1xf64>
  %e = snn.event_space "e"[%N]
  %count = snn.state "count" ""[%N] : tensor<?xi32>
  %clk = snn.clock "clk"
  %slow = snn.clock "slow"
  %m = snn.sink "m" : !snn.sink<[f64, f64]>
  %a = snn.state "a" ""[%N] : tensor<?xf64>
  %b = snn.state "b" ""[%N] : tensor<?xf64>
  %c = snn.state "c" ""[%N] : tensor<?xf64>
  %n = snn.state "n" ""[%N] : tensor<?xi32>
  %f = snn.state "f" ""[%N] : tensor<?xi1>
  %sorted_rows = snn.param "sorted.rows" "" : index
  %sorted_number = snn.param "sorted.number" "" : index
  %sorted_i = snn.state "sorted.i" ""[%S] : tensor<?xi32>
  %sorted_j = snn.state "sorted.j" ""[%S] : tensor<?xi32>
  %sorted_x = snn.state "sorted.x" ""[%S] : tensor<?xf64>
  %sorted_delays = snn.state "sorted.delays" ""[%sorted_number] : tensor<?xi64>
  %sorted_post_pointers = snn.state "sorted.post.pointers" ""[%sorted_rows] : tensor<?xi64>
  %sorted_post_order = snn.state "sorted.post.order" ""[%S] : tensor<?xi32>
  %mixed_x = snn.state "mixed.x" ""[%S] : tensor<?xf64>
  %spiked2 = snn.state "spiked2" ""[%kept] : tensor<?xi32>
  %counts2 = snn.state "counts2" ""[%four] : tensor<?xi64>
  %position2 = snn.state "position2" ""[%one] : tensor<1xi64>
  %end:13 = snn.loop (%a, %b, %c, %n, %f, %sorted_x, %mixed_x, %s, %e, %count, %spiked2, %counts2, %position2) : tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, tensor<?xi32>, tensor<?xi1>, tensor<?xf64>, tensor<?xf64>, tensor<1xf64>, !snn.events, tensor<?xi32>, tensor<?xi32>, tensor<?xi64>, tensor<1xi64> -> tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, tensor<?xi32>, tensor<?xi1>, tensor<?xf64>, tensor<?xf64>, tensor<1xf64>, !snn.events, tensor<?xi32>, tensor<?xi32>, tensor<?xi64>, tensor<1xi64> {
  ^bb0(%a0: tensor<?xf64>, %b0: tensor<?xf64>, %c0: tensor<?xf64>, %n0: tensor<?xi32>, %f0: tensor<?xi1>, %sorted_x0: tensor<?xf64>, %mixed_x0: tensor<?xf64>, %s0: tensor<1xf64>, %e0: !snn.events, %count0: tensor<?xi32>, %spiked2_0: tensor<?xi32>, %counts2_0: tensor<?xi64>, %position2_0: tensor<1xi64>):
    %t, %step = snn.time %clk
    %dt = snn.dt %clk
    %x0_new = snn.map "integrate" "i0" on(%clk) [%N] (%b0) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%r0_0_i0: index, %r0_0_x0: f64):
      %r0_0_1 = arith.mulf %t, %dt : f64
      %r0_0_2 = snn.gather %c0[%r0_0_i0] : tensor<?xf64> -> f64
      %r0_0_3 = arith.negf %r0_0_1 : f64
      %r0_0_4 = arith.constant 2048.0 : f64
      %r0_0_5 = arith.constant -2048.0 : f64
      %r0_0_6 = arith.minimumf %r0_0_3, %r0_0_4 : f64
      %r0_0_7 = arith.maximumf %r0_0_6, %r0_0_5 : f64
      %r0_0_8 = arith.constant 64.0 : f64
      %r0_0_10 = arith.mulf %r0_0_7, %r0_0_8 : f64
      %r0_0_11 = math.floor %r0_0_10 : f64
      %r0_0_14 = snn.random "uniform" 968129 at (%key, %step, %r0_0_i0) () : -> f64
      %r0_0_15 = arith.constant 256.0 : f64
      %r0_0_17 = arith.mulf %r0_0_14, %r0_0_15 : f64
      %r0_0_18 = math.floor %r0_0_17 : f64
      snn.yield %r0_0_15 : f64
    }
    %x0_events = snn.threshold "th0" on(%clk) [%N] (%x0_new) into %e0 : tensor<?xf64> {
    ^bb0(%r0_1_i0: index, %r0_1_x0: f64):
      %r0_1_1 = arith.addf %r0_1_x0, %half : f64
      %r0_1_2 = snn.gather %x0_new[%zero] : tensor<?xf64> -> f64
      %r0_1_4 = arith.constant 2048.0 : f64
      %r0_1_6 = arith.minimumf %r0_1_1, %r0_1_4 : f64
      %r0_1_12 = arith.cmpf oge, %r0_1_6, %r0_1_4 : f64
      snn.yield %r0_1_12 : i1
    }
    snn.record "m" on(%clk) %m [%N] at %t : !snn.sink<[f64, f64]> {
    ^bb0(%x0_at: index):
      %x0_value = snn.gather %x0_new[%x0_at] : tensor<?xf64> -> f64
      snn.yield %x0_value : f64
    }
    %x0_reset0 = snn.reset "refractory" "r0" on(%clk) %x0_events (%x0_new) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%r0_2_i0: index, %r0_2_x0: f64):
      %r0_2_7 = arith.constant 2048.0 : f64
      %r0_2_8 = arith.constant -2048.0 : f64
      %r0_2_9 = arith.minimumf %r0_2_x0, %r0_2_7 : f64
      %r0_2_10 = arith.maximumf %r0_2_9, %r0_2_8 : f64
      snn.yield %r0_2_10 : f64
    }
    %x2_o0, %x2_o1, %x2_o2, %x2_o3 = snn.propagate "p2" on(%clk) %x0_events[%zero, %N] spiking "post" from(%sorted_i : tensor<?xi32>) to(%sorted_j : tensor<?xi32>) rows(%sorted_post_pointers, %sorted_delays, %sorted_post_order) history(%spiked2_0, %counts2_0, %position2_0) elements(%c0, %sorted_x0) of ["pre", "synapse"] shifts [-1, -1] by() writes [0] : tensor<?xf64>, tensor<?xf64> -> tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xf64> {
    ^bb0(%r2_0_i0: index, %r2_0_i1: index, %r2_0_i2: index, %r2_0_x0: f64, %r2_0_x1: f64):
      %r2_0_3 = snn.gather %a0[%r2_0_i2] : tensor<?xf64> -> f64
      %r2_0_16 = arith.subf %r2_0_x0, %r2_0_x1 : f64
      snn.yield %r2_0_16 : f64
    } {facts = {targets_bits = 16 : i64, degree_bits = 8 : i64, row_log2 = 1 : i64, sparsity_log2 = 4 : i64, degree_log2 = 2 : i64, distinct = 1 : i64, ascending = 0 : i64}}
    snn.yield %a0, %x0_reset0, %x2_o3, %n0, %f0, %sorted_x0, %mixed_x0, %s0, %x0_events, %count0, %x2_o0, %x2_o1, %x2_o2 : tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, tensor<?xi32>, tensor<?xi1>, tensor<?xf64>, tensor<?xf64>, tensor<1xf64>, !snn.events, tensor<?xi32>, tensor<?xi32>, tensor<?xi64>, tensor<1xi64>
  }
}
