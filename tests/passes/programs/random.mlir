// Draws: tiled (normal, uniform, tabulated at the element itself), one by one (poisson, binomial, shifted elements, one per step).
snn.program @noise {
  %N = snn.param "g.N" "" : index
  %half = snn.param "half" "" : index
  %key = snn.param "key" "" : i64
  %zero = arith.constant 0 : index
  %mean = snn.param "mean" "" : f64
  %trials = snn.param "trials" "" : i64
  %chance = snn.param "chance" "" : f64
  %poisson = snn.derive "poisson_table" (%mean) : f64 -> tensor<?xi32>
  %binomial = snn.derive "binomial_table" (%trials, %chance) : i64, f64 -> tensor<?xi32>
  %v = snn.state "g.v" "V" [%N] : tensor<?xf64>
  %w = snn.state "g.w" "" [%N] : tensor<?xf64>
  %clk = snn.clock "clk"
  %end:2 = snn.loop (%v, %w) : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>, tensor<?xf64> {
  ^bb0(%v0: tensor<?xf64>, %w0: tensor<?xf64>):
    %t, %n = snn.time %clk
    %normal = snn.random "normal" 0 at (%key, %n, %zero) () : -> f64
    %count = snn.random "tabulated" 9 at (%key, %n, %zero) (%poisson) : tensor<?xi32> -> f64
    %shared = arith.addf %normal, %count : f64
    %v1 = snn.map "integrate" "g_stateupdater" on(%clk) [%N] (%v0) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %x: f64):
      %a = snn.random "normal" 1 at (%key, %n, %i) () : -> f64
      %b = snn.random "uniform" 2 at (%key, %n, %i) () : -> f64
      %c = arith.addf %a, %b : f64
      %d0 = arith.addf %x, %c : f64
      %few = snn.random "tabulated" 6 at (%key, %n, %i) (%poisson) : tensor<?xi32> -> f64
      %some = snn.random "tabulated" 7 at (%key, %n, %i) (%binomial) : tensor<?xi32> -> f32
      %wide = arith.extf %some : f32 to f64
      %d1 = arith.addf %d0, %few : f64
      %d = arith.addf %d1, %wide : f64
      %e = arith.addf %d, %shared : f64
      snn.yield %e : f64
    }
    %w1 = snn.map "run_regularly" "g_run_regularly" on(%clk) [%half from %half] (%w0) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %x: f64):
      %j = arith.addi %i, %half : index
      %five = arith.constant 5.0 : f64
      %p = arith.constant 0.25 : f64
      %a = snn.random "poisson" 3 at (%key, %n, %j) (%five) : f64 -> f64
      %b = snn.random "binomial" 4 at (%key, %n, %j) (%five, %p) : f64, f64 -> f64
      %u = snn.random "uniform" 5 at (%key, %n, %j) () : -> f64
      %few = snn.random "tabulated" 8 at (%key, %n, %j) (%poisson) : tensor<?xi32> -> f64
      %c0 = arith.addf %a, %b : f64
      %c = arith.addf %c0, %few : f64
      %d = arith.addf %x, %c : f64
      %e = arith.addf %d, %u : f64
      snn.yield %e : f64
    }
    snn.yield %v1, %w1 : tensor<?xf64>, tensor<?xf64>
  }
}
