"""The generator syntax of `connect`: "k for k in range(i-3, i+4) if k != i"."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from ranvier.session.names import is_identifier

_WORD = re.compile(r"[A-Za-z_]\w*|[()\[\]]")


@dataclass(frozen=True)
class Generator:
    """A parsed generator; the parts are texts of expressions.

    Attributes:
        expr: What gives the index.
        variable: The name that runs over a range; "" if there is none.
        kind: "range" or "sample"; "" if there is none.
        low, high, step: The range.
        p: Probability of `sample`; "" if there is none.
        size: Number of values of `sample`; "" if there is none.
        condition: What follows "if"; "" if nothing does.
    """

    expr: str
    variable: str = ""
    kind: str = ""
    low: str = "0"
    high: str = ""
    step: str = "1"
    p: str = ""
    size: str = ""
    condition: str = ""


def is_generator(text: str) -> bool:
    """Tells whether a text has the form of a generator rather than of an expression."""
    return any(word in ("for", "if") for word, _ in _words(text))


def parse_generator(text: str) -> Generator:
    """Returns the parts of "EXPR", "EXPR if COND", or "EXPR for VAR in RANGE if COND".

    Raises:
        SyntaxError: If it has another form.
    """
    text = " ".join(text.split())
    loops = [place for word, place in _words(text) if word == "for"]
    conditions = [place for word, place in _words(text) if word == "if"]
    if len(loops) > 1:
        raise SyntaxError(f"The generator '{text}' has more than one 'for': one is possible.")
    if len(conditions) > 1:
        raise SyntaxError(f"The generator '{text}' has more than one 'if': join the conditions with 'and'.")
    condition = text[conditions[0] + 2 :].strip() if conditions else ""
    if conditions and not condition:
        raise SyntaxError(f"A condition has to follow 'if' in the generator '{text}'.")
    rest = text[: conditions[0]].strip() if conditions else text
    if not loops:
        return Generator(_required(rest, text), condition=condition)
    if conditions and conditions[0] < loops[0]:
        raise SyntaxError(f"In the generator '{text}' the condition has to stand at the end, after 'for ... in ...'.")
    expr, loop = rest[: loops[0]].strip(), rest[loops[0] + 3 :].strip()
    variable, found, values = loop.partition(" in ")
    variable = variable.strip()
    if not found or not is_identifier(variable):
        raise SyntaxError(f"The generator '{text}' has to have the form 'EXPRESSION for NAME in range(...)'.")
    if variable in ("i", "j"):
        raise SyntaxError(f"'{variable}' is the index of a neuron: use another name after 'for' in '{text}'.")
    return _with_range(Generator(_required(expr, text), variable, condition=condition), values.strip(), text)


def _required(expr: str, text: str) -> str:
    if not expr:
        raise SyntaxError(f"The generator '{text}' has to start with an expression for the index.")
    return expr


def _with_range(generator: Generator, values: str, text: str) -> Generator:
    try:
        call = ast.parse(values, mode="eval").body
    except SyntaxError:
        call = None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.func.id not in ("range", "sample"):
        raise SyntaxError(
            f"After 'in' either range(low, high, step) or sample(low, high, step, p=...) is possible, not '{values}' "
            f"(in '{text}')."
        )
    arguments = [ast.get_source_segment(values, argument) or "" for argument in call.args]
    if not 1 <= len(arguments) <= 3:
        raise SyntaxError(f"'{call.func.id}' takes one to three arguments, {len(arguments)} were given in '{text}'.")
    low, high, step = {1: ["0", *arguments, "1"], 2: [*arguments, "1"], 3: arguments}[len(arguments)]
    keywords = {str(word.arg): ast.get_source_segment(values, word.value) or "" for word in call.keywords}
    wanted = {"p", "size"} if call.func.id == "sample" else set[str]()
    if not set(keywords) <= wanted:
        unknown = sorted(set(keywords) - wanted)[0]
        raise SyntaxError(f"'{call.func.id}' has no argument '{unknown}' (in '{text}').")
    if call.func.id == "sample" and len(keywords) != 1:
        raise SyntaxError(f"'sample' needs either the probability p=... or size=... (in '{text}').")
    return Generator(
        generator.expr,
        generator.variable,
        call.func.id,
        low,
        high,
        step,
        keywords.get("p", ""),
        keywords.get("size", ""),
        generator.condition,
    )


def _words(text: str) -> list[tuple[str, int]]:
    """Returns the words outside of all parentheses, and where they start."""
    depth, found = 0, list[tuple[str, int]]()
    for match in _WORD.finditer(text):
        word = match.group()
        if word in "([":
            depth += 1
        elif word in ")]":
            depth -= 1
        elif depth == 0:
            found.append((word, match.start()))
    return found
