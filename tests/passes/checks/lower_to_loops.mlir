// RUN: lower-to-loops
// One clock: the step number is carried by the loop, nothing compares times.
snn.program @decay {
  %N = snn.param "g.N" "" : index
  %k = snn.param "k" "" : f64
  %v = snn.state "g.v" "" [%N] : tensor<?xf64>
  %clk = snn.clock "clk"
  // CHECK: func.func @run(%g_N: index, %k: f64, %g_v: memref<?xf64>, %clk: memref<?xi64>, %clk_1: f64, %control: memref<?xi64>) -> i64
  // CHECK-NOT: sitofp
  // CHECK: scf.while
  // CHECK: arith.cmpi sge
  // CHECK: scf.condition
  // CHECK: func.call @integrate_g(%g_N, %g_v, %k)
  // CHECK: memref.store %{{\w+}}, %clk[
  // CHECK: func.func private @integrate_g(%g_N: index, %g_v: memref<?xf64> {llvm.noalias, llvm.align = 64 : i64}, %k: f64)
  // CHECK: arith.shrui
  // CHECK-NEXT: [[UPPER:%\w+]] = arith.shli
  // CHECK-NEXT: scf.for %i = %{{\w+}} to [[UPPER]] step
  // CHECK-NEXT: %x = memref.load %g_v[%i]
  // CHECK-NEXT: %y = arith.mulf %x, %k
  // CHECK-NEXT: memref.store %y, %g_v[%i]
  %end = snn.loop (%v) : tensor<?xf64> -> tensor<?xf64> {
  ^bb0(%v0: tensor<?xf64>):
    %v1 = snn.map "integrate" "g" on(%clk) [%N] (%v0) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %x: f64):
      %y = arith.mulf %x, %k : f64
      snn.yield %y : f64
    }
    snn.yield %v1 : tensor<?xf64>
  }
}
