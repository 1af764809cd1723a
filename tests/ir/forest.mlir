// Currents between the compartments of two equal cells, solved together: each has elements that are the nodes 0, 2, 3 of a
// tree, node 1 is a branch.
snn.program @forest {
  %N = snn.param "neurons.N" "" : index
  %elements = snn.param "neurons.elements" "" : index
  %nodes = snn.param "neurons.nodes" "" : index
  %numbers = snn.param "neurons.numbers" "" : index
  %count = snn.param "neurons.blocks" "" : index
  %largest = snn.param "neurons.largest" "" : index
  %leak = snn.state "neurons.leak" "S" [%N] : tensor<?xf64>
  %source = snn.state "neurons.source" "A" [%N] : tensor<?xf64>
  %node = snn.state "neurons.node" "" [%elements] : tensor<?xi32>
  %parent = snn.state "neurons.parent" "" [%nodes] : tensor<?xi32>
  %axial = snn.state "neurons.axial" "S" [%nodes] : tensor<?xf64>
  %blocks = snn.state "neurons.blocks" "" [%numbers] : tensor<?xi32>
  %v = snn.state "neurons.v" "V" [%N] : tensor<?xf64>
  %clk = snn.clock "defaultclock"
  %out:2 = snn.loop (%source, %v) : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>, tensor<?xf64> {
  ^bb0(%source0: tensor<?xf64>, %v0: tensor<?xf64>):
    %v1 = snn.solve_forest "neurons_spatialstateupdater" on(%clk) [%count of %largest] (%leak, %source0) at %node along (%parent, %axial) over %blocks into %v0 : tensor<?xf64>, tensor<?xf64>, tensor<?xi32>, tensor<?xi32>, tensor<?xf64>, tensor<?xi32>, tensor<?xf64> -> tensor<?xf64>
    %source1 = snn.map "charge" "neurons" on(%clk) [%N] (%source0, %v1) updates [0] : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %s: f64, %x: f64):
      %next = arith.addf %s, %x : f64
      snn.yield %next : f64
    }
    snn.yield %source1, %v1 : tensor<?xf64>, tensor<?xf64>
  }
}
