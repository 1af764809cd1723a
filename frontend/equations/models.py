"""The `model` argument of groups: text or equations, and what neurons and synapses alike check of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from ranvier.equations.equations import Equations
from ranvier.equations.single_equation import SUBEXPRESSION


@lru_cache(maxsize=64)
def _parsed(model: str) -> Equations:
    return Equations(model)


def as_equations(model: object) -> Equations:
    """Returns the `model` argument of a group as equations.

    Raises:
        TypeError: If it is neither text nor equations.
        EquationError: If the text is wrong.
    """
    if isinstance(model, Equations):
        return model
    if not isinstance(model, str):
        raise TypeError(f"model has to be a string or an Equations object, is '{type(model)}' instead.")
    return _parsed(model)


def check_suffix(name: str) -> None:
    """Checks that the name of a variable does not look like that of a neuron's variable in synapses.

    Raises:
        ValueError: If it does.
    """
    if name.endswith(("_pre", "_post")):
        raise ValueError(
            f"'{name}' cannot be used as a variable name, the '_pre' and '_post' suffixes are used to refer to "
            "pre- and post-synaptic variables in synapses."
        )


def check_shared(equations: Equations, varies: Callable[[str], bool]) -> None:
    """Checks that shared subexpressions use only what has one value.

    Args:
        equations: The model.
        varies: Whether a name that the model does not define differs between elements.

    Raises:
        SyntaxError: If one does not.
    """
    for equation in equations.values():
        if equation.type != SUBEXPRESSION or "shared" not in equation.flags:
            continue
        for name in sorted(equation.identifiers):
            other = equations.get(name)
            differs = other is not None and not {"shared", "linked"} & {*other.flags}  # of a link the run decides
            if differs or (other is None and varies(name)):
                raise SyntaxError(f"Shared subexpression '{equation.varname}' refers to non-shared variable '{name}'.")
