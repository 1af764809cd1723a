"""What arguments are that mean the same wherever they occur, or that their function's docstring leaves open.

The reference adds these to what the docstrings say; a test finds arguments of which neither says anything.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

from book.docstrings import markdown
from ranvier.brian.public_names import NAMES, find

COMMON: Mapping[str, str] = {
    "level": "How many frames further out the names of the script are looked up, for functions that call on behalf of "
    "their caller.",
    "use_units": "Whether the values have units; without, they are plain numbers in base units.",
    "units": "Whether the values have units; without, they are plain numbers in base units.",
    "format": 'The form of the values: "dict" for arrays by name, or one that `ImportExport` knows, such as "pandas".',
    "subexpressions": "Whether the expressions of the equations are computed and given, too.",
    "read_only_variables": "Whether variables are given that cannot be set, such as `i` and `N`.",
    "values": "The values by the names of what they belong to.",
    "layout": '"nested", "wide" or "long", as in `to_arrow`.',
    "filename": "A file, which may hold several states; without, the state is kept in memory.",
    "restore_random_state": "Whether random numbers go on as they did after the state was stored, instead of anew.",
    "objs": "The objects, or lists and dictionaries of them.",
    "var": "The name of a variable of the monitor.",
    "variable": "The variable.",
    "when": "The slot of the schedule.",
    "order": "The place among objects of the same slot; those with smaller numbers come first.",
    "namespace": "Names and what they mean, instead of those of the script.",
    "run_namespace": "Names and what they mean, those of the script for instance.",
    "check_units": "Whether a value of another unit is refused.",
    "item": "Which elements: a number, a slice, an array of numbers or of truth values, or a condition as text.",
    "value": "One value for all elements, or one for each.",
    "code": "The expression as text, in the language of models.",
    "cond": "The condition as text: the elements for which it holds are set.",
    "options": "How the program is compiled.",
    "msg": "What is said.",
    "name_suffix": "What the topic of the message ends with, so that it can be silenced by its name.",
    "once": "Whether the message is given only once in a process.",
    "target": "Accepted and not looked at: there is one cache.",
    "precision": "How many digits are shown; None stands for those of numpy's settings.",
    "python_code": "Whether the text is to be read by Python (`3. * mV`) instead of by people (`3. mV`).",
    "registers": "The units among which the best one is looked for; without, those that have been registered.",
    "out": "An array into which the result is written; it gets no unit.",
    "obj": "A quantity, a number, an array, or a text that stands for a number.",
    "x": "A quantity or a number.",
    "d": "The dimension.",
    "path": "The file.",
    "exponents": "The seven exponents of the base units, or a dimension.",
}
"""Name → what it is, for all functions that say nothing of it."""

OWN: Mapping[str, str] = {
    "BrianObjectException: message": "What went wrong.",
    "BrianObjectException: brianobj": "The object with which it went wrong.",
    "DimensionMismatchError: description": "What does not fit; the dimensions follow it.",
    "BinomialFunction: name": "The name of the function, by which texts call it.",
    "Equations.substitute: replacements": "Name → new name, or value, of a name in the equations.",
    "Equations.check_identifier: identifier": "The name.",
    "Equations.register_identifier_check: func": "A function of a name, which raises an error if it is refused.",
    "Equations.check_units: group": "The group whose equations they are.",
    "Expression.part_of: origin": "The text that it stands in, and where; for messages.",
    "ExplicitStateUpdater.check: system": "The equations.",
    "Function: sympy_func": "The function of sympy that means the same, for symbolic algebra.",
    "Function: arg_names": "The names of its arguments; without, those of the Python function.",
    "StateUpdateMethod.register: stateupdater": "A method of integration: an object with an `__call__`.",
    "Synapses.register_variable: variable": "The array.",
    "Morphology.from_swc_file: filename": "The file, in the format SWC.",
    "Morphology.from_swc_file: spherical_soma": "Whether a soma of one point, or of three, is a sphere.",
    "Lowering.threads_of: values": "What the inputs of the plan stand for.",
    "MagicNetwork.restore: name": "The name under which it was stored.",
    "get_logger: module_name": "The topic of its messages, such as `ranvier.groups`.",
    "implementation: namespace": "Arrays that code in C++ uses, by their names.",
    "implementation: dependencies": "Functions that the code calls, by the names in the code.",
    "implementation: discard_units": 'Whether the function of numpy is called without units (only for `"numpy"`).',
    "implementation: name": "The name of the function in the code; without, that of the Python function.",
    "Quantity.with_dimensions: value": "The number or array, in base units.",
    "Quantity.with_dimensions: keywords": "Exponents by names of base units, as `length=1`.",
    "Quantity.has_same_dimensions: other": "A quantity or a number.",
    "Quantity.fill: values": "The value, in the same unit.",
    "Quantity.put: indices": "Which elements.",
    "Quantity.put: mode": "What happens to numbers beyond the end, as in numpy.",
    "Quantity.dot: other": "A quantity or an array.",
    "Quantity.searchsorted: v": "Values in the same unit.",
    "Unit.create_scaled_unit: baseunit": "The unit without prefix.",
    "Unit.create_scaled_unit: scalefactor": 'The prefix, such as `"m"`.',
    "Unit.set_name: value": "The name.",
    "Unit.set_display_name: value": "The name.",
    "Unit.set_latex_name: value": "The name.",
    "dot: b": "The second factor.",
    "have_same_dimensions: obj1": "A quantity or a number.",
    "have_same_dimensions: obj2": "Another one.",
    "linspace: num": "How many values.",
    "linspace: endpoint": "Whether the last value is `stop`.",
    "linspace: retstep": "Whether the distance of the values is given as well.",
    "where: condition": "Where the first of the two others is taken.",
    "SynapticPathway.forget_delays: size": "The number of synapses.",
    "SynapticPathway.rate_facts: sizes": "What is known of the numbers of synapses, by name.",
    "SynapticPathway.lowered: scope": "What the names in the code mean.",
    "MemoryPlan.at_once: number": "The number of instances.",
    "SweepResult.table: name": "The name of a monitor that was kept.",
    "Traced.lower: alone": "Whether the program is to run by itself, with one thread, as sweeps need it.",
    "write_inputs: inputs": "Arrays by the labels of inputs.",
    "Cost.count: param": "A function of the number of a size, which gives its value.",
    "Cost.total: param": "A function of the number of a size, which gives its value.",
    "Counts.times: factor": "How often.",
    "SweepProfile.add: plan": "The plan that it was made of.",
    "BrianView.get_with_index_array: item": "Numbers of elements.",
    "BrianView.get_subexpression_with_index_array: item": "Numbers of elements.",
    "BrianView.set_with_index_array: item": "Numbers of elements.",
    "WithDelays.state: name": "The name of a variable.",
}
"""Class.method: argument → what it is."""


GIVEN_ON = ("self", "cls", "args", "kwds", "kwargs")
"""Names of arguments that stand for others."""


def open_arguments(call: Callable[..., Any], text: str) -> list[str]:
    """Returns the arguments that a docstring does not name.

    Args:
        call: The function or class.
        text: Its docstring; of a class, with that of its constructor.
    """
    try:
        parameters = inspect.signature(call).parameters
    except (TypeError, ValueError):
        return []
    names = [name for name in parameters if name not in GIVEN_ON and not name.startswith("_")]
    return [name for name in names if not _is_named(name, text)]


def sentence(place: str, name: str, text: str) -> str | None:
    """Returns what an argument is that its docstring leaves open; None if nobody says it.

    A docstring that says "see `Network.run`" has what that one explains.

    Args:
        place: The function, or class and method.
        name: The argument.
        text: The docstring.
    """
    others = [inspect.getdoc(each) or "" for each in _references(text)]
    entries = (re.findall(rf"^:param {re.escape(name)}: (.*)$", markdown(each), re.MULTILINE) for each in others)
    said = [line for found in entries for line in found]
    named = "As there." if any(_is_named(name, each) for each in others) else None
    return (said[0] if said else None) or OWN.get(f"{place}: {name}") or COMMON.get(name) or named


def further_fields(place: str, call: Callable[..., Any], text: str) -> str:
    """Returns the fields of Markdown that say what a docstring leaves open.

    Args:
        place: The function, or class and method.
        call: The function or class.
        text: Its docstring.
    """
    said = ((name, sentence(place, name, text)) for name in open_arguments(call, text))
    fields = "\n".join(f":param {name}: {what}" for name, what in said if what)
    has_fields = re.search(r"^(Args|Raises|Attributes|Returns|Yields):$", text, re.MULTILINE)
    return "" if not fields else f"{fields}\n" if has_fields else f"\n{fields}\n"


def _is_named(name: str, text: str) -> bool:
    return re.search(rf"\b{re.escape(name)}\b", text) is not None


def _references(text: str) -> list[object]:
    """Returns the functions that a docstring refers to."""
    found: list[object] = []
    for place in re.findall(r"[Ss]ee `([\w.]+)`", text):
        name, _, member = place.partition(".")
        if name in NAMES:
            found.append(getattr(find(name), member, None) if member else find(name))
    return [each for each in found if each is not None]
