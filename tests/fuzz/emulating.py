"""Kernels of random networks give the bits of the loops, in blocks of any size that run in any order."""

from dataclasses import replace

from fuzz.invariances import options, same
from fuzz.networks import Made

import ranvier as rv
from ranvier.codegen import CodegenOptions
from ranvier.stages import Options

STEPS = 30


def emulated(seed: int) -> int:
    """The target "emulated" does what the CPU does, from bit to bit."""
    outcomes = []
    chosen = Options(codegen=CodegenOptions(fast_math="off", optimise=0))  # what kernels do is not up to LLVM's passes
    for number in range(2):
        made = Made(seed)
        layout = made.random.choice(("auto", "auto", "rows", "counts", "bits", "ring"))
        how = replace(chosen, layout=layout)
        if number:
            block, order = made.random.choice((2, 8, 32, 256)), made.random.choice((0, 1, 2, 7))
            how = replace(how, target="emulated", block=block, order=order)
        with options(how):
            made.network.run(STEPS * 0.1 * rv.ms, namespace=made.space)
        outcomes.append(made.state())
    same(outcomes[1], outcomes[0], 0.0, made, f"emulated: {layout}, block {block}, order {order}")
    return 1
