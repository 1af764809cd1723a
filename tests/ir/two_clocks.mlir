// A fast and a slow clock count into arrays and are recorded; a shared variable follows the slow one.
snn.program @two_clocks {
  %N = snn.param "g.N" "" : index
  %one_index = arith.constant 1 : index
  %a = snn.state "g.a" "" [%N] : tensor<?xi64>
  %b = snn.state "g.b" "" [%N] : tensor<?xi64>
  %s = snn.state "g.s" "s" [%one_index] : tensor<1xf64>
  %fast = snn.clock "fast"
  %slow = snn.clock "slow"
  %m = snn.sink "statemonitor" : !snn.sink<[f64, i64, f64]>
  %k = snn.sink "slow_statemonitor" : !snn.sink<[f64, i64]>
  %one = arith.constant 1 : i64
  %out:3 = snn.loop (%a, %b, %s) : tensor<?xi64>, tensor<?xi64>, tensor<1xf64> -> tensor<?xi64>, tensor<?xi64>, tensor<1xf64> {
  ^bb0(%a0: tensor<?xi64>, %b0: tensor<?xi64>, %s0: tensor<1xf64>):
    %tf, %nf = snn.time %fast
    %ts, %ns = snn.time %slow
    snn.record "statemonitor" on(%fast) %m [%N] at %tf : !snn.sink<[f64, i64, f64]> {
    ^bb0(%i: index):
      %x = snn.gather %b0[%i] : tensor<?xi64> -> i64
      %y = snn.read %s0 : tensor<1xf64> -> f64
      snn.yield %x, %y : i64, f64
    }
    snn.record "slow_statemonitor" on(%slow) %k [%N] at %ts : !snn.sink<[f64, i64]> {
    ^bb0(%i: index):
      %x = snn.gather %a0[%i] : tensor<?xi64> -> i64
      snn.yield %x : i64
    }
    %a1 = snn.map "run_regularly" "g_run_regularly" on(%fast) [%N] (%a0) updates [0] : tensor<?xi64> -> tensor<?xi64> {
    ^bb0(%i: index, %x: i64):
      %y = arith.addi %x, %one : i64
      snn.yield %y : i64
    }
    %b1 = snn.map "run_regularly" "g_run_regularly_1" on(%slow) [%N] (%b0) updates [0] : tensor<?xi64> -> tensor<?xi64> {
    ^bb0(%i: index, %x: i64):
      %w = snn.gather %a1[%i] : tensor<?xi64> -> i64
      %y = arith.addi %x, %w : i64
      snn.yield %y : i64
    }
    %s1 = snn.write on(%slow) %s0, %ts : tensor<1xf64>, f64 -> tensor<1xf64>
    snn.yield %a1, %b1, %s1 : tensor<?xi64>, tensor<?xi64>, tensor<1xf64>
  }
}
