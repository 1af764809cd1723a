// RUN: approximate-functions
// Exponentials of an integration may be approximate; those of other maps, and other functions, may not.
snn.program @approximate {
  %N = snn.param "g.N" "" : index
  %v = snn.state "g.v" "" [%N] : tensor<?xf64>
  %clk = snn.clock "clk"
  %end = snn.loop (%v) : tensor<?xf64> -> tensor<?xf64> {
  ^bb0(%v0: tensor<?xf64>):
    %v1 = snn.map "integrate" "g" on(%clk) [%N] (%v0) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %x: f64):
      // CHECK: math.exp %x fastmath<afn>
      %a = math.exp %x : f64
      // CHECK-NEXT: math.expm1 %{{\w+}} fastmath<afn>
      %b = math.expm1 %a : f64
      // CHECK-NEXT: math.log %{{\w+}} : f64
      %c = math.log %b : f64
      snn.yield %c : f64
    }
    %v2 = snn.map "run_regularly" "g" on(%clk) [%N] (%v1) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%j: index, %y: f64):
      // CHECK: math.exp %y : f64
      %d = math.exp %y : f64
      snn.yield %d : f64
    }
    snn.yield %v2 : tensor<?xf64>
  }
}
