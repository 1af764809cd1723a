"""Functions of scripts that are MLIR text: parsed, checked, put into a block, computed with numpy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.parser import Parser
from xdsl.utils.exceptions import ParseError, VerifyException

from ranvier.ir.dialect import new_context
from ranvier.ir.interpret_arith import evaluate, numpy_type

PLAIN = ("arith.", "math.")
"""What the names of the ops that a function may hold begin with."""


class FunctionTextError(ValueError):
    """The text of a function is wrong."""


def parsed(text: str, name: str, arguments: Sequence[str], result: str) -> func.FuncOp:
    """Returns a function of a text.

    Args:
        text: One or more `func.func`.
        name: Which of them.
        arguments: The types that its arguments have to have.
        result: The type that its result has to have.

    Raises:
        FunctionTextError: The text is wrong, with the place; there is no such function; its types are others.
    """
    try:
        module = Parser(new_context(), text, f"the text of '{name}'").parse_module()
        module.verify()
    except (ParseError, VerifyException) as error:
        raise FunctionTextError(f"The MLIR text of the function '{name}' is wrong: {error}") from error
    return _checked(module, name, tuple(arguments), result)


def _checked(module: ModuleOp, name: str, arguments: tuple[str, ...], result: str) -> func.FuncOp:
    functions = {op.sym_name.data: op for op in module.ops if isinstance(op, func.FuncOp)}
    if name not in functions:
        known = ", ".join(f"'{each}'" for each in functions) or "none"
        raise FunctionTextError(f"The MLIR text defines no function '{name}', but {known}.")
    function = functions[name]
    types = function.function_type
    if (tuple(map(str, types.inputs.data)), tuple(map(str, types.outputs.data))) != (arguments, (result,)):
        wanted = f"({', '.join(arguments)}) -> {result}"
        raise FunctionTextError(
            f"The function '{name}' is declared with the types {wanted}, but its MLIR text has {types}. A float is "
            "f64, an integer i64, a boolean i1; @declare_types says which the arguments and the result are."
        )
    if len(function.body.blocks) != 1:
        raise FunctionTextError(f"The MLIR text of the function '{name}' has to have a body of one block.")
    for op in function.body.block.ops:
        if not isinstance(op, func.ReturnOp) and (op.regions or not op.name.startswith(PLAIN)):
            raise FunctionTextError(
                f"The MLIR text of the function '{name}' uses '{op.name}': it may use the ops of arith and math only."
            )
    return function


def inline(function: func.FuncOp, block: Block, arguments: Sequence[SSAValue]) -> SSAValue:
    """Appends the ops of a function to a block and returns what it gives for some arguments."""
    body = function.body.block
    values: dict[SSAValue, SSAValue] = dict(zip(body.args, arguments, strict=True))
    for op in body.ops:
        if isinstance(op, func.ReturnOp):
            return values[op.operands[0]]
        block.add_op(op.clone(values))
    raise AssertionError("a function ends with func.return")


def callable_of(function: func.FuncOp) -> Callable[..., Any]:
    """Returns the function as one of numpy arrays."""
    body = function.body.block

    def called(*args: Any) -> Any:
        values: dict[SSAValue, Any] = {
            arg: np.asarray(given).astype(numpy_type(arg.type))[()] for arg, given in zip(body.args, args, strict=True)
        }
        for op in body.ops:
            operands = [values[operand] for operand in op.operands]
            if isinstance(op, func.ReturnOp):
                return operands[0]
            _compute(op, operands, values)
        raise AssertionError("a function ends with func.return")

    return called


def _compute(op: Operation, operands: list[Any], values: dict[SSAValue, Any]) -> None:
    values.update(zip(op.results, evaluate(op, operands), strict=True))
