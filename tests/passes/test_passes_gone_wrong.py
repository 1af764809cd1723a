"""What passes of others do wrong is told with the name of the pass, in pipelines of texts and of networks."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from xdsl.dialects import arith
from xdsl.passes import ModulePass

import ranvier as rv
from ranvier.commands import opt
from ranvier.passes import register_pass, unregister_pass
from ranvier.passes.errors import InvalidProgram, RuleBroken
from ranvier.passes.own import registered_passes
from ranvier.passes.pipeline import PipelineError, parse_pipeline, run_pipeline
from ranvier.stages import Options, set_default_options


class Returns(ModulePass):
    name = "returns"

    def apply(self, ctx: Any, op: Any) -> None:
        return op.clone()


class Exits(ModulePass):
    name = "exits"

    def apply(self, ctx: Any, op: Any) -> None:
        next(one for one in op.walk() if isinstance(one, arith.MulfOp)).operands[0].name_hint = "seen"
        sys.exit(3)


class Empties(ModulePass):
    name = "empties"

    def apply(self, ctx: Any, op: Any) -> None:
        for one in list(op.body.block.ops):
            one.detach()
            one.erase(safe_erase=False)


class MovesUp(ModulePass):
    name = "moves-up"

    def apply(self, ctx: Any, op: Any) -> None:
        for one in op.walk():
            if isinstance(one, arith.SubfOp) and one.prev_op is not None:
                block = one.parent
                one.detach()
                block.insert_op_before(one, block.first_op)
                return


class NoTerminator(ModulePass):
    name = "no-terminator"

    def apply(self, ctx: Any, op: Any) -> None:
        next(one for one in op.walk() if one.name == "snn.yield").detach()


class Interrupted(ModulePass):
    name = "interrupted"

    def apply(self, ctx: Any, op: Any) -> None:
        raise KeyboardInterrupt


class NoApply(ModulePass):
    name = "no-apply"


class TakesNumbers(ModulePass):
    name = "changes-inputs"
    changes_inputs = True

    def apply(self, ctx: Any, op: Any) -> None: ...


@dataclass(frozen=True)
class HasOptions(ModulePass):
    name = "has-options"

    least: int
    mode: str = "all"

    def apply(self, ctx: Any, op: Any) -> None: ...


PASSES = (Returns, Exits, Empties, MovesUp, NoTerminator, Interrupted, NoApply, TakesNumbers, HasOptions)


@pytest.fixture(autouse=True)
def _registered() -> Any:
    for one in PASSES:
        register_pass(one)
    yield
    set_default_options(None)
    for name in [one.name for one in PASSES if one.name in registered_passes()]:
        unregister_pass(name)


SAID = {
    "returns": "the pass 'returns' returned ModuleOp, which nobody takes",
    "exits": "the pass 'exits' ended the process (SystemExit(3))",
    "empties": "the pass 'empties' removed the program",
}


@pytest.mark.parametrize("name", SAID)
def test_a_pass_that_does_what_no_pass_may_is_named(name: str, parse_program: Any, programs: Path) -> None:
    module = parse_program((programs / "lif.mlir").read_text())
    with pytest.raises(RuleBroken) as caught:
        run_pipeline(module, f"fold-constants,{name}")
    assert SAID[name] in str(caught.value)


@pytest.mark.parametrize("name", SAID)
def test_the_command_names_it_too(name: str, programs: Path, tmp_path: Path, capsys: Any) -> None:
    kept = tmp_path / "kept.mlir"
    assert opt.main([str(programs / "lif.mlir"), "-p", name, "--reproducer", str(kept)]) == 1
    assert SAID[name] in capsys.readouterr().err and kept.exists()


def test_an_interrupted_pass_is_named(programs: Path, capsys: Any) -> None:
    assert opt.main([str(programs / "lif.mlir"), "-p", "fold-constants,interrupted"]) == 130
    assert capsys.readouterr().err == "ranvier-opt: interrupted, in the pass interrupted\n"


def run_network(pipeline: Any) -> None:
    set_default_options(Options(pipeline=pipeline))
    cells = rv.NeuronGroup(3, "dv/dt = (1.5 - v)/(10*ms) : 1", threshold="v > 1", reset="v = v - 1", method="euler")
    rv.Network(cells).run(1 * rv.ms, namespace={"ms": rv.ms})


@pytest.mark.parametrize("name", [*SAID, "moves-up", "no-terminator"])
def test_a_network_names_the_pass_that_broke_its_program(name: str) -> None:
    with pytest.raises(RuleBroken) as caught:
        run_network(f"default,{name}")
    assert f"the pass {name!r}" in str(caught.value)
    assert any(f"ranvier bisect SCRIPT.py -p default,{name}" in note for note in caught.value.__notes__)
    if name in ("moves-up", "no-terminator"):
        assert isinstance(caught.value, InvalidProgram) and caught.value.op is not None
        assert "neurongroup" in str(caught.value)  # the place: a text of the user's


REFUSED = {
    "default,lower-to-kernels": "'lower-to-kernels' comes behind it by itself",
    "default,batch": "Network.sweep",
    "default,changes-inputs": "'changes-inputs' says that it changes inputs",
    "default,no-apply": "no-apply: the class NoApply has no method apply",
}


@pytest.mark.parametrize("pipeline", REFUSED)
def test_passes_that_have_no_place_in_the_pipeline_of_a_network(pipeline: str) -> None:
    """With the inputs of another program arrays would be bound to the wrong arguments."""
    with pytest.raises(PipelineError) as caught:
        run_network(pipeline)
    assert REFUSED[pipeline] in str(caught.value)


MISTAKES = {
    "fuse_maps": "there is no pass 'fuse_maps' (did you mean 'fuse-maps'?); there are ",
    "default{x=1}": "'default' stands for several passes, and has no options",
    "fold-constants{fast-mat=off}": "there is no option 'fast-mat' (did you mean 'fast-math'?); its options are",
    "fold-constants{fast-math=7}": "fold-constants: the option fast-math takes str, not '7'",
    "convert-resets{all=maybe}": "convert-resets: the option all takes bool, not 'maybe'",
    "eliminate-dead-code{x=1}": "eliminate-dead-code: there is no option 'x'; it has none",
    "has-options{mode=a}": "has-options: the option least has to be given (int)",
    "fold-constants{": "a brace is not closed in 'fold-constants{'",
    "fold-constants}": "a brace is closed that is not opened",
    "builtin.module(fuse-maps))": "a parenthesis is closed that is not opened",
    'batch{own="a}': "a quotation mark is not closed",
    "fold-constants fuse-maps": "passes are parted by commas",
    "fold-constants;fuse-maps": "passes are parted by commas",
    "fold-constants,,fuse-maps": "there is no pass between two commas",
    "default,": "there is no pass behind a comma",
    "builtin.module(,fuse-maps)": "there is no pass before a comma",
    "{all=true}": "options stand behind the name of a pass",
    "convert-resets{all=true all=false}": "the option all stands twice in",
    'choose-layout{layout="rows" index_bits=16 index-bits=32}': "the option index-bits stands twice in",
    "ω": "unknown token. A pass is a name, and options in braces",
}


@pytest.mark.parametrize("pipeline", MISTAKES)
def test_a_mistake_in_a_pipeline_is_one_sentence(pipeline: str) -> None:
    with pytest.raises(PipelineError) as caught:
        parse_pipeline(pipeline)
    assert MISTAKES[pipeline] in str(caught.value) and "\n" not in str(caught.value)
