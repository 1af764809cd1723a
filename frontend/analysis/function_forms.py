"""Functions of scripts that are not Python but expressions, MLIR, LLVM IR, C++: what code contains of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from ranvier.analysis.cpp_functions import library_of
from ranvier.analysis.dimensions import dimension_of
from ranvier.analysis.evaluate import evaluate
from ranvier.analysis.failures import mismatch
from ranvier.analysis.names import default_symbol
from ranvier.analysis.symbols import DType, Symbol, function
from ranvier.analysis.types import highest, type_of
from ranvier.equations.expressions import Binary, Call, Expr, Name, Number, functions, map_children, names
from ranvier.equations.function_objects import Function, FunctionImplementation
from ranvier.equations.parser import parse_expression
from ranvier.ir.native import NativeFunction
from ranvier.session.logger import get_logger
from ranvier.session.standalone import Standalone
from ranvier.units.dimensions import DIMENSIONLESS

logger = get_logger("ranvier.core.functions")

NATIVE_TYPES = {"float": "f64", "any": "f64", "highest": "f64", "integer": "i64", "boolean": "i1"}
"""What the types of arguments and results are in MLIR and LLVM IR."""


@dataclass(frozen=True)
class ExpressionForm:
    """A function that is an expression of its arguments.

    Attributes:
        text: The expression as the user wrote it.
        tree: The same as a tree.
        arguments: The names of the arguments.
        others: The functions of the script that it calls.
        becomes_float: Whether its value may be an integer but the function is declared to give floats.
    """

    text: str
    tree: Expr
    arguments: tuple[str, ...]
    others: Mapping[str, Function]
    becomes_float: bool

    def applied(self, args: tuple[Expr, ...], call: Callable[[Function, Call], Expr]) -> Expr:
        """Returns the expression for some arguments.

        Args:
            args: The arguments.
            call: Gives what a call of a function of the script stands for.
        """
        given = dict(zip(self.arguments, args, strict=True))

        def part(node: Expr) -> Expr:
            match node:
                case Name(name) if name in given:
                    return given[name]
                case Name(name):
                    symbol = default_symbol(name)
                    assert symbol is not None and isinstance(symbol.value, int | float)
                    return Number(symbol.value, node.span)
                case Call(name, inner):  # a new object, since each draws a number of its own
                    made = Call(name, tuple(part(arg) for arg in inner))
                    return call(self.others[name], made) if name in self.others else made
                case _:
                    return map_children(node, part)

        result = part(self.tree)
        return Binary("*", Number(1.0), result) if self.becomes_float else result


_expressions: WeakKeyDictionary[Function, tuple[FunctionImplementation, ExpressionForm]] = WeakKeyDictionary()
_natives: WeakKeyDictionary[Function, tuple[FunctionImplementation, NativeFunction]] = WeakKeyDictionary()
_refused: WeakKeyDictionary[Function, FunctionImplementation] = WeakKeyDictionary()  # C++ that could not be compiled


def expression_of(function: Function) -> ExpressionForm | None:
    """Returns the expression that a function is, checked; None if it is none.

    Raises:
        SyntaxError, KeyError, TypeError, DimensionMismatchError: What is wrong with it, with the place in its text.
    """
    given = function.implementations.get("expression")
    if given is None:
        return None
    known = _expressions.get(function)
    if known is None or known[0] is not given:
        try:
            known = _expressions[function] = (given, _checked_expression(function, given))
        except Exception as error:
            error.add_note(f"This is the expression of the function '{function.label}'.")
            raise
    return known[1]


def _checked_expression(owner: Function, given: FunctionImplementation) -> ExpressionForm:
    text = str(given.code)
    tree = parse_expression(text)
    arguments = owner.arg_names
    dims = [owner.declared_dimension(number) for number in range(owner.n_args)]
    kinds: list[DType] = ["float" if kind == "any" else kind for kind in owner.arg_types]  # type: ignore[misc]
    symbols: dict[str, Symbol] = {
        name: Symbol(name, kind, dim or DIMENSIONLESS, False, "variable")
        for name, kind, dim in zip(arguments, kinds, dims, strict=True)
    }
    for name in names(tree) | functions(tree):
        symbol = function_symbol(name, given) or default_symbol(name)
        if name not in symbols and symbol is not None:
            symbols[name] = symbol
    found = dimension_of(tree, symbols, text) if None not in dims else None
    wanted = owner.declared_result
    if found is not None and wanted is not None and found is not wanted:
        raise mismatch(f"The function '{owner.label}' is declared to give another unit", tree, text, found, wanted)
    narrow: dict[str, Symbol] = dict(symbols)
    for name, kind in zip(arguments, owner.arg_types, strict=True):
        if kind == "any":
            narrow[name] = Symbol(name, "integer", DIMENSIONLESS, False, "variable")
    declared, least = owner.return_type, type_of(tree, narrow, text)
    _check_type(owner, type_of(tree, symbols, text), declared)
    others = {name: given.dependencies[name] for name in functions(tree) if name in given.dependencies}
    return ExpressionForm(text, tree, tuple(arguments), others, declared == "float" and least != "float")


def function_symbol(name: str, given: FunctionImplementation) -> Symbol | None:
    """Returns what a function among the dependencies means."""
    return function(name, given.dependencies[name]) if name in given.dependencies else None


def _check_type(owner: Function, found: DType, declared: str) -> None:
    if declared != "highest" and highest(found, declared) != declared:  # type: ignore[arg-type]
        raise TypeError(
            f"The function '{owner.label}' is declared to give a value of type {declared}, but its expression is of "
            f"type {found}."
        )


# ---------------------------------------------------------------- code of its own


def native_of(function: Function) -> NativeFunction | None:
    """Returns the code of a function that compiled code can call; None if Python computes the values.

    Of a Python function and C++ code the Python function is taken, but for scripts for standalone devices, and where
    there is Cython code as well: then Brian, too, runs compiled code unless it is told otherwise.

    Raises:
        ValueError: Its text is wrong.
        NotImplementedError: It is C++ only, and there is no compiler.
    """
    implementations = function.implementations
    if "cython" in implementations and "cpp" not in implementations and not function.has_python:
        raise NotImplementedError(
            f"The function '{function.label}' is written in Cython only, which is not compiled: let its Python "
            "function compute the values, or give C++ code with @implementation('cpp', ...)."
        )
    target = next((name for name in ("mlir", "llvm", "cpp") if name in implementations), None)
    if target is None:
        return None
    if target == "cpp" and function.has_python:
        return _native_beside_python(function)
    return _native(function, target)


def _native_beside_python(function: Function) -> NativeFunction | None:
    """Returns the C++ of a function that Python computes, too; None if Python is to be called.

    Scripts for standalone devices mean the C++, and so do those that give Cython code as well: with Brian their Python
    function is never called, and may be unable to take arrays.
    """
    given, is_meant = function.implementations["cpp"], Standalone.program is not None
    if _refused.get(function) is given:
        return None  # which was said
    why = "Its C++ is used where the Python function is empty, raises NotImplementedError, or has Cython code as well."
    if is_meant or "cython" in function.implementations:
        try:
            return _native(function, "cpp")
        except (NotImplementedError, ValueError, TypeError) as error:
            _refused[function] = given
            why = str(error)
            if is_meant and not isinstance(error, NotImplementedError):  # a compiler is there, and refuses
                logger.warn(
                    f"The function '{function.label}' is called in Python, which takes longer. {why}",
                    f"cpp_function_{function.label}",
                    once=True,
                )
                return None
    logger.info(
        f"The function '{function.label}' is called in Python, although it is given in C++, too: this takes longer. "
        f"{why}",
        f"python_function_{function.label}",
        once=True,
    )
    return None


def _native(function: Function, target: str) -> NativeFunction:
    given = function.implementations[target]
    known = _natives.get(function)
    if known is None or known[0] is not given:
        make = {"mlir": _from_mlir, "llvm": _from_llvm, "cpp": library_of}[target]
        known = _natives[function] = (given, make(function, given))
    return known[1]


def _types(function: Function) -> tuple[tuple[str, ...], str]:
    return tuple(NATIVE_TYPES[kind] for kind in function.arg_types), NATIVE_TYPES[function.return_type]


def _symbol(text: str) -> str:
    return f"ranvier_text_{hashlib.sha256(text.encode()).hexdigest()[:40]}"


def _from_mlir(function: Function, given: FunctionImplementation) -> NativeFunction:
    arguments, result = _types(function)
    return NativeFunction(given.name or function.label, "mlir", arguments, result, function.stateless, text=given.code)


def _from_llvm(function: Function, given: FunctionImplementation) -> NativeFunction:
    # Imported here: only functions of this kind need it.
    from ranvier.codegen.errors import CodegenError
    from ranvier.codegen.llvm_functions import renamed, signature_of

    wanted, name, text = _types(function), given.name or function.label, str(given.code)
    try:
        found = signature_of(text, name)
        symbol = _symbol(f"{name} {text}")
        whole = renamed(text, name, symbol)
    except CodegenError as error:
        raise ValueError(f"The LLVM IR of the function '{function.label}' is wrong: {error}") from error
    if found != wanted:
        raise ValueError(
            f"The function '{function.label}' is declared with the types ({', '.join(wanted[0])}) -> {wanted[1]}, but "
            f"its LLVM IR has ({', '.join(found[0])}) -> {found[1]}. A float is a double (f64), an integer i64, a "
            "boolean i1; @declare_types says which the arguments and the result are."
        )
    return NativeFunction(symbol, "llvm", *wanted, function.stateless, text=whole)


def values_of(native: NativeFunction) -> Callable[..., Any]:
    """Returns a function as one of numpy arrays, for what Python computes; it is made when it is first called."""
    return lambda *args: _made_values(native)(*args)


@cache
def _made_values(native: NativeFunction) -> Callable[..., Any]:
    code = native.text, native.symbol, native.arguments, native.result
    if native.kind == "mlir":
        # Late, like those below: only functions of this kind need it.
        from ranvier.ir.mlir_functions import callable_of, parsed

        return callable_of(parsed(*code))
    if native.kind == "llvm":
        # Late: see above.
        from ranvier.codegen import llvm_functions

        return llvm_functions.callable_of(*code)
    # Late: see above.
    from ranvier.codegen.calling import each

    # Late: see above.
    from ranvier.codegen.libraries import address_of

    return each(address_of(native.symbol), native.arguments, native.result)


def python_values(function: Function, args: tuple[Any, ...]) -> Any:
    """Returns the values of a function that is not Python for plain values; None if it is Python."""
    form = expression_of(function)
    if form is not None:
        spaces = {**form.others, **{name: np.asarray(arg)[()] for name, arg in zip(form.arguments, args, strict=True)}}
        for name in names(form.tree) - spaces.keys():
            symbol = default_symbol(name)
            if symbol is not None:
                spaces[name] = np.asarray(symbol.value)[()]
        return evaluate(form.tree, spaces, np.broadcast(*args).size if args else 1)
    native = native_of(function)
    if native is None:
        return None
    indices = [np.arange(np.broadcast(*args).size if args else 1)] if native.indexed else []
    return _made_values(native)(*args, *indices)


Function.code_values = staticmethod(python_values)
