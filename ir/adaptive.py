"""Runge-Kutta methods that choose their steps: coefficients, step control, and what they mean, in numpy (no xDSL).

A method takes inner steps from t to t + dt. Each inner step of length h computes slopes `k[s] = f(t + c[s]*h, x +
h*sum(a[s][j]*k[j]))`, the new value `x + h*sum(b[s]*k[s])`, and an estimate of its error `h*sum(e[s]*k[s])`.

Step control is that of the manual of the GNU Scientific Library (Reference Manual 2.7, "Adaptive Step-size Control",
with relative error 0): r is the greatest ratio of an error to the tolerance of its variable. The step is repeated with
`h*S*r**(-1/q)` if r > 1.1; the next one is `h*S*r**(-1/(q+1))` if r < 0.5, and `h` else. S is 0.9, q the order of the
method, and a step changes by a factor of 1/5 to 5 at most. The last inner step ends at t + dt; it is shorter for no
reason of its own, and says nothing of the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Values: TypeAlias = npt.NDArray[np.float64]
Slopes: TypeAlias = Callable[[Values, Sequence[Values]], Sequence[Any]]
"""Gives the derivative of each variable, for the times and the values of all elements."""

SAFETY = 0.9
"""S: a step is a little shorter than its error asks for."""
TOO_LARGE = 1.1
"""A step is repeated if its error is more than so many times what is allowed."""
SMALL = 0.5
"""The next step is longer if the error is less than this share of what is allowed."""
LEAST_FACTOR, GREATEST_FACTOR = 0.2, 5.0
"""A step changes by these factors at most."""
LAST_SHARE = 1 - 1e-10
"""A step that covers this share of what is left is the last: no step is made for a difference of rounding."""


@dataclass(frozen=True)
class Tableau:
    """A Runge-Kutta method with an estimate of the error.

    Attributes:
        order: The number q of the step control.
        a: For each stage the weights of the slopes before it; zeros at the end may be left out.
        b: The weights of the slopes in the new value.
        e: The weights of the slopes in the error.
    """

    order: int
    a: tuple[tuple[float, ...], ...]
    b: tuple[float, ...]
    e: tuple[float, ...]

    @property
    def stages(self) -> int:
        """How often the equations are computed for an inner step."""
        return len(self.b)

    @property
    def c(self) -> tuple[float, ...]:
        """The times of the stages, as shares of the step."""
        return tuple(sum(row) for row in self.a)


def _embedded(order: int, a: tuple[tuple[float, ...], ...], b: tuple[float, ...], lower: tuple[float, ...]) -> Tableau:
    """Returns a pair of methods; the error is the difference of their results."""
    return Tableau(order, a, b, tuple(x - y for x, y in zip(b, lower, strict=True)))


def _doubled() -> Tableau:
    """Returns two half steps of the classical method of fourth order, with a whole step for the error.

    The difference of the results is 15 times the error (Richardson; Hairer, Norsett & Wanner, Solving Ordinary
    Differential Equations I, 2nd ed., section II.4).
    """
    half = (1 / 12, 1 / 6, 1 / 6, 1 / 12)
    a = (
        (),
        (1 / 4,),
        (0, 1 / 4),
        (0, 0, 1 / 2),
        half,
        (*half, 1 / 4),
        (*half, 0, 1 / 4),
        (*half, 0, 0, 1 / 2),
        (1 / 2,),
        (*[0.0] * 8, 1 / 2),
        (*[0.0] * 9, 1.0),
    )
    b = (*half, *half, 0.0, 0.0, 0.0)
    whole = (1 / 6, *[0.0] * 7, 1 / 3, 1 / 3, 1 / 6)
    return Tableau(4, a, b, tuple((x - y) / 15 for x, y in zip(b, whole, strict=True)))


TABLEAUS: Mapping[str, Tableau] = {
    # Kutta's method of third order with the midpoint method within (Kutta 1901; Hairer et al., section II.1)
    "rk2": _embedded(2, ((), (1 / 2,), (-1, 2)), (1 / 6, 2 / 3, 1 / 6), (0, 1, 0)),
    "rk4": _doubled(),
    # Fehlberg 1969, NASA Technical Report R-315, table III; the result of fifth order is kept
    "rkf45": _embedded(
        4,
        (
            (),
            (1 / 4,),
            (3 / 32, 9 / 32),
            (1932 / 2197, -7200 / 2197, 7296 / 2197),
            (439 / 216, -8, 3680 / 513, -845 / 4104),
            (-8 / 27, 2, -3544 / 2565, 1859 / 4104, -11 / 40),
        ),
        (16 / 135, 0, 6656 / 12825, 28561 / 56430, -9 / 50, 2 / 55),
        (25 / 216, 0, 1408 / 2565, 2197 / 4104, -1 / 5, 0),
    ),
    # Cash & Karp 1990, ACM Transactions on Mathematical Software 16, 201-222
    "rkck": _embedded(
        4,
        (
            (),
            (1 / 5,),
            (3 / 40, 9 / 40),
            (3 / 10, -9 / 10, 6 / 5),
            (-11 / 54, 5 / 2, -70 / 27, 35 / 27),
            (1631 / 55296, 175 / 512, 575 / 13824, 44275 / 110592, 253 / 4096),
        ),
        (37 / 378, 0, 250 / 621, 125 / 594, 0, 512 / 1771),
        (2825 / 27648, 0, 18575 / 48384, 13525 / 55296, 277 / 14336, 1 / 4),
    ),
    # Prince & Dormand 1981, Journal of Computational and Applied Mathematics 7, 67-75: RK8(7)13M
    "rk8pd": _embedded(
        8,
        (
            (),
            (1 / 18,),
            (1 / 48, 1 / 16),
            (1 / 32, 0, 3 / 32),
            (5 / 16, 0, -75 / 64, 75 / 64),
            (3 / 80, 0, 0, 3 / 16, 3 / 20),
            (
                29443841 / 614563906,
                0,
                0,
                77736538 / 692538347,
                -28693883 / 1125000000,
                23124283 / 1800000000,
            ),
            (
                16016141 / 946692911,
                0,
                0,
                61564180 / 158732637,
                22789713 / 633445777,
                545815736 / 2771057229,
                -180193667 / 1043307555,
            ),
            (
                39632708 / 573591083,
                0,
                0,
                -433636366 / 683701615,
                -421739975 / 2616292301,
                100302831 / 723423059,
                790204164 / 839813087,
                800635310 / 3783071287,
            ),
            (
                246121993 / 1340847787,
                0,
                0,
                -37695042795 / 15268766246,
                -309121744 / 1061227803,
                -12992083 / 490766935,
                6005943493 / 2108947869,
                393006217 / 1396673457,
                123872331 / 1001029789,
            ),
            (
                -1028468189 / 846180014,
                0,
                0,
                8478235783 / 508512852,
                1311729495 / 1432422823,
                -10304129995 / 1701304382,
                -48777925059 / 3047939560,
                15336726248 / 1032824649,
                -45442868181 / 3398467696,
                3065993473 / 597172653,
            ),
            (
                185892177 / 718116043,
                0,
                0,
                -3185094517 / 667107341,
                -477755414 / 1098053517,
                -703635378 / 230739211,
                5731566787 / 1027545527,
                5232866602 / 850066563,
                -4093664535 / 808688257,
                3962137247 / 1805957418,
                65686358 / 487910083,
            ),
            (
                403863854 / 491063109,
                0,
                0,
                -5068492393 / 434740067,
                -411421997 / 543043805,
                652783627 / 914296604,
                11173962825 / 925320556,
                -13158990841 / 6184727034,
                3936647629 / 1978049680,
                -160528059 / 685178525,
                248638103 / 1413531060,
            ),
        ),
        (
            14005451 / 335480064,
            0,
            0,
            0,
            0,
            -59238493 / 1068277825,
            181606767 / 758867731,
            561292985 / 797845732,
            -1041891430 / 1371343529,
            760417239 / 1151165299,
            118820643 / 751138087,
            -528747749 / 2220607170,
            1 / 4,
        ),
        (
            13451932 / 455176623,
            0,
            0,
            0,
            0,
            -808719846 / 976000145,
            1757004468 / 5645159321,
            656045339 / 265891186,
            -3867574721 / 1518517206,
            465885868 / 322736535,
            53011238 / 667516719,
            2 / 45,
            0,
        ),
    ),
}
"""The methods by name."""


@dataclass(frozen=True)
class Outcome:
    """What became of all elements.

    Attributes:
        values: The new values of each variable; where an element was given up, those of its last good step.
        step: The inner step to begin with next time.
        taken: How many inner steps were good.
        repeated: How many were repeated.
        stuck: Whether an element was given up.
    """

    values: tuple[Values, ...]
    step: Values
    taken: npt.NDArray[np.int64]
    repeated: npt.NDArray[np.int64]
    stuck: npt.NDArray[np.bool_]


def advance(
    slopes: Slopes,
    start: Values,
    dt: Values,
    values: Sequence[Values],
    step: Values,
    errors: Sequence[Values],
    *,
    method: str,
    most: int,
    adaptive: bool,
) -> Outcome:
    """Advances all elements from `start` by `dt`, each with inner steps of its own.

    Args:
        slopes: The right-hand sides.
        start: The time at the beginning.
        dt: How far.
        values: The variables.
        step: The inner step to begin with.
        errors: The error that is allowed for each variable in an inner step.
        method: A name in `TABLEAUS`.
        most: The greatest number of good inner steps.
        adaptive: Whether inner steps follow the error; else all but the last are as long as the first.
    """
    with np.errstate(all="ignore"):  # a step that is too long may overflow: it is repeated
        return _advanced(slopes, start, dt, values, step, errors, TABLEAUS[method], most, adaptive)


def _advanced(
    slopes: Slopes,
    start: Values,
    dt: Values,
    values: Sequence[Values],
    step: Values,
    errors: Sequence[Values],
    tableau: Tableau,
    most: int,
    adaptive: bool,
) -> Outcome:
    x = [np.array(value) for value in values]
    done, h = np.zeros_like(start), np.array(step)
    taken, repeated = np.zeros(start.shape, np.int64), np.zeros(start.shape, np.int64)
    stuck = np.zeros(start.shape, bool)
    while (going := (done < dt) & ~stuck).any():
        last = ~(h < (dt - done) * LAST_SHARE)
        length = np.where(last, dt - done, h)
        new, ratio, allowed = _tried(tableau, slopes, start + done, x, length, errors)
        good = allowed if adaptive else np.full(start.shape, True)
        if adaptive:
            next_step = np.where(good, np.where(last, h, h * _growth(ratio, tableau)), length * _cut(ratio, tableau))
            h = np.where(going, next_step, h)
        moved = going & good
        x = [np.where(moved, after, before) for after, before in zip(new, x, strict=True)]
        done = np.where(moved, np.where(last, dt, done + length), done)
        taken, repeated = taken + moved, repeated + (going & ~good)
        stuck |= (moved & (taken >= most) & (done < dt)) | (going & ~good & (dt + h == dt))
    return Outcome(tuple(x), h, taken, repeated, stuck)


def _tried(
    tableau: Tableau,
    slopes: Slopes,
    time: Values,
    x: Sequence[Values],
    length: Values,
    errors: Sequence[Values],
) -> tuple[list[Values], Values, npt.NDArray[np.bool_]]:
    """Returns the values after an inner step, the greatest ratio of an error to what is allowed, whether all are."""
    k: list[list[Values]] = []
    for weights, share in zip(tableau.a, tableau.c, strict=True):
        found = slopes(time + share * length, _combined(x, weights, k, length))
        k.append([np.broadcast_to(np.asarray(slope, dtype=float), time.shape) for slope in found])
    off = _combined([np.zeros_like(value) for value in x], tableau.e, k, length)
    ratios = [np.abs(error) / allowed for error, allowed in zip(off, errors, strict=True)]
    good = np.logical_and.reduce([ratio <= TOO_LARGE for ratio in ratios])  # not so where there is no number
    return _combined(x, tableau.b, k, length), np.fmax.reduce([np.zeros_like(time), *ratios]), good


def _combined(
    x: Sequence[Values], weights: Sequence[float], k: Sequence[Sequence[Values]], length: Values
) -> list[Values]:
    zero = np.zeros_like(length)
    totals = [sum((w * slope[v] for w, slope in zip(weights, k, strict=False)), zero) for v in range(len(x))]
    return [value + length * total for value, total in zip(x, totals, strict=True)]


def _growth(ratio: Values, tableau: Tableau) -> Values:
    """Returns the factor for the step after a good one."""
    factor = SAFETY * ratio ** (-1 / (tableau.order + 1))
    return np.where(ratio < SMALL, np.clip(factor, 1.0, GREATEST_FACTOR), 1.0)


def _cut(ratio: Values, tableau: Tableau) -> Values:
    """Returns the factor for a step that is repeated; the smallest one if the error is no number."""
    factor = SAFETY * ratio ** (-1 / tableau.order)
    return np.where((factor > LEAST_FACTOR) & (factor < 1), factor, LEAST_FACTOR)
