"""The user's texts that a plan was made of, each with the name of a file."""

from __future__ import annotations

from collections.abc import Iterable

from ranvier.equations.assignments import Adaptive, Assign
from ranvier.equations.expressions import Expr, walk
from ranvier.equations.source import Place
from ranvier.plan.plan import Plan
from ranvier.plan.step_kinds import ElementCode


def equation_texts(plan: Plan) -> dict[str, str]:
    """Returns the texts of the user that a plan was made of, by the names of files in the locations of its ops."""
    return {name: text for (_, text), name in file_names(plan).items()}


def file_names(plan: Plan) -> dict[tuple[str, str], str]:
    """Returns the name of the file for each label of a step and text of the user in it.

    It is the label; further texts, as the models whose subexpressions are used, have a number behind it.
    """
    names: dict[tuple[str, str], str] = {}
    counts: dict[str, int] = {}
    for step in plan.steps:
        code = getattr(step, "code", None)
        for expr in _expressions(code) if isinstance(code, ElementCode) else ():
            for text in _texts(expr):
                if (step.label, text) not in names:
                    count = counts[step.label] = counts.get(step.label, 0) + 1
                    label = "".join(c if c.isalnum() or c in "_-. " else "_" for c in step.label)
                    names[step.label, text] = label if count == 1 else f"{label}-{count}"
    return names


def _expressions(code: ElementCode) -> Iterable[Expr]:
    for line in code.lines:
        if isinstance(line, Assign):
            yield line.expr
        elif isinstance(line, Adaptive):
            yield from line.expressions
        else:
            yield from (entry for row in line.matrix for entry in row)
            yield line.step
    yield from code.results


def _texts(expr: Expr) -> Iterable[str]:
    for node in walk(expr):
        if isinstance(node.span, Place):
            for part in node.span.parts:
                yield part.origin.text


__all__ = ["equation_texts", "file_names"]
