// A clock that ticks at given times beside a regular one; both count.
snn.program @event_clock {
  %N = snn.param "g.N" "" : index
  %M = snn.param "events.N" "" : index
  %a = snn.state "g.a" "" [%N] : tensor<?xi64>
  %times = snn.state "events.times" "s" [%M] : tensor<?xf64>
  %fast = snn.clock "fast"
  %events = snn.clock "events" at %times : tensor<?xf64>
  %m = snn.sink "statemonitor" : !snn.sink<[f64, i64]>
  %one = arith.constant 1 : i64
  %out = snn.loop (%a) : tensor<?xi64> -> tensor<?xi64> {
  ^bb0(%a0: tensor<?xi64>):
    %te, %ne = snn.time %events
    snn.record "statemonitor" on(%events) %m [%N] at %te : !snn.sink<[f64, i64]> {
    ^bb0(%i: index):
      %x = snn.gather %a0[%i] : tensor<?xi64> -> i64
      snn.yield %x : i64
    }
    %a1 = snn.map "run_regularly" "g_run_regularly" on(%fast) [%N] (%a0) updates [0] : tensor<?xi64> -> tensor<?xi64> {
    ^bb0(%i: index, %x: i64):
      %y = arith.addi %x, %one : i64
      snn.yield %y : i64
    }
    snn.yield %a1 : tensor<?xi64>
  }
}
