"""Files of a script's folder that Python takes for modules of its own, or of the packages that Ranvier needs."""

from __future__ import annotations

import os
import sys

NEEDED = ("numpy", "llvmlite", "xdsl", "sympy", "networkx", "pyarrow", "matplotlib", "pandas", "polars", "scipy")
"""Packages whose names files of scripts should not have."""


def note_hidden_modules(error: BaseException) -> None:
    """Adds to an error of an import which files hide modules: `random.py` beside the script is one's `random`."""
    folder = os.path.abspath(sys.path[0]) if sys.path else os.getcwd()
    for name in sorted({*sys.stdlib_module_names, *NEEDED} & {*sys.modules}):
        path = getattr(sys.modules[name], "__file__", None)
        if path and os.path.dirname(os.path.abspath(path)) == folder != os.path.dirname(os.path.abspath(os.__file__)):
            error.add_note(f"Python takes {path} for its module '{name}'. Give the file another name.")
