"""The names that scripts import."""

import importlib
import subprocess
import sys

import pytest

import ranvier
from ranvier.brian.earlier_paths import EARLIER
from ranvier.brian.public_names import MODULES, NAMES


def test_the_star_import():
    names = {}
    exec("from ranvier import *", names)
    for name in ("NeuronGroup", "ms", "nS", "linspace", "plot", "zeros", "np", "exact", "linear", "gsl_rk2", "core"):
        assert name in names
    assert names["np"].__name__ == "ranvier.numpy_" and names["seed"] is ranvier.seed
    assert not {"x", "f", "rate"} & set(names)
    assert len(set(names) - {"__builtins__"}) >= 1000


def test_every_public_name_exists():
    for name in NAMES:
        assert getattr(ranvier, name) is not None


@pytest.mark.parametrize("path", sorted({**MODULES, **EARLIER}))
def test_brians_module_paths_and_those_of_earlier_versions(path):
    module = importlib.import_module(f"ranvier.{path}")
    for name in module.__all__:
        assert getattr(module, name) is not None


def test_only_has_no_names_of_pylab():
    names = {}
    exec("from ranvier.only import *", names)
    assert "NeuronGroup" in names and "mV" in names and "plot" not in names and "input" not in names


def test_unknown_names():
    with pytest.raises(AttributeError, match="nonsense"):
        ranvier.nonsense  # noqa: B018
    with pytest.raises(ImportError):
        exec("from ranvier import nonsense")
    with pytest.raises(AttributeError):
        ranvier.only.plot  # noqa: B018


def test_importing_the_package_loads_nothing_heavy():
    code = "import sys, ranvier; print(sorted(m for m in sys.modules if m.partition('.')[0] in HEAVY))"
    heavy = "{'numpy', 'sympy', 'xdsl', 'pyarrow', 'networkx', 'matplotlib', 'pandas', 'scipy', 'llvmlite'}"
    found = subprocess.run(
        [sys.executable, "-c", code.replace("HEAVY", heavy)], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"


def test_creating_objects_loads_nothing_heavy():
    code = (
        "import sys; from ranvier import NeuronGroup, SpikeMonitor, StateMonitor, ms\n"
        "G = NeuronGroup(2, 'dv/dt = -v/ms : 1', threshold='v > 1', reset='v = 0')\n"
        "M, S = StateMonitor(G, 'v', record=True), SpikeMonitor(G)\n"
        "G.v = 'rand()'\n"
        "heavy = {'sympy', 'xdsl', 'pyarrow', 'networkx', 'matplotlib', 'pandas', 'scipy'}\n"
        "print(sorted(m for m in sys.modules if m in heavy))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["CythonCodeObject", "NumpyCodeObject"])
def test_what_is_missing_says_so(name):
    with pytest.raises(NotImplementedError, match="not supported by Ranvier yet"):
        getattr(ranvier, name)(1)


def test_units_known_in_texts():
    assert ranvier.DEFAULT_UNITS["mV"] == ranvier.mV and "newton" in ranvier.DEFAULT_UNITS
    assert "nonsense" not in ranvier.DEFAULT_UNITS and len(ranvier.DEFAULT_UNITS) > 1700


def test_the_initial_state_comes_back():
    ranvier.prefs["core.default_float_dtype"] = ranvier.float32
    ranvier.defaultclock.dt = 1 * ranvier.ms
    ranvier.restore_initial_state()
    assert ranvier.prefs["core.default_float_dtype"] is ranvier.float64 and ranvier.defaultclock.dt == 0.1 * ranvier.ms
