// RUN: hoist-uniform,batch{own="tau","key","g.s"}
// What differs between instances gets a number of instance, innermost; the exponential is computed once per run for each.
snn.program @batch {
  // CHECK: %instances = snn.param "instances" "" : index
  // CHECK: %N_all = arith.muli %N, %instances : index
  %N = snn.param "g.N" "" : index
  // CHECK: %key = snn.state "key" ""[%instances] : tensor<?xi64> {own}
  %key = snn.param "key" "" : i64
  // CHECK: %tau = snn.state "tau" "s"[%instances] : tensor<?xf64> {own}
  %tau = snn.param "tau" "s" : f64
  // CHECK: %limit = snn.param "limit" "" : f64
  %limit = snn.param "limit" "" : f64
  %one = arith.constant 1 : index
  // CHECK: %v = snn.state "g.v" ""[%N_all] : tensor<?xf64> {own}
  %v = snn.state "g.v" "" [%N] : tensor<?xf64>
  // CHECK-NEXT: %gain = snn.state "g.gain" ""[%N] : tensor<?xf64>
  %gain = snn.state "g.gain" "" [%N] : tensor<?xf64>
  // CHECK-NEXT: %s = snn.state "g.s" ""[%one_all] : tensor<?xf64> {own}
  %s = snn.state "g.s" "" [%one] : tensor<1xf64>
  // CHECK-NEXT: %e = snn.event_space "g.spike"[%N_all] {own}
  %e = snn.event_space "g.spike" [%N]
  %clk = snn.clock "clk"
  %rates = snn.sink "r" : !snn.sink<[f64, f64]>
  %dt = snn.dt %clk
  // CHECK: %decay = snn.tabulate[%instances] : tensor<?xf64> {
  // CHECK-NEXT: ^bb0([[B:%\w+]]: index):
  // CHECK-NEXT: [[TAU:%\w+]] = snn.gather %tau{{\[}}[[B]]] : tensor<?xf64> -> f64
  // CHECK-NEXT: arith.divf %dt, [[TAU]]
  // CHECK-NEXT: math.exp
  %end:3 = snn.loop (%v, %s, %e) : tensor<?xf64>, tensor<1xf64>, !snn.events -> tensor<?xf64>, tensor<1xf64>, !snn.events {
  ^bb0(%v0: tensor<?xf64>, %s0: tensor<1xf64>, %e0: !snn.events):
    %t, %n = snn.time %clk
    // CHECK: [[SHARED:%\w+]] = snn.map "instances" "" on(%clk) [%instances] () updates [-1] : -> tensor<?xf64> {
    // CHECK-NEXT: ^bb0([[B:%\w+]]: index):
    // CHECK-NEXT: snn.gather %s0{{\[}}[[B]]] : tensor<?xf64> -> f64
    // CHECK-NEXT: snn.yield
    %shared = snn.read %s0 : tensor<1xf64> -> f64
    // CHECK: %v1 = snn.map "integrate" "g" on(%clk) [%N_all] (%v0) updates [0]
    // CHECK-NEXT: ^bb0([[K:%\w+]]: index, [[X:%\w+]]: f64):
    // CHECK-NEXT: [[I:%\w+]], [[B:%\w+]] = snn.instance [[K]] of %instances
    // CHECK-NEXT: [[D:%\w+]] = snn.gather %decay{{\[}}[[B]]]
    // CHECK-NEXT: [[KEY:%\w+]] = snn.gather %key{{\[}}[[B]]]
    // CHECK-NEXT: [[S:%\w+]] = snn.gather [[SHARED]]{{\[}}[[B]]]
    // CHECK-NEXT: [[GAIN:%\w+]] = snn.gather %gain{{\[}}[[I]]]
    // CHECK-NEXT: arith.mulf [[X]], [[D]]
    // CHECK-NEXT: snn.random "normal" 0 at([[KEY]], %n, [[I]])
    %v1 = snn.map "integrate" "g" on(%clk) [%N] (%v0, %gain) updates [0] : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %x: f64, %gains: f64):
      %ratio = arith.divf %dt, %tau : f64
      %decay = math.exp %ratio : f64
      %y = arith.mulf %x, %decay : f64
      %z = snn.random "normal" 0 at (%key, %n, %i) () : -> f64
      %noise = arith.mulf %z, %gains : f64
      %w = arith.addf %y, %noise : f64
      %q = arith.addf %w, %shared : f64
      snn.yield %q : f64
    }
    // CHECK: snn.threshold "th" on(%clk) [%N_all] (%v1) into %e0
    %e1 = snn.threshold "th" on(%clk) [%N] (%v1) into %e0 : tensor<?xf64> {
    ^bb0(%i: index, %x: f64):
      %c = arith.cmpf ogt, %x, %limit : f64
      snn.yield %c : i1
    }
    // CHECK: snn.record_rate "r" on(%clk) %rates %{{\w+}}[%{{\w+}}, %N_all] at %t by %dt of %instances
    %zero = arith.constant 0 : index
    snn.record_rate "r" on(%clk) %rates %e1 [%zero, %N] at %t by %dt : !snn.sink<[f64, f64]>
    // CHECK: snn.map "write" "" on(%clk) [%instances] (%s0) updates [0]
    %s1 = snn.write on(%clk) %s0, %t : tensor<1xf64>, f64 -> tensor<1xf64>
    snn.yield %v1, %s1, %e1 : tensor<?xf64>, tensor<1xf64>, !snn.events
  }
}
