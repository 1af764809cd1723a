"""The refusal to set what scripts cannot set, which says what they can do instead."""

from __future__ import annotations

from ranvier.objects.variables.variables import ClockVariable, Constant, Subexpression, Variable


def read_only(name: str, variable: Variable) -> TypeError:
    """Returns the error of a script that sets a variable which it cannot set.

    Args:
        name: The name by which the script knows the variable.
        variable: The variable.
    """
    return TypeError(f"Variable {name} is read-only.{_way_out(name, variable)}")


def _way_out(name: str, variable: Variable) -> str:
    match variable:
        case Constant() if name.startswith("N"):
            return " An object keeps the number of elements that it is made with: make it anew with another one."
        case ClockVariable(what="dt"):
            return " Set the dt of its clock, e.g. defaultclock.dt = 0.05*ms, or make the object with dt=..."
        case ClockVariable(what="t"):
            return " It is the time of the clock, which run(...) moves on."
        case Subexpression(expr=expr):
            return f" It is computed as '{expr}': set the variables in there."
        case _:
            return ""
