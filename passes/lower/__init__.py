"""From the `snn` graph to loops: `func`, `scf`, `arith`, `math` and `memref`."""
