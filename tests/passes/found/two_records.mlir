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
    %x0_new = snn.map "integrate" "i0" on(%clk) [%N] (%b0) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%r0_0_i0: index, %r0_0_x0: f64):
      %r0_0_1 = arith.constant 2048.0 : f64
      %r0_0_2 = arith.constant -2048.0 : f64
      %r0_0_3 = arith.minimumf %r0_0_x0, %r0_0_1 : f64
      %r0_0_4 = arith.maximumf %r0_0_3, %r0_0_2 : f64
      snn.yield %r0_0_4 : f64
    }
    %x0_events = snn.threshold "th0" on(%clk) [%N] (%x0_new) into %e0 : tensor<?xf64> {
    ^bb0(%r0_1_i0: index, %r0_1_x0: f64):
      %r0_1_1 = arith.cmpf ogt, %t, %k : f64
      snn.yield %r0_1_1 : i1
    }
    snn.record "m" on(%evt) %m [%N] at %t : !snn.sink<[f64, f64]> {
    ^bb0(%x0_at: index):
      %x0_value = snn.gather %c0[%x0_at] : tensor<?xf64> -> f64
      snn.yield %x0_value : f64
    }
    %x0_reset0 = snn.reset "reset" "r0" on(%clk) %x0_events (%x0_new) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%r0_2_i0: index, %r0_2_x0: f64):
      %r0_2_1 = arith.constant 64.0 : f64
      %r0_2_2 = arith.constant 0.015625 : f64
      %r0_2_3 = arith.mulf %t, %r0_2_1 : f64
      %r0_2_4 = math.floor %r0_2_3 : f64
      %r0_2_5 = arith.mulf %r0_2_4, %r0_2_2 : f64
      snn.yield %r0_2_5 : f64
    }
    %x4_new = snn.map "integrate" "i4" on(%clk) [%N] (%a0) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%r4_0_i0: index, %r4_0_x0: f64):
      snn.yield %half : f64
    }
    %x4_events = snn.threshold "th4" on(%clk) [%N] (%x4_new) into %x0_events : tensor<?xf64> {
    ^bb0(%r4_1_i0: index, %r4_1_x0: f64):
      %r4_1_1 = arith.cmpf ole, %k, %half : f64
      snn.yield %r4_1_1 : i1
    }
    snn.record "m" on(%clk) %m [%N] at %t : !snn.sink<[f64, f64]> {
    ^bb0(%x4_at: index):
      %x4_value = snn.gather %c0[%x4_at] : tensor<?xf64> -> f64
      snn.yield %x4_value : f64
    }
    %x4_reset0 = snn.reset "event" "r4" on(%clk) %x4_events (%x4_new) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%r4_2_i0: index, %r4_2_x0: f64):
      %r4_2_1 = arith.constant 64.0 : f64
      %r4_2_2 = arith.constant 0.015625 : f64
      %r4_2_3 = arith.mulf %k, %r4_2_1 : f64
      %r4_2_4 = math.floor %r4_2_3 : f64
      %r4_2_5 = arith.mulf %r4_2_4, %r4_2_2 : f64
      snn.yield %r4_2_5 : f64
    }
    snn.yield %x4_reset0, %x0_reset0, %c0, %n0, %f0, %sorted_x0, %mixed_x0, %s0, %x4_events, %place0, %count0 : tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, tensor<?xi32>, tensor<?xi1>, tensor<?xf64>, tensor<?xf64>, tensor<1xf64>, !snn.events, tensor<1xi64>, tensor<?xi32>
  }
}
