"""Monitors: what they record, and how it is read."""

import sys

import numpy
import pytest

from ranvier import (
    DimensionMismatchError,
    EventMonitor,
    Hz,
    Network,
    NeuronGroup,
    PopulationRateMonitor,
    Quantity,
    SpikeMonitor,
    StateMonitor,
    mean,
    ms,
    mV,
    network_operation,
    second,
    seed,
    volt,
)
from ranvier.monitors.ratemonitor import RateMonitor
from ranvier.runtime.stream import read_stream
from ranvier.session.logger import catch_logs

MODEL = "dv/dt = (1 + 0.5*i)/ms : 1\nw : volt (shared)\nx = 2*v + i : 1\nk : integer\nb = v > 0.5 : boolean"


def ramp(**kwds):
    return NeuronGroup(4, MODEL, threshold="v > 0.95", reset="v = 0", method="euler", **kwds)


def close(found, wanted, **kwds):
    numpy.testing.assert_allclose(numpy.asarray(found, dtype=float), wanted, atol=1e-12, **kwds)


def test_states():
    group = ramp()
    group.w = 3 * mV
    some = StateMonitor(group, ["v", "x", "w", "b"], record=[2, 0])
    every = StateMonitor(group, True, record=True, dt=0.5 * ms)
    Network(group, some, every).run(2 * ms)
    assert some.v.shape == (2, 20) and every.v.shape == (4, 4) and len(some) == some.N == 20
    close(some.t / ms, numpy.arange(20) * 0.1)
    close(some[0].v[:11], [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0])
    close(some.v[1], some[0].v)
    close(some[[0, 2]].v, some.v[::-1])
    close(some.x[0], 2 * some.v[0] + 2)
    close(some.w / mV, numpy.full((2, 20), 3.0))
    assert isinstance(some.w, Quantity) and some.b.dtype == bool and isinstance(some.w_, numpy.ndarray)
    assert some.record.tolist() == [2, 0] and some.n_indices == 2 and set(every.record_variables) == set("vwxkb")
    assert mean(some.w) == 3 * mV
    with pytest.raises(IndexError, match="has not been recorded"):
        some[1]
    with pytest.raises(TypeError):
        some[0:1]
    assert not hasattr(some[0], "k")
    with pytest.raises(TypeError):
        some.v = 3
    states = some.get_states()
    assert states["v"].shape == (20, 2) and states["N"] == 20


def test_values_are_copies():
    group = ramp()
    monitor = StateMonitor(group, "v", record=0)
    Network(group, monitor).run(0.2 * ms)
    monitor.v[:] = 7
    monitor.t[:][0] = 1 * ms
    close(monitor.v[0], [0, 0.1])
    close(monitor.t / ms, [0, 0.1])


def test_subgroups_are_recorded_with_their_own_numbers():
    group = ramp()
    monitor = StateMonitor(group[2:], ["v", "i", "x"], record=[1])
    Network(group, monitor).run(0.2 * ms)
    close(monitor.i, [[1, 1]])
    close(monitor[1].v, [0, 0.25])
    close(monitor.x, [[3, 3.5]])  # the subexpression belongs to the whole group


def test_no_elements_and_single_steps():
    group = ramp()
    nothing, some = StateMonitor(group, "v", record=False), StateMonitor(group, ["v", "w"], record=[1, 3])
    with pytest.raises(TypeError):
        some.record_single_timestep()
    Network(group, nothing, some).run(0.2 * ms)
    assert nothing.v.shape == (0, 2) and len(nothing.t) == 2
    some.record_single_timestep()
    close(some.t / ms, [0, 0.1, 0.2])
    close(some.v[:, 2], [0.3, 0.5])


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("v",), TypeError),
        (("nothing", True), KeyError),
        (("t", True), KeyError),
        (("v", [7]), IndexError),
        (("v", -1), IndexError),
        (("v", "i > 1"), ValueError),
        ((3, True), TypeError),
    ],
)
def test_refused_state_monitors(arguments, error):
    with pytest.raises(error):
        StateMonitor(ramp(), *arguments)


def test_spikes():
    group = ramp()
    all_, counts = SpikeMonitor(group, variables=["v", "x"]), SpikeMonitor(group, record=False)
    part = SpikeMonitor(group[2:4], variables="k")
    group.k = "10*i"
    Network(group, all_, counts, part).run(2 * ms)
    assert list(all_.i) == [3, 2, 1, 3, 0, 2, 3, 1, 2, 3, 0, 2, 3]
    close(all_.t / ms, [0.3, 0.4, 0.6, 0.7, 0.9, 0.9, 1.1, 1.3, 1.4, 1.5, 1.9, 1.9, 1.9])
    assert list(all_.count) == list(counts.count) == [2, 2, 4, 5] and all_.num_spikes == len(all_) == 13
    close(all_.v, numpy.where(numpy.asarray(all_.i) == 1, 1.05, 1.0))
    close(all_.x, 2 * numpy.asarray(all_.v) + numpy.asarray(all_.i))
    close(all_.spike_trains()[1] / ms, [0.6, 1.3])
    close(all_.values("v")[2], numpy.ones(4))
    assert set(all_.all_values()) == {"v", "x", "t"}
    close(all_.t[all_.i == 1] / ms, [0.6, 1.3])
    close(all_.t["i == 1 and t > 1*ms"] / ms, [1.3])
    assert list(part.i) == [1, 0, 1, 0, 1, 0, 1, 0, 1] and list(part.count) == [4, 5]
    assert list(part.k) == [30, 20, 30, 20, 30, 20, 30, 20, 30]
    assert list(part.count[[1]]) == [5] and counts.num_spikes == 13
    i, t = all_.it
    assert list(i[:2]) == [3, 2]
    close(t[:2] / ms, [0.3, 0.4])
    for name in ("i", "t", "t_"):
        with pytest.raises(AttributeError, match="record=False"):
            getattr(counts, name)


def test_places_in_the_schedule():
    group = ramp(order=2, events={"up": "v > 0.5"})
    assert (SpikeMonitor(group).when, SpikeMonitor(group).order) == ("thresholds", 3)
    assert SpikeMonitor(group[1:]).order == 4
    group.set_event_schedule("up", when="before_resets", order=-1)
    assert (EventMonitor(group, "up").when, EventMonitor(group, "up").order) == ("before_resets", 0)
    assert (SpikeMonitor(group, when="end").when, SpikeMonitor(group, when="end").order) == ("end", 0)
    with pytest.raises(ValueError, match="order"):
        SpikeMonitor(group, order=1)


def test_refused_event_monitors():
    group = ramp()
    with pytest.raises(ValueError, match="threshold"):
        SpikeMonitor(NeuronGroup(1, "v : 1"))
    with pytest.raises(ValueError, match="'other'"):
        EventMonitor(group, "other")
    with pytest.raises(ValueError, match="'nothing'"):
        SpikeMonitor(group, variables="nothing")
    with pytest.raises(TypeError):
        SpikeMonitor(3)
    with pytest.raises(ValueError, match="threshold"):
        PopulationRateMonitor(NeuronGroup(1, "v : 1"))


def test_rates():
    group = ramp()
    rate, part, spikes = PopulationRateMonitor(group), PopulationRateMonitor(group[2:]), SpikeMonitor(group)
    Network(group, rate, part, spikes).run(2 * ms)
    close(rate.rate[:10] / Hz, [0, 0, 0, 2500, 2500, 0, 2500, 2500, 0, 5000])
    close(part.rate[:10] / Hz, [0, 0, 0, 5000, 5000, 0, 0, 5000, 0, 5000])
    numpy.testing.assert_allclose(
        rate.smooth_rate(width=0.3 * ms)[:3] / Hz, [394.96081, 613.84699, 824.59008], rtol=1e-6
    )
    numpy.testing.assert_allclose(
        rate.smooth_rate(window="flat", width=0.3 * ms)[:4] / Hz, [0, 0, 833.33333333, 1666.66666667], rtol=1e-8
    )
    close(rate.smooth_rate(window=numpy.ones(3)) / Hz, rate.smooth_rate(window="flat", width=0.3 * ms) / Hz)
    times, binned = rate.binned_rate(0.5 * ms)
    close(times / ms, [0, 0.5, 1, 1.5])
    close(binned / Hz, [1000, 2000, 1500, 2000])
    times, each = spikes.binned_rate(1 * ms)
    close(each / Hz, [[1000, 1000], [1000, 1000], [2000, 2000], [2000, 3000]])
    close(each.mean(axis=0) / Hz, rate.binned_rate(1 * ms)[1] / Hz)
    close(spikes.smooth_rate(width=0.3 * ms).mean(axis=0) / Hz, rate.smooth_rate(width=0.3 * ms) / Hz)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({}, TypeError),
        ({"window": "foo", "width": 1 * ms}, NotImplementedError),
        ({"window": numpy.ones(2)}, TypeError),
        ({"window": numpy.ones((3, 3))}, TypeError),
        ({"window": numpy.ones(3), "width": 1 * ms}, TypeError),
    ],
)
def test_refused_windows(arguments, error):
    group = ramp()
    monitor = PopulationRateMonitor(group)
    Network(group, monitor).run(0.5 * ms)
    with pytest.raises(error):
        monitor.smooth_rate(**arguments)
    with pytest.raises(ValueError, match="bin_size"):
        monitor.binned_rate(0.15 * ms)
    for size in (0 * ms, -1 * ms, 0.05 * ms):
        with pytest.raises(ValueError, match="bin_size"):
            monitor.binned_rate(size)
    with pytest.raises(DimensionMismatchError):
        monitor.binned_rate(1)


def test_an_incomplete_last_bin_is_left_out():
    group = NeuronGroup(2, "v : 1", threshold="i == 0", dt=1 * ms)
    spikes, rate = SpikeMonitor(group), PopulationRateMonitor(group)
    assert isinstance(spikes, RateMonitor) and isinstance(rate, RateMonitor)
    assert [part.size for part in rate.binned_rate(5 * ms)] == [0, 0]
    network = Network(group, spikes, rate)
    network.run(13 * ms)
    starts, rates = rate.binned_rate(5 * ms)
    assert isinstance(starts, Quantity) and isinstance(rates, Quantity)
    close(starts / ms, [0, 5])
    close(rates / Hz, [500, 500])
    starts, rates = spikes.binned_rate(5 * ms)
    close(starts / ms, [0, 5])
    close(rates / Hz, [[1000, 1000], [0, 0]])
    assert [part.shape for part in rate.binned_rate(20 * ms)] == [(0,), (0,)]
    assert spikes.binned_rate(20 * ms)[1].shape == (2, 0)


def test_bins_begin_with_the_recording():
    group = NeuronGroup(1, "v : 1", threshold="True", dt=1 * ms)
    network = Network(group)
    network.run(3 * ms)
    rate = PopulationRateMonitor(group)
    network.add(rate)
    network.run(7 * ms)
    close(rate.binned_rate(2 * ms)[0] / ms, [3, 5, 7])


@pytest.mark.parametrize(("width", "steps"), [(5.4, 7), (3, 3), (2, 3), (1.4, 3), (1, 1), (5, 5), (7, 7), (0.3, 1)])
def test_a_flat_window_is_the_next_odd_number_of_steps(width, steps):
    group = NeuronGroup(1, "v : 1", threshold="t == 10*ms", dt=1 * ms)
    rate = PopulationRateMonitor(group)
    Network(group, rate).run(21 * ms)
    close(rate.smooth_rate("flat", width * ms) / Hz, [1000 / steps * (abs(k - 10) <= steps // 2) for k in range(21)])


def test_recording_goes_on_in_later_runs_and_can_start_late():
    group = ramp()
    early = StateMonitor(group, "v", record=0)
    network = Network(group, early)
    network.run(0.2 * ms)
    late = StateMonitor(group, "v", record=0)
    network.add(late)
    network.run(0.2 * ms)
    close(early.v[0], [0, 0.1, 0.2, 0.3])
    close(late.t / ms, [0.2, 0.3])
    early.reinit()
    assert len(early) == 0


def test_tables(tmp_path):
    group = ramp()
    states, spikes = StateMonitor(group, ["v", "w"], record=[0, 3]), SpikeMonitor(group)
    states.stream_to(tmp_path / "states.arrows")
    Network(group, states, spikes).run(1 * ms)
    table = states.to_arrow("wide")
    assert table.column_names == ["t", "v[0]", "v[3]", "w[0]", "w[3]"] and table.num_rows == 10
    assert spikes.to_arrow().column_names == ["t", "i"]
    close(states.v[1][:4], [0, 0.25, 0.5, 0.75])
    states.close()
    assert (tmp_path / "states.arrows").stat().st_size > 0


def test_data_frames():
    pytest.importorskip("pandas")
    pytest.importorskip("polars")
    group = ramp()
    states, spikes = StateMonitor(group, "v", record=[0, 3]), SpikeMonitor(group)
    Network(group, states, spikes).run(1 * ms)
    assert list(states.to_pandas().columns) == ["t", "i", "v"] and len(states.to_pandas()) == 20
    assert states.to_pandas().attrs["units"]["t"] == "s" == states.to_pandas("wide").attrs["units"]["t"]
    assert states.to_polars()["v"].max() == pytest.approx(0.9)
    assert spikes.to_pandas()["i"].tolist() == list(spikes.i)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_library_that_is_not_installed(monkeypatch, library):
    monkeypatch.setitem(sys.modules, library, None)
    group = ramp()
    states = StateMonitor(group, "v", record=True)
    asked = [getattr(states, f"to_{library}")]
    if library == "pandas":
        asked.append(lambda: group.get_states(["v"], units=False, format="pandas"))
    for ask in asked:
        with pytest.raises(ImportError, match=rf"needs the package '{library}'.*pip install {library}"):
            ask()


def test_a_variable_of_a_linked_group_and_units():
    group = NeuronGroup(2, "v : volt", threshold="v > 1*volt", reset="")
    group.v = [1, 2] * volt
    monitor, events = StateMonitor(group, "v", record=True), SpikeMonitor(group, variables="v")
    Network(group, monitor, events).run(0.2 * ms)
    assert monitor.v[1][0] == 2 * volt and events.v[0] == 2 * volt and list(events.i) == [1, 1]


def test_files_of_monitors(tmp_path, caplog):
    group = ramp()
    states = StateMonitor(group, "v", record=0)
    states.stream_to(tmp_path / "v.arrows", flush_period=1 * second)
    seen = []

    @network_operation(dt=0.5 * ms)
    def save():
        states.flush()

    @network_operation(dt=50 * ms)
    def look():
        seen.append(read_stream(tmp_path / "v.arrows").num_rows)

    network = Network(group, states, save, look)
    network.run(0.5 * second)
    assert len(states) == 5000 and max(seen) > 0
    states.close()
    network.run(1 * ms)
    assert read_stream(tmp_path / "v.arrows").num_rows == 5000
    assert len(states) == len(states.v[0]) == 5010  # the later ones are in memory
    again = StateMonitor(group, "v", record=0)
    again.stream_to(tmp_path / "v.arrows")
    assert read_stream(tmp_path / "_v.arrows.1").num_rows == 5000
    assert len(states.v[0]) == 5010
    with pytest.raises(DimensionMismatchError):
        StateMonitor(group, "v", record=0).stream_to(tmp_path / "w.arrows", flush_period=3 * mV)


def test_a_list_as_record_of_events_is_said_to_choose_nothing():
    cells = NeuronGroup(3, "v : 1", threshold="True", reset="")
    with catch_logs() as logs:
        SpikeMonitor(cells, record=False), SpikeMonitor(cells, record=True)
        monitor = SpikeMonitor(cells, record=[0], name="spikes")
    assert ["'spikes' records all elements" in text and "SpikeMonitor(group[:10])" in text for _, _, text in logs] == [
        True
    ]
    Network(cells, monitor).run(0.1 * ms)
    assert monitor.num_spikes == 3


@pytest.mark.parametrize("recorded", ["v", "x"])
def test_recording_changes_no_bit_of_what_is_simulated(recorded):
    def simulated(record):
        seed(1)
        model = "dv/dt = (1.1 - v + 0.3*xi*sqrt(10*ms))/(10*ms) : 1\nx = 2*v + v*v : 1"
        cells = NeuronGroup(100, model, threshold="v > 0.8", reset="v = 0", method="euler")
        monitors = [StateMonitor(cells, recorded, record=True)] if record else []
        Network(cells, *monitors).run(20 * ms)
        return cells.v[:]

    assert (simulated(False) == simulated(True)).all()


def test_variables_are_recorded_without_times_and_numbers() -> None:
    """As in Brian: `record=False` leaves out i and t, not what `variables` names."""
    group = NeuronGroup(
        3, "dv/dt = (i + 1)/ms : 1\nx : 1", threshold="v > 1", reset="v = 0", events={"high": "v > 0.5"}, method="euler"
    )
    group.x = "i*2"
    spikes = SpikeMonitor(group, variables="v", record=False)
    high = EventMonitor(group, "high", variables=["x", "v"], record=False)
    counted, full = SpikeMonitor(group, record=False), SpikeMonitor(group, "v")
    network = Network(group, spikes, high, counted, full)
    network.store()
    network.run(1.1 * ms)
    for _ in range(2):
        close(spikes.v, full.v)
        assert len(spikes) == len(full) == spikes.N == spikes.num_spikes and list(spikes.count) == list(full.count)
        assert len(high.x) == len(high.v) == high.num_events == 21 and set(high.x) == {0, 2, 4}
        assert set(spikes.get_states()) == {"v", "count", "N"} and spikes.record_variables == {"v"}
        assert set(counted.get_states()) == {"count", "N"} and counted.record_variables == set()
        network.restore()
        network.run(1.1 * ms)
    for read in (
        lambda: spikes.i, lambda: spikes.t_, lambda: spikes.it, lambda: high.it_, lambda: spikes.values("v"),
        spikes.all_values, spikes.spike_trains, high.event_trains, lambda: spikes.smooth_rate(width=1 * ms),
        lambda: counted.binned_rate(1 * ms),
    ):  # fmt: skip
        with pytest.raises(AttributeError, match=r"does not record times and numbers \(record=False\)"):
            read()


def test_rates_smoothed_with_a_window_longer_than_the_run() -> None:
    group = NeuronGroup(3, "v : 1", threshold="i == 1", reset="")
    spikes, rate = SpikeMonitor(group), PopulationRateMonitor(group)
    Network(group, spikes, rate).run(0.5 * ms)
    smooth = spikes.smooth_rate(width=0.3 * ms)
    assert smooth.shape == (3, 13)
    close(smooth.mean(axis=0) / Hz, rate.smooth_rate(width=0.3 * ms) / Hz)
