"""The op `snn.derive`: arrays made from inputs before a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from xdsl.dialects.builtin import IndexType, StringAttr, TensorType, f64, i16, i32, i64
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import IRDLOperation, irdl_op_definition, prop_def, result_def, traits_def, var_operand_def
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from ranvier.ir import recipes
from ranvier.ir.interpret_arith import numpy_type
from ranvier.ir.interpret_run import Handler, Handlers, InterpretError, Run
from ranvier.ir.structure import ParamOp, StateOp, verify_array
from ranvier.ir.types import Array, element_type, is_shared


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
        verify_array(self, self.value.type)
        self._verify_recipe()

    def _verify_recipe(self) -> None:
        """Checks what a recipe takes and gives, as `ranvier.ir.recipes` has it."""
        takes, optional = _TAKES[self.kind.data]
        types = [value.type for value in self.inputs]
        letters = takes + optional if len(types) == len(takes + optional) else takes
        if len(types) != len(letters) or not all(
            _is(type, letter) for type, letter in zip(types, letters, strict=True)
        ):
            wanted = ", ".join(_WORDS[letter] for letter in takes)
            more = f", and perhaps {_WORDS[optional]}" if optional else ""
            raise VerifyException(
                f"snn.derive {self.kind} takes {wanted}{more}, and is given {', '.join(map(str, types)) or 'nothing'}"
            )
        given = self._result()
        if element_type(self.value.type) not in given or is_shared(self.value.type):
            names = " or ".join(f"tensor<?x{type}>" for type in given)
            raise VerifyException(f"snn.derive {self.kind} makes {names}, not {self.value.type}")

    def _result(self) -> tuple[Attribute, ...]:
        """Returns what the elements may be that a recipe makes."""
        match self.kind.data:
            case "gather":
                element = element_type(self.inputs[0].type)
                return (i32 if element == i16 else element,)  # numbers without sign: the recipe makes them wide
            case "gather_each":
                return (element_type(self.inputs[1].type),)
            case "narrow":
                return (i16,)
            case "bits" | "every" | "one_row" | "parts" | "starts":
                return (i64,)
            case "ring":
                return (element_type(self.inputs[6].type),)
            case "ring_each" | "ring_alike":
                return (element_type(self.inputs[7].type),)
            case _:
                return (i32,)


def before_narrowing(value: SSAValue) -> SSAValue:
    """Returns the numbers that were brought into 16 bits, or the array itself if it was not."""
    made = value.owner
    return made.inputs[0] if isinstance(made, DeriveOp) and made.kind.data == "narrow" else value


_WORDS = {
    "a": "an array",
    "n": "an array of integers",
    "s": "a shared integer",
    "N": "a size",
    "x": "a number",
}
"""What the letters of `_TAKES` mean."""

_TAKES = {
    "gather": ("an", ""),
    "narrow": ("n", ""),
    "records": ("na", "a"),
    "bits": ("nnN", "N"),
    "flat": ("nnnN", "N"),
    "ring": ("nnnnsnaN", "N"),
    "every": ("nn", ""),
    "one_row": ("N", ""),
    "parts": ("nnNN", "N"),
    "part_order": ("nnNN", "N"),
    "gather_each": ("Nan", ""),
    "ring_each": ("NnnnnsnaN", "N"),
    "ring_alike": ("NnnnnsnaN", "N"),
    "sort_rows": ("nn", ""),
    "levels": ("n", ""),
    "order": ("n", ""),
    "starts": ("nN", ""),
    "binomial_table": ("xx", ""),
    "poisson_table": ("x", ""),
}
"""The inputs of each recipe, and one that may be left out."""


def _is(type: Attribute, letter: str) -> bool:
    """Tells whether a type is what a letter of `_TAKES` stands for."""
    match letter:
        case "N":
            return isinstance(type, IndexType)
        case "x":
            return type in (f64, i64, i32)
        case _:
            if not isinstance(type, TensorType):
                return False
            array = cast("Array", type)
            return is_shared(array) is (letter == "s") and (letter == "a" or element_type(array) in (i16, i32, i64))


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
