"""Who will hold event-driven variables, by the texts of synapses, and how much memory that takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ranvier.actions.actions import Constant, Storage, Time
from ranvier.actions.code import assigned_names, used_names
from ranvier.actions.rewrites.trace_sides import PathwayCode, TraceSides
from ranvier.actions.synaptic_actions import OfSynapse, SynapticBinding
from ranvier.actions.traces import LASTUPDATE
from ranvier.equations.assignments import Assign
from ranvier.equations.expressions import names
from ranvier.equations.functions import DEFAULT_FUNCTIONS
from ranvier.equations.statements import Statement
from ranvier.objects.connections.bindings import synaptic_bindings
from ranvier.objects.pathways.delay_storage import DelayStorage
from ranvier.objects.pathways.pathway import SynapticPathway
from ranvier.objects.synapses.memory_of_sums import Summed
from ranvier.objects.variables.meanings import array_binding
from ranvier.objects.variables.variables import ArrayVariable


def differ(pathway: SynapticPathway) -> bool:
    """Tells whether the synapses of a pathway have delays of their own."""
    storage = pathway.delay_variable.storage
    return isinstance(storage, DelayStorage) and storage.size > 0 and storage.uniform is None


def bytes_of_trace(synapses: Summed, name: str) -> int:
    """Returns how many bytes synapses keep at present of an event-driven variable whose side is apart."""
    traces = synapses.shared_traces
    if traces is None or traces.sharing is None:
        return 0
    apart = traces.sharing.apart
    if name == LASTUPDATE:
        return sum(traces.traces.last[side].array.nbytes for side in apart)
    return traces.traces.values[name].array.nbytes if traces.sharing.sides.get(name) in apart else 0


def planned_sides(synapses: Summed, code: Mapping[str, Sequence[Statement]]) -> dict[str, str]:
    """Returns the side whose neurons will hold each event-driven variable, by the texts; those with values of their own
    are missing.

    Args:
        synapses: The synapses.
        code: The statements of each pathway by its name.
    """
    lines = {key: [Assign(each.target, each.value) for each in statements] for key, statements in code.items()}
    equations = {name: expr.tree for name, expr in synapses.event_driven.diff_eq_expressions}
    used = {name for each in lines.values() for name in used_names(each)}
    used |= {name for expr in equations.values() for name in names(expr)}
    used -= {name for each in lines.values() for name in assigned_names(each) if synapses.reference(name) is None}
    bindings = {name: binding for name in used if (binding := planned_binding(synapses, name)) is not None}
    pathways = [
        PathwayCode(synapses.pathways[key].name, synapses.pathways[key].prepost, each, bindings)
        for key, each in lines.items()
    ]
    return TraceSides(equations, pathways, {}, lambda storage: False).sides


def planned_binding(synapses: Summed, name: str) -> SynapticBinding | None:
    """Returns what a name in a text of synapses will stand for; names of the script count as constants."""
    if name in ("t", "dt"):
        return Time(name, synapses.clock)
    if name in DEFAULT_FUNCTIONS:
        return None
    reference = synapses.reference(name)
    if reference is None:
        return Constant(0.0, name)
    variable = reference.variable
    if not isinstance(variable, ArrayVariable):  # a subexpression, which may differ between synapses
        return OfSynapse(Storage(name, np.zeros(0)))
    bound = array_binding(variable.storage, variable.scalar, reference.way)
    return synaptic_bindings({name: bound}, synapses.connections)[name]
