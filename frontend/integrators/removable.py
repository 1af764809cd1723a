"""Removable singularities: `x/(exp(x) - 1)` is 0/0 at x = 0, although its limit there is 1.

The rates of Hodgkin-Huxley models are full of them, and a membrane potential that starts at a round number hits them
exactly. `N/(exp(u) - 1)` with N proportional to u is rewritten as `(N/u)/exprel(u)`, which has the same value
everywhere else and the limit there.
"""

from __future__ import annotations

from collections.abc import Mapping

from ranvier.analysis.symbols import Symbol
from ranvier.equations.build import ONE, call, divide, is_number, multiply, negate
from ranvier.equations.expressions import Binary, Call, Expr, Unary, children, functions, map_children, names, once_each
from ranvier.equations.linear import linear_parts, polynomial
from ranvier.integrators.sampling import Sampler


def with_limits(expr: Expr, symbols: Mapping[str, Symbol]) -> Expr:
    """Rewrites all removable singularities of this kind in an expression; otherwise returns it as it is."""
    if not functions(expr) & EXPONENTIALS:
        return expr
    sampler = Sampler(symbols)
    factors = _Factors()

    def contains_exponential(node: Expr) -> bool:
        if isinstance(node, Call) and node.function in EXPONENTIALS:
            return True
        return any([has_exponential(child) for child in children(node)])

    has_exponential = once_each(contains_exponential)

    def rewritten(node: Expr) -> Expr:
        if not has_exponential(node):
            return node
        if isinstance(node, Binary) and node.op in ("*", "/"):
            found = _match(*factors.of(node), sampler)
            if found is not None:
                return rewrite(found)
        return map_children(node, rewrite)

    rewrite = once_each(rewritten)
    return rewrite(expr)


EXPONENTIALS = frozenset({"exp", "expm1"})
"""Functions that removable singularities are made of."""

MOST_FACTORS = 64
"""Longer products are looked at in parts: a product of shared products may have more factors than memory holds."""


class _Factors:
    """Numerators and denominators of chains of products and quotients."""

    def __init__(self) -> None:
        self.of = once_each(self._of)

    def _of(self, expr: Expr) -> tuple[list[Expr], list[Expr]]:
        above, below = self._split(expr)
        return (above, below) if len(above) + len(below) <= MOST_FACTORS else ([expr], [])

    def _split(self, expr: Expr) -> tuple[list[Expr], list[Expr]]:
        match expr:
            case Binary("*", left, right):
                (above, below), (more_above, more_below) = self.of(left), self.of(right)
                return above + more_above, below + more_below
            case Binary("/", left, right):
                (above, below), (more_above, more_below) = self.of(left), self.of(right)
                return above + more_below, below + more_above
            case Unary("-", operand):
                above, below = self.of(operand)
                return [negate(above[0]), *above[1:]], below
            case _:
                return [expr], []


def _match(above: list[Expr], below: list[Expr], sampler: Sampler) -> Expr | None:
    for i, denominator in enumerate(below):
        found = _exponential_minus_one(denominator)
        if found is None:
            continue
        sign, exponent = found
        for j, numerator in enumerate(above):
            ratio = _ratio(numerator, exponent, sampler)
            if ratio is None:
                continue
            ratio = negate(ratio) if sign < 0 else ratio
            rest = _product([ratio, *above[:j], *above[j + 1 :]])
            return divide(divide(rest, _product(below[:i] + below[i + 1 :])), call("exprel", exponent))
    return None


def _product(factors: list[Expr]) -> Expr:
    result: Expr = ONE
    for factor in factors:
        result = multiply(result, factor)
    return result


def _exponential_minus_one(expr: Expr) -> tuple[int, Expr] | None:
    """Returns sign s and exponent u, if the expression is `s*(exp(u) - 1)` in one of its spellings."""
    match expr:
        case Call("expm1", (exponent,)):
            return 1, exponent
        case Binary("-", Call("exp", (exponent,)), one) if is_number(one, 1):
            return 1, exponent
        case Binary("-", one, Call("exp", (exponent,))) if is_number(one, 1):
            return -1, exponent
        case Binary("+", Call("exp", (exponent,)), Unary("-", one)) if is_number(one, 1):
            return 1, exponent
        case Binary("+", Unary("-", one), Call("exp", (exponent,))) if is_number(one, 1):
            return 1, exponent
        case Unary("-", operand):
            inner = _exponential_minus_one(operand)
            return None if inner is None else (-inner[0], inner[1])
        case _:
            return None


def _ratio(numerator: Expr, exponent: Expr, sampler: Sampler) -> Expr | None:
    """Returns `numerator/exponent`, if that is free of the variable that makes both vanish."""
    shared = names(numerator) & names(exponent)
    for name in sorted(shared):
        above = linear_parts(polynomial(numerator, {name}), {name})
        below = linear_parts(polynomial(exponent, {name}), {name})
        if above is None or below is None or name not in above or name not in below:
            continue
        ratio = _quotient(above[name], below[name], sampler)
        if ratio is not None and sampler.are_equal(numerator, multiply(ratio, exponent)):
            return ratio
    return None


def _quotient(left: Expr, right: Expr, sampler: Sampler) -> Expr | None:
    """Returns `left/right` without common factors; None if both may vanish at once, where the quotient would be 0/0.

    With `u = g*i - 1`, the coefficient of `g` is `i`: `i/i` is not 1 in the neuron whose `i` is 0, although nothing is
    wrong with `u/(exp(u) - 1)` there.
    """
    factors = _Factors()
    (above, above_below), (below, below_below) = factors.of(left), factors.of(right)
    over, under = [_unsigned(each) for each in above], [_unsigned(each) for each in below]
    for factor in [each for each in over if names(each)]:
        if factor in under:
            over.remove(factor)
            under.remove(factor)
    if _vanishing(over, sampler) & _vanishing(under, sampler):
        return None
    if len(over) == len(above):
        return divide(left, right)
    signs = sum(isinstance(each, Unary) and each.op == "-" for each in (*above, *below))
    quotient = divide(_product([*over, *below_below]), _product([*under, *above_below]))
    return negate(quotient) if signs % 2 else quotient


def _unsigned(factor: Expr) -> Expr:
    return factor.operand if isinstance(factor, Unary) and factor.op == "-" else factor


def _vanishing(factors: list[Expr], sampler: Sampler) -> set[str]:
    """Returns the names of what may be zero in some of the factors: all but units."""
    units = {name for name, symbol in sampler.symbols.items() if symbol.kind == "unit"}
    return {name for factor in factors for name in names(factor)} - units
