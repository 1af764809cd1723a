// RUN: fuse-maps,eliminate-dead-code
// Integration, refractoriness and the threshold become one sweep; the chain of versions of %v is one update.
snn.program @fuse {
  %N = snn.param "g.N" "" : index
  %M = snn.param "h.N" "" : index
  %vt = snn.param "vt" "V" : f64
  %tr = snn.param "tr" "s" : f64
  %v = snn.state "g.v" "V" [%N] : tensor<?xf64>
  %l = snn.state "g.lastspike" "s" [%N] : tensor<?xf64>
  %h = snn.state "h.v" "V" [%M] : tensor<?xf64>
  %e = snn.event_space "g.spike" [%N]
  %clk = snn.clock "clk"
  %end:3 = snn.loop (%v, %h, %e) : tensor<?xf64>, tensor<?xf64>, !snn.events -> tensor<?xf64>, tensor<?xf64>, !snn.events {
  ^bb0(%v0: tensor<?xf64>, %h0: tensor<?xf64>, %e0: !snn.events):
    %t, %n = snn.time %clk
    %since = arith.subf %t, %tr : f64
    // CHECK: arith.subf %t, %tr
    // CHECK-NEXT: %{{\w+}}, %{{\w+}} = snn.map "refractory+integrate+run_regularly+threshold" "g+th" on(%clk) [%N] (%l, %v0) updates [1, -1]
    // CHECK-NEXT: ^bb0([[I:%\w+]]: index, [[LAST:%\w+]]: f64, [[V:%\w+]]: f64):
    // CHECK-NEXT: [[OK:%\w+]] = arith.cmpf olt, [[LAST]]
    // CHECK-NEXT: [[V1:%\w+]] = arith.addf [[V]], %vt
    // CHECK-NEXT: [[V2:%\w+]] = arith.mulf [[V1]], [[V1]]
    // CHECK-NEXT: [[ABOVE:%\w+]] = arith.cmpf ogt, [[V2]], %vt
    // CHECK-NEXT: [[SPIKES:%\w+]] = arith.andi [[ABOVE]], [[OK]]
    // CHECK-NEXT: snn.yield [[V2]], [[SPIKES]] : f64, i1
    %not_refractory = snn.map "refractory" "g" on(%clk) [%N] (%l) updates [-1] : tensor<?xf64> -> tensor<?xi1> {
    ^bb0(%i: index, %x: f64):
      %ok = arith.cmpf olt, %x, %since : f64
      snn.yield %ok : i1
    }
    %v1 = snn.map "integrate" "g" on(%clk) [%N] (%v0, %l) updates [0] : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %x: f64, %y: f64):
      %z = arith.addf %x, %vt : f64
      snn.yield %z : f64
    }
    // CHECK: snn.map "integrate" "h" on(%clk) [%M] (%h0)
    %h1 = snn.map "integrate" "h" on(%clk) [%M] (%h0) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %x: f64):
      %z = arith.addf %x, %vt : f64
      snn.yield %z : f64
    }
    %v2 = snn.map "run_regularly" "g" on(%clk) [%N] (%v1) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %x: f64):
      %z = arith.mulf %x, %x : f64
      snn.yield %z : f64
    }
    // CHECK: snn.compact on(%clk) %{{\w+}}[%N] into %e0
    // CHECK-NOT: snn.threshold
    %e1 = snn.threshold "th" on(%clk) [%N] (%v2, %not_refractory) into %e0 : tensor<?xf64>, tensor<?xi1> {
    ^bb0(%i: index, %x: f64, %ok: i1):
      %c = arith.cmpf ogt, %x, %vt : f64
      %s = arith.andi %c, %ok : i1
      snn.yield %s : i1
    }
    snn.yield %v2, %h1, %e1 : tensor<?xf64>, tensor<?xf64>, !snn.events
  }
}
