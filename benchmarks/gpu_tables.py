"""What is known of kernels without a GPU: what `ptxas` makes of them, and what a step does, counted from PTX."""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gpu_models import SHAPES, Shape, build

from ranvier.codegen.nvptx import ARCHITECTURES, Assembled, emit_kernels, nvidia, ptx_text, read_ptxas
from ranvier.codegen.ptx_counts import Counts
from ranvier.ir.device_words import STEPS
from ranvier.kernels import launch_plan, step_costs
from ranvier.pipeline.options import Options
from ranvier.pipeline.stage_table import KERNELS, OPTIMISED, Loops, advance

EXAMPLES = Path(__file__).parents[1] / "examples"
MOST_SPILLED = 16
"""Bytes of registers of a kernel that may be spilled."""
MOST_SPILLED_TOGETHER = 512
"""Of the kernel that does many steps: it has the code of all, and calls mathematical functions with much at hand."""
OLDEST = ARCHITECTURES[0]
"""What PTX is written for: all processors from this one on can read it."""


@dataclass(frozen=True)
class Limits:
    """What a device can do, from its maker's data sheet.

    Attributes:
        name: The device.
        bandwidth: Of its memory, bytes in a second.
        doubles: Operations of double precision in a second, of which each instruction may be two (a fused one).
    """

    name: str
    bandwidth: float
    doubles: float


DEVICES = (
    Limits("T4", 320e9, 0.25e12),
    Limits("RTX 4090", 1008e9, 1.29e12),
    Limits("A100 80 GB", 2039e9, 9.7e12),
    Limits("H100 SXM", 3350e9, 34e12),
    Limits("H200", 4800e9, 34e12),
)
"""Devices of the three architectures, as their data sheets say (T4: its peak of single precision by 32)."""


# ---- ptxas


def assembled(ptx: str, architecture: str) -> list[Assembled]:
    """Return what `ptxas` says of the kernels of a PTX text.

    Raises:
        FileNotFoundError: It is not installed.
        RuntimeError: It refuses the text.
    """
    tool = shutil.which("ptxas")
    if tool is None:
        raise FileNotFoundError("ptxas is not installed (it comes with the CUDA toolkit, and with nvidia-cuda-nvcc)")
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "kernels.ptx"
        path.write_text(ptx)
        command = [tool, "-v", f"-arch={architecture}", str(path), "-o", str(path.with_suffix(".cubin"))]
        done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"ptxas refuses kernels for {architecture}: {done.stderr[:2000]}")
    return read_ptxas(done.stderr)


def tool_version() -> str:
    """Return the version of `ptxas`, "" if it is not installed."""
    tool = shutil.which("ptxas")
    told = "" if tool is None else subprocess.run([tool, "--version"], capture_output=True, text=True).stdout
    return found[0] if (found := re.findall(r"V[\d.]+", told)) else ""


def ptx_of(plan: Any, options: Options) -> str:
    """Return the PTX of a plan as the driver gets it: written for the oldest processor."""
    from ranvier.stages import TABLE

    upto = [stage.name for stage in TABLE].index(OPTIMISED.name) + 1
    how = options.on_device
    made: Loops = advance(plan, (*TABLE[:upto], KERNELS), how)
    target = nvidia(OLDEST)
    return ptx_text(emit_kernels(made.module, target=target, options=how.code), target=target, options=how.code)


CAPTURE = """
import hashlib, pathlib, runpy, sys
sys.path.insert(0, {here!r})
from gpu_tables import ptx_of
import ranvier.stages.road
compile_plan = ranvier.stages.road.compile_plan
def watching(plan, options=None, *arguments, **named):
    how = options or ranvier.stages.road.current_options()
    path = pathlib.Path({out!r}, hashlib.sha256((plan.key + how.spec).encode()).hexdigest() + ".ptx")
    if not path.exists():
        try:
            path.write_text(ptx_of(plan, how))
        except Exception as error:  # it is said in the table
            path.write_text(f"// refused: {{type(error).__name__}}: {{error}}")
    return compile_plan(plan, options, *arguments, **named)
ranvier.stages.road.compile_plan = watching  # before others take it from there
script, *arguments = sys.argv[1:]
sys.argv = [script, *arguments]
runpy.run_path(script, run_name="__main__")
"""
SMALL = {
    "brunel_phase_diagram": ("--cells", "500", "--points", "2", "--seconds", "0.05"),
    "fit_adex": ("--generations", "2", "--candidates", "4"),
    "microcircuit": ("--scale", "0.02", "--seconds", "0.02", "--transient", "20"),
    "sweep_fi_surface": ("--currents", "2", "--constants", "2"),
}
"""Arguments of examples by which they run sooner; the kernels are the same."""


def of_example(name: str) -> list[str]:
    """Return the PTX of each program that an example runs, also of instances side by side."""
    with tempfile.TemporaryDirectory() as directory, tempfile.TemporaryDirectory() as out:
        code = CAPTURE.format(here=str(Path(__file__).parent), out=out)
        command = [sys.executable, "-W", "ignore", "-c", code, str(EXAMPLES / f"{name}.py"), *SMALL.get(name, ())]
        done = subprocess.run(command, cwd=directory, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"example {name}: {done.stderr[-2000:]}")
        return [path.read_text() for path in sorted(Path(out).iterdir())]


def of_model(name: str) -> list[str]:
    """Return the PTX of a model of the benchmarks, launched as graphs and by one kernel."""
    network = build(name, 400 if name != "microcircuit" else 800)
    plan = network.network.lower().plan
    return [ptx_of(plan, Options(launching=form)) for form in ("graph", "cooperative")]


def spills(row: dict[str, Any]) -> bool:
    """Tell whether a kernel spills more than it may."""
    most = MOST_SPILLED_TOGETHER if row.get("kernel") == STEPS else MOST_SPILLED
    return int(row.get("spilled", 0)) > most


MODELS = ("brunel", "brunel_delays", "coba", "cobahh", "cuba", "cuba_dense", "hh", "lif", "microcircuit", "ou", "stdp")


def registers(names: Sequence[str] = ()) -> Iterator[dict[str, Any]]:
    """Yield a row for each kernel and architecture, of every example and model, or of those that are named."""
    examples = [path.stem for path in sorted(EXAMPLES.glob("*.py"))]
    for name in names or dict.fromkeys((*MODELS, *examples)):
        seen: set[str] = set()
        of = [of_model] * (name in MODELS) + [of_example] * (name in examples)  # some models are examples, too
        for text in (text for make in of for text in make(name)):
            if text.startswith("// refused"):
                yield {"of": name, "refused": text[len("// refused: ") :]}
                continue
            for architecture in ARCHITECTURES:
                for one in assembled(text, architecture):
                    key = f"{architecture} {one.name} {one.registers} {one.shared} {one.spilled}"
                    if key not in seen:
                        seen.add(key)
                        yield {
                            "of": name,
                            "kernel": one.name,
                            "architecture": architecture,
                            "registers": one.registers,
                            "shared": one.shared,
                            "spilled": one.spilled,
                            "stack": one.stack,
                        }


def registers_text(rows: Sequence[dict[str, Any]]) -> str:
    """Return the rows as a table, a line for each kernel, with the three architectures side by side."""
    kernels: dict[tuple[str, str], dict[str, list[dict[str, Any]]]] = {}
    lines = [f"{'registers':15} {'spilled':>8} {'shared':>7}  kernel  ({', '.join(ARCHITECTURES)})"]
    for row in rows:
        if "refused" in row:
            lines.append(f"{row['of']}: refused, {row['refused']}")
        else:
            kernels.setdefault((row["of"], row["kernel"]), {}).setdefault(row["architecture"], []).append(row)
    for (of, kernel), each in kernels.items():
        used = "/".join(str(max(row["registers"] for row in each.get(a, [{"registers": 0}]))) for a in ARCHITECTURES)
        spilled = max(row["spilled"] for found in each.values() for row in found)
        shared = max(row["shared"] for found in each.values() for row in found)
        lines.append(f"{used:15} {spilled:6} B {shared:5} B  {of}: {kernel}")
    return "\n".join(lines)


# ---- what a step does


@dataclass(frozen=True)
class Work:
    """What a step of a network does, counted from the PTX of its kernels.

    Attributes:
        name: The network.
        shape: Its sizes.
        launches: Kernels that are launched.
        barriers: Barriers in their code, in loops once.
        element: What all kernels with a thread for each cell do for one, outside of loops.
        arrival: What is done for a synapse that a spike reaches, forwards.
        backward: And backwards.
        serial: The kernels of a single thread.
    """

    name: str
    shape: Shape
    launches: int
    barriers: int
    element: Counts
    arrival: Counts
    backward: Counts
    serial: Sequence[str] = ()

    @property
    def arrivals(self) -> tuple[float, float]:
        """Synapses that are reached in a step of 0.1 ms, forwards and backwards, at the assumed rate."""
        spikes = self.shape.cells * self.shape.rate * 1e-4
        return spikes * self.shape.synapses, spikes * self.shape.post

    def total(self, what: str) -> float:
        """Return the sum of something counted over a step."""
        forwards, backwards = self.arrivals
        of = (self.element, self.arrival, self.backward)
        times = (self.shape.cells, forwards, backwards)
        return sum(getattr(counts, what) * number for counts, number in zip(of, times, strict=True))

    @property
    def moved(self) -> float:
        """Bytes that are loaded and stored in a step."""
        return self.total("loaded") + self.total("stored")


_ARRIVING = re.compile(r"^(deliver|arrivals|deposit|accumulate|propagate)_")


def work(name: str) -> Work:
    """Return what a step of one of `SHAPES` does."""
    shape = SHAPES[name]
    program = build(shape.model, shape.built, count=False).network.lower()
    rows = step_costs(program).levels
    element = arrival = backward = Counts()
    main = next(launch.blocks for launch, _ in rows if launch.about == "elements")
    parts = [levels[0] for launch, levels in rows if launch.about == "elements" and launch.blocks != main]
    for launch, levels in rows:
        if _ARRIVING.match(launch.kernel):
            innermost = sum(levels[min(2, len(levels) - 1) :], Counts())
            if launch.kernel.endswith("_post"):
                backward = max(backward, innermost, key=lambda one: one.loaded + one.stored)
            else:
                arrival = max(arrival, innermost, key=lambda one: one.loaded + one.stored)
        elif launch.about == "elements" and launch.blocks == main:
            element += levels[0]
    if parts:  # inputs to populations, which have each cell once
        element += max(parts, key=lambda one: one.loaded + one.stored)
    barriers = sum(counts.barriers for _, levels in rows for counts in levels)
    serial = launch_plan(program).serial
    return Work(name, shape, len(rows), barriers, element, arrival, backward, serial)


_FIELDS = ("loads", "loaded", "stores", "stored", "floats", "special", "other")


def work_text(found: Sequence[Work]) -> str:
    """Return tables: what is counted for a cell and an arrival, what that is in a step, and the devices' limits."""
    lines = ["", f"{'counted':25}" + "".join(f"{name:>9}" for name in _FIELDS)]
    for one in found:
        for of, counts in (("cell", one.element), ("arrival", one.arrival), ("back", one.backward)):
            if counts != Counts():
                label = f"{one.name}, for each {of}"
                lines.append(f"{label:25}" + "".join(f"{getattr(counts, name):9}" for name in _FIELDS))
    lines += [
        "",
        f"{'in a step':10} {'cells':>9} {'arrivals':>9} {'launches':>8} {'barriers':>8} {'bytes':>11} {'floats':>11}",
    ]
    lines[-1] += f" {'special':>9}  us at the limits of {', '.join(device.name for device in DEVICES)}"
    for one in found:
        floats = one.total("floats")
        least = [max(one.moved / device.bandwidth, 2 * floats / device.doubles) * 1e6 for device in DEVICES]
        lines.append(
            f"{one.name:10} {one.shape.cells:9,} {sum(one.arrivals):9,.0f} {one.launches:8} {one.barriers:8} "
            f"{one.moved:11,.0f} {floats:11,.0f} {one.total('special'):9,.0f}  "
            + ", ".join(f"{time:.2f}" for time in least)
            + (f" if {' and '.join(one.serial)} had more than one thread" if one.serial else "")
        )
    return "\n".join(lines)
