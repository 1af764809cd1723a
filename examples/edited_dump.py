"""An edited dump
==============

The graph of a network is written as text, one line is changed by hand, and the program runs again.

`python examples/edited_dump.py [directory]` writes `results/edited_dump.png`.
"""

import sys
from pathlib import Path

from ranvier import *
from ranvier.text_program import TextProgram

directory = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
directory.mkdir(parents=True, exist_ok=True)
tau = 10 * ms
cells = NeuronGroup(50, "dv/dt = (1.5 - v)/tau : 1", threshold="v > 1", reset="v = 0", method="euler", name="cells")
spikes = SpikeMonitor(cells, name="spikes")
network = Network(cells, spikes)
text = network.lower().as_text("snn")

# a reset writes 0; the edited one leaves six tenths of what was there, which takes one line more
lines = text.splitlines()
last = next(k for k, line in enumerate(lines) if "snn.reset" in line)
place = next(k for k in range(last, len(lines)) if "arith.sitofp" in lines[k])
print(lines[place].strip())
name = lines[place].split(" = ")[0].strip()
lines[place] = f"%part = arith.constant 0.6 : f64\n{name} = arith.mulf %v_2, %part : f64"
edited = "\n".join(lines)


def simulate(program):
    """Runs a text for 100 ms and returns the table of spikes."""
    start = np.linspace(0, 0.99, 50).tolist()
    sizes = {"cells.N": 50, "spikes start": 0, "spikes stop": 50, "spikes.N": 50}
    running = program.start({"random key": 0, "tau": 0.01, "cells.v": start, **sizes})
    running.advance(0.1)
    return running.tables["spikes"].to_arrow()


tables = {name: simulate(TextProgram(each, name)) for name, each in {"as dumped": text, "edited": edited}.items()}
for name, table in tables.items():
    print(f"{name}: {len(table)} spikes")
figure(figsize=(9, 4))
for k, (name, table) in enumerate(tables.items()):
    subplot(1, 2, k + 1)
    plot(table["t"].to_numpy() * 1e3, table["i"].to_numpy(), "|k", markersize=4)
    title(name)
    xlabel("time (ms)")
    ylabel("cell")
tight_layout()
savefig(directory / "edited_dump.png", dpi=120)
# sphinx_gallery_tags = ["compiler"]
