"""Looking at a network's stages: options change them, and the graph says where things come from."""

import inspect
import re

import pytest

from ranvier import Network, NeuronGroup, SpikeMonitor, ms
from ranvier.codegen import CodegenOptions
from ranvier.codegen.compile import compile_text
from ranvier.codegen.target import host, initialised_llvm
from ranvier.passes.pipeline import PipelineError
from ranvier.stages import STAGES, TABLE, Lowered, Options


def lowered(**options: object) -> Lowered:
    cells = NeuronGroup(5, "dv/dt = v**5/(7*ms) : 1", threshold="v > 1", reset="v = 0", method="euler", name="cells")
    return Network(cells).lower(namespace={"ms": ms}, options=Options(**options))


@pytest.mark.parametrize(("fast_math", "calls"), [("off", 1), ("contract", 0), ("fast", 0)])
def test_powers_are_products_unless_each_operation_is_rounded(fast_math: str, calls: int) -> None:
    text = lowered(codegen=CodegenOptions(fast_math=fast_math)).as_text("optimised")
    assert text.count("math.powf") == calls


def test_a_pipeline_given_as_text_is_what_runs() -> None:
    assert lowered(pipeline="fuse-maps").as_text("optimised").count("snn.threshold") == 0
    assert lowered(pipeline="").as_text("optimised").count("snn.threshold") == 1


def test_the_graph_knows_places() -> None:
    """Nodes say the lines of the script that created their objects, also where several became one."""
    cells = NeuronGroup(5, "dv/dt = v/(7*ms) : 1", threshold="v > 1", reset="v = 0", method="euler", name="cells")
    line = inspect.currentframe().f_lineno - 1
    spikes = SpikeMonitor(cells, name="spikes")
    graph = Network(cells, spikes).lower(namespace={"ms": ms}).graph()
    nodes = [data for _, data in graph.nodes(data=True)]
    here = {data["name"]: data["location"] for data in nodes if data["location"]}
    assert here["snn.map"] == f"{__file__}:{line}:1"
    assert here["snn.record_events"] == f"{__file__}:{line + 2}:1"
    assert all(place.startswith((__file__, "cells_")) for data in nodes for place in data["locations"])
    assert [data["name"] for data in nodes].count("snn.loop") == 1


def test_unknown_stage() -> None:
    with pytest.raises(ValueError, match="no stage 'ast'; the stages are actions, plan, snn, optimised"):
        lowered().as_text("ast")


def test_stages_are_made_only_as_far_as_asked_for() -> None:
    program = lowered(pipeline="no-such-pass")
    assert "snn.threshold" in program.as_text("snn") and "cells.v" in program.as_text("plan")
    for _ in range(2):  # what failed can be asked for again
        with pytest.raises(PipelineError, match="no pass 'no-such-pass'"):
            program.as_text("loops")
    assert "snn.threshold" in program.as_text("snn")


def test_stages_do_not_depend_on_the_order_in_which_they_are_asked_for() -> None:
    in_order = lowered()
    backwards, at_once = (Lowered(in_order.plan, in_order.options) for _ in range(2))
    stages = [stage.name for stage in TABLE]
    texts = {stage: in_order.as_text(stage) for stage in stages}
    assert {stage: backwards.as_text(stage) for stage in reversed(stages)} == texts
    assert at_once.as_text("loops") == texts["loops"]


def test_the_optimised_text_is_what_object_code_is_made_of() -> None:
    program = lowered()
    compilation = compile_text(program.as_text("llvm"))
    llvm = initialised_llvm(compilation.target.triple)
    module = llvm.parse_assembly(program.as_text("llvm-optimised"), llvm.create_context())
    # LLVM's text does not keep the order of uses, on which the choice of registers depends: sizes may differ a little
    again = host().machine(optimise=CodegenOptions().optimise).emit_object(module)
    assert len(again) == pytest.approx(len(compilation.object_code), rel=0.02)
    assert set(re.findall(rb"[a-z_]*cells_[a-z_]*", again)) == set(
        re.findall(rb"[a-z_]*cells_[a-z_]*", compilation.object_code)
    )
    assert re.search(r"<\d+ x double>", program.as_text("llvm-optimised"))
    assert not re.search(r"<\d+ x double>", program.as_text("llvm"))


def test_the_table_says_what_each_stage_is() -> None:
    of_cpu = ("actions", "plan", "snn", "optimised", "loops", "llvm", "llvm-optimised", "asm")
    assert STAGES == (*of_cpu, "kernels", "nvvm", "ptx", "amdgcn")
    assert {stage.ending for stage in TABLE} == {"txt", "mlir", "ll", "s"}
    assert all(stage.about.endswith(".") for stage in TABLE)
    assert {stage: (Options(pipeline=stage).spec) for stage in ("", "fuse-maps")} == {"": "", "fuse-maps": "fuse-maps"}
    assert Options(layout="rows").spec != Options().spec != Options(codegen=CodegenOptions(fast_math="off")).spec
