"""The forms of `connect` make the synapses that plain loops over all pairs make."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ranvier import NeuronGroup, Synapses, seed
from ranvier.objects.connecting.generator_syntax import parse_generator
from ranvier.objects.connecting.random_choice import chosen_positions, subsets

SIZES = st.integers(1, 6)


def connected(pre: int, post: int, **kwds: Any) -> list[tuple[int, int]]:
    """The ends of the synapses that `connect` makes, in order."""
    source, target = NeuronGroup(pre, "x : 1"), NeuronGroup(post, "y : 1")
    source.x, target.y = "i", "2*i"
    synapses = Synapses(source, target)
    synapses.connect(**kwds)
    return list(zip(synapses.i[:].tolist(), synapses.j[:].tolist(), strict=True))


@settings(deadline=None)
@given(SIZES, SIZES, st.integers(0, 3))
def test_conditions_and_copies(pre: int, post: int, n: int) -> None:
    expected = [(i, j) for i, j in product(range(pre), range(post)) if (i + 2 * j) % 3 != 1 for _ in range(n)]
    assert connected(pre, post, condition="(x_pre + y_post) % 3 != 1", n=n) == expected


@settings(deadline=None)
@given(SIZES, SIZES, st.integers(-3, 3), st.integers(-2, 4), st.sampled_from([-2, -1, 1, 2, 3]))
def test_generators_with_ranges(pre: int, post: int, low: int, high: int, step: int) -> None:
    text = f"k for k in range(i + {low}, i + {high}, {step}) if k != i"
    expected = [(i, k) for i in range(pre) for k in range(i + low, i + high, step) if k != i and 0 <= k < post]
    assert connected(pre, post, j=text, skip_if_invalid=True) == expected


@settings(deadline=None)
@given(SIZES, SIZES)
def test_generators_for_sources_go_target_by_target(pre: int, post: int) -> None:
    expected = [(k, j) for j in range(post) for k in range(j + 1) if k < pre]
    assert connected(pre, post, i="k for k in range(j + 1)", skip_if_invalid=True) == expected


@settings(max_examples=30, deadline=None)
@given(SIZES, SIZES, st.integers(0, 2**31))
def test_samples_have_their_size_and_no_repetition(pre: int, post: int, number: int) -> None:
    seed(number)
    pairs = connected(pre, post, j="k for k in sample(N_post, size=i)", skip_if_invalid=True)
    assert pairs == sorted(set(pairs))
    assert [sum(i == k for i, _ in pairs) for k in range(pre)] == [min(k, post) for k in range(pre)]


def test_blocks_of_pairs_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    from ranvier.objects.connecting import pairs as connectors

    forms: list[dict[str, Any]] = [
        {"condition": "x_pre < y_post"},
        {"j": "k for k in range(i, N_post, 2)"},
        {"j": "(3*i) % N_post if i % 2 == 0"},
    ]
    whole = [connected(7, 9, **form) for form in forms]
    monkeypatch.setattr(connectors, "BLOCK", 5)
    for pairs_together in (1, 5, 30):
        monkeypatch.setattr(connectors, "GRID", pairs_together)
        assert [connected(7, 9, **form) for form in forms] == whole


@pytest.mark.parametrize(("pre", "post"), [(1, 1), (3, 3), (40, 40), (40, 25), (25, 40)])
def test_without_the_diagonal(pre: int, post: int) -> None:
    everything = [(i, j) for i in range(pre) for j in range(post) if i != j]
    assert connected(pre, post, condition="i != j") == everything
    assert connected(pre, post, condition="j!=i", n=2) == [pair for pair in everything for _ in range(2)]
    seed(5)
    counts = np.zeros((pre, post))
    for _ in range(60):
        pairs = connected(pre, post, condition="i != j", p=0.3)
        assert pairs == sorted(set(pairs)) and set(pairs) <= set(everything)
        for pair in pairs:
            counts[pair] += 1
    where = ~np.eye(pre, post, dtype=bool)
    mean, deviation = 60 * 0.3, np.sqrt(60 * 0.3 * 0.7)
    assert np.all(np.abs(counts[where] - mean) < 5.5 * deviation) and not counts[~where].any()
    if where.sum() > 100:  # all pairs alike: the spread of the counts is binomial, also along rows and columns
        assert abs(counts[where].var() / deviation**2 - 1) < 0.3
        rows = (counts.sum(axis=1) - mean * where.sum(axis=1)) / (deviation * np.sqrt(where.sum(axis=1)))
        columns = (counts.sum(axis=0) - mean * where.sum(axis=0)) / (deviation * np.sqrt(where.sum(axis=0)))
        assert np.abs(rows).max() < 4.5 and np.abs(columns).max() < 4.5


def test_conditions_of_all_kinds() -> None:
    found = connected(30, 20, condition="abs(i - j) < 3 and not (x_pre == y_post)")
    assert found == [(i, j) for i in range(30) for j in range(20) if abs(i - j) < 3 and i != 2 * j]
    assert connected(4, 3, condition="x_pre > 1") == [(i, j) for i in (2, 3) for j in range(3)]
    assert connected(3, 4, condition="N_post > 3 and j == 1") == [(i, 1) for i in range(3)]
    seed(6)
    half = connected(80, 90, condition="rand() < 0.5")
    assert abs(len(half) - 3600) < 300
    with_both = connected(80, 90, condition="i < 40 and rand() < 0.5", p="0.5*int(j < 45)")
    assert max(i for i, _ in with_both) < 40 and max(j for _, j in with_both) < 45
    assert abs(len(with_both) - 450) < 110


@pytest.mark.parametrize("p", [0.003, 0.3, 0.9])
def test_each_pair_has_the_same_probability(p: float) -> None:
    rng = np.random.default_rng(1)
    total, runs = 50, 4000
    counts = np.zeros(total)
    for _ in range(runs):
        for positions in chosen_positions(total, p, rng):
            assert np.all(np.diff(positions) > 0)
            counts[positions] += 1
    deviation = np.sqrt(runs * p * (1 - p))
    assert np.all(np.abs(counts - runs * p) < 5 * deviation)


def test_each_subset_has_the_same_probability() -> None:
    rng = np.random.default_rng(2)
    lengths, sizes = np.array([4, 5, 3]), np.array([2, 4, 0])
    found: dict[tuple[int, ...], int] = {}
    for _ in range(3000):
        parts = list(subsets(lengths, sizes, rng))
        rows = np.concatenate([row for row, _ in parts])
        positions = np.concatenate([position for _, position in parts])
        assert np.bincount(rows, minlength=3).tolist() == [2, 4, 0]
        for row in (0, 1):
            key = (row, *positions[rows == row].tolist())
            found[key] = found.get(key, 0) + 1
    assert len(found) == 6 + 5
    assert all(abs(count - (500 if key[0] == 0 else 600)) < 110 for key, count in found.items())


def test_probabilities_by_expression_and_for_arrays() -> None:
    seed(4)
    pairs = connected(100, 100, p="0.5*(x_pre >= 50)")
    assert min(i for i, _ in pairs) >= 50 and abs(len(pairs) - 2500) < 250
    assert abs(len(connected(100, 100, i=np.arange(100), j=3, p=0.3)) - 30) < 25
    assert abs(len(connected(60, 60, j="k for k in sample(N_post, p=x_pre/120)")) - 885) < 150


@pytest.mark.parametrize(
    "text",
    [
        "k for k in range(3) for l in range(2)",
        "k for k in range(3) if i if j",
        "k if i for k in range(3)",
        "for k in range(3)",
        "k for i in range(3)",
        "k for k in xrange(3)",
        "k for k in range(1, 2, 3, 4)",
        "k for k in range(3, p=1)",
        "k for k in sample(3)",
        "k for k in sample(3, p=1, size=2)",
        "k for 3 in range(3)",
        "i if",
    ],
)
def test_wrong_generators(text: str) -> None:
    with pytest.raises(SyntaxError):
        parse_generator(text)


def test_parts_of_generators() -> None:
    found = parse_generator("f(k, (i if_ 1)) for k in sample(i, f(2, 3), size=g(1)) if h(j) > 0".replace("if_", "+"))
    assert (found.expr, found.variable, found.kind) == ("f(k, (i + 1))", "k", "sample")
    assert (found.low, found.high, found.step) == ("i", "f(2, 3)", "1")
    assert (found.size, found.p, found.condition) == ("g(1)", "", "h(j) > 0")


@pytest.mark.parametrize(
    ("kwds", "error", "message"),
    [
        ({"j": "k for k in range(5)"}, IndexError, "j=3 outside allowed range from 0 to 2"),
        ({"j": "i + 5 if y_post > 0"}, IndexError, "post-synaptic variable"),
        ({"i": [0, 4], "j": 0}, IndexError, "Presynaptic index 4"),
        ({"j": "k for k in range(x_pre)"}, TypeError, "needs to be an integer"),
        ({"j": "k for k in range(j, 3)"}, ValueError, "not known yet"),
        ({"j": "k for k in sample(3, size=4)"}, IndexError, "cannot choose"),
        ({"j": "k for k in sample(3, size=-1)"}, IndexError, "has to be 0 or more"),
        ({"n": -1}, ValueError, "negative"),
        ({"n": 1.0}, TypeError, "number of synapses n has to be"),
        ({"p": [0.1]}, TypeError, "probability p has to be"),
        ({"condition": "nowhere > 1"}, KeyError, "nowhere"),
        ({"condition": 1}, TypeError, "connect\\(i=..., j=...\\)"),
    ],
)
def test_errors(kwds: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        connected(3, 3, **kwds)


def test_too_many_synapses() -> None:
    group = NeuronGroup(100_000, "x : 1")
    with pytest.raises(ValueError, match="2147483647"):
        Synapses(group, group).connect()


def test_a_seed_reproduces_connections() -> None:
    results = []
    for number in (7, 7, 8):
        seed(number)
        results.append(connected(30, 30, p=0.2))
    assert results[0] == results[1] != results[2]


def test_subgroups_and_groups_as_ends() -> None:
    group = NeuronGroup(10, "x : 1")
    group.x = "i"
    synapses = Synapses(group[2:6], group[5:])
    synapses.connect(condition="x_pre + 1 == x_post or i == j")
    pairs = [(i, j) for i in range(4) for j in range(5) if (i + 2) + 1 == j + 5 or i == j]
    assert list(zip(synapses.i[:].tolist(), synapses.j[:].tolist(), strict=True)) == pairs
    other = Synapses(group, group)
    other.connect(i=group[3:5], j=group[7:9])
    assert other.i[:].tolist() == [3, 4] and other.j[:].tolist() == [7, 8]


def test_sparse_matrices_and_graphs() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    matrix = sparse.csr_array(np.array([[0, 2.0, 0], [1.5, 0, 3.0]]))
    source, target = NeuronGroup(2, "x : 1"), NeuronGroup(3, "y : 1")
    synapses = Synapses(source, target, "w : 1")
    synapses.connect_sparse(matrix, "w")
    assert synapses.i[:].tolist() == [0, 1, 1] and synapses.j[:].tolist() == [1, 0, 2]
    assert synapses.w[:].tolist() == [2.0, 1.5, 3.0]
    assert np.array_equal(synapses.to_sparse("w").toarray(), matrix.toarray())
    synapses.connect_sparse(matrix.toarray())
    assert synapses.to_sparse().toarray().tolist() == [[0, 2, 0], [2, 0, 2]]
    with pytest.raises(ValueError, match="row for each source"):
        synapses.connect_sparse(matrix.T)


def test_graphs() -> None:
    networkx = pytest.importorskip("networkx")
    group = NeuronGroup(4, "x : 1")
    synapses = Synapses(group, group, "w : 1")
    graph = networkx.DiGraph([(2, 1), (0, 3)])
    graph[2][1]["w"] = 0.5
    synapses.connect_graph(graph, variable="w")
    assert synapses.i[:].tolist() == [0, 2] and synapses.w[:].tolist() == [1.0, 0.5]
    assert sorted(synapses.to_networkx(("w",)).edges(data="w")) == [(0, 3, 1.0), (2, 1, 0.5)]
    synapses.connect_graph(networkx.cycle_graph(4))
    assert len(synapses) == 2 + 8


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"i": [0, 1], "j": [1, 2]},
        {"condition": "i != j"},
        {"condition": True, "n": 2},
        {"condition": False},
        {"j": "i"},
        {"j": "k for k in range(i)"},
        {"p": 0},
    ],
)
def test_connecting_without_chance_takes_no_random_number(arguments):
    group = NeuronGroup(3, "x : 1")
    synapses = Synapses(group, group, "w : 1")
    np.random.seed(3)
    wanted = np.random.normal()
    np.random.seed(3)
    synapses.connect(**arguments)
    assert np.random.normal() == wanted


def test_a_text_without_chance_takes_no_random_number():
    group = NeuronGroup(200, "x : 1")
    synapses = Synapses(group, group, "w : 1")
    synapses.connect()
    np.random.seed(3)
    wanted = np.random.normal()
    np.random.seed(3)
    synapses.w = "i + j"
    assert np.random.normal() == wanted and synapses.w[199, 198] == 397


@pytest.mark.parametrize("more", [{}, {"p": 0.5}])
@pytest.mark.parametrize("ends", [([0, 1], [1, 2]), (0, 1), (np.arange(2), np.arange(2))])
def test_numbers_without_names_are_not_taken_for_a_condition(ends: Any, more: dict[str, float]) -> None:
    cells = NeuronGroup(3, "v : 1")
    synapses = Synapses(cells, cells)
    with pytest.raises(TypeError, match=r"based on indices, use connect\(i=..., j=...\)"):
        synapses.connect(*ends, **more)


@pytest.mark.parametrize("text", ["S.v = 3", "S.v_pre = 3", "S.v_post[:] = 1", "S.v['i == 1'] = 3", "S.q = 2",
                                  "S.set_states({'v': [1]})", "S.w = 1", "S.k = 1"])  # fmt: skip
def test_nothing_is_set_through_synapses_before_they_are_connected(text: str) -> None:
    cells = NeuronGroup(3, "v : 1\nq : 1 (shared)")
    synapses = Synapses(cells, cells, "w : 1\nk : 1 (shared)")
    with pytest.raises(TypeError, match=r"Cannot write to synaptic variable '\w+', you need to call connect"):
        exec(text, {"S": synapses})
    synapses.connect(i=[0], j=[1])
    exec(text, {"S": synapses})
