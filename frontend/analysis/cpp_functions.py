"""Functions of scripts that are C++: the whole text of their library, in the conventions of Brian's C++ code."""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any, cast

import numpy as np

from ranvier.equations.function_objects import Function, FunctionImplementation
from ranvier.equations.functions import DEFAULT_FUNCTIONS
from ranvier.ir.native import NativeFunction
from ranvier.session.program_cache import current_cache
from ranvier.session.randomness import random_state
from ranvier.units.quantity import Quantity

STANDARD_HEADERS = (
    "algorithm", "climits", "cmath", "cstdlib", "ctime", "fstream", "iostream", "limits", "random", "sstream",
    "stdexcept", "string", "vector",
)  # fmt: skip
"""What code that says `std` may use without a header of its own, as in Brian's standalone programs."""

BLOCKS = ("support_code", "hashdefine_code")
"""The blocks of code that can be given by name."""

KEYWORDS = (
    "headers", "sources", "define_macros", "libraries", "include_dirs", "library_dirs", "runtime_library_dirs",
    "extra_compile_args", "extra_link_args",
)  # fmt: skip
"""The options of the compiler that can be given."""

C_TYPES = {"f8": "double", "f4": "float", "i8": "int64_t", "i4": "int32_t", "b1": "bool", "u1": "uint8_t"}
"""What C++ calls numpy's element types."""

PARAMETERS = {"f64": "double", "i64": "int64_t", "i1": "bool"}

PRELUDE = """
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>
namespace {
uint64_t ranvier_state = 88172645463325252ULL;
inline uint64_t ranvier_bits() {
    uint64_t z = __atomic_add_fetch(&ranvier_state, 0x9E3779B97F4A7C15ULL, __ATOMIC_RELAXED);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
}
inline double _rand(int64_t) { return double(ranvier_bits() >> 11) * 0x1.0p-53; }
inline double _randn(int64_t k) {
    const double u = 1.0 - _rand(k), angle = 6.283185307179586 * _rand(k);
    return sqrt(-2.0 * log(u)) * cos(angle);
}
inline double _exprel(double x) { return fabs(x) < 1e-16 ? 1.0 : x > 717.0 ? INFINITY : expm1(x) / x; }
inline int64_t _timestep(double t, double dt) { return int64_t((t + 1e-3 * dt) / dt); }
template <typename T> inline T _clip(T x, double low, double high) { return x < low ? T(low) : x > high ? T(high) : x; }
template <typename T> inline int _sign(T x) { return (T(0) < x) - (x < T(0)); }
}
extern "C" void @SYMBOL@_seed(uint64_t seed) { ranvier_state = seed * 0xD1342543DE82EF95ULL + 1; }
"""
"""What the code may use: the functions of Brian's C++ targets, and random numbers that follow `seed()`."""


def library_of(function: Function, given: FunctionImplementation) -> NativeFunction:
    """Returns a function as a symbol of its library, compiled and loaded.

    Raises:
        NotImplementedError: There is no compiler, or a form of code is not supported.
        ValueError: The compiler does not accept the code.
    """
    # Imported here: only functions of this kind need them.
    from ranvier.codegen.errors import CodegenError, CompilerMissing
    from ranvier.codegen.libraries import LibrarySource, library

    _check_keywords(function, given)
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    text = "\n".join(_text(function, given, arrays))
    options = given.compiler_kwds
    source = LibrarySource(
        text,
        *(_paths(options.get(key)) for key in ("sources", "include_dirs", "libraries", "library_dirs")),
        runtime_library_dirs=_paths(options.get("runtime_library_dirs")),
        options=(*_paths(options.get("extra_compile_args")), *_paths(options.get("extra_link_args"))),
    )
    try:
        made = library(source, current_cache())
    except CompilerMissing as error:
        only, remedy = (" only", "Let its Python function compute the values, too, or install")
        if function.has_python:
            only, remedy = "", "Install"
        raise NotImplementedError(
            f"The function '{function.label}' is written in C++{only}, and there is no C++ compiler on this machine "
            f"({error}). {remedy} a compiler (g++ or clang++; the environment variable CXX may name another)."
        ) from None
    except CodegenError as error:
        raise ValueError(f"The C++ code of the function '{function.label}' cannot be used:\n{error}") from None
    _bind(made.handle, made.symbol, arrays)
    arguments, result = _types(function)
    return NativeFunction(made.symbol, "library", arguments, result, function.stateless, function.auto_vectorise)


def seed_libraries(key: int) -> None:
    """Lets the random numbers of the C++ functions that are loaded begin anew, unless they began with this key."""
    if "ranvier.codegen.libraries" not in sys.modules:
        return
    from ranvier.codegen.libraries import seed_all  # late: nothing is loaded where it has not been imported

    seed_all(key, random_state.generation)


def _types(function: Function) -> tuple[tuple[str, ...], str]:
    kinds = {"integer": "i64", "boolean": "i1"}
    arguments = [kinds.get(kind, "f64") for kind in function.arg_types]
    if function.auto_vectorise:
        arguments.append("i64")
    return tuple(arguments), kinds.get(function.return_type, "f64")


def _check_keywords(function: Function, given: FunctionImplementation) -> None:
    unknown = [key for key in given.compiler_kwds if key not in KEYWORDS]
    if unknown:
        raise ValueError(
            f"The C++ code of the function '{function.label}' is given with the unknown option '{unknown[0]}'; the "
            f"options are {', '.join(KEYWORDS)}."
        )


def _paths(given: Any) -> tuple[str, ...]:
    values: list[Any] = [given] if isinstance(given, str) else list(given or ())
    return tuple(str(value) for value in values)


def _text(function: Function, given: FunctionImplementation, arrays: dict[str, np.ndarray[Any, Any]]) -> Iterator[str]:
    """Yields the parts of the text of a library; the arrays that it uses are put into `arrays`."""
    macros: Any = given.compiler_kwds.get("define_macros", ())
    for name, value in macros:
        yield f"#define {name} {'' if value is None else _macro_value(value)}"
    yield PRELUDE
    definitions = list(_definitions(function, given, arrays, set()))
    if any(re.search(r"\bstd\b", part) for part in definitions):
        yield from (f"#include <{header}>" for header in STANDARD_HEADERS)
    for header in _paths(given.compiler_kwds.get("headers")):
        quoted = header if header.startswith(("<", '"')) else f'"{header}"'
        yield f"#include {quoted}"
    yield from definitions
    name = given.name or function.label
    arguments, result = _types(function)
    parameters = ", ".join(f"{PARAMETERS[type_]} a{number}" for number, type_ in enumerate(arguments))
    values = ", ".join(f"a{number}" for number in range(len(arguments)))
    yield f'extern "C" {PARAMETERS[result]} @SYMBOL@({parameters}) {{ return {name}({values}); }}'
    pointers = (f"_namespace{key} = ({_c_type(key, arrays[key])}*)arrays[{k}];" for k, key in enumerate(arrays))
    yield f'extern "C" void @SYMBOL@_bind(void** arrays) {{ {" ".join(pointers)} }}'


def _macro_value(value: Any) -> str:
    return repr(float(value)) if isinstance(value, Quantity) else str(value)


def _definitions(
    function: Function, given: FunctionImplementation, arrays: dict[str, np.ndarray[Any, Any]], seen: set[str]
) -> Iterator[str]:
    """Yields the code of a function, behind that of the functions that it depends on."""
    for name, other in given.dependencies.items():
        if name in seen or other is DEFAULT_FUNCTIONS.get(other.label):
            continue
        seen.add(name)
        if "cpp" not in other.implementations:
            raise NotImplementedError(
                f"The C++ code of the function '{function.label}' depends on '{name}', which has no C++ code: add it "
                "with @implementation('cpp', ...)."
            )
        yield from _definitions(other, other.implementations["cpp"], arrays, seen)
    for key, value in given.get_namespace(None).items():
        array = np.asarray(value)
        if not array.ndim:
            yield f"static const {_c_type(key, array)} {key} = {_macro_value(array.item()).lower()};"
            continue
        arrays[key] = np.ascontiguousarray(array)
        content = hashlib.sha256(arrays[key].tobytes()).hexdigest()  # other values, another library: it has one pointer
        yield f"static {_c_type(key, array)}* _namespace{key};  // {content}"
    yield f'#line 1 "the C++ code of {function.label}"'
    yield _code(function, given.get_code(None))
    yield f'#line 1 "the call of {function.label}"'


def _c_type(name: str, array: np.ndarray[Any, Any]) -> str:
    kind = C_TYPES.get(array.dtype.str[1:])
    if kind is None:
        raise TypeError(f"C++ code cannot use '{name}', an array of type {array.dtype}.")
    return kind


def _code(function: Function, code: Any) -> str:
    if isinstance(code, str):
        return code
    if not isinstance(code, Mapping):
        raise TypeError(f"The C++ code of '{function.label}' has to be a text, or a dictionary of its blocks.")
    blocks = cast("Mapping[str, str]", code)
    unknown = [key for key in blocks if key not in BLOCKS]
    if unknown:
        raise NotImplementedError(
            f"The C++ code of the function '{function.label}' has a block '{unknown[0]}', which Ranvier does not use: "
            f"put it into {' or '.join(repr(block) for block in BLOCKS)}."
        )
    return "\n".join(blocks[key] for key in reversed(BLOCKS) if key in blocks)


def _bind(handle: Any, symbol: str, arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
    """Tells a library where its arrays are, which live as long as it does."""
    import ctypes

    if arrays:
        pointers = (ctypes.c_void_p * len(arrays))(*(array.ctypes.data for array in arrays.values()))
        getattr(handle, f"{symbol}_bind")(pointers)
        _held.setdefault(symbol, []).append(list(arrays.values()))


_held: dict[str, list[Any]] = {}
"""The arrays that libraries use."""
