"""Linear systems on trees: the currents between the compartments of a neuron."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import IndexType, StringAttr, TensorType, f64, i32
from xdsl.ir import SSAValue
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from ranvier.ir.types import ClockType, array_of, element_type, is_shared


@irdl_op_definition
class SolveTreeOp(IRDLOperation):
    """The potentials at the nodes of a tree of conductances, each node with a leak and a source, at each step.

    The tree has `nodes` nodes, numbered so that a parent comes before its children; node 0 is the root. `parents[k]` is
    the parent of node k and `axial[k]` the conductance between the two (those of the root mean nothing). Of the nodes,
    `size` are elements: element i is node `node[i]`, with a conductance `leak[i]` to ground and a current `source[i]`
    into it. The other nodes (branch points) have neither. The potentials x fulfil, at each node k,

        leak x[k] + sum over parent and children j of (conductance to j) (x[k] - x[j]) = source

    and `out` are those of the elements; it is the next version of `array`, whose values do not matter.

    Of B instances side by side (`of %instances`) each has leaks, sources and potentials of its own: that of element i
    is number i*B + b. The tree is that of all, and `size` and `nodes` are those of one. `by %levels` gives the nodes
    of a single tree by their distance from the root (the derived array "levels"), and changes nothing of the meaning.

    ```
    %x1 = snn.solve_tree "neuron_spatialstateupdater" on(%clk) [%N of %nodes] (%leak, %source) at %node
          along (%parents, %axial) into %x0
    ```
    """

    name = "snn.solve_tree"

    label = prop_def(StringAttr)
    clock = operand_def(ClockType())
    size = operand_def(IndexType)
    nodes = operand_def(IndexType)
    leak = operand_def(TensorType)
    source = operand_def(TensorType)
    node = operand_def(TensorType)
    parents = operand_def(TensorType)
    axial = operand_def(TensorType)
    array = operand_def(TensorType)
    levels = opt_operand_def(array_of(i32))
    instances = opt_operand_def(IndexType)
    out = result_def(TensorType)

    irdl_options = (AttrSizedOperandSegments(as_property=True),)
    traits = traits_def(Pure())
    assembly_format = (
        "$label `on` `(` $clock `)` `[` $size `of` $nodes `]` `(` $leak `,` $source `)` `at` $node"
        " `along` `(` $parents `,` $axial `)` `into` $array (`by` $levels^)? (`of` $instances^)?"
        " `:` type($leak) `,` type($source) `,` type($node) `,` type($parents) `,` type($axial) `,` type($array)"
        " `->` type($out) attr-dict"
    )

    def __init__(
        self,
        label: str,
        clock: SSAValue,
        sizes: tuple[SSAValue, SSAValue],
        leak: SSAValue,
        source: SSAValue,
        node: SSAValue,
        tree: tuple[SSAValue, SSAValue],
        array: SSAValue,
        instances: SSAValue | None = None,
        levels: SSAValue | None = None,
    ) -> None:
        super().__init__(
            operands=[clock, *sizes, leak, source, node, *tree, array, levels, instances],
            result_types=[array.type],
            properties={"label": StringAttr(label)},
        )

    def verify_(self) -> None:
        _check(self, (self.leak, self.source, self.axial, self.array), (self.node, self.parents))


@irdl_op_definition
class SolveForestOp(IRDLOperation):
    """The potentials at the nodes of many trees, as `snn.solve_tree` has them for one, at each step.

    Trees that are equal in shape and conductances are described once. The descriptions lie one behind the other:
    `parents` and `axial` have an entry for each node, `node` for each element, all numbered from the beginning of
    their own tree. `blocks` has `count` rows of 5 + 8 numbers; a row says which trees are solved together:

        first entry in parents and axial, nodes, first entry in node, elements, trees (1 to 8), their first elements

    The elements of a tree lie one behind the other, whatever order the trees have. After the last tree, its first
    element is repeated. No tree has more than `largest` nodes.

    ```
    %x1 = snn.solve_forest "neurons_spatialstateupdater" on(%clk) [%count of %largest] (%leak, %source) at %node
          along (%parents, %axial) over %blocks into %x0
    ```
    """

    name = "snn.solve_forest"

    label = prop_def(StringAttr)
    clock = operand_def(ClockType())
    count = operand_def(IndexType)
    largest = operand_def(IndexType)
    leak = operand_def(TensorType)
    source = operand_def(TensorType)
    node = operand_def(TensorType)
    parents = operand_def(TensorType)
    axial = operand_def(TensorType)
    blocks = operand_def(TensorType)
    array = operand_def(TensorType)
    out = result_def(TensorType)

    traits = traits_def(Pure())
    assembly_format = (
        "$label `on` `(` $clock `)` `[` $count `of` $largest `]` `(` $leak `,` $source `)` `at` $node"
        " `along` `(` $parents `,` $axial `)` `over` $blocks `into` $array `:` type($leak) `,` type($source) `,`"
        " type($node) `,` type($parents) `,` type($axial) `,` type($blocks) `,` type($array) `->` type($out) attr-dict"
    )

    def __init__(
        self,
        label: str,
        clock: SSAValue,
        sizes: tuple[SSAValue, SSAValue],
        system: tuple[SSAValue, SSAValue],
        node: SSAValue,
        trees: tuple[SSAValue, SSAValue],
        blocks: SSAValue,
        array: SSAValue,
    ) -> None:
        super().__init__(
            operands=[clock, *sizes, *system, node, *trees, blocks, array],
            result_types=[array.type],
            properties={"label": StringAttr(label)},
        )

    def verify_(self) -> None:
        integers = (self.node, self.parents, self.blocks)
        _check(self, (self.leak, self.source, self.axial, self.array), integers)


def _check(op: SolveTreeOp | SolveForestOp, numbers: Sequence[SSAValue], integers: Sequence[SSAValue]) -> None:
    if any(element_type(value.type) != f64 for value in numbers):
        raise VerifyException(f"{op.name} computes with f64")
    if any(element_type(value.type) != i32 for value in integers):
        raise VerifyException(f"the nodes and parents of {op.name} are i32")
    if op.out.type != op.array.type or is_shared(op.out.type):
        raise VerifyException(f"{op.name} gives the next version of its array, which has a value per element")
