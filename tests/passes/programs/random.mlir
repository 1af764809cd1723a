// Draws: tiled (normal, uniform at the element itself), one by one (poisson, binomial, shifted elements, one per step).
snn.program @noise {
  %N = snn.param "g.N" "" : index
  %half = snn.param "half" "" : index
  %key = snn.param "key" "" : i64
  %zero = arith.constant 0 : index
  %v = snn.state "g.v" "V" [%N] : tensor<?xf64>
  %w = snn.state "g.w" "" [%N] : tensor<?xf64>
  %clk = snn.clock "clk"
  %end:2 = snn.loop (%v, %w) : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>, tensor<?xf64> {
  ^bb0(%v0: tensor<?xf64>, %w0: tensor<?xf64>):
    %t, %n = snn.time %clk
    %shared = snn.random "normal" 0 at (%key, %n, %zero) () : -> f64
    %v1 = snn.map "integrate" "g_stateupdater" on(%clk) [%N] (%v0) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %x: f64):
      %a = snn.random "normal" 1 at (%key, %n, %i) () : -> f64
      %b = snn.random "uniform" 2 at (%key, %n, %i) () : -> f64
      %c = arith.addf %a, %b : f64
      %d = arith.addf %x, %c : f64
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
      %c = arith.addf %a, %b : f64
      %d = arith.addf %x, %c : f64
      %e = arith.addf %d, %u : f64
      snn.yield %e : f64
    }
    snn.yield %v1, %w1 : tensor<?xf64>, tensor<?xf64>
  }
}
