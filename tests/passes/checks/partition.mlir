// RUN: partition
// A map with the compaction of its mask is divided by elements; nothing waits between maps of one group. Rows of synapses
// get rows by parts; what is added belongs to the targets. What changes the source from each synapse is not divided.
snn.program @divided {
  %N = snn.param "g.N" "" : index
  %S = snn.param "s.N" "" : index
  %R = snn.param "rows" "" : index
  %one = snn.param "one" "" : index
  %zero = arith.constant 0 : index
  // CHECK: %threads = snn.param "threads" "" : index {threads}
  %i = snn.state "s.i" "" [%S] : tensor<?xi32>
  %j = snn.state "s.j" "" [%S] : tensor<?xi32>
  %w = snn.state "s.w" "" [%S] : tensor<?xf64>
  %rows = snn.state "s.rows" "" [%R] : tensor<?xi64>
  %delays = snn.state "s.delays" "" [%one] : tensor<?xi64>
  %h = snn.state "s.spikes" "" [%N] : tensor<?xi32>
  %c = snn.state "s.counts" "" [%one] : tensor<?xi64>
  %p = snn.state "s.position" "" [%one] : tensor<1xi64>
  %h_ = snn.state "s.spikes_" "" [%N] : tensor<?xi32>
  %c_ = snn.state "s.counts_" "" [%one] : tensor<?xi64>
  %p_ = snn.state "s.position_" "" [%one] : tensor<1xi64>
  %v = snn.state "g.v" "" [%N] : tensor<?xf64>
  %x = snn.state "g.x" "" [%N] : tensor<?xf64>
  %e = snn.event_space "g.spike" [%N]
  %clk = snn.clock "clk"
  // CHECK: [[ORDER:%\w+]] = snn.derive "part_order"(%rows, %j, %threads, %N)
  // CHECK: [[J:%\w+]] = snn.derive "gather"(%j, [[ORDER]])
  // CHECK: [[W:%\w+]] = snn.derive "gather"(%w, [[ORDER]])
  // CHECK: [[PARTS:%\w+]] = snn.derive "parts"(%rows, %j, %threads, %N)
  %end:9 = snn.loop (%h, %c, %p, %h_, %c_, %p_, %v, %x, %e) : tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xf64>, tensor<?xf64>, !snn.events -> tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xf64>, tensor<?xf64>, !snn.events {
  ^bb0(%h0: tensor<?xi32>, %c0: tensor<?xi64>, %p0: tensor<1xi64>, %hh0: tensor<?xi32>, %cc0: tensor<?xi64>, %pp0: tensor<1xi64>, %v0: tensor<?xf64>, %x0: tensor<?xf64>, %e0: !snn.events):
    // CHECK: snn.map "trace"
    // CHECK-NOT: waits
    // CHECK: } {division = "elements"}
    %x1 = snn.map "trace" "g" on(%clk) [%N] (%x0) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%n: index, %a: f64):
      %b = arith.addf %a, %a : f64
      snn.yield %b : f64
    }
    // CHECK: snn.map "integrate"
    // CHECK-NOT: waits
    // CHECK: snn.compact {{.*}}{division = "elements"}
    %v1, %mask = snn.map "integrate" "g" on(%clk) [%N] (%v0, %x1) updates [0, -1] : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>, tensor<?xi1> {
    ^bb0(%n: index, %a: f64, %b: f64):
      %d = arith.addf %a, %b : f64
      %f = arith.cmpf ogt, %d, %b : f64
      snn.yield %d, %f : f64, i1
    }
    %e1 = snn.compact on(%clk) %mask[%N] into %e0 : tensor<?xi1>
    // CHECK: snn.propagate "s_pre" {{.*}}to([[J]] : tensor<?xi32>) rows([[PARTS]], %delays) {{.*}}elements([[W]], %v
    // CHECK: waits = "reads 'g.spike'", division = "targets"
    %h1, %c1, %p1, %v2 = snn.propagate "s_pre" on(%clk) %e1 [%zero, %N] spiking "pre"
        from(%i : tensor<?xi32>) to(%j : tensor<?xi32>) rows(%rows, %delays) history(%h0, %c0, %p0)
        elements(%w, %v1) of ["synapse", "post"] shifts [-1, -1] by() writes [1]
        : tensor<?xf64>, tensor<?xf64> -> tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xf64> {
    ^bb0(%k: index, %a: index, %b: index, %weight: f64, %y: f64):
      %z = arith.maximumf %y, %weight : f64
      snn.yield %z : f64
    }
    // CHECK: snn.propagate "s_back" {{.*}}rows(%rows, %delays)
    // CHECK-NOT: division
    // CHECK: reason = "each synapse changes 'g.x' of the neuron that spikes"
    %h2, %c2, %p2, %x2 = snn.propagate "s_back" on(%clk) %e1 [%zero, %N] spiking "pre"
        from(%i : tensor<?xi32>) to(%j : tensor<?xi32>) rows(%rows, %delays) history(%hh0, %cc0, %pp0)
        elements(%x1) of ["pre"] shifts [-1] by() writes [0]
        : tensor<?xf64> -> tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xf64> {
    ^bb0(%k: index, %a: index, %b: index, %y: f64):
      %z = arith.addf %y, %y : f64
      snn.yield %z : f64
    }
    snn.yield %h1, %c1, %p1, %h2, %c2, %p2, %v2, %x2, %e1 : tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xf64>, tensor<?xf64>, !snn.events
  }
}
