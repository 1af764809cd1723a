// Reads and writes at other places: gathers from arrays that the same op updates, offsets, scatters, new arrays.
snn.program @elsewhere {
  %N = snn.param "g.N" "" : index
  %half = snn.param "half" "" : index
  %v = snn.state "g.v" "V" [%N] : tensor<?xf64>
  %w = snn.state "g.w" "" [%N] : tensor<?xi32>
  %link = snn.state "g.link" "" [%N] : tensor<?xi32>
  %flag = snn.state "g.flag" "" [%N] : tensor<?xi1>
  %e = snn.event_space "g.spike" [%N]
  %clk = snn.clock "clk"
  %end:4 = snn.loop (%v, %w, %flag, %e) : tensor<?xf64>, tensor<?xi32>, tensor<?xi1>, !snn.events
      -> tensor<?xf64>, tensor<?xi32>, tensor<?xi1>, !snn.events {
  ^bb0(%v0: tensor<?xf64>, %w0: tensor<?xi32>, %f0: tensor<?xi1>, %e0: !snn.events):
    %t, %n = snn.time %clk
    %v1 = snn.map "run_regularly" "shift" on(%clk) [%N] (%v0, %link) updates [0] : tensor<?xf64>, tensor<?xi32> -> tensor<?xf64> {
    ^bb0(%i: index, %x: f64, %l: i32):
      %k = arith.index_cast %l : i32 to index
      %y = snn.gather %v0[%k] : tensor<?xf64> -> f64
      %half_ = arith.constant 0.5 : f64
      %a = arith.mulf %half_, %y : f64
      %b = arith.addf %a, %x : f64
      snn.yield %b : f64
    }
    %v2, %new = snn.map "run_regularly" "part" on(%clk) [%half from %half] (%v1) updates [0, -1]
        : tensor<?xf64> -> tensor<?xf64>, tensor<?xf64> {
    ^bb0(%i: index, %x: f64):
      %one = arith.constant 1.0 : f64
      %y = arith.addf %x, %one : f64
      snn.yield %y, %x : f64, f64
    }
    %w1 = snn.scatter "run_regularly" "linked" on(%clk) [%half] (%link) to %w0 : tensor<?xi32> to tensor<?xi32> -> tensor<?xi32> {
    ^bb0(%i: index, %l: i32):
      %k = arith.index_cast %l : i32 to index
      %old = snn.gather %w0[%k] : tensor<?xi32> -> i32
      %three = arith.constant 3 : i32
      %s = arith.addi %old, %three : i32
      snn.yield %k, %s : index, i32
    }
    %w2 = snn.scatter "run_regularly" "plain" on(%clk) [%half] (%link) to %w1 : tensor<?xi32> to tensor<?xi32> -> tensor<?xi32> {
    ^bb0(%i: index, %l: i32):
      %k = arith.index_cast %l : i32 to index
      %m = arith.muli %l, %l : i32
      snn.yield %k, %m : index, i32
    }
    %f1, %mask = snn.map "refractory" "flags" on(%clk) [%half] (%v2, %new, %f0) updates [2, -1]
        : tensor<?xf64>, tensor<?xf64>, tensor<?xi1> -> tensor<?xi1>, tensor<?xi1> {
    ^bb0(%i: index, %x: f64, %y: f64, %b: i1):
      %c = arith.cmpf ogt, %x, %y : f64
      %lim = arith.constant 3.0 : f64
      %d = arith.cmpf ogt, %x, %lim : f64
      %r = arith.xori %b, %c : i1
      snn.yield %r, %d : i1, i1
    }
    %e1 = snn.compact on(%clk) %mask [%half] into %e0 : tensor<?xi1>
    %v3, %w3 = snn.reset "reset" "resetter" on(%clk) %e1 (%v2, %w2) updates [0, 1]
        : tensor<?xf64>, tensor<?xi32> -> tensor<?xf64>, tensor<?xi32> {
    ^bb0(%i: index, %x: f64, %c: i32):
      %l = snn.gather %link[%i] : tensor<?xi32> -> i32
      %k = arith.index_cast %l : i32 to index
      %y = snn.gather %v2[%k] : tensor<?xf64> -> f64
      %q = arith.constant 0.25 : f64
      %z = arith.mulf %q, %y : f64
      %one = arith.constant 1 : i32
      %c1 = arith.addi %c, %one : i32
      snn.yield %z, %c1 : f64, i32
    }
    %v4, %w4, %e2 = snn.call "operation" 0 on(%clk) (%v3, %w3, %e1) : tensor<?xf64>, tensor<?xi32>, !snn.events -> tensor<?xf64>, tensor<?xi32>, !snn.events
    snn.yield %v4, %w4, %f1, %e2 : tensor<?xf64>, tensor<?xi32>, tensor<?xi1>, !snn.events
  }
}
