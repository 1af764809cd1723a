"""Sections, their geometry, and the tree they make."""

import numpy as np
import pytest
from objects.morphology.sample_cells import tree

from ranvier import Cylinder, DimensionMismatchError, Morphology, Section, Soma, meter, ms, mV, um


def plain(values, unit=um):
    return np.asarray(values / unit)


# ---------------------------------------------------------------------- geometry


def test_a_truncated_cone():
    section = Section(diameter=[4, 2] * um, length=[3] * um)
    np.testing.assert_allclose(plain(section.area, um**2), [np.pi / 2 * 6 * np.hypot(1, 3)])
    np.testing.assert_allclose(plain(section.volume, um**3), [np.pi * 3 * (16 + 8 + 4) / 12])
    np.testing.assert_allclose(plain(section.diameter), [3])
    np.testing.assert_allclose(plain(section.r_length_1), [np.pi / 2 * 4 * 3 / 3])
    np.testing.assert_allclose(plain(section.r_length_2), [np.pi / 2 * 3 * 2 / 3])
    np.testing.assert_allclose([plain(section.start_diameter), plain(section.end_diameter)], [[4], [2]])


def test_a_cylinder_is_a_section_of_equal_diameters():
    cylinder = Cylinder(diameter=2 * um, n=3, length=30 * um)
    section = Section(diameter=[2, 2, 2, 2] * um, n=3, length=[10, 10, 10] * um)
    for name in ("area", "volume", "diameter", "length", "distance", "r_length_1", "r_length_2", "end_distance"):
        np.testing.assert_allclose(getattr(cylinder, name), getattr(section, name), rtol=1e-14)


def test_a_soma_is_a_sphere_without_extent():
    soma = Soma(diameter=10 * um)
    np.testing.assert_allclose(plain(soma.area, um**2), [np.pi * 100])
    np.testing.assert_allclose(plain(soma.volume, um**3), [np.pi / 6 * 1000])
    assert soma.r_length_1 == 1 * meter and soma.r_length_2 == 1 * meter
    assert soma.distance == 0 * um and soma.end_distance == 0 * um and soma.length == 10 * um
    assert soma.type == "soma" and soma.n == 1 and soma.x is None


def test_distances_follow_the_path_from_the_soma():
    m = tree()
    np.testing.assert_allclose(plain(m.axon.distance), [12.5, 37.5, 62.5, 87.5])
    np.testing.assert_allclose(plain(m.dend.L.distance), [42.5, 67.5])
    assert float(m.dend.L.end_distance / um) == pytest.approx(80)
    m.axon.bouton = Soma(diameter=3 * um)
    assert float(m.axon.bouton.distance[0] / um) == pytest.approx(100)


def test_values_without_units():
    m = tree()
    np.testing.assert_allclose(m.dend.length_, [1e-5, 2e-5])
    np.testing.assert_allclose(m.axon[:2].diameter_, [1e-6, 1e-6])


def test_coordinates_are_relative_to_the_end_of_the_parent():
    soma = Soma(diameter=10 * um, x=100 * um)
    soma.a = Cylinder(diameter=1 * um, n=2, x=[0, 10] * um, y=[0, 10] * um)
    soma.a.b = Cylinder(diameter=1 * um, n=2, x=[5, 10] * um)
    np.testing.assert_allclose(plain(soma.a.coordinates), [[100, 0, 0], [105, 5, 0], [110, 10, 0]])
    np.testing.assert_allclose(plain(soma.a.b.x), [116.25, 118.75])
    np.testing.assert_allclose(soma.a.b.end_x_, [117.5e-6, 120e-6])
    np.testing.assert_allclose(plain(soma.a.length), [np.hypot(5, 5)] * 2)
    np.testing.assert_allclose(plain(soma.a.b[1].start_x), [117.5])
    assert Cylinder(diameter=1 * um, length=3 * um).coordinates is None


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Morphology(), TypeError, "create a Soma, Cylinder or Section"),
        (lambda: Soma(30), DimensionMismatchError, "argument 'diameter'"),
        (lambda: Soma(diameter=[30, 20] * um), TypeError, "has to be a scalar"),
        (lambda: Soma(diameter=3 * um, x=[1, 2] * um), TypeError, "Coordinates have to be scalar"),
        (lambda: Cylinder(diameter=1 * um, n=2), TypeError, "No length specified"),
        (lambda: Cylinder(diameter=1 * um, n=0, length=1 * um), ValueError, "at least 1"),
        (lambda: Cylinder(diameter=1 * um, length=1 * um, x=[0, 1] * um), TypeError, "not both"),
        (lambda: Cylinder(diameter=1 * um, length=10), DimensionMismatchError, "argument 'length'"),
        (lambda: Cylinder(diameter=[1, 2] * um, length=10 * um), TypeError, "diameter argument has to be a single"),
        (lambda: Cylinder(diameter=1 * um, n=2, length=[1, 2] * um), TypeError, "length argument has to be a single"),
        (lambda: Cylinder(diameter=1 * um, n=2, x=[0, 1, 2] * um), TypeError, "x needs to be a 1-dimensional array"),
        (lambda: Section(diameter=1 * um, n=2, length=[1, 2] * um), TypeError, "3 values, not of shape"),
        (lambda: Section(diameter=[1, 2, 3] * um, n=2, length=[1] * um), TypeError, "2 values, not of shape"),
        (lambda: Section(diameter=[1, 2, 3] * um, n=2, y=[1, 2] * um), TypeError, "'y' needs to be"),
        (lambda: Section(diameter=[1, 2, 3] * um, n=2), TypeError, "No length specified"),
    ],
)
def test_wrong_sections(make, error, message):
    with pytest.raises(error, match=message):
        make()


# ---------------------------------------------------------------------- the tree


def test_names_of_sections():
    m = tree()
    assert m["axon"] is m.axon is m["1"] and m.dend is m["2"] and m.dend.L.parent is m.dend
    assert [m.children.name(child) for child in m.children] == ["axon", "dend"] and len(m.children) == 2
    assert "axon" in m.children and m.children[1] is m.axon and m.children.name(Soma(diameter=1 * um)) is None
    assert (m.total_sections, m.total_compartments) == (5, 10) and m.dend.total_compartments == 5
    assert m and "dend" in dir(m)
    with pytest.raises(AttributeError, match="The subtree foo does not exist"):
        _ = m.foo
    with pytest.raises(TypeError, match="'length' of a Morphology is ambiguous"):
        len(m)


def test_names_made_of_sides_and_numbers_are_joined():
    m = Cylinder(diameter=1 * um, length=10 * um)
    m.L = Cylinder(diameter=1 * um, length=20 * um)
    m.LR = Cylinder(diameter=1 * um, length=30 * um)
    m["LR2"] = Cylinder(diameter=1 * um, length=40 * um)
    assert m.L.R["2"] is m.LR2 and m.LR.parent is m.L and m.L1 is m.LR
    with pytest.raises(AttributeError, match="The subtree R does not exist"):
        m.RL = Cylinder(diameter=1 * um, length=40 * um)


def test_deleting_sections():
    m = tree()
    dend = m.dend
    del m.dend
    assert m.total_sections == 2 and dend.parent is None and m.axon is m["1"]
    with pytest.raises(AttributeError, match="subtree 2 does not exist"):
        _ = m["2"]
    del m["axon"]
    assert len(m.children) == 0
    m.again = dend  # free to be used again
    assert m.again.L.distance[0] == dend.L.distance[0]


def test_what_cannot_be_a_section():
    m = tree()
    with pytest.raises(AttributeError, match="name axon is already used"):
        m.axon = Soma(diameter=1 * um)
    with pytest.raises(TypeError, match="has to be a Soma, Cylinder or Section"):
        m["x"] = 3
    with pytest.raises(ValueError, match="part of itself"):
        m.dend.L.loop = m
    with pytest.raises(ValueError, match="part of another morphology"):
        Soma(diameter=1 * um).axon = m.axon


def test_topology():
    assert str(tree().topology()) == (
        "( )  [root] \n   `----|  .axon\n   `--|  .dend\n       `--|  .dend.L\n       `-|  .dend.R\n"
    )
    m = Cylinder(diameter=1 * um, n=2, length=1 * um)
    m.soma = Soma(diameter=1 * um)
    assert repr(m.topology()) == "--|  [root] \n    `( )  .soma\n"


def test_copies():
    m = tree()
    copy = m.dend.copy()
    assert copy.parent is None and copy.L.n == 2 and copy.R is copy["2"] and copy is not m.dend
    np.testing.assert_allclose(plain(copy.L.distance), [42.5, 67.5])
    alone = m.dend.copy_section()
    assert len(alone.children) == 0 and alone.type == m.dend.type
    assert repr(alone) == repr(m.dend) == "Section(diameter=array([4., 3., 2.]) * umetre, n=2, length=30. * umetre)"
    placed = Soma(diameter=1 * um, y=2 * um, type="q").copy_section()
    assert repr(placed) == "Soma(diameter=1. * umetre, x=0. * metre, y=2. * umetre, z=0. * metre, type='q')"
    cylinder = Cylinder(diameter=1 * um, n=2, z=[1, 3] * um)
    np.testing.assert_allclose(cylinder.copy_section().coordinates, cylinder.coordinates)


def test_deep_trees_need_no_recursion():
    m = last = Cylinder(diameter=1 * um, length=1 * um)
    for _ in range(1500):
        last.L = Cylinder(diameter=1 * um, length=1 * um)
        last = last.L
    assert m.total_compartments == 1501 and float(last.end_distance / um) == pytest.approx(1501)
    assert m.copy().total_sections == 1501 and last.indices[0] == 1500


# ---------------------------------------------------------------------- compartments


@pytest.mark.parametrize(
    ("select", "expected"),
    [
        (lambda m: m.axon, [1, 2, 3, 4]),
        (lambda m: m.dend.L, [7, 8]),
        (lambda m: m.axon[50 * um], [3]),
        (lambda m: m.axon[0 * um], [1]),
        (lambda m: m.axon[100 * um], [4]),
        (lambda m: m.axon[10 * um : 50 * um], [1, 2]),
        (lambda m: m.axon[25 * um : 75 * um], [2, 3]),
        (lambda m: m.axon[30 * um :], [2, 3, 4]),
        (lambda m: m.axon[: 25 * um], [1]),
        (lambda m: m.axon[20 * um : 200 * um], [1, 2, 3, 4]),
        (lambda m: m.axon[50 * um : 20 * um], []),
        (lambda m: m.axon[2], [3]),
        (lambda m: m.axon[-1], [4]),
        (lambda m: m.axon[1:3], [2, 3]),
        (lambda m: m[:], [0]),
        (lambda m: m.dend[15 * um], [6]),
    ],
)
def test_numbers_of_compartments(select, expected):
    assert list(select(tree()).indices[:]) == expected


def test_borders_are_found_in_spite_of_rounding():
    section = Section(diameter=[1] * 11 * um, n=10, length=[0.1] * 10 * um)
    for k in range(10):
        assert section[k * 0.1 * um].indices[:] == [k]
        assert list(section[: (k + 1) * 0.1 * um].indices[:]) == list(range(k + 1))


def test_single_numbers():
    m = tree()
    assert m.dend.indices[0] == 5 and m.dend.indices[-1] == 6 and m.dend.indices[10 * um] == 6
    assert list(m.dend.indices[0:1]) == [5]


def test_compartments_have_the_properties_of_their_section():
    part = tree().dend[1]
    assert part.n == len(part) == 1 and part.x is None
    np.testing.assert_allclose(plain(part.length), [20])
    np.testing.assert_allclose(plain(part.distance), [20])
    with pytest.raises(AttributeError, match="no attribute 'total_compartments'"):
        _ = part.total_compartments


@pytest.mark.parametrize(
    ("item", "error", "message"),
    [
        (101 * um, IndexError, r"Invalid index 101. um, has to be in the interval \[0. m, 100. um\]"),
        (-1 * um, IndexError, "has to be in the interval"),
        (4, IndexError, "Invalid index 4 for 4 compartments"),
        (-5, IndexError, "Invalid index -5 for 4 compartments"),
        (1 * mV, TypeError, "not understood"),
        (1.5, TypeError, "not understood"),
        ([0, 1], TypeError, "not understood"),
        (slice(0, 4, 2), TypeError, "step"),
        (slice(10 * um, 2), TypeError, "lengths or integers"),
        (slice(1 * ms, None), TypeError, "lengths or integers"),
    ],
)
def test_wrong_indices(item, error, message):
    with pytest.raises(error, match=message):
        tree().axon[item]
