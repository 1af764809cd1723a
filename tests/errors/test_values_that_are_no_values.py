"""NaN, infinities, zeros and circles where a number is asked for: refused by a sentence that names the argument."""

from collections.abc import Callable

import numpy as np
import pytest

from ranvier import (
    BrianObjectException,
    Cylinder,
    Network,
    NeuronGroup,
    Soma,
    SpatialNeuron,
    SpikeGeneratorGroup,
    Synapses,
    TimedArray,
    cm,
    defaultclock,
    inf,
    linked_var,
    ms,
    nan,
    ohm,
    second,
    uF,
    um,
)
from ranvier.runtime.state import fingerprint


def connect(p: float) -> None:
    group = NeuronGroup(3, "v : 1", threshold="v > 1", reset="")
    Synapses(group, group).connect(p=p)


def refractory(time: object) -> None:
    Network(NeuronGroup(3, "v : 1", threshold="v > 1", reset="", refractory=time)).run(0.2 * ms)


def cell(**kwds: object) -> None:
    SpatialNeuron(Cylinder(diameter=1 * um, length=100 * um, n=5), "Im = 0*amp/meter**2 : amp/meter**2", **kwds)


def set_later(name: str, factor: float) -> None:
    made = SpatialNeuron(
        Cylinder(diameter=1 * um, length=100 * um, n=5), "Im = 0*amp/meter**2 : amp/meter**2", name="cell"
    )
    setattr(made, name, factor * getattr(made, name)[:])
    Network(made).run(0.1 * ms)


def short_step() -> None:
    defaultclock.dt = 1e-30 * second
    try:
        Network(NeuronGroup(1, "v : 1")).run(1 * ms)
    finally:
        defaultclock.dt = 0.1 * ms


def link_to_itself() -> None:
    group = NeuronGroup(2, "v : 1 (linked)")
    group.v = linked_var(group, "v")


CASES: list[tuple[Callable[[], object], str]] = [
    *((lambda p=p: connect(p), "probability") for p in (-1, nan)),
    *((lambda t=t: refractory(t), "refractoriness has to be a finite time") for t in (nan * ms, inf * ms)),
    *((lambda t=t: refractory(t), f"'{t}' is ") for t in ("nan*ms", "inf*ms", "2*ms*1e400")),
    *((lambda p=p: SpikeGeneratorGroup(1, [0], [0] * ms, period=p), "period") for p in (nan * ms, inf * ms, -1 * ms)),
    *((lambda d=d: TimedArray([1, 2], dt=d), "dt of a TimedArray") for d in (0 * ms, nan * ms, -1 * ms, inf * ms)),
    *((lambda d=d: Soma(d), "diameter of a soma") for d in (0 * um, nan * um, -1 * um)),
    *((lambda c=c: cell(Cm=c * uF / cm**2), "Cm of 'spatialneuron") for c in (0, -1, nan)),
    *((lambda r=r: cell(Ri=r * ohm * cm), "Ri of 'spatialneuron") for r in (0, nan, inf)),
    *((lambda n=n, k=k: set_later(n, k), f"{n} of 'cell'") for n in ("Cm", "Ri", "diameter") for k in (0, nan, inf)),
    (short_step, "more than can be counted"),
    (link_to_itself, "in a circle"),
]


@pytest.mark.parametrize("number", range(len(CASES)))
def test_a_value_that_is_none_is_refused(number: int) -> None:
    act, message = CASES[number]
    with pytest.raises((ValueError, KeyError, BrianObjectException)) as failure:
        act()
    assert message in str(failure.value.__cause__ or failure.value)


def test_links_that_lead_in_a_circle() -> None:
    one, two = NeuronGroup(2, "v : 1 (linked)"), NeuronGroup(2, "v : 1 (linked)")
    two.v = linked_var(NeuronGroup(2, "v : 1"), "v")
    one.v = linked_var(two, "v")
    with pytest.raises(KeyError, match="in a circle"):
        two.v = linked_var(one, "v")


def test_fingerprints_tell_arrays_apart() -> None:
    one = np.arange(100)
    assert fingerprint(one) == fingerprint(one.copy())
    assert fingerprint(np.arange(100_000)) != fingerprint(np.arange(100_000) ^ 1)
