"""Statements: reading and executing."""

import numpy as np
import pytest

from ranvier.analysis.evaluate import execute
from ranvier.equations import Statements, parse_statements, render


def test_lines_semicolons_comments_and_indentation():
    found = parse_statements("""
        v = 3  # a comment; not a statement = 1

          w += v*2; u **= 2
        # only a comment
        """)
    assert [(s.target, s.op, render(s.expr), s.line) for s in found] == [
        ("v", "=", "3", 2),
        ("w", "+=", "v*2", 4),
        ("u", "**=", "2", 4),
    ]
    assert render(found[1].value) == "w + v*2"
    assert parse_statements("") == ()


def test_comparisons_are_no_assignments():
    (statement,) = parse_statements("b = x == y and y != 3 or x <= 2 and x >= 1")
    assert statement.target == "b" and statement.op == "="


@pytest.mark.parametrize(
    "code", ["v", "v == 3", "v[0] = 1", "a, b = 1", "v =", "a = b = 1", "3 = v", "v.x = 1", "v = 3 +"]
)
def test_rejected(code):
    with pytest.raises(SyntaxError):
        parse_statements(code)


def run(code, **values):
    variables = {"w": np.zeros(2), "k": np.zeros(2, dtype=np.int32), "b": np.zeros(2, dtype=bool)}

    def write(name, value):
        if name not in variables:
            return None
        variables[name][:] = value
        return variables[name]

    execute(parse_statements(code), {**variables, "i": np.arange(2), **values}, write, count=2)
    return variables


def test_execution():
    assert run("w = 7; w *= 2")["w"].tolist() == [14, 14]
    assert run("w = 7; w /= 4")["w"].tolist() == [1.75, 1.75]
    assert run("w = 7; w %= 4")["w"].tolist() == [3, 3]
    assert run("w = 7; w //= 2; w **= 2")["w"].tolist() == [9, 9]
    assert run("k = 7.9")["k"].tolist() == [7, 7]
    assert run("k = -7.9")["k"].tolist() == [-7, -7]
    assert run("b = 3 > 2")["b"].tolist() == [True, True]
    assert run("w = i > 0")["w"].tolist() == [0, 1]
    assert run("tmp = i\ntmp += 1\nw = tmp")["w"].tolist() == [1, 2]
    assert run("k = 7.9; w = k")["w"].tolist() == [7, 7]
    drawn = run("w = rand()\nw = w - w")
    assert drawn["w"].tolist() == [0, 0]


def test_wrapper():
    code = Statements("v = exp(w); u += 1")
    assert code.identifiers == {"v", "exp", "w", "u"} and code == Statements("v = exp(w); u += 1")
