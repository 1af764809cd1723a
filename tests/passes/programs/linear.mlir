// The exact solution of linear systems: propagators computed once, for each element, and of order 1.
snn.program @linear {
  %N = snn.param "g.N" "" : index
  %a = snn.param "a" "Hz" : f64
  %b = snn.param "b" "Hz" : f64
  %c = snn.param "c" "Hz" : f64
  %d = snn.param "d" "Hz" : f64
  %x = snn.state "g.x" "" [%N] : tensor<?xf64>
  %y = snn.state "g.y" "" [%N] : tensor<?xf64>
  %z = snn.state "g.z" "" [%N] : tensor<?xf64>
  %tau = snn.state "g.rate" "Hz" [%N] : tensor<?xf64>
  %clk = snn.clock "clk"
  %dt = snn.dt %clk
  %p0, %p1, %p2, %p3 = snn.propagator 2 (%a, %b, %c, %d) by %dt wanted [0, 1, 2, 3] : f64, f64, f64, f64 -> f64, f64, f64, f64
  %end:3 = snn.loop (%x, %y, %z) : tensor<?xf64>, tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>, tensor<?xf64>, tensor<?xf64> {
  ^bb0(%x0: tensor<?xf64>, %y0: tensor<?xf64>, %z0: tensor<?xf64>):
    %x1, %y1 = snn.map "integrate" "linear" on(%clk) [%N] (%x0, %y0) updates [0, 1] : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>, tensor<?xf64> {
    ^bb0(%i: index, %u: f64, %v: f64):
      %m0 = arith.mulf %p0, %u : f64
      %m1 = arith.mulf %p1, %v : f64
      %m2 = arith.mulf %p2, %u : f64
      %m3 = arith.mulf %p3, %v : f64
      %s0 = arith.addf %m0, %m1 : f64
      %s1 = arith.addf %m2, %m3 : f64
      snn.yield %s0, %s1 : f64, f64
    }
    %z1 = snn.map "integrate" "each" on(%clk) [%N] (%z0, %tau) updates [0] : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %u: f64, %r: f64):
      %q = snn.propagator 1 (%r) by %dt wanted [0] : f64 -> f64
      %q0, %q1 = snn.propagator 2 (%r, %a, %b, %r) by %dt wanted [0, 1] : f64, f64, f64, f64 -> f64, f64
      %m0 = arith.mulf %q, %u : f64
      %m1 = arith.addf %q0, %m0 : f64
      %m2 = arith.addf %q1, %m1 : f64
      snn.yield %m2 : f64
    }
    snn.yield %x1, %y1, %z1 : tensor<?xf64>, tensor<?xf64>, tensor<?xf64>
  }
}
