"""Neurons with compartments: what they compute, their parts, and what is wrong with them."""

import logging

import mpmath
import numpy as np
import pytest
from objects.morphology.sample_cells import tree

from ranvier import (
    BrianObjectException,
    Cylinder,
    DimensionMismatchError,
    Network,
    NeuronGroup,
    Section,
    Soma,
    SpatialNeuron,
    SpikeMonitor,
    StateMonitor,
    amp,
    cm,
    defaultclock,
    meter,
    ms,
    msiemens,
    mV,
    nA,
    ohm,
    siemens,
    start_scope,
    uA,
    uF,
    um,
    volt,
)
from ranvier.equations.definitions import EquationError
from ranvier.session.logger import catch_logs

PASSIVE = "Im = gL*(EL - v) : amp/meter**2\nI : amp (point current)\ngx : 1"
NAMES = {"gL": 1e-4 * siemens / cm**2, "EL": -70 * mV}
NOTHING = "Im = 0*amp/meter**2 : amp/meter**2\n"


@pytest.fixture(autouse=True)
def fresh():
    start_scope()
    defaultclock.dt = 0.1 * ms


def passive(morphology=None, **kwds):
    kwds = {"Cm": 1 * uF / cm**2, "Ri": 100 * ohm * cm, "namespace": NAMES, **kwds}
    return SpatialNeuron(morphology or tree(), kwds.pop("model", PASSIVE), **kwds)


# ---------------------------------------------------------------------- numbers


def solved(morphology, leak, source, resistivity):
    """The potentials for conductances to ground and currents, solved densely with 40 digits."""
    edges = []
    first, ends = {}, {}
    count = sum(section.n for section in morphology.sections())
    for section in morphology.sections():
        first[section] = int(section.indices[0])
        ends[section] = count = count + 1
    for section in morphology.sections():
        r1, r2 = np.asarray(section.r_length_1), np.asarray(section.r_length_2)
        for k in range(section.n):
            number = first[section] + k
            if k:
                edges.append((number - 1, number, 1 / (1 / mpmath.mpf(r2[k - 1]) + 1 / mpmath.mpf(r1[k]))))
            elif section.parent is not None:
                edges.append((ends[section.parent] - 1, number, mpmath.mpf(r1[0])))
        edges.append((number, ends[section] - 1, mpmath.mpf(r2[-1])))
    with mpmath.workdps(40):
        matrix, right = mpmath.zeros(count), mpmath.zeros(count, 1)
        for k, (g, current) in enumerate(zip(leak, source, strict=True)):
            matrix[k, k], right[k] = mpmath.mpf(float(g)), mpmath.mpf(float(current))
        for a, b, r in edges:
            g = r / resistivity
            for i, j, sign in ((a, a, 1), (b, b, 1), (a, b, -1), (b, a, -1)):
                matrix[i, j] += sign * g
        return np.array([float(x) for x in mpmath.lu_solve(matrix, right)[: len(leak)]])


def random_tree(generator, sections):
    def section():
        n = int(generator.integers(1, 4))
        if generator.random() < 0.2:
            return Soma(diameter=generator.uniform(5, 30) * um)
        return Section(diameter=generator.uniform(0.5, 5, n + 1) * um, n=n, length=generator.uniform(5, 80, n) * um)

    found = [section()]
    for k in range(1, sections):
        found.append(section())
        found[int(generator.integers(k))][f"s{k}"] = found[k]
    return found[0]


@pytest.mark.parametrize("seed", range(4))
def test_a_step_on_any_tree(seed):
    generator = np.random.default_rng(seed)
    morphology = random_tree(generator, sections=3 + 2 * seed)
    n = passive(morphology)
    n.v = generator.uniform(-0.09, 0.03, len(n)) * volt
    n.I = generator.uniform(0, 1, len(n)) * nA
    before, area, charge = np.array(n.v), np.asarray(n.area[:]), 0.01 / 1e-4
    expected = solved(morphology, area * (charge + 1.0), area * (charge * before - 0.07) + np.asarray(n.I[:]), 1.0)
    Network(n).run(0.1 * ms)
    np.testing.assert_allclose(n.v_[:], expected, rtol=1e-12, atol=1e-16)
    np.testing.assert_allclose(n.Ic_[:], charge * (expected - before), rtol=1e-10, atol=1e-11)


def test_no_charge_is_lost():
    m = Cylinder(length=100 * um, diameter=2 * um, n=3)
    n = SpatialNeuron(m, NOTHING, Cm=1 * uF / cm**2, Ri=100 * ohm * cm)
    n.v = [0, 10, 0] * mV
    Network(n).run(0.1 * ms)
    np.testing.assert_allclose(n.v / mV, [90 / 29, 110 / 29, 90 / 29], rtol=1e-13)


def test_gating_variables_come_first():
    n = SpatialNeuron(
        Cylinder(length=10 * um, diameter=10 * um),
        """Im = gl*(El - v) + gn*act*(50*mV - v) : amp/meter**2
           dact/dt = (minf - act)/(1*ms) : 1
           minf = 1/(1 + exp((-40*mV - v)/(5*mV))) : 1""",
        Cm=1 * uF / cm**2,
        method="exponential_euler",
        namespace={"gl": 1 * siemens / meter**2, "El": -65 * mV, "gn": 10 * siemens / meter**2},
    )
    n.v = -45 * mV
    Network(n).run(0.1 * ms)
    act = (1 - np.exp(-0.1)) / (1 + np.e)
    charge = 0.01 / 1e-4
    v = (charge * -0.045 - 0.065 + 10 * act * 0.05) / (charge + 1 + 10 * act)
    np.testing.assert_allclose([n.act[0], n.v[0] / volt], [act, v], rtol=1e-13)


@pytest.mark.parametrize(
    ("current", "value", "slope"),
    [
        ("g*v**2/(10*mV)", lambda v: v**2 / 0.01, lambda v: 2 * v / 0.01),
        ("g*mV*exp(v/(20*mV))", lambda v: 1e-3 * np.exp(v / 0.02), lambda v: 0.05 * np.exp(v / 0.02)),
        ("g*w*tanh(w/(30*mV))", None, None),
        ("g*mV*exprel(v/(25*mV))", None, None),
        ("g*mV*exprel((v - 10*mV)/(25*mV))", None, None),
        ("g*(v - 5*mV)*abs(v)/mV", None, None),
    ],
)
def test_currents_that_are_not_linear(current, value, slope):
    def f(v):
        if value is not None:
            return value(v)
        if "tanh" in current:
            return v * np.tanh(v / 0.03)
        if "abs" in current:
            return (v - 0.005) * abs(v) * 1e3
        x = (v - 0.01 * ("10*mV" in current)) / 0.025
        return 1e-3 * (np.expm1(x) / x if x else 1.0)

    def df(v):
        return slope(v) if slope is not None else float(mpmath.diff(lambda x: mpmath.mpf(f(float(x))), v, h=1e-6))

    model = f"Im = -{current} : amp/meter**2\nw = v : volt\ng : siemens/meter**2"
    n = SpatialNeuron(Cylinder(length=10 * um, diameter=10 * um), model, Cm=1 * uF / cm**2)
    n.v, n.g = 10 * mV, 100 * siemens / meter**2
    charge, v = 0.01 / 1e-4, 0.01
    gtot, rest = 100 * df(v), -100 * f(v) + 100 * df(v) * v
    np.testing.assert_allclose(n.gtot__private[0] / (siemens / meter**2), gtot, rtol=1e-6)
    np.testing.assert_allclose(n.time_constant[0] / ms, 10 / gtot, rtol=1e-6)
    Network(n).run(0.1 * ms)
    np.testing.assert_allclose(n.v[0] / volt, (charge * v + rest) / (charge + gtot), rtol=1e-6)


def test_action_potentials_along_an_axon():
    """Times of spikes as Brian gives them."""
    defaultclock.dt = 0.01 * ms
    n = SpatialNeuron(
        Cylinder(length=1 * cm, diameter=476 * um, n=50),
        """
        Im = gl*(El - v) + gNa*m**3*h*(ENa - v) + gK*n**4*(EK - v) : amp/meter**2
        I : amp (point current)
        dm/dt = alpham*(1 - m) - betam*m : 1
        dn/dt = alphan*(1 - n) - betan*n : 1
        dh/dt = alphah*(1 - h) - betah*h : 1
        alpham = (0.1/mV)*10*mV/exprel((-v + 25*mV)/(10*mV))/ms : Hz
        betam = 4*exp(-v/(18*mV))/ms : Hz
        alphah = 0.07*exp(-v/(20*mV))/ms : Hz
        betah = 1/(exp((-v + 30*mV)/(10*mV)) + 1)/ms : Hz
        alphan = (0.01/mV)*10*mV/exprel((-v + 10*mV)/(10*mV))/ms : Hz
        betan = 0.125*exp(-v/(80*mV))/ms : Hz
        """,
        Cm=1 * uF / cm**2,
        Ri=35.4 * ohm * cm,
        method="exponential_euler",
        threshold="m > 0.5",
        refractory="m > 0.4",
        namespace={
            **{"El": 10.613 * mV, "ENa": 115 * mV, "EK": -12 * mV, "gl": 0.3 * msiemens / cm**2},
            **{"gNa": 120 * msiemens / cm**2, "gK": 36 * msiemens / cm**2},
        },
    )
    n.h = 1
    n.I[0] = 1 * uA
    spikes = SpikeMonitor(n)
    Network(n, spikes).run(3 * ms)
    first = {}
    for i, t in zip(spikes.i, spikes.t / ms, strict=True):
        first.setdefault(int(i), round(float(t), 4))
    times = {k: first[k] for k in range(0, 50, 8)}
    assert times == {0: 1.18, 8: 1.23, 16: 1.29, 24: 1.36, 32: 1.42, 40: 1.46, 48: 1.49}


def test_membrane_and_resistivity_are_read_at_every_run():
    results = []
    for change in (False, True):
        n = passive(Cm=1 * uF / cm**2) if not change else passive(Cm=2 * uF / cm**2, Ri=10 * ohm * cm)
        if change:
            n.Cm, n.Ri = 1 * uF / cm**2, 100 * ohm * cm
        n.v, n.I[0] = -70 * mV, 1 * nA
        Network(n).run(1 * ms)
        results.append(np.asarray(n.v[:]))
    np.testing.assert_array_equal(*results)


def test_single_precision():
    double, single = passive(), passive(dtype=np.float32)
    for n in (double, single):
        n.v, n.I[0] = -70 * mV, 1 * nA
        Network(n).run(1 * ms)
    assert single.v.dtype == np.float32
    np.testing.assert_allclose(single.v[:], double.v[:], rtol=1e-6)


def test_constants_of_space_and_time():
    n = passive()
    d, r = 1e-6, 1.0
    expected = np.sqrt(d / (4 * r * 1.0))
    np.testing.assert_allclose(n.axon.space_constant[:] / meter, [expected] * 4, rtol=1e-12)
    np.testing.assert_allclose(n.time_constant[:] / ms, [10] * 10, rtol=1e-12)


# ---------------------------------------------------------------------- variables and parts


def test_variables():
    n = passive()
    np.testing.assert_allclose(n.distance / um, [0, 12.5, 37.5, 62.5, 87.5, 5, 20, 42.5, 67.5, 45])
    np.testing.assert_allclose(n.length / um, [30, 25, 25, 25, 25, 10, 20, 25, 25, 30])
    assert n.N == len(n) == 10 and not hasattr(n, "x")
    assert n.Ri[:] == 1 * ohm * meter and "farad / (meter ** 2)" in repr(n.Cm)
    placed = passive(tree().generate_coordinates())
    np.testing.assert_allclose(placed.y[:5] / um, [0, -27.5, -52.5, -77.5, -102.5], atol=1e-9)
    assert passive(Cm=np.arange(1, 11) * uF / cm**2).Cm[9] == 10 * uF / cm**2


def test_the_model_is_shown_with_what_was_added():
    n = passive()
    assert str(n.equations["Im"]) == "Im = gL*(EL - v) + I/area : A/(m^2)"
    assert n.equations["gtot__private"].expr.code == "gL"
    assert n.equations["I0__private"].expr.code == "gL*EL + I/area"
    assert n.diffusion_state_updater.name == f"{n.name}_spatialstateupdater"
    assert (n.diffusion_state_updater.when, n.diffusion_state_updater.order) == ("groups", 1)


def test_the_morphology_is_a_copy():
    m = tree()
    n = passive(m)
    m.more = Soma(diameter=1 * um)
    assert n.morphology.total_compartments == 10 and n.morphology is not m


@pytest.mark.parametrize(
    ("select", "start", "stop"),
    [
        (lambda n, m: n.axon, 1, 5),
        (lambda n, m: n.dend, 5, 10),
        (lambda n, m: n.dend.main, 5, 7),
        (lambda n, m: n.dend.L, 7, 9),
        (lambda n, m: n.main, 0, 1),
        (lambda n, m: n[3], 3, 4),
        (lambda n, m: n[2:5], 2, 5),
        (lambda n, m: n[0 * um : 30 * um], 0, 1),
        (lambda n, m: n.axon[10 * um : 50 * um], 1, 3),
        (lambda n, m: n.axon[30 * um], 2, 3),
        (lambda n, m: n.dend[1:3], 6, 8),
        (lambda n, m: n[m.axon], 1, 5),
        (lambda n, m: n[m.dend], 5, 7),
        (lambda n, m: n[m.axon[30 * um]], 2, 3),
        (lambda n, m: n[n.dend.L], 7, 9),
    ],
)
def test_parts(select, start, stop):
    m = tree()
    n = passive(m)
    part = select(n, m)
    assert (part.start, part.stop, part.N) == (start, stop, stop - start)
    part.gx = 7
    assert list(n.gx[:]) == [7.0 if start <= k < stop else 0.0 for k in range(10)]


def test_parts_of_morphologies_are_indices():
    m = tree()
    n = passive(m)
    n.I[m.axon[30 * um]] = 5 * nA
    n.gx[m.dend.L] = 2
    assert n.I[2] == 5 * nA and n.I[m.axon[30 * um]] == 5 * nA and list(n.gx[m.dend.L]) == [2, 2]
    assert n.dend.gx[m.dend.L[0]] == 2 and list(n.indices[m.axon]) == [1, 2, 3, 4]
    monitor = StateMonitor(n, "v", record=m.dend)
    Network(n, monitor).run(0.2 * ms)
    assert list(monitor.record) == [5, 6] and monitor.v.shape == (2, 2)
    with pytest.raises(IndexError, match="compartments 1 to 4 are not in"):
        _ = n.dend.gx[m.axon]
    with pytest.raises(TypeError, match="has no morphology"):
        _ = NeuronGroup(10, "x : 1").x[m.axon]


def test_parts_that_are_not_there():
    n = passive()
    for name in ("foo", "L", "length_of"):
        with pytest.raises(AttributeError):
            getattr(n, name)
        with pytest.raises(AttributeError):
            getattr(n.axon, name)
    with pytest.raises(IndexError, match="no compartments"):
        n[200 * um :]
    with pytest.raises(IndexError, match="consecutive"):
        n[::2]
    with pytest.raises(AttributeError, match="Could not find a state variable"):
        n.axon = 3
    assert "axon" in dir(n) and "SpatialSubgroup" in repr(n.axon)


# ---------------------------------------------------------------------- thresholds


def test_the_threshold_holds_for_each_compartment():
    n = passive(threshold="v > -59.5*mV", reset="v = -70*mV; gx += 1")
    n.v = "-60*mV + i*2*mV"
    spikes = SpikeMonitor(n)
    Network(n, spikes).run(0.1 * ms)
    assert len(spikes.i) > 1 and list(np.flatnonzero(n.gx[:])) == sorted(spikes.i)


@pytest.mark.parametrize("location", [2, np.int64(2), "axon"])
def test_threshold_in_one_place(location):
    m = tree()
    where = m.axon[30 * um] if location == "axon" else location
    n = passive(m, threshold="v > -80*mV", refractory="v > -80*mV", threshold_location=where)
    spikes = SpikeMonitor(n)
    Network(n, spikes).run(0.1 * ms)
    assert n.events == {"spike": "(v > -80*mV) and (i == 2)"} and list(spikes.i) == [2]


# ---------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("model", "error", "message"),
    [
        (None, TypeError, "model has to be a string or an Equations object"),
        ("v2 : 1", TypeError, "The transmembrane current 'Im' must be defined"),
        ("Im : amp/meter**2", TypeError, "must be defined"),
        ("Im = 0*amp/meter**2 : amp/meter**2 (constant over dt)", TypeError, "Cannot specify any flags"),
        ("Im = 0*amp : amp", DimensionMismatchError, "'Im' should be in amp/meter"),
        (NOTHING + "J : 1 (point current)", DimensionMismatchError, "Point current J should be in amp"),
        (NOTHING + "dv/dt = -v/ms : volt", EquationError, "Duplicate definition of variable 'v'"),
        (NOTHING + "area : 1", EquationError, "Duplicate definition of variable 'area'"),
        (NOTHING + "dJ/dt = -J/ms : amp (unless refractory)", ValueError, "flag 'unless refractory'"),
        ("Im = gL*(EL - v)*int(v > EL) : amp/meter**2", TypeError, "Cannot take the derivative of 'gL"),
        ("Im = gL*clip(v, EL, 0*mV) : amp/meter**2", TypeError, "with respect to v"),
        ("Im = gL*EL*rand() : amp/meter**2", TypeError, r"cannot call rand\(\)"),
    ],
)
def test_wrong_models(model, error, message):
    with pytest.raises(error, match=message):
        SpatialNeuron(tree(), model, namespace=NAMES)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"threshold_location": 5}, ValueError, "there is no threshold"),
        ({"threshold": "v > 0*mV", "threshold_location": tree().dend}, AttributeError, "on a single location"),
        ({"threshold": "v > 0*mV", "threshold_location": [2, 3]}, AttributeError, "on a single location"),
        ({"threshold": "v > 0*mV", "threshold_location": 10}, IndexError, "the neuron has the compartments 0 to 9"),
        ({"threshold": "v > 0*mV", "threshold_location": "axon"}, TypeError, "a number or a part of the morphology"),
        ({"Cm": 5}, DimensionMismatchError, "Cm should be set with a value with units"),
        ({"Ri": 5}, DimensionMismatchError, "Ri should be set with a value with units"),
        ({"morphology": 5}, TypeError, "morphology has to be a Soma, Cylinder or Section"),
    ],
)
def test_wrong_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        passive(**arguments)


def test_errors_in_the_model_are_found_at_the_run():
    n = SpatialNeuron(tree(), "Im = gL*(EL - v)*unknown : amp/meter**2", namespace=NAMES)
    with pytest.raises(BrianObjectException, match="unknown"):
        Network(n).run(0.1 * ms)


def test_points_that_coincide():
    m = Section(diameter=[1, 1, 1] * um, n=2, length=[1, 0] * um)
    with pytest.raises(BrianObjectException, match="compartment 1 has no axial conductance"):
        Network(SpatialNeuron(m, NOTHING)).run(0.1 * ms)


def test_currents_shared_by_all_compartments():
    model = NOTHING + "J = 1*nA : amp (point current)\nK : amp (point current, shared)\nx = 2*amp : amp"
    n = SpatialNeuron(Cylinder(diameter=1 * um, length=1 * um), model)
    n.K = 1 * nA
    np.testing.assert_allclose(n.Im[0] / (amp / meter**2), 2e-9 / (np.pi * 1e-12), rtol=1e-12)


def partly_placed() -> Soma:
    """Returns a cell of which two sections have no coordinates."""
    cell = Soma(diameter=20 * um, x=1 * um, y=2 * um, z=3 * um)
    cell.a = Cylinder(diameter=2 * um, n=3, x=[1, 10] * um, y=[2, 30] * um, z=[3, 4] * um)
    cell.a.b = Section(diameter=[3, 2, 1] * um, length=[10, 20] * um, n=2)
    cell.c = Cylinder(diameter=2 * um, length=100 * um, n=2)
    cell.c.d = Cylinder(diameter=2 * um, n=2, x=[0, 10] * um, y=[0, 30] * um, z=[0, 4] * um)
    return cell


def test_the_flat_morphology() -> None:
    """Brian's numbers."""
    neuron = SpatialNeuron(partly_placed(), "Im = 0*amp/metre**2 : amp/metre**2")
    flat = neuron.flat_morphology
    assert flat is neuron.flat_morphology and (flat.n, flat.sections, flat.has_coordinates) == (10, 5, True)
    numbers = {
        "starts": [0, 1, 4, 6, 8],
        "ends": [1, 4, 6, 8, 10],
        "depth": [0, 1, 1, 1, 2, 2, 1, 1, 2, 2],
        "morph_parent_i": [0, 1, 2, 1, 4],
        "morph_idxchild": [0, 0, 0, 1, 0],
        "morph_children": [1, 0, 2, 4, 3, 0, 0, 0, 5, 0, 0, 0],
        "morph_children_num": [1, 2, 1, 0, 1, 0],
    }
    for name, expected in numbers.items():
        assert getattr(flat, name).tolist() == expected and getattr(flat, name).dtype.kind == "i"
    nan = [np.nan] * 4
    places = {
        "x": [1, 3.5, 6.5, 9.5, *nan, 2.5, 7.5],
        "start_x": [1, 2, 5, 8, *nan, 0, 5],
        "end_z": [3, 19 / 3, 20 / 3, 7, *nan, 2, 4],
        "end_distance": [0, 29.4278779, 59.4278779, 100, 131.874755],
    }
    for name, expected in places.items():
        np.testing.assert_allclose(getattr(flat, name) * 1e6, expected, rtol=1e-8)
    np.testing.assert_allclose(neuron.x / um, places["x"])
    np.testing.assert_allclose(neuron.c.d.x / um, [2.5, 7.5])


def test_the_flat_morphology_of_cells_without_coordinates_and_of_many_cells() -> None:
    model = "Im = 0*amp/metre**2 : amp/metre**2"
    many = SpatialNeuron(Cylinder(diameter=1 * um, length=10 * um, n=3), model, N=4)
    assert many.flat_morphology.n == 3 and many.flat_morphology.x is None
    assert not many.flat_morphology.has_coordinates
    different = SpatialNeuron([Soma(diameter=9 * um), Soma(diameter=8 * um)], model, name="cells")
    with pytest.raises(AttributeError, match=r"different morphologies: use cells.morphologies\[k\], FlatMorphology"):
        different.flat_morphology  # noqa: B018


def test_sections_without_coordinates_are_told_of() -> None:
    with catch_logs(log_level=logging.INFO) as told:
        SpatialNeuron(partly_placed(), "Im = 0*amp/metre**2 : amp/metre**2")
    assert [name for _, name, _ in told if "mixed" in name] == ["ranvier.spatialneuron.spatialneuron.mixed_coordinates"]
