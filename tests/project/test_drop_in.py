"""Programs that import brian2 run unmodified."""

import subprocess
import sys
from pathlib import Path

import pytest


def run_script(tmp_path: Path, text: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    script = tmp_path / "script.py"
    script.write_text(text)
    command = [sys.executable, "-m", "ranvier", str(script), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def run_code(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env={"PATH": "", **environment}
    )


def test_a_script_runs_as_with_python(tmp_path: Path) -> None:
    text = (
        "import sys, pickle, brian2 as b2, ranvier\n"
        "from brian2.only import NeuronGroup, ms\n"
        "from brian2.units.allunits import newton\n"
        "import brian2.numpy_ as np\n"
        "assert b2.units.fundamentalunits.have_same_dimensions(b2.mV, b2.volt)\n"
        "assert b2.core.functions.timestep and b2.equations.equations.EquationError\n"
        "assert NeuronGroup is ranvier.NeuronGroup and b2.__version__ == '2.10.1'\n"
        "assert pickle.loads(pickle.dumps(b2)) is b2\n"
        "def value(): pass\n"
        "assert pickle.loads(pickle.dumps(value)) is value and __name__ == '__main__'\n"
        "print(sys.argv[1:], sys.path[0] == __file__.rpartition('/')[0])\n"
        "sys.exit(3)\n"
    )
    ended = run_script(tmp_path, text, "a", "--b")
    assert (ended.returncode, ended.stdout) == (3, "['a', '--b'] True\n"), ended.stderr


def test_a_traceback_begins_in_the_script(tmp_path: Path) -> None:
    ended = run_script(tmp_path, "def f():\n    1/0\nf()\n")
    lines = ended.stderr.splitlines()
    assert ended.returncode == 1 and lines[0] == "Traceback (most recent call last):"
    assert lines[1] == f'  File "{tmp_path / "script.py"}", line 3, in <module>'
    ended = run_script(tmp_path, "x = (\n")
    assert ended.returncode == 1 and "Traceback" not in ended.stderr and "SyntaxError" in ended.stderr


def test_a_script_that_is_not_there() -> None:
    ended = subprocess.run([sys.executable, "-m", "ranvier", "no_such.py"], capture_output=True, text=True, check=False)
    assert ended.returncode == 2 and "can't open file" in ended.stderr


def test_names_that_packages_for_brian_import() -> None:
    code = (
        "import ranvier; ranvier.as_brian2()\n"
        "from brian2.core.variables import Constant, VariableView\n"
        "from brian2.synapses.synapses import SummedVariableUpdater, SynapticPathway\n"
        "from brian2.monitors.statemonitor import StateMonitorView\n"
        "from brian2.units.allunits import all_units\n"
        "from brian2.units.stdunits import mV, mvolt, siemens, stdunits, all_units\n"
        "assert len(stdunits) == 27 and stdunits['mV'] is mV and 'mS' not in stdunits and mvolt in all_units\n"
        "from brian2.synapses.synapses import SynapticSubgroup, get_dtype\n"
        "from brian2.parsing.sympytools import str_to_sympy, sympy_to_str\n"
        "from brian2.utils.stringtools import get_identifiers, word_substitute\n"
        "assert ranvier.volt in all_units and sympy_to_str(str_to_sympy('arcsin(E) + f(v)')) == 'f(v) + arcsin(E)'\n"
        "assert get_identifiers('a*b + 3e5') == {'a', 'b'} and word_substitute('a*ab', {'a': 'c'}) == 'c*ab'\n"
    )
    ended = run_code(code)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("first", ["matplotlib", "brian2"])
def test_modules_of_matplotlib_need_not_be_imported(first: str) -> None:
    """Brian's star import loads pylab, and scripts rely on it."""
    second = {"matplotlib": "brian2", "brian2": "matplotlib"}[first]
    code = (
        f"import sys, ranvier; ranvier.as_brian2(); import {first}\n"
        "assert 'matplotlib' not in sys.modules or 'brian2' not in sys.argv\n"
        f"import {second}, matplotlib\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
        "assert matplotlib.pyplot.figure and matplotlib.pylab.plot and matplotlib.__version__\n"
        "assert not hasattr(matplotlib, 'nonsense')\n"
    )
    ended = run_code(code, MPLBACKEND="agg")
    assert ended.returncode == 0, ended.stderr


def test_the_names_are_asked_for() -> None:
    code = "import sys, ranvier; print('brian2' in sys.modules)"
    assert run_code(code).stdout == "False\n"
    assert run_code(code, RANVIER_AS_BRIAN2="0").stdout == "False\n"
    assert run_code(code, RANVIER_AS_BRIAN2="1").stdout == "True\n"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "import sys; sys.modules['brian2'] = sys; ranvier.as_brian2()",
            "before anything",
        ),
        ("ranvier.as_brian2(); ranvier.as_brian2(); import brian2genn", "Leave the import out"),
        ("ranvier.as_brian2(); import brian2.nonsense", "No module named 'brian2.nonsense'"),
        ("ranvier.as_brian2(); import brian2; brian2.nonsense", "module 'brian2' has no attribute 'nonsense'"),
    ],
)
def test_what_cannot_be_says_so(code: str, message: str) -> None:
    ended = run_code(f"import ranvier; {code}")
    assert ended.returncode == 1 and message in ended.stderr
