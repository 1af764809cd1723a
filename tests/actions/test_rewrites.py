"""Rewrites of actions are passes: named in the pipeline, left out like others, shown before and after, with reasons."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from ranvier import (
    Hz,
    Network,
    NeuronGroup,
    PoissonInput,
    SpikeMonitor,
    Synapses,
    defaultclock,
    ms,
    network_operation,
    prefs,
    seed,
)
from ranvier.actions.rewrites.names import NAMES
from ranvier.actions.rewrites.registry import REWRITES
from ranvier.commands.opt import main as ranvier_opt
from ranvier.passes.pipeline import PipelineError, default_pipeline
from ranvier.stages import Options, set_default_options
from ranvier.text.program import TextProgram


def network(*, noisy: bool = False, **how: object) -> Network:
    """A plastic network with refractory neurons; with Poisson input where `noisy`."""
    seed(11)
    cells = NeuronGroup(
        30,
        "dv/dt = (1.4 - v)/(10*ms) : 1 (unless refractory)\nref : second (constant)",
        threshold="v > 1", reset="v = 0", refractory=how.get("refractory", 2.3 * ms), method="exact", name="cells",
    )  # fmt: skip
    cells.v = "0.03*i"
    cells.ref = 2 * ms
    synapses = Synapses(
        cells, cells,
        "w : 1\ndapre/dt = -apre/(20*ms) : 1 (event-driven)\ndapost/dt = -apost/(20*ms) : 1 (event-driven)",
        on_pre="v_post += w; apre += 0.01; w = clip(w + apost, 0, 0.1)",
        on_post="apost -= 0.012; w = clip(w + apre, 0, 0.1)", name="synapses",
    )  # fmt: skip
    synapses.connect(condition="i != j and (i + j) % 3 == 0")
    synapses.w = 0.02
    parts = [cells, synapses, SpikeMonitor(cells, name="spikes")]
    if noisy:
        parts.append(PoissonInput(cells, "v", 10, 50 * Hz, 0.01))
    if "operation" in how:
        parts.append(network_operation(how["operation"]))
    return Network(*parts)


@pytest.fixture(autouse=True)
def _default_options():
    yield
    set_default_options(None)


def pipeline(*names: str) -> str:
    return ",".join([*names, default_pipeline()])


def outcome(spec: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    set_default_options(Options(pipeline=spec))
    net = network()
    net.run(60 * ms)
    return np.array(net["spikes"].i), np.array(net["spikes"].t_), np.array(net["synapses"].w)


def test_the_default_pipeline_begins_with_all_of_them() -> None:
    assert tuple(REWRITES) == NAMES
    assert Options().spec == pipeline(*NAMES)
    assert Options().rewrites == NAMES and Options().passes == default_pipeline()
    assert Options(share_traces=False).rewrites == NAMES[1:]
    assert Options(pipeline=" tabulate-draws , share-traces").rewrites == ("tabulate-draws", "share-traces")
    assert Options(pipeline="fuse-maps").rewrites == ()
    assert all(rewrite.about.endswith(".") for rewrite in REWRITES.values())


@pytest.mark.parametrize("names", [(), *itertools.combinations(NAMES[:2], 1), NAMES[:2][::-1]], ids="-".join)
def test_spikes_are_the_same_whatever_is_left_out(names: tuple[str, ...]) -> None:
    (i, t, w), (expected_i, expected_t, expected_w) = outcome(pipeline(*names)), outcome(pipeline(*NAMES))
    assert len(i) > 100 and np.array_equal(i, expected_i) and np.array_equal(t, expected_t)
    assert np.allclose(w, expected_w, rtol=1e-12)


def test_leaving_one_out_after_a_run_with_it_goes_on_from_the_same_state() -> None:
    expected = network()
    expected.run(30 * ms)
    expected.run(30 * ms)
    net = network()
    net.run(30 * ms)
    assert net["synapses"].shared_traces.sharing is not None
    set_default_options(Options(pipeline=default_pipeline()))
    net.run(30 * ms)
    assert net["synapses"].shared_traces.sharing is None
    assert np.array_equal(net["spikes"].i, expected["spikes"].i)
    assert np.allclose(net["synapses"].apre, expected["synapses"].apre, rtol=1e-12)


def test_draws_by_tables_have_the_same_distribution() -> None:
    means = []
    for names in ((), ("tabulate-draws",)):
        set_default_options(Options(pipeline=pipeline(*names)))
        seed(3)
        cells = NeuronGroup(2000, "x : 1")
        net = Network(cells, PoissonInput(cells, "x", 20, 100 * Hz, 1))
        net.run(50 * ms)
        means.append(float(np.mean(cells.x)))
    # 20 trains at 100 Hz for 50 ms: 100 events on average; the mean of 2,000 has a deviation of 0.22
    assert all(abs(mean - 100) < 5 * 0.23 for mean in means) and means[0] != means[1]


def test_each_is_shown_before_and_after_with_its_reasons() -> None:
    lowered = network(noisy=True).lower()
    text = lowered.as_text("actions")
    headings = [line for line in text.splitlines() if line.startswith("# ----")]
    assert headings == ["# ---- What the objects ask for ----", *(f"# ---- After {name} ----" for name in NAMES)]
    asked, shared, counted, tabulated = text.split(" ----\n")[1:]
    assert "lastupdate" in asked and "_own_last_event" not in asked
    assert "#   share-traces: apost: held by the target; apre: held by the source" in shared
    assert "#   count-refractory-steps: counted in steps" in counted and "_reached" not in shared
    assert "#   tabulate-draws: poisson: by a table" in tabulated or "binomial: by a table" in tabulated
    assert tabulated.strip() == lowered.as_text("plan").strip()
    assert 'notes = {"count-refractory-steps" = "counted in steps"}' in lowered.as_text("snn")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"refractory": "ref"}, ""),
        ({"refractory": "2*ms + 0*t"}, "the refractory period is not the same"),
        ({"operation": lambda: None}, "'networkoperation"),
    ],
)
def test_why_steps_are_not_counted(change: dict[str, object], reason: str) -> None:
    text = network(**change).lower(namespace={"ms": ms}).as_text("plan")
    assert "counted in steps" not in text
    assert (f"count-refractory-steps: {reason}" in text) == bool(reason)
    assert ("share-traces: apost: 'networkoperation" in text) == ("operation" in change)


def test_dumps_hold_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANVIER_DUMP", str(tmp_path))
    network().run(defaultclock.dt)
    (actions,) = tmp_path.glob("001-*-actions.txt")
    assert "# ---- After share-traces ----" in actions.read_text()


def test_the_preference_takes_it_out() -> None:
    prefs.codegen.share_traces = False
    try:
        net = network()
        net.run(1 * ms)
    finally:
        prefs.codegen.share_traces = True
    assert net["synapses"].shared_traces.reasons["apre"] == "'share-traces' is left out of the pipeline"


def test_they_stand_in_front_of_passes_and_need_a_network(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(PipelineError, match=r"'share-traces' changes what objects ask for.* in front of all passes"):
        network().lower(options=Options(pipeline="fuse-maps,share-traces"))
    with pytest.raises(PipelineError, match="has no options"):
        network().lower(options=Options(pipeline="share-traces{x=1}"))
    text = network().lower().as_text("snn")
    with pytest.raises(PipelineError, match="this program begins with a graph"):
        TextProgram(text, pipeline="share-traces,fuse-maps")
    file = tmp_path / "program.mlir"
    file.write_text(text)
    assert ranvier_opt([str(file), "-p", "share-traces"]) == 2
    assert "begins with a graph" in capsys.readouterr().err
    ranvier_opt(["--list-passes"])
    listed = capsys.readouterr().out
    assert all(name in listed for name in NAMES)
