"""The names of pylab: complete, and matplotlib loaded only when one of its names is used."""

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest

from ranvier.brian import pylab_table
from ranvier.brian.pylab_names import LazyModule, LazyName, pylab_namespace

NAMES = pylab_namespace()


def run(code):
    """Returns what a fresh Python prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, env={"MPLBACKEND": "agg"}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_numpy_names_are_numpys():
    for name in ("mean", "array", "sum", "all", "any", "divmod", "pi", "float64", "newaxis", "nan"):
        assert NAMES[name] is getattr(np, name)
    assert NAMES["norm"] is np.linalg.norm and NAMES["abs"] is abs and NAMES["max"] is max
    assert NAMES["trapz"] is np.trapezoid
    assert np.shape(NAMES["randn"](3, 2)) == (3, 2) and NAMES["fft"]([1.0, 2.0])[0] == 3
    assert NAMES["np"].log is not np.log and NAMES["np"].mean is np.mean


def test_every_name_is_there():
    groups = [getattr(pylab_table, g) for g in dir(pylab_table) if g.isupper()]
    names = [name for group in groups for name in group.split()]
    assert len(names) == len(set(names)) > 800
    pytest.importorskip("matplotlib")
    assert [name for name in names if name not in NAMES] == []


def test_random_numbers_follow_numpys_seed():
    np.random.seed(3)
    a = NAMES["rand"](3)
    np.random.seed(3)
    np.testing.assert_array_equal(a, np.random.rand(3))
    assert isinstance(NAMES["default_rng"](1), NAMES["Generator"])


def test_matplotlib_is_loaded_by_the_first_use_only():
    pytest.importorskip("matplotlib")
    assert run(
        "import sys, inspect, numpy\n"
        "from ranvier.brian.pylab_names import pylab_namespace\n"
        "names = pylab_namespace()\n"
        "for value in names.values():\n"
        "    hasattr(value, '_repr_html_'), inspect.unwrap(value) if callable(value) else 0, numpy.ndim\n"
        "print([m for m in ('matplotlib', 'numpy.random', 'numpy.testing', 'numpy.f2py') if m in sys.modules])\n"
        "figure = names['figure']()\n"
        "print(isinstance(figure, names['Figure']), names['plt'].gcf() is figure)\n"
    ).splitlines() == ["[]", "True True"]


WITHOUT_MATPLOTLIB = """
import sys
class Gone:
    def find_spec(self, name, path=None, target=None):
        if name == "matplotlib":
            raise ModuleNotFoundError(name, name=name)
from ranvier import *
sys.meta_path.insert(0, Gone())
"""


def test_without_matplotlib_its_names_say_what_to_install():
    tries = "\n".join(
        f"try:\n    {text}\nexcept ImportError as error:\n    print(error)"
        for text in ("plot([1, 2])", "plt.plot([1, 2])", "mpl.rcParams", "print(figure)", "rcParams['figure.dpi'] = 9")
    )
    said = run(f"{WITHOUT_MATPLOTLIB}{tries}\nprint(mean([1, 3]), rand(2).shape, len(dir()) > 1000)").splitlines()
    assert said[-1] == "2.0 (2,) True" and len(said) == 6
    assert set(said[:-1]) == {
        "This needs the package 'matplotlib', which is not installed: pip install matplotlib (Ranvier's extra 'plot')."
    }


def test_without_matplotlib_its_names_mean_nothing_to_models():
    said = run(
        WITHOUT_MATPLOTLIB + "group = NeuronGroup(1, 'dv/dt = (contour - v)/ms : 1', method='euler')\n"
        "try:\n    run(1*ms)\nexcept BrianObjectException as error:\n    print(error.__cause__)\n"
        "contour = 2\nrun(1*ms)\nprint(group.v[0] > 1)"
    )
    assert "contour" in said and "matplotlib" not in said and said.endswith("True")


def test_stand_ins_behave_like_the_objects():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    import matplotlib.pyplot as plt
    from matplotlib.figure import Figure

    lazy = NAMES["Figure"]

    class Own(lazy):
        pass

    assert issubclass(Own, Figure) and issubclass(Own, lazy) and isinstance(Own(), lazy)
    assert lazy.add_subplot is Figure.add_subplot and lazy == Figure and repr(lazy) == repr(Figure)
    assert hash(lazy) == hash(Figure) and lazy.__doc__ == Figure.__doc__
    assert isinstance(1, lazy | int) and isinstance(1, int | lazy)
    assert pickle.loads(pickle.dumps(lazy)) == Figure and copy.deepcopy(lazy) is lazy
    parameters = NAMES["rcParams"]
    old = parameters["lines.linewidth"]
    parameters["lines.linewidth"] = 7.5
    assert plt.rcParams["lines.linewidth"] == 7.5 and "lines.linewidth" in parameters and len(parameters) > 9
    parameters["lines.linewidth"] = old
    assert next(iter(parameters)) == next(iter(plt.rcParams)) and NAMES["DAILY"] == 3


def test_stand_ins_for_modules():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    module = LazyModule("matplotlib.pyplot")
    import matplotlib.pyplot as plt

    module.own_name = 3
    assert plt.own_name == 3 and module.plot is plt.plot and "plot" in dir(module)
    del module.own_name
    assert not hasattr(plt, "own_name") and pickle.loads(pickle.dumps(LazyModule("json"))).dumps([1]) == "[1]"


def test_a_missing_name_says_so():
    with pytest.raises(AttributeError, match="no_such_name"):
        LazyName("math", "no_such_name")()


def test_quantities_can_be_plotted():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    from ranvier.units import ms, mV

    figure, axes = NAMES["subplots"]()
    (line,) = axes.plot([1, 2, 3] * ms, [4, 5, 6] * mV)
    axes.axvspan(1 * ms, 2 * ms)
    axes.set_xlim(0 * ms, 3 * ms)
    axes.fill_between([1, 2] * ms, [1, 2] * mV, [2, 3] * mV)
    axes.scatter([1, 2] * ms, [1, 2] * mV)
    axes.step([1, 2] * ms, [1, 2] * mV)
    axes.vlines([1, 2] * ms, 0, 1)
    axes.errorbar([1, 2] * ms, [1, 2] * mV, yerr=[1, 1] * mV)
    axes.imshow([[1, 2], [3, 4]] * mV)
    figure.canvas.draw()
    np.testing.assert_allclose(np.asarray(line.get_ydata()), [0.004, 0.005, 0.006])
    NAMES["close"](figure)
