"""Tracebacks, help, pickles and messages show the names that scripts import, never where a file stands."""

import ast
import copy
import importlib
import inspect
import pickle
import pydoc
import re
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp

import ranvier
from ranvier import Network, NeuronGroup, Quantity, Synapses, Unit, mV, prefs, volt
from ranvier.brian.public_names import MODULES, NAMES, find

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = {"frontend": "ranvier", "ir": "ranvier.ir", "passes": "ranvier.passes", "codegen": "ranvier.codegen",
           "runtime": "ranvier.runtime"}  # fmt: skip

EXCEPTIONS_OF_THE_COMPILER = ("ranvier.ir", "ranvier.passes", "ranvier.runtime", "ranvier.text.program")
"""Where those stand that only authors of passes, readers of files and the command line meet: importable as they say."""

INSIDE = re.compile(
    r"\branvier\.(objects|session|actions|plan|graph|units|equations|analysis|integrators|runtime|codegen|passes)\.\w+"
)
"""Paths of files, which move."""


def ours(value: object) -> bool:
    return isinstance(value, (type, types.FunctionType)) and (value.__module__ or "").startswith("ranvier")


PUBLIC = {name: find(name) for name in NAMES if ours(find(name))}

UNDER_BRIANS_PATHS = {
    f"{path}.{name}": getattr(importlib.import_module(f"ranvier.{path}"), name)
    for path in MODULES
    for name in importlib.import_module(f"ranvier.{path}").__all__
    if ours(getattr(importlib.import_module(f"ranvier.{path}"), name))
}


def exceptions() -> list[type[BaseException]]:
    """All exceptions that files of the package define."""
    found: dict[str, type[BaseException]] = {}
    for folder, package in FOLDERS.items():
        for path in sorted((ROOT / folder).rglob("*.py")):
            if path.stem.startswith("__"):
                continue
            name = ".".join([package, *path.relative_to(ROOT / folder).with_suffix("").parts])
            for value in vars(importlib.import_module(name)).values():
                if isinstance(value, type) and issubclass(value, BaseException) and ours(value):
                    found[value.__name__] = value
    return list(found.values())


def test_there_are_many_public_names() -> None:
    assert len(PUBLIC) > 90 and {"NeuronGroup", "run", "log", "MagicError"} <= set(PUBLIC)


@pytest.mark.parametrize("name", PUBLIC)
def test_public_names_belong_to_the_package(name: str) -> None:
    value = PUBLIC[name]
    assert value.__module__ == "ranvier" and value.__qualname__ == name
    assert pickle.loads(pickle.dumps(value)) is value


@pytest.mark.parametrize("path", UNDER_BRIANS_PATHS)
def test_names_under_brians_paths_lead_there(path: str) -> None:
    value = UNDER_BRIANS_PATHS[path]
    assert value.__module__ == "ranvier" or value.__module__.removeprefix("ranvier.") in MODULES
    assert pickle.loads(pickle.dumps(value)) is value


@pytest.mark.parametrize("name", PUBLIC)
def test_signature_and_help(name: str) -> None:
    value = PUBLIC[name]
    shown = pydoc.render_doc(value, renderer=pydoc.plaintext)
    assert "module ranvier" in shown.splitlines()[0] and not INSIDE.search(shown.splitlines()[0])
    if not (isinstance(value, type) and issubclass(value, Exception)):  # Python's own have none
        assert inspect.signature(value).parameters is not None
    assert inspect.getdoc(value)


def test_named_before_the_table_is_asked() -> None:
    from ranvier.objects.groups.brianobject import BrianObjectException
    from ranvier.units.mismatch import DimensionMismatchError

    assert BrianObjectException.__module__ == DimensionMismatchError.__module__ == "ranvier"


CAUGHT_INSIDE = {"CannotBePrepared", "Misfit", "NotAbreast", "NotNative", "NotStacked", "Terminated"}
"""Errors by which parts of a program tell each other that something has no such form: no script meets them."""


def test_exceptions_say_where_they_can_be_imported() -> None:
    found = exceptions()
    assert len(found) >= 15
    for error in found:
        assert getattr(importlib.import_module(error.__module__), error.__name__) is error
        if error.__module__.startswith(EXCEPTIONS_OF_THE_COMPILER) or error.__name__ in CAUGHT_INSIDE:
            continue
        assert not INSIDE.match(f"{error.__module__}.{error.__name__}") or error.__module__.count(".") == 1


def mismatch() -> Exception:
    with pytest.raises(ranvier.DimensionMismatchError) as raised:
        3 * mV + 1
    return raised.value


def failure_of_a_group() -> Exception:
    with pytest.raises(ranvier.BrianObjectException) as raised:
        Network(NeuronGroup(1, "dv/dt = -v/nonsense : 1", method="euler")).run(1 * ranvier.ms)
    return raised.value


ERRORS = {
    "mismatch": mismatch,
    "failure of a group": failure_of_a_group,
    "magic": lambda: ranvier.MagicError("text"),
    "preference": lambda: ranvier.PreferenceError("text"),
    "equations": lambda: importlib.import_module("ranvier.equations").EquationError("text"),
    "method": lambda: importlib.import_module("ranvier.stateupdaters.base").UnsupportedEquationsException("text"),
    "op": lambda: importlib.import_module("ranvier.codegen").UnsupportedOpError(ModuleOp([])),
    "loading": lambda: importlib.import_module("ranvier.codegen").LoadError("text"),
}


@pytest.mark.parametrize("kind", ERRORS)
@pytest.mark.parametrize("copied", [lambda error: pickle.loads(pickle.dumps(error)), copy.copy])
def test_errors_reach_other_processes(kind: str, copied: Any) -> None:
    error = ERRORS[kind]()
    other = copied(error)
    assert type(other) is type(error) and str(other) == str(error) and other.args == error.args
    assert vars(other) == vars(error)


@pytest.mark.parametrize(
    "value",
    [
        3 * mV,
        np.arange(3) * volt,
        mV,
        ranvier.Equations("dv/dt = -v/(3*ms) : 1"),
        ranvier.Expression("a + 1"),
        ranvier.Statements("a = 1"),
    ],
    ids=["quantity", "array", "unit", "equations", "expression", "statements"],
)
def test_public_objects_can_be_pickled(value: Any) -> None:
    other = pickle.loads(pickle.dumps(value))
    assert type(other) is type(value) and str(other) == str(value)
    if isinstance(value, (Quantity, Unit)):
        assert np.all(other == value) and other.dim is value.dim


def test_what_objects_show() -> None:
    group = NeuronGroup(2, "dv/dt = -v/ms : 1", threshold="v > 1", reset="v = 0", method="euler")
    synapses = Synapses(group, group, "w : 1", on_pre="v += w")
    synapses.connect()
    network = Network(group, synapses)
    shown = [group, group.v, group[1:], group.equations, group.clock, synapses, synapses.w, synapses.i, network]
    shown += [group.thresholder, group.resetter, group.state_updater, group.variables, network.scheduling_summary()]
    shown += [find(name) for name in NAMES if name != "DEFAULT_FUNCTIONS"]
    shown += [prefs, ranvier.ImportExport.methods, ranvier.DEFAULT_FUNCTIONS["sin"]]
    for value in shown:
        assert not INSIDE.search(repr(value)) and not INSIDE.search(str(value)), repr(value)


def test_recorded_texts_hold_no_paths_of_files() -> None:
    texts = [path for path in (ROOT / "tests").rglob("*") if path.suffix in (".txt", ".json")]
    assert len(texts) > 50
    for path in texts:
        text = re.sub(r"ranvier\.equations\.Equation(Syntax)?Error", "", path.read_text(encoding="utf-8"))
        assert not INSIDE.search(text), path


def topics() -> dict[str, str]:
    """The topics of the messages of the package → the file that uses each."""
    found: dict[str, str] = {}
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, (ast.Name, ast.Attribute)):
                    called = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                    topic = node.args[0] if called in ("get_logger", "getLogger", "BrianLogger") and node.args else None
                    if isinstance(topic, ast.Constant):
                        found[str(topic.value)] = str(path.relative_to(ROOT))
    return found


def test_topics_are_brians() -> None:
    found = topics()
    assert len(found) >= 12 and "ranvier.groups.neurongroup" in found
    for topic, place in found.items():
        if topic != "ranvier.codegen.generators.base":  # Brian's, which has a folder of this name, too
            assert "objects" not in topic and not INSIDE.search(topic), f"{topic} in {place}"
        assert topic == "ranvier" or topic.startswith("ranvier."), f"{topic} in {place}"
