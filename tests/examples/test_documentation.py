"""The code in README.md and docs/ runs as printed: each page is one script. Commands: tests/book/test_commands.py."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from chosen_target import longest, patience

from ranvier.commands import cli, opt

ROOT = Path(__file__).resolve().parents[2]
GUIDE = [f"docs/guide/{path.name}" for path in sorted((ROOT / "docs/guide").glob("*.md"))]
PAGES = ["README.md", "docs/models.md", "docs/data.md", "docs/sweeps.md", "docs/exchange.md", "docs/compiler.md",
         "docs/clusters.md", "docs/threads.md", "docs/index.md", "docs/graph.md", "docs/export.md", "docs/authors.md",
         "docs/guide/programs.md", "docs/targets.md", "docs/passes.md"]  # fmt: skip
ONE_AFTER_ANOTHER = """
import os, runpy, sys
from ranvier import restore_initial_state
for page in sys.argv[1:]:
    os.makedirs(os.path.join("made", page))
    os.chdir(os.path.join("made", page))
    runpy.run_path(os.path.join("../..", page + ".py"), run_name="__main__")
    os.chdir("../..")
    restore_initial_state()
"""
"""Runs pages in one process: what they import takes longer than they do."""

PIECES = {"docs/style.md", "docs/brian.md"}
"""Pages whose code is pieces that stand elsewhere, where tests run them; the latter's are data of tests/book."""


def blocks(page: str, language: str) -> str:
    text = (ROOT / page).read_text(encoding="utf-8")
    return "\n".join(re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL))


def run(command: list[str], directory: Path) -> str:
    given = {"MPLBACKEND": "Agg", "RANVIER_CACHE": str(directory / "cache"), "PYTHON": sys.executable}
    environment = {**os.environ, **given}
    done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, timeout=longest())
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_page(page: str, directory: Path) -> str:
    (directory / "page.py").write_text(blocks(page, "python"), encoding="utf-8")
    return run([sys.executable, "-W", "error", "page.py"], directory)


@pytest.mark.parametrize("page", PAGES)
def test_code_runs_as_printed(page: str, tmp_path: Path) -> None:
    if page in ("docs/sweeps.md", "docs/data.md"):
        pytest.importorskip("xarray")
    if page == "docs/threads.md" and patience() > 1:
        pytest.skip("the page is about threads of the CPU, which kernels of a GPU do not have")
    if page == "docs/clusters.md":
        pytest.importorskip("distributed", reason="Dask is not installed: pip install ranvier[dask]")
    assert blocks(page, "python")
    run_page(page, tmp_path)


def test_the_guide_runs_as_printed(tmp_path: Path) -> None:
    """Each page is a script of its own; the first lines of an error name the page."""
    names = [Path(page).stem for page in GUIDE if page not in PAGES]
    for name in names:
        (tmp_path / f"{name}.py").write_text(blocks(f"docs/guide/{name}.md", "python"), encoding="utf-8")
    run([sys.executable, "-W", "error", "-c", ONE_AFTER_ANOTHER, *names], tmp_path)


def test_pieces_of_files_can_be_read_by_python() -> None:
    """They define what they show; names in annotations stand for classes of those files."""
    names: dict[str, object] = {}
    page = "docs/style.md"
    exec(compile(f"from __future__ import annotations\n{blocks(page, 'python')}", page, "exec"), names)
    assert {"applicable", "expand", "LONGEST"} <= names.keys()


def commands_of(page: str) -> list[list[str]]:
    """Returns the commands that stand in a page as indented lines."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return [shlex.split(line, comments=True) for line in re.findall(r"^    (ranvier.*)$", text, re.MULTILINE)]


def test_the_commands_of_the_page_on_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those of `ranvier-opt` run, on a small program; the options of the others, which take long, are read."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "tests/ir/lif.mlir", "program.mlir")
    values = {"tau": 0.01, "drive": 0.02, "refractory": 0.002, "neurons.N": 3}
    Path("inputs.json").write_text(json.dumps(values))
    parsers = {name: import_module(f"ranvier.{place}").parser for name, (place, *_) in cli.COMMANDS.items()}
    done = 0
    for program, *arguments in commands_of("docs/passes.md"):
        if program == "ranvier-opt":
            assert opt.main(arguments) == 0, (arguments, capsys.readouterr().err)
        else:
            parsers[arguments[0]]().parse_args(arguments[1:])
        done += 1
    assert done >= 14 and len(list((tmp_path / "stages").iterdir())) > 10


def test_every_page_with_code_is_run() -> None:
    pages = [path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md")]
    with_code = {page for page in pages if not page.startswith("docs/tutorials/") and blocks(page, "python")}
    assert with_code - PIECES <= {*PAGES, *GUIDE}


def words(text: str) -> str:
    """Text with single blanks, in which values without a name have no number."""
    return re.sub(r"%\d+\b", "%_", " ".join(text.split()))


def test_the_graph_of_the_page_is_that_of_its_network(tmp_path: Path) -> None:
    """Each piece of the shortened graph, between its dots, is in what the code prints, in this order."""
    printed = words(run_page("docs/graph.md", tmp_path))
    pieces = [words(piece) for line in blocks("docs/graph.md", "mlir").splitlines() for piece in line.split("...")]
    position = 0
    for piece in pieces:
        position = printed.find(piece.strip(" {:),"), position)
        assert position >= 0, f"the graph has no {piece!r} here any more"
    assert len(pieces) > 30


def test_links_lead_somewhere() -> None:
    for page in [*PAGES, *GUIDE, "docs/passes.md", "docs/brian.md", "docs/benchmarks.md", "ARCHITECTURE.md"]:
        for target in re.findall(r"\]\(([^)#:]+)\)", (ROOT / page).read_text(encoding="utf-8")):
            made = target.startswith(("gallery/", "reference/", "../gallery/", "../reference/"))  # tests/book has those
            assert made or ((ROOT / page).parent / target).exists(), f"{page} links to {target}"
