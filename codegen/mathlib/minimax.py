"""Derives the polynomials of ``coefficients.py``: ``python -m ranvier.codegen.mathlib.minimax`` prints that file.

With the argument ``normal`` it prints ``ir/normal_polynomials.py``, the polynomials that define normal random numbers.

Each polynomial is the minimax one: found by the Remez exchange algorithm in 60-digit arithmetic (mpmath, a
development dependency), for a weighted error, and then rounded to the format it is evaluated in. Nothing of the
compiler imports this module.
"""

from __future__ import annotations

import importlib
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Function = Callable[[Any], Any]


def _mpmath() -> Any:
    """Returns the module, which has no type stubs."""
    return importlib.import_module("mpmath")


@dataclass(frozen=True)
class Problem:
    """A polynomial of ``degree`` that approximates ``target`` on ``[low, high]``, errors multiplied by ``weight``."""

    name: str
    target: Function
    weight: Function
    low: float
    high: float
    degree: int
    single: bool = False


def remez(problem: Problem, rounds: int = 12) -> tuple[list[Any], Any]:
    """Returns the minimax polynomial of a problem.

    Args:
        problem: What to approximate.
        rounds: The most exchanges; it stops when the error is level to one part in a thousand.

    Returns:
        The coefficients, lowest first, and the largest weighted error.
    """
    mp = _mpmath()
    count = problem.degree + 2
    low, high = mp.mpf(problem.low), mp.mpf(problem.high)
    middle, half = (low + high) / 2, (high - low) / 2
    nodes = [middle - half * mp.cos(mp.pi * i / (count - 1)) for i in range(count)]
    grid = [middle - half * mp.cos(mp.pi * i / (24 * count)) for i in range(24 * count + 1)]
    values = [(x, problem.target(x), problem.weight(x)) for x in grid]
    coefficients: list[Any] = []
    largest = mp.mpf(0)
    for _ in range(rounds):
        matrix = mp.matrix(count, count)
        right = mp.matrix(count, 1)
        for row, x in enumerate(nodes):
            for column in range(count - 1):
                matrix[row, column] = x**column
            matrix[row, count - 1] = (-1) ** row / problem.weight(x)
            right[row] = problem.target(x)
        solution = mp.lu_solve(matrix, right)
        coefficients = [solution[i] for i in range(count - 1)]
        errors = [(w * (mp.polyval(coefficients[::-1], x) - g), x) for x, g, w in values]
        peaks = _alternating_peaks(errors)
        largest = max(abs(e) for e, _ in peaks)
        if len(peaks) < count or largest < mp.mpf("1.001") * abs(solution[count - 1]):
            break
        while len(peaks) > count:
            peaks.pop(0 if abs(peaks[0][0]) < abs(peaks[-1][0]) else -1)
        nodes = [x for _, x in peaks]
    return coefficients, largest


def _alternating_peaks(errors: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Returns the largest error of every stretch of one sign."""
    peaks: list[tuple[Any, Any]] = []
    for error, x in errors:
        if peaks and (error > 0) == (peaks[-1][0] > 0):
            if abs(error) > abs(peaks[-1][0]):
                peaks[-1] = (error, x)
        else:
            peaks.append((error, x))
    return peaks


def series(term: Callable[[int], Any], count: int = 80) -> Function:
    """Returns the sum of ``term(n) * x**n``: closed forms would cancel near 0."""
    mp = _mpmath()
    terms = [term(n) for n in range(count)]
    return lambda x: mp.polyval(terms[::-1], x)


def normal_problems() -> tuple[Problem, ...]:
    """Returns the polynomials of normal random numbers: ``-log(1 - t/2)/t``, and sine and cosine of quarter turns."""
    mp = _mpmath()
    log = series(lambda n: mp.mpf(1) / ((n + 1) * mp.mpf(2) ** (n + 1)), 200)
    quarter = mp.pi / 2
    sine = series(lambda n: (-1) ** n * quarter ** (2 * n + 1) / mp.factorial(2 * n + 1))
    cosine = series(lambda n: (-1) ** n * quarter ** (2 * n) / mp.factorial(2 * n))
    one: Function = lambda x: mp.mpf(1)
    relative: Function = lambda x: 1 / log(x)
    return (
        Problem("LOG_F64", log, relative, 0.0, 1.0, 11),
        Problem("SINE_F64", sine, one, 0.0, 0.25, 4),
        Problem("COSINE_F64", cosine, one, 0.0, 0.25, 4),
        Problem("LOG_F32", log, relative, 0.0, 1.0, 8, single=True),
        Problem("SINE_F32", sine, one, 0.0, 0.25, 3, single=True),
        Problem("COSINE_F32", cosine, one, 0.0, 0.25, 3, single=True),
    )


def problems() -> tuple[Problem, ...]:
    """Returns every polynomial of the library, with the interval its range reduction leaves."""
    mp = _mpmath()
    exp2 = series(lambda n: 1 / mp.factorial(n + 2))
    log = series(lambda n: mp.mpf(2) / (2 * n + 3))
    log_tail = series(lambda n: mp.mpf(1) / (2 * n + 5))
    sin = series(lambda n: (-1) ** (n + 1) / mp.factorial(2 * n + 3))
    cos = series(lambda n: (-1) ** n / mp.factorial(2 * n + 4))
    atan = series(lambda n: mp.mpf((-1) ** (n + 1)) / (2 * n + 3))
    asin = series(lambda n: mp.rf(mp.mpf(1) / 2, n + 1) / mp.factorial(n + 1) / (2 * n + 3))
    ln2_half = 0.34658
    log_z = 0.029438
    octant = 0.61686
    half_turn = 2.46742
    atan_z = 0.171573

    def at_least(least: float, power: int) -> Function:
        return lambda x: mp.mpf(max(abs(x), least)) ** power

    return (
        Problem("EXP_F64", exp2, at_least(0.02, 2), -ln2_half, ln2_half, 9),
        Problem("EXPM1_F64", exp2, at_least(0.02, 1), -ln2_half, ln2_half, 10),
        Problem("EXP_F32", exp2, at_least(0.05, 1), -ln2_half, ln2_half, 5, single=True),
        Problem("LOG_F64", log, at_least(0.002, 1), 0.0, log_z, 6),
        Problem("LOG_F32", log, at_least(0.002, 1), 0.0, log_z, 3, single=True),
        Problem("LOG_TAIL_F64", log_tail, at_least(0.002, 2), 0.0, log_z, 6),
        Problem("SIN_F64", sin, at_least(0.02, 1), 0.0, octant, 5),
        Problem("COS_F64", cos, at_least(0.02, 2), 0.0, octant, 5),
        Problem("SIN_SHORT_F64", sin, at_least(0.02, 1), 0.0, octant, 3),
        Problem("COS_SHORT_F64", cos, at_least(0.02, 2), 0.0, octant, 3),
        Problem("SIN_HALF_TURN_F64", sin, at_least(0.02, 1), 0.0, half_turn, 7),
        Problem("SIN_HALF_TURN_SHORT_F64", sin, at_least(0.02, 1), 0.0, half_turn, 4),
        Problem("ATAN_F64", atan, at_least(0.01, 1), 0.0, atan_z, 10),
        Problem("ASIN_F64", asin, at_least(0.01, 1), 0.0, 0.25, 12),
    )


def constants() -> dict[str, tuple[Any, tuple[int, ...]]]:
    """Constants and the bits of each part they are split into: products of a part and a small integer are exact."""
    mp = _mpmath()
    return {
        "LN2_F64": (mp.log(2), (40, 53)),
        "LN2_F32": (mp.log(2), (15, 24)),
        "HALF_PI_F64": (mp.pi / 2, (33, 33, 33, 53)),
        "PI_F64": (mp.pi, (33, 33, 33, 53)),
        "HALF_PI": (mp.pi / 2, (53, 53)),
        "QUARTER_PI": (mp.pi / 4, (53, 53)),
        "PI": (mp.pi, (53, 53)),
        "LOG2_E": (1 / mp.log(2), (26, 53)),
        "LOG10_E": (1 / mp.log(10), (26, 53)),
        "LOG10_2": (mp.log(2) / mp.log(10), (40, 53)),
        "THIRD": (mp.mpf(1) / 3, (53, 53)),
    }


def split(value: Any, parts: tuple[int, ...]) -> tuple[float, ...]:
    """Returns numbers of the given lengths whose sum is nearest to a value; all but the last are cut off below."""
    mp = _mpmath()
    result: list[float] = []
    for bits in parts:
        exponent = mp.frexp(value)[1]
        unit = mp.mpf(2) ** (exponent - bits)
        part = mp.nint(value / unit) * unit
        result.append(float(part))
        value -= part
    return tuple(result)


def main(what: str = "") -> None:
    """Prints ``coefficients.py``, or the polynomials of normal random numbers."""
    mp = _mpmath()
    mp.mp.dps = 60
    if what == "normal":
        print('"""The minimax polynomials that define normal random numbers, lowest coefficient first.')
        print()
        print("Printed by ``ranvier.codegen.mathlib.minimax``; `ranvier.ir.random_reference` says what they are for.")
        print('"""')
        print()
        _print_polynomials(normal_problems())
        return
    print('"""Minimax polynomials, lowest coefficient first, and split constants.')
    print()
    print("Printed by ``minimax.py``, which says what each is.")
    print('"""')
    print()
    for name, (value, parts) in constants().items():
        print(f"{name} = {split(value, parts)}")
    # 2/pi in binary for the reduction of huge angles: 1216 bits, words of 32 bits, the first in front of the point.
    with mp.workprec(1400):
        digits = int(mp.floor(2 / mp.pi * mp.mpf(2) ** 1216))
    words = [digits >> (1216 - 32 * (i + 1)) & 0xFFFFFFFF for i in range(38)]
    print("TWO_OVER_PI_WORDS = (")
    for i in range(0, 38, 6):
        print("    " + " ".join(f"0x{w:08X}," for w in words[i : i + 6]))
    print(")")
    print()
    _print_polynomials(problems())


def _print_polynomials(which: tuple[Problem, ...]) -> None:
    mp = _mpmath()
    for problem in which:
        coefficients, error = remez(problem)
        print(f"# weighted error 2**{float(mp.log(error, 2)):.1f} before rounding")
        print(f"{problem.name} = (")
        for coefficient in coefficients:
            value = float(coefficient)
            if problem.single:
                value = struct.unpack("f", struct.pack("f", value))[0]
            print(f"    {value!r},")
        print(")")


if __name__ == "__main__":
    main(*sys.argv[1:])
