"""Looking at a network's stages: options change them, and the graph says where things come from."""

import pytest

from ranvier import Network, NeuronGroup, ms
from ranvier.codegen import CodegenOptions
from ranvier.stages import Lowered, Options


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
    graph = lowered().graph()
    places = {data["location"] for _, data in graph.nodes(data=True) if data["location"]}
    assert any(place.startswith("cells_stateupdater") for place in places)
    assert [data["name"] for _, data in graph.nodes(data=True)].count("snn.loop") == 1


def test_unknown_stage() -> None:
    with pytest.raises(ValueError, match="no stage 'ast'; the stages are plan, snn, optimised"):
        lowered().as_text("ast")
