"""`ranvier export`: from a script to a directory."""

from pathlib import Path

import pytest

from ranvier import ms
from ranvier.commands.cli import main
from ranvier.export.results import read_manifest

SCRIPT = """
import sys
from brian2 import *
cells = NeuronGroup(int(sys.argv[1]), "dv/dt = -v/(10*ms) : 1", method="exact", name="cells")
cells.v = 1
run(1*ms)
print("between")
run(2*ms)
print("at the end")
"""


@pytest.fixture
def script(tmp_path: Path) -> str:
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    return str(path)


@pytest.fixture(autouse=True)
def as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes back what running a script as the main module has changed."""
    import sys

    monkeypatch.setattr(sys, "argv", [*sys.argv])
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "modules", sys.modules.copy())
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)


def test_the_first_run_of_a_script_is_exported(script: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", script, "-o", str(tmp_path / "out"), "--target", "aarch64", "--name", "net", "--", "3"]) == 0
    shown = capsys.readouterr().out
    assert "between" not in shown and "aarch64-unknown-linux-gnu" in shown and "run 1" in shown
    manifest = read_manifest(tmp_path / "out")
    assert manifest["name"] == "net" and manifest["duration"] == 0.001 and manifest["start"] == 0
    (cells,) = [one for one in manifest["arrays"] if one["name"] == "cells.v"]
    assert cells["count"] == 3


def test_a_later_run_begins_with_what_those_before_have_left(
    script: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", script, "-o", str(tmp_path), "--run", "2", "--", "3"]) == 0
    shown = capsys.readouterr().out
    assert "between" in shown and "at the end" not in shown
    assert read_manifest(tmp_path)["start"] == float(1 * ms)


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--run", "3"], 1, "has 2 runs"),
        (["--run", "0"], 2, "counts from 1"),
        (["--target", "z80"], 2, "no code for"),
        (["--name", "a b"], 1, "one in C"),
    ],
)
def test_wrong_arguments(
    script: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    status: int,
    message: str,
) -> None:
    assert main(["export", script, "-o", str(tmp_path / "out"), *arguments, "--", "2"]) == status
    assert message in capsys.readouterr().err
