"""The pass `choose-layout`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import DictionaryAttr, IntegerAttr, ModuleOp, StringAttr, i16, i32
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.passes import ModulePass

from ranvier.ir.derive import DeriveOp
from ranvier.ir.neurons import RandomOp, element_type, region_of
from ranvier.ir.structure import LoopOp, ParamOp, ProgramOp, StateOp
from ranvier.ir.synapses import PropagateOp, roles_of, written_inputs
from ranvier.ir.types import array_of
from ranvier.passes.lower.versions import Versions, check_single_version
from ranvier.passes.optimise.scalars import FastMath, check_fast_math, loop_of, programs_in, replace

LAYOUTS = ("auto", "rows")
"""The layouts that can be asked for."""

FACTS = "facts"
"""The attribute with what is known of the sizes (see `ranvier.graph.synaptic_actions.Rows`)."""


@dataclass(frozen=True)
class ChooseLayout(ModulePass):
    """Chooses how the synapses of each pathway are stored, from what its code does and from sizes.

    Before:
        snn.propagate "s_pre" ... to(%targets : tensor<?xi32>) rows(%pointers, %delays, %order)
            elements(%w, %v) of ["synapse", "post"] ...
    After:
        %sorted = snn.derive "gather" (%targets, %order) ...
        %short = snn.derive "narrow" (%sorted) : tensor<?xi32> -> tensor<?xi16>
        %weights = snn.derive "gather" (%w, %order) ...
        snn.propagate "s_pre" ... to(%short : tensor<?xi16>) rows(%pointers, %delays)
            elements(%weights, %v) of ["synapse", "post"] ...

    `rows`: the synapses that a spike reaches after one delay stand together. Their own variables are copied into this
    order where nothing writes them during a run and the code does not ask for the number of the synapse. Numbers of
    neurons take 16 bits where these suffice.

    Options: `layout`, one of `LAYOUTS`; `index-bits`, 16 or 32 (0: as many as are needed).
    """

    name = "choose-layout"

    layout: str = "auto"
    index_bits: int = 0
    fast_math: FastMath = "contract"

    def __post_init__(self) -> None:
        check_fast_math(self.fast_math)
        if self.layout not in LAYOUTS:
            raise ValueError(f"layout is one of {', '.join(LAYOUTS)}, not {self.layout!r}")
        if self.index_bits not in (0, 16, 32):
            raise ValueError(f"index-bits is 16, 32, or 0 for as many as are needed, not {self.index_bits}")

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Lays out the synapses of all pathways."""
        for program in programs_in(op):
            loop = loop_of(program)
            pathways = [] if loop is None else [each for each in loop.body.block.ops if isinstance(each, PropagateOp)]
            if not pathways:
                continue
            layout = Layout(program, check_single_version(program))
            for pathway in pathways:
                self._lay_out(pathway, layout)

    def _lay_out(self, op: PropagateOp, layout: Layout) -> None:
        if op.pending:
            return
        done = ["rows"]
        if layout.can_sort(op):
            op = layout.sort(op)
            done.append("copied in order")
        if self.index_bits != 32 and layout.can_narrow(op):
            op = layout.narrow(op)
            done.append("16-bit numbers")
        op.attributes["layout"] = StringAttr(", ".join(done))


def facts_of(op: Operation) -> dict[str, int]:
    """Returns what is known of the sizes of a pathway."""
    facts = op.attributes.get(FACTS)
    if not isinstance(facts, DictionaryAttr):
        return {}
    return {name: value.value.data for name, value in facts.data.items() if isinstance(value, IntegerAttr)}


class Layout:
    """Rewrites pathways of one program; each derived array is made once."""

    def __init__(self, program: ProgramOp, versions: Versions) -> None:
        self.program = program
        self.versions = versions
        self._made: dict[tuple[str, *tuple[SSAValue, ...]], SSAValue] = {}

    def derive(self, kind: str, inputs: tuple[SSAValue, ...], element: Attribute) -> SSAValue:
        """Returns a derived array, made before the loop."""
        found = self._made.get((kind, *inputs))
        if found is None:
            op = DeriveOp(kind, inputs, array_of(element))
            before = next(each for each in self.program.body.block.ops if isinstance(each, LoopOp))
            self.program.body.block.insert_op_before(op, before)
            found = self._made[kind, *inputs] = op.value
            found.name_hint = inputs[0].name_hint
        return found

    def is_fixed(self, value: SSAValue) -> bool:
        """Tells whether an array does not change during a run."""
        return isinstance(value.owner, StateOp | ParamOp | DeriveOp) and value not in self.versions.updated

    def can_sort(self, op: PropagateOp) -> bool:
        """Tells whether the synapses can be stored in the order of the rows."""
        block, writes = region_of(op), written_inputs(op)
        own = [k for k, role in enumerate(roles_of(op)) if role == "synapse"]
        return (
            op.order is not None
            and block.args[0].first_use is None
            and not any(isinstance(inner, RandomOp) for inner in block.walk())
            and not any(k in writes or not self.is_fixed(op.inputs[k]) for k in own)
        )

    def sort(self, op: PropagateOp) -> PropagateOp:
        """Lets a pathway use arrays in the order of its rows."""
        order = op.order
        assert order is not None
        sources, targets = (self.derive("gather", (value, order), i32) for value in (op.sources, op.targets))
        inputs = [
            self.derive("gather", (value, order), element_type(value.type)) if role == "synapse" else value
            for value, role in zip(op.inputs, roles_of(op), strict=True)
        ]
        return _with_operands(op, (sources, targets), None, inputs)

    def can_narrow(self, op: PropagateOp) -> bool:
        """Tells whether the numbers of the elements that do not spike can be kept in 16 bits."""
        other = op.targets if op.spiking.data == "pre" else op.sources
        return facts_of(op).get("targets_bits", 32) == 16 and other.type == array_of(i32) and self.is_fixed(other)

    def narrow(self, op: PropagateOp) -> PropagateOp:
        """Lets a pathway keep the numbers of the elements that do not spike in 16 bits."""
        if op.spiking.data == "pre":
            ends = (op.sources, self.derive("narrow", (op.targets,), i16))
        else:
            ends = (self.derive("narrow", (op.sources,), i16), op.targets)
        return _with_operands(op, ends, op.order, op.inputs)


def _with_operands(
    op: PropagateOp, ends: tuple[SSAValue, SSAValue], order: SSAValue | None, inputs: Sequence[SSAValue]
) -> PropagateOp:
    """Puts an op with other operands in the place of `op`."""
    new = PropagateOp(
        op.label.data,
        op.clock,
        op.events,
        (op.start, op.stop),
        ends,
        (op.pointers, op.delays, order),
        (op.indices, op.counts, op.position),
        op.pending,
        inputs,
        roles_of(op),
        [int(k) for k in op.shifts.get_values()],
        op.offsets,
        written_inputs(op),
        op.detach_region(op.body),
        spiking=op.spiking.data,
    )
    new.attributes.update(op.attributes)
    for old, out in zip(op.results, new.results, strict=True):
        out.name_hint = old.name_hint
    block = op.parent_block()
    assert block is not None
    block.insert_op_before(new, op)
    replace(op, new.results)
    return new
