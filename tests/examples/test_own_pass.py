"""The example of a pass outside the package: its own tests, and xDSL's tools, which find ours."""

import subprocess
import sys
from pathlib import Path

import pytest
from chosen_target import longest
from xdsl.universe import Universe

from ranvier.commands import opt
from ranvier.passes.registry import PLACES
from ranvier.testing import compare_network

OWN = Path(__file__).resolve().parents[2] / "examples" / "own_pass"


def test_its_own_tests_pass() -> None:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-c",
        "/dev/null",
        "--rootdir",
        str(OWN),
        ".",
    ]
    done = subprocess.run(command, cwd=OWN, capture_output=True, text=True, check=False, timeout=longest())
    assert done.returncode == 0 and "4 passed" in done.stdout, done.stdout + done.stderr


def test_it_can_be_loaded(capsys: pytest.CaptureFixture[str]) -> None:
    path = str(OWN / "merge_selects")
    assert opt.main(["--load", f"{path}.py", f"{path}.mlir", "-p", "merge-selects"]) == 0
    assert "%y = arith.select %c, %a, %d" in capsys.readouterr().out


def test_a_network_that_differs_is_found() -> None:
    results = iter(([1.0, 2.0], [1.0, 2.5]))
    with pytest.raises(AssertionError, match="potential"):
        compare_network(lambda: {"potential": next(results)}, "")


def test_the_tools_of_xdsl_know_dialect_and_passes() -> None:
    everything = Universe.get_multiverse()
    assert everything.all_dialects["snn"]().name == "snn"
    assert PLACES.keys() <= everything.all_passes.keys()
    assert everything.all_passes["fuse-maps"]().name == "fuse-maps"
