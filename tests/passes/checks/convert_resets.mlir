// RUN: fuse-maps,convert-resets
// The reset of %v joins the sweep that made the mask; that of %count, an array the sweep does not write, stays.
snn.program @resets {
  %N = snn.param "g.N" "" : index
  %vt = snn.param "vt" "V" : f64
  %v = snn.state "g.v" "V" [%N] : tensor<?xf64>
  %count = snn.state "g.count" "" [%N] : tensor<?xi32>
  %e = snn.event_space "g.spike" [%N]
  %clk = snn.clock "clk"
  %end:3 = snn.loop (%v, %count, %e) : tensor<?xf64>, tensor<?xi32>, !snn.events -> tensor<?xf64>, tensor<?xi32>, !snn.events {
  ^bb0(%v0: tensor<?xf64>, %c0: tensor<?xi32>, %e0: !snn.events):
    // CHECK: snn.map "integrate+threshold+reset" "g+th" on(%clk) [%N] (%v0) updates [-1, 0]
    // CHECK: [[C:%\w+]] = arith.cmpf ogt, [[X:%\w+]], %vt
    // CHECK-NEXT: [[D:%\w+]] = arith.subf [[X]], %vt
    // CHECK-NEXT: [[R:%\w+]] = arith.select [[C]], [[D]], [[X]]
    // CHECK-NEXT: snn.yield [[C]], [[R]]
    // CHECK: snn.compact
    // CHECK: snn.reset "reset" "counts"
    // CHECK-NOT: snn.reset "reset" "g"
    %v1 = snn.map "integrate" "g" on(%clk) [%N] (%v0) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %x: f64):
      %y = arith.addf %x, %vt : f64
      snn.yield %y : f64
    }
    %e1 = snn.threshold "th" on(%clk) [%N] (%v1) into %e0 : tensor<?xf64> {
    ^bb0(%i: index, %x: f64):
      %c = arith.cmpf ogt, %x, %vt : f64
      snn.yield %c : i1
    }
    %c1 = snn.reset "reset" "counts" on(%clk) %e1 (%c0) updates [0] : tensor<?xi32> -> tensor<?xi32> {
    ^bb0(%i: index, %n: i32):
      %one = arith.constant 1 : i32
      %m = arith.addi %n, %one : i32
      snn.yield %m : i32
    }
    %v2 = snn.reset "reset" "g" on(%clk) %e1 (%v1) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %x: f64):
      %y = arith.subf %x, %vt : f64
      snn.yield %y : f64
    }
    snn.yield %v2, %c1, %e1 : tensor<?xf64>, tensor<?xi32>, !snn.events
  }
}
