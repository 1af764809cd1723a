// RUN: approximate-functions
// A logistic function of x takes the exponential of -x where it is there: also within a sum of the same terms in another
// order, and beside the choice that keeps a quotient from 0/0. Others keep theirs.
snn.program @shared {
  %N = snn.param "g.N" "" : index
  %rest = snn.param "rest" "" : f64
  %one = arith.constant 1.0 : f64
  %four = arith.constant 4.0 : f64
  %zero = arith.constant 0.0 : f64
  %tiny = arith.constant 1.0e-30 : f64
  %slope = arith.constant 200.0 : f64
  %v = snn.state "g.v" "" [%N] : tensor<?xf64>
  %clk = snn.clock "clk"
  %end = snn.loop (%v) : tensor<?xf64> -> tensor<?xf64> {
  ^bb0(%v0: tensor<?xf64>):
    %v1 = snn.map "integrate" "g" on(%clk) [%N] (%v0) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %x: f64):
      %above = arith.subf %x, %rest : f64
      %less = arith.subf %above, %one : f64
      %scaled = arith.mulf %less, %slope : f64
      %none = arith.cmpf oeq, %scaled, %zero : f64
      // CHECK: [[SAFE:%\w+]] = arith.select
      %safe = arith.select %none, %tiny, %scaled : f64
      // CHECK: math.expm1 [[SAFE]] fastmath<afn>
      %power = math.expm1 %safe : f64
      %a = arith.divf %safe, %power : f64
      %back = arith.subf %one, %x : f64
      %more = arith.addf %back, %rest : f64
      %other = arith.mulf %more, %slope : f64
      %e = math.exp %other : f64
      %sum = arith.addf %one, %e : f64
      // CHECK-NOT: math.exp %other
      // CHECK: [[E:%\w+]] = math.exp [[SAFE]] fastmath<afn>
      // CHECK-NEXT: [[BEYOND:%\w+]] = arith.cmpf ogt, [[E]], [[MOST:%\w+]]
      // CHECK-NEXT: [[BOUND:%\w+]] = arith.select [[BEYOND]], [[MOST]], [[E]]
      // CHECK-NEXT: [[SUM:%\w+]] = arith.addf %{{\w+}}, [[BOUND]]
      // CHECK-NEXT: [[RATIO:%\w+]] = arith.divf [[BOUND]], [[SUM]]
      // CHECK-NEXT: arith.mulf %four, [[RATIO]]
      %b = arith.divf %four, %sum : f64
      // CHECK: math.exp %more fastmath<afn>
      %f = math.exp %more : f64
      %sum2 = arith.addf %one, %f : f64
      // CHECK: arith.divf %four, %sum2
      %c = arith.divf %four, %sum2 : f64
      %d = arith.addf %a, %b : f64
      %y = arith.addf %d, %c : f64
      snn.yield %y : f64
    }
    snn.yield %v1 : tensor<?xf64>
  }
}
