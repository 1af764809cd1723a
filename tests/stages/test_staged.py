"""The road of a network step by step: `network.trace().lower(...).compile().run(...)`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ranvier import Network, NeuronGroup, SpikeMonitor, ms, prefs, seed, start_scope
from ranvier.ir.diagnostics import parse_module
from ranvier.pipeline.stage_views import difference
from ranvier.stages import Options
from ranvier.stages.staged import LoweredNetwork
from ranvier.text.program import TextProgram


@pytest.fixture(autouse=True)
def names() -> dict[str, object]:
    start_scope()
    prefs.codegen.threads = 1
    yield {"tau": 10 * ms, "ms": ms}
    prefs.codegen.threads = "auto"


def made() -> Network:
    cells = NeuronGroup(
        10,
        "dv/dt = (1.5 - v)/tau + 0.1*xi/tau**0.5 : 1",
        threshold="v > 1",
        reset="v = 0",
        method="euler",
        name="cells",
    )
    return Network(cells, SpikeMonitor(cells, name="spikes"))


def spikes(network: Network) -> tuple[list[float], list[int]]:
    return list(network["spikes"].t_), list(network["spikes"].i)


def test_the_road_step_by_step_is_that_of_run(names: dict[str, object]) -> None:
    plain, staged = made(), made()
    seed(2)
    plain.run(30 * ms, namespace=names)
    seed(2)
    compiled = staged.trace(names).lower().compile()
    compiled.run(20 * ms, namespace=names)
    compiled.run(10 * ms, namespace=names, report=None)
    assert spikes(plain) == spikes(staged) and len(spikes(plain)[0]) > 10
    assert staged.t == 30 * ms


def test_names_are_those_of_the_script_that_calls() -> None:
    tau = 10 * ms
    network = made()
    assert tau and "tau" in network.trace().as_text("plan")
    network.trace().lower().compile().run(1 * ms)


def test_each_step_has_its_stages(names: dict[str, object]) -> None:
    traced = made().trace(names)
    lowered = traced.lower("fold-constants,hoist-uniform")
    compiled = lowered.compile()
    assert traced.stages == ("actions", "plan", "snn") and "snn.threshold" in traced.as_text()
    assert traced.as_text("snn") == lowered.as_text("snn") == compiled.as_text("snn")
    assert "snn.threshold" in lowered.as_text("optimised")  # nothing was fused
    assert compiled.as_text().lstrip().startswith(".") and compiled.timings["load"] > 0
    with pytest.raises(ValueError, match=r"no stage 'loops' yet: .*lower\(\) makes the others"):
        traced.as_text("loops")
    for step, start in ((traced, "<Traced network"), (lowered, "<Lowered program"), (compiled, "<Compiled network")):
        assert repr(step).startswith(start)
        assert step.key in repr(step) or step is lowered
        assert "<details>" in step._repr_html_() and "&lt;" in step._repr_html_()


def test_the_pipeline_of_lower_is_what_runs(names: dict[str, object]) -> None:
    network, other = made(), made()
    lowered = network.trace(names).lower("")
    assert isinstance(lowered, LoweredNetwork) and not lowered.diff("snn")
    assert lowered.options == network.lower(names, options=Options(pipeline="")).options
    seed(1)
    lowered.compile().run(5 * ms, namespace=names)
    prefs.codegen.pipeline = ""
    try:
        seed(1)
        other.run(5 * ms, namespace=names)
    finally:
        prefs.codegen.pipeline = "default"
    np.testing.assert_array_equal(other["cells"].v_, network["cells"].v_)


def test_modules_are_copies_with_places(names: dict[str, object]) -> None:
    lowered = made().lower(names)
    for stage in ("snn", "optimised", "loops", "kernels"):
        module = lowered.module(stage)
        assert str(module).strip() == lowered.as_text(stage).strip()
        for op in list(module.body.block.ops):
            op.detach()
        assert str(lowered.module(stage)).strip() == lowered.as_text(stage).strip()
    with pytest.raises(ValueError, match=r"no module of the stage 'asm'; there are snn, optimised, loops, kernels"):
        lowered.module("asm")
    assert parse_module(lowered.as_text("snn"))


def test_differences_of_stages_and_of_programs(names: dict[str, object]) -> None:
    traced = made().trace(names)
    whole, part = traced.lower(), traced.lower("fold-constants")
    assert "-    " in str(whole.diff("snn")) and "+++ optimised" in str(whole.diff("snn"))
    assert not whole.diff(whole) and str(whole.diff(whole)) == ""
    assert str(whole.diff(part)).startswith("--- other optimised\n+++ this optimised")
    assert not whole.diff(part, "snn")
    assert whole.diff(part).coloured.count("\033[32m") > 2
    assert "<span" in whole.diff(part)._repr_html_() and "no difference" in difference("a", "a")._repr_html_()


def test_graphs_and_costs_know_the_sizes_of_the_network(names: dict[str, object]) -> None:
    traced = made().trace(names)
    lowered = traced.lower()
    kinds = [data["name"] for _, data in traced.graph().nodes(data=True)]
    assert "snn.threshold" in kinds
    assert "snn.threshold" not in [data["name"] for _, data in lowered.graph().nodes(data=True)]
    before, after = traced.cost().step, lowered.cost().step
    assert before.divisions >= 10 > after.divisions and before.draws == after.draws == 10
    assert next(row for row in lowered.cost().plain() if row["name"] == "snn.map")["count"] == 10
    with pytest.raises(ValueError, match="costs of a program are those of the stage snn, optimised, not of 'loops'"):
        lowered.cost("loops")


def test_what_is_saved_can_be_run(names: dict[str, object], tmp_path: Path) -> None:
    from ranvier.pipeline.dumps import read_inputs

    network = made()
    seed(5)
    compiled = network.trace(names).lower().compile()
    paths = compiled.save(tmp_path / "saved")
    assert {path.name.partition("-")[0] for path in paths} == {compiled.key}
    compiled.run(3 * ms, namespace=names)
    run = TextProgram.read(tmp_path / "saved" / f"{compiled.key}-loops.mlir").start(read_inputs(paths[-1]))
    assert not run.has_end
    run.advance(0.003)
    assert run.states["cells.v"].tobytes() == np.array(network["cells"].v_).tobytes()
    names_of_traced = [path.name.partition("-")[2] for path in network.trace(names).save(tmp_path / "traced")]
    assert names_of_traced == ["actions.txt", "plan.txt", "snn.mlir", "inputs.npz"]


def test_a_network_that_has_changed_needs_another_program(names: dict[str, object]) -> None:
    network = made()
    compiled = network.trace(names).lower().compile()
    network.add(SpikeMonitor(network["cells"], name="more"))
    with pytest.raises(RuntimeError, match=r"is not what it was when it was traced.*Call trace\(\) again"):
        compiled.run(1 * ms, namespace=names)
    network.run(1 * ms, namespace=names)  # the refused run has left nothing behind
    with pytest.raises(ValueError, match="a program of its own"):
        network.trace(names).lower().compile().run(1 * ms, namespace=names, profile=True)


def test_values_may_change_between_trace_and_run(names: dict[str, object]) -> None:
    network, other = made(), made()
    compiled = network.trace(names).lower().compile()
    network["cells"].v = 0.5
    other["cells"].v = 0.5
    changed = {**names, "tau": 5 * ms}
    for run in (compiled.run, other.run):
        seed(7)
        run(2 * ms, namespace=changed)
    np.testing.assert_array_equal(network["cells"].v_, other["cells"].v_)
