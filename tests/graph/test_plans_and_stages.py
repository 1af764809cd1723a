"""Plans: what the key of a program depends on. Stages: what can be looked at and dumped."""

import re

import numpy as np
import pytest

from ranvier import (
    Network,
    NeuronGroup,
    SpikeMonitor,
    StateMonitor,
    TimedArray,
    defaultclock,
    linked_var,
    ms,
    mV,
    start_scope,
)
from ranvier import seed as set_seed
from ranvier.codegen import CodegenOptions
from ranvier.codegen.programs import forget_loaded
from ranvier.passes.pipeline import DEFAULT_PIPELINE, PipelineError
from ranvier.stages import STAGES, Options, make_plan, set_default_options, timings


@pytest.fixture(autouse=True)
def fresh():
    start_scope()
    defaultclock.dt = 0.1 * ms
    yield
    set_default_options(None)


EQUATIONS = "dv/dt = (I - v)/tau : volt (unless refractory)\nI : volt"


def model(
    *, size=5, equations=EQUATIONS, dt=0.1, reset="v = 0*mV", names="a", threshold="v > limit", method="exact", **k
):
    group = NeuronGroup(
        size, equations, threshold=threshold, reset=reset, refractory=k.pop("refractory", 2 * ms), method=method,
        name=f"group_{names}", dt=dt * ms, **k
    )  # fmt: skip
    group.I = 20 * mV
    monitor = SpikeMonitor(group, name=f"spikes_{names}")
    states = StateMonitor(group, "v", record=[0, 1], name=f"states_{names}")
    return Network(group, monitor, states)


def key(network, tau=10.0, limit=10.0):
    return network.lower(namespace={"tau": tau * ms, "limit": limit * mV}).plan.key


def test_what_does_not_change_the_key():
    same = key(model())
    assert key(model(size=50)) == same
    assert key(model(dt=0.05)) == same
    assert key(model(names="b")) == same
    assert key(model(), tau=5.0, limit=7.0) == same
    assert key(model(refractory=3 * ms)) == same
    assert key(model(equations=EQUATIONS.replace("\n", "  # a comment\n"))) == same


@pytest.mark.parametrize(
    "change",
    [
        {"equations": EQUATIONS.replace("I - v", "I - 2*v")},
        {"reset": "v = 1*mV"},
        {"reset": "v = 0*mV; I += 1*mV"},
        {"threshold": "v >= limit"},
        {"method": "euler"},
        {"dtype": np.float32},
        {"equations": EQUATIONS + " (shared)"},
    ],
    ids=lambda change: "_".join(f"{k}_{v}" for k, v in change.items()).replace("\n", " ")[:40],
)
def test_what_changes_the_key(change):
    assert key(model(**change)) != key(model())


def test_labels_are_for_people_only():
    network = model(names="named_by_someone")
    plan = network.lower(namespace={"tau": 5 * ms, "limit": 1 * mV}).plan
    assert "named_by_someone" in plan.as_text() and "named_by_someone" not in plan.signature()
    assert "0.005" not in plan.signature()


@pytest.fixture
def compilations(monkeypatch):
    from ranvier.codegen import programs

    counted = []
    compile_ = programs._compile
    monkeypatch.setattr(programs, "_compile", lambda *args, **kwds: (counted.append(1), compile_(*args, **kwds))[1])
    return counted


def test_what_compiles_nothing(compilations, tmp_path):
    from ranvier import prefs

    old = prefs["codegen.cache_dir"]
    prefs["codegen.cache_dir"] = str(tmp_path)
    forget_loaded()
    try:
        names = {"tau": 10 * ms, "limit": 10 * mV}
        model().run(0.5 * ms, namespace=names)
        assert len(compilations) == 1
        model(size=17, dt=0.05, names="b").run(0.5 * ms, namespace={"tau": 3 * ms, "limit": 1 * mV})
        network = model()
        network.run(0.5 * ms, namespace=names)
        network.run(0.5 * ms, namespace={"tau": 4 * ms, "limit": 2 * mV})
        forget_loaded()  # as a new process: from the disk
        model().run(0.5 * ms, namespace=names)
        assert len(compilations) == 1
        model(reset="v = 2*mV").run(0.5 * ms, namespace=names)
        assert len(compilations) == 2
    finally:
        prefs["codegen.cache_dir"] = old


def test_values_of_timed_arrays_are_arguments():
    def stimulated(values, dt):
        group = NeuronGroup(3, "dv/dt = s(t)/ms : 1", method="euler", namespace={"s": TimedArray(values, dt=dt)})
        return Network(group).lower(namespace={}).plan.key

    assert stimulated([1.0, 2.0], 1 * ms) == stimulated([5.0, 4.0, 3.0], 0.3 * ms)


def test_links_are_arguments_but_their_form_is_not():
    def linking(index, source_size=4):
        source = NeuronGroup(source_size, "x : 1")
        group = NeuronGroup(4, "x : 1 (linked)\ny : 1")
        group.x = linked_var(source, "x", index=index)
        group.run_regularly("y = x")
        return Network(source, group).lower(namespace={}).plan.key

    assert linking([0, 1, 2, 3]) == linking([3, 3, 3, 6], source_size=7)
    assert linking([0, 1, 2, 3]) != linking(None)


def lowered(**kwds):
    return model().lower(namespace={"tau": 10 * ms, "limit": 10 * mV}, **kwds)


def test_stages_as_text():
    program = lowered()
    texts = {stage: program.as_text(stage) for stage in STAGES}
    assert all(text.strip() for text in texts.values())
    assert "snn.map" in texts["snn"] and "snn." in texts["optimised"]
    assert "scf." in texts["loops"] and not re.search(r"[\s!]snn\.", texts["loops"])  # but for texts about inputs
    assert "define" in texts["llvm"] and "define" in texts["llvm-optimised"]
    assert texts["asm"].count("\n") > 50
    assert "group_a.v" in texts["plan"]
    assert "steps" in repr(program)
    with pytest.raises(ValueError, match="There is no stage 'mlir'; the stages are actions, plan, snn"):
        program.as_text("mlir")


def test_texts_can_be_parsed_again():
    from xdsl.parser import Parser

    from ranvier.ir.dialect import new_context

    program = lowered()
    for stage in ("snn", "optimised", "loops"):
        module = Parser(new_context(), program.as_text(stage)).parse_module()
        module.verify()
        assert str(module).strip() == program.as_text(stage).strip()


def test_graph():
    graph = lowered().graph()
    assert graph.number_of_nodes() > 5 and graph.number_of_edges() > 5


def test_lowering_does_not_run():
    network = model()
    network.lower(namespace={"tau": 10 * ms, "limit": 10 * mV}).as_text("asm")
    assert float(network.t) == 0 and not network["group_a"].v[:].any()


def result(**options):
    set_default_options(Options(**options) if options else None)
    network = model()
    network["group_a"].I = "(15 + i)*mV"
    network.run(20 * ms, namespace={"tau": 5 * ms, "limit": 14 * mV})
    set_default_options(None)
    return np.array(network["states_a"].v), network["spikes_a"].count[:].copy()


def test_pipelines_of_users_give_the_same():
    states, counts = result()
    assert counts.sum() > 5
    for options in (
        {"pipeline": ""},
        {"pipeline": "fold-constants,eliminate-dead-code"},
        {"pipeline": DEFAULT_PIPELINE, "verify": True},
        {"verify": True, "codegen": CodegenOptions(fast_math="off")},
    ):
        other, other_counts = result(**options)
        np.testing.assert_allclose(other, states, rtol=1e-9, err_msg=str(options))
        np.testing.assert_array_equal(other_counts, counts)


def test_unknown_pass():
    with pytest.raises(PipelineError):
        result(pipeline="fold-constans")


@pytest.mark.parametrize("verify", [True, False])
def test_a_graph_that_a_pass_broke_is_found_if_wanted(monkeypatch, verify):
    from xdsl.utils.exceptions import VerifyException

    from ranvier.ir.structure import LoopOp
    from ranvier.passes.optimise.eliminate_dead_code import EliminateDeadCode

    def break_it(self, context, module):
        loop = next(op for op in module.walk() if isinstance(op, LoopOp))
        last = loop.body.block.last_op
        last.operands = last.operands[:-1]

    monkeypatch.setattr(EliminateDeadCode, "apply", break_it)
    program = lowered(options=Options(pipeline="eliminate-dead-code", verify=verify))
    if verify:
        with pytest.raises(VerifyException):
            program.as_text("optimised")
    else:
        with pytest.raises(Exception) as caught:
            program.as_text("loops")
        assert "optimised" in program._texts, caught.value  # it went on past the pass


def test_pipeline_shows_in_the_optimised_stage():
    plain = lowered(options=Options(pipeline=""))
    assert plain.as_text("optimised") == plain.as_text("snn")
    assert lowered().as_text("optimised") != lowered().as_text("snn")


def test_dump(monkeypatch, tmp_path):
    monkeypatch.setenv("RANVIER_DUMP", str(tmp_path / "dump"))
    result()
    result(pipeline="fold-constants")
    names = sorted(path.name for path in (tmp_path / "dump").iterdir())
    programs = [name.removesuffix("-plan.txt") for name in names if name.endswith("plan.txt")]
    assert [name.partition("-")[0] for name in programs] == ["001", "002"] and programs[0][4:] != programs[1][4:]
    for stage in ("snn.mlir", "optimised.mlir", "loops.mlir", "llvm.ll", "inputs.npz"):
        assert all(f"{name}-{stage}" in names for name in programs)
    assert all((tmp_path / "dump" / name).stat().st_size > 0 for name in names)


def test_timings():
    result()
    assert {"plan", "program"} <= timings().keys() and all(seconds >= 0 for seconds in timings().values())


def test_unknown_actions_are_refused():
    from ranvier.actions.actions import Action

    class Other(Action):
        pass

    with pytest.raises(TypeError, match="nothing is known of what a Other reads and writes"):
        make_plan([Other(label="x", clock=defaultclock)], [defaultclock])


# ---- random numbers


def noisy(chunks, *, slices=None, monkeypatch=None):
    set_seed(42)
    if slices is not None:
        from ranvier.runtime import simulation

        monkeypatch.setattr(simulation, "FIRST_INSTANTS", slices)
        monkeypatch.setattr(simulation, "SLICE_SECONDS", 0.0 if slices == 1 else 0.1)
    group = NeuronGroup(
        40,
        "dv/dt = -v/(5*ms) + 0.3*xi_1/sqrt(ms) + 0.2*xi_2/sqrt(ms) : 1\nr = rand() : 1 (constant over dt)\np : integer",
        threshold="v + rand() > 1",
        reset="v = 0.2*randn()",
        method="euler",
    )
    group.run_regularly("p += poisson(2.5); v += 0.01*randn()", dt=0.3 * ms)
    monitor = StateMonitor(group, ["v", "r", "p"], record=True)
    spikes = SpikeMonitor(group)
    network = Network(group, monitor, spikes)
    for chunk in chunks:
        network.run(chunk * ms)
    return [np.array(k) for k in (monitor.v, monitor.r, monitor.p, spikes.i, spikes.t_)]


def same(left, right):
    for one, other in zip(left, right, strict=True):
        np.testing.assert_array_equal(one, other)


def test_random_numbers_do_not_depend_on_chunks(monkeypatch):
    whole = noisy([20])
    assert len(whole[3]) > 5 and len(np.unique(whole[0])) > 1000
    same(whole, noisy([10, 10]))
    same(whole, noisy([0.1, 5.2, 0, 14.7]))
    same(whole, noisy([20], slices=1, monkeypatch=monkeypatch))
    same(whole, noisy([7, 13], slices=3, monkeypatch=monkeypatch))


def test_profiles_give_the_same():
    def outcome(profile):
        network = model()
        network["group_a"].I = "(15 + i)*mV"
        network.run(20 * ms, namespace={"tau": 5 * ms, "limit": 14 * mV}, profile=profile)
        return network, np.array(network["states_a"].v), network["spikes_a"].t_[:].copy()

    _, states, spikes = outcome(False)
    network, profiled, profiled_spikes = outcome(True)
    np.testing.assert_allclose(profiled, states, rtol=1e-12)
    np.testing.assert_array_equal(profiled_spikes, spikes)
    names = [name for name, _ in network.profiling_info]
    assert {"spikes_a", "states_a"} <= set(names) and any("stateupdater" in name for name in names)
    assert len(spikes) > 5
