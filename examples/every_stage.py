"""Every stage of a network as text
================================

A network on its way to machine code: each stage as a file, and the dataflow as a graph.

`python examples/every_stage.py [directory]` writes `results/stages/1-plan.txt`, `2-snn.mlir`, ... `7-asm.s`, the graph
as `graph.txt`, and a picture of how long each of them is.
"""

import sys
from pathlib import Path

from ranvier import *
from ranvier.stages import TABLE, Options

directory = Path(sys.argv[1] if len(sys.argv) > 1 else "results") / "stages"
directory.mkdir(parents=True, exist_ok=True)

tau = 10 * ms
cells = NeuronGroup(100, "dv/dt = (1.5 - v)/tau : 1", threshold="v > 1", reset="v = 0", method="exact", name="cells")
spikes = SpikeMonitor(cells, name="spikes")
network = Network(cells, spikes)

lowered, lengths = network.lower(), {}
for number, stage in enumerate(TABLE, start=1):
    text = lowered.as_text(stage.name)
    path = directory / f"{number}-{stage.name}.{stage.ending}"
    path.write_text(text, encoding="utf-8")
    lengths[stage.name] = len(text.splitlines())
    print(f"{path}: {len(text.splitlines())} lines: {stage.about}")

graph = lowered.graph()
lines = [f"{n} {data['name']} {data['label'] or ''}" for n, data in graph.nodes(data=True)]
lines += [f"{a} -> {b}: {', '.join(data['values'])}" for a, b, data in graph.edges(data=True)]
(directory / "graph.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")

# another pipeline, another program: without fusion the threshold is a sweep of its own
plain = network.lower(options=Options(pipeline="fold-constants,hoist-uniform"))
for name, program in (("default pipeline", lowered), ("two passes", plain)):
    ops, wide = program.as_text("optimised").count(" snn."), program.as_text("asm").count("zmm")
    print(f"{name}: {ops} snn ops, {wide} uses of 512-bit registers")

figure(figsize=(8, 3), layout="tight")
barh(list(lengths)[::-1], list(lengths.values())[::-1])
xlabel("lines of text of one small network")
savefig(directory.parent / "every_stage.png", dpi=120)
# sphinx_gallery_tags = ["compiler"]
