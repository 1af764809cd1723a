"""Numerical integration: from differential equations to the assignments of one step."""

from ranvier.integrators.assignments import Action, Assign, Propagate
from ranvier.integrators.choice import METHODS, Choice, choose, find, integrate
from ranvier.integrators.explicit import ExplicitStateUpdater
from ranvier.integrators.from_equations import system_of
from ranvier.integrators.method import StateUpdateMethod
from ranvier.integrators.removable import with_limits
from ranvier.integrators.system import OdeSystem, UnsupportedEquationsException, substitute_subexpressions

__all__ = [
    "METHODS",
    "Action",
    "Assign",
    "Choice",
    "ExplicitStateUpdater",
    "OdeSystem",
    "Propagate",
    "StateUpdateMethod",
    "UnsupportedEquationsException",
    "choose",
    "find",
    "integrate",
    "substitute_subexpressions",
    "system_of",
    "with_limits",
]
