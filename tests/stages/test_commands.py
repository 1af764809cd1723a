"""The commands: all of them are named by `ranvier --help`, and what is none of them is said."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from ranvier.commands import cli, opt
from ranvier.commands import report as report_command
from ranvier.commands.arguments import script_last

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = ROOT / "frontend/commands"


def test_all_commands_are_in_the_help() -> None:
    text = cli.parser().format_help()
    places = {place for place, _, _ in cli.COMMANDS.values()}
    files = {path.stem for path in COMMANDS.glob("*.py") if "\ndef parser(" in path.read_text(encoding="utf-8")}
    assert {f"commands.{name}" for name in files - {"cli", "opt"}} == places - {"sweep_profile"}
    for name, (place, _, about) in cli.COMMANDS.items():
        assert f"  {name}" in text and about in text
        command = importlib.import_module(f"ranvier.{place}")
        assert command.parser().prog == f"ranvier {name}" and callable(command.main)
    assert all(f"  {variable}" in text for variable in cli.VARIABLES) and "ranvier-opt" in text


def test_what_is_no_command_and_no_file_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["ablat", "script.py"]) == 2
    said = capsys.readouterr().err
    assert "no command and no file 'ablat': did you mean 'ablate'?" in said and "bisect" in said


def test_a_script_is_no_ir(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", "cuba.py"]) == 2
    assert "'ranvier cuba.py' runs it" in capsys.readouterr().err
    assert opt.main(["cuba.py"]) == 2
    assert "RANVIER_DUMP=DIR writes the IR" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["s.py", "-o", "x.html", "a", "--its"], ["-o", "x.html", "s.py", "a", "--its"]),
        (["-o", "x.html", "s.py", "-b", "2"], ["-o", "x.html", "s.py", "-b", "2"]),
        (["s.py", "--output=x.html", "--", "-o", "y"], ["--output=x.html", "s.py", "-o", "y"]),
        (["s.py", "--help"], ["s.py", "--help"]),
        (["--nosuch", "s.py"], ["--nosuch", "s.py"]),
        (["s.py", "-o"], ["-o", "s.py"]),
    ],
)
def test_options_may_stand_behind_the_script(given: list[str], expected: list[str]) -> None:
    """As docs/compiler.md writes them: they went to the script, and the page elsewhere."""
    assert script_last(given, report_command.parser()) == expected


@pytest.mark.parametrize(
    "arguments",
    [
        ["ablate", "--repetitions", "0", "s.py"],
        ["ablate", "--shortest", "-1", "s.py"],
        ["fuzz", "--cases", "-1"],
        ["bisect", "s.py", "--steps", "-3"],
        ["reduce", "s.mlir", "--seconds", "nan"],
    ],
)
def test_numbers_have_to_make_sense(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    said = capsys.readouterr().err
    assert ended.value.code == 2 and ("is no whole number of at least 1" in said or "is no number of seconds" in said)


def test_arrays_for_which_there_is_no_memory(capsys: pytest.CaptureFixture[str]) -> None:
    program = str(ROOT / "tests/ir/lif.mlir")
    values = ["neurons.N=1000000000000", "tau=0.01", "drive=0.02", "refractory=0.002"]
    assert cli.main(["run", program, *(part for value in values for part in ("--set", value))]) == 2
    assert "ranvier run: There is no memory for an array of 8000.00 GB" in capsys.readouterr().err


def test_a_page_that_cannot_be_written_is_said_before_the_script_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("RANVIER_TRACE", raising=False)
    (tmp_path / "s.py").write_text("raise SystemExit(7)\n")
    page = tmp_path / "s.py" / "page.html"
    assert cli.main(["report", str(tmp_path / "s.py"), "-o", str(page)]) == 2
    assert f"ranvier report: cannot write {page}: " in capsys.readouterr().err
