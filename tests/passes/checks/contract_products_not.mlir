// RUN: contract-products
// What synapses add to an element that they reach stays a product and a sum; other products do not.
snn.program @synapses {
  %N = snn.param "g.N" "" : index
  %S = snn.param "s.N" "" : index
  %R = snn.param "rows" "" : index
  %one = arith.constant 1 : index
  %zero = arith.constant 0 : index
  %a = snn.param "a" "" : f64
  %i = snn.state "s.i" "" [%S] : tensor<?xi32>
  %j = snn.state "s.j" "" [%S] : tensor<?xi32>
  %w = snn.state "s.w" "" [%S] : tensor<?xf64>
  %rows = snn.state "s.rows" "" [%R] : tensor<?xi64>
  %delays = snn.state "s.delays" "" [%one] : tensor<?xi64>
  %h = snn.state "s.spikes" "" [%N] : tensor<?xi32>
  %c = snn.state "s.counts" "" [%one] : tensor<?xi64>
  %p = snn.state "s.position" "" [%one] : tensor<1xi64>
  %v = snn.state "g.v" "" [%N] : tensor<?xf64>
  %e = snn.event_space "g.spike" [%N]
  %clk = snn.clock "clk"
  %end:6 = snn.loop (%h, %c, %p, %v, %w, %e) : tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xf64>, tensor<?xf64>, !snn.events -> tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xf64>, tensor<?xf64>, !snn.events {
  ^bb0(%h0: tensor<?xi32>, %c0: tensor<?xi64>, %p0: tensor<1xi64>, %v0: tensor<?xf64>, %w0: tensor<?xf64>, %e0: !snn.events):
    %h1, %c1, %p1, %v1, %w1 = snn.propagate "s_pre" on(%clk) %e0 [%zero, %N] spiking "pre"
        from(%i : tensor<?xi32>) to(%j : tensor<?xi32>) rows(%rows, %delays) history(%h0, %c0, %p0)
        elements(%v0, %w0) of ["post", "synapse"] shifts [-1, -1] by() writes [0, 1]
        : tensor<?xf64>, tensor<?xf64> -> tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xf64>, tensor<?xf64> {
    // CHECK: ^bb0({{.*}}, [[X:%\w+]]: f64, [[W:%\w+]]: f64):
    // CHECK-NEXT: [[P:%\w+]] = arith.mulf [[W]], %a
    // CHECK-NEXT: [[SUM:%\w+]] = arith.addf [[X]], [[P]]
    // CHECK-NEXT: [[NEW:%\w+]] = math.fma [[W]], [[W]], %a
    // CHECK-NEXT: snn.yield [[SUM]], [[NEW]]
    ^bb0(%k: index, %pre: index, %post: index, %x: f64, %weight: f64):
      %product = arith.mulf %weight, %a : f64
      %sum = arith.addf %x, %product : f64
      %square = arith.mulf %weight, %weight : f64
      %next = arith.addf %square, %a : f64
      snn.yield %sum, %next : f64, f64
    }
    snn.yield %h1, %c1, %p1, %v1, %w1, %e0 : tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xf64>, tensor<?xf64>, !snn.events
  }
}
