"""What a network has become, to the last bit."""

from collections.abc import Callable

import numpy as np

from ranvier import Network, defaultclock, ms, prefs, seed, start_scope
from ranvier.runtime.team import dividing_all_work

Outcome = dict[str, np.ndarray]


def outcome_of(network: Network) -> Outcome:
    """Returns all states and all that was recorded, by names."""
    found: Outcome = {}
    for obj in network.sorted_objects:
        states = obj.get_states(units=False) if hasattr(obj, "get_states") else {}
        found |= {f"{obj.name}.{name}": np.array(value) for name, value in states.items()}
    return found


def run_with(threads: int, build: Callable[[], Network], milliseconds: float = 9) -> Outcome:
    """Returns the outcome of a network that is built anew and run in two pieces."""
    start_scope()
    seed(11)
    defaultclock.dt = 0.1 * ms
    prefs.codegen.threads = threads
    prefs.codegen.synapse_layout, prefs.codegen.share_traces = "auto", True
    network = build()
    with dividing_all_work():
        network.run(milliseconds * 2 / 3 * ms)
        network.run(milliseconds / 3 * ms)
    return outcome_of(network)


def check_same(found: Outcome, expected: Outcome) -> None:
    """Checks that two outcomes are the same to the last bit."""
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name].dtype == value.dtype and found[name].shape == value.shape, name
        assert found[name].tobytes() == value.tobytes(), name
