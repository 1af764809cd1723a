// Pathways that only add: counted from lists and from bits, and sums that wait in a ring.
snn.program @arrivals {
  %N = snn.param "g.N" "" : index
  %S = snn.param "syn.N" "" : index
  %rows = snn.param "pointers.N" "" : index
  %D = snn.param "delays.N" "" : index
  %H = snn.param "indices.N" "" : index
  %L = snn.param "counts.N" "" : index
  %one = snn.param "one" "" : index
  %zero = arith.constant 0 : index
  %je = snn.param "je" "V" : f64
  %targets = snn.state "syn.j" "" [%S] : tensor<?xi32>
  %pointers = snn.state "pointers" "" [%rows] : tensor<?xi64>
  %delays = snn.state "delays" "" [%D] : tensor<?xi64>
  %w = snn.state "syn.w" "V" [%S] : tensor<?xf64>
  %h = snn.state "indices" "" [%H] : tensor<?xi32>
  %c = snn.state "counts" "" [%L] : tensor<?xi64>
  %p = snn.state "position" "" [%one] : tensor<1xi64>
  %hh = snn.state "indices_" "" [%H] : tensor<?xi32>
  %cc = snn.state "counts_" "" [%L] : tensor<?xi64>
  %pp = snn.state "position_" "" [%one] : tensor<1xi64>
  %v = snn.state "g.v" "V" [%N] : tensor<?xf64>
  %spikes = snn.event_space "g.spike" [%N]
  %clk = snn.clock "clk"
  %short = snn.derive "narrow" (%targets) : tensor<?xi32> -> tensor<?xi16>
  %words = snn.derive "bits" (%pointers, %targets, %N) : tensor<?xi64>, tensor<?xi32>, index -> tensor<?xi64>
  %flat = snn.derive "flat" (%pointers, %delays, %targets, %N)
      : tensor<?xi64>, tensor<?xi64>, tensor<?xi32>, index -> tensor<?xi32>
  %ring = snn.derive "ring" (%pointers, %delays, %hh, %cc, %pp, %flat, %w, %N)
      : tensor<?xi64>, tensor<?xi64>, tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xi32>, tensor<?xf64>, index
      -> tensor<?xf64>
  %done:9 = snn.loop (%h, %c, %p, %hh, %cc, %pp, %v, %spikes, %ring)
      : tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xf64>, !snn.events, tensor<?xf64>
      -> tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xf64>, !snn.events, tensor<?xf64> {
  ^bb0(%h0: tensor<?xi32>, %c0: tensor<?xi64>, %p0: tensor<1xi64>, %hh0: tensor<?xi32>, %cc0: tensor<?xi64>, %pp0: tensor<1xi64>, %v0: tensor<?xf64>, %e0: !snn.events, %r0: tensor<?xf64>):
    %e1 = snn.threshold "g_threshold" on(%clk) [%N] (%v0) into %e0 : tensor<?xf64> {
    ^bb0(%i: index, %y: f64):
      %above = arith.cmpf ogt, %y, %je : f64
      snn.yield %above : i1
    }
    %h1, %c1, %p1, %n = snn.arrivals "syn_pre" on(%clk) %e1 [%zero, %N]
        lists(%pointers, %short : tensor<?xi64>, tensor<?xi16>) delays(%delays) history(%h0, %c0, %p0) to[%N]
        -> tensor<?xi16>
    %h2, %c2, %p2, %m = snn.arrivals "syn_pre_1" on(%clk) %e1 [%zero, %N]
        bits(%words) delays(%delays) history(%h1, %c1, %p1) to[%N] -> tensor<?xi32>
    %hh1, %cc1, %pp1, %r1, %sum = snn.deposit "syn_pre_2" on(%clk) %e1 [%zero, %N] rows(%pointers, %delays) at(%flat)
        history(%hh0, %cc0, %pp0) ring(%r0 : tensor<?xf64>) to[%N] elements(%w) of ["synapse"] shifts [-1] by()
        : tensor<?xf64> -> tensor<?xf64>, tensor<?xf64> {
    ^bb0(%k: index, %i: index, %weight: f64):
      snn.yield %weight : f64
    }
    %v1 = snn.map "synapses" "syn_pre" on(%clk) [%N] (%v0, %n, %m, %sum) updates [0]
        : tensor<?xf64>, tensor<?xi16>, tensor<?xi32>, tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %y: f64, %first: i16, %second: i32, %third: f64):
      %wide = arith.extui %first : i16 to i32
      %all = arith.addi %wide, %second : i32
      %number = arith.sitofp %all : i32 to f64
      %product = arith.mulf %number, %je : f64
      %both = arith.addf %product, %third : f64
      %new = arith.addf %y, %both : f64
      snn.yield %new : f64
    }
    snn.yield %h2, %c2, %p2, %hh1, %cc1, %pp1, %v1, %e1, %r1 : tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xf64>, !snn.events, tensor<?xf64>
  }
}
