"""The pass `pack-rows`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects import arith
from xdsl.dialects.builtin import IndexType, IntegerAttr, ModuleOp, StringAttr, f32, f64, i32, i64
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.passes import ModulePass

from ranvier.ir.derive import DeriveOp
from ranvier.ir.neurons import region_of
from ranvier.ir.structure import LoopOp
from ranvier.ir.synapses import PropagateOp, far_end, roles_of, written_inputs
from ranvier.ir.types import array_of, element_type
from ranvier.passes.facts.scalars import COSTLY
from ranvier.passes.optimise.rewriting import loop_of, precede, programs_in, replace
from ranvier.passes.remarks import remark
from ranvier.passes.statistics import count

WORDS: dict[Attribute, int] = {i32: 1, f32: 1, i64: 2, f64: 2}
"""Words of 32 bits of what a record can have."""

MOST = 2
"""The most values in a record."""


@dataclass(frozen=True)
class PackRows(ModulePass):
    """Stores where a synapse ends and its own values side by side, where these are copies in the order of the rows.

    Before:
        %sorted = snn.derive "gather"(%targets, %order) ...
        %weights = snn.derive "gather"(%w, %order) ...
        snn.propagate "s_pre" ... to(%sorted : tensor<?xi32>) rows(%pointers, %delays)
            elements(%weights, %v) of ["synapse", "post"] ...
    After:
        %records = snn.derive "records"(%sorted, %weights) : tensor<?xi32>, tensor<?xf64> -> tensor<?xi32>
        snn.propagate "s_pre" ... to(%records : tensor<?xi32>) rows(%pointers, %delays) words 3 ...
            elements(%records, %records, %v) of ["word", "word", "post"] ...

    Each row of a large network is somewhere else in memory, and a spike reaches many short rows. A row of records is
    one piece of memory instead of several, in one page instead of several. The copies take as much memory as before.

    Done for pathways whose ends take 32 bits: with fewer elements numbers of 16 bits are the better choice. Not where
    the code of a synapse is computed in tiles, which want their values one beside the other. Legal because the copies
    do not change during a run; no bit of a result changes.
    """

    name = "pack-rows"
    statistics: ClassVar = {"packed": "pathways with records of synapses"}
    changes_inputs: ClassVar[bool] = True

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Packs the rows of all pathways that can have it."""
        for program in programs_in(op):
            loop = loop_of(program)
            if loop is None:
                continue
            for pathway in list(loop.body.block.ops):
                if isinstance(pathway, PropagateOp) and _can_pack(pathway):
                    _pack(pathway, loop)
                    count("packed")


def _own(op: PropagateOp) -> list[int]:
    """Returns the inputs that are the synapses' own."""
    return [k for k, role in enumerate(roles_of(op)) if role == "synapse"]


def _can_pack(op: PropagateOp) -> bool:
    own, far, block = _own(op), far_end(op), region_of(op)
    if not 0 < len(own) <= MOST or op.pending:
        return False
    if any(given is not None for given in (op.order, op.instances, op.words)):
        return False
    if far.type != array_of(i32) or block.args[0].first_use is not None:
        return False
    values = [op.inputs[k] for k in own]
    types = [element_type(value.type) for value in values]
    return (
        not any(k in written_inputs(op) or int(op.shifts.get_values()[k]) >= 0 for k in own)
        and all(_is_own_copy(value, op) for value in (far, *values))
        and all(type in WORDS for type in types)
        and not any(isinstance(inner, COSTLY) for inner in block.walk())
    )


def _is_own_copy(value: SSAValue, op: Operation) -> bool:
    """Tells whether an array is a copy in the order of the rows that nothing but a pathway uses."""
    made = value.owner
    is_copy = isinstance(made, DeriveOp) and made.kind.data == "gather"
    return is_copy and all(use.operation is op for use in value.uses) and len(list(value.uses)) == 1


def _pack(op: PropagateOp, loop: LoopOp) -> None:
    """Puts an op whose rows are records in the place of `op`, whose region it takes over."""
    own, far, block, program = _own(op), far_end(op), region_of(op), loop.parent_block()
    assert program is not None
    made = DeriveOp("records", [far, *(op.inputs[k] for k in own)], array_of(i32))
    made.value.name_hint = far.name_hint
    program.insert_op_before(made, loop)
    inputs, roles, shifts = list[SSAValue](), list[str](), list[int]()
    offsets, moved, word = list(op.offsets), dict[int, int](), 1
    for k, (value, role) in enumerate(zip(op.inputs, roles_of(op), strict=True)):
        moved[k] = len(inputs)
        if k not in own:
            inputs.append(value)
            roles.append(role)
            shifts.append(int(op.shifts.get_values()[k]))
            continue
        number = WORDS[element_type(value.type)]
        for _ in range(number):
            place = arith.ConstantOp(IntegerAttr(word, IndexType()))
            program.insert_op_before(place, loop)
            inputs.append(made.value)
            roles.append("word")
            shifts.append(len(offsets))
            offsets.append(place.result)
            word += 1
        _join(block, moved[k] + 3, number)
    ends = (op.sources, made.value) if op.spiking.data == "pre" else (made.value, op.targets)
    new = PropagateOp(
        op.label.data,
        op.clock,
        op.events,
        (op.start, op.stop),
        ends,
        (op.pointers, op.delays, None),
        (op.indices, op.counts, op.position),
        [],
        inputs,
        roles,
        shifts,
        offsets,
        [moved[k] for k in written_inputs(op)],
        op.detach_region(op.body),
        spiking=op.spiking.data,
        words=word,
    )
    precede(op, new)
    layout = op.attributes.get("layout")
    if isinstance(layout, StringAttr):
        new.attributes["layout"] = StringAttr(f"{layout.data}, records")
    remark(new, "records of synapses")
    replace(op, new.results)


def _join(block: Block, position: int, number: int) -> None:
    """Lets a region get words in the place of an argument, and join them to it."""
    old = block.args[position]
    words = [block.insert_arg(i32, position + 1 + n) for n in range(number)]
    ops: list[Operation] = []
    whole: SSAValue = words[0]
    if number == 2:
        low, high = arith.ExtUIOp(words[0], i64), arith.ExtUIOp(words[1], i64)
        half = arith.ConstantOp(IntegerAttr(32, i64))
        shifted = arith.ShLIOp(high.result, half.result)
        joined = arith.OrIOp(low.result, shifted.result)
        ops += [low, high, half, shifted, joined]
        whole = joined.result
    if whole.type != old.type:
        cast = arith.BitcastOp(whole, old.type)
        ops.append(cast)
        whole = cast.result
    for op in reversed(ops):
        first = block.first_op
        assert first is not None
        block.insert_op_before(op, first)
    for word in words:
        word.name_hint = old.name_hint
    old.replace_all_uses_with(whole)
    block.erase_arg(old)
