// RUN: defer-events
// What a target's spike does to its synapses waits for the pathway of the sources, the only one that reads them.
snn.program @plastic {
  %N = snn.param "g.N" "" : index
  %S = snn.param "s.N" "" : index
  %R = snn.param "rows" "" : index
  %one = arith.constant 1 : index
  %two = arith.constant 2 : index
  %zero = arith.constant 0 : index
  %rate = snn.param "rate" "" : f64
  %top = snn.param "top" "" : f64
  %i = snn.state "s.i" "" [%S] : tensor<?xi32>
  %j = snn.state "s.j" "" [%S] : tensor<?xi32>
  %w = snn.state "s.w" "" [%S] : tensor<?xf64>
  %rows = snn.state "s.rows" "" [%R] : tensor<?xi64>
  %delays = snn.state "s.delays" "" [%one] : tensor<?xi64>
  %h = snn.state "s.spikes" "" [%N] : tensor<?xi32>
  %c = snn.state "s.counts" "" [%one] : tensor<?xi64>
  %p = snn.state "s.position" "" [%one] : tensor<1xi64>
  %back = snn.state "s.back" "" [%R] : tensor<?xi64>
  %order = snn.state "s.order" "" [%S] : tensor<?xi32>
  %late = snn.state "s.late" "" [%one] : tensor<?xi64>
  %bh = snn.state "s.back_spikes" "" [%N] : tensor<?xi32>
  %bc = snn.state "s.back_counts" "" [%one] : tensor<?xi64>
  %bp = snn.state "s.back_position" "" [%one] : tensor<1xi64>
  %v = snn.state "g.v" "" [%N] : tensor<?xf64>
  %x = snn.state "s.x" "" [%N] : tensor<?xf64>
  %l = snn.state "s.last" "" [%N] : tensor<?xf64>
  %y = snn.state "s.y" "" [%N] : tensor<?xf64>
  %e = snn.event_space "g.spike" [%N]
  %clk = snn.clock "clk"
  %end:12 = snn.loop (%h, %c, %p, %bh, %bc, %bp, %w, %v, %x, %l, %y, %e) : tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, !snn.events -> tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, !snn.events {
  ^bb0(%h0: tensor<?xi32>, %c0: tensor<?xi64>, %p0: tensor<1xi64>, %bh0: tensor<?xi32>, %bc0: tensor<?xi64>, %bp0: tensor<1xi64>, %w0: tensor<?xf64>, %v0: tensor<?xf64>, %x0: tensor<?xf64>, %l0: tensor<?xf64>, %y0: tensor<?xf64>, %e0: !snn.events):
    %t, %n = snn.time %clk
    // CHECK: snn.propagate "s_pre"
    // CHECK-NOT: deferred
    %h1, %c1, %p1, %w1, %v1, %x1, %l1 = snn.propagate "s_pre" on(%clk) %e0 [%zero, %N] spiking "pre"
        from(%i : tensor<?xi32>) to(%j : tensor<?xi32>) rows(%rows, %delays) history(%h0, %c0, %p0)
        elements(%w0, %v0, %y0, %x0, %l0) of ["synapse", "post", "post", "row", "row"] shifts [-1, -1, -1, -1, -1] by() writes [0, 1, 3, 4]
        : tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, tensor<?xf64> -> tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, tensor<?xf64> {
    ^bb0(%k: index, %a: index, %b: index, %weight: f64, %u: f64, %down: f64, %up: f64, %last: f64):
      %sum = arith.addf %u, %weight : f64
      %less = arith.subf %weight, %down : f64
      %more = arith.addf %up, %rate : f64
      snn.yield %less, %sum, %more, %t : f64, f64, f64, f64
    }
    // CHECK: snn.propagate "s_post"
    // CHECK: {deferred = "until 's_pre'"}
    %bh1, %bc1, %bp1, %w2, %y1 = snn.propagate "s_post" on(%clk) %e0 [%zero, %N] spiking "post"
        from(%i : tensor<?xi32>) to(%j : tensor<?xi32>) rows(%back, %late, %order) history(%bh0, %bc0, %bp0)
        elements(%w1, %x1, %l1, %y0) of ["synapse", "pre", "pre", "row"] shifts [-1, -1, -1, -1] by() writes [0, 3]
        : tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, tensor<?xf64> -> tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xf64>, tensor<?xf64> {
    ^bb0(%k: index, %a: index, %b: index, %weight: f64, %up: f64, %last: f64, %down: f64):
      %ago = arith.subf %last, %t : f64
      %decay = math.exp %ago : f64
      %new = math.fma %decay, %up, %weight : f64
      %next = arith.minimumf %new, %top : f64
      %more = arith.addf %down, %rate : f64
      snn.yield %next, %more : f64, f64
    }
    snn.yield %h1, %c1, %p1, %bh1, %bc1, %bp1, %w2, %v1, %x1, %l1, %y1, %e0 : tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, !snn.events
  }
} {contracted}
