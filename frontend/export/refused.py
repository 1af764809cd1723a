"""What cannot be exported, and why: the exported program has no Python."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ranvier.actions import actions as act
from ranvier.actions.effects import bindings_of, calls_python, has_no_native_form
from ranvier.plan.plan import Plan
from ranvier.plan.step_kinds import CallStep


def check_exportable(actions: Sequence[act.Action], plan: Plan) -> None:
    """Checks that a program needs nothing but compiled code.

    Args:
        actions: What happens in a step.
        plan: The plan made of it.

    Raises:
        NotImplementedError: It does; the message names the objects, and says what to do.
    """
    reasons = list(dict.fromkeys(reason for action in actions for reason in _reasons(action)))
    if not reasons:
        reasons = [
            f"the indices of linked variables that '{step.label}' changes are checked in Python"
            if step.label == "index"
            else f"'{step.label}' calls Python"
            for step in plan.steps
            if isinstance(step, CallStep)
        ]
    if reasons:
        raise NotImplementedError(
            f"The network cannot be exported, since there is no Python then: {'; '.join(reasons)}."
        )


def _reasons(action: act.Action) -> Iterator[str]:
    """Yields why an action cannot be part of an exported program."""
    name = action.label
    if isinstance(action, act.HostCall):
        yield (
            f"'{name}' is a network operation, which calls a Python function at each step (leave it out, or write "
            "it as equations or run_regularly)"
        )
        return
    bindings = bindings_of(action).values()
    python = sorted({binding.label for binding in bindings if isinstance(binding, act.HostFunction)})
    libraries = [each for each in bindings if isinstance(each, act.CodeFunction) and each.code.kind == "library"]
    if python:
        functions = ", ".join(f"'{label}'" for label in python)
        yield (
            f"'{name}' uses the Python function{'s' * (len(python) > 1)} {functions} (give "
            "@implementation('expression', ...), 'mlir' or 'llvm', or use a TimedArray)"
        )
    elif calls_python(action) or has_no_native_form(action):
        yield f"'{name}' changes linked variables in an order that is computed in Python"
    for label in sorted({binding.label for binding in libraries}):
        yield (
            f"'{name}' uses the C++ function '{label}', which is compiled for this machine only (give "
            "@implementation('expression', ...), 'mlir' or 'llvm')"
        )
