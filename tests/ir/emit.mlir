// Spikes given beforehand, with a period, and a reset of another clock that sees them.
snn.program @emit {
  %N = snn.param "g.N" "" : index
  %entries = snn.param "list.N" "" : index
  %period = snn.param "period" "" : i64
  %one = snn.param "one" "" : index
  %who = snn.state "list.index" "" [%entries] : tensor<?xi32>
  %when = snn.state "list.step" "" [%entries] : tensor<?xi64>
  %place = snn.state "list.position" "" [%one] : tensor<1xi64>
  %x = snn.state "g.x" "" [%N] : tensor<?xf64>
  %count = snn.state "m.count" "" [%N] : tensor<?xi32>
  %none = snn.event_space "g.spike" [%N]
  %clk = snn.clock "clk"
  %slow = snn.clock "slow"
  %m = snn.sink "m" : !snn.sink<[f64, i32]>
  %zero = arith.constant 0 : index
  %out:4 = snn.loop (%place, %x, %count, %none) : tensor<1xi64>, tensor<?xf64>, tensor<?xi32>, !snn.events -> tensor<1xi64>, tensor<?xf64>, tensor<?xi32>, !snn.events {
  ^bb0(%p0: tensor<1xi64>, %x0: tensor<?xf64>, %c0: tensor<?xi32>, %e0: !snn.events):
    %t, %n = snn.time %clk
    %e1, %p1 = snn.emit "g" on(%clk) %who at %when every %period now %n from %p0 into %e0
    %c1 = snn.record_events "m" on(%clk) %m %e1 [%zero, %N] at %t counts %c0 : !snn.sink<[f64, i32]>, tensor<?xi32> -> tensor<?xi32> {
    ^bb0(%i: index):
      snn.yield
    }
    %x1 = snn.reset "event" "g_code" on(%slow) %e1 (%x0) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %old: f64):
      %step = arith.constant 1.0 : f64
      %new = arith.addf %old, %step : f64
      snn.yield %new : f64
    }
    snn.yield %p1, %x1, %c1, %e1 : tensor<1xi64>, tensor<?xf64>, tensor<?xi32>, !snn.events
  }
}
