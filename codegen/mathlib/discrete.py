"""Poisson and binomial random numbers, exact for all parameters.

Small means are drawn by inversion, large ones by transformed rejection with squeeze: PTRS and BTRS of Hoermann (The
transformed rejection method for generating Poisson random variables, 1993; The generation of binomial random variates,
1993). An element uses the blocks of index ``B = element`` (see ``philox``), draw 0, 1, 2 ...: the low half of a block
gives the uniform number U, the high half V. The same steps are in ``ranvier.ir.random_reference``.
"""

from __future__ import annotations

from .builder import Body, Function, FunctionTable, Value, Variable
from .philox import COUNTER, to_uniform, wide_block

INVERSION_LIMIT = 10.0
"""Means from which on the rejection method is used; it is valid from here on."""

_STIRLING_FROM = 10.0
"""log k! up to here by products, beyond by Stirling's series (whose error is then below 1e-16)."""

HALF_LOG_2PI = 0.9189385332046727
STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680)

DRAW = "memory(none) willreturn nounwind mustprogress"


def _log_factorial(b: Body, k: Value) -> Value:
    """Returns ``log k!`` of a whole number held as a float: a small k is raised by 10, and the factors divided out."""
    small = k < _STIRLING_FROM
    product = b.variable(b.constant(1.0, "double"))
    n = b.variable(k + 1.0)
    with b.when(small):
        with b.loop() as loop:
            loop.leave_if(n.get() >= _STIRLING_FROM)
            product.set(product.get() * n.get())
            n.set(n.get() + 1.0)
    # log gamma(n), n at least 10
    x = n.get()
    inverse = 1.0 / x
    series = inverse * b.polynomial(inverse * inverse, STIRLING)
    gamma = (x - 0.5) * b.call("log.f64", x) - x + HALF_LOG_2PI + series
    return gamma - b.call("log.f64", product.get())


def log_factorial(b: Body, k: Value) -> Value:
    """Returns ``log k!`` for a whole number k from 0."""
    return _log_factorial(b, k)


def _log_poisson(b: Body, k: Value, mean: Value, log_mean: Value) -> Value:
    """Returns the log of the probability of k; for k from 10 on arranged so that the large terms do not cancel."""
    plain = k * log_mean - mean - b.call("log_factorial.f64", k)
    at_least = b.select(k < _STIRLING_FROM, _STIRLING_FROM, k)
    inverse = 1.0 / at_least
    series = inverse * b.polynomial(inverse * inverse, STIRLING)
    excess = at_least - mean
    main = at_least * b.call("log1p.f64", -(excess * inverse)) + excess
    arranged = main - (0.5 * b.call("log.f64", at_least) + HALF_LOG_2PI) - series
    return b.select(k < _STIRLING_FROM, plain, arranged)


class _Draws:
    """The blocks of one element, one after the other."""

    def __init__(self, b: Body, key: Value, step: Value, stream: Value, element: Value) -> None:
        self.b = b
        self.counter = (key, step, stream, element)
        self.number: Variable = b.variable(b.constant(0, "i64"))

    def next(self) -> tuple[Value, Value]:
        """Returns two new uniform numbers."""
        draw = self.number.get()
        u, v = wide_block(self.b, *self.counter, draw)
        self.number.set(draw + 1)
        return to_uniform(u), to_uniform(v)


def _invert(b: Body, u: Value, first: Value, ratio: Value, shift: Value, most: Value) -> Value:
    """Returns the least k with ``P(0) + ... + P(k) > u``, given P(0) and ``P(k) / P(k - 1) = ratio / k - shift``."""
    k = b.variable(b.constant(0.0, "double"))
    probability = b.variable(first)
    rest = b.variable(u)
    with b.loop() as loop:
        loop.leave_if(rest.get() < probability.get())
        loop.leave_if(k.get() >= most)
        rest.set(rest.get() - probability.get())
        k.set(k.get() + 1.0)
        probability.set(probability.get() * (ratio / k.get() - shift))
    return k.get()


def poisson(b: Body, key: Value, step: Value, stream: Value, element: Value, mean: Value) -> Value:
    """Returns a Poisson number of the given mean; 0 for a mean that is not positive, or NaN."""
    draws = _Draws(b, key, step, stream, element)
    result = b.variable(b.constant(0.0, "double"))
    small = b.select(mean < INVERSION_LIMIT, mean, 0.0)
    with b.when(small > 0.0):
        u, _ = draws.next()
        zero = b.constant(0.0, "double")
        # Beyond 1000 the sum of the probabilities has reached 1 but for rounding.
        result.set(_invert(b, u, b.call("exp.f64", -small), small, zero, b.constant(1000.0, "double")))
    # Above 2**62 the result would not fit: such a mean is taken as 2**62.
    large = b.select(mean > 2.0**62, 2.0**62, mean)
    with b.when(large >= INVERSION_LIMIT):
        width = 0.931 + 2.53 * b.intrinsic("sqrt", large)
        slope = -0.059 + 0.02483 * width
        alpha = 1.1239 + 1.1328 / (width - 3.4)
        quick = 0.9277 - 3.6224 / (width - 2.0)
        log_mean = b.call("log.f64", large)
        with b.loop() as loop:
            u, v = draws.next()
            u = u - 0.5
            us = 0.5 - b.intrinsic("fabs", u)
            us = b.select(us > 0.0, us, 2.0**-54)
            k = b.intrinsic("floor", (2.0 * slope / us + width) * u + large + 0.43)
            result.set(k)
            loop.leave_if(_both(b, us >= 0.07, v <= quick))
            again = _either(b, k < 0.0, _both(b, us < 0.013, v > us))
            k = b.select(again, 0.0, k)
            left = b.call("log.f64", v * alpha / (slope / (us * us) + width))
            right = _log_poisson(b, k, large, log_mean)
            loop.leave_if(_both(b, _not(b, again), left <= right))
    return b.convert("fptosi", result.get(), "i64")


def binomial(b: Body, key: Value, step: Value, stream: Value, element: Value, n: Value, p: Value) -> Value:
    """Returns a binomial number of n trials of probability p; 0 where n or p is not positive or p is NaN, n from p = 1
    on.
    """
    draws = _Draws(b, key, step, stream, element)
    trials = b.convert("sitofp", b.select(n > 0, n, 0), "double")
    p = b.select(p > 0.0, p, 0.0)
    p = b.select(p < 1.0, p, 1.0)
    mirrored = p > 0.5
    p = b.select(mirrored, 1.0 - p, p)
    mean = trials * p
    odds = p / (1.0 - p)
    result = b.variable(b.constant(0.0, "double"))
    with b.when(_both(b, mean > 0.0, mean < INVERSION_LIMIT)):
        u, _ = draws.next()
        first = b.call("exp.f64", trials * b.call("log1p.f64", -p))
        most = b.select(trials < 1000.0, trials, 1000.0)
        result.set(_invert(b, u, first, (trials + 1.0) * odds, odds, most))
    with b.when(mean >= INVERSION_LIMIT):
        deviation = b.intrinsic("sqrt", mean * (1.0 - p))
        width = 1.15 + 2.53 * deviation
        slope = -0.0873 + 0.0248 * width + 0.01 * p
        centre = mean + 0.5
        alpha = (2.83 + 5.1 / width) * deviation
        quick = 0.92 - 4.2 / width
        mode = b.intrinsic("floor", (trials + 1.0) * p)
        log_odds = b.call("log.f64", odds)
        peak = b.call("log_factorial.f64", mode) + b.call("log_factorial.f64", trials - mode)
        with b.loop() as loop:
            u, v = draws.next()
            u = u - 0.5
            us = 0.5 - b.intrinsic("fabs", u)
            us = b.select(us > 0.0, us, 2.0**-54)
            k = b.intrinsic("floor", (2.0 * slope / us + width) * u + centre)
            result.set(k)
            loop.leave_if(_both(b, us >= 0.07, v <= quick))
            again = _either(b, k < 0.0, k > trials)
            k = b.select(again, mode, k)
            left = b.call("log.f64", v * alpha / (slope / (us * us) + width))
            minus = b.call("log_factorial.f64", k) + b.call("log_factorial.f64", trials - k)
            loop.leave_if(_both(b, _not(b, again), left <= (peak - minus) + (k - mode) * log_odds))
    k = result.get()
    return b.convert("fptosi", b.select(mirrored, trials - k, k), "i64")


def _both(b: Body, one: Value, other: Value) -> Value:
    return b.emit("i1", f"and i1 {one.text}, {other.text}")


def _either(b: Body, one: Value, other: Value) -> Value:
    return b.emit("i1", f"or i1 {one.text}, {other.text}")


def _not(b: Body, one: Value) -> Value:
    return b.emit("i1", f"xor i1 {one.text}, true")


FUNCTIONS: FunctionTable = {
    "log_factorial.f64": Function("double", ("double",), log_factorial, DRAW),
    "poisson": Function("i64", (*COUNTER, "double"), poisson, DRAW),
    "binomial": Function("i64", (*COUNTER, "i64", "double"), binomial, DRAW),
}
