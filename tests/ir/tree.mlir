// Currents between the compartments of a neuron: elements 0, 1, 2 are the nodes 0, 2, 3 of a tree, node 1 is a branch.
snn.program @tree {
  %N = snn.param "neuron.N" "" : index
  %nodes = snn.param "neuron.nodes" "" : index
  %leak = snn.state "neuron.leak" "S" [%N] : tensor<?xf64>
  %source = snn.state "neuron.source" "A" [%N] : tensor<?xf64>
  %node = snn.state "neuron.node" "" [%N] : tensor<?xi32>
  %parent = snn.state "neuron.parent" "" [%nodes] : tensor<?xi32>
  %axial = snn.state "neuron.axial" "S" [%nodes] : tensor<?xf64>
  %v = snn.state "neuron.v" "V" [%N] : tensor<?xf64>
  %clk = snn.clock "defaultclock"
  %out:2 = snn.loop (%source, %v) : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>, tensor<?xf64> {
  ^bb0(%source0: tensor<?xf64>, %v0: tensor<?xf64>):
    %v1 = snn.solve_tree "neuron_spatialstateupdater" on(%clk) [%N of %nodes] (%leak, %source0) at %node along (%parent, %axial) into %v0 : tensor<?xf64>, tensor<?xf64>, tensor<?xi32>, tensor<?xi32>, tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
    %source1 = snn.map "charge" "neuron" on(%clk) [%N] (%source0, %v1) updates [0] : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %s: f64, %x: f64):
      %next = arith.addf %s, %x : f64
      snn.yield %next : f64
    }
    snn.yield %source1, %v1 : tensor<?xf64>, tensor<?xf64>
  }
}
