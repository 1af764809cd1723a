"""Tracebacks of errors of runs: the script's lines, and of this package the place where the error was met."""

from __future__ import annotations

import pickle
import traceback

import pytest

from ranvier import BrianObjectException, Network, NeuronGroup, check_units, ms, prefs
from ranvier.session.namespaces import is_ours


def failing(text: str, **names: object) -> BrianObjectException:
    network = Network(NeuronGroup(1, f"dv/dt = {text}/ms : 1", method="euler", namespace=names))
    with pytest.raises(BrianObjectException) as caught:
        network.run(1 * ms)
    return caught.value


def own_frames(error: BaseException | None) -> int:
    assert error is not None
    return sum(is_ours(frame) for frame, _ in traceback.walk_tb(error.__traceback__))


def test_frames_of_the_package_are_left_out() -> None:
    error = failing("nothing")
    assert own_frames(error) == 2  # that of `run`, and of what looks at the names of its arguments
    assert own_frames(error.__cause__) == 1
    assert isinstance(error.__cause__, KeyError)
    assert "could not be resolved" in str(pickle.loads(pickle.dumps(error)))


def test_frames_of_functions_of_the_script_stay() -> None:
    @check_units(x=1, result=1)
    def broken(x: float) -> float:
        raise ValueError(f"not for {x}")

    error = failing("broken(v)", broken=broken)
    shown = "".join(traceback.format_exception(error))
    assert "in broken" in shown and "raise ValueError(" in shown and own_frames(error.__cause__) == 0


def test_all_frames_are_shown_if_wanted() -> None:
    prefs["logging.full_tracebacks"] = True
    try:
        error = failing("nothing")
    finally:
        prefs["logging.full_tracebacks"] = False
    assert own_frames(error) > 3 and own_frames(error.__cause__) > 3
