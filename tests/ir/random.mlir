// Noise: every distribution, drawn per element and once for all.
snn.program @random {
  %N = snn.param "g.N" "" : index
  %key = snn.param "key" "" : i64
  %mean = snn.param "mean" "" : f64
  %p = snn.param "p" "" : f64
  %u = snn.state "g.u" "" [%N] : tensor<?xf64>
  %z = snn.state "g.z" "" [%N] : tensor<?xf64>
  %k = snn.state "g.k" "" [%N] : tensor<?xf64>
  %b = snn.state "g.b" "" [%N] : tensor<?xf64>
  %one_index = arith.constant 1 : index
  %s = snn.state "g.s" "" [%one_index] : tensor<1xf64>
  %clk = snn.clock "defaultclock"
  %zero = arith.constant 0 : index
  %out:5 = snn.loop (%u, %z, %k, %b, %s) : tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, tensor<1xf64> -> tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, tensor<1xf64> {
  ^bb0(%u0: tensor<?xf64>, %z0: tensor<?xf64>, %k0: tensor<?xf64>, %b0: tensor<?xf64>, %s0: tensor<1xf64>):
    %t, %n = snn.time %clk
    %u1, %z1, %k1, %b1 = snn.map "integrate" "g_stateupdater" on(%clk) [%N] (%u0, %z0, %k0, %b0) updates [0, 1, 2, 3] : tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, tensor<?xf64> {
    ^bb0(%i: index, %uo: f64, %zo: f64, %ko: f64, %bo: f64):
      %r = snn.random "uniform" 0 at (%key, %n, %i) () : -> f64
      %g = snn.random "normal" 1 at (%key, %n, %i) () : -> f64
      %q = snn.random "poisson" 2 at (%key, %n, %i) (%mean) : f64 -> f64
      %ten = arith.constant 10.0 : f64
      %c = snn.random "binomial" 3 at (%key, %n, %i) (%ten, %p) : f64, f64 -> f64
      snn.yield %r, %g, %q, %c : f64, f64, f64, f64
    }
    %x = snn.random "uniform" 4 at (%key, %n, %zero) () : -> f64
    %s1 = snn.write on(%clk) %s0, %x : tensor<1xf64>, f64 -> tensor<1xf64>
    snn.yield %u1, %z1, %k1, %b1, %s1 : tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, tensor<1xf64>
  }
}
