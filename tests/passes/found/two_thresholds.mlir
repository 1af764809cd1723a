snn.program @random {
  %N = snn.param "N" "" : index
  %k = snn.param "k" "" : f64
  %half = snn.param "half" "" : f64
  %key = snn.param "key" "" : i64
  %S = snn.param "S" "" : index
  %one = arith.constant 1 : index
  %zero = arith.constant 0 : index
  %four = arith.constant 4 : index
  %kept = arith.muli %N, %four : index
  %most = arith.constant 64.0 : f64
  %s = snn.state "s" ""[%one] : tensor<1xf64>
  %e = snn.event_space "e"[%N]
  %count = snn.state "count" ""[%N] : tensor<?xi32>
  %clk = snn.clock "clk"
  %slow = snn.clock "slow"
  %m = snn.sink "m" : !snn.sink<[f64, f64]>
  %sp = snn.sink "sp" : !snn.sink<[f64, i32, f64]>
  %rt = snn.sink "rt" : !snn.sink<[f64, f64]>
  %entries = snn.param "entries" "" : index
  %period = snn.param "period" "" : i64
  %low = snn.param "low" "" : index
  %nodes = snn.param "nodes" "" : index
  %who = snn.state "who" ""[%entries] : tensor<?xi32>
  %when = snn.state "when" ""[%entries] : tensor<?xi64>
  %place = snn.state "place" ""[%one] : tensor<1xi64>
  %node = snn.state "node" ""[%N] : tensor<?xi32>
  %parents = snn.state "parents" ""[%nodes] : tensor<?xi32>
  %axial = snn.state "axial" ""[%nodes] : tensor<?xf64>
  %ticks = snn.state "ticks" ""[%four] : tensor<?xf64>
  %evt = snn.clock "evt" at %ticks : tensor<?xf64>
  %a = snn.state "a" ""[%N] : tensor<?xf64>
  %b = snn.state "b" ""[%N] : tensor<?xf64>
  %c = snn.state "c" ""[%N] : tensor<?xf64>
  %n = snn.state "n" ""[%N] : tensor<?xi32>
  %f = snn.state "f" ""[%N] : tensor<?xi1>
  %fixed = snn.state "fixed" ""[%N] : tensor<?xf64>
  %powers = snn.state "powers" ""[%N] : tensor<?xf64>
  %sorted_rows = snn.param "sorted.rows" "" : index
  %sorted_number = snn.param "sorted.number" "" : index
  %sorted_i = snn.state "sorted.i" ""[%S] : tensor<?xi32>
  %sorted_j = snn.state "sorted.j" ""[%S] : tensor<?xi32>
  %sorted_w = snn.state "sorted.w" ""[%S] : tensor<?xf64>
  %sorted_x = snn.state "sorted.x" ""[%S] : tensor<?xf64>
  %sorted_delays = snn.state "sorted.delays" ""[%sorted_number] : tensor<?xi64>
  %sorted_pre_pointers = snn.state "sorted.pre.pointers" ""[%sorted_rows] : tensor<?xi64>
  %sorted_pre_order = snn.state "sorted.pre.order" ""[%S] : tensor<?xi32>
  %sorted_post_pointers = snn.state "sorted.post.pointers" ""[%sorted_rows] : tensor<?xi64>
  %sorted_post_order = snn.state "sorted.post.order" ""[%S] : tensor<?xi32>
  %mixed_rows = snn.param "mixed.rows" "" : index
  %mixed_number = snn.param "mixed.number" "" : index
  %mixed_i = snn.state "mixed.i" ""[%S] : tensor<?xi32>
  %mixed_j = snn.state "mixed.j" ""[%S] : tensor<?xi32>
  %mixed_w = snn.state "mixed.w" ""[%S] : tensor<?xf64>
  %mixed_x = snn.state "mixed.x" ""[%S] : tensor<?xf64>
  %mixed_delays = snn.state "mixed.delays" ""[%mixed_number] : tensor<?xi64>
  %mixed_pre_pointers = snn.state "mixed.pre.pointers" ""[%mixed_rows] : tensor<?xi64>
  %mixed_pre_order = snn.state "mixed.pre.order" ""[%S] : tensor<?xi32>
  %mixed_post_pointers = snn.state "mixed.post.pointers" ""[%mixed_rows] : tensor<?xi64>
  %mixed_post_order = snn.state "mixed.post.order" ""[%S] : tensor<?xi32>
  %end:11 = snn.loop (%a, %b, %c, %n, %f, %sorted_x, %mixed_x, %s, %e, %place, %count) : tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, tensor<?xi32>, tensor<?xi1>, tensor<?xf64>, tensor<?xf64>, tensor<1xf64>, !snn.events, tensor<1xi64>, tensor<?xi32> -> tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, tensor<?xi32>, tensor<?xi1>, tensor<?xf64>, tensor<?xf64>, tensor<1xf64>, !snn.events, tensor<1xi64>, tensor<?xi32> {
  ^bb0(%a0: tensor<?xf64>, %b0: tensor<?xf64>, %c0: tensor<?xf64>, %n0: tensor<?xi32>, %f0: tensor<?xi1>, %sorted_x0: tensor<?xf64>, %mixed_x0: tensor<?xf64>, %s0: tensor<1xf64>, %e0: !snn.events, %place0: tensor<1xi64>, %count0: tensor<?xi32>):
    %t, %step = snn.time %clk
    %dt = snn.dt %clk
    %x5_new = snn.map "integrate" "i5" on(%clk) [%N] (%a0) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%r5_0_i0: index, %r5_0_x0: f64):
      %r5_0_1 = arith.constant -0.25 : f64
      %r5_0_2 = arith.addf %r5_0_1, %r5_0_1 : f64
      %r5_0_3 = arith.constant 2.0 : f64
      snn.yield %r5_0_3 : f64
    }
    %x5_events = snn.threshold "th5" on(%clk) [%N] (%x5_new) into %e0 : tensor<?xf64> {
    ^bb0(%r5_1_i0: index, %r5_1_x0: f64):
      %r5_1_1 = arith.constant 2048.0 : f64
      %r5_1_2 = arith.constant -2048.0 : f64
      %r5_1_3 = arith.minimumf %r5_1_x0, %r5_1_1 : f64
      %r5_1_4 = arith.maximumf %r5_1_3, %r5_1_2 : f64
      %r5_1_5 = arith.mulf %half, %r5_1_4 : f64
      %r5_1_6 = arith.cmpf oeq, %r5_1_2, %half : f64
      snn.yield %r5_1_6 : i1
    }
    %x5_reset0 = snn.reset "reset" "r5" on(%clk) %x5_events (%x5_new) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%r5_2_i0: index, %r5_2_x0: f64):
      %r5_2_1 = arith.constant -1.0 : f64
      %r5_2_2 = arith.subf %r5_2_1, %t : f64
      %r5_2_3 = arith.constant 64.0 : f64
      %r5_2_4 = arith.constant 0.015625 : f64
      %r5_2_5 = arith.mulf %r5_2_2, %r5_2_3 : f64
      %r5_2_6 = math.floor %r5_2_5 : f64
      %r5_2_7 = arith.mulf %r5_2_6, %r5_2_4 : f64
      snn.yield %r5_2_7 : f64
    }
    %x6_new = snn.map "integrate" "i6" on(%clk) [%N] (%b0) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%r6_0_i0: index, %r6_0_x0: f64):
      %r6_0_1 = snn.gather %b0[%r6_0_i0] : tensor<?xf64> -> f64
      %r6_0_2 = arith.constant 2048.0 : f64
      %r6_0_3 = arith.constant -2048.0 : f64
      %r6_0_4 = arith.minimumf %r6_0_1, %r6_0_2 : f64
      %r6_0_5 = arith.maximumf %r6_0_4, %r6_0_3 : f64
      snn.yield %r6_0_5 : f64
    }
    %x6_events = snn.threshold "th6" on(%clk) [%N] (%x6_new) into %x5_events : tensor<?xf64> {
    ^bb0(%r6_1_i0: index, %r6_1_x0: f64):
      %r6_1_1 = arith.constant 1 : i1
      %r6_1_2 = arith.ori %r6_1_1, %r6_1_1 : i1
      snn.yield %r6_1_1 : i1
    }
    snn.record "m" on(%clk) %m [%N] at %t : !snn.sink<[f64, f64]> {
    ^bb0(%x6_at: index):
      %x6_value = snn.gather %x6_new[%x6_at] : tensor<?xf64> -> f64
      snn.yield %x6_value : f64
    }
    %x6_reset0 = snn.reset "reset" "r6" on(%clk) %x6_events (%x6_new) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%r6_2_i0: index, %r6_2_x0: f64):
      %r6_2_1 = arith.constant 2048.0 : f64
      %r6_2_2 = arith.constant -2048.0 : f64
      %r6_2_3 = arith.minimumf %r6_2_x0, %r6_2_1 : f64
      %r6_2_4 = arith.maximumf %r6_2_3, %r6_2_2 : f64
      %r6_2_5 = arith.mulf %r6_2_4, %r6_2_2 : f64
      %r6_2_6 = arith.constant 2048.0 : f64
      %r6_2_7 = arith.constant -2048.0 : f64
      %r6_2_8 = arith.minimumf %r6_2_5, %r6_2_6 : f64
      %r6_2_9 = arith.maximumf %r6_2_8, %r6_2_7 : f64
      %r6_2_10 = arith.constant 64.0 : f64
      %r6_2_11 = arith.constant 0.015625 : f64
      %r6_2_12 = arith.mulf %r6_2_9, %r6_2_10 : f64
      %r6_2_13 = math.floor %r6_2_12 : f64
      %r6_2_14 = arith.mulf %r6_2_13, %r6_2_11 : f64
      snn.yield %r6_2_14 : f64
    }
    snn.yield %x5_reset0, %x6_reset0, %c0, %n0, %f0, %sorted_x0, %mixed_x0, %s0, %x6_events, %place0, %count0 : tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, tensor<?xi32>, tensor<?xi1>, tensor<?xf64>, tensor<?xf64>, tensor<1xf64>, !snn.events, tensor<1xi64>, tensor<?xi32>
  }
}
