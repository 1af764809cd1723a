"""The pass `contract-products`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects import arith, math
from xdsl.dialects.builtin import ModuleOp, UnitAttr
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass

from ranvier.ir.inputs import CONTRACTED
from ranvier.ir.synapses import PropagateOp, element_args, roles_of, written_inputs
from ranvier.passes.facts.rounding import rounding_of_mode
from ranvier.passes.optimise.rewriting import check_fast_math, new_op, programs_in, replace
from ranvier.passes.statistics import count


@dataclass(frozen=True)
class ContractProducts(ModulePass):
    """Computes a product and the sum that alone uses it by one operation, which is rounded once.

    Before:
        %p = arith.mulf %x, %decay : f64
        %y = arith.addf %p, %q : f64
    After:
        %y = math.fma %x, %decay, %q : f64

    Within rounding: nothing is done where `fast-math` is "off"; nor where it is "reassociate", as the code generator
    then rearranges sums and products together. A code generator that may contract products chooses itself which, and
    chooses otherwise where one factor is a number for all elements in one program, and an array in another. Where this
    pass has chosen, the code generator may not (`Options.code`), and the two give the same bits: so have a network
    alone and one among the instances of a batch. The program is marked with `{contracted}`, so that its text is
    compiled so, too.

    Of two products of one sum the left one is taken. Only products of the same block are, as those outside are
    computed less often. What synapses add to an element that they reach is computed for many of them at once, and added
    in their order: its product stays apart (`ranvier.passes.lower.synapse_code.sums_of`).
    """

    name = "contract-products"
    statistics: ClassVar = {"contracted": "products and sums that are one operation"}

    fast_math: str = "contract"
    """How freely results may be rounded otherwise: "off", "contract" or "reassociate"."""

    def __post_init__(self) -> None:
        """Raises `ValueError` for a `fast-math` that does not exist."""
        check_fast_math(self.fast_math)

    @property
    def rounding(self) -> float:
        """How far results may change, see `ranvier.passes.facts.rounding`."""
        return rounding_of_mode(self.fast_math)

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Looks at each sum once, and notes in the programs that it has."""
        for program in programs_in(op):
            program.attributes[CONTRACTED] = UnitAttr()
            if self.fast_math != "contract":
                continue
            for inner in list(program.walk()):
                if isinstance(inner, arith.AddfOp | arith.SubfOp) and not _adds_to_element(inner):
                    _contract(inner)


def _adds_to_element(op: arith.AddfOp | arith.SubfOp) -> bool:
    """Tells whether a synapse adds, by this op, to an element that it reaches."""
    block = op.parent_block()
    pathway = None if block is None else block.parent_op()
    if not isinstance(pathway, PropagateOp):
        return False
    far, roles, written = "post" if pathway.spiking.data == "pre" else "pre", roles_of(pathway), written_inputs(pathway)
    reached = [arg for k, arg in enumerate(element_args(pathway)) if k in written and roles[k] == far]
    return any(operand in reached for operand in op.operands)


def _contract(op: arith.AddfOp | arith.SubfOp) -> None:
    block = op.parent_block()
    assert block is not None
    left, right = op.operands
    subtracts = isinstance(op, arith.SubfOp)
    if (product := _product(left, block)) is not None:
        a, b = product.operands
        rest = _negated(right, op, block) if subtracts else right
    elif (product := _product(right, block)) is not None:
        a, b = product.operands
        a = _negated(a, op, block) if subtracts else a
        rest = left
    else:
        return
    fused = new_op(math.FmaOp, (a, b, rest), op)
    fused.results[0].name_hint = op.result.name_hint
    block.insert_op_before(fused, op)
    replace(op, fused.results)
    count("contracted")
    product.detach()
    product.erase()


def _product(value: SSAValue, block: Block) -> arith.MulfOp | None:
    """Returns the product that `value` is, if nothing else uses it and it is computed in the same block."""
    owner = value.owner
    same = isinstance(owner, arith.MulfOp) and owner.parent_block() is block and value.has_one_use()
    return owner if same and isinstance(owner, arith.MulfOp) else None


def _negated(value: SSAValue, like: Operation, block: Block) -> SSAValue:
    negation = new_op(arith.NegfOp, (value,), like)
    block.insert_op_before(negation, like)
    return negation.results[0]
