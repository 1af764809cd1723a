"""Writes frontend/brian/pylab_table.py: where each name of pylab comes from that Brian's star import gives.

Run with matplotlib installed: `python record_pylab.py NAMES.json`, where NAMES.json maps each name that
`from brian2 import *` gives to its origin and kind (`{"plot": ["pylab", "callable"], ...}`).
"""

import json
import sys
import textwrap
from pathlib import Path
from types import ModuleType

import matplotlib.pylab as pylab
import numpy as np

TARGET = Path(__file__).parents[2] / "frontend" / "brian" / "pylab_table.py"
NUMPY_MODULES = {"NUMPY": np, "NUMPY_RANDOM": np.random, "NUMPY_FFT": np.fft, "NUMPY_LINALG": np.linalg}
REMOVED = {"trapz", "in1d"}  # no longer in numpy
DOCS = {
    "NUMPY": "Names of numpy.",
    "NUMPY_MODULES": "Modules of numpy; those that numpy has not loaded are loaded at their first use.",
    "NUMPY_RANDOM": "Names of numpy.random.",
    "NUMPY_FFT": "Names of numpy.fft.",
    "NUMPY_LINALG": "Names of numpy.linalg.",
    "BUILTINS": "Python's own functions, which hide those of numpy with the same name.",
    "STANDARD_MODULES": "Modules of Python's library.",
    "MATPLOTLIB": "Functions, classes and values that matplotlib.pylab has.",
}


def origin(name):
    """Returns the group of a name."""
    if name in REMOVED:
        return "NUMPY"
    value = getattr(pylab, name)
    if isinstance(value, ModuleType):
        top = value.__name__.split(".")[0]
        return {"numpy": "NUMPY_MODULES", "matplotlib": "MATPLOTLIB"}.get(top, "STANDARD_MODULES")
    for group, module in NUMPY_MODULES.items():
        if getattr(module, name, None) is value:
            return group
    return "BUILTINS" if getattr(value, "__module__", "") == "builtins" else "MATPLOTLIB"


def main(path):
    """Writes the table."""
    names = [n for n, (where, _) in json.loads(Path(path).read_text()).items() if where == "pylab"]
    groups = {group: [] for group in DOCS}
    skipped = {"cbook", "mlab", "mpl", "plt", "rcsetup", "style", "matplotlib"}  # a literal of pylab_names.py
    for name in sorted(set(names) - skipped):
        groups[origin(name)].append(name)
    lines = [
        '"""Where the names come from that the star import takes from pylab (written by tests/units/'
        'record_pylab.py)."""',
        "",
    ]
    for group, doc in DOCS.items():
        text = textwrap.fill(" ".join(groups[group]), 104, break_on_hyphens=False)
        lines += [f"#: {doc}", f'{group} = """', text, '"""', ""]
    TARGET.write_text("\n".join(lines).rstrip() + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
