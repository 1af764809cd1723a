"""Subexpressions that are declared integer: what they are computed from may be a float."""

from __future__ import annotations

import pytest

from ranvier import BrianObjectException, Network, NeuronGroup, StateMonitor, ms


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("clip(k, -0.5, 1.5)", [0, 1, 1]),
        ("k*0.5", [0, 0, 1]),
        ("x", [-1, 1, 3]),
        ("floor(x)", [-2, 1, 3]),
        ("ceil(x)", [-1, 2, 3]),
        ("k/2", [0, 0, 1]),
        ("int(x)", [-1, 1, 3]),
        ("k + 1", [0, 2, 4]),
    ],
)
def test_they_are_cut_wherever_they_are_used(text: str, values: list[int]) -> None:
    group = NeuronGroup(
        3, f"a = {text} : integer\nb = a*0.5 : 1\nk : integer\nx : 1\ny : 1\ndv/dt = a/ms : 1", method="euler"
    )
    group.k, group.x = [-1, 1, 3], [-1.5, 1.5, 3]
    group.run_regularly("y = a*0.5")
    monitor = StateMonitor(group, ["a", "b"], record=True)
    Network(group, monitor).run(0.1 * ms)
    assert monitor.a[:, 0].tolist() == values and monitor.a.dtype.kind == "i"
    assert group.a[:].tolist() == values
    assert monitor.b[:, 0].tolist() == group.y[:].tolist() == [0.5 * value for value in values]
    assert group.v[:].tolist() == pytest.approx([0.1 * value for value in values])


def test_numbers_are_no_conditions() -> None:
    with pytest.raises(BrianObjectException, match="declared boolean, but '1' is integer"):
        Network(NeuronGroup(1, "a = 1 : boolean")).run(0.1 * ms)
