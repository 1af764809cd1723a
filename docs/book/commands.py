"""Blocks of code on pages, and commands in them: who runs each block, and whether the options of a command exist.

A block that no test can run is named in `NOT_RUN` with the reason. tests/book/test_commands.py runs the others, and
counts: a block in a language that nobody has thought of is found.
"""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from book.pages import PAGES, ROOT
from ranvier.commands.cli import COMMANDS
from ranvier.passes.registry import PLACES

SHELL = ("sh", "bash", "console")
"""Languages of commands."""

TUTORIALS = tuple(f"docs/tutorials/{path.name}" for path in sorted((ROOT / "docs/tutorials").glob("*.md")))


@dataclass(frozen=True)
class Block:
    """A block of code on a page.

    Attributes:
        page: Its place in the repository.
        language: What stands behind the fence.
        text: What is in it.
    """

    page: str
    language: str
    text: str


NOT_RUN: Mapping[tuple[str, str], str] = {
    ("README.md", ".ci/setup"): "makes an environment with packages from the network; .ci/run begins with it",
    ("docs/index.md", ".ci/setup"): "as on the first page of the repository",
    ("CONTRIBUTING.md", ".ci/setup"): "as on the first page of the repository",
    ("CONTRIBUTING.md", "python tests/brian/record.py"): "needs a Python with Brian",
    ("CONTRIBUTING.md", "python tests/brian/compare_random.py"): "needs a Python with Brian",
    ("CONTRIBUTING.md", "UPDATE_GOLDEN=1"): "writes the files that tests compare with",
    ("docs/guide/start.md", "pip install"): "installs packages from the network; .ci/release installs the package",
    ("docs/benchmarks.md", "python benchmarks/"): "takes many minutes, and needs a Python with Brian",
    ("benchmarks/README.md", "python benchmarks/"): "how the programs are called, not one call",
    ("docs/gpu.md", "python benchmarks/gpu.py"): "takes ten minutes, and a GPU",
}
"""Page and beginning of a block of commands → why no test runs it."""

ELSEWHERE: Mapping[tuple[str, str], str] = {
    ("docs/passes.md", "sh"): "tests/meaning/test_documentation.py",
    ("docs/passes.md", "python"): "tests/meaning/test_documentation.py",
    ("docs/passes.md", "toml"): "tests/meaning/test_documentation.py",
    ("docs/style.md", "python"): "tests/project/test_docstrings.py",
    ("docs/brian.md", "python"): "tests/book/test_differences.py",
    ("docs/graph.md", "mlir"): "tests/examples/test_documentation.py",
    ("docs/export.md", "c"): "tests/export/test_export.py",
    ("docs/clusters.md", "py"): "tests/book/test_commands.py",
    ("docs/authors.md", "text"): "tests/project/test_documents.py",
    ("docs/guide/errors.md", "text"): "tests/book/test_commands.py",
    ("docs/passes.md", "text"): "tests/meaning/test_documentation.py",
    ("docs/compiler.md", "text"): "tests/book/test_commands.py",
    ("docs/clusters.md", "text"): "tests/objects/networks/test_sweep_directories.py",
    ("docs/style.md", "text"): "tests/errors/test_run_time_errors.py",
    ("CONTRIBUTING.md", "text"): "tests/errors/test_run_time_errors.py",
    ("docs/index.md", "{toctree}"): "tests/book/test_pages.py",
}
"""Page and language → the file whose tests look at such blocks, where it is not the rule for the language."""

_FENCE = re.compile(r"^( *)```([^\n`]*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
_PROGRAMS = r"ranvier|ranvier-opt|python -m ranvier|python (?:benchmarks|docs|tests)/[\w/]+\.py"
_INLINE = re.compile(rf"`((?:{_PROGRAMS})[ \w][^`]*)`")

_INDENTED = re.compile(rf"^    (?:[A-Z_]+=(?:\"[^\"]*\"|\S+) )*((?:{_PROGRAMS}) .*)$", re.MULTILINE)
"""A line that is shown as code by its indentation, without the variables of the environment in front."""


def pages() -> list[str]:
    """Returns all pages with their places in the repository: those of the site, the README, the tutorials."""
    return ["README.md", *PAGES, *TUTORIALS]


def text_of(page: str) -> str:
    """Returns what stands on a page."""
    return (ROOT / page).read_text(encoding="utf-8")


def blocks_of(page: str) -> list[Block]:
    """Returns the blocks of code of a page."""
    return [Block(page, language.strip(), text) for _, language, text in _FENCE.findall(text_of(page))]


def reason(block: Block) -> str | None:
    """Returns why a block of commands is not run; None if it is."""
    found = (why for (page, start), why in NOT_RUN.items() if page == block.page and block.text.startswith(start))
    return next(found, None)


def commands_of(page: str) -> Iterator[str]:
    """Yields the commands of a page, those within sentences and tables and those that are only indented, too."""
    for block in blocks_of(page):
        if block.language in SHELL:
            yield from re.sub(r"\\\n|<<'END'\n.*?^END$", " ", block.text, flags=re.DOTALL | re.MULTILINE).splitlines()
    rest = _FENCE.sub("", text_of(page))
    yield from (each.replace("\\|", "|") for each in _INLINE.findall(rest))
    yield from _INDENTED.findall(rest)


def unknown_options(command: str) -> list[str]:
    """Returns the options of a command that its program does not know; nothing is said of programs of others."""
    words = shlex.split(command.replace("'", "").replace("[", "").replace("]", ""), comments=True)
    for k in range(len(words)):
        known = _known(words[k:])
        if known is not None:
            rest = words[k + 1 :]
            own = rest[: rest.index("--")] if "--" in rest else rest
            given = [found[0] for each in own if (found := re.match(r"--?[a-z][\w-]*", each))]
            return [each for each in given if each not in known]
    return []


def _known(words: list[str]) -> set[str] | None:
    """Returns the options of the program that a command begins with, None if it is not one of ours."""
    if words[:3] == ["python", "-m", "ranvier"]:
        words = ["ranvier", *words[3:]]
    if words[0] == "ranvier-opt":
        return _of_parser("ranvier.commands.opt") | {f"--{name}" for name in PLACES}
    if words[0] == "ranvier":
        command = COMMANDS.get(words[1]) if len(words) > 1 else None
        return _of_parser(f"ranvier.{command[0]}" if command else "ranvier.commands.cli")
    if words[0] == "python" and len(words) > 1 and (ROOT / words[1]).is_file() and not words[1].startswith("examples"):
        return _of_script(ROOT / words[1])
    return None


def _of_parser(module: str) -> set[str]:
    parser = import_module(module).parser()
    return {option for action in parser._actions for option in action.option_strings} | {"-m", "-W"}


def _of_script(path: Path) -> set[str]:
    """Returns the options that a script adds to its parser, or looks for."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    texts = {each.value for each in ast.walk(tree) if isinstance(each, ast.Constant) and isinstance(each.value, str)}
    return {each for each in texts if re.fullmatch(r"--?[a-z][\w-]*", each)} | {"--help"}
