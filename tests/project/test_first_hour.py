"""What goes wrong in the first hour, and what is said then: files with the names of modules, no terminal, no home."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
from ranvier import *
cells = NeuronGroup(10, "dv/dt = (1.2 - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0", method="exact")
spikes = SpikeMonitor(cells)
run(50*ms)
print(spikes.num_spikes)
"""


def python(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, **options)


@pytest.mark.parametrize("hidden", ["random", "numpy", "inspect", "logging"])
def test_a_file_that_hides_a_module_is_named(tmp_path: Path, hidden: str) -> None:
    (tmp_path / f"{hidden}.py").write_text("# a script of the user\n")
    (tmp_path / "script.py").write_text(SCRIPT)
    said = python("script.py", cwd=tmp_path)
    assert said.returncode == 1
    path = os.path.realpath(tmp_path / f"{hidden}.py")
    assert f"Python takes {path} for its module '{hidden}'. Give the file another name." in said.stderr.splitlines()


def test_a_file_that_hides_nothing_that_is_needed_does_no_harm(tmp_path: Path) -> None:
    for name in ("queue", "calendar", "brian2", "units", "ir", "passes", "runtime"):
        (tmp_path / f"{name}.py").write_text("# a script of the user\n")
    (tmp_path / "script.py").write_text(SCRIPT)
    assert python("script.py", cwd=tmp_path).stdout.split() == ["20"]


@pytest.mark.parametrize("report", ["text", "stderr", "bar"])
def test_a_program_without_a_terminal_reports_nowhere(report: str) -> None:
    code = "import sys\nsys.stdout = sys.stderr = None\n" + SCRIPT.replace(
        "ms)\nprint", f"ms, report={report!r})\nprint"
    )
    code += "\nresult = sweep(lambda n: {'m': n}, {'n': [1, 2]}, report='bar')"
    code += "\nresult = sweep(lambda n: {'m': n}, {'n': [1, 2]}, report='text')"
    said = python("-c", code)
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")


@pytest.mark.parametrize("columns", [20, 50, 80, 300])
def test_the_bar_of_a_run_is_no_longer_than_the_line_of_a_terminal(columns: int) -> None:
    code = SCRIPT.replace("ms)\nprint", "ms, report='bar', report_period=1*us)\nprint")
    said = python("-c", code, env={**os.environ, "COLUMNS": str(columns)})
    lines = said.stderr.replace("\n", "\r").split("\r")
    assert said.returncode == 0 and len(lines) > 2 and max(map(len, lines)) < columns


def test_a_reader_that_has_seen_enough_is_no_fault() -> None:
    for command in ("ranvier", "ranvier.opt --list-passes", "ranvier fuzz --cases 1"):
        read, write = os.pipe()
        os.close(read)
        said = subprocess.run([sys.executable, "-m", *command.split()], stdout=write, stderr=subprocess.PIPE, text=True)
        os.close(write)
        assert (said.returncode, said.stderr) == (1, ""), command


def test_who_has_no_cache_is_told_what_names_a_place() -> None:
    said = python("-m", "ranvier", env={**os.environ, "RANVIER_CACHE": "off"})
    assert "cache:    none, each process compiles its models" in said.stdout and "RANVIER_CACHE" in said.stdout


def test_lines_that_end_as_on_windows(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_bytes(
        SCRIPT.replace('"dv', '"""dv').replace(': 1",', ': 1\nx : 1""",').replace("\n", "\r\n").encode()
    )
    assert python("script.py", cwd=tmp_path).stdout.split() == ["20"]
    assert python("-m", "ranvier", "script.py", cwd=tmp_path).stdout.split() == ["20"]


def test_a_folder_with_spaces_and_umlauts_where_texts_are_ascii(tmp_path: Path) -> None:
    folder = tmp_path / "mit Leerzeichen äöü"
    folder.mkdir()
    (folder / "script.py").write_text(SCRIPT)
    plain = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    kept = {"RANVIER_CACHE": str(folder / "ca che")}
    said = python("script.py", cwd=folder, env={**os.environ, **plain, **kept})
    assert said.stdout.split() == ["20"] and said.stderr == "" and list((folder / "ca che").glob("*.rvp"))
    wrong = python("-c", SCRIPT.replace("exact", "exakt"), cwd=folder, env={**os.environ, **plain, **kept})
    assert "exakt" in wrong.stderr and "UnicodeEncodeError" not in wrong.stderr
