"""Situations in which Brian warns, tried there and here: the same ones warn, once, under the names that Brian has."""

from collections.abc import Callable

import numpy as np
import pytest

from ranvier import (
    BrianLogger,
    Network,
    NeuronGroup,
    PoissonGroup,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    linked_var,
    ms,
    network_operation,
    second,
)
from ranvier.session import logger
from ranvier.utils.logger import catch_logs

HALF = {"ta": TimedArray([1, 2, 3], dt=0.25 * ms)}


def warned(name: str, situation: Callable[[], object]) -> list[str]:
    """Returns the warnings of a name that a situation brings."""
    with catch_logs() as caught:
        situation()
    return [text for level, given, text in caught if level == "WARNING" and given == f"ranvier.{name}"]


def neurons(model: str, **kwds: object) -> NeuronGroup:
    return NeuronGroup(2, model, method="euler", namespace=HALF, **kwds)


def in_equations() -> None:
    Network(neurons("dv/dt = ta(t)/ms : 1")).run(1 * ms)


def in_conditions() -> None:
    Network(neurons("v : 1", threshold="ta(t) > v", reset="")).run(1 * ms)


def in_resets() -> None:
    Network(neurons("v : 1", threshold="True", reset="v = ta(t)")).run(1 * ms)


def in_run_regularly() -> None:
    cells = neurons("v : 1")
    cells.run_regularly("v = ta(t)", dt=0.25 * ms)
    Network(cells).run(1 * ms)


def in_a_monitor() -> None:
    cells = neurons("v = ta(t) : 1")
    Network(cells, StateMonitor(cells, "v", record=0)).run(1 * ms)


def in_rates() -> None:
    Network(PoissonGroup(2, rates="ta(t)*Hz", namespace=HALF)).run(1 * ms)


def in_synapses() -> None:
    cells = neurons("v : 1", threshold="True", reset="")
    wires = Synapses(cells, cells, on_pre="v += ta(t)", namespace=HALF)
    wires.connect()
    Network(cells, wires).run(1 * ms)


def in_a_value() -> None:
    neurons("v : 1").v = "ta(t)"


def in_a_condition_of_values() -> None:
    neurons("v : 1").v["ta(t) > 0"] = 3


def called() -> None:
    HALF["ta"](0.3 * ms)


@pytest.mark.parametrize(
    "situation",
    [
        in_equations, in_conditions, in_resets, in_run_regularly, in_a_monitor, in_rates, in_synapses, in_a_value,
        in_a_condition_of_values, called,
    ],
)  # fmt: skip
def test_timed_arrays_whose_grid_is_not_that_of_the_steps(situation: Callable[[], object]) -> None:
    def twice() -> None:
        situation()
        situation()

    (text,) = warned("input.timedarray", twice)
    assert "change every 250. us, which is not a multiple of the dt of 100. us" in text


@pytest.mark.parametrize(
    ("bins", "steps", "expected"),
    [
        (0.25, 0.1, 1), (0.35, 0.1, 1), (0.15, 0.1, 1), (1.0001, 0.1, 1), (1.0000001, 0.1, 1), (1, 0.3, 1),
        (1000 / 30, 0.1, 1), (0.1, 0.0999999, 1), (0.05, 0.1, 0), (0.03, 0.1, 0), (0.7, 0.1, 0), (0.1, 0.15, 0),
        (0.3, 0.1, 0), (700, 0.07, 0),
    ],
)  # fmt: skip
def test_which_grids_are_aligned(bins: float, steps: float, expected: int) -> None:
    """The last two: Brian warns, because of a rounding error."""

    def run() -> None:
        names = {"ta": TimedArray([1, 2], dt=bins * ms)}
        Network(NeuronGroup(1, "dv/dt = ta(t)/ms : 1", method="euler", dt=steps * ms, namespace=names)).run(1 * ms)

    assert len(warned("input.timedarray", run)) == expected


def test_each_pair_of_grids_warns_once() -> None:
    def run() -> None:
        names = {"ta": TimedArray([1, 2], dt=0.25 * ms), "tb": TimedArray([1, 2], dt=0.35 * ms)}
        names["tc"] = TimedArray([3, 4], dt=0.25 * ms)
        cells = NeuronGroup(1, "dv/dt = (ta(t) + tb(t) + tc(t))/ms : 1", method="euler", namespace=names)
        Network(cells).run(1 * ms)

    assert len(warned("input.timedarray", run)) == 2


@pytest.mark.parametrize(
    ("model", "record", "expected"),
    [
        ("v : 1 (shared)", True, 1), ("v : 1 (shared)", [0, 1], 1), ("v : 1 (shared, constant)", True, 1),
        ("v = 1 : 1 (shared)", True, 1), ("v = rand() : 1 (shared, constant over dt)", True, 1),
        ("v : 1 (shared)\nu : 1 (shared)", True, 2), ("v : 1 (shared)", [1], 0), ("v : 1 (shared)", 2, 0),
        ("v : 1 (shared)", False, 0), ("v : 1", True, 0),
    ],
)  # fmt: skip
def test_shared_variables_that_are_recorded_for_each_element(model: str, record: object, expected: int) -> None:
    cells = NeuronGroup(3, model)
    texts = warned("monitors.statemonitor", lambda: [StateMonitor(cells, True, record=record) for _ in range(2)])
    assert len(texts) == expected and all("has one value for all elements" in text for text in texts)


def test_shared_variables_of_others() -> None:
    source, one = NeuronGroup(2, "v : 1 (shared)"), NeuronGroup(1, "v : 1")
    cells = NeuronGroup(3, "v : 1 (linked)\nw : 1 (linked)")
    cells.v, cells.w = linked_var(source, "v"), linked_var(one, "v")
    wires = Synapses(source, source, "x : 1 (shared)")
    wires.connect()

    def expected(group: object, name: str) -> bool:
        return bool(warned("monitors.statemonitor", lambda: StateMonitor(group, name, record=True)))

    assert expected(cells, "v") and expected(wires, "x") and expected(wires, "v_post")
    assert expected(NeuronGroup(3, "v : 1 (shared)")[1:], "v")
    assert not expected(cells, "w") and not expected(one, "v")


IGNORED = "input.spikegeneratorgroup.ignored_spikes"


@pytest.mark.parametrize("period", [0 * ms, 20 * ms])
def test_spikes_before_now_also_of_a_period(period: object) -> None:
    clock = Network(NeuronGroup(1, "v : 1"))
    clock.run(10 * ms)
    spikes = SpikeGeneratorGroup(2, [0, 1], [1, 12] * ms, period=period)
    seen = SpikeMonitor(spikes)
    clock.add(spikes, seen)
    assert len(warned(IGNORED, lambda: clock.run(25 * ms))) == 1
    assert np.array(seen.t / ms) == pytest.approx([12] if period == 0 * ms else [12, 21, 32])
    assert not warned(IGNORED, lambda: clock.run(5 * ms))


def test_spikes_that_a_network_operation_sets_are_no_mistake() -> None:
    spikes = SpikeGeneratorGroup(1, [0], [1] * ms)

    @network_operation(dt=1 * ms)
    def again(t: object) -> None:
        spikes.set_spikes([0, 0], [t / 2, t + 0.5 * ms])

    assert not warned(IGNORED, lambda: Network(spikes, again).run(5 * ms))


@pytest.mark.parametrize(
    "silence",
    [
        lambda: BrianLogger.suppress_name("timedarray"),
        lambda: BrianLogger.suppress_hierarchy("brian2.input.timedarray"),
    ],
)
def test_warnings_are_silenced_by_name(
    silence: Callable[[], object], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logger._State, "console", logger._Filter())
    monkeypatch.setattr(logger._State, "shown_once", set())
    names = {"ta": TimedArray([1, 2], dt=0.0123 * second)}
    cells = NeuronGroup(1, "dv/dt = ta(t)/ms : 1", method="euler", dt=1 * ms, namespace=names)
    Network(cells).run(1 * ms)
    assert "multiple" in capsys.readouterr().err
    monkeypatch.setattr(logger._State, "shown_once", set())
    silence()
    cells.v = "ta(t)"
    assert "multiple" not in capsys.readouterr().err
