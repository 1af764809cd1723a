// RUN: batch{own="tau","g.v"}
// Connectivity stays common; elements that instances have for themselves are marked, the last argument is the instance.
snn.program @batch_synapses {
  %N = snn.param "g.N" "" : index
  %S = snn.param "s.N" "" : index
  %rows = snn.param "rows" "" : index
  %number = snn.param "number" "" : index
  %kept = snn.param "kept" "" : index
  %length = snn.param "length" "" : index
  %tau = snn.param "tau" "" : f64
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  // CHECK: %v = snn.state "g.v" ""[%N_all] : tensor<?xf64> {own}
  %v = snn.state "g.v" "" [%N] : tensor<?xf64>
  // CHECK-NEXT: %w = snn.state "s.w" ""[%S] : tensor<?xf64>
  %w = snn.state "s.w" "" [%S] : tensor<?xf64>
  // CHECK-NEXT: %sources = snn.state "s.i" ""[%S] : tensor<?xi32>
  %sources = snn.state "s.i" "" [%S] : tensor<?xi32>
  %targets = snn.state "s.j" "" [%S] : tensor<?xi32>
  %pointers = snn.state "s.pointers" "" [%rows] : tensor<?xi64>
  %delays = snn.state "s.delays" "" [%number] : tensor<?xi64>
  // CHECK: %spikes = snn.state "s.spikes" ""[%kept_all] : tensor<?xi32> {own, history = {{\d+}} : i64}
  %spikes = snn.state "s.spikes" "" [%kept] : tensor<?xi32>
  // CHECK-NEXT: %counts = snn.state "s.counts" ""[%length] : tensor<?xi64> {own, history = {{\d+}} : i64}
  %counts = snn.state "s.counts" "" [%length] : tensor<?xi64>
  // CHECK-NEXT: %position = snn.state "s.position" ""[%one] : tensor<1xi64> {carried}
  %position = snn.state "s.position" "" [%one] : tensor<1xi64>
  %total = snn.state "g.total" "" [%N] : tensor<?xf64>
  %e = snn.event_space "g.spike" [%N]
  %clk = snn.clock "clk"
  %end:6 = snn.loop (%v, %spikes, %counts, %position, %total, %e) : tensor<?xf64>, tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xf64>, !snn.events
      -> tensor<?xf64>, tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xf64>, !snn.events {
  ^bb0(%v0: tensor<?xf64>, %h0: tensor<?xi32>, %c0: tensor<?xi64>, %p0: tensor<1xi64>, %t0: tensor<?xf64>, %e0: !snn.events):
    %e1 = snn.threshold "th" on(%clk) [%N] (%v0) into %e0 : tensor<?xf64> {
    ^bb0(%i: index, %x: f64):
      %c = arith.cmpf ogt, %x, %tau : f64
      snn.yield %c : i1
    }
    // CHECK: snn.propagate "pre" on(%clk) %e1[%zero_all, %N_all] spiking "pre" from(%sources : tensor<?xi32>)
    // CHECK-NEXT: ^bb0({{.*}}: index, {{.*}}: index, {{.*}}: index, {{.*}}: f64, [[X:%\w+]]: f64, [[B:%\w+]]: index):
    // CHECK-NEXT: [[TAU:%\w+]] = snn.gather %tau{{\[}}[[B]]]
    // CHECK-NEXT: arith.mulf {{.*}}, [[TAU]]
    %h1, %c1, %p1, %v1 = snn.propagate "pre" on(%clk) %e1 [%zero, %N] spiking "pre"
        from(%sources : tensor<?xi32>) to(%targets : tensor<?xi32>) rows(%pointers, %delays) history(%h0, %c0, %p0)
        elements(%w, %v0) of ["synapse", "post"] shifts [-1, -1] by() writes [1]
        : tensor<?xf64>, tensor<?xf64> -> tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xf64> {
    ^bb0(%k: index, %i: index, %j: index, %weight: f64, %x: f64):
      %y = arith.mulf %weight, %tau : f64
      %z = arith.addf %x, %y : f64
      snn.yield %z : f64
    }
    // CHECK: snn.accumulate "sum" on(%clk) [%S] {{.*}} %t0[%N from %zero] of %instances own [1]
    %t1 = snn.accumulate "sum" on(%clk) [%S] from(%sources) to(%targets)
        elements(%w, %v1) of ["synapse", "pre"] shifts [-1, -1] by() at(%targets) %t0 [%N from %zero]
        : tensor<?xf64>, tensor<?xf64> to tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%k: index, %i: index, %j: index, %weight: f64, %x: f64):
      %y = arith.mulf %weight, %x : f64
      snn.yield %y : f64
    }
    snn.yield %v1, %h1, %c1, %p1, %t1, %e1 : tensor<?xf64>, tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xf64>, !snn.events
  }
}
