// Ends that nothing uses were narrow already when the synapses could be copied.
snn.program @random {
  %N = snn.param "N" "" : index
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
  %a = snn.state "a" ""[%N] : tensor<?xf64>
  %b = snn.state "b" ""[%N] : tensor<?xf64>
  %c = snn.state "c" ""[%N] : tensor<?xf64>
  %n = snn.state "n" ""[%N] : tensor<?xi32>
  %f = snn.state "f" ""[%N] : tensor<?xi1>
  %sorted_x = snn.state "sorted.x" ""[%S] : tensor<?xf64>
  %mixed_rows = snn.param "mixed.rows" "" : index
  %mixed_number = snn.param "mixed.number" "" : index
  %mixed_i = snn.state "mixed.i" ""[%S] : tensor<?xi32>
  %mixed_j = snn.state "mixed.j" ""[%S] : tensor<?xi32>
  %mixed_x = snn.state "mixed.x" ""[%S] : tensor<?xf64>
  %mixed_delays = snn.state "mixed.delays" ""[%mixed_number] : tensor<?xi64>
  %mixed_pre_pointers = snn.state "mixed.pre.pointers" ""[%mixed_rows] : tensor<?xi64>
  %mixed_pre_order = snn.state "mixed.pre.order" ""[%S] : tensor<?xi32>
  %spiked1 = snn.state "spiked1" ""[%kept] : tensor<?xi32>
  %counts1 = snn.state "counts1" ""[%four] : tensor<?xi64>
  %position1 = snn.state "position1" ""[%one] : tensor<1xi64>
  %end:13 = snn.loop (%a, %b, %c, %n, %f, %sorted_x, %mixed_x, %s, %e, %count, %spiked1, %counts1, %position1) : tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, tensor<?xi32>, tensor<?xi1>, tensor<?xf64>, tensor<?xf64>, tensor<1xf64>, !snn.events, tensor<?xi32>, tensor<?xi32>, tensor<?xi64>, tensor<1xi64> -> tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, tensor<?xi32>, tensor<?xi1>, tensor<?xf64>, tensor<?xf64>, tensor<1xf64>, !snn.events, tensor<?xi32>, tensor<?xi32>, tensor<?xi64>, tensor<1xi64> {
  ^bb0(%a0: tensor<?xf64>, %b0: tensor<?xf64>, %c0: tensor<?xf64>, %n0: tensor<?xi32>, %f0: tensor<?xi1>, %sorted_x0: tensor<?xf64>, %mixed_x0: tensor<?xf64>, %s0: tensor<1xf64>, %e0: !snn.events, %count0: tensor<?xi32>, %spiked1_0: tensor<?xi32>, %counts1_0: tensor<?xi64>, %position1_0: tensor<1xi64>):
    %t, %step = snn.time %clk
    %dt = snn.dt %clk
    %x1_o0, %x1_o1, %x1_o2, %x1_o3 = snn.propagate "p1" on(%clk) %e0[%zero, %N] spiking "pre" from(%mixed_i : tensor<?xi32>) to(%mixed_j : tensor<?xi32>) rows(%mixed_pre_pointers, %mixed_delays, %mixed_pre_order) history(%spiked1_0, %counts1_0, %position1_0) elements(%mixed_x0, %b0) of ["synapse", "pre"] shifts [-1, -1] by() writes [1] : tensor<?xf64>, tensor<?xf64> -> tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xf64> {
    ^bb0(%r1_0_i0: index, %r1_0_i1: index, %r1_0_i2: index, %r1_0_x0: f64, %r1_0_x1: f64):
      %r1_0_1 = arith.constant 2048.0 : f64
      %r1_0_2 = arith.constant -2048.0 : f64
      %r1_0_3 = arith.minimumf %r1_0_x1, %r1_0_1 : f64
      %r1_0_4 = arith.maximumf %r1_0_3, %r1_0_2 : f64
      snn.yield %r1_0_4 : f64
    } {facts = {targets_bits = 16 : i64, degree_bits = 8 : i64, row_log2 = 1 : i64, sparsity_log2 = 4 : i64, degree_log2 = 2 : i64, distinct = 0 : i64, ascending = 0 : i64}}
    snn.yield %a0, %x1_o3, %c0, %n0, %f0, %sorted_x0, %mixed_x0, %s0, %e0, %count0, %x1_o0, %x1_o1, %x1_o2 : tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, tensor<?xi32>, tensor<?xi1>, tensor<?xf64>, tensor<?xf64>, tensor<1xf64>, !snn.events, tensor<?xi32>, tensor<?xi32>, tensor<?xi64>, tensor<1xi64>
  }
}
