"""From objects to the `snn` graph: actions, the plan of a program, and the graph built from it."""
