"""Reading and writing variables of synapses."""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from ranvier import (
    DimensionMismatchError,
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    Synapses,
    linked_var,
    ms,
    mV,
    start_scope,
    volt,
)
from ranvier.equations import EquationError


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    start_scope()
    yield


def some(**kwds: Any) -> tuple[NeuronGroup, NeuronGroup, Synapses]:
    """Two groups and all synapses between them."""
    source = NeuronGroup(4, "x : 1\nq = 2*x : 1", threshold="x > 100", reset="")
    target = NeuronGroup(3, "y : volt\nfree : 1")
    source.x = "10*i"
    target.y = "i*mV"
    synapses = Synapses(source, target, "w : 1\nu : volt\nk : integer\nb : boolean\ns : 1 (shared)\nz = w + x_pre : 1")
    synapses.connect(**kwds)
    return source, target, synapses


INDICES = [0, 2, -1, slice(None), slice(1, 3), slice(None, None, 2), slice(None, None, -1), [0, 2], np.array([1]), 7]


@pytest.mark.parametrize(("pre", "post"), list(itertools.product(INDICES, INDICES)), ids=str)
@pytest.mark.parametrize("form", [{}, {"i": [3, 1, 1, 0, 2, 1], "j": [0, 2, 1, 1, 0, 2]}], ids=["all", "some"])
def test_two_indices_find_all_combinations(form: dict[str, Any], pre: Any, post: Any) -> None:
    _, _, synapses = some(**form)
    synapses.w = "10*i + j"

    def chosen(index: Any, size: int) -> set[int]:
        if isinstance(index, slice):
            return set(range(size)[index])
        return set(np.atleast_1d(index).tolist())

    wanted = chosen(pre, 4), chosen(post, 3)
    pairs = zip(synapses.i[:].tolist(), synapses.j[:].tolist(), strict=True)
    assert synapses.w[pre, post].tolist() == [10 * i + j for i, j in pairs if i in wanted[0] and j in wanted[1]]


def test_names_of_the_groups() -> None:
    source, target, synapses = some()
    assert synapses.x_pre[:].tolist() == np.repeat([0, 10, 20, 30], 3).tolist()
    assert synapses.q_pre[1, :].tolist() == [20, 20, 20]
    assert (synapses.y_post[:] == synapses.y[:]).all() and (synapses.y["j == 2"] == 2 * mV).all()
    synapses.y_post = "w*mV + 7*mV"
    assert (target.y[:] == 7 * mV).all()
    synapses.x_pre[2, 1] = 5
    assert source.x[:].tolist() == [0, 10, 5, 30]
    assert synapses.N_pre == 4 and synapses.N_post == 3 and len(synapses) == 12 == synapses.N
    assert synapses.N_incoming_post.tolist() == [4] * 3 and synapses.N_outgoing_pre.tolist() == [3] * 4
    with pytest.raises(AttributeError):
        _ = synapses.nothing
    with pytest.raises(AttributeError):
        synapses.nothing = 3


def test_values_survive_more_synapses() -> None:
    _, _, synapses = some(i=0, j=1)
    synapses.w, synapses.s, synapses.k, synapses.b = 3, 5, 2, True
    synapses.connect(condition="i == j")
    assert synapses.w[:].tolist() == [3, 0, 0, 0] and synapses.s[:] == 5
    assert synapses.k[:].tolist() == [2, 0, 0, 0] and synapses.b[:].tolist() == [True, False, False, False]
    assert synapses.i[:].tolist() == [0, 0, 1, 2] and synapses.z[:].tolist() == [3, 0, 10, 20]


def test_texts_and_units() -> None:
    _, _, synapses = some()
    synapses.u = "y_post + 2*mV"
    assert (synapses.u["i == 1 and j == 2"] == 4 * mV).all()
    synapses.w["u > 3*mV"] = "x_pre + N_outgoing"
    assert synapses.w[:].tolist() == [0, 0, 3, 0, 0, 13, 0, 0, 23, 0, 0, 33]
    with pytest.raises(DimensionMismatchError):
        synapses.u = 3
    with pytest.raises(DimensionMismatchError):
        synapses.u = "w"
    with pytest.raises(ValueError, match="do not match"):
        synapses.w = [1, 2]
    for name in ("i", "j", "N", "z", "N_incoming"):
        with pytest.raises(TypeError):
            setattr(synapses, name, 1)
    with pytest.raises(TypeError):
        _ = synapses.w[0.5, 1]
    with pytest.raises(IndexError):
        _ = synapses.w[0, 0, 0]
    with pytest.raises(IndexError):
        _ = synapses.w[0, 0, 0, 0]


def test_parts_of_synapses() -> None:
    _, _, synapses = some()
    synapses.w = "10*i + j"
    part = synapses[1, 1:]
    assert len(part) == 2 and synapses.w[part].tolist() == [11, 12] and "2 indices" in repr(part)
    assert synapses.w[synapses[3]] == 10 and "1 indices" in repr(synapses[3])
    with pytest.raises(TypeError):
        len(synapses[3])
    _, _, others = some()
    with pytest.raises(TypeError):
        _ = others.w[part]
    synapses.connect(i=0, j=0)
    with pytest.raises(RuntimeError):
        _ = synapses.w[part]


def test_nothing_is_set_before_connect() -> None:
    group = NeuronGroup(2, "v : volt", threshold="v > 1*volt", reset="")
    synapses = Synapses(group, group, "w : 1", on_pre="v += w*volt")
    for action in (
        lambda: setattr(synapses, "w", 1),
        lambda: synapses.w.__setitem__(slice(None), "1"),
        lambda: setattr(synapses, "delay", 1 * ms),
        lambda: setattr(synapses.pre, "delay", 1 * ms),
        lambda: setattr(synapses, "v_post", 3 * volt),
    ):
        with pytest.raises(TypeError, match="connect"):
            action()
    assert synapses.w[:].size == 0
    synapses.connect(False)
    synapses.w = 1


@pytest.mark.parametrize(
    ("model", "error"),
    [
        ("x : 1", ValueError),
        ("y : volt", ValueError),
        ("a_pre : 1", ValueError),
        ("delay : second", SyntaxError),
        ("j : integer", SyntaxError),
        ("N_incoming : 1", SyntaxError),
        ("a = 1 : 1 (summed)", ValueError),
        ("x_pre = 1 : 1 (summed, constant over dt)", ValueError),
        ("da/dt = 1/second : 1 (event-driven, clock-driven)", ValueError),
        ("da/dt = 1/second : 1 (unless refractory)", ValueError),
        ("free_post = 1 : 1 (summed)\nfree_pre = 1 : 1 (summed)", ValueError),
        ("a = x_pre : 1 (shared)", SyntaxError),
        ("da/dt = -a/second : 1 (event-driven)\nlastupdate : second", EquationError),
        ("da/dt = -a/second : 1 (event-driven)\nb = a : 1\ndc/dt = b/second : 1 (clock-driven)", EquationError),
        (3, TypeError),
    ],
)
def test_wrong_models(model: Any, error: type[Exception]) -> None:
    source, target = NeuronGroup(2, "x : 1"), NeuronGroup(2, "y : volt\nfree : 1")
    with pytest.raises(error):
        Synapses(source, target, model)


def test_links() -> None:
    source, target = NeuronGroup(3, "x : 1"), NeuronGroup(2, "y : 1")
    synapses = Synapses(source, target, "link : 1 (linked)")
    synapses.connect()
    source.x = "i + 1"
    synapses.link = linked_var(source, "x", index="i")
    assert synapses.link[:].tolist() == [1, 1, 2, 2, 3, 3]
    synapses.connect(i=2, j=0)
    assert synapses.link[:].tolist() == [1, 1, 2, 2, 3, 3, 3]
    with pytest.raises(TypeError):
        synapses.x_pre = linked_var(source, "x")


def test_states_contain_what_synapses_know() -> None:
    _, _, synapses = some(i=[0, 3], j=[1, 2])
    synapses.w = [1, 2]
    states = synapses.get_states(units=False)
    assert {"i", "j", "w", "x_pre", "y_post", "y", "N", "t", "N_incoming"} <= set(states)
    assert states["x_pre"].tolist() == [0, 30]
    synapses.set_states({"w": [5, 6]})
    assert synapses.w[:].tolist() == [5, 6]


def test_states_of_synapses_from_a_spike_generator():
    generator = SpikeGeneratorGroup(2, [0], [1] * ms)
    group = NeuronGroup(2, "v : 1")
    for source, target in ((generator, group), (group, generator), (generator[:1], group)):
        synapses = Synapses(source, target, "w : 1")
        synapses.connect(i=0, j=0)
        synapses.w = 3
        assert list(synapses.get_states(read_only_variables=False)["w"]) == [3]
        states = synapses.get_states()
        assert not {name for name in states if name.startswith("spike_")} and "N_pre" in states


@pytest.mark.parametrize("order", ["by source", "by target", "mixed"])
def test_the_synapses_of_two_neurons(order: str) -> None:
    """A pair is looked up in another way for each order in which synapses were made."""
    rng = np.random.default_rng(4)
    neurons = NeuronGroup(9, "v : 1")
    synapses = Synapses(neurons, neurons, "w : 1")
    for k in range(9):
        others = rng.integers(0, 9, 6)
        others = others if order == "mixed" else np.sort(others)
        if order == "by source":
            synapses.connect(i=k, j=others)
        else:
            synapses.connect(i=others, j=k if order == "by target" else 8 - others)
        pairs = itertools.product([*range(9), 9, -1, 10**6], [*range(9), np.int32(3), -1, 10**6])
        for i, j in pairs:
            expected = np.flatnonzero((synapses.i[:] == i) & (synapses.j[:] == j))
            assert list(synapses.elements((i, j))) == list(expected), (i, j)
    synapses.w[int(synapses.i[7]), int(synapses.j[7])] = 3
    assert synapses.w[7] == 3


def test_setting_pairs_one_by_one_does_not_look_at_all_synapses() -> None:
    neurons = NeuronGroup(300, "v : 1")
    synapses = Synapses(neurons, neurons, "w : 1")
    for k in range(2):
        synapses.connect(i=[0, 5], j=k)
    targets = synapses.connections.targets
    assert targets.is_sorted and synapses.connections.sources.pointers is None
    synapses.connect(i=[1, 2], j=[7, 9])
    assert targets._sorted and targets.range_of(1) == (2, 4) and targets.range_of(7) == (4, 5)
    synapses.connect(i=3, j=8)
    assert not targets.is_sorted


def test_numbers_of_synapses_of_a_pair_that_are_made_little_by_little():
    """Each `connect` numbers what it adds, after what there is of the same pairs; `restore` goes back."""
    rng = np.random.default_rng(2)
    for stored in (False, True):
        cells = NeuronGroup(6, "v : 1", threshold="v > 1", reset="")
        synapses = Synapses(cells, cells, "w : 1", on_pre="v += w", multisynaptic_index="k")
        network = Network(cells, synapses)
        for step in range(12):
            i, j = rng.integers(0, 6, (2, 5))
            if step % 4 == 0:
                synapses.connect("i <= j")
            elif step % 4 == 1:
                synapses.connect(i=i, j=int(j[0]))
            else:
                synapses.connect(i=i, j=j, n=step % 4 - 1)
            if stored and step == 3:
                network.store()
            if stored and step == 6:
                network.restore()
            pairs = list(zip(synapses.i[:], synapses.j[:], strict=True))
            assert list(synapses.k[:]) == [pairs[:place].count(pair) for place, pair in enumerate(pairs)]
