// RUN: fuse-maps
// Not fused: what reads other elements of the first map, what another op sees in between, another clock, part of a group.
snn.program @apart {
  %N = snn.param "g.N" "" : index
  %half = snn.param "half" "" : index
  %zero = arith.constant 0 : index
  %v = snn.state "g.v" "V" [%N] : tensor<?xf64>
  %w = snn.state "g.w" "V" [%N] : tensor<?xf64>
  %x = snn.state "g.x" "V" [%N] : tensor<?xf64>
  %m = snn.sink "m" : !snn.sink<[f64, f64]>
  %clk = snn.clock "clk"
  %slow = snn.clock "slow"
  %end:3 = snn.loop (%v, %w, %x) : tensor<?xf64>, tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>, tensor<?xf64>, tensor<?xf64> {
  ^bb0(%v0: tensor<?xf64>, %w0: tensor<?xf64>, %x0: tensor<?xf64>):
    %t, %n = snn.time %clk
    // CHECK: snn.map "integrate" "one"
    %v1 = snn.map "integrate" "one" on(%clk) [%N] (%v0) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %a: f64):
      %b = arith.addf %a, %a : f64
      snn.yield %b : f64
    }
    // CHECK: snn.map "integrate" "reads_elsewhere"
    %w1 = snn.map "integrate" "reads_elsewhere" on(%clk) [%N] (%w0, %v1) updates [0] : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %a: f64, %b: f64):
      %c = snn.gather %v1[%zero] : tensor<?xf64> -> f64
      %d = arith.addf %a, %c : f64
      %e = arith.addf %d, %b : f64
      snn.yield %e : f64
    }
    // CHECK: snn.record "m"
    snn.record "m" on(%clk) %m [%N] at %t : !snn.sink<[f64, f64]> {
    ^bb0(%k: index):
      %a = snn.gather %v1[%k] : tensor<?xf64> -> f64
      snn.yield %a : f64
    }
    // CHECK: snn.map "run_regularly" "after_record"
    %v2 = snn.map "run_regularly" "after_record" on(%clk) [%N] (%v1) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %a: f64):
      %b = arith.mulf %a, %a : f64
      snn.yield %b : f64
    }
    // CHECK: snn.map "run_regularly" "slow"
    %v3 = snn.map "run_regularly" "slow" on(%slow) [%N] (%v2) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %a: f64):
      %b = arith.subf %a, %a : f64
      snn.yield %b : f64
    }
    // CHECK: snn.map "run_regularly" "part"
    %v4 = snn.map "run_regularly" "part" on(%slow) [%half from %half] (%v3) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %a: f64):
      %b = arith.addf %a, %a : f64
      snn.yield %b : f64
    }
    snn.yield %v4, %w1, %x0 : tensor<?xf64>, tensor<?xf64>, tensor<?xf64>
  }
}
