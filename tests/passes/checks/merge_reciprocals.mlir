// RUN: merge-reciprocals{fast-math="reassociate"}
// Two divisions by one divisor; a division of elements by something uniform. One division of its own stays.
snn.program @reciprocals {
  %N = snn.param "g.N" "" : index
  %tau = snn.param "tau" "s" : f64
  %v = snn.state "g.v" "" [%N] : tensor<?xf64>
  %w = snn.state "g.w" "" [%N] : tensor<?xf64>
  %clk = snn.clock "clk"
  %end = snn.loop (%v) : tensor<?xf64> -> tensor<?xf64> {
  ^bb0(%v0: tensor<?xf64>):
    %v1 = snn.map "integrate" "g" on(%clk) [%N] (%v0, %w) updates [0] : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %x: f64, %y: f64):
      // CHECK: [[ONE:%\w+]] = arith.constant 1.0
      // CHECK-NEXT: [[R:%\w+]] = arith.divf [[ONE]], %tau
      // CHECK-NEXT: [[A:%\w+]] = arith.mulf %x, [[R]]
      %a = arith.divf %x, %tau : f64
      // CHECK: [[R2:%\w+]] = arith.divf %{{\w+}}, %y
      // CHECK-NEXT: [[B:%\w+]] = arith.mulf %x, [[R2]]
      // CHECK-NEXT: [[C:%\w+]] = arith.mulf [[A]], [[R2]]
      %b = arith.divf %x, %y : f64
      %c = arith.divf %a, %y : f64
      // CHECK: arith.divf [[B]], [[C]]
      %d = arith.divf %b, %c : f64
      snn.yield %d : f64
    }
    snn.yield %v1 : tensor<?xf64>
  }
}
