"""Small examples, run one after another in one process: each draws its picture and prints what it found."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from chosen_target import longest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

FINDS = {
    "ablation": r"all passes: 14 accesses .*\n(.*\n)*no pass: 18 accesses",
    "astrocytes": r"0 2 4 5",
    "ball_and_stick": r"near synapse .* by 2\.71 mV, .* 2\.6 ms\n.*far synapse .* by 1\.22 mV, .* 7\.1 ms",
    "clopath": r"at 50 Hz: before leads \+11 %, after leads \+9 %",
    "coincidence": r"100% tell the lag within 0\.1 ms",
    "cuba": r"[4-8]\.\d Hz",
    "edited_dump": r"as dumped: 453 spikes\nedited: 819 spikes",
    "gpu_kernels": r"\d+ spikes on the CPU, the same from the emulated kernels",
    "phase_plane": r"from 0\.33 to 1\.41",
    "polars_spikes": r"group 0: 2\d.*\ngroup 1: 4\d.*\ngroup 2: 6\d",
    "rate_delays": r"critical delay 6\.9 ms; period 2\.5 delays at 30 ms",
    "small_pass": r"43 operations of a step before the passes, 22 after them",
    "synfire_chain": r"weak volley: \d+ spikes .*, 0 in the last\nstrong .* 100, .* 1\.\d\d to 0\.\d\d ms",
    "winner_take_all": r"\d\d% of the hard and (9\d|100)% of the easy",
    "xarray_sweep": r"'mu': 7, 'sigma': 3, 'tau': 2} in Hz",
}
"""Example -> what it has to print."""

RUNNER = """
import gc, runpy, sys
from ranvier import defaultclock, ms, prefs, start_scope
for path in sys.argv[2:]:
    print(f"@ {path}", flush=True)
    runpy.run_path(path, run_name="__main__")
    import matplotlib.pyplot
    matplotlib.pyplot.close("all")
    defaultclock.dt = 0.1 * ms
    prefs.reset_to_defaults()
    gc.collect()
    start_scope()
"""


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each example prints; it has made its picture."""
    folder = tmp_path_factory.mktemp("results")
    paths = [str(EXAMPLES / f"{name}.py") for name in FINDS]
    command = [sys.executable, "-W", "error", "-c", RUNNER, str(folder), *paths]
    environment = {**os.environ, "MPLBACKEND": "Agg", "RANVIER_CACHE": str(tmp_path_factory.mktemp("cache"))}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=longest())
    assert done.returncode == 0 and not done.stderr, done.stdout[-2000:] + done.stderr
    assert sorted(path.name for path in folder.iterdir()) == sorted(f"{name}.png" for name in FINDS)
    parts = re.split(r"^@ .*/(\w+)\.py\n", done.stdout, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


@pytest.mark.parametrize("name", FINDS)
def test_small_example(printed: dict[str, str], name: str) -> None:
    assert re.search(FINDS[name], printed[name]), printed[name]
