// RUN: choose-layout,eliminate-dead-code
// Weights that nothing writes are copied in the order of the rows; so are targets, whose numbers need 16 bits.
// The other way, an order is kept: the weights are written. Its sources are copied in this order, and need 16 bits, too.
snn.program @layout {
  %N = snn.param "g.N" "" : index
  %S = snn.param "s.N" "" : index
  %R = snn.param "rows" "" : index
  %D = snn.param "delays" "" : index
  %one = arith.constant 1 : index
  %zero = arith.constant 0 : index
  %i = snn.state "s.i" "" [%S] : tensor<?xi32>
  %j = snn.state "s.j" "" [%S] : tensor<?xi32>
  %w = snn.state "s.w" "" [%S] : tensor<?xf64>
  %x = snn.state "s.x" "" [%S] : tensor<?xf64>
  %rows = snn.state "s.rows" "" [%R] : tensor<?xi64>
  %delays = snn.state "s.delays" "" [%D] : tensor<?xi64>
  %order = snn.state "s.order" "" [%S] : tensor<?xi32>
  %rows_ = snn.state "s.rows_" "" [%R] : tensor<?xi64>
  %delays_ = snn.state "s.delays_" "" [%one] : tensor<?xi64>
  %order_ = snn.state "s.order_" "" [%S] : tensor<?xi32>
  %h = snn.state "s.spikes" "" [%N] : tensor<?xi32>
  %c = snn.state "s.counts" "" [%one] : tensor<?xi64>
  %p = snn.state "s.position" "" [%one] : tensor<1xi64>
  %h_ = snn.state "s.spikes_" "" [%N] : tensor<?xi32>
  %c_ = snn.state "s.counts_" "" [%one] : tensor<?xi64>
  %p_ = snn.state "s.position_" "" [%one] : tensor<1xi64>
  %v = snn.state "g.v" "" [%N] : tensor<?xf64>
  %e = snn.event_space "g.spike" [%N]
  %clk = snn.clock "clk"
  // CHECK: [[SJ:%\w+]] = snn.derive "gather"(%j, %order) : tensor<?xi32>, tensor<?xi32> -> tensor<?xi32>
  // CHECK: [[W:%\w+]] = snn.derive "gather"(%w, %order) : tensor<?xf64>, tensor<?xi32> -> tensor<?xf64>
  // CHECK-NEXT: [[NJ:%\w+]] = snn.derive "narrow"([[SJ]]) : tensor<?xi32> -> tensor<?xi16>
  // CHECK-NEXT: [[SI:%\w+]] = snn.derive "gather"(%i, %order_) : tensor<?xi32>, tensor<?xi32> -> tensor<?xi32>
  // CHECK-NEXT: [[NI:%\w+]] = snn.derive "narrow"([[SI]]) : tensor<?xi32> -> tensor<?xi16>
  // CHECK-NEXT: snn.loop
  %end:9 = snn.loop (%h, %c, %p, %h_, %c_, %p_, %v, %x, %e) : tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xf64>, tensor<?xf64>, !snn.events -> tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xf64>, tensor<?xf64>, !snn.events {
  ^bb0(%h0: tensor<?xi32>, %c0: tensor<?xi64>, %p0: tensor<1xi64>, %hh0: tensor<?xi32>, %cc0: tensor<?xi64>, %pp0: tensor<1xi64>, %v0: tensor<?xf64>, %x0: tensor<?xf64>, %e0: !snn.events):
    // CHECK: snn.propagate "s_pre" {{.*}}to([[NJ]] : tensor<?xi16>) rows(%rows, %delays) history{{.*}}elements([[W]], %
    // CHECK: layout = "rows, copied in order, 16-bit numbers"
    %h1, %c1, %p1, %v1 = snn.propagate "s_pre" on(%clk) %e0 [%zero, %N] spiking "pre"
        from(%i : tensor<?xi32>) to(%j : tensor<?xi32>) rows(%rows, %delays, %order) history(%h0, %c0, %p0)
        elements(%w, %v0) of ["synapse", "post"] shifts [-1, -1] by() writes [1]
        : tensor<?xf64>, tensor<?xf64> -> tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xf64> {
    ^bb0(%k: index, %a: index, %b: index, %weight: f64, %y: f64):
      %z = arith.maximumf %y, %weight : f64
      snn.yield %z : f64
    } {facts = {targets_bits = 16 : i64}}
    // CHECK: snn.propagate "s_post" {{.*}}from([[NI]] : tensor<?xi16>) to(%j : tensor<?xi32>) rows(%rows_, %delays_, %order_) by place history
    // CHECK: layout = "rows, numbers of neurons copied in order, 16-bit numbers"
    %h2, %c2, %p2, %x1 = snn.propagate "s_post" on(%clk) %e0 [%zero, %N] spiking "post"
        from(%i : tensor<?xi32>) to(%j : tensor<?xi32>) rows(%rows_, %delays_, %order_) history(%hh0, %cc0, %pp0)
        elements(%x0, %v1) of ["synapse", "pre"] shifts [-1, -1] by() writes [0]
        : tensor<?xf64>, tensor<?xf64> -> tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xf64> {
    ^bb0(%k: index, %a: index, %b: index, %weight: f64, %y: f64):
      %z = arith.addf %weight, %y : f64
      snn.yield %z : f64
    } {facts = {targets_bits = 16 : i64}}
    snn.yield %h1, %c1, %p1, %h2, %c2, %p2, %v1, %x1, %e0 : tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xf64>, tensor<?xf64>, !snn.events
  }
}
