"""Magic runs: which objects, which simulation."""

import gc
from collections.abc import Iterator

import pytest

from ranvier.objects.monitors.spikemonitor import SpikeMonitor
from ranvier.objects.monitors.statemonitor import StateMonitor
from ranvier.objects.networks.magic import (
    MagicError,
    MagicNetwork,
    collect,
    magic_network,
    restore,
    run,
    start_scope,
    store,
)
from ranvier.objects.networks.network import Network
from ranvier.objects.networks.networkoperation import network_operation
from ranvier.objects.neurons.neurongroup import NeuronGroup
from ranvier.session import logger
from ranvier.session.clocks import defaultclock
from ranvier.session.logger import catch_logs
from ranvier.session.preferences import prefs
from ranvier.units import ms


@pytest.fixture(autouse=True)
def own_scope() -> Iterator[None]:
    """Every test sees its own objects only."""
    start_scope()
    yield
    start_scope()


def ramp(**kwds: object) -> NeuronGroup:
    """A neuron whose v is the time in ms."""
    return NeuronGroup(1, "dv/dt = 1/ms : 1", method="euler", namespace={"ms": ms}, **kwds)


def now() -> float:
    return round(float(magic_network.t / ms), 6)


def test_a_simulation_goes_on() -> None:
    group = ramp()
    run(0.5 * ms)
    run(0.5 * ms)
    assert (now(), round(float(defaultclock.t / ms), 6)) == (1.0, 1.0) and group.v[0] == pytest.approx(1)
    assert magic_network.objects == set() and collect() == {group}  # only the script keeps objects


def test_hidden_objects_are_not_run() -> None:
    group, hidden = ramp(), [ramp()]
    run(0.5 * ms)
    assert [group.v[0], hidden[0].v[0]] == pytest.approx([0.5, 0])


def test_local_names_of_the_caller_and_global_names() -> None:
    group = ramp()

    def inner() -> NeuronGroup:
        local = ramp()
        run(0.5 * ms)
        return local

    local = inner()  # sees `local` but not `group`, which is a name of the outer function
    assert [group.v[0], local.v[0]] == pytest.approx([0, 0.5])


def test_level_skips_frames() -> None:
    group = ramp()

    def helper() -> None:
        run(0.5 * ms, level=1)

    helper()
    assert group.v[0] == pytest.approx(0.5)


def test_new_objects_begin_a_new_simulation() -> None:
    def simulate() -> float:
        group = ramp()
        run(0.5 * ms)
        return group.v[0]

    assert [simulate(), simulate()] == pytest.approx([0.5, 0.5])
    assert now() == 0.5


def test_start_scope() -> None:
    group = ramp()
    run(0.1 * ms)
    start_scope()
    other = ramp()
    assert collect() == {other}
    run(0.2 * ms)
    assert [group.v[0], other.v[0], now()] == pytest.approx([0.1, 0.2, 0.2])


def test_a_mix_is_an_error_and_then_all_goes_on() -> None:
    group = ramp()
    run(0.1 * ms)
    new = ramp()
    with pytest.raises(MagicError, match=new.name):
        run(0.1 * ms)
    assert now() == 0.1 and group.v[0] == pytest.approx(0.1)
    del new
    run(0.1 * ms)
    assert now() == 0.2 and group.v[0] == pytest.approx(0.2)


def test_monitors_and_subgroups_may_come_later() -> None:
    group = NeuronGroup(3, "dv/dt = 1/ms : 1", method="euler", namespace={"ms": ms}, threshold="v > 9", reset="")
    run(0.2 * ms)
    late, spikes, part = StateMonitor(group, "v", record=0), SpikeMonitor(group), group[1:]
    run(0.2 * ms)
    assert list(late.t / ms) == pytest.approx([0.2, 0.3])
    assert spikes.num_spikes == 0 and len(part) == 2 and now() == 0.4


@pytest.mark.parametrize("kind", ["network operation", "run_regularly"])
def test_actions_may_not_come_later(kind: str) -> None:
    group = ramp()
    run(0.1 * ms)
    late = network_operation(lambda: None) if kind == "network operation" else group.run_regularly("v = 0")
    with pytest.raises(MagicError, match=late.name):
        run(0.1 * ms)


def test_objects_may_be_dropped_and_come_back() -> None:
    group, other = ramp(), ramp()
    run(0.2 * ms)
    kept = [other]
    del other
    run(0.1 * ms)
    other = kept[0]
    run(0.1 * ms)
    assert [group.v[0], other.v[0], now()] == pytest.approx([0.4, 0.3, 0.4])


def test_objects_of_another_network() -> None:
    group = ramp()
    net = Network(group)
    net.run(0.1 * ms)
    with pytest.raises(RuntimeError, match="another network"):
        run(0.1 * ms)
    net.run(0.1 * ms)
    assert group.v[0] == pytest.approx(0.2)


def test_objects_of_the_magic_network_in_another_one() -> None:
    group = ramp()
    before = Network(group)
    run(0.1 * ms)
    with pytest.raises(RuntimeError):
        Network(group)
    with pytest.raises(RuntimeError):
        before.run(0.1 * ms)


def test_objects_of_an_earlier_magic_simulation() -> None:
    def first() -> NeuronGroup:
        group = ramp()
        run(0.1 * ms)
        return group

    def again(group: NeuronGroup) -> None:
        run(0.1 * ms)

    group = first()
    first()
    with pytest.raises(RuntimeError, match=group.name):
        again(group)


def test_a_run_of_nothing() -> None:
    group = ramp()
    run(0.2 * ms)

    def nothing_here() -> None:
        run(1 * ms)

    nothing_here()
    assert now() == 0.2
    run(0.1 * ms)
    assert now() == 0.3 and group.v[0] == pytest.approx(0.3)


def test_a_failed_run_can_be_mended() -> None:
    group = NeuronGroup(1, "dv/dt = rate : 1", method="euler")
    with pytest.raises(Exception, match="rate"):
        run(0.1 * ms)
    rate = 1 / ms
    other = ramp()
    run(0.1 * ms)
    assert [group.v[0], other.v[0]] == pytest.approx([0.1, 0.1]) and rate


def test_what_lacks_its_source_is_left_out() -> None:
    hidden = [ramp(threshold="v > 9", reset="")]
    group, spikes = ramp(), SpikeMonitor(hidden[0])
    with catch_logs() as caught:
        run(0.1 * ms)
    assert not spikes.active and group.v[0] == pytest.approx(0.1)
    assert caught[0][1].endswith(".dependency_warning") and spikes.name in caught[0][2]


def test_the_magic_network_cannot_be_changed() -> None:
    for use in (magic_network.add, magic_network.remove):
        with pytest.raises(MagicError):
            use(ramp())
    with pytest.raises(ValueError, match="only one"):
        MagicNetwork()


def test_collect_for_a_network() -> None:
    group = ramp()
    assert collect() == {group}
    net, before = Network(collect()), now()
    net.run(0.1 * ms)
    net.run(0.2 * ms)
    assert group.v[0] == pytest.approx(0.3) and now() == before


# ---------------------------------------------------------------------- store and restore


def test_store_before_the_first_run() -> None:
    group = ramp()
    store()
    run(0.3 * ms)
    restore()
    assert (now(), group.v[0]) == (0.0, 0.0)
    run(0.1 * ms)
    assert now() == 0.1 and group.v[0] == pytest.approx(0.1)


def test_restoring_in_a_new_simulation_with_the_same_names() -> None:
    def simulate(first: bool) -> float:
        group = ramp(name="the_same")
        if first:
            run(0.3 * ms)
            store("later")
        else:
            restore("later")
        run(0.1 * ms)
        return group.v[0]

    assert [simulate(True), simulate(False)] == pytest.approx([0.4, 0.4])
    assert now() == 0.4


def test_restoring_with_a_new_object() -> None:
    group = ramp()
    store("x")
    run(0.3 * ms)
    new = ramp()
    with pytest.raises(MagicError, match=new.name):
        restore("x")
    assert group.v[0] == pytest.approx(0.3)


def test_restoring_what_was_not_stored() -> None:
    group = ramp()
    with pytest.raises(KeyError, match="never_stored"):
        restore("never_stored")
    assert group.v[0] == 0


@pytest.fixture
def nothing_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logger._State, "console", logger._Filter())


def _deleted(what: str) -> None:
    obj = ramp(name=what)
    del obj
    gc.collect()


def test_an_object_that_was_never_run_is_missed_when_it_goes(
    nothing_hidden: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """As when a script creates its groups in a list, which magic runs do not look into."""
    gc.collect()
    capsys.readouterr()
    _deleted("nowhere_kept")
    message = capsys.readouterr().err
    assert "'nowhere_kept' is getting deleted, but was never part of a run." in message
    assert "obj = ramp(name=what)" in message or "NeuronGroup(1" in message
    assert "unused_brian_object" in message
    with catch_logs() as caught:
        _deleted("while_others_listen")
    assert not caught and "while_others_listen" not in capsys.readouterr().err


def test_objects_that_were_run_or_lowered_go_silently(nothing_hidden: None, capsys: pytest.CaptureFixture[str]) -> None:
    gc.collect()
    capsys.readouterr()
    for use in (lambda net: net.run(0.1 * ms), lambda net: net.lower()):
        group = ramp()
        use(Network(group, StateMonitor(group, "v", record=True)))
        del group
        gc.collect()
    assert "unused_brian_object" not in capsys.readouterr().err


CELL = "G = NeuronGroup(2, 'v : 1', threshold='True', reset='')\n"


def notebook(*cells: str) -> dict[str, object]:
    """The names of a notebook in which these cells have been executed."""
    names: dict[str, object] = {"get_ipython": None}
    exec("from ranvier import NeuronGroup, SpikeMonitor, StateMonitor, Synapses, ms, run, start_scope", names)
    for cell in cells:
        exec(cell, names)
    return names


def test_what_a_notebook_displayed_is_no_name_of_the_script() -> None:
    names = notebook(CELL + "M = SpikeMonitor(G)\n_ = _1 = G", "run(1*ms)", CELL + "M = SpikeMonitor(G)\n__ = _12 = _1")
    exec("run(0.1*ms)", names)
    assert names["M"].num_spikes == 2  # type: ignore[attr-defined]


def test_in_a_script_these_names_are_names_as_others() -> None:
    names = notebook("_ = NeuronGroup(2, 'v : 1', threshold='True', reset='')\nM = SpikeMonitor(_)")
    del names["get_ipython"]
    exec("run(0.1*ms)", names)
    assert names["M"].num_spikes == 2  # type: ignore[attr-defined]


def test_a_monitor_whose_group_was_made_anew_is_named_with_what_to_do() -> None:
    names = notebook(CELL + "M = StateMonitor(G, 'v', record=True)", "run(1*ms)", "old = G.name\n" + CELL)
    monitor, group, old = (getattr(names[k], "name", names[k]) for k in ("M", "G", "old"))
    with pytest.raises(MagicError) as failed:
        exec("run(1*ms)", names)
    text = str(failed.value)
    assert f"'{group}' (here G) cannot be recorded by '{monitor}' (here M), made for the earlier '{old}'" in text
    assert "start_scope()" in text
    exec("M = StateMonitor(G, 'v', record=True)\nrun(0.1*ms)", names)


def test_a_mix_names_old_and_new_objects_without_their_parts() -> None:
    names = notebook(CELL + "S = Synapses(G, G, on_pre='v_post += 1')\nS.connect()", "run(1*ms)", CELL)
    with pytest.raises(
        MagicError, match=r"mix of objects .* Run before: '\w+' \(here S\)\. New: '\w+' \(here G\)\. To"
    ):
        exec("run(1*ms)", names)


def test_the_preference_for_unused_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    with catch_logs() as caught:
        _deleted("nobody_asked")
        prefs.logging.warn_for_unused_objects = True
        _deleted("asked_for")
        prefs.logging.warn_for_unused_objects = False
        _deleted("not_wanted")
        prefs.logging.warn_for_unused_objects = True
        monkeypatch.setattr(logger.BrianLogger, "exception_occured", True)
        _deleted("after_an_error")
    prefs.reset_to_defaults()
    assert [message.split("'")[1] for _, _, message in caught] == ["asked_for"]
    assert caught[0][1].endswith(".unused_brian_object")


def test_lost_objects_in_circles_are_missed_before_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    collected: list[int] = []
    really = gc.collect
    monkeypatch.setattr(gc, "collect", lambda: collected.append(really()))
    prefs.logging.warn_for_unused_objects = True
    kept, lost = ramp(), ramp(name="in_a_circle")
    lost.add_attribute("circle")
    lost.circle = lost
    del lost
    group = ramp()
    network = Network(group)
    with catch_logs() as caught:
        for _ in range(3):
            network.run(0.1 * ms)
    prefs.reset_to_defaults()
    assert ["in_a_circle" in message for _, _, message in caught] == [True]
    assert len(collected) == 1 and kept.is_unused  # once: what is kept is no reason to look again


def test_the_program_and_the_memory_of_a_magic_run_are_those_of_the_visible_objects() -> None:
    cells = NeuronGroup(10, "dv/dt = -v/(10*ms) : 1", name="cells")
    before = magic_network.lower().as_text("snn")
    run(1 * ms)
    after = magic_network.lower().as_text("snn")
    assert "cells.v" in before and "cells.v" in after
    assert "cells" in str(magic_network.memory_plan())
    run(1 * ms)
    assert cells.t == 2 * ms and magic_network.objects == set()
