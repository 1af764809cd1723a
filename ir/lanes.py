"""Ops of programs that compute several instances of a network side by side, as the pass `batch` makes them.

An array of N elements that each of B instances has for itself has N*B of them: number k = i*B + b is element i of
instance b. What is one number for an instance is an array of B.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import IndexType
from xdsl.ir import Region, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    region_def,
    result_def,
    traits_def,
    var_result_def,
)
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from ranvier.ir.neurons import region_of
from ranvier.ir.structure import YieldOp
from ranvier.ir.types import array_of, element_type


@irdl_op_definition
class InstanceOp(IRDLOperation):
    """The element and the instance that number k of an array of N*B elements belongs to: k / B and k mod B.

    In a sweep whose own index is k it is no division: the sweep becomes two loops.

    `%i, %b = snn.instance %k of %instances`
    """

    name = "snn.instance"

    number = operand_def(IndexType())
    instances = operand_def(IndexType())
    element = result_def(IndexType())
    instance = result_def(IndexType())

    traits = traits_def(Pure())
    assembly_format = "$number `of` $instances attr-dict"

    def __init__(self, number: SSAValue, instances: SSAValue) -> None:
        super().__init__(operands=[number, instances], result_types=[IndexType(), IndexType()])


@irdl_op_definition
class TabulateOp(IRDLOperation):
    """Arrays whose elements are computed once per run, before the loop: what the region yields for 0..size-1.

    ```
    %decay = snn.tabulate [%instances] : tensor<?xf64> {
    ^bb0(%b: index):
      %t = snn.gather %tau[%b] : tensor<?xf64> -> f64
      %k = arith.divf %dt, %t : f64
      snn.yield %k : f64
    }
    ```
    """

    name = "snn.tabulate"

    size = operand_def(IndexType())
    outs = var_result_def()
    body = region_def("single_block")

    traits = traits_def(Pure())
    assembly_format = "`[` $size `]` `:` type($outs) $body attr-dict"

    def __init__(self, size: SSAValue, body: Region) -> None:
        last = body.block.last_op
        given: Sequence[SSAValue] = last.arguments if isinstance(last, YieldOp) else ()
        super().__init__(operands=[size], result_types=[[array_of(value.type) for value in given]], regions=[body])

    def verify_(self) -> None:
        block = region_of(self)
        last = block.last_op
        if [arg.type for arg in block.args] != [IndexType()]:
            raise VerifyException("the region of snn.tabulate takes the index")
        wanted = [element_type(out.type) for out in self.outs]
        if not isinstance(last, YieldOp) or [value.type for value in last.arguments] != wanted:
            raise VerifyException("the region of snn.tabulate yields one value for each array")
