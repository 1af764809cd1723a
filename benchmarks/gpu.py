"""What a GPU would do in a step: launch plans, instructions counted from PTX, registers if `ptxas` is installed.

    python benchmarks/gpu.py            # LIF, HH and CUBA
    python benchmarks/gpu.py cuba --architecture sm_90

Nothing here runs on a GPU.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from ranvier import Network, NeuronGroup, SpikeMonitor, Synapses, ms, mV
from ranvier.codegen.nvptx import ARCHITECTURES, nvidia, ptx_text, read_ptxas
from ranvier.kernels import launch_plan, step_costs
from ranvier.stages import Lowered

HH = """
dv/dt = (drive - 36*n**4*(v + 77) - 120*m**3*h*(v - 50) - 0.3*(v + 54.4))/ms : 1
dm/dt = (0.1*(v + 40)/(1 - exp(-(v + 40)/10))*(1 - m) - 4*exp(-(v + 65)/18)*m)/ms : 1
dh/dt = (0.07*exp(-(v + 65)/20)*(1 - h) - h/(1 + exp(-(v + 35)/10)))/ms : 1
dn/dt = (0.01*(v + 55)/(1 - exp(-(v + 55)/10))*(1 - n) - 0.125*exp(-(v + 65)/80)*n)/ms : 1
drive : 1
"""
CUBA = """
dv/dt = (ge + gi - (v + 49*mV))/(20*ms) : volt (unless refractory)
dge/dt = -ge/(5*ms) : volt
dgi/dt = -gi/(10*ms) : volt
"""
UNITS = {"ms": ms, "mV": mV}


def lif() -> Network:
    """Returns leaky cells."""
    cells = NeuronGroup(
        1000, "dv/dt = (1.2 - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0", method="exact", name="cells"
    )
    return Network(cells)


def hh() -> Network:
    """Returns Hodgkin-Huxley cells."""
    return Network(
        NeuronGroup(1000, HH, threshold="v > 0", refractory="v > 0", method="exponential_euler", name="cells")
    )


def cuba() -> Network:
    """Returns the benchmark of Vogels and Abbott with currents, which `Network.lower` needs few synapses of."""
    cells = NeuronGroup(
        400, CUBA, threshold="v > -50*mV", reset="v = -60*mV", refractory=5 * ms, method="exact", name="cells"
    )
    excite = Synapses(cells[:320], cells, on_pre="ge += 1.62*mV", name="excite")
    inhibit = Synapses(cells[320:], cells, on_pre="gi -= 9*mV", name="inhibit")
    for synapses in (excite, inhibit):
        synapses.connect(p=0.02)
    return Network(cells, excite, inhibit, SpikeMonitor(cells, name="spikes"))


MODELS: dict[str, Callable[[], Network]] = {"lif": lif, "hh": hh, "cuba": cuba}


def registers(program: Lowered, architecture: str) -> str:
    """Returns what `ptxas` says of the kernels, or that it is not there."""
    tool = shutil.which("ptxas")
    if tool is None:
        return "ptxas is not installed"
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "kernels.ptx"
        path.write_text(ptx_text(program.as_text("nvvm"), target=nvidia(architecture)))
        command = [tool, "-v", f"-arch={architecture}", str(path), "-o", str(path.with_suffix(".cubin"))]
        report = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    return "\n".join(
        f"{architecture}  {one.registers:4} registers  {one.spilled:4} B spilled  {one.shared:6} B shared  {one.name}"
        for one in read_ptxas(report)
    )


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=list(MODELS), help="lif, hh, cuba; all if none is given")
    parser.add_argument("--architecture", choices=ARCHITECTURES, default="sm_80")
    options = parser.parse_args()
    for name in options.models:
        program = MODELS[name]().lower(namespace=UNITS)
        print(f"\n==== {name} ====\n\n{launch_plan(program)}\n\n{step_costs(program)}\n")
        print(registers(program, options.architecture))


if __name__ == "__main__":
    main()
