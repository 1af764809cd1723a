// RUN: hoist-uniform,fuse-maps,convert-resets{all=true},eliminate-dead-code
// A pathway stands in the way of what it writes or reads: the reset of v is not moved in front of it, that of u is.
// Out of its region goes what is computed once per run only.
snn.program @pathway {
  %N = snn.param "g.N" "" : index
  %S = snn.param "s.N" "" : index
  %R = snn.param "rows" "" : index
  %one = arith.constant 1 : index
  %zero = arith.constant 0 : index
  %tau = snn.param "tau" "s" : f64
  %i = snn.state "s.i" "" [%S] : tensor<?xi32>
  %j = snn.state "s.j" "" [%S] : tensor<?xi32>
  %w = snn.state "s.w" "" [%S] : tensor<?xf64>
  %rows = snn.state "s.rows" "" [%R] : tensor<?xi64>
  %delays = snn.state "s.delays" "" [%one] : tensor<?xi64>
  %h = snn.state "s.spikes" "" [%N] : tensor<?xi32>
  %c = snn.state "s.counts" "" [%one] : tensor<?xi64>
  %p = snn.state "s.position" "" [%one] : tensor<1xi64>
  %v = snn.state "g.v" "" [%N] : tensor<?xf64>
  %u = snn.state "g.u" "" [%N] : tensor<?xf64>
  %e = snn.event_space "g.spike" [%N]
  %clk = snn.clock "clk"
  // CHECK: snn.dt
  // CHECK-NEXT: arith.divf %dt, %tau
  // CHECK-NEXT: snn.loop
  %end:6 = snn.loop (%h, %c, %p, %v, %u, %e) : tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xf64>, tensor<?xf64>, !snn.events -> tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xf64>, tensor<?xf64>, !snn.events {
  ^bb0(%h0: tensor<?xi32>, %c0: tensor<?xi64>, %p0: tensor<1xi64>, %v0: tensor<?xf64>, %u0: tensor<?xf64>, %e0: !snn.events):
    %t, %n = snn.time %clk
    // CHECK: snn.map "integrate+threshold+reset" "g+th+u_reset"
    // CHECK: snn.compact
    %v1, %u1 = snn.map "integrate" "g" on(%clk) [%N] (%v0, %u0) updates [0, 1] : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>, tensor<?xf64> {
    ^bb0(%k: index, %a: f64, %b: f64):
      %a1 = arith.addf %a, %b : f64
      %b1 = arith.mulf %b, %b : f64
      snn.yield %a1, %b1 : f64, f64
    }
    %e1 = snn.threshold "th" on(%clk) [%N] (%v1) into %e0 : tensor<?xf64> {
    ^bb0(%k: index, %a: f64):
      %above = arith.cmpf ogt, %a, %tau : f64
      snn.yield %above : i1
    }
    // CHECK-NEXT: snn.propagate "s_pre"
    // CHECK-NEXT: ^bb
    // CHECK-NEXT: math.sin %t
    %h1, %c1, %p1, %v2 = snn.propagate "s_pre" on(%clk) %e1 [%zero, %N] spiking "pre" from(%i : tensor<?xi32>) to(%j : tensor<?xi32>)
        rows(%rows, %delays) history(%h0, %c0, %p0) elements(%w, %v1) of ["synapse", "post"] shifts [-1, -1] by()
        writes [1] : tensor<?xf64>, tensor<?xf64> -> tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xf64> {
    ^bb0(%k: index, %from: index, %to: index, %weight: f64, %a: f64):
      %dt = snn.dt %clk
      %q = arith.divf %dt, %tau : f64
      %s = math.sin %t : f64
      %x = arith.mulf %weight, %q : f64
      %y = arith.mulf %x, %s : f64
      %z = arith.addf %a, %y : f64
      snn.yield %z : f64
    }
    %u2 = snn.reset "reset" "u_reset" on(%clk) %e1 (%u1) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%k: index, %a: f64):
      snn.yield %tau : f64
    }
    // CHECK: snn.reset "reset" "v_reset"
    %v3 = snn.reset "reset" "v_reset" on(%clk) %e1 (%v2) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%k: index, %a: f64):
      snn.yield %tau : f64
    }
    snn.yield %h1, %c1, %p1, %v3, %u2, %e1 : tensor<?xi32>, tensor<?xi64>, tensor<1xi64>, tensor<?xf64>, tensor<?xf64>, !snn.events
  }
}
