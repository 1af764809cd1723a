"""The op `snn.derive`: arrays made from inputs before a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from xdsl.dialects.builtin import StringAttr, TensorType
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import IRDLOperation, irdl_op_definition, prop_def, result_def, traits_def, var_operand_def
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from ranvier.ir import recipes
from ranvier.ir.interpret_arith import numpy_type
from ranvier.ir.interpret_run import Handler, Handlers, InterpretError, Run
from ranvier.ir.structure import ParamOp, StateOp
from ranvier.ir.types import element_type


@irdl_op_definition
class DeriveOp(IRDLOperation):
    """An array that the host makes from states and params before a run, as `ranvier.ir.recipes` says.

    `%t16 = snn.derive "narrow" (%targets) : tensor<?xi32> -> tensor<?xi16>`. The states it is made from do not change
    during the run, unless it is carried by the loop: then it is a state that begins anew with each run.
    It may be made from another derived array, which needs no memory if nothing else uses it.
    """

    name = "snn.derive"

    kind = prop_def(StringAttr)
    inputs = var_operand_def()
    value = result_def(TensorType)

    traits = traits_def(Pure())
    assembly_format = "$kind `(` $inputs `)` `:` type($inputs) `->` type($value) attr-dict"

    def __init__(self, kind: str, inputs: Sequence[SSAValue], type: Attribute) -> None:
        super().__init__(operands=[inputs], properties={"kind": StringAttr(kind)}, result_types=[type])

    def verify_(self) -> None:
        if self.kind.data not in recipes.KINDS:
            raise VerifyException(f"snn.derive makes {', '.join(recipes.KINDS)}, not {self.kind.data!r}")
        if any(not isinstance(value.owner, StateOp | ParamOp | DeriveOp) for value in self.inputs):
            raise VerifyException("snn.derive makes arrays from states, params and other derived arrays")


def _derive(run: Run, op: DeriveOp) -> list[Any]:
    def allocate(size: int, dtype: Any) -> Any:
        return np.zeros(size, dtype=dtype)

    found = recipes.KINDS[op.kind.data](allocate, *(run.get(value) for value in op.inputs))
    wanted = numpy_type(element_type(op.value.type))
    if found.dtype.itemsize != wanted.itemsize:
        raise InterpretError(f"snn.derive {op.kind} makes elements of type {found.dtype}, not {op.value.type}")
    return [found]


DERIVE_HANDLERS: Handlers = {DeriveOp: Handler(_derive)}
"""What the interpreter does."""
