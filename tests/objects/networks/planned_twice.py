"""Whether runs that keep what they know of a network come to what runs come to that find all of it anew."""

from collections.abc import Callable
from typing import Any

import numpy as np


def same_when_all_is_forgotten(make: Callable[[], Any], change: Callable[[Any], object], runs: int) -> None:
    """Runs a model some times, and another one that forgets everything before each; both have the same results.

    Args:
        make: Makes the model; it is called before each.
        change: Changes the model before its third run.
        runs: How often each runs.
    """
    found: list[Any] = []
    for forgets in (False, True):
        model = make()
        for number in range(runs):
            if number == 2:
                change(model)
            if forgets:
                model.net._known_plan.forget()
                for each in model.net:
                    each.forget_code()
            model.run()
        found.append(model.results())
    for kept, anew in zip(*found, strict=True):
        np.testing.assert_array_equal(kept, anew)
