"""Our units against what Brian 2 made of the same expressions (recorded by record_units.py)."""

import importlib.util
import json
from pathlib import Path

from ranvier.units.stringunits import string_unit_names, unit_in_string
from ranvier.units.unit import Unit

HERE = Path(__file__).parent
BRIAN = json.loads((HERE / "brian_units.json").read_text())

_spec = importlib.util.spec_from_file_location("record_units", HERE / "record_units.py")
record_units = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(record_units)
NAMES = record_units.namespace("ranvier")

#: Expressions with another result than Brian's, and why.
OF_LIBRARIES = ("np.linalg.eig(m)", "np.polyfit(a,b,1)")
"""Their rounding, order and signs are those of the linear algebra that a version of numpy has."""

DIFFERENT = {
    "2**Quantity(3)": "quantities are always float",
    "Quantity(3).item()": "quantities are always float",
    "Quantity([1,2]).dtype": "quantities are always float",
    "Quantity([1,2],dim=volt.dim).dtype": "quantities are always float",
    "[1*mV,2*mV]*ms": "Brian forgets the unit of the list",
    "[1*mV,2]*ms": "Brian takes a mixed list as plain numbers",
    "exprel(0)": "np.float64 instead of float",
    "exprel(1e-20)": "np.float64 instead of float",
    "exprel(800.)": "np.float64 instead of float",
    "3*radian": "float instead of np.float64",
    "radian*3": "float instead of np.float64",
    "float([1]*mV)": "numpy 2.4 no longer does this",
    "np.in1d(a,b)": "numpy 2.4 no longer has it",
    "mV**np.array(2)": "the exponent is written as a number",
    "mV**np.int64(2)": "the exponent is written as a number",
    "pickle.loads(pickle.dumps(mV)) == mV": "a unit stays a unit",
    "np.power(q,np.inf)": "no infinite exponents of dimensions",
    "np.pow(q,np.inf)": "no infinite exponents of dimensions",
    "repr(3*metre*second**2*kilogram**0.5), str(3*metre*second**2*kilogram**0.5)": "whole exponents are integers",
    "str(DimensionMismatchError('desc')), str(DimensionMismatchError('desc', volt.dim)), "
    "str(DimensionMismatchError('d', volt.dim, amp.dim, DIMENSIONLESS))": "three units are listed in words",
    "DimensionMismatchError('desc', volt.dim, amp.dim).__dict__": "order of attributes",
    "volt.dim._latex(), volt.dim._repr_latex()": "the notebook's name is _repr_latex_",
    "mV!=amp": "Brian says False to mV == amp, but refuses mV != amp",
    "a.clip(None,2*mV)": "Brian needs both limits",
}


def plain(outcome):
    """Returns an outcome with the names of our modules as Brian's, and LaTeX's braces around exponents gone."""
    text = json.dumps(outcome, sort_keys=True)
    for module in ("quantity", "unit", "dimensions"):
        text = text.replace(f"ranvier.units.{module}.", "brian2.units.fundamentalunits.")
    for exponent in ("2", "0.5"):
        text = text.replace("^{" + exponent + "}", "^" + exponent)
    return json.loads(text)


def test_expressions_give_what_brian_gives():
    wrong = {}
    for text, brian in BRIAN["expressions"].items():
        if text in OF_LIBRARIES:
            continue
        ours = plain(record_units.outcome(text, NAMES))
        if text in DIFFERENT or json.dumps(ours, sort_keys=True) == json.dumps(plain(brian), sort_keys=True):
            continue
        # Where Brian refuses without reason, we may do more; where both refuse, dimensions may be the reason.
        refused = brian.get("error") in ("TypeError", "AttributeError", "ValueError")
        if not refused:
            wrong[text] = (brian, ours)
    assert not wrong


def test_exceptions_to_brian_are_still_exceptions():
    same = [
        t
        for t in DIFFERENT
        if json.dumps(plain(record_units.outcome(t, NAMES)), sort_keys=True)
        == json.dumps(plain(BRIAN["expressions"].get(t)), sort_keys=True)
    ]
    assert not same
    assert set(DIFFERENT) <= set(BRIAN["expressions"])


def test_values_are_shown_in_the_unit_brian_chooses():
    ours = {text: record_units.outcome(text, NAMES).get("repr") for text in BRIAN["displays"]}
    assert {t: (BRIAN["displays"][t], r) for t, r in ours.items() if r != BRIAN["displays"][t]} == {}


def test_all_units_have_brians_dimension_size_and_names():
    ours = record_units.units(NAMES)
    assert {n: (u, ours.get(n)) for n, u in BRIAN["units"].items() if ours.get(n) != u} == {}
    assert len(BRIAN["units"]) > 2000


def test_strings_know_brians_units():
    assert string_unit_names() == set(BRIAN["string_units"]) | {"mS"}


def test_units_in_strings_are_the_units():
    for name in string_unit_names():
        size, dim = unit_in_string(name)
        unit = NAMES[name]
        assert isinstance(unit, Unit) and float(unit) == size and unit.dim is dim
    for name in ("v", "mv", "cvolt", "kkelvin", "litre2", "celsius", "volt4", "", "2"):
        assert unit_in_string(name) is None
