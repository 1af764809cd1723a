"""Random programs and the search among them: valid, the same for a seed, and wrong passes are found and made small."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects import arith
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from ranvier.commands import fuzz as fuzz_command
from ranvier.fuzzing.forms import Form
from ranvier.fuzzing.lanes import Lanes, runs_in_turns
from ranvier.fuzzing.shrinking import failure, kind_of, shrunk
from ranvier.fuzzing.trials import Reference, interpreted, random_trial
from ranvier.ir.diagnostics import parse_module
from ranvier.ir.recording import CallOp
from ranvier.passes import register_pass, unregister_pass
from ranvier.passes.facts.program_checks import check_programs
from ranvier.passes.pipeline import parse_pipeline, run_pipeline
from ranvier.testing import Finding, RandomProgram, Trial, fuzz, random_program


@dataclass(frozen=True)
class SwapDifferences(ModulePass):
    """A wrong pass."""

    name = "swap-differences"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Takes x - y for y - x."""
        for inner in list(op.walk()):
            if isinstance(inner, arith.SubfOp):
                inner.operands = (inner.operands[1], inner.operands[0])


@pytest.fixture
def wrong() -> Iterator[str]:
    register_pass(SwapDifferences)
    yield SwapDifferences.name
    unregister_pass(SwapDifferences.name)


def test_what_the_page_shows_runs() -> None:
    page = (Path(__file__).parents[2] / "docs/passes.md").read_text(encoding="utf-8")
    code = page.split("## Random programs")[1].split("```python\n")[1].split("```")[0]
    exec(compile(code, "docs/passes.md", "exec"), {})


def test_a_seed_says_which_program_it_is() -> None:
    assert random_program(5).text == random_program(5).text != random_program(6).text
    assert random_program(5, ops=1).ops == (0,)
    once, again = random_program(5).values(), random_program(5).values()
    assert all(np.array_equal(once[name], again[name]) for name in once | again)


@pytest.mark.parametrize("wrong_size", [{"size": 0}, {"steps": -1}, {"synapses": -1}])
def test_impossible_sizes_are_refused(wrong_size: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="has 1 neuron or more"):
        RandomProgram(seed=1, **wrong_size)


def test_programs_are_valid_and_have_all_that_the_optimiser_knows() -> None:
    names, texts = set(), ""
    for seed in (2, 24, 27, 143, 340):
        module = parse_module(random_program(seed).text, check=check_programs)
        names |= {op.name for op in module.walk()}
        texts += random_program(seed).text
    assert {"snn.propagate", "snn.accumulate", "snn.scatter", "snn.record_events", "snn.record_rate"} <= names
    assert {"snn.emit", "snn.solve_tree", "snn.solve_forest", "snn.integrate", "snn.propagator"} <= names
    assert {"snn.call", "snn.native", "arith.truncf", "arith.extf"} <= names
    assert all(part in texts for part in ("pending(", "part_i", "by(%low", "tensor<?xf32>"))
    assert {"snn.reset", "snn.compact", "snn.write", "snn.random", "arith.divf", "arith.muli", "arith.select"} <= names


def test_without_an_op_the_others_stay_as_they_are() -> None:
    program = RandomProgram(seed=7, ops=(0, 1, 2, 3))
    less = program.without(ops=(0, 1, 3)).text.splitlines()
    kept = [line for line in program.text.splitlines() if line.lstrip().startswith(("%r0_", "%r1_"))]
    assert kept
    assert set(kept) <= set(less)
    assert not any("%r2_" in line for line in less)
    step = program.region_steps[0]
    assert step not in program.without(left_out=frozenset({step})).region_steps


def test_exact_programs_round_nothing() -> None:
    """Each value is a multiple of a power of two, whatever the order of sums."""
    for seed in (62, 63):
        program = random_program(seed, exact=True)
        for name, array in interpreted(Reference(program).module, program).items():
            if name.startswith("state") and array.dtype == np.float64:
                assert (array * 2**20 == np.round(array * 2**20)).all()


def test_the_optimiser_is_right_on_a_few() -> None:
    result = fuzz(cases=10, seed=11, native=False)
    assert (result.cases, result.compiled, result.findings) == (10, 0, [])
    result = fuzz(cases=2, seed=21, native=True, exact=True)
    assert (result.cases, result.compiled, result.findings) == (2, 2, [])
    assert fuzz(cases=5, seconds=0.0).cases == 0


@pytest.mark.long
def test_the_optimiser_is_right_on_more() -> None:
    assert fuzz(cases=60, seed=5000).findings == []


def test_a_wrong_pass_is_found(wrong: str) -> None:
    found: list[Finding] = []
    result = fuzz(cases=1, seed=11, always=[wrong], native=False, shrink_seconds=0, found=found.append)
    assert found == result.findings
    assert wrong in found[0].trial.pipeline
    assert "seed=11" in str(found[0])
    assert found[0].trial.program.text in str(found[0])


def test_the_program_is_made_small(wrong: str) -> None:
    program = RandomProgram(seed=13, ops=(0, 1, 2, 3), size=5, synapses=7, steps=4)
    trial = Trial(program, ("hoist-uniform", wrong, "fuse-maps"))
    small = shrunk(trial, seconds=60)
    assert small.pipeline == (wrong,)
    assert len(small.program.ops) < 4
    assert small.program.lines < program.lines
    assert kind_of(failure(small)) == "Differs: interpreted"


def test_what_is_not_needed_is_left_out() -> None:
    def fails(trial: Trial) -> str:
        needed = 3 in trial.program.ops and "fuse-maps" in trial.pipeline and trial.program.steps > 1
        return "Differs: interpreted: at a place" if needed else ""

    trial = Trial(RandomProgram(seed=1), ("hoist-uniform", "fuse-maps", 'choose-layout{layout="ring"}'), Form("fast"))
    small = shrunk(trial, fails=fails)
    assert (small.program.ops, small.pipeline, small.form) == ((3,), ("fuse-maps",), None)
    assert (small.program.steps, small.program.size, small.program.synapses) == (2, 1, 0)
    small = shrunk(trial, fails=fails, always=['choose-layout{layout="ring"}'])
    assert small.pipeline == ("fuse-maps", 'choose-layout{layout="ring"}')
    assert shrunk(trial, fails=lambda trial: "") is trial


def test_pipelines_are_passes_with_options_that_exist() -> None:
    specs = {random_trial(random_program(seed), number).spec for seed in range(20) for number in range(3)}
    assert len(specs) > 40
    assert all(parse_pipeline(spec) or not spec for spec in specs)


@dataclass(frozen=True, kw_only=True)
class Found(RandomProgram):
    """A program that was random once, of another version: its text is kept.

    Attributes:
        file: A file in tests/passes/found.
    """

    file: str

    @property
    def text(self) -> str:
        return (Path(__file__).parent / "found" / f"{self.file}.mlir").read_text()

    def values(self, instance: int = 0) -> dict[str, Any]:
        found = super().values(instance)
        for label in re.findall(r'"(spiked\d+|counts\d+|position\d+)"', self.text):
            size = 4 * self.size if label.startswith("spiked") else 1 if label.startswith("position") else 4
            found[label] = np.zeros(size, np.int32 if label.startswith("spiked") else np.int64)
        return found


@pytest.mark.parametrize("file", ["laid_out_twice", "narrow_then_sorted"])
def test_laying_out_twice_means_the_same(file: str) -> None:
    for synapses, steps in ((60, 9), (0, 0)):
        program = Found(seed=1, file=file, synapses=synapses, steps=steps)
        Trial(program, ("choose-layout", "eliminate-dead-code", "choose-layout"), verify_each=True).run()


def test_two_thresholds_of_one_event_space_follow_one_another_on_several_threads() -> None:
    """The second is found by a sweep of one thread, which did not wait for the threads of the first."""
    program = Found(seed=300091, file="two_thresholds", size=1, synapses=0, steps=1)
    Trial(program, ("fuse-maps", "convert-resets"), Form("off", 0, threads=2)).run()


def test_two_records_of_one_table_in_a_step_have_a_row_each_on_a_gpu() -> None:
    program = Found(seed=5000, ops=(0, 4), file="two_records", size=1, synapses=0, steps=2)
    Trial(program, (), Form("off", 0, block=4, order=3)).run()


def test_the_command_says_what_differs(wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz_command.main(["-p", "no-such-pass"]) == 2
    assert "there is no pass 'no-such-pass'" in capsys.readouterr().err
    assert fuzz_command.main(["--load", "missing.py"]) == 2
    assert fuzz_command.main(["--cases", "1", "--interpreted", "--seed", "3"]) == 0
    assert "1 cases from seed 3, 0 differ" in capsys.readouterr().out


FORMS = (
    Form("off", text="graph"),
    Form("fast", 0, text="loops"),
    Form("off", threads=2),
    Form(threads=3),
    Form(block=4, order=3),
)


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_programs_mean_the_same_in_each_form(form: Form) -> None:
    """Loops, read again from text; for several threads; kernels of a GPU on the CPU."""
    program = RandomProgram(seed=5, ops=(0, 1, 2), size=600 if form.threads > 1 else 9, synapses=7, steps=4)
    Trial(program, ("fuse-maps", "contract-products"), form).run()


RARE = {"snn.solve_forest", "snn.native", "snn.call", "pending(", "by(%", "= arith.truncf"}
"""What few programs have."""


@pytest.mark.parametrize(("seed", "form"), [(1089, Form("off", 0, threads=2)), (745, Form("off", 0))], ids=str)
def test_what_few_programs_have_means_the_same_compiled(seed: int, form: Form) -> None:
    program = RandomProgram(seed=seed, ops=(0, 1, 2, 3, 4, 5), size=7, synapses=9, steps=4)
    missing = {1089: {"snn.native", "pending("}, 745: {"snn.solve_forest", "= arith.truncf"}}
    assert {part for part in RARE if part not in program.text} == missing[seed]
    Trial(program, ("fuse-maps", "choose-layout"), form).run()


@dataclass(frozen=True)
class ForgetCalls(ModulePass):
    """A wrong pass."""

    name = "forget-calls"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Takes what a call of Python is given for what it gives."""
        for inner in list(op.walk()):
            if isinstance(inner, CallOp):
                for old, new in zip(inner.outs, inner.states, strict=True):
                    old.replace_all_uses_with(new)
                inner.detach()
                inner.erase()


def test_a_call_that_is_forgotten_is_found() -> None:
    register_pass(ForgetCalls)
    try:
        program = RandomProgram(seed=1089, ops=(0, 1, 2, 3, 4, 5), size=7, synapses=9, steps=4)
        assert kind_of(failure(Trial(program, ("forget-calls",)))) == "Differs: interpreted"
    finally:
        unregister_pass(ForgetCalls.name)


def test_instances_may_run_in_turns() -> None:
    program = RandomProgram(seed=6, ops=(0, 1, 2), size=5, synapses=7, steps=4)
    for size, turns in ((24, False), (10**9, True)):
        lanes = Lanes(2, ("a", "k"), size)
        module = parse_module(program.text)
        run_pipeline(module, lanes.spec)
        assert runs_in_turns(module) is turns
        Trial(program, ("fuse-maps",), None, lanes).run()


def test_rows_are_divided_among_as_many_threads_as_are_asked_for() -> None:
    program = RandomProgram(seed=4, ops=(0, 1, 2), size=21, synapses=60, steps=6)
    assert "snn.propagate" in program.text
    Trial(program, (), Form("off", 0, threads=2)).run()


def test_a_program_that_is_divided_is_interpreted_for_several_threads() -> None:
    Trial(RandomProgram(seed=3, size=5, synapses=7, steps=4), ("choose-layout", "partition")).run()


def test_each_instance_means_the_same_as_alone() -> None:
    lanes = Lanes(3, ("a", "k", "key", "sorted.w"))
    program = RandomProgram(seed=6, ops=(0, 1, 2, 3), size=5, synapses=7, steps=4)
    Trial(program, ("fuse-maps", "choose-layout"), Form("off", 0), lanes).run()


def test_what_differs_between_instances_is_found() -> None:
    program = RandomProgram(seed=4, ops=(0, 1, 2), size=5, synapses=7, steps=4)
    first, second = (program.values(k) for k in range(2))
    assert not np.array_equal(first["a"], second["a"])
    ends = [label for label in first if label.endswith(".i")]
    assert ends and all(np.array_equal(first[label], second[label]) for label in ends)
    assert Lanes(2, ("a",)).values([first, second])[1]["k"] == first["k"]
    assert Lanes(2, ("a", "other")).among(first) == Lanes(2, ("a",))
