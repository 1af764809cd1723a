"""What is provably true of a program: which optimisations and the lowering both rely on."""
