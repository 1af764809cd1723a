"""Networks as programs in C: they give the bits of the network, here and on other machines."""

import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from ranvier import (
    EventClock,
    Hz,
    Network,
    NeuronGroup,
    PoissonGroup,
    PoissonInput,
    PopulationRateMonitor,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    check_units,
    ms,
    network_operation,
    seed,
)
from ranvier.codegen import CodegenOptions
from ranvier.codegen.target import host
from ranvier.export import read_results
from ranvier.stages import Options

needs_cc = pytest.mark.skipif(
    shutil.which("cc") is None or shutil.which("make") is None, reason="there is no C compiler, or no make"
)

FLAGS = "-O1 -Wall -Wextra -Werror"


def build(directory: Path, flags: str = FLAGS, compiler: str = "cc") -> None:
    command = ["make", "-s", "-B", "-C", str(directory), f"CC={compiler}", f"CFLAGS={flags}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def run_program(directory: Path, *arguments: str, emulator: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*emulator, "./network", *arguments], cwd=directory, capture_output=True, text=True, check=False
    )


class Model:
    """A network with a bit of everything, and what it records."""

    def __init__(self) -> None:
        seed(11)
        given = SpikeGeneratorGroup(3, [0, 1, 2, 0], [1, 2, 3, 11] * ms)
        poisson = PoissonGroup(20, rates="(20 + 10*i)*Hz")
        drive = TimedArray([0.0, 0.5, 0.2, 0.1], dt=5 * ms)
        cells = NeuronGroup(
            50,
            """dv/dt = (1.1 + drive(t) - v)/tau + 0.1*xi*tau**-0.5 : 1 (unless refractory)
            is_high = v > 0.5 : boolean
            k : integer""",
            threshold="v > 1",
            reset="v = 0",
            refractory=2 * ms,
            method="euler",
            namespace={"tau": 10 * ms, "drive": drive},
        )
        cells.v = "rand()"
        plastic = Synapses(
            cells,
            cells,
            """w : 1
            dapre/dt = -apre/(20*ms) : 1 (event-driven)
            dapost/dt = -apost/(20*ms) : 1 (event-driven)""",
            on_pre="v += w; apre += 0.01; w = clip(w + apost, 0, 1)",
            on_post="apost -= 0.01; w = clip(w + apre, 0, 1)",
        )
        plastic.connect(p=0.5)
        plastic.w = "0.01*rand()"
        plastic.delay = "rand()*3*ms"
        fixed = Synapses(poisson, cells, on_pre="v += 0.02", delay=1 * ms)
        fixed.connect(p=0.3)
        first = Synapses(given, cells, on_pre="v += 0.1")
        first.connect()
        noise = PoissonInput(cells, "v", 10, 50 * Hz, weight=0.01)
        slow = NeuronGroup(2, "dx/dt = -x/(5*ms) : 1", dt=0.5 * ms, method="exact")
        slow.x = 1
        at_times = StateMonitor(slow, "x", record=True, clock=EventClock([1.01, 7.3, 33.3] * ms))
        dice = cells.run_regularly("k = int(10*rand())", dt=1 * ms)
        self.monitors = [
            StateMonitor(cells, ["v", "is_high", "k"], record=[0, 5, 7]),
            StateMonitor(slow, "x", record=True),
            at_times,
            SpikeMonitor(cells, variables="v"),
            PopulationRateMonitor(cells),
        ]
        counter = SpikeMonitor(poisson, record=False)
        self.network = Network(
            given, poisson, cells, plastic, fixed, first, noise, slow, dice, counter, *self.monitors
        )  # fmt: skip
        self.states = {
            f"{cells.name}.v": cells.v_,
            f"{cells.name}.k": cells.k_,
            f"{plastic.name}.w": plastic.w_,
            f"{counter.name}.count": counter.count,
        }

    def agrees(self, results: Any) -> None:
        assert set(results.tables) == {monitor.name for monitor in self.monitors}
        for monitor in self.monitors:
            wanted = monitor.to_arrow()
            assert wanted.num_rows and results.tables[monitor.name].equals(wanted, check_metadata=True)
        for name, values in self.states.items():
            assert np.array_equal(results.arrays[name], np.asarray(values[:])), name
        assert results.time == float(self.network.t)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Model, Path]:
    """A model that was exported, then run."""
    model, directory = Model(), tmp_path_factory.mktemp("here")
    model.network.export(directory, 40 * ms)
    model.network.run(40 * ms)
    return model, directory


@needs_cc
def test_a_program_gives_the_bits_of_the_network(exported: tuple[Model, Path]) -> None:
    model, here = exported
    build(here, f"{FLAGS} -DRANVIER_CHUNK_BYTES=256")  # many batches
    assert run_program(here).returncode == 0
    model.agrees(read_results(here))


@needs_cc
def test_a_program_goes_on_where_another_has_ended(exported: tuple[Model, Path]) -> None:
    model, here = exported
    build(here)
    assert run_program(here, "-t", "0.0133", "-o", "first").returncode == 0
    assert run_program(here, "-a", "first/network.bin", "-t", "0.0267", "-o", "second").returncode == 0
    first, second = read_results(here, "first"), read_results(here, here / "second")
    for monitor in model.monitors:
        parts = [each.tables[monitor.name] for each in (first, second)]
        assert pa.concat_tables(parts).equals(monitor.to_arrow())
    for name, values in model.states.items():
        assert np.array_equal(second.arrays[name], np.asarray(values[:])), name


@pytest.mark.parametrize("machine", ["aarch64", "riscv64"])
def test_programs_for_other_machines_give_the_same_bits(tmp_path: Path, machine: str) -> None:
    compiler = f"{machine}-linux-gnu-gcc"
    emulator = next((name for name in (f"qemu-{machine}", f"qemu-{machine}-static") if shutil.which(name)), None)
    if shutil.which(compiler) is None or emulator is None:
        pytest.skip(f"{compiler} or qemu-{machine} is not installed")
    if not host().has_fma:
        pytest.skip("this processor rounds products that those of the other machine do not")
    model = Model()
    model.network.export(tmp_path, 40 * ms, target=machine)
    build(tmp_path, f"{FLAGS} -static", compiler)
    done = run_program(tmp_path, emulator=(emulator,))
    assert done.returncode == 0, done.stderr
    model.network.run(40 * ms)
    model.agrees(read_results(tmp_path))


MACHINES = {"aarch64": (183, 0), "riscv64": (243, 5)}
"""Numbers of processors in ELF files, and flags: for RISC-V short instructions, and doubles in registers."""


@pytest.mark.parametrize("machine", MACHINES)
def test_object_files_are_for_the_machine_that_was_asked_for(tmp_path: Path, machine: str) -> None:
    Network(NeuronGroup(3, "dv/dt = -v/ms : 1", threshold="v > exp(i)", reset="v = 0", method="euler")).export(
        tmp_path, 1 * ms, target=machine, options=Options(codegen=CodegenOptions(optimise=0))
    )
    path = tmp_path / "network_code.o"
    code = path.read_bytes()
    assert code[:6] == b"\x7fELF\x02\x01"  # 64 bits, the lowest byte first
    assert (struct.unpack_from("<H", code, 18)[0], struct.unpack_from("<I", code, 48)[0]) == MACHINES[machine]
    readelf = shutil.which("llvm-readelf") or shutil.which("readelf")
    if readelf is not None:
        shown = subprocess.run([readelf, "-sW", path], capture_output=True, text=True, check=True).stdout
        rows = [line.split() for line in shown.splitlines() if "GLOBAL" in line]
        assert [row[-1] for row in rows if row[-2] != "UND"] == ["network_entry"]
        outside = {row[-1] for row in rows if row[-2] == "UND"}
        assert outside <= {"malloc", "free", "memcpy", "memset", "memmove", "floor", "ceil", "rint", "trunc"}


# ---------------------------------------------------------------- C programs of one's own

LEAKY = "dv/dt = (drive - v)/(10*ms) : 1"


@needs_cc
def test_a_c_program_sets_variables_and_constants_and_holds_several_networks(tmp_path: Path) -> None:
    ends: list[float] = []
    for name, size in (("small", 2), ("large", 5)):
        cells = NeuronGroup(size, LEAKY, method="exact", name="cells")
        network = Network(cells)
        network.export(tmp_path, 5 * ms, name=name, namespace={"drive": 2.0, "ms": ms})
        cells.v = 0.5
        network.run(3 * ms, namespace={"drive": 3.0, "ms": ms})
        network.run(2 * ms, namespace={"drive": 3.0, "ms": ms})
        ends.append(float(cells.v_[0]))
    (tmp_path / "own.c").write_text(OWN)
    files = [f"{name}{ending}" for name in ("small", "large") for ending in (".c", "_code.o")]
    command = [
        "cc",
        "-std=c11",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-ffp-contract=off",
        "own.c",
        "ranvier.c",
        *files,
        "-lm",
    ]
    subprocess.run(command, cwd=tmp_path, check=True)
    done = subprocess.run(["./a.out"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert [float.fromhex(word) for word in done.stdout.split()] == ends


OWN = """
#include "small.h"
#include "large.h"
#include <stdio.h>

static int simulate(const ranvier_network *network, const char *file, double *(*v)(ranvier_simulation *),
                    double *(*drive)(ranvier_simulation *)) {
    ranvier_simulation *simulation;
    if (ranvier_open(network, file, &simulation)) return 1;
    if (ranvier_named(simulation, "cells.v") != (void *)v(simulation) || ranvier_named(simulation, "none")) return 1;
    *v(simulation) = 0.5;
    *drive(simulation) = 3.0;
    if (ranvier_run(simulation, 0.003) || ranvier_run(simulation, 0.002)) return 1;
    if (ranvier_run(simulation, -1) != RANVIER_NO_TIME) return 1;
    printf("%a\\n", *v(simulation));
    return ranvier_time(simulation) != 0.005 || ranvier_close(simulation);
}

int main(void) {
    return simulate(&small, "small.bin", small_cells_v, small_constant_drive)
           || simulate(&large, "large.bin", large_cells_v, large_constant_drive);
}
"""


@needs_cc
def test_programs_say_what_is_wrong(tmp_path: Path) -> None:
    stiff = NeuronGroup(1, "dx/dt = 1/(1*ms)/x : 1", method="gsl_rkf45", method_options={"max_steps": 1})
    stiff.x = 1e-9
    Network(stiff).export(tmp_path, 5 * ms)
    build(tmp_path)
    (tmp_path / "wrong.bin").write_bytes(b"wrong")
    (tmp_path / "file").touch()
    for arguments, message in (
        ((), "needed more steps than it may take"),
        (("-a", "wrong.bin"), "wrong.bin: the file of arrays is not one of this network"),
        (("-a", "absent.bin"), "absent.bin: No such file"),
        (("-o", "file", "-t", "0"), "file/network.bin: Not a directory"),
        (("-t", "5ms"), "usage"),
        (("-t",), "usage"),
        (("-t", "-1"), "not negative"),
    ):
        done = run_program(tmp_path, *arguments)
        assert done.returncode in (1, 2) and message in done.stderr


# ---------------------------------------------------------------- what cannot be exported


def test_what_calls_python_is_named(tmp_path: Path) -> None:
    @check_units(x=1, result=1)
    def squared(x: Any) -> Any:
        return x**2

    cells = NeuronGroup(1, "dv/dt = -squared(v)/ms : 1", method="euler", name="cells")

    @network_operation(name="watching")
    def watch() -> None: ...

    with pytest.raises(NotImplementedError) as refused:
        Network(cells, watch).export(tmp_path / "there", 1 * ms)
    message = str(refused.value)
    assert "'watching' is a network operation" in message
    assert "'cells_stateupdater' uses the Python function 'squared'" in message
    assert not (tmp_path / "there").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "my network"}, "one in C"),
        ({"name": "double"}, "one in C"),
        ({"target": "avr"}, "x86_64, aarch64, arm64, riscv64"),
        ({"target": "mips64-unknown-linux-gnu"}, "no code for"),
    ],
)
def test_names_and_machines_are_checked(tmp_path: Path, arguments: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Network(NeuronGroup(1, "v : 1")).export(tmp_path, 1 * ms, **arguments)


def test_results_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no exported network"):
        read_results(tmp_path)


def test_an_export_leaves_the_network_as_it_is(tmp_path: Path) -> None:
    cells = NeuronGroup(3, "dv/dt = xi/ms**0.5 : 1", method="euler")
    network = Network(cells)
    seed(4)
    network.store()
    network.run(1 * ms)
    alone = cells.v_[:].copy()
    network.restore(restore_random_state=True)
    network.export(tmp_path, 1 * ms)
    assert not cells.v_[:].any() and network.t == 0 * ms
    network.run(1 * ms)
    assert np.array_equal(cells.v_[:], alone)
