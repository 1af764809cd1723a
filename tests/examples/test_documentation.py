"""The code in README.md and docs/ runs as printed: each page is one script, its commands one shell script."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = ["README.md", "docs/models.md", "docs/data.md", "docs/sweeps.md", "docs/exchange.md", "docs/compiler.md",
         "docs/clusters.md", "docs/threads.md", "docs/index.md", "docs/targets.md"]  # fmt: skip
COMMANDS = """set -e
ranvier() { "$PYTHON" -m ranvier "$@"; }
ranvier-opt() { "$PYTHON" -m ranvier.opt "$@"; }
"""
"""The commands are those of this Python, wherever its scripts have been installed."""


def blocks(page: str, language: str) -> str:
    text = (ROOT / page).read_text(encoding="utf-8")
    return "\n".join(re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL))


def run(command: list[str], directory: Path) -> str:
    environment = {**os.environ, "RANVIER_CACHE": str(directory / "cache"), "PYTHON": sys.executable}
    done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_page(page: str, directory: Path) -> str:
    (directory / "page.py").write_text(blocks(page, "python"), encoding="utf-8")
    return run([sys.executable, "-W", "error", "page.py"], directory)


@pytest.mark.parametrize("page", PAGES)
def test_code_runs_as_printed(page: str, tmp_path: Path) -> None:
    if page == "docs/sweeps.md":
        pytest.importorskip("xarray")
    if page == "docs/clusters.md":
        pytest.importorskip("distributed", reason="Dask is not installed: pip install ranvier[dask]")
    assert run_page(page, tmp_path)


@pytest.mark.long
@pytest.mark.skipif(shutil.which("bash") is None, reason="the commands are those of a shell")
def test_commands_run_as_printed(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    run_page("docs/compiler.md", tmp_path)  # writes cells.mlir
    out = run(["bash", "-c", COMMANDS + blocks("docs/compiler.md", "sh")], tmp_path)
    assert "table spikes: 900 rows" in out
    assert (tmp_path / "results/beat_times.arrow").exists()
    assert "ranvier_entry" in (tmp_path / "ring.ll").read_text()


def words(text: str) -> str:
    """Text with single blanks, in which values without a name have no number."""
    return re.sub(r"%\d+\b", "%_", " ".join(text.split()))


def test_the_graph_in_the_readme_is_that_of_its_network(tmp_path: Path) -> None:
    """Each piece of the shortened graph, between its dots, is in what the code prints, in this order."""
    printed = words(run_page("README.md", tmp_path))
    pieces = [words(piece) for line in blocks("README.md", "mlir").splitlines() for piece in line.split("...")]
    position = 0
    for piece in pieces:
        position = printed.find(piece.strip(" {:),"), position)
        assert position >= 0, f"the graph has no {piece!r} here any more"
    assert len(pieces) > 30


def test_links_lead_somewhere() -> None:
    for page in [*PAGES, "docs/passes.md", "docs/brian.md", "ARCHITECTURE.md"]:
        for target in re.findall(r"\]\(([^)#:]+)\)", (ROOT / page).read_text(encoding="utf-8")):
            made = page == "docs/index.md" and target.startswith(("gallery/", "reference/"))  # tests/book has those
            assert made or ((ROOT / page).parent / target).exists(), f"{page} links to {target}"
