"""A pass in a few lines
=====================

The pass counts the operations of a time step before the other passes and after them.

`python examples/small_pass.py [directory]` writes `results/small_pass.png`.
"""

import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from ranvier import *
from ranvier.passes import register_pass
from ranvier.passes.registry import PLACES
from ranvier.stages import Options

directory = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
directory.mkdir(parents=True, exist_ok=True)
COUNTED: list[Counter[str]] = []


@register_pass
@dataclass(frozen=True)
class CountOperations(ModulePass):
    """Counts what is computed for each element; the program stays as it is."""

    name = "count-operations"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Looks into the body of each map, threshold and reset."""
        inside = (each for each in op.walk() if each.parent_op() and each.parent_op().name.startswith("snn."))
        COUNTED.append(Counter(each.name for each in inside if each.name.startswith(("arith.", "math."))))


tau, E_Na = 10 * ms, 50 * mV
model = """dv/dt = (g*(E_Na - v)/siemens - (v + 70*mV))/tau : volt
g = 0.5*siemens*exp(-((v + 40*mV)/(5*mV))**2) : siemens"""
network = Network(NeuronGroup(100, model, threshold="v > -30*mV", reset="v = -70*mV", method="euler"))
passes = Options().spec.split(",")
first = next(k for k, name in enumerate(passes) if name in PLACES)  # before it stand rewrites: there is no graph yet
around = [*passes[:first], "count-operations", *passes[first:], "count-operations"]
network.lower(options=Options(pipeline=",".join(around))).as_text("optimised")

before, after = COUNTED
names = sorted(before | after, key=lambda name: -before[name])
print(f"{before.total()} operations of a step before the passes, {after.total()} after them")
figure(figsize=(9, 4), layout="constrained")
barh(np.arange(len(names)) - 0.2, [before[name] for name in names], 0.4, label="before the passes")
barh(np.arange(len(names)) + 0.2, [after[name] for name in names], 0.4, label="after them")
yticks(range(len(names)), names)
xlabel("operations of a step, for each cell")
legend()
savefig(directory / "small_pass.png", dpi=120)
# sphinx_gallery_tags = ["compiler", "passes"]
