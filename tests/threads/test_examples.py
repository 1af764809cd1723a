"""The examples print the same with one and with three threads."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SMALL = {"microcircuit": ["--scale", "0.02", "--seconds", "0.1", "--transient", "20"]}
"""Arguments by which an example is quick."""

RUN = """
import runpy, sys
from ranvier import prefs
from ranvier.runtime.team import dividing_all_work
prefs.codegen.threads = int(sys.argv[1])
sys.argv = sys.argv[2:]
with dividing_all_work():
    runpy.run_path(sys.argv[0], run_name="__main__")
"""
TIMES = ("built in", "real-time factor", " s of CPU", "seconds")
"""What stands in lines that say how long something took."""


def printed(name: str, threads: int, directory: Path) -> list[str]:
    directory.mkdir()
    command = [sys.executable, "-c", RUN, str(threads), str(EXAMPLES / f"{name}.py"), *SMALL.get(name, [])]
    environment = {**os.environ, "RANVIER_CACHE": str(directory / "cache")}
    done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.splitlines() if not any(part in line for part in TIMES)]


@pytest.mark.long
@pytest.mark.parametrize(
    "name",
    ("adaptive_threshold", "closed_loop", "custom_integrator", "fi_curve", "first_network", "hodgkin_huxley",
     "many_cells", "microcircuit", "noise_batch", "long_run_to_disk"),
)  # fmt: skip
def test_examples_print_the_same_with_three_threads(name: str, tmp_path: Path) -> None:
    assert printed(name, 3, tmp_path / "three") == printed(name, 1, tmp_path / "one")
