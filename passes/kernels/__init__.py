"""From the `snn` graph to kernels: `gpu`, `scf`, `arith`, `math` and `memref`; and kernels as loops, for the CPU."""
