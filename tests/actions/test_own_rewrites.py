"""Rewrites need not be Ranvier's: scripts, files and packages bring them, and pipelines name them like ours."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ranvier import Network, NeuronGroup, StateMonitor, ms
from ranvier.actions.actions import Action, MapCode, RecordStates
from ranvier.actions.rewrites import own, register_rewrite, unregister_rewrite
from ranvier.actions.rewrites.names import NAMES
from ranvier.commands import opt
from ranvier.commands.ablation import variants_of
from ranvier.equations.assignments import Assign
from ranvier.equations.expressions import Expr, Name, Number, map_children, once_each
from ranvier.passes import load_passes, register_pass, unregister_pass
from ranvier.passes.pipeline import PipelineError
from ranvier.pipeline.options import passes_of_graph
from ranvier.stages import Options, set_default_options


@pytest.fixture(autouse=True)
def _nothing_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("RANVIER_CACHE", str(tmp_path / "cache"))
    yield
    set_default_options(None)
    for name in list(own._registered):  # pyright: ignore[reportPrivateUsage]
        unregister_rewrite(name)


def with_number(value: float) -> Callable[[Sequence[Action]], list[Action]]:
    """Returns a rewrite that puts another number in the place of 7.5."""

    def change(actions: Sequence[Action]) -> list[Action]:
        """Another number stands where 7.5 stood."""
        return [with_code(action) if isinstance(action, MapCode) else action for action in actions]

    def with_code(action: MapCode) -> MapCode:
        code = tuple(
            replace(line, expr=changed(line.expr)) if isinstance(line, Assign) else line for line in action.code
        )
        return replace(action, code=code, notes=(*action.notes, ("other-number", f"7.5 is {value}")))

    @once_each
    def changed(node: Expr) -> Expr:
        return Number(value) if node == Number(7.5) else map_children(node, changed)

    return change


def network() -> Network:
    cells = NeuronGroup(3, "x : 1", name="cells")
    cells.run_regularly("x = 7.5")
    return Network(cells, StateMonitor(cells, "x", record=True, name="recorded"))


def outcome(net: Network | None = None) -> float:
    net = net or network()
    net.run(0.1 * ms)
    return float(net["cells"].x[0])


def test_a_pipeline_names_it_in_front_of_all_passes_and_sees_it_done() -> None:
    register_rewrite("other-number", with_number(2.5))
    assert outcome() == 7.5  # the default pipeline does not contain it
    set_default_options(Options(pipeline="other-number,default"))
    assert Options(pipeline="other-number,default").rewrites == ("other-number", *NAMES)
    assert outcome() == 2.5
    text = network().lower().as_text("actions")
    assert "# ---- After other-number ----" in text and "#   other-number: 7.5 is 2.5" in text
    with pytest.raises(PipelineError, match="stands in front of all passes"):
        Options(pipeline="default,other-number").spec  # noqa: B018
    with pytest.raises(PipelineError, match="this program begins with a graph"):
        passes_of_graph(Options(pipeline="other-number,default"))


def test_it_may_change_which_actions_there_are() -> None:
    register_rewrite("no-records", lambda actions: [one for one in actions if not isinstance(one, RecordStates)])
    set_default_options(Options(pipeline="no-records,default"))
    net = network()
    net.run(1 * ms)
    assert net["recorded"].t.size == 0 and np.all(net["cells"].x == 7.5)


def test_another_function_of_the_name_makes_another_program_also_for_the_same_network() -> None:
    set_default_options(Options(pipeline="other-number,default"))
    register_rewrite("other-number", with_number(1.5))
    net = network()
    assert outcome(net) == 1.5
    register_rewrite("other-number", with_number(3.5), replace=True)
    assert outcome(net) == 3.5
    unregister_rewrite("other-number")
    with pytest.raises(PipelineError, match="there is no pass 'other-number'"):
        outcome(net)
    register_rewrite("other-number", with_number(4.5))
    assert outcome(net) == 4.5


def test_names_are_checked() -> None:
    register_rewrite("other-number", with_number(1.5))
    register_rewrite("other-number", with_number(2.5))  # of the same module: edited
    for name, what, message in (
        ("other-number", sorted, "there is a rewrite 'other-number' already"),
        ("share-traces", with_number(1), "'share-traces' is the name of a rewrite already"),
        ("fuse-maps", with_number(1), "'fuse-maps' is the name of a pass already"),
        ("default", with_number(1), "stands for the default one"),
        ("a name", with_number(1), "needs a name such as"),
        ("number", 3, "3 is no rewrite"),
    ):
        with pytest.raises(PipelineError, match=message):
            register_rewrite(name, what)  # type: ignore[call-overload]


def test_a_pass_of_the_name_of_a_rewrite_is_refused_and_not_left_out_in_silence() -> None:
    from xdsl.passes import ModulePass

    class ShareTraces(ModulePass):
        name = "share-traces"

        def apply(self, ctx: Any, op: Any) -> None:
            raise AssertionError

    register_pass(ShareTraces)
    try:
        with pytest.raises(PipelineError, match="is the name of a rewrite and of a pass"):
            Options(pipeline="share-traces,fuse-maps").spec  # noqa: B018
    finally:
        unregister_pass("share-traces")


def of_code(change: Callable[[MapCode], Any]) -> Callable[[Sequence[Action]], list[Any]]:
    return lambda actions: [change(one) if isinstance(one, MapCode) else one for one in actions]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda actions: None, "the rewrite 'wrong' returned None: it has to return the list of actions"),
        (lambda actions: [*actions, 3], "returned a list with 3, which is no action"),
        (lambda actions: 1 / 0, "the rewrite 'wrong' failed: ZeroDivisionError"),
        (of_code(lambda code: replace(code, size=8)), "uses 'x' of element 7, but 'cells.x' has 3"),
        (of_code(lambda code: replace(code, code=(Assign("x", Name("nothing")),))), "'nothing'"),
    ],
)
def test_what_is_wrong_is_said_of_the_rewrite(change: Any, message: str) -> None:
    register_rewrite("wrong", change)
    set_default_options(Options(pipeline="wrong,default"))
    with pytest.raises(Exception) as raised:
        outcome()
    assert message in str(raised.value)
    notes = getattr(raised.value, "__notes__", [])
    assert isinstance(raised.value, PipelineError) or any("'wrong', not of Ranvier" in note for note in notes)


FILE = """
from ranvier.actions.rewrites import register_rewrite

@register_rewrite("nothing-new")
def nothing_new(actions):
    \"\"\"Leaves all as it is.

    Not listed.
    \"\"\"
    return list(actions)
"""


def test_files_bring_rewrites(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "with_a_rewrite.py"
    path.write_text(FILE)
    assert load_passes(str(path)) == []
    assert opt.main(["--list-passes"]) == 0
    assert capsys.readouterr().out.endswith(f"{'nothing-new':34}Leaves all as it is.\n")
    assert outcome() == 7.5
    spec = Options(pipeline="nothing-new,default").spec
    assert "without nothing-new" in [one.name for one in variants_of(spec, names=["nothing-new"])]


def test_packages_offer_rewrites(
    offering: Callable[..., None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "package_with_a_rewrite.py").write_text(FILE)
    monkeypatch.syspath_prepend(tmp_path)
    place = "package_with_a_rewrite"
    offered = {"nothing-new": f"{place}:nothing_new", "gone": f"{place}:gone", "no-function": f"{place}:__name__"}
    offering(*(metadata.EntryPoint(name, value, "ranvier.rewrites") for name, value in offered.items()))
    set_default_options(Options(pipeline="nothing-new,default"))
    assert "After nothing-new" in network().lower().as_text("actions")
    for name, message in (("gone", "cannot be loaded: AttributeError"), ("no-function", "is no rewrite")):
        set_default_options(Options(pipeline=f"{name},default"))
        with pytest.raises(PipelineError, match=message):
            outcome()
