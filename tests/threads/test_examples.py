"""Every program of every example does the same with one, two, three and eight threads, to the last bit."""

from __future__ import annotations

import contextlib
import gc
import runpy
import sys
from pathlib import Path

import pytest
from threads.again import Enough, comparing

from ranvier import defaultclock, ms, prefs, start_scope

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
ARGUMENTS = {"microcircuit": ["--scale", "0.01", "--seconds", "0.05", "--transient", "10"]}
"""Arguments by which an example is quick."""

WITHOUT = {"ablation", "edited_dump", "every_stage", "gpu_kernels", "graph_by_hand", "small_pass"}
"""Examples of the compiler, in which no network runs, or none on the processor."""

QUICK = ("stdp_window",)


def examples() -> list[object]:
    names = sorted({path.stem for path in EXAMPLES.glob("*.py")} - WITHOUT)
    return [name if name in QUICK else pytest.param(name, marks=pytest.mark.long) for name in names]


@pytest.mark.parametrize("name", examples())
def test_programs_of_an_example(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.setattr(sys, "argv", [name, *ARGUMENTS.get(name, [])])
    try:
        with comparing() as compared, contextlib.suppress(Enough):
            runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
    finally:
        defaultclock.dt = 0.1 * ms
        prefs.reset_to_defaults()
        if "matplotlib.pyplot" in sys.modules:  # which warns of many figures that are open
            sys.modules["matplotlib.pyplot"].close("all")
        gc.collect()
        start_scope()
    assert compared.steps and compared.divided
