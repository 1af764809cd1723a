"""The pass `batch`: instance k of a batch is, bit for bit, the network alone with its values and its key."""

import re
from pathlib import Path

import numpy as np
import pytest
from graph.batches import Batched
from graph.random_programs import Program, inputs_for
from tries import tries

from ranvier.codegen import CodegenOptions
from ranvier.ir.structure import ClockOp
from ranvier.passes.errors import PassError
from ranvier.passes.pipeline import default_pipeline, run_pipeline

OWN = {
    "lif": ("tau", "vt", "neurongroup.v"),
    "neurons": ("key", "tau", "vt", "sigma", "g.w"),
    "two_clocks": ("rate",),
    "random": ("key", "g.w"),
    "linear": ("a", "d", "g.rate"),
    "plain": (),
    "synapses": ("syn.w", "h.x"),
    "alike": ("h.x",),
    "emit": ("g.x",),
    "integrate": ("drive", "g.mu"),
}
FILES = {"plain": "neurons", "alike": "synapses"}
UNFUSED = "fold-constants,hoist-uniform"


def varied(inputs, own, count, seed):
    """The inputs of some instances: those of `own` differ."""
    rng = np.random.default_rng(seed)
    sets = []
    for _ in range(count):
        values = dict(inputs)
        for label in own:
            given = inputs[label]
            if label == "key":
                values[label] = int(rng.integers(-(2**62), 2**62))
            else:
                changed = np.asarray(given, dtype=float) * rng.uniform(0.8, 1.2, np.shape(given))
                values[label] = changed if np.ndim(given) else float(changed)
        sets.append(values)
    return sets


@pytest.fixture
def check(parse_program, interpret_it, run_program):
    def check(text, sets, own, passes, *, native=True, rows=2000):
        labels = ",".join(f'"{label}"' for label in own)
        one, module = parse_program(text), parse_program(text)
        run_pipeline(one, passes)
        run_pipeline(module, f"{passes},batch{{own={labels}}}" if own else f"{passes},batch", verify=True)
        assert str(parse_program(str(module))) == str(module)
        batched = Batched(module, len(sets))
        together = interpret_it(module, batched.inputs(sets))
        for k, values in enumerate(sets):
            batched.check(together, interpret_it(one, values), k)
        if native:
            together = run_program(module, batched.inputs(sets), rows=rows)
            k = len(sets) // 2
            batched.check(together, run_program(one, sets[k]), k)

    return check


@pytest.mark.parametrize("passes", [UNFUSED, default_pipeline()], ids=["unfused", "default"])
@pytest.mark.parametrize("name", OWN)
def test_an_instance_is_the_network_alone(name, passes, check, programs, inputs_of):
    file = FILES.get(name, name)
    sets = varied(inputs_of(file, 9), OWN[name], 5, seed=len(name))
    check((programs / f"{file}.mlir").read_text(), sets, OWN[name], passes)


@pytest.mark.parametrize("seed", range(6))
def test_random_programs(seed, check):
    rng = np.random.default_rng(seed)
    own = sorted(rng.choice(["k", "key", "fixed", "a", "s", "weights"], rng.integers(0, 7), replace=False))
    sets = varied(inputs_for(seed), own, int(rng.integers(1, 20)), seed)
    passes = (UNFUSED, default_pipeline("off"))[seed % 2]
    check(Program(seed).text(8), sets, own, passes, native=seed < 2 or seed >= 100)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 100 + tries(16, 50)))
def test_more_random_programs(seed, check):
    test_random_programs(seed, check)


REFUSED = {
    "elsewhere": "snn.call .* is refused: it calls Python, which sees one network at a time",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_says_why_and_changes_nothing(name, parse_program, programs):
    module = parse_program((programs / f"{name}.mlir").read_text())
    before = str(module)
    with pytest.raises(PassError, match=REFUSED[name]):
        run_pipeline(module, "batch")
    assert str(module) == before


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ("taus", "no param or state 'taus'; did you mean 'tau'?"),
        ("nothing", "no param or state 'nothing'; there are 'neurongroup.N', "),
        ("neurongroup.N", "'neurongroup.N' is a number of elements, which all instances have alike"),
    ],
)
def test_inputs_that_no_instance_can_have_of_its_own(own, message, parse_program, programs):
    module = parse_program((programs / "lif.mlir").read_text())
    with pytest.raises(PassError, match=re.escape(message)):
        run_pipeline(module, f'batch{{own="{own}"}}')


def test_tables_made_from_what_differs_are_refused(parse_program, programs):
    module = parse_program((programs / "random.mlir").read_text())
    with pytest.raises(PassError, match=r"poisson_table.* is made from what differs"):
        run_pipeline(module, 'batch{own="mean"}')


def test_a_batch_is_a_program_that_can_be_run_from_text(parse_program, programs):
    from ranvier.text.program import TextProgram

    text = (programs / "lif.mlir").read_text()
    alone = {"neurongroup.N": 4, "tau": 0.02, "vt": 0.5, "neurongroup.v": [0.1, 0.9, 0.3, 0.7]}
    one = TextProgram(text).start(alone)
    module = parse_program(text)
    run_pipeline(module, f'{default_pipeline()},batch{{own="tau"}}')
    values = {**alone, "instances": 3, "tau": [0.01, 0.02, 0.03], "neurongroup.v": np.repeat(alone["neurongroup.v"], 3)}
    together = TextProgram(str(module), pipeline="", options=CodegenOptions(fast_math="off")).start(values)
    for run in (one, together):
        run.advance(0.02)
    spikes, mine = one.tables["spikemonitor"], together.tables["spikemonitor"]
    index = mine.columns[1].name
    instance = mine.values(index) % 3
    assert len(spikes.values("t")) > 1
    np.testing.assert_array_equal(mine.values("t")[instance == 1], spikes.values("t"))
    np.testing.assert_array_equal(mine.values(index)[instance == 1] // 3, spikes.values(index))


def test_clocks_tick_at_the_same_times(parse_program):
    module = parse_program((Path(__file__).parents[1] / "ir" / "event_clock.mlir").read_text())
    label = next(op.times.owner.label.data for op in module.walk() if isinstance(op, ClockOp) and op.times)
    with pytest.raises(PassError, match="ticks at times that differ between instances"):
        run_pipeline(module, f'batch{{own="{label}"}}')


def test_a_batch_is_not_batched_again(parse_program, programs):
    module = parse_program((programs / "neurons.mlir").read_text())
    run_pipeline(module, 'batch{own="tau"}')
    with pytest.raises(PassError, match="one of several instances already"):
        run_pipeline(module, "batch")


def test_what_a_batch_becomes_is_optimised_like_other_programs(parse_program, programs, interpret_it, same, inputs_of):
    text = (programs / "neurons.mlir").read_text()
    sets = varied(inputs_of("neurons", 9), OWN["neurons"], 4, seed=1)
    module = parse_program(text)
    run_pipeline(module, 'batch{own="key","tau","vt","sigma","g.w"}')
    inputs = Batched(module, 4).inputs(sets)
    later = module.clone()
    run_pipeline(later, default_pipeline("off"), verify=True)
    same(interpret_it(later, inputs), interpret_it(module, inputs))


def test_one_program_serves_any_number_of_instances(parse_program, programs):
    module = parse_program((programs / "neurons.mlir").read_text())
    run_pipeline(module, 'fold-constants,hoist-uniform,fuse-maps,convert-resets,batch{own="key","tau"},lower-to-loops')
    text = str(module)
    assert "arith.remui" not in text.partition("@refractory_integrate")[2].partition("func.func")[0]
