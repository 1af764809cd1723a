"""Long sums are deep trees: they work up to a stated depth, in threads too."""

import sys
import threading

import pytest

from ranvier.equations import Equations, parse_expression, render
from ranvier.equations.expressions import names, substitute
from ranvier.equations.parser import DEEPEST, FRAMES


def chain(count, sign="+"):
    return f" {sign} ".join(f"x{k % 7}" for k in range(count))


@pytest.mark.parametrize("sign", ["+", "*", "-"])
@pytest.mark.parametrize("count", [150, 600, 2000])
def test_long_chains_are_handled(count, sign):
    tree = parse_expression(chain(count, sign))
    assert len(names(tree)) == 7
    assert render(tree).replace(" ", "") == chain(count, sign).replace(" ", "")
    assert substitute(tree, {}) is tree
    assert sys.getrecursionlimit() >= FRAMES


def test_in_a_thread():
    found = []
    thread = threading.Thread(target=lambda: found.append(render(parse_expression(chain(DEEPEST - 1, "%")))))
    thread.start()
    thread.join()
    assert len(found) == 1


def test_many_short_operands_are_no_depth():
    text = " and ".join("(a + b > c)" for _ in range(DEEPEST))
    assert len(names(parse_expression(text))) == 3


def test_too_deep_is_refused_with_a_remedy():
    with pytest.raises(SyntaxError, match=rf"at most {DEEPEST - 1} are possible; split it into several subexpressions"):
        parse_expression(chain(DEEPEST + 1))


def test_nested_parentheses():
    with pytest.raises(SyntaxError, match="too many nested parentheses"):
        parse_expression("(" * 300 + "x" + ")" * 300)


def test_equations_with_subexpressions_on_each_other():
    lines = [f"s{k} = {chain(500).replace('x', 'y')} + s{k - 1} : 1" for k in range(1, 4)]
    equations = Equations("\n".join([*lines, "s0 = y0 : 1", "dv/dt = s3/second : 1", *(f"y{k} : 1" for k in range(7))]))
    (_, whole) = equations.get_substituted_expressions()[0]
    assert whole.identifiers == {"second", *(f"y{k}" for k in range(7))}
