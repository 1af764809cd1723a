"""The pass `choose-layout`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import DictionaryAttr, IntegerAttr, ModuleOp, StringAttr, i16, i32, i64
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.passes import ModulePass

from ranvier.ir.arrivals import HistoryOp
from ranvier.ir.derive import DeriveOp, before_narrowing
from ranvier.ir.neurons import region_of
from ranvier.ir.scalars import RandomOp
from ranvier.ir.structure import ParamOp, ProgramOp, StateOp
from ranvier.ir.synapses import PropagateOp, roles_of, written_inputs
from ranvier.ir.types import array_of, element_type
from ranvier.passes.facts.layouts import GUARDED, INTERVAL, best_layout
from ranvier.passes.facts.rounding import rounding_of_mode
from ranvier.passes.facts.versions import Versions, check_single_version
from ranvier.passes.optimise.pure_sums import PureSum, pure_sum
from ranvier.passes.optimise.rewriting import FastMath, check_fast_math, loop_of, precede, programs_in, replace
from ranvier.passes.optimise.sum_layouts import count_arrivals, sum_in_ring, target_size
from ranvier.passes.remarks import remark
from ranvier.passes.statistics import count

LAYOUTS = ("auto", "rows", "counts", "bits", "ring")
"""The layouts that can be asked for."""

UNMET = "unmet"
"""The attribute of a pathway that has not the layout that was asked for: a text that goes on after "the synapses"."""

_OTHERWISE = {
    "rows": "they are delivered otherwise already",
    "counts": "they cannot be counted",
    "bits": "two neurons may have several of them",
    "ring": "their numbers or delays may change during a run, or another pathway shares their spikes",
}
"""Why a layout cannot be had where nothing more is known."""

FACTS = "facts"
"""The attribute with what is known of the sizes (see `ranvier.actions.synaptic_actions.Rows`)."""


@dataclass(frozen=True)
class ChooseLayout(ModulePass):
    """Chooses how the synapses of each pathway are stored, from what its code does and from sizes.

    Before:
        snn.propagate "s_pre" ... to(%targets : tensor<?xi32>) rows(%pointers, %delays, %order)
            elements(%w, %v) of ["synapse", "post"] ...
    After:
        %sorted = snn.derive "gather"(%targets, %order) ...
        %weights = snn.derive "gather"(%w, %order) ...
        %short = snn.derive "narrow"(%sorted) : tensor<?xi32> -> tensor<?xi16>
        snn.propagate "s_pre" ... to(%short : tensor<?xi16>) rows(%pointers, %delays)
            elements(%weights, %v) of ["synapse", "post"] ...

    `rows`: the synapses that a spike reaches after one delay stand together. Their own variables are copied into this
    order where nothing writes them during a run and the code does not ask for the number of the synapse. Numbers of
    neurons take 16 bits where these suffice.

    Where the code only adds (`ranvier.passes.optimise.pure_sums`) there are three more. `counts`: all synapses add the
    same, so that they are counted and a map adds the product (`snn.arrivals`). `bits`: the same with one bit for each
    pair of neurons. `ring`: what a synapse adds is fixed, so that it goes into sums that wait when the spike leaves
    (`snn.deposit`). All three change results within rounding. `auto` chooses by the sizes of rows and by how often
    spikes come (`best_layout`).
    """

    name = "choose-layout"
    statistics: ClassVar = {
        "rows": "pathways that keep lists of synapses",
        "counts": "pathways that count what arrives",
        "bits": "pathways with one bit for each pair of neurons",
        "ring": "pathways that add when a spike leaves",
        "copied": "pathways whose synapses are copied in order",
        "narrowed": "pathways with numbers of 16 bits",
    }

    layout: str = "auto"
    """The layout of all pathways that can have it: "auto", "rows", "counts", "bits" or "ring"."""
    index_bits: int = 0
    """Bits of the numbers of neurons: 16, 32, or 0 for as many as are needed."""
    interval: int = 0
    """Mean number of steps between two spikes of a neuron; 0: what the facts of the pathway say, or else 1024."""
    fast_math: FastMath = "contract"
    """How freely results may be rounded otherwise: "off", "contract" or "reassociate"."""

    def __post_init__(self) -> None:
        check_fast_math(self.fast_math)
        if self.layout not in LAYOUTS:
            raise ValueError(f"layout is one of {', '.join(LAYOUTS)}, not {self.layout!r}")
        if self.index_bits not in (0, 16, 32):
            raise ValueError(f"index-bits is 16, 32, or 0 for as many as are needed, not {self.index_bits}")
        if self.interval < 0:
            raise ValueError(f"interval is a number of steps, or 0 where it is not known, not {self.interval}")

    @property
    def rounding(self) -> float:
        """How far results may change, see `ranvier.passes.facts.rounding`."""
        return rounding_of_mode(self.fast_math)

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
        if op.instances is not None or op.words is not None:
            return
        if op.pending:
            count("rows")
            self._note(op, "rows", ["there are spikes under way from before a change"])
            return
        choice, reasons = self._choice(op, layout)
        done = [choice]
        count(choice)
        if layout.can_sort(op):
            op = layout.sort(op)
            done.append("copied in order")
            count("copied")
        elif layout.can_sort_ends(op):
            op = layout.sort_ends(op)
            done.append("numbers of neurons copied in order")
        if self.index_bits != 32 and choice in ("rows", "counts") and layout.can_narrow(op):
            op = layout.narrow(op)
            done.append("16-bit numbers")
            count("narrowed")
        new: Operation = op
        if choice != "rows":
            found = pure_sum(op, layout.versions)
            assert isinstance(found, PureSum)
            new = {"counts": layout.count, "bits": layout.count_bits, "ring": layout.sum_in_ring}[choice](found)
        new.attributes["layout"] = StringAttr(", ".join(done))
        remark(new, ", ".join(done))
        if FACTS in op.attributes:
            new.attributes[FACTS] = op.attributes[FACTS]
        self._note(new, choice, reasons)
        if reasons:
            new.attributes["reasons"] = StringAttr("; ".join(reasons))
            remark(new, "; ".join(reasons), missed=True)

    def _note(self, op: Operation, choice: str, reasons: list[str]) -> None:
        """Notes on a pathway that it has not the layout that was asked for: whoever asked is told so."""
        if self.layout not in ("auto", choice):
            why = "; ".join(reasons) or _OTHERWISE[self.layout]
            op.attributes[UNMET] = StringAttr(f"cannot have the layout '{self.layout}' and keep '{choice}': {why}")

    def _choice(self, op: PropagateOp, layout: Layout) -> tuple[str, list[str]]:
        """Returns the layout of a pathway, and why others cannot be had."""
        if self.layout == "rows":
            return "rows", []
        found = pure_sum(op, layout.versions)
        if isinstance(found, str):
            return "rows", [f"no sum: {found}"]
        possible, reasons = self._possible(found, layout)
        if self.layout == "auto":
            return best_layout(self._facts(found), possible), reasons
        return (self.layout if self.layout in possible else "rows"), reasons

    def _facts(self, found: PureSum) -> dict[str, int]:
        """Returns what is known of a pathway: its sizes, and how often spikes come."""
        facts = facts_of(found.op)
        facts[GUARDED] = int(any(each.guard is not None for each in found.additions))
        if self.interval:
            facts[INTERVAL] = self.interval.bit_length() - 1
        return facts

    def _possible(self, found: PureSum, layout: Layout) -> tuple[set[str], list[str]]:
        """Returns the layouts of a pure sum, and why it has not the others."""
        if found.rounds and self.fast_math == "off":
            return {"rows"}, ["no sum: sums may not be rounded in another way"]
        op, facts = found.op, facts_of(found.op)
        if op.order is not None and not layout.can_sort(op):
            return {"rows"}, ["no sum: the synapses cannot be copied in order"]
        possible, reasons = {"rows"}, list[str]()
        if found.not_counted:
            reasons.append(f"not counted: {found.not_counted}")
        else:
            possible.add("counts")
            if facts.get("distinct"):
                possible.add("bits")
        if found.not_summed:
            reasons.append(f"no ring: {found.not_summed}")
        elif layout.has_own_history(op) and all(map(layout.is_fixed, (op.pointers, op.delays, found.numbers))):
            possible.add("ring")
        return possible, reasons


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
        loop = loop_of(program)
        assert loop is not None
        self._histories = Counter(
            versions.root(each.position) for each in loop.body.block.ops if isinstance(each, HistoryOp)
        )

    def derive(self, kind: str, inputs: tuple[SSAValue, ...], element: Attribute) -> SSAValue:
        """Returns a derived array, made before the loop."""
        found = self._made.get((kind, *inputs))
        if found is None:
            op = DeriveOp(kind, inputs, array_of(element))
            loop = loop_of(self.program)  # another one, after a ring was put into it
            assert loop is not None
            self.program.body.block.insert_op_before(op, loop)
            found = self._made[kind, *inputs] = op.value
            found.name_hint = inputs[0].name_hint
        return found

    def gather(self, value: SSAValue, order: SSAValue) -> SSAValue:
        """Returns an array in another order."""
        return self.derive("gather", (value, order), element_type(value.type))

    def is_fixed(self, value: SSAValue) -> bool:
        """Tells whether an array does not change during a run."""
        return isinstance(value.owner, StateOp | ParamOp | DeriveOp) and value not in self.versions.updated

    def has_own_history(self, op: PropagateOp) -> bool:
        """Tells whether no other pathway takes its events into the same history, whose position goes on then, too."""
        return self._histories[self.versions.root(op.position)] == 1

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
        is_far = (op.spiking.data == "post", op.spiking.data == "pre")
        sources, targets = (
            value
            if far and op.by_place is not None  # in this order already, by an earlier `sort_ends`
            else self.gather(before_narrowing(value), order)
            for value, far in zip((op.sources, op.targets), is_far, strict=True)
        )
        inputs = [
            self.gather(value, order) if role == "synapse" else value
            for value, role in zip(op.inputs, roles_of(op), strict=True)
        ]
        return self._with_operands(op, (sources, targets), None, inputs)

    def can_sort_ends(self, op: PropagateOp) -> bool:
        """Tells whether it helps to store the ends that do not spike in the order of the rows."""
        far, place = ("post", 2) if op.spiking.data == "pre" else ("pre", 1)
        is_used = far in roles_of(op) or region_of(op).args[place].first_use is not None
        return op.order is not None and op.by_place is None and is_used

    def sort_ends(self, op: PropagateOp) -> PropagateOp:
        """Lets a pathway find the ends that do not spike in the order of its rows, where the synapses are not."""
        order = op.order
        assert order is not None
        if op.spiking.data == "pre":
            ends = (op.sources, self.gather(before_narrowing(op.targets), order))
        else:
            ends = (self.gather(before_narrowing(op.sources), order), op.targets)
        return self._with_operands(op, ends, order, op.inputs, by_place=True)

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
        return self._with_operands(op, ends, op.order, op.inputs, by_place=op.by_place is not None)

    def count(self, found: PureSum) -> Operation:
        """Lets a pathway count what arrives, in lists of numbers."""
        rows = (found.op.pointers, found.numbers)
        return count_arrivals(found, rows, self._size(found), _count_type(found))

    def count_bits(self, found: PureSum) -> Operation:
        """Lets a pathway count what arrives, with one bit for each row and element."""
        words = self.derive("bits", (found.op.pointers, found.numbers, *_sizes(found)), i64)
        return count_arrivals(found, words, self._size(found), _count_type(found))

    def sum_in_ring(self, found: PureSum) -> Operation:
        """Lets a pathway sum what arrives when it is sent."""
        op, sizes, source = found.op, _sizes(found), found.source
        assert source is not None
        rows = (op.pointers, op.delays)
        flat = self.derive("flat", (*rows, found.numbers, *sizes), i32)
        history = (self.versions.root(value) for value in (op.indices, op.counts, op.position))
        ring = self.derive("ring", (*rows, *history, flat, source, *sizes), element_type(source.type))
        return sum_in_ring(found, flat, ring, self._size(found))

    def _size(self, found: PureSum) -> SSAValue:
        """Returns the number of elements at the other end, one value for all pathways that have the same."""
        if found.offset is None:
            return found.size
        key = ("size", found.size, found.offset)
        if key not in self._made:
            self._made[key] = target_size(found)
        return self._made[key]

    def _with_operands(
        self,
        op: PropagateOp,
        ends: tuple[SSAValue, SSAValue],
        order: SSAValue | None,
        inputs: Sequence[SSAValue],
        *,
        by_place: bool = False,
    ) -> PropagateOp:
        """Puts an op with other operands in the place of `op`."""
        new = with_operands(op, ends, order, inputs, by_place=by_place)
        for old, out in zip(op.results, new.results, strict=True):
            self.versions.roots[out] = self.versions.root(old)
        replace(op, new.results)
        return new


def _sizes(found: PureSum) -> tuple[SSAValue, ...]:
    return (found.size,) if found.offset is None else (found.size, found.offset)


def _count_type(found: PureSum) -> Attribute:
    return i32 if facts_of(found.op).get("degree_bits", 32) == 32 else i16


def with_operands(
    op: PropagateOp,
    ends: tuple[SSAValue, SSAValue],
    order: SSAValue | None,
    inputs: Sequence[SSAValue],
    *,
    by_place: bool,
) -> PropagateOp:
    """Inserts an op with other operands in front of `op`, whose region it takes over."""
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
        by_place=by_place,
    )
    precede(op, new)
    return new
