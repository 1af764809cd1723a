"""What each sweep of a program costs, from its region: operations and bytes; and what passes said of it."""

from __future__ import annotations

from collections.abc import Iterator

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import DictionaryAttr, Float32Type, Float64Type, IndexType, StringAttr
from xdsl.ir import Attribute, Operation

from ranvier.ir.neurons import MapOp, ResetOp, ScatterOp, ThresholdOp
from ranvier.ir.recording import RecordEventsOp, RecordOp
from ranvier.ir.scalars import GatherOp, NativeOp, RandomOp
from ranvier.ir.structure import LoopOp, ParamOp, YieldOp
from ranvier.ir.synapses import AccumulateOp, PropagateOp
from ranvier.ir.types import integer_bits
from ranvier.passes.facts.work import COSTLY, SIMPLE, SYNAPSE, element_cost
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
}
"""The ops that are sweeps, and what their regions run for."""

_ONE = (arith.AddfOp, arith.SubfOp, arith.MulfOp, arith.NegfOp, arith.MaximumfOp, arith.MinimumfOp)


def sweeps_of(printed: Printed) -> list[Sweep]:
    """Returns what each sweep of an optimised graph costs."""
    return [_sweep(op, line, _PER[type(op)]) for line, op in printed.ops if type(op) in _PER and _is_in_loop(op)]


def _is_in_loop(op: Operation) -> bool:
    return isinstance(op.parent_op(), LoopOp)


def _sweep(op: Operation, line: int, per: str) -> Sweep:
    inner = [each for each in op.walk() if each is not op]
    fused = sum(isinstance(each, math.FmaOp) for each in inner)
    called = sum(each.dialect_name() == math.Math.name for each in inner) - fused
    return Sweep(
        label=name_of(op),
        kind=" ".join(filter(None, (op.name, text_of(op.properties.get("kind"))))),
        line=line,
        per=per,
        flops=sum(isinstance(each, _ONE) for each in inner) + 2 * fused,
        divisions=sum(isinstance(each, arith.DivfOp) for each in inner),
        functions=called,
        draws=sum(isinstance(each, RandomOp | NativeOp) for each in inner),
        read=sum(_read(op)) + sum(_bytes(each.results[0].type) for each in inner if isinstance(each, GatherOp)),
        written=sum(_written(op)),
        picoseconds=SYNAPSE * 1000 if isinstance(op, PropagateOp) else element_cost(op) - fused * (COSTLY - SIMPLE),
        size=_size_of(op),
    )


def _read(op: Operation) -> Iterator[int]:
    """Yields the bytes of each array element that a region is given and uses."""
    for region in op.regions:
        for argument in region.block.args[1:]:
            if any(True for _ in argument.uses):
                yield _bytes(argument.type)


def _written(op: Operation) -> Iterator[int]:
    for region in op.regions:
        last = region.block.last_op
        if isinstance(last, YieldOp):
            yield from (_bytes(value.type) for value in last.arguments)


def _bytes(type_: Attribute) -> int:
    """Returns the bytes of an element in memory; whatever has no memory of its own has none."""
    if isinstance(type_, Float64Type):
        return 8
    if isinstance(type_, Float32Type):
        return 4
    bits = integer_bits(type_)
    return 0 if bits is None or isinstance(type_, IndexType) else max(bits // 8, 1)


def _size_of(op: Operation) -> str:
    """Returns the label of the input that says how many elements a sweep has."""
    if isinstance(op, PropagateOp):
        size = getattr(op.sources.owner, "size", None)
    else:
        size = getattr(op, "size", None)
    owner = getattr(size, "owner", None)
    return owner.label.data if isinstance(owner, ParamOp) else ""


def name_of(op: Operation) -> str:
    """Returns the label of an op, its name if it has none."""
    return text_of(op.properties.get("label")) or text_of(op.properties.get("sym_name")) or op.name


def text_of(attribute: Attribute | None) -> str:
    """Returns the text of an attribute, "" if it is none."""
    return attribute.data if isinstance(attribute, StringAttr) else ""


def decisions_of(printed: Printed) -> list[Decision]:
    """Returns all that passes and rewrites wrote to ops for people: what they chose, and why not something else."""
    found: list[Decision] = []
    for line, op in printed.ops:
        for key, value in op.attributes.items():
            found += [Decision(about=name_of(op), line=line, key=k, value=text) for k, text in _said(key, value)]
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
