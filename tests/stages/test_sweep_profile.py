"""What sweeps of real runs cost."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from ranvier import Network, NeuronGroup, Synapses, ms, prefs
from ranvier.commands.cli import main
from ranvier.runtime.team import dividing_all_work
from ranvier.stages import current_options
from ranvier.sweep_profile import SweepProfile

pytestmark = pytest.mark.skipif(
    sys.platform not in ("linux", "darwin"), reason="programs measure themselves there only"
)

SCRIPT = """
from ranvier import *
cells = NeuronGroup(64, "dv/dt = -v/(9*ms) : 1", method="euler", name="cells")
Network(cells).run(2*ms)
"""


def network() -> Network:
    cells = NeuronGroup(
        1024, "dv/dt = (2 - v)/(9*ms) : 1", threshold="v > 1", reset="v = 0", method="euler", name="cells"
    )
    ends = Synapses(cells, cells, on_pre="v += 0.001", name="ends")
    ends.connect(j="i")
    return Network(cells, ends)


def test_time_bytes_and_equations_of_each_sweep() -> None:
    """Sweeps stay fused: one integrates, finds spikes and resets; 8 bytes are read and written for each element."""
    net = network()
    net.run(1 * ms, namespace={"ms": ms})
    with SweepProfile() as profile:
        net.run(10 * ms, namespace={"ms": ms})
        net.run(10 * ms, namespace={"ms": ms})
    (program,) = profile.programs
    first = program.sweeps[0]
    assert first.name.startswith("integrate") and {"cells_stateupdater", "cells_spike_thresholder"} <= set(
        first.objects
    )
    assert first.calls == 200 and 0 < first.nanoseconds < program.nanoseconds
    assert first.bytes is not None and 200 * 1024 * 16 <= first.bytes <= 200 * 1024 * 20
    assert ("cells_stateupdater", 1, "dv/dt = (2 - v)/(9*ms) : 1") in first.equations
    ends = next(sweep for sweep in program.sweeps if "ends_pre" in sweep.objects)
    assert ends.equations == (("ends_pre", 1, "v += 0.001"),)
    assert 0 <= program.rest < program.nanoseconds
    text = str(profile)
    assert "cells_stateupdater:1: dv/dt = (2 - v)/(9*ms) : 1" in text and "outside of sweeps" in text


def test_runs_that_are_not_measured_are_as_ever() -> None:
    """The values are the same, to the bit; programs without a profile have no clocks."""

    def values(measured: bool) -> list[float]:
        net = network()
        if measured:
            with SweepProfile():
                net.run(20 * ms, namespace={"ms": ms})
        else:
            net.run(20 * ms, namespace={"ms": ms})
        return net["cells"].v[:].tolist()

    assert values(True) == values(False)
    assert not current_options().code.profile


def test_programs_for_several_threads_are_measured_too() -> None:
    prefs.codegen.threads = 2
    net = network()
    with dividing_all_work(), SweepProfile() as profile:
        net.run(10 * ms, namespace={"ms": ms})
    assert sum(sweep.calls for program in profile.programs for sweep in program.sweeps) >= 100


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script, numbers = tmp_path / "script.py", tmp_path / "numbers.json"
    script.write_text(SCRIPT)
    kept, path = sys.argv, sys.path[0]
    main_module = sys.modules["__main__"]
    try:
        assert main(["profile", "--json", str(numbers), str(script)]) == 0
    finally:
        sys.argv, sys.path[0], sys.modules["__main__"] = kept, path, main_module
    assert "dv/dt = -v/(9*ms) : 1" in capsys.readouterr().err
    (program,) = json.loads(numbers.read_text())["programs"]
    assert program["sweeps"][0]["calls"] == 20


def test_programs_of_several_instances_are_measured() -> None:
    """Sweeps and batches, also those whose program was compiled before without clocks."""
    cells = NeuronGroup(64, "dv/dt = (2 - v)/tau : 1", method="exact", name="cells")
    network = Network(cells)
    called = network.batched(10 * ms, over=["tau"], measure="mean(cells.v)", namespace={"tau": 9 * ms})
    before = called([5, 10] * ms)
    with SweepProfile() as profile:
        again = called([5, 10] * ms)
    assert list(again) == list(before)
    with SweepProfile() as second:
        network.sweep(10 * ms, over={"tau": [5, 10] * ms}, measure={"v": "mean(cells.v)"})
    for one in (profile, second):
        (program,) = one.programs
        sweep = next(sweep for sweep in program.sweeps if sweep.name.startswith("integrate"))
        assert sweep.calls == 100 and ("cells_stateupdater", 1, "dv/dt = (2 - v)/tau : 1") in sweep.equations


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_what_forked_workers_run_is_measured(tmp_path: Path) -> None:
    cells = NeuronGroup(64, "dv/dt = (2 - v)/tau : 1", method="exact", name="cells")
    net = Network(cells)
    namespace = {"tau": 9 * ms}
    with SweepProfile() as profile:
        net.sweep(
            10 * ms,
            over={"tau": [5, 10, 20, 40] * ms},
            measure={"v": "mean(cells.v)"},
            namespace=namespace,
            workers=2,
            form="processes",
        )
    (program,) = profile.programs
    sweep = next(sweep for sweep in program.sweeps if sweep.name.startswith("integrate"))
    assert sweep.calls == 4 * 100 and program.processes in (1, 2)
    assert program.as_dict()["processes"] == program.processes
