"""Subexpressions that are used several times are one object: time and text are linear in what a script says."""

import time

import numpy as np
import pytest

from ranvier import (
    Equations,
    Network,
    NeuronGroup,
    StateMonitor,
    Synapses,
    defaultclock,
    ms,
)
from ranvier.analysis.derivative import derivative
from ranvier.equations import parse_expression
from ranvier.equations.expressions import Binary, Expr, Name, Number, names, render, shown, substitute, walk
from ranvier.equations.parser import DEEPEST_IN_PLACE

LEVELS = 60


def chain(levels: int) -> str:
    return "\n".join(f"x{k} = x{k - 1}*0.3 + x{k - 1}*0.2 : 1" for k in range(1, levels))


def doubled(levels: int) -> Expr:
    expr: Expr = Name("v")
    for _ in range(levels):
        expr = Binary("+", expr, Binary("*", expr, Number(0.5)))
    return expr


def network(levels: int, method: str | None) -> Network:
    last = f"x{levels - 1}"
    how = {} if method is None else {"method": method}
    group = NeuronGroup(
        3,
        f"x0 = 1.3 - v : 1\n{chain(levels)}\ntotal : 1\n"
        f"dv/dt = ({last} + x3 + total - v)/(10*ms) : 1 (unless refractory)",
        threshold=f"v > 0.4 + {last}",
        reset=f"v = {last}*2",
        refractory=f"{last}*ms",
        name="group",
        **how,
    )
    group.run_regularly(f"v = v + {last}", dt=1 * ms)
    synapses = Synapses(
        group, group, f"w : 1\ntotal_post = w*{last}_pre : 1 (summed)", on_pre=f"v_post += {last}_pre*w"
    )
    synapses.connect()
    synapses.w = 0.1
    monitor = StateMonitor(group, ["v", last], record=True, name="monitor")
    return Network(group, synapses, monitor)


@pytest.mark.parametrize("method", ["euler", "rk4", "exponential_euler", None])
def test_sixty_levels_are_planned_and_shown_at_once(method):
    begun = time.process_time()
    text = network(LEVELS, method).lower().as_text("plan")
    assert time.process_time() - begun < 3
    assert len(text) < 100_000


def test_sixty_levels_run_with_the_right_values():
    net = network(LEVELS, "euler")
    net.run(1 * ms)
    group = net["group"]
    v, last = group.v[:], group.x59[:]
    assert last == pytest.approx((1.3 - v) * 0.5**59)
    assert net["monitor"].x59[:, -1] == pytest.approx((1.3 - net["monitor"].v[:, -1]) * 0.5**59)


def test_a_chain_of_four_hundred_has_values():
    group = NeuronGroup(2, f"x0 = v : 1\n{chain(400)}\nv : 1", name="group")
    group.v = [1, 2]
    assert group.x399[:] == pytest.approx(np.array([1, 2]) * 0.5**399)


def test_too_long_a_chain_is_refused_with_a_remedy():
    levels = DEEPEST_IN_PLACE // 2
    lines = "\n".join(f"x{k} = x{k - 1}*0.3 + 0.2 : 1" for k in range(1, levels))
    with pytest.raises(SyntaxError, match="constant over dt"):
        Equations(f"x0 = 1 : 1\n{lines}")
    first = lines.replace("x2000 = x1999*0.3 + 0.2 : 1", "x2000 = x1999*0.3 + 0.2 : 1 (constant over dt)")
    assert len(Equations(f"x0 = 1 : 1\n{first}")) == levels


def test_the_same_bits_as_without_subexpressions():
    defaultclock.dt = 0.1 * ms
    results = []
    for model in (
        "a = exp(-v) + v : 1\nb = a*a + a : 1\ndv/dt = (b - a*v)/(30*ms) : 1",
        "dv/dt = (((exp(-v) + v)*(exp(-v) + v) + (exp(-v) + v)) - (exp(-v) + v)*v)/(30*ms) : 1",
    ):
        for method in ("euler", "rk4"):
            group = NeuronGroup(20, model, method=method)
            group.v = "i*0.05"
            Network(group).run(5 * ms)
            results.append(group.v[:])
    assert np.array_equal(results[0], results[2])
    assert np.array_equal(results[1], results[3])


def test_shared_nodes_are_compared_hashed_and_walked_once():
    one, other = doubled(LEVELS), doubled(LEVELS)
    equal = one == other, one == doubled(LEVELS - 1), one == Binary("+", one, Number(0.5))
    assert equal == (True, False, False)
    assert hash(one) == hash(other)
    assert names(one) == {"v"}
    count = sum(1 for _ in walk(one))
    assert count == 3 * LEVELS + 2  # the name counts for each of its two users
    moved = substitute(one, {"v": Name("w")}) == substitute(other, {"v": Name("w")})
    assert moved
    assert names(derivative(one, "v")) == frozenset()


def test_what_is_too_long_for_a_text_is_shortened_for_people():
    with pytest.raises(OverflowError, match="more than"):
        render(doubled(LEVELS))
    assert len(shown(doubled(LEVELS))) < 2000
    assert shown(doubled(3)) == render(doubled(3))
    assert parse_expression(render(doubled(3))) == doubled(3)
