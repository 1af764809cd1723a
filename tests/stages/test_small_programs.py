"""Programs outside of networks can be run on, piece by piece, with any number of threads."""

import numpy as np
import pytest

from ranvier import prefs
from ranvier.actions.actions import Element, MapCode, OwnIndex, Storage
from ranvier.equations.assignments import Assign
from ranvier.equations.parser import parse_expression
from ranvier.runtime.state import allocate
from ranvier.runtime.team import dividing_all_work
from ranvier.stages.small_programs import new_steps, program_of, run_to

SIZE = 2500


def summed(threads: int, pieces: int, *, alone: bool = False) -> np.ndarray:
    """Returns what becomes of an array to which random numbers are added, in so many pieces of three steps."""
    prefs.codegen.threads = threads
    clock, x = new_steps(), Storage("x", allocate(SIZE, np.float64))
    code = (Assign("x", parse_expression("x + rand()*(1 + i)")),)
    action = MapCode(
        label="add", clock=clock, kind="run_regularly", size=SIZE, code=code,
        bindings={"x": Element(x), "i": OwnIndex()},
    )  # fmt: skip
    with dividing_all_work():
        program = program_of((action,), clock, np.array([3, 4]), alone=alone)
        for piece in range(pieces):
            run_to(program, clock, 3 * (piece + 1))
    assert int(program.threads) == (1 if alone else threads)
    return x.array.copy()


@pytest.mark.parametrize("threads", (2, 3))
def test_threads_of_one_piece_leave_nothing_for_those_of_the_next(threads: int) -> None:
    """What dismisses the threads is no phase of which those of the next piece take parts."""
    expected = summed(1, 40)
    assert np.array_equal(summed(threads, 40), expected)
    assert 20 * SIZE < expected[-1] / 3 < 60 * SIZE


def test_small_pieces_have_one_thread() -> None:
    assert np.array_equal(summed(3, 2, alone=True), summed(1, 2))
