"""`CodeRunner`: code of a script's own classes on the actions of groups."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from ranvier import (
    BrianObjectException,
    CodeRunner,
    DimensionMismatchError,
    Network,
    NeuronGroup,
    SpikeMonitor,
    Statements,
    Synapses,
    magic_network,
    ms,
    run,
    start_scope,
    volt,
)


def test_statements_for_all_elements() -> None:
    group = NeuronGroup(3, "v : volt\nk : 1", name="cells")
    runner = CodeRunner(group, "stateupdate", code="step = 2*volt\nv += step*i", dt=0.2 * ms, when="end")
    Network(group, runner).run(0.5 * ms)
    assert (
        list(group.v / volt) == [0, 6, 12] and runner.name == "coderunner" and runner.user_code == runner.abstract_code
    )
    with pytest.raises(BrianObjectException) as error:
        Network(
            NeuronGroup(1, "w : volt"), wrong := NeuronGroup(1, "v : volt"), CodeRunner(wrong, "stateupdate", "v = 1")
        ).run(0.1 * ms)
    assert isinstance(error.value.__cause__, DimensionMismatchError)


def test_units_need_not_be_checked() -> None:
    group = NeuronGroup(2, "v : volt")
    Network(group, CodeRunner(group, "stateupdate", Statements("v = i + 1"), check_units=False)).run(0.1 * ms)
    assert list(group.v / volt) == [1, 2]


class Halving(CodeRunner):
    """Code that is made anew before each run, as libraries built on Brian do."""

    def __init__(self, group: NeuronGroup) -> None:
        CodeRunner.__init__(self, group, "stateupdate", needed_variables=["v"], when="after_groups", name="halving*")
        self.factor = 0.5

    def update_abstract_code(self, run_namespace: Mapping[str, object]) -> None:
        self.abstract_code = f"v = v*{self.factor}"


def test_derived_classes_make_their_code_before_each_run() -> None:
    start_scope()
    group = NeuronGroup(2, "v : 1")
    group.v = 8
    halving = Halving(group)
    run(0.2 * ms)
    assert halving in magic_network.objects or halving.name.startswith("halving")
    assert list(group.v) == [2, 2]
    halving.factor = 3
    run(0.1 * ms)
    assert list(group.v) == [6, 6]


def test_code_for_events_and_code_that_finds_them() -> None:
    group = NeuronGroup(4, "v : 1\nhits : 1", events={"high": "False"})
    group.v = "i"
    finder = CodeRunner(
        group, "threshold", "_cond = v > 1 + bias", when="after_thresholds", order=1, template_kwds={"event": "high"}
    )
    code = CodeRunner(group, "reset", "hits += v", when="resets", template_kwds={"event": "high"})
    Network(group, finder, code).run(0.2 * ms, namespace={"bias": 1})
    assert list(group.hits) == [0, 0, 0, 6]


def test_refractory_elements_keep_protected_variables_unless_said_otherwise() -> None:
    def model() -> NeuronGroup:
        return NeuronGroup(
            2, "dv/dt = 0*Hz : 1 (unless refractory)", threshold="i == 0", reset="", refractory=9 * ms, method="euler"
        )

    kept, changed = model(), model()
    runners = [
        CodeRunner(kept, "stateupdate", "v += 1", when="end"),
        CodeRunner(changed, "stateupdate", "v += 1", when="end", override_conditional_write=["v"]),
    ]
    Network(kept, changed, runners).run(0.3 * ms)
    assert list(kept.v) == [0, 3] and list(changed.v) == [3, 3]


def test_synapses_execute_code_one_after_another() -> None:
    group = NeuronGroup(2, "x : 1")
    synapses = Synapses(group, group, "w : 1")
    synapses.connect()
    synapses.w = "i + 1"
    Network(group, synapses, CodeRunner(synapses, "stateupdate", "x_post += w", check_units=False)).run(0.1 * ms)
    assert np.array_equal(group.x, [3, 3])


def test_what_is_wrong() -> None:
    group = NeuronGroup(2, "v : 1", name="cells")
    with pytest.raises(NotImplementedError, match="'stateupdate', 'reset', 'threshold'"):
        CodeRunner(group, "summed_variable", "v = 1")
    with pytest.raises(TypeError, match="has to be text"):
        CodeRunner(group, "stateupdate", 3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="needs a group"):
        CodeRunner("cells", "stateupdate", "v = 1")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="needs the event 'spike', which 'cells' does not define"):
        CodeRunner(group, "reset", "v = 1")
    with pytest.raises(KeyError, match="needs a variable 'u' of 'cells'"):
        CodeRunner(group, "stateupdate", "v = 1", needed_variables=["u"])
    spiking = NeuronGroup(2, "v : 1", threshold="v > 1", reset="")
    with pytest.raises(BrianObjectException, match="has to be '_cond = "):
        Network(spiking, CodeRunner(spiking, "threshold", "cond = v > 1")).run(0.1 * ms)
    assert SpikeMonitor(spiking).N == 0


def test_empty_code_does_nothing() -> None:
    group = NeuronGroup(2, "v : 1")
    Network(group, CodeRunner(group, "stateupdate")).run(0.1 * ms)
    assert list(group.v) == [0, 0]
