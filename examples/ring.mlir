// A ring of phase oscillators, each pulled by its left neighbour: dtheta/dt = omega + K*sin(theta_left - theta).
// Phases run from 0 to 1; a beat is an event, and takes 1 away from the phase.
//
//   ranvier run examples/ring.mlir --set N=100 --set K=3 --set beats=0 \
//       --set omega=10 --duration 2 -o results
snn.program @ring {
  %N = snn.param "N" "" : index
  %K = snn.param "K" "Hz" : f64
  %omega = snn.state "omega" "Hz" [%N] : tensor<?xf64>
  %theta = snn.state "theta" "" [%N] : tensor<?xf64>
  %counts = snn.state "beats" "" [%N] : tensor<?xi32>
  %none = snn.event_space "beat" [%N]
  %clk = snn.clock "clock"
  %table = snn.sink "beat_times" : !snn.sink<[f64, i32]>
  %dt = snn.dt %clk
  %zero = arith.constant 0 : index
  %one = arith.constant 1.0 : f64
  %two_pi = arith.constant 6.283185307179586 : f64
  %out:3 = snn.loop (%theta, %counts, %none) : tensor<?xf64>, tensor<?xi32>, !snn.events -> tensor<?xf64>, tensor<?xi32>, !snn.events {
  ^bb0(%theta0: tensor<?xf64>, %counts0: tensor<?xi32>, %beat0: !snn.events):
    %t, %n = snn.time %clk
    %theta1 = snn.map "integrate" "ring" on(%clk) [%N] (%theta0, %omega) updates [0] : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %own: f64, %speed: f64):
      %first = arith.cmpi eq, %i, %zero : index
      %from = arith.select %first, %N, %i : index
      %step_left = arith.constant 1 : index
      %left = arith.subi %from, %step_left : index
      %other = snn.gather %theta0[%left] : tensor<?xf64> -> f64
      %difference = arith.subf %other, %own : f64
      %angle = arith.mulf %two_pi, %difference : f64
      %pull = math.sin %angle : f64
      %pulled = arith.mulf %K, %pull : f64
      %slope = arith.addf %speed, %pulled : f64
      %change = arith.mulf %dt, %slope : f64
      %next = arith.addf %own, %change : f64
      snn.yield %next : f64
    }
    %beat1 = snn.threshold "beat" on(%clk) [%N] (%theta1) into %beat0 : tensor<?xf64> {
    ^bb0(%i: index, %phase: f64):
      %round = arith.cmpf oge, %phase, %one : f64
      snn.yield %round : i1
    }
    %counts1 = snn.record_events "beat_times" on(%clk) %table %beat1 [%zero, %N] at %t counts %counts0 : !snn.sink<[f64, i32]>, tensor<?xi32> -> tensor<?xi32> {
    ^bb0(%i: index):
      snn.yield
    }
    %theta2 = snn.reset "reset" "ring" on(%clk) %beat1 (%theta1) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %phase: f64):
      %rest = arith.subf %phase, %one : f64
      snn.yield %rest : f64
    }
    snn.yield %theta2, %counts1, %beat1 : tensor<?xf64>, tensor<?xi32>, !snn.events
  }
}
