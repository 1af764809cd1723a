"""Point neurons of NeuroML: their equations, and groups made from cells in files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from ranvier.objects.neurons.neurongroup import NeuronGroup
from ranvier.public.argument_names import explains_arguments
from ranvier.units import Quantity
from ranvier.units.stringunits import unit_in_string


@dataclass(frozen=True)
class CellType:
    """A type of cells.

    Attributes:
        model: The equations, with the parameters of NeuroML under their names.
        parameters: Names of the parameters that a cell has to have.
        threshold: Condition for a spike, None if there are none.
        reset: Statements.
        initial: Variable → text of its initial value.
        refractory: Name of the parameter that is the refractory period.
    """

    model: str
    parameters: str
    threshold: str | None
    reset: str | None
    initial: Mapping[str, str]
    refractory: str | None = None


_SPIKE = "v > thresh"
_LEAK = "dv/dt = (leakConductance*(leakReversal - v) + I)/C : volt{}\nI : amp"
_TAU = "dv/dt = (leakReversal - v)/tau : volt{}"
_FREE = " (unless refractory)"
_REST = {"v": "leakReversal"}

CELLS: Mapping[str, CellType] = {
    "iafCell": CellType(_LEAK.format(""), "leakReversal thresh reset C leakConductance", _SPIKE, "v = reset", _REST),
    "iafRefCell": CellType(
        _LEAK.format(_FREE),
        "leakReversal thresh reset C leakConductance refract",
        _SPIKE,
        "v = reset",
        _REST,
        "refract",
    ),
    "iafTauCell": CellType(_TAU.format(""), "leakReversal thresh reset tau", _SPIKE, "v = reset", _REST),
    "iafTauRefCell": CellType(
        _TAU.format(_FREE), "leakReversal thresh reset tau refract", _SPIKE, "v = reset", _REST, "refract"
    ),
    "izhikevichCell": CellType(
        "dv/dt = (0.04*v**2/mV + 5*v + (140 - U + I)*mV)/ms : volt\ndU/dt = a*(b*v/mV - U)/ms : 1\nI : 1",
        "v0 thresh a b c d",
        _SPIKE,
        "v = c*mV; U += d",
        {"v": "v0", "U": "v0*b/mV"},
    ),
    "izhikevich2007Cell": CellType(
        "dv/dt = (k*(v - vr)*(v - vt) - u + I)/C : volt\ndu/dt = a*(b*(v - vr) - u) : amp\nI : amp",
        "C v0 k vr vt vpeak a b c d",
        "v > vpeak",
        "v = c; u += d",
        {"v": "v0"},
    ),
    "adExIaFCell": CellType(
        "dv/dt = (gL*(EL - v) + gL*delT*exp((v - VT)/delT) - w + I)/C : volt (unless refractory)\n"
        "dw/dt = (a*(v - EL) - w)/tauw : amp\nI : amp",
        "C gL EL reset VT thresh delT tauw refract a b",
        _SPIKE,
        "v = reset; w += b",
        {"v": "EL"},
        "refract",
    ),
    "fitzHughNagumoCell": CellType(
        "dV/dt = (V - V**3/3 - W + I)/second : 1\ndW/dt = 0.08*(V + 0.7 - 0.8*W)/second : 1", "I", None, None, {}
    ),
    "fitzHughNagumo1969Cell": CellType(
        "dV/dt = (V - V**3/3 - W + I)/second : 1\ndW/dt = phi*(V + a - b*W)/second : 1",
        "a b I phi V0 W0",
        None,
        None,
        {"V": "V0", "W": "W0"},
    ),
}
"""NeuroML's cells without compartments, as its core types define them."""

SNAKE = {"leakReversal": "leak_reversal", "leakConductance": "leak_conductance", "delT": "del_t", "gL": "g_l"}
"""libNeuroML's names of parameters, where they are not those of files in lower case."""


@dataclass(frozen=True)
class Cell:
    """A cell of a NeuroML file.

    Attributes:
        id: Its name there.
        type: Its type, "izhikevichCell" for instance.
        kwargs: The arguments of a `NeuronGroup` of such cells, but for the number.
        initial: Variable → text of its initial value.
    """

    id: str
    type: str
    kwargs: dict[str, Any]
    initial: dict[str, str]

    def group(self, N: int, **kwargs: Any) -> NeuronGroup:  # noqa: N803
        """Returns a group of such cells with their initial values.

        Args:
            N: Number of neurons.
            **kwargs: Further arguments of `NeuronGroup`, or others in the place of `kwargs`.
        """
        made = NeuronGroup(N, **{**self.kwargs, **kwargs})
        for variable, text in self.initial.items():
            made.state(variable).set_item(slice(None), text, namespace=made.namespace)
        return made


@explains_arguments
def from_neuroml(source: Any) -> dict[str, Cell]:
    """Returns the point neurons of a NeuroML document, by their ids.

    A current into the cell is its parameter `I`, which is 0 at first.

    Args:
        source: The path of a file (".nml"), or a `NeuroMLDocument` or a cell of libNeuroML.

    Raises:
        NotImplementedError: If there are cells, but none of a type that is known here.
        ValueError: If a cell lacks a parameter, or has one that cannot be read.
    """
    found: dict[str, Cell] = {}
    others: list[str] = []
    for kind, attributes in _from_file(source) if isinstance(source, (str, Path)) else _from_objects(source):
        if kind in CELLS:
            cell = _cell(kind, attributes)
            if cell.id in found:
                raise ValueError(f"There are two cells with the id '{cell.id}': ids have to differ.")
            found[cell.id] = cell
        elif kind.endswith(("Cell", "cell")):
            others.append(f"{kind} '{attributes.get('id', '?')}'")
    if not found and others:
        raise NotImplementedError(
            f"These cells have no counterpart: {', '.join(others)}. There are: {', '.join(CELLS)}."
        )
    return found


def _from_file(path: str | Path) -> list[tuple[str, dict[str, str]]]:
    with open(path, "rb") as file:
        try:
            root = ElementTree.parse(file).getroot()
        except (ElementTree.ParseError, LookupError, ValueError) as error:  # LookupError: an unknown encoding
            raise ValueError(f"{path} is no NeuroML file, or it is damaged: {error}") from None
    return [_named(element) for element in root.iter()]


def _named(element: ElementTree.Element) -> tuple[str, dict[str, str]]:
    kind = element.tag.rpartition("}")[2]
    return (element.attrib.get("type", kind) if kind == "Component" else kind), dict(element.attrib)


def _from_objects(source: Any) -> list[tuple[str, dict[str, str]]]:
    """Returns the cells of a document of libNeuroML, or the one that is given."""
    held: dict[str, Any] = source.__dict__
    lists: list[list[Any]] = [value for value in held.values() if isinstance(value, list)]
    objects: list[Any] = [source, *(one for values in lists for one in values)]
    found: list[tuple[str, dict[str, str]]] = []
    for obj in objects:
        name = type(obj).__name__
        kind = next((known for known in CELLS if known.lower() == name.lower()), name)
        if kind in CELLS:
            names = CELLS[kind].parameters.split()
            values = {own: _attribute(obj, own) for own in names}
            found.append((kind, {"id": str(obj.id), **{own: str(v) for own, v in values.items() if v is not None}}))
        elif name.endswith("Cell"):
            found.append((name, {"id": str(obj.id)}))
    return found


def _attribute(obj: Any, name: str) -> object:
    value = getattr(obj, name, None)
    return value if value is not None else getattr(obj, SNAKE.get(name, name), None)


def _cell(kind: str, attributes: Mapping[str, str]) -> Cell:
    known = CELLS[kind]
    missing = [name for name in ("id", *known.parameters.split()) if name not in attributes]
    if missing:
        raise ValueError(f"The {kind} '{attributes.get('id', '?')}' has no '{missing[0]}'.")
    values = {name: _quantity(attributes["id"], name, attributes[name]) for name in known.parameters.split()}
    kwargs: dict[str, Any] = {"model": known.model, "namespace": values, "method": "euler"}
    if known.threshold is not None:
        kwargs |= {"threshold": known.threshold, "reset": known.reset}
    if known.refractory is not None:
        kwargs["refractory"] = values[known.refractory]
    return Cell(attributes["id"], kind, kwargs, dict(known.initial))


def _quantity(cell: str, name: str, text: str) -> Any:
    """Returns a value such as "-70mV", "0.1 per_ms" or "7e-07nS_per_mV"."""
    number = re.match(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(.*?)\s*\Z", text)
    if number is None:
        raise ValueError(f"The '{name}' of '{cell}' is '{text}', which is no number with a unit.")
    value = float(number[1])
    over, per, under = number[2].partition("per_")
    for part, sign in ((over.rstrip("_"), 1), (under if per else "", -1)):
        for unit in filter(None, part.split("_")):
            meaning = unit_in_string(
                {"s": "second", "V": "volt", "A": "amp", "S": "siemens", "F": "farad"}.get(unit, unit)
            )
            if meaning is None:
                raise ValueError(f"The '{name}' of '{cell}' is '{text}', whose unit '{number[2]}' is not known.")
            scale, dim = meaning
            value = value * Quantity(float(scale), dim=dim) ** sign
    return value
