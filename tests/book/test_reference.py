"""The reference: every public name, op, pass and preference has its place, and something is said of it."""

import inspect
import os
import subprocess
import sys
import zlib
from importlib import import_module
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "docs"))
from book import below, names, reference
from book.arguments import COMMON, OWN, further_fields
from book.docstrings import markdown, summary
from book.inventories import PROJECTS, inventory
from book.parameters import documented_calls, undocumented
from book.snippets import SNIPPETS, USED_ELSEWHERE, example_of

from ranvier import restore_initial_state, set_device
from ranvier.brian.public_names import NAMES, find
from ranvier.commands import cli, opt
from ranvier.ir.dialect import SNN
from ranvier.passes.registry import PLACES
from ranvier.session.preference_table import PREFERENCES


def placed() -> list[str]:
    return [name for page in names.PAGES for name in page.names.split()]


def test_every_public_name_has_one_place() -> None:
    assert sorted(placed()) == sorted(NAMES)


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_public_name_is_documented(name: str) -> None:
    text = reference.about(name, find(name)).strip()
    assert len(text.split()) > 2, f"say in a docstring (or `ABOUT` of docs/book/names.py) what {name} is"
    assert "dict(iterable)" not in text and "built-in" not in text


def test_what_else_is_shown_is_documented() -> None:
    for page in names.PAGES:
        for place in page.further.split():
            module, _, name = place.partition(":")
            assert len(reference.about(name, getattr(import_module(module), name)).split()) > 2, place


def test_every_public_member_is_documented() -> None:
    classes = [what for name in NAMES if inspect.isclass(what := find(name))]
    members = {
        (base.__qualname__, name): member
        for cls in classes
        for base in cls.__mro__
        if base.__module__.partition(".")[0] == "ranvier"
        for name, member in vars(base).items()
        if reference.is_documented(name, member)
    }
    assert len(members) > 200
    assert not [where for where, member in members.items() if not inspect.getdoc(member)]


def test_no_argument_is_undocumented() -> None:
    assert undocumented() == []


def test_arguments_that_are_explained_exist() -> None:
    named = {f"{place}: {each}" for place, call, _ in documented_calls() for each in inspect.signature(call).parameters}
    assert {*OWN} <= named and {*COMMON} <= {each.partition(": ")[2] for each in named}


def test_what_docstrings_leave_open_is_said() -> None:
    def store(name: str, filename: str, other: int) -> None: ...

    assert further_fields("store", store, "Keeps `name` and other.") == f"\n:param filename: {COMMON['filename']}\n"
    text = further_fields("store", store, "Keeps `name` and other, see `Morphology.from_file`.")
    assert text == "\n:param filename: The file.\n"


def test_every_name_has_an_example() -> None:
    further = [place.partition(":")[2] for page in names.PAGES for place in page.further.split()]
    elsewhere = {name for group in USED_ELSEWHERE for name in group.split()}
    known = {*NAMES, *further}
    assert sorted(name for name in known if (example_of(name) is None) != (name in elsewhere)) == []
    shown = [name for group in SNIPPETS for name in group.split()]
    assert len(shown) == len({*shown}) and {*shown} <= known


EXAMPLES = {name: code.replace("{name}", name) for group, code in SNIPPETS.items()
            for name in (group.split() if "{name}" in code else group.split()[:1])}  # fmt: skip
NEEDS = {"from_nir": "nir", "ImportExport": "pandas"}


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    monkeypatch.chdir(tmp_path)
    if name == "as_brian2":  # for a whole process
        subprocess.run([sys.executable, "-c", f"from ranvier import *\n{EXAMPLES[name]}"], check=True)
        return
    try:
        exec(compile(f"from ranvier import *\n{EXAMPLES[name]}", name, "exec"), {"__name__": "example"})
    finally:
        plt.close("all")
        set_device("runtime")
        restore_initial_state()


def test_what_is_left_out_exists() -> None:
    everything = {name for what in NAMES if inspect.isclass(cls := find(what)) for name in dir(cls)}
    assert names.INNER <= everything


def test_signatures_are_shown_as_written() -> None:
    text = reference.entry("SpikeMonitor", find("SpikeMonitor"), "ranvier")
    assert "record: bool = True" in text and "name: str = 'spikemonitor*'" in text
    assert "{py:method} spike_trains() -> dict[int, Quantity]" in text
    assert "From {py:class}`ranvier.EventMonitor`" in text
    assert ".. examples-using:: ranvier.SpikeMonitor" in text


def test_inner_members_are_not_shown() -> None:
    assert "memory_rows" not in reference.page_text(names.PAGES[0])


@pytest.mark.parametrize("op", list(SNN.operations), ids=lambda op: op.name)
def test_ops(op: type) -> None:
    text = below.op_text(op)
    assert text.startswith("### `snn.") and len(summary(op.__doc__).split()) > 2


def test_passes() -> None:
    text = below.passes_text()
    assert [name for name in PLACES if f"### `{name}`" not in text] == []
    fused = text.partition("### `fuse-maps`")[2].partition("###")[0]
    assert "Before:\n\n```mlir\n%v1 = snn.map" in fused and "Legal under" in fused


def test_preferences() -> None:
    text = below.preferences_text()
    known = [f"`{category}.{name}`" for category, (_, preferences) in PREFERENCES.items() for name in preferences]
    assert [name for name in known if name not in text] == []


def test_commands() -> None:
    text = below.commands_text()
    assert "--clear-cache" in text and "--list-inputs" in text and "--print-ir-after-all" in text
    named = {f"ranvier {call.split()[0]}" for call in cli.COMMANDS} - {"ranvier SCRIPT.py"}
    assert named == {*below.COMMANDS} - {"ranvier", "ranvier-opt"}


def test_the_table_of_options_is_that_of_the_parser() -> None:
    page = Path(__file__).resolve().parents[2] / "docs/passes.md"
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition("tests/book/test_reference.py -->\n\n")
    found, end, after = rest.partition("\n\n<!-- end -->")
    table = below.options_table(opt.parser())
    if os.environ.get("UPDATE_GOLDEN"):
        page.write_text("".join((before, begin, table, end, after)), encoding="utf-8")
        found = table
    assert found == table


def test_docstrings_become_markdown() -> None:
    text = markdown(
        """Returns a[k] for <all> k; `a[k]` is code.

        Args:
            a: An array,
                of numbers.
            *more: Others.

        Returns:
            The value.

        Example:
            f(1)
        """
    )
    assert text.startswith("Returns a\\[k\\] for \\<all> k; `a[k]` is code.")
    assert ":param a: An array, of numbers.\n:param \\*more: Others.\n:returns: The value." in text
    assert "```python\nf(1)\n```" in text


def test_names_of_other_projects_are_in_inventories() -> None:
    head, _, packed = inventory("python", PROJECTS["python"]).partition(b"zlib.\n")
    lines = zlib.decompress(packed).decode().splitlines()
    assert head.startswith(b"# Sphinx inventory version 2\n")
    assert "KeyError py:exception 1 library/exceptions.html#KeyError -" in lines
    table = zlib.decompress(inventory("pyarrow", PROJECTS["pyarrow"]).partition(b"zlib.\n")[2]).decode()
    assert table == "pyarrow.Table py:class 1 python/generated/pyarrow.Table.html#pyarrow.Table -\n"
