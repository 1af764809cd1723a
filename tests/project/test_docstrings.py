"""One dialect of docstrings; see docs/style.md."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ["frontend", "ir", "passes", "codegen", "runtime"]
SECTION = re.compile(r"^(?:Args|Attributes|Raises):\n((?:    .*\n|\n)*)", re.MULTILINE)
ENTRY = re.compile(r"^    (\S[^:\n]*): ((?:.|\n(?=     |\n     ))*)", re.MULTILINE)
"""A name, a colon and a sentence, which goes on in lines that stand further in."""

TYPE = re.compile(r"u?(?:int|float|bool)\d*\b")
"""A type of elements, with which an entry may begin: "int32, the presynaptic element of each synapse"."""

Documented = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def documented(path: Path) -> Iterator[tuple[Documented, str]]:
    """Yields functions and classes with their docstrings."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, Documented) and (text := ast.get_docstring(node)):
            yield node, text


def is_property(node: Documented) -> bool:
    return any("property" in ast.unparse(each) or ast.unparse(each).endswith(".setter") for each in node.decorator_list)


def faults_of_entries(text: str) -> list[str]:
    """The entries of Args, Attributes and Raises that are no sentences."""
    entries = [entry for section in SECTION.findall(text + "\n") for entry in ENTRY.findall(section)]
    return [
        name
        for name, says in entries
        if (says[:1].islower() and not TYPE.match(says)) or not says.rstrip().endswith((".", "?", "`", '"', "..."))
    ]


def faults_of_beginning(node: Documented, text: str) -> str | None:
    first = text.split()[0]
    if text.startswith(("The meaning of", "This function", "This method", "This class")):
        return text.splitlines()[0]
    if isinstance(node, ast.ClassDef) or is_property(node):
        return None
    return None if re.fullmatch(r"(?:See|Called|[A-Z][a-z]+s)[,.;]?", first) else text.splitlines()[0]


def files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_module_says_what_it_is(folder: str) -> None:
    wrong = [str(path) for path in files(folder) if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]
    assert not wrong


@pytest.mark.parametrize("folder", FOLDERS)
def test_entries_are_sentences(folder: str) -> None:
    found = [(str(path), faults_of_entries(text)) for path in files(folder) for _, text in documented(path)]
    assert not [(path, faults) for path, faults in found if faults]


@pytest.mark.parametrize("folder", FOLDERS)
def test_functions_say_what_they_do(folder: str) -> None:
    found = [faults_of_beginning(node, text) for path in files(folder) for node, text in documented(path)]
    assert not [fault for fault in found if fault]


@pytest.mark.parametrize("folder", FOLDERS)
def test_constants_are_documented_below(folder: str) -> None:
    """No `#:` comments; the other dialect."""
    assert not [str(path) for path in files(folder) if re.search(r"^\s*#:", path.read_text("utf-8"), re.MULTILINE)]


def test_faults_are_found() -> None:
    text = "Does.\n\nArgs:\n    a: lower case.\n    b: No point\n        at the end\n    c: Right.\n"
    assert faults_of_entries(text) == ["a", "b"]
    node = ast.parse("def f(): ...").body[0]
    assert isinstance(node, ast.FunctionDef)
    assert faults_of_beginning(node, "The value.") == "The value."
    assert faults_of_beginning(node, "Returns the value.") is None
