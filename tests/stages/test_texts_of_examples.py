"""Every stage of every example that can be written to a file runs from there, and does the same, bit by bit."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest
from stages.played_again import FORMS, playing

from ranvier import Network, NeuronGroup, SpikeMonitor, StateMonitor, Synapses, ms, prefs, start_scope
from ranvier.codegen.cache import ProgramCache

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
ARGUMENTS = {"microcircuit": ["--scale", "0.01", "--seconds", "0.05", "--transient", "10"]}
QUICK = ("first_network", "every_stage")
PLAYED = ("adaptive_threshold", "closed_loop", "custom_integrator", "every_stage", "fi_curve", "first_network",
          "hodgkin_huxley", "long_run_to_disk", "many_cells", "microcircuit", "noise_batch")  # fmt: skip
"""Examples of every kind of program; the others, those of the gallery and of sweeps, would repeat them."""


def examples() -> list[object]:
    return [name if name in QUICK else pytest.param(name, marks=pytest.mark.long) for name in PLAYED]


@pytest.mark.parametrize("name", examples())
def test_an_example_from_text(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [name, *ARGUMENTS.get(name, [])])
    start_scope()
    with playing() as found:
        runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
    cache = ProgramCache(tmp_path / "programs")
    assert found or name == "every_stage"
    for played in found:
        for form in FORMS:
            played.check(form, cache)


@pytest.mark.parametrize(
    "layout", ["auto", *(pytest.param(name, marks=pytest.mark.long) for name in ("ring", "bits", "counts", "rows"))]
)
def test_synapses_from_text(layout: str, tmp_path: Path) -> None:
    """Arrays that are made by recipes before a run are made for programs from text, too, and follow the states."""
    start_scope()
    cells = NeuronGroup(60, "dv/dt = (1.2 - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0", method="exact")
    cells.v = "i/60."
    objects: list[object] = [cells, SpikeMonitor(cells), StateMonitor(cells, "v", record=[1, 40])]
    for code, weight in (("v_post += 0.001", ""), ("v_post += w", "w : 1"), ("v_post += w; w *= 0.99", "w : 1")):
        synapses = Synapses(cells, cells, weight, on_pre=code, delay=1 * ms)
        synapses.connect(condition="(i + 3*j) % 4 == 0")
        if weight:
            synapses.w = "0.0005*(1 + j % 3)"
        objects.append(synapses)
    network = Network(*objects)
    try:
        prefs.codegen.synapse_layout = layout
        with playing() as found:
            network.run(20 * ms)
        assert "snn.derive" in found[0].text("optimised")
        for form in FORMS:
            found[0].check(form, ProgramCache(tmp_path))
    finally:
        prefs.codegen.synapse_layout = "auto"
