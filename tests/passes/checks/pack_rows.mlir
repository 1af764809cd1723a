// RUN: pack-rows,eliminate-dead-code
// Ends of 32 bits and weights that are copies in the order of the rows become records: three words for a weight of 64
// bits, which the code puts together. Ends of 16 bits stay as they are.
snn.program @pack {
  %N = snn.param "g.N" "" : index
  %S = snn.param "s.N" "" : index
  %R = snn.param "rows" "" : index
  %D = snn.param "delays" "" : index
  %one = arith.constant 1 : index
  %zero = arith.constant 0 : index
  %i = snn.state "s.i" "" [%S] : tensor<?xi32>
  %j = snn.state "s.j" "" [%S] : tensor<?xi32>
  %w = snn.state "s.w" "" [%S] : tensor<?xf64>
  %pointers = snn.state "s.rows" "" [%R] : tensor<?xi64>
  %delays = snn.state "s.delays" "" [%D] : tensor<?xi64>
  %order = snn.state "s.order" "" [%S] : tensor<?xi32>
  %h = snn.state "s.spikes" "" [%N] : tensor<?xi32>
  %c = snn.state "s.counts" "" [%one] : tensor<?xi64>
  %p = snn.state "s.position" "" [%one] : tensor<1xi64>
  %h_ = snn.state "s.spikes_" "" [%N] : tensor<?xi32>
  %c_ = snn.state "s.counts_" "" [%one] : tensor<?xi64>
  %p_ = snn.state "s.position_" "" [%one] : tensor<1xi64>
  %v = snn.state "g.v" "" [%N] : tensor<?xf64>
  %e = snn.event_space "g.spike" [%N]
  %clk = snn.clock "clk"
  %sorted = snn.derive "gather"(%j, %order) : tensor<?xi32>, tensor<?xi32> -> tensor<?xi32>
  %weights = snn.derive "gather"(%w, %order) : tensor<?xf64>, tensor<?xi32> -> tensor<?xf64>
  %short = snn.derive "narrow"(%sorted) : tensor<?xi32> -> tensor<?xi16>
  %sorted_ = snn.derive "gather"(%j, %order) : tensor<?xi32>, tensor<?xi32> -> tensor<?xi32>
  %weights_ = snn.derive "gather"(%w, %order) : tensor<?xf64>, tensor<?xi32> -> tensor<?xf64>
  // CHECK: [[RECORDS:%\w+]] = snn.derive "records"([[ENDS:%\w+]], [[WEIGHTS:%\w+]]) : tensor<?xi32>, tensor<?xf64> -> tensor<?xi32>
  // CHECK-NOT: snn.derive "records"
  // CHECK: snn.loop
  %end:8 = snn.loop (%h, %c, %p, %h_, %c_, %p_, %v, %e) : tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xf64>, !snn.events -> tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xf64>, !snn.events {
  ^bb0(%h0: tensor<?xi32>, %c0: tensor<?xi64>, %p0: tensor<1xi64>, %hh0: tensor<?xi32>, %cc0: tensor<?xi64>, %pp0: tensor<1xi64>, %v0: tensor<?xf64>, %e0: !snn.events):
    // CHECK: snn.propagate "s_pre" {{.*}}to([[RECORDS]] : tensor<?xi32>) rows(%pointers, %delays) words 3 history{{.*}}elements([[RECORDS]], [[RECORDS]], %{{\w+}}) of ["word", "word", "post"] shifts [0, 1, -1]
    // CHECK-NEXT: ^bb
    // CHECK-NEXT: arith.extui
    // CHECK-NEXT: arith.extui
    // CHECK-NEXT: arith.constant 32
    // CHECK-NEXT: arith.shli
    // CHECK-NEXT: arith.ori
    // CHECK-NEXT: arith.bitcast
    // CHECK-NEXT: arith.addf
    %h1, %c1, %p1, %v1 = snn.propagate "s_pre" on(%clk) %e0 [%zero, %N] spiking "pre"
        from(%i : tensor<?xi32>) to(%sorted_ : tensor<?xi32>) rows(%pointers, %delays) history(%h0, %c0, %p0)
        elements(%weights_, %v0) of ["synapse", "post"] shifts [-1, -1] by() writes [1]
        : tensor<?xf64>, tensor<?xf64> -> tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xf64> {
    ^bb0(%k: index, %a: index, %b: index, %weight: f64, %y: f64):
      %z = arith.addf %y, %weight : f64
      snn.yield %z : f64
    }
    // CHECK: snn.propagate "s_short" {{.*}}tensor<?xi16>) rows(%pointers, %delays) history{{.*}}of ["synapse", "post"]
    %h2, %c2, %p2, %v2 = snn.propagate "s_short" on(%clk) %e0 [%zero, %N] spiking "pre"
        from(%i : tensor<?xi32>) to(%short : tensor<?xi16>) rows(%pointers, %delays) history(%hh0, %cc0, %pp0)
        elements(%weights, %v1) of ["synapse", "post"] shifts [-1, -1] by() writes [1]
        : tensor<?xf64>, tensor<?xf64> -> tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xf64> {
    ^bb0(%k: index, %a: index, %b: index, %weight: f64, %y: f64):
      %z = arith.addf %y, %weight : f64
      snn.yield %z : f64
    }
    snn.yield %h1, %c1, %p1, %h2, %c2, %p2, %v2, %e0 : tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xf64>, !snn.events
  }
}
