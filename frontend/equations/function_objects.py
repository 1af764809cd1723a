"""Functions of the model language: what they are called with, what they give, and how they are computed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, ClassVar

import numpy as np

from ranvier.equations.empty_functions import is_empty
from ranvier.equations.expressions import functions
from ranvier.equations.parser import parse_expression
from ranvier.public import public
from ranvier.session.logger import get_logger
from ranvier.units.checks import get_dimensions
from ranvier.units.dimensions import DIMENSIONLESS, Dimension
from ranvier.units.mismatch import DimensionMismatchError
from ranvier.units.quantity import Quantity

logger = get_logger("ranvier.core.functions")

FORMS = "ranvier.analysis.function_forms"
"""The module that sets `Function.code_values`."""

DRAWING = frozenset({"rand", "randn", "poisson"})
"""The functions of every model that draw random numbers."""

TYPES = ("boolean", "integer", "float")


CODE_TARGETS = ("expression", "mlir", "llvm", "cpp")
"""Languages other than Python of which code is made."""

C_TARGETS = ("cpp", "cython")
"""Names by which targets that take C++ source may be called."""

SINGLE_VALUES = ("The truth value of an array", "can be converted to Python scalars")
"""What numpy's errors say when code for single values, such as `if v > 0:` or `math.exp(v)`, gets an array."""


@dataclass(frozen=True, slots=True)
class FunctionImplementation:
    """How one target computes a function.

    Attributes:
        code: A Python callable (target `numpy`), C++ source, or a dictionary of named blocks of it.
        namespace: Arrays and values that the code uses by name.
        dependencies: Other functions that the code calls, by the name used there.
        discard_units: Whether a Python callable takes plain SI arrays instead of quantities.
        dynamic: Whether `code` and `namespace` are callables of the object that uses the function.
        compiler_kwds: Headers, sources, libraries, macros and the like.
    """

    code: Any
    name: str | None = None
    namespace: Any = None
    dependencies: Mapping[str, Function] = field(default_factory=dict[str, "Function"])
    discard_units: bool = False
    dynamic: bool = False
    availability_check: Callable[[], None] | None = None
    compiler_kwds: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def get_code(self, owner: object) -> Any:
        """Returns the code for one owner."""
        return self.code(owner) if self.dynamic else self.code

    def get_namespace(self, owner: object) -> dict[str, Any]:
        """Returns the values the code uses, for one owner."""
        space: Any = self.namespace
        if callable(space):
            space = space(owner)
        found: dict[str, Any] = dict(space or {})
        return found


class FunctionImplementations(Mapping[str, FunctionImplementation]):
    """The implementations of one function, by target.

    Args:
        function: The function; None for those that all functions of a class begin with.
        first: Those that it begins with.
    """

    def __init__(self, function: Function | None, first: Mapping[str, FunctionImplementation] | None = None) -> None:
        self._function = function
        self._by_target: dict[str, FunctionImplementation] = dict(first or {})

    def __getitem__(self, target: str) -> FunctionImplementation:
        if target in self._by_target:
            return self._by_target[target]
        whose = "" if self._function is None else f" '{self._function.label}'"
        raise KeyError(f"The function{whose} has no implementation for '{target}'.")

    def __contains__(self, target: object) -> bool:
        return target in self._by_target

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_target)

    def __len__(self) -> int:
        return len(self._by_target)

    def add_implementation(
        self,
        target: str,
        code: Any,
        namespace: Any = None,
        dependencies: Mapping[str, Function] | None = None,
        availability_check: Callable[[], None] | None = None,
        name: str | None = None,
        compiler_kwds: Mapping[str, Any] | None = None,
    ) -> None:
        """Adds source code for a target."""
        self._by_target[target] = FunctionImplementation(
            code,
            name,
            namespace,
            dict(dependencies or {}),
            availability_check=availability_check,
            compiler_kwds=dict(compiler_kwds or {}),
        )

    def add_numpy_implementation(
        self,
        wrapped_func: Callable[..., Any],
        dependencies: Mapping[str, Function] | None = None,
        discard_units: bool | None = None,
    ) -> None:
        """Adds a Python callable; it gets quantities unless `discard_units` is true."""
        self._by_target["numpy"] = FunctionImplementation(
            wrapped_func, dependencies=dict(dependencies or {}), discard_units=bool(discard_units)
        )

    def add_dynamic_implementation(
        self,
        target: str,
        code: Callable[[Any], Any],
        namespace: Callable[[Any], Mapping[str, Any]] | None = None,
        dependencies: Mapping[str, Function] | None = None,
        availability_check: Callable[[], None] | None = None,
        name: str | None = None,
        compiler_kwds: Mapping[str, Any] | None = None,
    ) -> None:
        """Adds code that is made by calling `code(owner)` when it is needed."""
        if not callable(code):
            raise TypeError(f"The code of a dynamic implementation has to be a function, not {type(code).__name__}.")
        self._by_target[target] = FunctionImplementation(
            code,
            name,
            namespace,
            dict(dependencies or {}),
            dynamic=True,
            availability_check=availability_check,
            compiler_kwds=dict(compiler_kwds or {}),
        )


@public
class Function:
    """A function that can be called in equations and statements.

    Args:
        pyfunc: What Python calls, and runs if there is no other implementation; None if there is only code in another
            language. If it was decorated with `check_units` or `declare_types`, units and types are taken from there.
        arg_units: Per argument a unit, 1, `bool`, `None` (anything) or the name of another argument whose unit
            it shares.
        return_unit: A unit, 1, `bool`, or a function of the arguments' dimensions.
        arg_types: Per argument `'boolean'`, `'integer'`, `'float'` or `'any'`.
        return_type: Additionally `'highest'`, the largest type among the arguments.
        stateless: Whether equal arguments give equal results (so that calls may be merged).
        auto_vectorise: Whether it is called with an extra argument `_vectorisation_idx` whose length is the number
            of values to return.

    Raises:
        ValueError: Units are missing, or the lengths of the descriptions differ.
    """

    implementations: FunctionImplementations
    """How targets compute it."""

    label: str
    """What messages call it: its `name` if its class gives it one, otherwise that of the Python function."""

    code_values: ClassVar[Callable[[Function, tuple[Any, ...]], Any] | None] = None
    """Computes the values of a function that is code in another language, for plain values."""

    def __init__(
        self,
        pyfunc: Callable[..., Any] | None,
        sympy_func: Any = None,
        arg_units: Sequence[Any] | None = None,
        arg_names: Sequence[str] | None = None,
        return_unit: Any = None,
        arg_types: Sequence[str] | None = None,
        return_type: str | None = None,
        stateless: bool = True,
        auto_vectorise: bool = False,
    ) -> None:
        self.pyfunc = pyfunc
        self.sympy_func = sympy_func
        self.label = getattr(self, "name", "") or _name_of(pyfunc)
        declared_units = getattr(pyfunc, "_arg_units", None)
        units = arg_units if arg_units is not None else declared_units
        if units is None:
            raise ValueError(
                f"The function '{self.label}' has no units: decorate it with check_units or give "
                "arg_units and return_unit."
            )
        self._arg_units = list(units)
        declared_names = getattr(pyfunc, "_arg_names", None) if arg_units is None else None
        self._arg_names: list[str] | None = None if arg_names is None else list(arg_names)
        if self._arg_names is None and declared_names is not None:
            self._arg_names = list(declared_names)
        self._return_unit = return_unit if return_unit is not None else getattr(pyfunc, "_return_unit", None)
        if self._return_unit is None:
            raise ValueError(f"The unit of the result of '{self.label}' is missing: give return_unit (or result=).")
        self._arg_types = list(arg_types or getattr(pyfunc, "_arg_types", None) or ["any"] * len(self._arg_units))
        default_type = "boolean" if self._return_unit is bool else "float"
        self._return_type: str = return_type or getattr(pyfunc, "_return_type", None) or default_type
        self.stateless = stateless
        self.auto_vectorise = auto_vectorise
        self.implementations = FunctionImplementations(self, getattr(type(self), "implementations", None))
        self._each_element = False
        self._check_description()

    def _check_description(self) -> None:
        if self._arg_names is not None and len(self._arg_names) != len(self._arg_units):
            raise ValueError(
                f"The function '{self.label}' has {len(self._arg_names)} argument names, "
                f"but {len(self._arg_units)} units."
            )
        if len(self._arg_types) != len(self._arg_units):
            raise ValueError(
                f"The function '{self.label}' has {len(self._arg_types)} argument types, "
                f"but {len(self._arg_units)} units."
            )
        for unit in self._arg_units:
            if isinstance(unit, str) and unit not in (self._arg_names or ()):
                raise ValueError(f"An argument of '{self.label}' shares the unit of '{unit}', which is no argument.")
        for kind in self._arg_types:
            if kind not in (*TYPES, "any"):
                raise ValueError(
                    f"Unknown argument type '{kind}' of '{self.label}': use boolean, integer, float or any."
                )
        if self._return_type not in (*TYPES, "highest"):
            raise ValueError(
                f"Unknown type '{self._return_type}' of the result of '{self.label}': "
                "use boolean, integer, float or highest."
            )

    def __call__(self, *args: Any) -> Any:
        if not self.implementations.keys().isdisjoint(CODE_TARGETS) and not self.has_python:
            return self._compiled(args)
        if self.pyfunc is None:
            raise TypeError(f"The function '{self.label}' has no Python function that could be called.")
        return self.pyfunc(*args)

    def _compiled(self, args: tuple[Any, ...]) -> Any:
        """Returns the values of a function that is code in another language, with its unit."""
        dims = [get_dimensions(arg) for arg in args]
        for number, dim in enumerate(dims[: self.n_args]):
            wanted = self.argument_dimension(number, dims)
            if wanted is not None and wanted is not dim:
                raise DimensionMismatchError(f"Argument {number + 1} of the function '{self.label}'", dim, wanted)
        if Function.code_values is None:
            import_module(FORMS)  # sets it: what computes the values stands on this module
        assert Function.code_values is not None
        values = Function.code_values(self, tuple(np.asarray(arg) for arg in args))
        dim = self.result_dimension(dims)
        return values if dim is DIMENSIONLESS else Quantity(values, dim=dim)

    def __repr__(self) -> str:
        return f"<Function {self.label}>"

    @property
    def n_args(self) -> int:
        """The number of arguments."""
        return len(self._arg_units)

    @property
    def arg_types(self) -> tuple[str, ...]:
        """Type of each argument: boolean, integer, float or any."""
        return tuple(self._arg_types)

    @property
    def return_type(self) -> str:
        """Type of the result: boolean, integer, float or highest."""
        return self._return_type

    @property
    def arg_names(self) -> tuple[str, ...]:
        """The names of the arguments, those of the Python function if they are not given."""
        if self._arg_names is not None:
            return tuple(self._arg_names)
        code = getattr(getattr(self.pyfunc, "_orig_func", self.pyfunc), "__code__", None)
        return () if code is None else code.co_varnames[: code.co_argcount]

    @property
    def has_python(self) -> bool:
        """Whether there is a Python function that computes the values: not one that is empty or only raises
        NotImplementedError.
        """
        if "numpy" in self.implementations:
            return True
        return self.pyfunc is not None and not is_empty(self.pyfunc)

    def declared_dimension(self, index: int) -> Dimension | None:
        """Returns the dimension of an argument; None if it depends on the call."""
        unit = self._arg_units[index]
        return None if unit is None or isinstance(unit, str) else _dimension(unit)

    @property
    def declared_result(self) -> Dimension | None:
        """The dimension of the result; None if it depends on the call."""
        unit = self._return_unit
        return None if callable(unit) and unit is not bool and not isinstance(unit, Quantity) else _dimension(unit)

    def is_locally_constant(self, dt: float) -> bool:
        """Tells whether the value at `t` holds until `t + dt` (seconds); functions of time may know."""
        return False

    def argument_dimension(self, index: int, given: Sequence[Dimension]) -> Dimension | None:
        """Returns the dimension demanded of an argument, given those of all; `None` if any will do."""
        unit = self._arg_units[index]
        if isinstance(unit, str):
            assert self._arg_names is not None
            return given[self._arg_names.index(unit)]
        return None if unit is None else _dimension(unit)

    def shares_unit_with(self, index: int) -> int | None:
        """Returns the argument whose unit this one must have, or `None`."""
        unit = self._arg_units[index]
        if not isinstance(unit, str) or self._arg_names is None:
            return None
        return self._arg_names.index(unit)

    def result_dimension(self, given: Sequence[Dimension]) -> Dimension:
        """Returns the dimension of the result for arguments of these dimensions."""
        unit = self._return_unit
        if callable(unit) and unit is not bool and not isinstance(unit, Quantity):
            return _dimension(unit(*given))
        return _dimension(unit)

    def on_arrays(self, args: Sequence[Any], count: int) -> Any:
        """Computes values for plain SI arrays or numbers.

        Args:
            args: The arguments without units.
            count: The number of elements, for functions that draw values by themselves.

        Raises:
            DimensionMismatchError: The function returned something in another unit than declared.
            NotImplementedError: There is source code for C++ or Cython only.
        """
        found = self.implementations.get("numpy")
        if self.auto_vectorise:
            args = [*args, np.arange(count)]
        if found is not None and found.discard_units:
            return _given(found.code(*args), self.label)
        function = found.code if found is not None else self
        if self._each_element:
            return self._on_each(function, args)
        try:
            return self._on_values(function, args)
        except NotImplementedError as error:
            if not self.is_given_in_c:
                raise
            raise NotImplementedError(
                f"The Python function of '{self.label}' does not compute these values: let it, or leave it empty, so "
                f"that its C++ code is used. ({error or 'It raises NotImplementedError.'})"
            ) from error
        except (ValueError, TypeError) as error:
            if not any(words in str(error) for words in SINGLE_VALUES):
                raise
            if not self.is_given_in_c:
                error.add_note(
                    f"'{self.label}' is called with the values of all elements at once, as an array: use clip(), "
                    "int(condition)*value or numpy's where() instead of 'if', and exp() and the like of numpy instead "
                    "of those of math."
                )
                raise
            self._each_element = True
            logger.warning(
                f"The Python function '{self.label}' takes one value at a time, not arrays: it is called for each "
                "element, which takes long. Let it take arrays, or leave it empty, so that its C++ code is used.",
                f"single_values_{self.label}",
                once=True,
            )
            return self._on_each(function, args)

    @property
    def is_given_in_c(self) -> bool:
        """Whether there is code for a target that takes C++ source."""
        return any(target in self.implementations for target in C_TARGETS)

    def _on_values(self, function: Callable[..., Any], args: Sequence[Any]) -> Any:
        """Calls a function with values that get the units it declares."""
        dims = [None if i >= self.n_args or isinstance(u, str) else u for i, u in enumerate(self._arg_units)]
        with_units = [_with_unit(arg, dims[i] if i < len(dims) else None) for i, arg in enumerate(args)]
        return self._without_units(function(*with_units))

    def _on_each(self, function: Callable[..., Any], args: Sequence[Any]) -> Any:
        """Calls a function for each element; its arguments have the same length, or are one value for all."""
        arrays = np.broadcast_arrays(*args)
        flat = [array.flat for array in arrays]
        values = [self._on_values(function, [one[()] for one in each]) for each in zip(*flat, strict=True)]
        return np.reshape(values, arrays[0].shape)[()]

    def _without_units(self, result: Any) -> Any:
        result = _given(result, self.label)
        unit = self._return_unit
        if not callable(unit) or isinstance(unit, Quantity):
            wanted, given = _dimension(unit), get_dimensions(result)
            if wanted is not given:
                raise DimensionMismatchError(
                    f"The function '{self.label}' returned a value with an unexpected unit", wanted, given
                )
        return np.asarray(result)[()]


def _name_of(pyfunc: Callable[..., Any] | None) -> str:
    return getattr(pyfunc, "__name__", type(pyfunc).__name__) if pyfunc is not None else "function"


def _given(result: Any, name: str) -> Any:
    """Returns what a function of the script returned, which must be something."""
    if result is None:
        raise TypeError(f"The function '{name}' returned None instead of a value: it has to end with 'return ...'.")
    return result


def _dimension(unit: Any) -> Dimension:
    if isinstance(unit, Dimension):
        return unit
    if unit is bool or isinstance(unit, int | float):
        return DIMENSIONLESS
    return get_dimensions(unit)


def _with_unit(value: Any, unit: Any) -> Any:
    if unit is None or unit is bool:
        return value
    dim = _dimension(unit)
    return value if dim is DIMENSIONLESS else Quantity(value, dim=dim)


@public
def declare_types(**types: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Returns a decorator that states the types of arguments and, as `result`, of the value.

    Raises:
        ValueError: A type or an argument name is unknown.
    """

    def annotate(function: Callable[..., Any]) -> Callable[..., Any]:
        original = getattr(function, "_orig_func", function)
        code = original.__code__
        arg_names = list(code.co_varnames[: code.co_argcount])
        for name, kind in types.items():
            if name != "result" and name not in arg_names:
                raise ValueError(f"The function '{original.__name__}' has no argument '{name}'.")
            allowed = (*TYPES, "highest") if name == "result" else (*TYPES, "any")
            if kind not in allowed:
                raise ValueError(f"Unknown type '{kind}' for '{name}': use one of {', '.join(allowed)}.")
        function._arg_types = [types.get(name, "any") for name in arg_names]  # type: ignore[attr-defined]
        function._return_type = types.get("result", "float")  # type: ignore[attr-defined]
        if not hasattr(function, "_arg_names"):
            function._arg_names = arg_names  # type: ignore[attr-defined]
        return function

    return annotate


@public
def implementation(
    target: str,
    code: Any = None,
    namespace: Any = None,
    dependencies: Mapping[str, Function] | None = None,
    discard_units: bool | None = None,
    name: str | None = None,
    **compiler_kwds: Any,
) -> Callable[[Any], Function]:
    """Returns a decorator that adds an implementation to a function with units and makes it a `Function`.

    Args:
        target: `'numpy'` (the decorated function itself); `'expression'`, an expression of the model language;
            `'mlir'`, a `func.func` of arith and math ops; `'llvm'`, a function of LLVM IR; `'cpp'`; `'cython'` (not
            compiled). The first three are inlined into compiled code.
        code: Source text; for C++ also a dictionary of its blocks.
        compiler_kwds: Headers, sources, define_macros, libraries, include_dirs, library_dirs...
    """

    def wrap(function: Any) -> Function:
        wrapped = function if isinstance(function, Function) else Function(function)
        if discard_units is not None and target != "numpy":
            raise TypeError("'discard_units' is only meaningful for the target 'numpy'.")
        if target == "numpy":
            python: Any = code if callable(code) else wrapped.pyfunc
            python = getattr(python, "_orig_func", python) if discard_units else python
            wrapped.implementations.add_numpy_implementation(python, dependencies, discard_units)
        elif code is None:
            raise ValueError(f"An implementation for '{target}' needs its source code.")
        else:
            if target not in (*CODE_TARGETS, *C_TARGETS):
                raise ValueError(
                    f"Unknown target '{target}' of an implementation: use numpy, {', '.join(CODE_TARGETS)} or cython."
                )
            if target == "expression":
                wrapped.stateless = wrapped.stateless and _is_stateless(code, dependencies or {})
            wrapped.implementations.add_implementation(
                target, code, namespace, dependencies, name=name, compiler_kwds=compiler_kwds
            )
        return wrapped

    return wrap


def _is_stateless(text: str, dependencies: Mapping[str, Function]) -> bool:
    """Tells whether an expression draws no random numbers.

    Raises:
        SyntaxError: With the place in the text.
    """
    called = functions(parse_expression(text))
    return called.isdisjoint(DRAWING) and all(dependencies[name].stateless for name in called & dependencies.keys())


def as_function(value: object) -> Function | None:
    """Returns the function an object of the script stands for: a `Function`, or one decorated with `check_units`.

    The latter counts as stateful, since nobody promised that equal arguments give equal results.
    """
    if isinstance(value, Function):
        return value
    if callable(value) and hasattr(value, "_arg_units") and getattr(value, "_return_unit", None) is not None:
        return Function(value, stateless=False)
    return None
