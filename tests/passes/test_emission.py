"""Events from a list: wherever the search begins, with and without a period, where no list fits."""

import numpy as np
import pytest

from ranvier.ir.interpret import InterpretError


@pytest.mark.parametrize("period", [0, 1, 5, 7, 30])
@pytest.mark.parametrize("place", [0, 1, 20, -1])
def test_events_do_not_depend_on_the_position(
    place, period, parse_program, programs, run_program, interpret_it, same, inputs_of
):
    text = (programs / "emit.mlir").read_text()
    inputs = inputs_of("emit", 9)
    kept = np.array(inputs["list.step"]) < (period or 100)
    kept[-1] = True
    inputs |= {
        "list.step": np.array(inputs["list.step"])[kept],
        "list.index": np.array(inputs["list.index"])[kept],
        "list.N": int(kept.sum()),
        "period": period,
    }
    expected = interpret_it(parse_program(text), inputs)
    inputs["list.position"] = [place % inputs["list.N"]]
    same(run_program(parse_program(text), inputs), expected)
    times, who = expected.sinks["m"]
    steps = np.rint(times / 1e-4).astype(int) % (period or 100)
    given = set(zip(inputs["list.step"], inputs["list.index"], strict=True))
    assert set(zip(steps, who, strict=True)) <= given
    assert period != 7 or expected.arrays["m.count"].sum() > 50


def test_a_list_of_nothing(parse_program, programs, run_program, inputs_of):
    text = (programs / "emit.mlir").read_text()
    inputs = inputs_of("emit", 9) | {"list.step": [2**63 - 1], "list.index": [0], "list.N": 1}
    result = run_program(parse_program(text), inputs)
    assert result.arrays["m.count"].sum() == 0
    assert result.arrays["list.position"][0] == 0


@pytest.mark.parametrize(
    ("steps", "who", "message"),
    [
        ([3, 4], [0, 1], "has no end mark"),
        ([4, 3, 2**63 - 1], [0, 1, 0], "does not ascend"),
        ([3, 3, 2**63 - 1], [1, 1, 0], "names an element twice"),
    ],
)
def test_the_interpreter_checks_the_list(steps, who, message, parse_program, programs, interpret_it, inputs_of):
    text = (programs / "emit.mlir").read_text()
    inputs = inputs_of("emit", 9) | {"list.step": steps, "list.index": who, "list.N": len(steps), "period": 0}
    with pytest.raises(InterpretError, match=message):
        interpret_it(parse_program(text), inputs)
