"""Morphologies from points and SWC files, and made-up coordinates."""

import numpy as np
import pytest
from objects.morphology.sample_cells import tree

from ranvier import Cylinder, Morphology, Section, Soma, um
from ranvier.session.logger import catch_logs

SWC = """# index type x y z radius parent
1 1 0 0 0 10 -1
2 3 10 0 0 1.5 1
3 3 60 0 0 1.2 2   # a branch point

4 3 100 20 0 0.8 3
5 3 140 40 0 0.5 4
6 3 100 -20 0 0.8 3
7 2 -10 0 0 1.0 1
8 2 -60 0 0 0.5 7
"""

SOMA = (1, "soma", 0, 0, 0, 30, -1)


def plain(values, unit=um):
    return np.asarray(values / unit)


def test_an_swc_file(tmp_path):
    path = tmp_path / "cell.swc"
    path.write_text(SWC)
    m = Morphology.from_file(path)
    assert isinstance(m, Soma) and m.diameter == 20 * um and m.dend.dend2 is m.L2 and m.R is m.axon
    assert str(m.topology()).splitlines()[1:] == [
        "   `--|  .dend",
        "       `--|  .dend.dend",
        "       `-|  .dend.dend2",
        "   `--|  .axon",
    ]
    # behind the soma a section starts at the soma's centre, with its own first diameter
    np.testing.assert_allclose(plain(m.dend.coordinates), [[0, 0, 0], [10, 0, 0], [60, 0, 0]], atol=1e-9)
    np.testing.assert_allclose(plain(m.dend.start_diameter), [3, 3])
    # elsewhere with the last diameter of its parent
    np.testing.assert_allclose(plain(m.dend.dend.start_diameter), [2.4, 1.6])
    np.testing.assert_allclose(plain(m.dend.dend.distance)[0], 60 + np.hypot(40, 20) / 2)
    assert [section.type for section in m.sections()] == ["soma", "dend", "dend", "dend", "axon"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 1 0 0 0 10 -1\n2 3 0 20 0 1", "7 space-separated entries, but line 2 of cell.swc contains 6"),
        ("1 1 0 0 0 10 -1\n2 3 0 20 0 x 1", "Line 2 of cell.swc cannot be read"),
        ("# nothing\n", "contains no points"),
        ("1 1 0 0 0 10 -1\n2 3 0 nan 0 1 1", r"Point 2 of the morphology is at \(0.0, nan, 0.0\)"),
        ("1 1 0 0 0 10 -1\n2 3 0 inf 0 1 1", "coordinates have to be finite"),
        ("1 1 0 0 0 10 -1\n2 3 0 20 0 nan 1", "has the diameter nan"),
        ("1 1 0 0 0 10 -1\n2 3 0 20 0 -1 1", "finite and not negative"),
    ],
)
def test_wrong_swc_files(tmp_path, text, message):
    path = tmp_path / "cell.swc"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        Morphology.from_file(path)


def test_editors_may_mark_a_file_as_utf_8(tmp_path):
    path = tmp_path / "cell.swc"
    path.write_text(SWC, encoding="utf-8-sig")
    assert Morphology.from_file(path).total_compartments == 8


def test_other_formats():
    with pytest.raises(NotImplementedError, match="the format has to be SWC"):
        Morphology.from_file("cell.asc")


def test_sections_end_where_the_type_changes():
    points = [SOMA, (2, "dend", 0, 20, 0, 2, 1), (3, "apic", 0, 30, 0, 3, 2), (4, None, 0, 40, 0, 4, 3)]
    m = Morphology.from_points(points)
    assert m.dend.apic.L.type is None and m.dend.apic.L.n == 1
    np.testing.assert_allclose(plain(m.dend.apic.diameter), [2.5])
    assert m.dend.apic.L is m.dend.apic["1"]


def test_names_of_sections_of_one_type():
    points = [SOMA, *((k, "axon", k, 20, 0, 2, 1) for k in (2, 3, 4))]
    m = Morphology.from_points(points)
    assert [m.children.name(child) for child in m.children] == ["axon", "axon2", "axon3"] and m["3"] is m.axon3
    with pytest.raises(AttributeError):
        _ = m.L


def three_points(*, at=15, behind=1):
    soma = [SOMA, (2, "soma", 0, at, 0, 30, 1), (3, "soma", 0, -15, 0, 30, 1)]
    return [*soma, (4, "dend", 0, 20, 0, 4, behind), (5, "dend", 0, 30, 0, 4, 4)]


def test_a_soma_of_three_points_is_a_sphere():
    for behind in (1, 2):
        m = Morphology.from_points(three_points(behind=behind))
        assert isinstance(m, Soma) and m.total_sections == 2 and m.diameter == 30 * um
        np.testing.assert_allclose(plain(m.dend.coordinates), [[0, 0, 0], [0, 20, 0], [0, 30, 0]], atol=1e-9)
    with pytest.raises(ValueError, match=r"Distances are 20.000um and 15.000um, respectively, while the radius is 15"):
        Morphology.from_points(three_points(at=20))


def test_a_soma_of_several_points():
    points = [SOMA, (2, "soma", 0, 10, 0, 20, 1), (3, "dend", 0, 20, 0, 4, 2)]
    with catch_logs() as logs:
        m = Morphology.from_points(points)
    assert len(logs) == 1 and "Found 2 soma compartments" in logs[0][2]
    assert isinstance(m, Section) and m.type == "soma" and m.n == 1
    np.testing.assert_allclose(plain(m.diameter), [25])
    np.testing.assert_allclose(plain(m.dend.start_diameter), [4])  # not that of the soma


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ([], "at least one point"),
        ([SOMA[:6]], "described by 7 values, got 6"),
        ([SOMA, (1, "dend", 0, 0, 0, 1, 1)], "Two compartments with index 1"),
        ([SOMA, (2, "dend", 0, 0, 0, 1, 5)], "Did not find the compartment 5"),
        ([SOMA, (2, "dend", 0, 0, 0, 1, -1)], "Did not find the compartment -1"),
        ([(1, "dend", 0, 0, 0, 1, -1)], "needs at least two points"),
    ],
)
def test_wrong_points(points, message):
    with pytest.raises(ValueError, match=message):
        Morphology.from_points(points)


# ---------------------------------------------------------------------- made-up coordinates


def test_sections_are_spread():
    m = tree()
    g = m.generate_coordinates()
    np.testing.assert_allclose(plain(g.axon.coordinates)[[0, -1]], [[0, -15, 0], [0, -115, 0]], atol=1e-9)
    np.testing.assert_allclose(plain(g.dend.coordinates), [[0, 15, 0], [0, 25, 0], [0, 45, 0]], atol=1e-9)
    end = [-50 * np.sin(np.pi / 6), 45 + 50 * np.cos(np.pi / 6), 0]
    np.testing.assert_allclose(plain(g.dend.L.coordinates)[-1], end)
    assert m.axon.coordinates is None and g.dend.children.name(g.dend.R) == "R"


def test_lengths_stay():
    np.random.seed(2)
    m = tree()
    for arguments in ({}, {"section_randomness": 20}, {"section_randomness": 20, "compartment_randomness": 20}):
        g = m.generate_coordinates(**arguments)
        for old, new in zip(m.sections(), g.sections(), strict=True):
            np.testing.assert_allclose(plain(new.length), plain(old.length))
            np.testing.assert_allclose(plain(new.area, um**2), plain(old.area, um**2))
    first, second = (m.generate_coordinates(section_randomness=20).axon.coordinates_ for _ in range(2))
    assert not np.allclose(first, second)


def test_coordinates_that_are_known_stay():
    m = Soma(diameter=30 * um)
    m.a = Cylinder(diameter=1 * um, n=2, x=[0, 10] * um)
    m.a.b = Cylinder(diameter=1 * um, n=2, length=10 * um)
    g = m.generate_coordinates()
    np.testing.assert_allclose(plain(g.a.coordinates), [[0, 0, 0], [5, 0, 0], [10, 0, 0]])
    np.testing.assert_allclose(plain(g.a.b.coordinates)[-1], [20, 0, 0], atol=1e-9)
    again = m.generate_coordinates(overwrite_existing=True)
    np.testing.assert_allclose(plain(again.a.coordinates)[0], [0, -15, 0], atol=1e-9)


def test_a_root_that_is_no_soma():
    m = Cylinder(diameter=1 * um, n=2, length=10 * um)
    np.testing.assert_allclose(plain(m.generate_coordinates().coordinates)[-1], [0, 10, 0], atol=1e-9)


@pytest.mark.parametrize(
    ("diameters", "last", "text"),
    [
        (
            (30, 28, 30),
            -15,
            "not all the diameters are identical: point 1 has 30um, point 2 has 28um, p",
        ),
        ((30, 30, 29.9999), -15, "not all the diameters are identical"),
        ((30, 30, 30), -15.5, "should be positioned one radius away"),
        ((30, 30, 30), -15.05, None),
    ],
)
def test_a_soma_of_three_points_is_one_sphere(diameters, last, text):
    one, two, three = diameters
    points = [(1, "soma", 0, 0, 0, one, -1), (2, "soma", 0, 15, 0, two, 1), (3, "soma", 0, last, 0, three, 1)]
    points += [(4, "d", 20, 0, 0, 4, 1), (5, "d", 40, 0, 0, 4, 4)]
    if text is None:
        assert Morphology.from_points(points).n == 1
        return
    with pytest.raises(ValueError, match=text):
        Morphology.from_points(points)
