"""Brian's inner modules: every documented path, made only when it is imported."""

import importlib
import subprocess
import sys

import numpy as np
import pytest

import ranvier
from ranvier import NeuronGroup, Soma, StateMonitor, Synapses, mV, um
from ranvier.brian.public_names import MODULES, UNUSABLE
from ranvier.inner.modules import INNER_MODULES
from ranvier.inner.unusable import Unusable


@pytest.mark.parametrize("path", sorted(INNER_MODULES))
def test_every_inner_module_and_its_names(path):
    module = importlib.import_module(f"ranvier.{path}")
    for name in module.__all__:
        assert getattr(module, name) is not None
    for entry in INNER_MODULES[path].split():
        if entry.endswith(UNUSABLE):
            unusable = getattr(module, entry[:-1])
            assert issubclass(unusable, Unusable) and not isinstance(3, unusable)
            with pytest.raises(NotImplementedError, match=f"'{entry[:-1]}' .* part of Brian's own code generator"):
                unusable()


def test_the_same_paths_under_brians_name():
    code = (
        "import sys, importlib, ranvier; ranvier.as_brian2()\n"
        "import brian2\n"
        "paths = brian2.codegen.translation.analyse_identifiers, brian2.units.allunits, brian2.core.functions\n"
        f"for path in {[*MODULES, *INNER_MODULES]!r}:\n"
        "    module = importlib.import_module(f'brian2.{path}')\n"
        "    assert module is importlib.import_module(f'ranvier.{path}'), path\n"
        "from brian2.codegen import CodeObject, NumpyCodeObject\n"
        "from brian2.codegen.codeobject import CodeObject as same\n"
        "assert CodeObject is same and sys.modules['ranvier.codegen'].__file__\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_names_of_brians_package_whose_path_is_a_part_of_this_compiler():
    """`brian2.codegen` has three names; `ranvier.codegen` has them beside its own."""
    from ranvier import codegen
    from ranvier.codegen import CodeObject, CythonCodeObject, NumpyCodeObject  # pyright: ignore

    assert NumpyCodeObject is importlib.import_module("ranvier").NumpyCodeObject
    assert CythonCodeObject is importlib.import_module("ranvier.codegen.runtime").CythonCodeObject
    assert CodeObject is importlib.import_module("ranvier.codegen.codeobject").CodeObject
    assert not hasattr(codegen, "CodeObjects")


def test_nothing_is_made_before_it_is_asked_for():
    code = (
        "import sys, ranvier\n"
        "print(sorted(name for name in sys.modules if name.startswith('ranvier')))\n"
        "import ranvier.parsing.rendering\n"
        "print('ranvier.inner.rendering' in sys.modules, 'ranvier.parsing' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (
        done.stdout == "['ranvier', 'ranvier.brian', 'ranvier.brian.public_names', 'ranvier.public', "
        "'ranvier.public.argument_names']\nFalse True\n"
    )


def test_a_real_brian_is_left_alone(tmp_path):
    package = tmp_path / "brian2"
    package.mkdir()
    (package / "__init__.py").write_text("mine = 1\n")
    (package / "codegen.py").write_text("also = 2\n")
    code = "import ranvier, ranvier.parsing.bast, brian2.codegen; print(brian2.mine, brian2.codegen.also)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env={"PYTHONPATH": str(tmp_path)}
    )
    assert done.stdout == "1 2\n", done.stderr


def test_names_of_statements():
    from ranvier.codegen.translation import analyse_identifiers, get_identifiers_recursively

    code = "a = v + sin(b)\nv += a*tau"
    assert analyse_identifiers(code, {"v", "tau"}) == ({"a"}, {"v", "tau", "sin"}, {"b"})
    group = NeuronGroup(1, "v : 1\nx = v + y : 1\ny = 2*z : 1\nz : 1")
    assert get_identifiers_recursively(["x"], group.variables) == {"x", "v", "y", "z"}
    assert analyse_identifiers("v = x", group.variables, recursive=True)[1] == {"v", "x", "y", "z"}


def test_writing_expressions_anew():
    from ranvier.parsing.rendering import NodeRenderer, NumpyNodeRenderer

    class Shouting(NodeRenderer):
        def render_Name(self, node):
            return node.id.upper()

    assert Shouting().render_expr(" a + b*(c - 1)**2") == "A + (B * ((C - 1) ** 2))"
    assert NodeRenderer().render_code("x = not (a and b)\ny += f(-3, 2.5)") == "x = not (a and b)\ny += f(-3, 2.5)"
    assert NumpyNodeRenderer().render_expr("not a or b > 2") == "logical_or(logical_not(a), b > 2)"
    with pytest.raises(SyntaxError, match="not allowed"):
        NodeRenderer().render_expr("a[1]")


def test_questions_about_expressions():
    from ranvier.parsing.expressions import is_boolean_expression, parse_expression_dimensions
    from ranvier.parsing.statements import parse_statement

    group = NeuronGroup(1, "v : volt\nR : ohm")
    assert parse_expression_dimensions("v/R + 3*nA", group.variables) is ranvier.amp.dim
    assert is_boolean_expression("v > mV and True", group.variables)
    assert not is_boolean_expression("v + mV", group.variables)
    assert parse_statement("v += 2*mV # why") == ("v", "+=", "2*mV", "why")
    assert set(group.resolve_all(["v", "mV", "sin", "k"], {"k": 3})) == {"v", "mV", "sin", "k"}
    assert group.resolve_all(["k"], {"k": 3 * mV})["k"].value == 0.003


def test_arrays_that_grow():
    from ranvier.memory.dynamicarray import DynamicArray, DynamicArray1D

    one = DynamicArray1D(2, dtype=int)
    one[:] = 7
    one.resize(5)
    assert one[:].tolist() == [7, 7, 0, 0, 0] and len(one) == 5
    one.shrink(1)
    one.resize(3)
    assert np.asarray(one).tolist() == [7, 0, 0]
    two = DynamicArray((1, 2))
    two[:] = 1
    two.resize((2, 3))
    two.resize_along_first(1)
    assert two[:].tolist() == [[1, 1, 0]]
    two.resize((2, 3))
    assert two[:].tolist() == [[1, 1, 0], [0, 0, 0]]


def test_small_tools(tmp_path):
    from ranvier.equations.equations import BOOLEAN, FLOAT, INTEGER, parse_string_equations, str_to_sympy
    from ranvier.tests.utils import assert_allclose, exc_isinstance
    from ranvier.utils.caching import cached
    from ranvier.utils.filetools import copy_directory, ensure_directory_of_file
    from ranvier.utils.stringtools import SpellChecker, code_representation, stripped_deindented_lines
    from ranvier.utils.topsort import topsort

    assert topsort({"a": ["b"], "b": ["c"], "c": []}) == ["c", "b", "a"]
    with pytest.raises(ValueError, match="circle"):
        topsort({"a": ["b"], "b": ["a"]})
    assert SpellChecker(["threshold", "reset"]).suggest("treshold") == {"threshold"}
    assert stripped_deindented_lines("\n  a\n\n    b\n") == ["a", "  b"] and code_representation("\n\na\n") == "a"
    assert (FLOAT, INTEGER, BOOLEAN) == ("float", "integer", "boolean")
    assert (
        str(parse_string_equations("dv/dt = -v/ms : 1\nx : volt")["x"]) == "x : V" and str(str_to_sympy("2*a")) == "2*a"
    )
    ensure_directory_of_file(str(tmp_path / "a/b.txt"))
    (tmp_path / "a/b.txt").write_text("")
    assert copy_directory(str(tmp_path / "a"), str(tmp_path / "c")) == ["b.txt"]
    calls = []
    twice = cached(lambda x: calls.append(x) or 2)
    assert twice(1) == twice(1) == 2 and calls == [1] and twice([1]) == 2
    assert_allclose([1, 2] * mV, [1.00000001, 2] * mV)
    with pytest.raises(AssertionError):
        assert_allclose(1, 1.001)
    with pytest.raises(ranvier.DimensionMismatchError):
        assert_allclose(1 * mV, 1)
    error = KeyError()
    error.__cause__ = ValueError()
    assert exc_isinstance(error, ValueError) and not exc_isinstance(error, TypeError)


def test_a_morphology_as_arrays():
    from ranvier.spatialneuron.spatialneuron import FlatMorphology

    cell = Soma(30 * um)
    cell.axon = ranvier.Cylinder(diameter=1 * um, length=100 * um, n=4)
    cell.axon.left = ranvier.Cylinder(diameter=1 * um, length=10 * um, n=2)
    cell.axon.right = ranvier.Cylinder(diameter=1 * um, length=10 * um)
    flat = FlatMorphology(cell)
    assert (flat.n, flat.sections) == (8, 4)
    assert flat.starts.tolist() == [0, 1, 5, 7] and flat.ends.tolist() == [1, 5, 7, 8]
    assert flat.depth.tolist() == [0, 1, 1, 1, 1, 2, 2, 2] and flat.morph_parent_i.tolist() == [0, 1, 2, 2]
    assert flat.morph_children_num.tolist() == [1, 1, 2, 0, 0]
    assert flat.morph_children.tolist() == [1, 0, 2, 0, 3, 4, 0, 0, 0, 0] and flat.morph_idxchild.tolist() == [
        0,
        0,
        0,
        1,
    ]
    assert flat.start_x is None and flat.length.sum() == pytest.approx(float((30 + 100 + 20) * um))


def test_what_packages_ask_of_objects():
    from ranvier.core.variables import VariableView
    from ranvier.devices.device import RuntimeDevice, all_devices
    from ranvier.groups.neurongroup import StateUpdater
    from ranvier.synapses.synapses import StateUpdater as SynapticStateUpdater

    group = NeuronGroup(3, "dv/dt = -v/ms : volt", threshold="v > volt", reset="", method="exact")
    synapses = Synapses(group, group, "dx/dt = -x/ms : 1 (clock-driven)", on_pre="x += 1", method="exact")
    monitor = StateMonitor(group, "v", record=[0, 2])
    assert isinstance(group.state_updater, StateUpdater) and isinstance(synapses.state_updater, SynapticStateUpdater)
    assert isinstance(group.v, VariableView) and group.v.group_name == group.name
    assert group.v.indexing("i > 0").tolist() == [1, 2] and monitor[2].monitor is monitor and monitor[2].item == 2
    assert isinstance(all_devices["runtime"], RuntimeDevice) and not monitor.record_all
    assert not synapses.pre.variables["delay"].scalar
