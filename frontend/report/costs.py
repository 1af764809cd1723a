"""What each sweep of a program costs: operations, bytes and time; and what passes said of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from xdsl.dialects.builtin import DictionaryAttr, StringAttr
from xdsl.ir import Attribute, Operation

from ranvier.ir.arrivals import ArrivalsOp, DepositOp
from ranvier.ir.neurons import MapOp, ResetOp, ScatterOp, ThresholdOp
from ranvier.ir.recording import RecordEventsOp, RecordOp
from ranvier.ir.structure import ParamOp, ProgramOp
from ranvier.ir.synapses import AccumulateOp, PropagateOp
from ranvier.passes.facts.costs import Cost, costs_of
from ranvier.passes.facts.durations import SYNAPSE
from ranvier.passes.facts.work import element_cost
from ranvier.passes.remarks import Remark, label_of
from ranvier.report.printing import Printed
from ranvier.report.records import Decision, Sweep

_PER: dict[type[Operation], str] = {
    MapOp: "element",
    ThresholdOp: "element",
    ScatterOp: "element",
    AccumulateOp: "synapse",
    RecordOp: "recorded element",
    ResetOp: "spike",
    RecordEventsOp: "spike",
    PropagateOp: "synapse that is reached",
    ArrivalsOp: "synapse that is reached",
    DepositOp: "synapse that is reached",
}
"""The ops that are sweeps, and what their regions run for."""

GONE = -1
"""The line of an op that is not in the optimised graph any more."""

_REACHED = (PropagateOp, ArrivalsOp, DepositOp)


def sweeps_of(printed: Printed) -> list[Sweep]:
    """Returns what each sweep of an optimised graph costs, as `ranvier.passes.facts.costs` counts it."""
    lines = {op: line for line, op in printed.ops}
    rows = [row for op in lines if isinstance(op, ProgramOp) for row in costs_of(op).rows]
    return [_sweep(row, lines[row.op]) for row in rows if row.when == "step" and type(row.op) in _PER]


def _sweep(row: Cost, line: int) -> Sweep:
    op, each = row.op, row.each
    return Sweep(
        label=label_of(op),
        kind=" ".join(filter(None, (row.name, row.kind))),
        line=line,
        per=_PER[type(op)],
        flops=each.flops,
        divisions=each.divisions,
        functions=each.functions,
        draws=each.draws,
        read=each.loaded,
        written=each.stored,
        picoseconds=SYNAPSE * 1000 if isinstance(op, _REACHED) else element_cost(op),
        size=_size_of(op),
    )


def _size_of(op: Operation) -> str:
    """Returns the label of the input that says how many elements a sweep has."""
    if isinstance(op, PropagateOp):
        size = getattr(op.sources.owner, "size", None)
    else:
        size = getattr(op, "size", None)
    owner = getattr(size, "owner", None)
    return owner.label.data if isinstance(owner, ParamOp) else ""


def text_of(attribute: Attribute | None) -> str:
    """Returns the text of an attribute, "" if it is none."""
    return attribute.data if isinstance(attribute, StringAttr) else ""


def decisions_of(printed: Printed, remarks: Sequence[tuple[str, Remark]] = ()) -> list[Decision]:
    """Returns all that passes and rewrites say of ops: what they chose, and why not something else.

    Args:
        printed: The graph, on whose ops they may have written it.
        remarks: What else passes have said, each with the name of the pass.
    """
    found: list[Decision] = []
    for line, op in printed.ops:
        for key, value in op.attributes.items():
            found += [Decision(about=label_of(op), line=line, key=k, value=text) for k, text in _said(key, value)]
    lines = {op: line for line, op in printed.ops}
    written = {(one.about, one.value) for one in found}
    for name, one in remarks:
        if (one.about, one.text) not in written:  # some write it to the op as well
            line = lines.get(one.op, GONE)
            found.append(Decision(about=one.about, line=line, key=name, value=one.text, missed=one.missed))
    return found


def _said(key: str, value: Attribute) -> Iterator[tuple[str, str]]:
    if isinstance(value, StringAttr):
        yield key, value.data
    elif isinstance(value, DictionaryAttr) and key == "notes":
        yield from ((name, text_of(one)) for name, one in value.data.items())
    elif isinstance(value, DictionaryAttr) and key == "facts":
        yield key, ", ".join(f"{name} = {_number(one)}" for name, one in value.data.items())


def _number(attribute: Attribute) -> str:
    return str(attribute).partition(" : ")[0]
