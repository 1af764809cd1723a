// Van der Pol's oscillator by inner steps that follow the error, each element with a stiffness of its own, driven by t;
// a decay by three fixed inner steps.
snn.program @integrate {
  %N = snn.param "g.N" "" : index
  %drive = snn.param "drive" "" : f64
  %x = snn.state "g.x" "" [%N] : tensor<?xf64>
  %y = snn.state "g.y" "" [%N] : tensor<?xf64>
  %z = snn.state "g.z" "" [%N] : tensor<?xf64>
  %mu = snn.state "g.mu" "" [%N] : tensor<?xf64>
  %taken = snn.state "g.taken" "" [%N] : tensor<?xi64>
  %repeated = snn.state "g.repeated" "" [%N] : tensor<?xi64>
  %stuck = snn.state "g.stuck" "" [%N] : tensor<?xi1>
  %clk = snn.clock "clk"
  %dt = snn.dt %clk
  %end:6 = snn.loop (%x, %y, %z, %taken, %repeated, %stuck) : tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, tensor<?xi64>, tensor<?xi64>, tensor<?xi1> -> tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, tensor<?xi64>, tensor<?xi64>, tensor<?xi1> {
  ^bb0(%x0: tensor<?xf64>, %y0: tensor<?xf64>, %z0: tensor<?xf64>, %taken0: tensor<?xi64>, %repeated0: tensor<?xi64>, %stuck0: tensor<?xi1>):
    %t, %n = snn.time %clk
    %x1, %y1, %taken1, %repeated1, %stuck1 = snn.map "integrate" "oscillator" on(%clk) [%N] (%x0, %y0, %mu, %taken0, %repeated0, %stuck0) updates [0, 1, 3, 4, 5] : tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, tensor<?xi64>, tensor<?xi64>, tensor<?xi1> -> tensor<?xf64>, tensor<?xf64>, tensor<?xi64>, tensor<?xi64>, tensor<?xi1> {
    ^bb0(%i: index, %u: f64, %v: f64, %m: f64, %k: i64, %r: i64, %gone: i1):
      %error = arith.constant 1.0e-3 : f64
      %u1, %v1, %next, %k1, %r1, %gone1 = snn.integrate "rkf45" "adaptive" most 200 from %t by %dt begin %dt (%u, %v) within (%error, %error) : f64, f64 {
      ^bb0(%s: f64, %a: f64, %b: f64):
        %one = arith.constant 1.0 : f64
        %square = arith.mulf %a, %a : f64
        %left = arith.subf %one, %square : f64
        %p = arith.mulf %left, %b : f64
        %q = arith.mulf %m, %p : f64
        %w = math.sin %s : f64
        %push = arith.mulf %drive, %w : f64
        %sum = arith.subf %q, %a : f64
        %total = arith.addf %sum, %push : f64
        snn.yield %b, %total : f64, f64
      }
      snn.yield %u1, %v1, %k1, %r1, %gone1 : f64, f64, i64, i64, i1
    }
    %z1 = snn.map "integrate" "decay" on(%clk) [%N] (%z0) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %u: f64):
      %third = arith.constant 0.3333333333333333 : f64
      %inner = arith.mulf %dt, %third : f64
      %u1, %next, %k1, %r1, %gone1 = snn.integrate "rk8pd" "fixed" most 3 from %t by %dt begin %inner (%u) within (%third) : f64 {
      ^bb0(%s: f64, %a: f64):
        %slope = arith.negf %a : f64
        snn.yield %slope : f64
      }
      snn.yield %u1 : f64
    }
    snn.yield %x1, %y1, %z1, %taken1, %repeated1, %stuck1 : tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, tensor<?xi64>, tensor<?xi64>, tensor<?xi1>
  }
}
