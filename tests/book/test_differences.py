"""The table of what differs from Brian on purpose (docs/brian.md): each row is tried, or says why it is not."""

import gc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ranvier import (
    BrianObjectException,
    DimensionMismatchError,
    Hz,
    Network,
    NeuronGroup,
    PoissonGroup,
    PreferenceError,
    Soma,
    SpatialNeuron,
    SpikeGeneratorGroup,
    Synapses,
    amp,
    defaultclock,
    farad,
    linked_var,
    metre,
    ms,
    nA,
    network_operation,
    prefs,
    restore_initial_state,
    second,
    umetre,
    volt,
)
from ranvier.session.logger import catch_logs

TABLE = Path(__file__).resolve().parents[2] / "docs/brian.md"
UNITLESS = "v : 1"


def rows() -> list[str]:
    """The first cell of each row, without its marks."""
    lines = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    return [line.split(" | ")[0].removeprefix("| ") for line in lines if not line.startswith("| |")]


def cells(model: str = UNITLESS, n: int = 2, **options: object) -> NeuronGroup:
    return NeuronGroup(n, model, **options)


def simulate(*objects: object) -> None:
    Network(*objects).run(1 * ms)


def integers_in_texts() -> None:
    group = cells()
    group.v = "2**-1"
    assert group.v[0] == 0.5


def wide_integers() -> None:
    group = cells()
    group.v = "100000*100000*(i + 1)"
    assert group.v[0] == 1e10


def more_assignments() -> None:
    group = cells("v : 1\nk : integer")
    group.v, group.k = 3, 7
    group.run_regularly("v **= 2; k //= 2", when="start")
    Network(group).run(defaultclock.dt)
    assert group.v[0] == 9 and group.k[0] == 3


def assignments_to_t() -> None:
    for name in ("t", "i", "N"):
        group = cells()
        group.run_regularly(f"{name} = 1")
        with pytest.raises(Exception, match=f"'{name}'"):
            simulate(group)


def removable_singularities() -> None:
    group = cells()
    group.v = "v/(exp(v) - 1)"
    simulate(driven := cells("dv/dt = (x/(exp(x) - 1))/ms : 1\nx : 1", method="euler"))
    assert driven.v[0] == pytest.approx(1)


def units_in_texts() -> None:
    group = cells("g : siemens")
    group.g = "2*mS"
    assert group.g_[0] == 0.002


def both_ends() -> None:
    group = cells("v : 1\ndx/dt = 0/ms : 1", 1, threshold="t < 0.05*ms", method="euler")
    synapses = Synapses(group, group, on_pre="v_pre -= 1; v_post += 1")
    synapses.connect()
    group.v = 5
    simulate(group, synapses)
    assert group.v[0] == 5


def boolean_arrays() -> None:
    group = cells()
    synapses = Synapses(group, group, "w : 1")
    synapses.connect()
    synapses.w = "i*2 + j"
    assert list(synapses.w[np.array([True, False, False, True])]) == [0, 3]


def division_by_zero() -> None:
    group = cells()
    with pytest.raises(ZeroDivisionError) as error:
        Synapses(group, group, name="wires").connect(j="i//0")
    assert isinstance(error.value, BrianObjectException) and "wires" in str(error.value)


def numbers_of_synapses() -> None:
    synapses = Synapses(cells(n=3), cells(n=3))
    synapses.connect(i=[1, 2], j=[1, 2], n="i")
    assert len(synapses) == 3


def impossible_numbers() -> None:
    for arguments in ({"n": "-1"}, {"p": np.nan}):
        with pytest.raises(ValueError):
            Synapses(cells(), cells()).connect(**arguments)


def booleans() -> None:
    for model in ("a = 1 : boolean", "b : boolean\na = b*b : boolean", "x : 1\na = not x : boolean"):
        with pytest.raises(BrianObjectException) as error:
            simulate(cells(model))
        assert isinstance(error.value.__cause__, TypeError)


def keywords() -> None:
    with pytest.raises(SyntaxError, match="lambda"):
        cells("lambda : 1")
    with pytest.raises(ValueError):
        PoissonGroup(0, rates=1 * Hz)


def codes_that_are_no_text() -> None:
    with pytest.raises(TypeError, match="fired"):
        cells(events={"fired": 5})


def units_in_messages() -> None:
    with pytest.raises(DimensionMismatchError, match="V/s"):
        1 * volt / second + 1 * amp


def arrays_of_texts() -> None:
    scale = 3
    group = cells("I = scale*i : 1")
    assert list(np.array(group.I)) == [0, scale]


def element_of_a_link() -> None:
    group = cells("v : 1 (linked)", 3)
    source = cells("x : 1", 1)
    source.x = 4
    group.v = linked_var(source, "x")
    assert group.v[0] == 4


def linked_in_synapses() -> None:
    source = cells("x : 1")
    source.x = [3, 4]
    group = cells("x : 1 (linked)\nv : 1")
    group.x = linked_var(source, "x")
    synapses = Synapses(group, group, "w : 1")
    synapses.connect(j="i")
    synapses.w = "x_pre"
    assert list(synapses.w) == [3, 4]


def dt_of_a_running_clock() -> None:
    @network_operation
    def change():
        group.clock.dt = 0.2 * ms

    group = cells("dv/dt = -v/ms : 1", method="euler", dt=0.1 * ms)
    with pytest.raises(Exception, match=r"dt|clock"):
        simulate(group, change)


def targets() -> None:
    prefs.codegen.target = "numpy"
    simulate(group := cells("dv/dt = 1/ms : 1", method="euler"))
    assert group.v[0] == pytest.approx(1)


def fast_math() -> None:
    for value in ("contract", "off", "fast"):
        prefs.codegen.fast_math = value
    with pytest.raises(PreferenceError):
        prefs.codegen.fast_math = "-ffast-math"


def never_run() -> None:
    for wanted in (False, True):
        prefs.logging.warn_for_unused_objects = wanted
        with catch_logs() as seen:
            cells("dv/dt = 1/ms : 1", method="euler")
            gc.collect()
        assert bool(seen) is wanted


def copies() -> None:
    group = cells()
    kept = group.v[:]
    group.v[:][0] = group.v_ = 3
    assert list(kept) == [0, 0] and list(group.v[:]) == [3, 3]


def units_of_numpy() -> None:
    group = cells("v : volt")
    group.v = "-(i + 1)*volt"
    assert np.max(np.abs(group.v)) == 2 * volt


def units_of_lists() -> None:
    assert list([1 * volt, 2 * volt] * amp) == [1 * volt * amp, 2 * volt * amp]


def spikes_within_a_step() -> None:
    spikes = SpikeGeneratorGroup(2, [0, 1, 0], [1, 1.02, 1.04] * ms)
    with pytest.raises(Exception, match="more than once"):
        simulate(spikes)


def parallel_synapses() -> None:
    synapses = Synapses(cells(n=3), cells(n=3), "w : 1", multisynaptic_index="k")
    synapses.connect(n=2)
    synapses.w = "i + 10*j + 100*k"
    assert list(synapses.w[2, 1, 0]) == [12] and list(synapses.w[2, 2, 1]) == [122]


def one_value_or_many() -> None:
    simulate(group := cells("one = all + i : 1 (constant over dt)\nall = t/ms : 1 (shared, constant over dt)"))
    assert list(group.one[:]) == pytest.approx([0.9, 1.9]) and group.all[:] == pytest.approx(0.9)


def one_compartment() -> None:
    rest, step = -0.07, 1e-4
    neuron = SpatialNeuron(
        Soma(diameter=30 * umetre),
        "Im = 1*siemens/metre**2*(-70*mV - v) : amp/metre**2\nI : amp (point current)",
        Cm=0.01 * farad / metre**2,
    )
    neuron.v, neuron.I = rest * volt, 0.02 * nA
    Network(neuron).run(step * second)
    current = 0.02e-9 / neuron.area_[0]
    assert neuron.v_[0] == pytest.approx((rest * 0.01 / step + rest + current) / (0.01 / step + 1), rel=1e-15)


TRIED: dict[str, Callable[[], None]] = {
    "`2**-1` in strings": integers_in_texts,
    "integers beyond": wide_integers,
    "`v **= 2`": more_assignments,
    "statements that assign": assignments_to_t,
    "removable": removable_singularities,
    "`mS`": units_in_texts,
    "code of synapses": both_ends,
    "boolean arrays": boolean_arrays,
    '`j = "i//0"`': division_by_zero,
    "`connect(i=[1, 2]": numbers_of_synapses,
    '`connect(n="-1")`': impossible_numbers,
    "`a = 1 : boolean`": booleans,
    "Python keywords": keywords,
    "events, thresholds": codes_that_are_no_text,
    "messages about names": units_in_messages,
    "warnings of objects": never_run,
    "`np.array(group.I)`": arrays_of_texts,
    "`w = group.w[:]`": copies,
    "functions of numpy": units_of_numpy,
    "`[1*mV, 2*mV]*nA`": units_of_lists,
    "two spikes of a neuron": spikes_within_a_step,
    "numbers for the last index": parallel_synapses,
    "subexpressions with `(shared": one_value_or_many,
    "`SpatialNeuron` with a `Soma`": one_compartment,
    "`view[0]`": element_of_a_link,
    "linked variables": linked_in_synapses,
    "the dt of a clock": dt_of_a_running_clock,
    "`codegen.target`": targets,
    "`codegen.fast_math`": fast_math,
}
"""The beginning of a row → what tries it."""

ELSEWHERE = {
    "`k = 3e10` in a reset": "tests/brian",
    "warnings about names": "tests/errors",
    "`S.run_regularly`": "tests/objects/synapses",
    '`set_device("cpp_standalone")`': "tests/objects/networks",
    "values set by texts": "tests/objects/networks",
    '`set_device("exporter")`': "tests/exchange",
    "network operations": "tests/objects/networks",
}
"""The beginning of a row → the folder whose tests try it at length."""


def test_every_row_is_tried() -> None:
    beginnings = [*TRIED, *ELSEWHERE]
    assert len(rows()) > 25
    assert [row for row in rows() if sum(row.startswith(each) for each in beginnings) != 1] == []
    assert [each for each in beginnings if not any(row.startswith(each) for row in rows())] == []


@pytest.mark.parametrize("row", TRIED)
def test_rows(row: str) -> None:
    try:
        TRIED[row]()
    finally:
        restore_initial_state()
