"""Blocks of code on pages: each is run, or named with the reason why not; options of commands exist."""

import importlib
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from chosen_target import longest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "docs"))
from book.commands import (
    ELSEWHERE,
    NOT_RUN,
    SHELL,
    TUTORIALS,
    Block,
    blocks_of,
    commands_of,
    pages,
    reason,
    unknown_options,
)
from book.notebooks import cells_of

from ranvier import prefs

BLOCKS = [block for page in pages() for block in blocks_of(page)]

RUN = {
    "docs/authors.md": "ranvier-report-model.zip",
    "docs/clusters.md": "array/",
    "docs/compiler.md": "results/beat_times.arrow",
    "docs/export.md": "cells/results/spikes.arrows",
    "docs/guide/programs.md": "script.py",
}
"""Pages whose commands are run here → what they leave."""

COMMANDS = """set -e
python() { "$PYTHON" "$@"; }
ranvier() { "$PYTHON" -m ranvier "$@"; }
ranvier-opt() { "$PYTHON" -m ranvier.opt "$@"; }
"""
"""The commands are those of this Python, wherever its scripts have been installed."""


def python_of(page: str) -> str:
    return "\n".join(block.text for block in blocks_of(page) if block.language == "python")


def run(command: list[str], folder: Path) -> str:
    given = {"MPLBACKEND": "Agg", "RANVIER_CACHE": str(folder / "cache"), "PYTHON": sys.executable}
    given |= {"SLURM_ARRAY_TASK_ID": "0"}
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **given}, capture_output=True, text=True, timeout=longest()
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_python(page: str, folder: Path) -> str:
    (folder / "page.py").write_text(python_of(page), encoding="utf-8")
    return run([sys.executable, "-W", "error", "page.py"], folder)


def test_every_block_has_somebody_who_runs_it() -> None:
    """A block in another language, or of commands that nobody runs, is a fault of this test or of the page."""
    nobody = [
        f"{block.page}: {block.language} {block.text[:40]!r}"
        for block in BLOCKS
        if (block.page, block.language) not in ELSEWHERE
        and not (block.language == "python")  # tests/examples/test_documentation.py counts these
        and not (block.language == "{code-cell} ipython3" and block.page in TUTORIALS)
        and not (block.language in SHELL and (reason(block) or block.page in RUN))
    ]
    assert not nobody
    kinds = Counter(block.language for block in BLOCKS)
    assert kinds["python"] > 90 and kinds["sh"] > 15, kinds


def test_what_is_named_is_there() -> None:
    here = {(block.page, block.language) for block in BLOCKS}
    assert [each for each in ELSEWHERE if each not in here] == []
    assert [path for path in ELSEWHERE.values() if not (ROOT / path).is_file()] == []
    assert [(page, start) for page, start in NOT_RUN if not any(
        block.page == page and block.text.startswith(start) and block.language in SHELL for block in BLOCKS
    )] == []  # fmt: skip
    run_somewhere = {block.page for block in BLOCKS if block.language in SHELL and not reason(block)}
    assert run_somewhere == {*RUN, "docs/passes.md"}


def test_no_commands_hide_among_other_blocks() -> None:
    """Lines that begin with a program, in a block that is shown as text or is only indented."""
    starts = re.compile(r"^ *(\$ |python |ranvier |ranvier-opt |pip |make |git |\.ci/)", re.MULTILINE)
    assert [block for block in BLOCKS if block.language == "text" and starts.search(block.text)] == []


@pytest.mark.skipif(shutil.which("bash") is None, reason="the commands are those of a shell")
def test_commands_are_commands() -> None:
    """The syntax of all blocks, also of those that are not run."""
    for block in BLOCKS:
        if block.language in SHELL and block.page != "benchmarks/README.md":  # has [OPTIONAL] words
            done = subprocess.run(["bash", "-n"], input=block.text, capture_output=True, text=True, check=False)
            assert done.returncode == 0 and not done.stderr, (block, done.stderr)


@pytest.mark.parametrize("page", pages())
def test_options_exist(page: str) -> None:
    wrong = {command: found for command in commands_of(page) if (found := unknown_options(command))}
    assert not wrong


def found_name(name: str) -> bool:
    """Whether a dotted name stands for a module, or something in one."""
    parts = name.split(".")
    for k in range(len(parts), 0, -1):
        try:
            thing: object = importlib.import_module(".".join(parts[:k]))
        except ImportError:
            continue
        try:
            for part in parts[k:]:
                thing = getattr(thing, part)
        except AttributeError:
            return False
        return True
    return False


NO_NAMES = {
    "ranvier.passes",
    "ranvier.backends",
    "ranvier.dialects",
    "ranvier.rewrites",
    "ranvier.c",
    "ranvier.h",
    "ranvier.py",
    "ranvier.X",
}
"""Groups of entry points, files, and the example of a name."""


@pytest.mark.parametrize("page", [page for page in pages() if page != "CHANGELOG.md"])
def test_names_on_pages_exist(page: str) -> None:
    """Modules and what is in them, preferences, and variables of the environment."""
    text = (ROOT / page).read_text(encoding="utf-8")
    names = set(re.findall(r"`(ranvier(?:\.\w+)+)`", text)) - NO_NAMES
    assert [name for name in sorted(names) if not found_name(name)] == []
    assert [name for name in sorted(set(re.findall(r"\bprefs\.((?:\w+\.)+\w+)", text))) if name not in prefs] == []
    assert set(re.findall(r"\bRANVIER_[A-Z_]+\b", text)) <= VARIABLES


def variables() -> set[str]:
    """The variables of the environment that code, tools and tests ask for."""
    folders = ("frontend", "ir", "passes", "codegen", "runtime", "tests", "benchmarks", "docs", ".ci")
    found = (path for folder in folders for path in (ROOT / folder).rglob("*"))
    files = [path for path in found if path.is_file() and path.suffix in ("", ".py", ".c", ".h")]
    return {name for path in files for name in re.findall(r"\bRANVIER_[A-Z_]+\b", path.read_text(encoding="utf-8"))}


VARIABLES = variables()


def test_names_that_do_not_exist_are_found() -> None:
    assert found_name("ranvier.passes.remarks.remark") and found_name("ranvier.stages")
    assert not found_name("ranvier.passes.remarks.remrk") and not found_name("ranvier.pases")
    assert "RANVIER_PIPELINE" in VARIABLES and "RANVIER_PIPE" + "LINES" not in VARIABLES
    assert "codegen.pipeline" in prefs and "codegen.pipelines" not in prefs


def test_unknown_options_are_found() -> None:
    assert unknown_options("ranvier export cells.py -o cells --traget arm  # --not-this") == ["--traget"]
    assert unknown_options("cd x && ranvier run ring.mlir --set N=3 --stp 3") == ["--stp"]
    assert unknown_options("python benchmarks/run.py hh --quik --repeats 3") == ["--quik"]
    assert unknown_options("ranvier bug-report model.py --seconds 3 -- --rate 5") == []
    assert len([command for page in pages() for command in commands_of(page)]) > 80


def test_python_for_other_machines_is_python() -> None:
    """What needs a cluster is read, not run."""
    found = [block for block in BLOCKS if block.language == "py"]
    assert {block.page for block in found} == {"docs/clusters.md"}
    for block in found:
        compile(block.text, block.page, "exec")


def test_extras_that_pages_install_exist() -> None:
    import tomllib

    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    texts = "\n".join((ROOT / page).read_text(encoding="utf-8") for page in pages())
    named = {each for found in re.findall(r"""pip install ['"]?(?:ranvier|-e "\.|\.)\[([\w,]+)\]""", texts)
             for each in found.split(",")}  # fmt: skip
    assert named and named <= {*extras}


def words(text: str) -> str:
    """Text with single blanks, in which values without a name have no number."""
    return re.sub(r"%\d+\b", "%_", " ".join(text.split()))


STAGES = ("plan", "snn", "optimised", "loops")
"""The stages that docs/compiler.md shows first; what follows depends on the machine, or was measured."""


def test_the_stages_on_the_page_are_those_of_its_network(tmp_path: Path) -> None:
    """Each piece of a shortened stage, between its dots, is in what the first code of the page makes."""
    page = blocks_of("docs/compiler.md")
    first = next(block.text for block in page if block.language == "python")
    marks = "".join(f"print('@ {stage}'); print(lowered.as_text({stage!r}))\n" for stage in STAGES)
    (tmp_path / "page.py").write_text(f"{first}\nprint('@ begin')\n{marks}", encoding="utf-8")
    printed = re.split(r"^@ (\w+)$", run([sys.executable, "page.py"], tmp_path), flags=re.MULTILINE)
    made = dict(zip(printed[1::2], map(words, printed[2::2]), strict=True))
    shown = [block.text for block in page if block.language == "text"]
    for stage, text in zip(STAGES, shown, strict=False):
        pieces = [words(piece).strip(" {:),") for line in text.splitlines() for piece in line.split("...")]
        assert [piece for piece in pieces if piece not in made[stage]] == [], stage
        assert len(pieces) > 7


def test_the_message_on_the_page_of_errors_is_what_is_printed(tmp_path: Path) -> None:
    printed = run_python("docs/guide/errors.md", tmp_path).replace(f"{tmp_path}/", "")
    (shown,) = [block.text for block in blocks_of("docs/guide/errors.md") if block.language == "text"]
    lines = [line.replace("errors.py", "page.py") for line in shown.splitlines()]
    assert [line for line in lines if line.strip() not in printed] == []


@pytest.mark.long
@pytest.mark.skipif(shutil.which("bash") is None, reason="the commands are those of a shell")
@pytest.mark.parametrize("page", RUN)
def test_commands_run_as_printed(page: str, tmp_path: Path) -> None:
    if page == "docs/export.md" and not (shutil.which("make") and shutil.which("cc")):
        pytest.skip("there is no C compiler")
    if page == "docs/compiler.md":
        shutil.copytree(ROOT / "examples", tmp_path / "examples")
        run_python(page, tmp_path)  # writes cells.mlir
    (tmp_path / "model.py").write_text(python_of(page), encoding="utf-8")
    script = "\n".join(block.text for block in blocks_of(page) if block.language in SHELL)
    out = run(["bash", "-c", COMMANDS + script], tmp_path)
    assert (tmp_path / RUN[page]).exists()
    if page == "docs/compiler.md":
        assert "table spikes: 900 rows" in out and "ranvier_entry" in (tmp_path / "ring.ll").read_text()
    if page == "docs/guide/programs.md":
        assert float(out) == pytest.approx(2.5 * 0.36787944)


def test_cells_of_tutorials_are_blocks() -> None:
    cells = sum(cell.kind == "code" for page in TUTORIALS for cell in cells_of((ROOT / page).read_text("utf-8")))
    assert cells == sum(block.language.startswith("{code-cell}") for block in BLOCKS)


def test_blocks_are_told_apart() -> None:
    assert not reason(Block("docs/export.md", "sh", "ranvier export x"))
    assert reason(Block("docs/guide/start.md", "sh", 'pip install ".[plot]"'))
