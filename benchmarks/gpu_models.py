"""The networks that `gpu.py` looks at and runs: the models of the benchmarks, in sizes for a GPU and for the CPU."""

import gc
import importlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ranvier

sys.path.insert(0, str(Path(__file__).parent / "models"))

from protocol import at_random


@dataclass(frozen=True)
class Shape:
    """A network whose work in a step is counted.

    Attributes:
        model: The script in `models/`.
        cells: How many there are in the network that is counted.
        built: How many there are in the network that is compiled for it.
        rate: Spikes of a cell in a second, which is assumed.
        synapses: Synapses that a spike reaches.
        post: Synapses that a spike reaches backwards, where there is learning.
    """

    model: str
    cells: int
    built: int
    rate: float
    synapses: float
    post: float = 0.0


SHAPES: Mapping[str, Shape] = {
    "cuba": Shape("cuba", 4_000, 4_000, 6.0, 80),
    "brunel": Shape("brunel", 10_000, 2_000, 48.0, 1_000),
    "stdp": Shape("stdp", 4_000, 1_000, 48.0, 400, 400),
    "pd14": Shape("microcircuit", 77_169, 1_500, 3.2, 3_874),
    "hh": Shape("hh", 1_000_000, 1_000, 0.0, 0),
}
"""What the table of counted work has. Rates are assumptions, stated beside the table."""


@dataclass(frozen=True)
class Built:
    """A network of a model, with what starts it.

    Attributes:
        network: The network.
        group: Its cells.
        start: Sets the initial values.
        synapses: How many there are.
        counter: Counts spikes.
    """

    network: Any
    group: Any
    start: Any
    synapses: int
    counter: Any


def build(model: str, cells: int, *, count: bool = True, **options: Any) -> Built:
    """Return a model of a size, with nothing left of those before."""
    gc.collect()  # names of objects are theirs until they are gone, and decide the order of what is done
    ranvier.start_scope()
    ranvier.defaultclock.dt = 0.1 * ranvier.ms
    ranvier.seed(42)
    made = importlib.import_module(model).build(ranvier, cells, **options)
    parts = made.connect(at_random)
    synapses = sum(len(part) for part in parts if isinstance(part, ranvier.Synapses))
    counter = ranvier.SpikeMonitor(made.group, name="counter") if count else None
    network = ranvier.Network(made.group, *parts, *([counter] if count else []))
    return Built(network, made.group, made.start, synapses, counter)


def sweep_case(name: str) -> Any:
    """Return a network for sweeps, with what changes: a `Case` of `models/sweeps.py`."""
    ranvier.start_scope()
    ranvier.defaultclock.dt = 0.1 * ranvier.ms
    return importlib.import_module("sweeps").Case(ranvier, name)  # `models` comes first in the path
