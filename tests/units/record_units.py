"""Records what Brian 2 makes of the expressions in unit_expressions.txt.

Run with a Python that has Brian 2: `python record_units.py`. It writes brian_units.json: for each
expression the kind of the result, its text, its representation, the exponents of its dimension and its
numbers, or the class of the error; the representation of many values; and all units with dimension,
size and names.
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
UFUNC_ARGUMENTS = {1: ("q", "D", "a"), 2: ("q,r", "q,k", "q,2", "2,q", "q,0", "0,q", "a,b", "D,D", "q,np.inf")}

SETUP = """
q, r, a, b, k = 3.5*mV, 2*mV, [1, 2, 3]*mV, [4., -5, 6]*mV, 2*amp
D, D3 = Quantity(0.5), Quantity([1., 2, 3])
m, m3 = [[1., 2], [3, 4]]*mV, np.ones((3, 2))*amp
"""


def namespace(package):
    """Returns the names an expression sees."""
    names = {"np": np}
    exec(
        f"import copy, pickle\nfrom {package}.units.allunits import *\nfrom {package}.units import *\n"
        f"from {package}.units.fundamentalunits import *\n"
        f"from {package}.units.fundamentalunits import (DIMENSIONLESS, fail_for_dimension_mismatch,\n"
        f"    quantity_with_dimensions, get_unit_for_display, user_unit_register as R)",
        names,
    )
    return names


def expressions():
    """Returns all expressions: those of the file, and numpy's ufuncs with many arguments."""
    lines = (HERE / "unit_expressions.txt").read_text().splitlines()
    ufuncs = sorted(n for n in dir(np) if isinstance(getattr(np, n), np.ufunc))
    calls = [f"np.{u}({args})" for u in ufuncs for args in UFUNC_ARGUMENTS.get(getattr(np, u).nin, ())]
    return [*lines, *calls]


def displays():
    """Returns products of numbers and units whose display is recorded."""
    units = ("volt", "metre**2", "metre**3", "kilogram", "siemens/metre**2", "molar", "kelvin", "hertz")
    return [f"{x}e{e}*{unit}" for unit in units for e in range(-26, 27) for x in (1, 3.3, 7)]


def value_of(result):
    """Returns the numbers of a result as a list (complex ones as text), None if it has none."""
    try:
        values = np.asarray(result)
        if values.dtype.kind in "biuf":
            return values.astype(float).ravel().tolist()[:50]
        if values.dtype.kind == "c":
            return [str(x) for x in values.ravel()]
    except Exception:
        pass
    return None


def outcome(text, names):
    """Returns what an expression gives in a namespace, as plain data."""
    register = names["R"]
    local = dict(names)
    exec(SETUP, local)
    register.units.clear()
    register.units_for_dimensions.clear()
    *statements, last = text.split(" ;; ")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec("\n".join(statements), local)
            return describe(eval(last, local))
    except Exception as error:
        return {"error": type(error).__name__}


def describe(result):
    """Returns a result as plain data."""
    if isinstance(result, (tuple, list)):
        return {"items": [describe(x) for x in result]}
    kind = type(result).__name__
    if isinstance(result, np.ndarray) and kind not in ("Quantity", "Unit"):
        kind = "ndarray"
    dim = getattr(result, "dim", None)
    return {
        "kind": kind,
        "str": str(result),
        "repr": repr(result),
        "dim": None if dim is None else [float(x) for x in dim._dims],
        "value": value_of(result),
    }


def units(names):
    """Returns dimension, size and names of all units."""
    return {
        n: [" ".join(f"{x:g}" for x in u.dim._dims), float(u), u.name, u.dispname, float(u.scale)]
        for n, u in names.items()
        if type(u).__name__ == "Unit"
    }


def lines(table):
    """Returns a table as JSON with one line per entry."""
    return ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in table.items())


if __name__ == "__main__":
    names = namespace(sys.argv[1] if len(sys.argv) > 1 else "brian2")
    from brian2 import DEFAULT_UNITS

    data = {
        "units": units(names),
        "string_units": sorted(DEFAULT_UNITS),
        "displays": {text: outcome(text, names)["repr"] for text in displays()},
        "expressions": {text: outcome(text, names) for text in expressions()},
    }
    groups = (f"{json.dumps(key)}: {{\n{lines(data[key])}\n}}" for key in ("units", "displays", "expressions"))
    strings = f'"string_units": {json.dumps(data["string_units"])}'
    (HERE / "brian_units.json").write_text("{\n" + ",\n".join([strings, *groups]) + "\n}\n")
