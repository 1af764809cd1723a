"""Networks as collections; the order of a step; reports; profiling; devices."""

import io
import sys

import pytest

from ranvier.objects.monitors.spikemonitor import SpikeMonitor
from ranvier.objects.monitors.statemonitor import StateMonitor
from ranvier.objects.networks.magic import profiling_summary, scheduling_summary, start_scope
from ranvier.objects.networks.network import Network
from ranvier.objects.networks.networkoperation import NetworkOperation, network_operation
from ranvier.objects.networks.profiling import ProfilingSummary
from ranvier.objects.networks.report import ProgressBar, TextReport, make_report
from ranvier.objects.neurons.neurongroup import NeuronGroup
from ranvier.objects.synapses.synapses import Synapses
from ranvier.session.preferences import prefs
from ranvier.units import Quantity, ms, second


@pytest.fixture(autouse=True)
def own_scope() -> None:
    """Every test sees its own objects only."""
    start_scope()
    yield
    prefs.reset_to_defaults()


def ramp(**kwds: object) -> NeuronGroup:
    """A neuron whose v is the time in ms."""
    return NeuronGroup(1, "dv/dt = 1/ms : 1", method="euler", namespace={"ms": ms}, **kwds)


def names(objects: object) -> list[str]:
    return [obj.name for obj in objects]


# ---------------------------------------------------------------------- the collection


def test_collection() -> None:
    group, other = ramp(name="one"), ramp(name="two")
    monitor = StateMonitor(group, "v", record=0, name="watch")
    net = Network(group, [monitor, (other,)], {"again": group})
    assert names(net.objects) == ["one", "watch", "two"]
    assert sorted(names(net)) == ["one", "one_stateupdater", "two", "two_stateupdater", "watch"]
    assert len(net) == 5 and net["one"] is group and net["one_stateupdater"].group is group
    assert "one" in net and group in net and "three" not in net
    net.remove(monitor)
    del net["two"]
    assert names(net.objects) == ["one"]
    net.add(monitor)
    net.remove([group, {"x": monitor}])
    assert len(net) == 0


@pytest.mark.parametrize(
    ("use", "error"),
    [
        (lambda net: net.add(3), TypeError), (lambda net: net.add("text"), TypeError),
        (lambda net: net.add(None), TypeError), (lambda net: Network([3]), TypeError),
        (lambda net: net.remove(3), TypeError), (lambda net: net.remove(ramp()), KeyError),
        (lambda net: net["nothing"], KeyError), (lambda net: net[3], TypeError),
        (lambda net: net.__delitem__("nothing"), KeyError),
    ],
)  # fmt: skip
def test_wrong_uses(use: object, error: type[Exception]) -> None:
    net = Network(ramp())
    with pytest.raises(error):
        use(net)
    assert len(net.objects) == 1


def test_equal_names() -> None:
    net = Network(ramp(name="same"), ramp(name="same"))
    with pytest.raises(ValueError, match="'same'"):
        net.run(0 * ms)


def test_an_object_belongs_to_one_network() -> None:
    group = ramp()
    first, second_net = Network(group), Network(group)
    first.run(0.1 * ms)
    with pytest.raises(RuntimeError, match="another network"):
        second_net.run(0.1 * ms)
    with pytest.raises(RuntimeError, match="already been simulated"):
        Network(group)
    first.run(0.1 * ms)
    assert group.v[0] == pytest.approx(0.2)


def test_missing_dependencies() -> None:
    group = ramp()
    net = Network(StateMonitor(group, "v", record=0))
    with pytest.raises(ValueError, match=group.name):
        net.run(0 * ms)
    net.add(group)
    net.run(0.1 * ms)


def test_objects_added_between_runs() -> None:
    group = ramp()
    net = Network(group)
    net.run(0.2 * ms)
    late, monitor = ramp(), StateMonitor(group, "v", record=0)
    net.add(late, monitor)
    net.run(0.2 * ms)
    assert [group.v[0], late.v[0]] == pytest.approx([0.4, 0.2])
    assert list(monitor.t / ms) == pytest.approx([0.2, 0.3])


# ---------------------------------------------------------------------- order and schedule


def log_calls(log: list[str], name: str, **kwds: object) -> NetworkOperation:
    return NetworkOperation(lambda: log.append(name), name=name, **kwds)


def test_slots_then_order_then_name() -> None:
    log: list[str] = []
    Network(
        log_calls(log, "f", when="end"),
        log_calls(log, "e", when="after_groups"),
        log_calls(log, "d", when="groups"),
        log_calls(log, "c", when="before_groups"),
        log_calls(log, "b2", order=0),
        log_calls(log, "b10", order=0),
        log_calls(log, "B", order=0),
        log_calls(log, "z", order=-1),
        log_calls(log, "a", order=1),
    ).run(0.1 * ms)
    assert log == ["z", "B", "b10", "b2", "a", "c", "d", "e", "f"]


def test_own_schedule() -> None:
    log: list[str] = []
    net = Network(log_calls(log, "a", when="start"), log_calls(log, "b", when="mine"))
    with pytest.raises(KeyError, match="'mine'"):
        net.run(0.1 * ms)
    net.schedule = ("mine", "start")
    assert net.schedule == ["mine", "start"]
    net.run(0.1 * ms)
    net.schedule = ["start", "mine"]
    net.run(0.1 * ms)
    assert log == ["b", "a", "a", "b"]
    net.schedule.append("unnoticed")
    assert net.schedule == ["start", "mine"]
    net.schedule = None
    assert net.schedule == ["start", "groups", "thresholds", "synapses", "resets", "end"]


def test_the_preferences_schedule() -> None:
    prefs.core.network.default_schedule = ["end", "start"]
    log: list[str] = []
    net = Network(log_calls(log, "a", when="start"), log_calls(log, "b", when="end"))
    assert net.schedule == ["end", "start"]
    net.run(0.1 * ms)
    assert log == ["b", "a"]


@pytest.mark.parametrize(
    ("schedule", "error"),
    [(["before_x"], ValueError), (["after_x"], ValueError), ([3], TypeError), (3, TypeError), ("start", TypeError)],
)
def test_wrong_schedules(schedule: object, error: type[Exception]) -> None:
    net = Network()
    with pytest.raises(error):
        net.schedule = schedule
    assert net.schedule[0] == "start"


SUMMARY = """\
              object               |      part of      |        Clock dt        |    when    | order | active
-----------------------------------+-------------------+------------------------+------------+-------+-------
nono (NetworkOperation)            | --                | 100. us (every step)   | start      |    -1 |   no
hh_run_regularly (CodeRunner)      | hh (NeuronGroup)  | 1. ms (every 10 steps) | start      |     0 |  yes
hh_stateupdater (StateUpdater)     | hh (NeuronGroup)  | 0.5 ms (every 5 steps) | groups     |     0 |  yes
gg_stateupdater (StateUpdater)     | gg (NeuronGroup)  | 100. us (every step)   | groups     |     2 |  yes
gg_spike_thresholder (Thresholder) | gg (NeuronGroup)  | 100. us (every step)   | thresholds |     2 |  yes
ss (SpikeMonitor)                  | ss (SpikeMonitor) | 100. us (every step)   | thresholds |     3 |  yes
gg_spike_resetter (Resetter)       | gg (NeuronGroup)  | 100. us (every step)   | resets     |     2 |  yes"""


def test_scheduling_summary() -> None:
    equation = "dv/dt = 1/ms : 1"
    gg = NeuronGroup(2, equation, threshold="v > 1", reset="v = 0", method="euler", name="gg", order=2)
    hh = NeuronGroup(2, equation, method="euler", dt=0.5 * ms, name="hh")
    hh.run_regularly("v = 3", dt=1 * ms)
    ss = SpikeMonitor(gg, name="ss")
    nono = NetworkOperation(lambda: None, name="nono", order=-1)
    nono.active = False
    net = Network(gg, hh, ss, nono)
    assert [line.rstrip() for line in str(scheduling_summary(net)).splitlines()] == SUMMARY.splitlines()
    assert str(scheduling_summary()) == str(scheduling_summary(net))  # of the objects that are visible here
    html = net.scheduling_summary()._repr_html_()
    assert html.count("<tr>") == 8 and "<td>hh (NeuronGroup)</td>" in html


def test_synapses_without_code_have_a_row_in_the_scheduling_summary() -> None:
    """As in Brian: part of nothing, also with an empty text; not if anything of theirs has a row."""
    cells = NeuronGroup(2, "v : 1", threshold="v > 1", reset="", name="cells")
    idle = [Synapses(cells, cells, "w : 1", name="a", order=4), Synapses(cells, cells, on_pre="", name="b")]
    busy = [Synapses(cells, cells, "w : 1", name="c"), Synapses(cells, cells, "v_post = w : 1 (summed)\nw : 1")]
    busy[0].run_regularly("w = 1", name="of_c")
    idle[1].active = False
    rows = [
        [cell.strip() for cell in row.split("|")]
        for row in str(Network(cells, idle, busy).scheduling_summary()).splitlines()
    ]
    assert [row for row in rows if "(Synapses)" in row[0]] == [
        ["b (Synapses)", "--", "100. us (every step)", "start", "0", "no"],
        ["a (Synapses)", "--", "100. us (every step)", "start", "4", "yes"],
    ]
    assert any(row[:2] == ["of_c (CodeRunner)", "c (Synapses)"] for row in rows)


def test_scheduling_summary_of_nothing() -> None:
    assert str(scheduling_summary(Network())) == (
        "object | part of | Clock dt | when | order | active\n-------+---------+----------+------+-------+-------"
    )


# ---------------------------------------------------------------------- network operations


def test_forms_of_network_operations() -> None:
    log: list[object] = []

    @network_operation
    def plain() -> None:
        log.append("plain")

    @network_operation(dt=0.2 * ms, when="end", name="named")
    def timed(t: Quantity) -> None:
        log.append(round(float(t / ms), 6))

    class Holder:
        def method(self, t: Quantity) -> None:
            log.append("method")

    Network(plain, timed, NetworkOperation(Holder().method, dt=0.2 * ms)).run(0.4 * ms)
    assert log == ["plain", "method", 0.0, "plain", "plain", "method", 0.2, "plain"]
    assert timed.name == "named" and isinstance(timed, NetworkOperation)
    for wrong in (lambda a, b: None, 3):
        with pytest.raises(TypeError):
            NetworkOperation(wrong)
    with pytest.raises(TypeError):
        network_operation(plain, 3)


# ---------------------------------------------------------------------- reports

REPORTS = [
    (0.4, 0.1, "200. ms (10%) simulated in < 1s, estimated 4s remaining."),
    (0.6, 0.5, "1. s (50%) simulated in < 1s, estimated 1s remaining."),
    (59.6, 0.5, "1. s (50%) simulated in 59s, estimated 1m 0s remaining."),
    (61.5, 0.25, "0.5 s (25%) simulated in 1m 1s, estimated 3m 4s remaining."),
    (3725, 0.5, "1. s (50%) simulated in 1h 2m 5s, estimated 1h 2m 5s remaining."),
    (86399.9, 0.7, "1.4 s (70%) simulated in 23h 59m 59s, estimated 10h 17m 9s remaining."),
    (90061, 0.1, "200. ms (10%) simulated in 1d 1h 1m 1s, estimated 9d 9h 9m 9s remaining."),
    (3, 0.999, "1.998 s (99%) simulated in 3s, estimated < 1s remaining."),
    (12, 1.0, "2. s (100%) simulated in 12s"),
]
"""Elapsed seconds, fraction, and the line that Brian 2.9.0 prints for a duration of 2 s."""


@pytest.mark.parametrize(("elapsed", "completed", "line"), REPORTS)
def test_lines_of_text_reports(elapsed: float, completed: float, line: str) -> None:
    stream = io.StringIO()
    TextReport(stream)(elapsed * second, completed, 0 * second, 2 * second)
    assert stream.getvalue() == line + "\n"


@pytest.mark.parametrize(("report", "stream"), [("text", "out"), ("stdout", "out"), ("stderr", "err")])
def test_text_reports_of_runs(report: str, stream: str, capsys: pytest.CaptureFixture[str]) -> None:
    net = Network(ramp())
    net.run(1 * ms, report=report)
    net.run(1 * second, report=report)
    shown = capsys.readouterr()
    assert getattr(shown, stream).splitlines() == [
        "Starting simulation at t=0. s for a duration of 1. ms",
        "1. ms (100%) simulated in < 1s",
        "Starting simulation at t=1. ms for a duration of 1. s",
        "1. s (100%) simulated in < 1s",
    ]
    assert not shown.out or not shown.err


def test_report_functions() -> None:
    group, calls = ramp(), []

    def report(*arguments: object) -> None:
        calls.append(arguments)

    operation = NetworkOperation(lambda t: t < 0.5 * ms or net.stop())
    net = Network(group, operation)
    net.run(1 * ms, report=report)
    operation.active = False
    net.run(2 * ms, report=report)
    assert [(round(done, 6), float(start / ms), float(duration / ms)) for _, done, start, duration in calls] == [
        (0.0, 0.0, 1.0), (0.6, 0.0, 1.0), (0.0, pytest.approx(0.6), 2.0), (1.0, pytest.approx(0.6), 2.0),
    ]  # fmt: skip
    assert all(isinstance(value, Quantity) for call in calls for value in (call[0], call[2], call[3]))


def test_reports_come_regularly() -> None:
    calls: list[float] = []

    def report(elapsed: Quantity, completed: float, start: Quantity, duration: Quantity) -> None:
        calls.append(completed)
        if len(calls) == 4:
            net.stop()

    net = Network(ramp())
    net.run(1e5 * second, report=report, report_period=1 * ms)
    assert len(calls) == 5 and calls == sorted(calls) and 0 < calls[-1] < 1


def test_bar_on_a_terminal() -> None:
    stream = io.StringIO()
    bar = ProgressBar(stream, width=10)
    for elapsed, done in ((0, 0.0), (1.4, 0.25), (5, 1.0)):
        bar(elapsed * second, done, 0 * second, 2 * second)
    lines = [line.rstrip() for line in stream.getvalue().split("\r")[1:]]
    assert lines == [
        "  0 % [          ] of 2. s, < 1s",
        " 25 % [##        ] of 2. s, 1s, 4s left",
        "100 % [##########] of 2. s, 5s",
    ]
    assert stream.getvalue().endswith("\n")


def test_bar_of_a_run(capsys: pytest.CaptureFixture[str]) -> None:
    Network(ramp()).run(1 * ms, report="bar")
    shown = capsys.readouterr()
    assert not shown.out and "100 % [##" in shown.err


def test_bar_in_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    import types

    shown: list[str] = []

    class Handle:
        def update(self, content: dict[str, str], raw: bool) -> None:
            shown.append(content["text/plain"])

    def display(content: dict[str, str], raw: bool, display_id: bool) -> Handle:
        shown.append("new")
        return Handle()

    shell = type("ZMQInteractiveShell", (), {})()
    package = types.ModuleType("IPython")
    package.get_ipython = lambda: shell
    package.display = types.ModuleType("IPython.display")
    package.display.display = display
    monkeypatch.setitem(sys.modules, "IPython", package)
    monkeypatch.setitem(sys.modules, "IPython.display", package.display)
    Network(ramp()).run(1 * ms, report="bar")
    assert shown[0] == "new" and len(shown) == 2 and shown[1].startswith("100 %")


def test_functions_for_reports() -> None:
    assert make_report(None) is None
    assert make_report(print) is print
    assert make_report("text").stream is sys.stdout and make_report("stderr").stream is sys.stderr


# ---------------------------------------------------------------------- profiling


def test_profiling() -> None:
    group = ramp()
    slow = NetworkOperation(lambda: sum(range(20000)), name="slow")
    net = Network(group, slow)
    with pytest.raises(ValueError, match="profile=True"):
        _ = net.profiling_info
    net.run(1 * ms, profile=True)
    (first, time), (last, _) = net.profiling_info
    assert (first, last) == ("slow", f"{group.name}_stateupdater")
    assert isinstance(time, Quantity) and time > 0 * second
    assert net.get_profiling_info() == net.profiling_info
    lines = str(profiling_summary(net)).splitlines()
    assert lines[:2] == ["Profiling summary", "================="]
    assert lines[2].startswith("slow ") and lines[2].endswith(" %") and len(lines) == 4
    assert len(str(profiling_summary(net, show=1)).splitlines()) == 3
    assert "<td>slow</td>" in profiling_summary(net)._repr_html_()
    assert ProfilingSummary(net, show=1).names == ["slow"] and ProfilingSummary(net.profiling_info).names[0] == "slow"
    assert group.v[0] == pytest.approx(1)
    net.run(1 * ms)
    with pytest.raises(ValueError, match="profile=True"):
        _ = net.profiling_info
