"""Executing assignments with numpy: the slow, obvious meaning of what integrators produce."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ranvier.analysis.evaluate import evaluate
from ranvier.equations.assignments import Adaptive, Assign, Line, Propagator
from ranvier.equations.expressions import Expr, Name, calls

_PADE = (
    64764752532480000.0,
    32382376266240000.0,
    7771770303897600.0,
    1187353796428800.0,
    129060195264000.0,
    10559470521600.0,
    670442572800.0,
    33522128640.0,
    1323241920.0,
    40840800.0,
    960960.0,
    16380.0,
    182.0,
    1.0,
)
"""Pade coefficients of degree 13 of exp, and the norm up to which they hold to double precision: N. J. Higham, The
scaling and squaring method for the matrix exponential revisited, 2005.
"""

_PADE_NORM = 5.371920351148152


def expm(matrix: Any) -> Any:
    """Returns the exponential of square matrices, stacked along the first axes."""
    a = np.asarray(matrix, dtype=float)
    norm = np.max(np.sum(np.abs(a), axis=-2), initial=0.0)
    squarings = max(0, int(np.ceil(np.log2(norm / _PADE_NORM)))) if norm > 0 and np.isfinite(norm) else 0
    a = a / 2.0**squarings
    powers = [np.broadcast_to(np.eye(a.shape[-1]), a.shape)]
    for _ in range(6):
        powers.append(powers[-1] @ (a @ a))
    even = sum(_PADE[2 * k] * powers[k] for k in range(7))
    odd = a @ sum(_PADE[2 * k + 1] * powers[k] for k in range(7))
    result = np.linalg.solve(even - odd, even + odd)
    for _ in range(squarings):
        result = result @ result
    return result


def propagator_entries(line: Propagator, values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Computes the wanted entries of a propagator.

    Args:
        values: Plain SI numbers or arrays (one value per element) by name.

    Yields:
        Name and value of each entry; one value per element if the matrix differs between elements.
    """
    size = len(line.matrix)
    entries = [np.asarray(evaluate(entry, values), dtype=float) for row in line.matrix for entry in row]
    shape = np.broadcast_shapes(*(entry.shape for entry in entries))
    stacked = np.stack([np.broadcast_to(entry, shape) for entry in entries], axis=-1).reshape(*shape, size, size)
    step = np.asarray(evaluate(line.step, values), dtype=float)
    result = expm(stacked * step[..., None, None])
    for i, row in enumerate(line.targets):
        for j, name in enumerate(row):
            if name is not None:
                yield name, result[..., i, j]


def computed(line: Propagator | Adaptive, values: Mapping[str, Any], count: int = 1) -> Iterator[tuple[str, Any]]:
    """Computes what a line assigns that is more than one expression.

    Args:
        values: Plain SI numbers or arrays (one value per element) by name.
        count: The number of elements.

    Yields:
        Name and value of each result.
    """
    return propagator_entries(line, values) if isinstance(line, Propagator) else _integrated(line, values, count)


def _integrated(line: Adaptive, values: Mapping[str, Any], count: int) -> Iterator[tuple[str, Any]]:
    from ranvier.ir import adaptive  # few scripts integrate so, and all load this module

    known = dict(values)

    def of(expr: Expr) -> npt.NDArray[np.float64]:
        return np.array(np.broadcast_to(np.asarray(evaluate(expr, known, count), dtype=float), (count,)))

    start, step, begin = (of(expr) for expr in (line.start, line.step, line.begin))
    errors = [of(error) for error in line.errors]
    variables = [of(Name(name)) for name in line.variables]

    def slopes(time: Any, present: Sequence[Any]) -> Sequence[Any]:
        known.update(zip(line.variables, present, strict=True), t=time)
        return [evaluate(slope, known, count) for slope in line.slopes]

    most, method = line.most, line.method
    found = adaptive.advance(
        slopes, start, step, variables, begin, errors, method=method, most=most, adaptive=line.is_adaptive
    )
    reports = (found.step, found.taken, found.repeated, found.stuck)
    yield from zip(line.targets, (*found.values, *reports), strict=True)


def run(lines: Iterable[Line], values: Mapping[str, Any], count: int, rng: np.random.Generator) -> dict[str, Any]:
    """Executes one step.

    Args:
        values: Plain SI numbers or arrays by name: variables, constants, units, `t`, `dt`.
        count: The number of elements.
        rng: Gives the noise.

    Returns:
        All values after the step, temporaries included.
    """
    todo = tuple(lines)
    scope = dict(values)
    scope["_select"] = np.where
    # The argument of _normal names the noise: the numbers are the value of that name, the function gives them back.
    scope["_normal"] = _given
    scope.update({name: rng.standard_normal(count) for name in _noise_names(todo)})
    for line in todo:
        if isinstance(line, Assign):
            scope[line.target] = evaluate(line.expr, scope, count, rng)
        else:
            scope.update(computed(line, scope, count))
    return scope


def _given(numbers: Any) -> Any:
    return numbers


def _noise_names(lines: Iterable[Line]) -> list[str]:
    found: set[str] = set()
    for line in lines:
        for call in calls(line.expr) if isinstance(line, Assign) else ():
            if call.function == "_normal" and isinstance(call.args[0], Name):
                found.add(call.args[0].id)
    return sorted(found)
