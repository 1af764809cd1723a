"""The equations of a neuron with compartments: those of its model, and what every such neuron has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ranvier.analysis.derivative import derivative
from ranvier.equations import Equations
from ranvier.equations.build import ONE, ZERO, add, call, divide, is_number, multiply, negate, subtract
from ranvier.equations.code_strings import Expression
from ranvier.equations.definitions import EquationError
from ranvier.equations.expressions import (
    Binary,
    Call,
    Expr,
    Name,
    Unary,
    functions,
    names,
    rename_functions,
    render,
    substitute,
)
from ranvier.equations.single_equation import DIFFERENTIAL_EQUATION, PARAMETER, SUBEXPRESSION, SingleEquation
from ranvier.units import DimensionMismatchError, amp, meter, siemens

ALLOWED_FLAGS: Mapping[str, Sequence[str]] = {
    DIFFERENTIAL_EQUATION: ("point current",),
    SUBEXPRESSION: ("shared", "constant over dt", "point current"),
    PARAMETER: ("constant", "shared", "linked", "point current"),
}
POINT_CURRENT = "point current"
MEMBRANE_CURRENT = "Im"
RANDOM_FUNCTIONS = frozenset({"rand", "randn", "poisson"})

AUTOMATIC = """
    Cm : farad/meter**2 (constant)
    Ri : ohm*meter (constant, shared)
    Ic : amp/meter**2
    area : meter**2 (constant)
    diameter : meter (constant)
    distance : meter (constant)
    length : meter (constant)
    r_length_1 : meter (constant)
    r_length_2 : meter (constant)
    volume : meter**3
    v : volt
    time_constant = Cm/gtot__private : second
    space_constant = (2/pi)**(1.0/3.0) * (area/(1/r_length_1 + 1/r_length_2))**(1.0/6.0)
                     / (2*(Ri*gtot__private)**(1.0/2.0)) : meter
"""
COORDINATES = """
    x : meter (constant)
    y : meter (constant)
    z : meter (constant)
"""


def spatial_equations(model: Equations, *, coordinates: bool) -> Equations:
    """Returns a model with all variables that a neuron with compartments has.

    `Im` gets the point currents, and two subexpressions are added, in terms of which the membrane current is, for
    potentials near v, `I0__private - gtot__private*v`.

    Raises:
        TypeError: If `Im` is not defined, has flags or cannot be differentiated.
        DimensionMismatchError: If `Im` or a point current has another unit.
        EquationError: If the model defines what every neuron with compartments has.
        ValueError: If a flag is not possible.
    """
    if MEMBRANE_CURRENT not in model or model[MEMBRANE_CURRENT].type != SUBEXPRESSION:
        raise TypeError("The transmembrane current 'Im' must be defined: 'Im = ... : amp/meter**2'.")
    if model[MEMBRANE_CURRENT].flags:
        raise TypeError("Cannot specify any flags for the transmembrane current 'Im'.")
    model.check_flags(ALLOWED_FLAGS)
    added = [*Equations(AUTOMATIC + (COORDINATES if coordinates else "")).values()]
    for equation in added:
        if equation.varname in model:
            raise EquationError(
                f"Duplicate definition of variable '{equation.varname}': every SpatialNeuron has one of its own."
            )
    total = _total_current(model)
    own = [total if name == MEMBRANE_CURRENT else _without_flag(equation) for name, equation in model.items()]
    return Equations([*own, *_linearised(model, total), *added])


def _without_flag(equation: SingleEquation) -> SingleEquation:
    flags = [flag for flag in equation.flags if flag != POINT_CURRENT]
    return SingleEquation(equation.type, equation.varname, equation.dim, equation.var_type, equation.expr, flags)


def _total_current(model: Equations) -> SingleEquation:
    """Returns the equation of the membrane current with the point currents, each divided by the area."""
    current = model[MEMBRANE_CURRENT]
    assert current.expr is not None
    dim = (amp / meter**2).dim
    if current.dim is not dim:
        raise DimensionMismatchError("The transmembrane current 'Im' should be in amp/meter**2", current.dim)
    code = current.expr.code
    for name, equation in model.items():
        if POINT_CURRENT in equation.flags:
            if equation.dim is not amp.dim:
                raise DimensionMismatchError(f"Point current {name} should be in amp", equation.dim)
            code += f" + {name}/area"
    return SingleEquation(SUBEXPRESSION, MEMBRANE_CURRENT, dim, expr=Expression(code))


def _linearised(model: Equations, total: SingleEquation) -> list[SingleEquation]:
    """Returns the equations of `gtot__private` (minus the derivative of the current) and of `I0__private`."""
    assert total.expr is not None
    current = _expanded(total.expr.tree, model)
    drawing = sorted(functions(current) & RANDOM_FUNCTIONS)
    if drawing:
        raise TypeError(
            f"The transmembrane current 'Im' cannot call {drawing[0]}(): it is computed more than once in a step. Put "
            "the random value into a parameter that run_regularly sets."
        )
    try:
        slope = derivative(current, "v")
    except TypeError as error:
        raise TypeError(f"Cannot take the derivative of '{total.expr.code}' with respect to v. {error}") from None
    slope = rename_functions(slope, _without_select)
    conductance = "0*siemens/meter**2" if is_number(slope, 0) else render(negate(slope))
    rest = None if "v" in names(slope) else _at_zero(current)
    if rest is None:
        source = f"{MEMBRANE_CURRENT} + gtot__private*v"
    else:
        source = "0*amp/meter**2" if is_number(rest, 0) else render(rest)
    return [
        SingleEquation(SUBEXPRESSION, "gtot__private", (siemens / meter**2).dim, expr=Expression(conductance)),
        SingleEquation(SUBEXPRESSION, "I0__private", total.dim, expr=Expression(source)),
    ]


def _expanded(expr: Expr, model: Equations) -> Expr:
    """Returns an expression with subexpressions put in place, except those that are constant over a step."""
    replacements = {
        name: _expanded(equation.expr.tree, model)
        for name in names(expr) & set(model)
        if (equation := model[name]).type == SUBEXPRESSION
        and equation.expr is not None
        and "constant over dt" not in equation.flags
    }
    return substitute(expr, replacements) if replacements else expr


def _without_select(node: Call) -> Expr:
    """Returns the derivative of `exprel` holds `_select(condition, a, b/c)`, which is no text that scripts could
    write.
    """
    if node.function != "_select":
        return node
    condition, near, far = node.args
    assert isinstance(far, Binary) and far.op == "/"
    chosen = call("int", condition)
    away = divide(far.left, add(far.right, chosen))
    return add(multiply(chosen, near), multiply(subtract(ONE, chosen), away))


def _at_zero(expr: Expr) -> Expr | None:
    """Returns the value for v = 0 of an expression that is linear in v; None if that is not obvious."""
    if "v" not in names(expr):
        return expr
    match expr:
        case Name():
            return ZERO
        case Unary("-", operand):
            inner = _at_zero(operand)
            return None if inner is None else negate(inner)
        case Binary("+" | "-" | "*" | "/" as op, left, right):
            parts = _at_zero(left), _at_zero(right)
            if parts[0] is None or parts[1] is None:
                return None
            return {"+": add, "-": subtract, "*": multiply, "/": divide}[op](parts[0], parts[1])
        case _:
            return None


__all__ = ["ALLOWED_FLAGS", "spatial_equations"]
