"""The op that integrates with inner steps that follow the error."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import Float64Type, IntegerAttr, StringAttr, UnitAttr, f64, i1, i64
from xdsl.ir import Region, SSAValue
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    region_def,
    result_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from ranvier.ir.adaptive import TABLEAUS
from ranvier.ir.structure import YieldOp

STEPS = ("adaptive", "fixed")
"""Whether inner steps follow the error, or are all as long as the first."""


@irdl_op_definition
class IntegrateOp(IRDLOperation):
    """Advances differential equations from t to t + dt by inner steps; see `ranvier.ir.adaptive` for their rule.

    The region gets the time and the value of each variable, and yields their derivatives. Operands: t, dt, the inner
    step to begin with, the variables, the error that is allowed for each in an inner step. Results: the new values,
    the inner step to begin with next time, how many inner steps were good, how many were repeated, and whether it was
    given up: after `most` good steps, or because no step is short enough. Then the values are those of the last good
    step, and the run ends after this instant, as if the host had asked for it; with `going on` it does not, since
    several instances are computed side by side, of which the others are to come to their end.

    ```
    %x1, %next, %taken, %repeated, %stuck = snn.integrate "rkf45" "adaptive" most 100
          from %t by %dt begin %h (%x) within (%error) : f64 {
    ^bb0(%s: f64, %y: f64):
      %slope = arith.negf %y : f64
      snn.yield %slope : f64
    }
    ```
    """

    name = "snn.integrate"

    method = prop_def(StringAttr)
    steps = prop_def(StringAttr)
    most = prop_def(IntegerAttr.constr(type=i64))
    going_on = opt_prop_def(UnitAttr)
    start = operand_def(f64)
    dt = operand_def(f64)
    begin = operand_def(f64)
    inputs = var_operand_def(f64)
    errors = var_operand_def(f64)
    outs = var_result_def(f64)
    next = result_def(f64)
    taken = result_def(i64)
    repeated = result_def(i64)
    stuck = result_def(i1)
    body = region_def("single_block")

    irdl_options = (AttrSizedOperandSegments(as_property=True),)
    traits = traits_def(Pure())
    assembly_format = (
        "$method $steps `most` $most (`going` `on` $going_on^)?"
        " `from` $start `by` $dt `begin` $begin `(` $inputs `)` `within` `(` $errors `)`"
        " `:` type($outs) $body attr-dict"
    )

    def __init__(
        self,
        method: str,
        span: tuple[SSAValue, SSAValue, SSAValue],
        inputs: Sequence[SSAValue],
        errors: Sequence[SSAValue],
        body: Region,
        *,
        most: int,
        adaptive: bool,
    ) -> None:
        start, dt, begin = span
        super().__init__(
            operands=[start, dt, begin, inputs, errors],
            result_types=[[f64] * len(inputs), f64, i64, i64, i1],
            properties={
                "method": StringAttr(method),
                "steps": StringAttr("adaptive" if adaptive else "fixed"),
                "most": IntegerAttr(most, i64),
            },
            regions=[body],
        )

    @property
    def is_adaptive(self) -> bool:
        """Whether inner steps follow the error."""
        return self.steps.data == "adaptive"

    def verify_(self) -> None:
        if self.method.data not in TABLEAUS:
            raise VerifyException(f"snn.integrate knows {', '.join(TABLEAUS)}, not {self.method.data!r}")
        if self.steps.data not in STEPS:
            raise VerifyException(f"the steps of snn.integrate are {' or '.join(STEPS)}, not {self.steps.data!r}")
        if self.most.value.data < 1:
            raise VerifyException("snn.integrate takes at least one inner step")
        if not len(self.inputs) == len(self.errors) == len(self.outs):
            raise VerifyException("snn.integrate has an error and a result for each variable")
        block = self.body.block
        if [arg.type for arg in block.args] != [Float64Type()] * (len(self.inputs) + 1):
            raise VerifyException("the region of snn.integrate takes the time and each variable")
        last = block.last_op
        if not isinstance(last, YieldOp) or [value.type for value in last.arguments] != [f64] * len(self.inputs):
            raise VerifyException("the region of snn.integrate yields the derivative of each variable")
