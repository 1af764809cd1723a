"""The pass `batch`: instance k of a batch is, bit for bit, the network alone with its values and its key."""

from pathlib import Path

import numpy as np
import pytest
from graph.batches import Batched

from ranvier.passes.errors import PassError
from ranvier.passes.pipeline import default_pipeline, run_pipeline

OWN = {
    "lif": ("tau", "vt", "neurongroup.v"),
    "neurons": ("key", "tau", "vt", "sigma", "g.w"),
    "two_clocks": ("rate",),
    "random": ("key", "g.w"),
    "linear": ("a", "d", "g.rate"),
    "plain": (),
}
FILES = {"plain": "neurons"}
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
        module = parse_program(text)
        run_pipeline(module, f"{passes},batch{{own={labels}}}" if own else f"{passes},batch", verify=True)
        batched = Batched(module, len(sets))
        runs = [interpret_it] + ([lambda m, i: run_program(m, i, rows=rows)] if native else [])
        for run in runs:
            together = run(module.clone(), batched.inputs(sets))
            for k, values in enumerate(sets):
                one = parse_program(text)
                run_pipeline(one, passes)
                batched.check(together, run(one, values), k)

    return check


@pytest.mark.parametrize("passes", [UNFUSED, default_pipeline("off")], ids=["unfused", "default"])
@pytest.mark.parametrize("name", OWN)
def test_an_instance_is_the_network_alone(name, passes, check, programs, inputs_of):
    file = FILES.get(name, name)
    sets = varied(inputs_of(file, 9), OWN[name], 5, seed=len(name))
    check((programs / f"{file}.mlir").read_text(), sets, OWN[name], passes)
