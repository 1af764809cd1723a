"""Loops to LLVM IR text: one structured walk over `func`, `scf`, `arith`, `math` and `memref`.

`emitter.emit_module` is the doorway; each dialect has a file with a literal table of its ops.
"""
