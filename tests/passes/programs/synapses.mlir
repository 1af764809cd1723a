// Two populations and the synapses between them: a pathway from each end, and a summed variable.
snn.program @synapses {
  %N = snn.param "g.N" "" : index
  %M = snn.param "h.N" "" : index
  %S = snn.param "syn.N" "" : index
  %one = snn.param "one" "" : index
  %zero = arith.constant 0 : index
  %shift = snn.param "shift" "" : index
  %end = snn.param "end" "" : index
  %pre_rows = snn.param "pre.pointers.N" "" : index
  %pre_delays = snn.param "pre.delays.N" "" : index
  %pre_size = snn.param "pre.indices.N" "" : index
  %pre_length = snn.param "pre.counts.N" "" : index
  %waiting = snn.param "pre.due.N" "" : index
  %post_rows = snn.param "post.pointers.N" "" : index
  %post_delays = snn.param "post.delays.N" "" : index
  %post_size = snn.param "post.indices.N" "" : index
  %post_length = snn.param "post.counts.N" "" : index
  %sources = snn.state "syn.i" "" [%S] : tensor<?xi32>
  %targets = snn.state "syn.j" "" [%S] : tensor<?xi32>
  %short = snn.derive "narrow" (%targets) : tensor<?xi32> -> tensor<?xi16>
  %pointers = snn.state "pre.pointers" "" [%pre_rows] : tensor<?xi64>
  %delays = snn.state "pre.delays" "" [%pre_delays] : tensor<?xi64>
  %indices = snn.state "pre.indices" "" [%pre_size] : tensor<?xi32>
  %counts = snn.state "pre.counts" "" [%pre_length] : tensor<?xi64>
  %position = snn.state "pre.position" "" [%one] : tensor<1xi64>
  %due = snn.state "pre.due" "" [%waiting] : tensor<?xi64>
  %due_at = snn.state "pre.due_at" "" [%waiting] : tensor<?xi32>
  %arrived = snn.state "pre.arrived" "" [%one] : tensor<1xi64>
  %pointers_ = snn.state "post.pointers" "" [%post_rows] : tensor<?xi64>
  %delays_ = snn.state "post.delays" "" [%post_delays] : tensor<?xi64>
  %order_ = snn.state "post.order" "" [%S] : tensor<?xi32>
  %indices_ = snn.state "post.indices" "" [%post_size] : tensor<?xi32>
  %counts_ = snn.state "post.counts" "" [%post_length] : tensor<?xi64>
  %position_ = snn.state "post.position" "" [%one] : tensor<1xi64>
  %w = snn.state "syn.w" "V" [%S] : tensor<?xf64>
  %v = snn.state "g.v" "V" [%N] : tensor<?xf64>
  %x = snn.state "h.x" "V" [%M] : tensor<?xf64>
  %g_spikes = snn.event_space "g.spike" [%N]
  %h_spikes = snn.event_space "h.spike" [%M]
  %clk = snn.clock "clk"
  %gain = arith.constant 0.5 : f64
  %limit = arith.constant 0.3 : f64
  %done:12 = snn.loop (%indices, %counts, %position, %arrived, %indices_, %counts_, %position_, %w, %v, %x, %g_spikes, %h_spikes) : tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<1xi64>, tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, !snn.events, !snn.events -> tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<1xi64>, tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, !snn.events, !snn.events {
  ^bb0(%h0: tensor<?xi32>, %c0: tensor<?xi64>, %p0: tensor<1xi64>, %a0: tensor<1xi64>, %hh0: tensor<?xi32>, %cc0: tensor<?xi64>, %pp0: tensor<1xi64>, %w0: tensor<?xf64>, %v0: tensor<?xf64>, %x0: tensor<?xf64>, %e0: !snn.events, %f0: !snn.events):
    %x1 = snn.accumulate "syn_summed" on(%clk) [%S] from(%sources) to(%targets)
        elements(%w0, %v0) of ["synapse", "pre"] shifts [-1, 0] by(%shift) at(%targets) %x0 [%M from %zero]
        : tensor<?xf64>, tensor<?xf64> to tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%k: index, %i: index, %j: index, %weight: f64, %pre: f64):
      %each = arith.mulf %weight, %pre : f64
      snn.yield %each : f64
    }
    %e1 = snn.threshold "g_threshold" on(%clk) [%N] (%v0) into %e0 : tensor<?xf64> {
    ^bb0(%i: index, %y: f64):
      %above = arith.cmpf ogt, %y, %limit : f64
      snn.yield %above : i1
    }
    %f1 = snn.threshold "h_threshold" on(%clk) [%M] (%x1) into %f0 : tensor<?xf64> {
    ^bb0(%i: index, %y: f64):
      %above = arith.cmpf ogt, %y, %limit : f64
      snn.yield %above : i1
    }
    %h1, %c1, %p1, %a1, %w1, %v1 = snn.propagate "syn_pre" on(%clk) %e1 [%shift, %end] spiking "pre"
        from(%sources : tensor<?xi32>) to(%short : tensor<?xi16>) rows(%pointers, %delays) history(%h0, %c0, %p0)
        pending(%due, %due_at, %a0 : tensor<?xi64>, tensor<?xi32>, tensor<1xi64>)
        elements(%w0, %x1, %v0) of ["synapse", "post", "pre"] shifts [-1, -1, 0] by(%shift) writes [0, 2]
        : tensor<?xf64>, tensor<?xf64>, tensor<?xf64>
        -> tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<1xi64>, tensor<?xf64>, tensor<?xf64> {
    ^bb0(%k: index, %i: index, %j: index, %weight: f64, %post: f64, %pre: f64):
      %half = arith.mulf %weight, %gain : f64
      %heavier = arith.addf %half, %post : f64
      %lower = arith.mulf %pre, %half : f64
      snn.yield %heavier, %lower : f64, f64
    }
    %hh1, %cc1, %pp1, %x2 = snn.propagate "syn_post" on(%clk) %f1 [%zero, %M] spiking "post"
        from(%sources : tensor<?xi32>) to(%targets : tensor<?xi32>) rows(%pointers_, %delays_, %order_) history(%hh0, %cc0, %pp0)
        elements(%w1, %x1) of ["synapse", "post"] shifts [-1, -1] by() writes [1]
        : tensor<?xf64>, tensor<?xf64> -> tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xf64> {
    ^bb0(%k: index, %i: index, %j: index, %weight: f64, %post: f64):
      %less = arith.subf %post, %weight : f64
      snn.yield %less : f64
    }
    snn.yield %h1, %c1, %p1, %a1, %hh1, %cc1, %pp1, %w1, %v1, %x2, %e1, %f1 : tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<1xi64>, tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, !snn.events, !snn.events
  }
}
