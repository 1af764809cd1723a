"""What the description of an explicit method says, for packages that read it."""

from __future__ import annotations

import sympy

from ranvier import ExplicitStateUpdater, euler, rk2, rk4

HALF = ExplicitStateUpdater("k = dt*f(x, t)\nx_new = x + dt*f(x + k/2, t + dt/2)")


def test_statements_output_and_symbols() -> None:
    x, k, t, dt = (sympy.Symbol(name, real=True) for name in ("x", "k", "t", "dt"))
    f = sympy.Function("f")
    assert HALF.statements == [("k", dt * f(x, t))]
    assert sympy.simplify(HALF.output - (x + dt * f(x + k / 2, t + dt / 2))) == 0
    assert HALF.symbols == {"x": x, "k": k, "t": t, "dt": dt}
    assert [name for name, _ in rk4.statements] == ["k_1", "k_2", "k_3", "k_4"] and euler.statements == []


def test_forms_of_lines() -> None:
    for method in (HALF, rk2, rk4, euler):
        lines = [line for line in method.description.strip().splitlines() if line.strip()]
        assert method.DESCRIPTION.fullmatch(method.description)
        assert method.OUTPUT.fullmatch(lines[-1]) and all(method.STATEMENT.fullmatch(line) for line in lines)
        assert not method.OUTPUT.fullmatch("k = x")
    assert HALF.TEMP_VAR.fullmatch("k_1") and not HALF.TEMP_VAR.fullmatch("1k") and HALF.EXPRESSION.fullmatch("x + k/2")


def test_a_stage_put_into_a_right_hand_side() -> None:
    x, k, t, dt, v, w, tau = (sympy.Symbol(name, real=True) for name in "x k t dt v w tau".split())
    found = HALF.replace_func(x + k / 2, t + dt / 2, (w - v + t) / tau, ["k"], {"v": v, "w": w})
    own = {name: sympy.Symbol(name, real=True) for name in ("_k_v", "_k_w", "_k_v_xi")}
    wanted = (w + own["_k_w"] / 2 - v - own["_k_v"] / 2 + t + dt / 2) / tau
    assert sympy.simplify(found - wanted) == 0
    noisy = HALF.replace_func(x + k, t, v, ["k"], {"v": v}, "xi")
    assert noisy == v + own["_k_v_xi"]
