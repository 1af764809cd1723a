// Functions of scripts that are code of their own: one in a library, one with its text.
snn.program @native {
  %N = snn.param "N" "" : index
  %v = snn.state "v" "" [%N] : tensor<?xf64>
  %clk = snn.clock "clock"
  %out = snn.loop (%v) : tensor<?xf64> -> tensor<?xf64> {
  ^bb0(%v0: tensor<?xf64>):
    %v1 = snn.map "run_regularly" "g" on(%clk) [%N] (%v0) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %x: f64):
      %y = snn.native "f" stateless(%x) : (f64) -> f64
      %z = snn.native "g" stateless text "define double @g(double %x) { ret double %x }"(%y) : (f64) -> f64
      %w = snn.native "h"(%z) : (f64) -> f64
      snn.yield %w : f64
    }
    snn.yield %v1 : tensor<?xf64>
  }
}
