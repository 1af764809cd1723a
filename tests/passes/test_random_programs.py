"""Random programs: whatever the passes and the lowering do, the results are the interpreter's, bit for bit."""

import pytest
from graph.random_programs import Program, inputs_for
from tries import tries

from ranvier.passes.pipeline import default_pipeline, run_pipeline


def compare(seed: int, fixtures) -> None:
    parse, interpret, run, same = fixtures
    text = Program(seed).text(8)
    inputs = inputs_for(seed)
    expected = interpret(parse(text), inputs)
    for spec in (default_pipeline("off"), "hoist-uniform,fuse-maps,convert-resets{all=true},eliminate-dead-code"):
        module = parse(text)
        run_pipeline(module, spec, verify=True)
        same(interpret(module, inputs), expected)
    same(run(module, inputs), expected)


@pytest.fixture
def fixtures(parse_program, interpret_it, run_program, same):
    return parse_program, interpret_it, run_program, same


@pytest.mark.parametrize("seed", range(8))
def test_random_program(seed, fixtures):
    compare(seed, fixtures)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 100 + tries(100, 300)))
def test_more_random_programs(seed, fixtures):
    compare(seed, fixtures)
