"""Links to a group of one element, which are shared values; what may be linked, and by which indices."""

from __future__ import annotations

import numpy as np
import pytest

from ranvier import BrianObjectException, Network, NeuronGroup, StateMonitor, Synapses, linked_var, ms, mV, volt


def one_and_many(count: int = 4, **arguments: str) -> tuple[NeuronGroup, NeuronGroup]:
    one = NeuronGroup(1, "x : volt\ndouble = 2*x : volt")
    many = NeuronGroup(count, "z : volt (linked)\nd : volt (linked)\ny : volt\nB = z + d : volt (shared)", **arguments)
    one.x = 3 * mV
    many.z, many.d = linked_var(one, "x"), linked_var(one, "double")
    return one, many


def test_a_link_to_one_element_is_a_shared_value() -> None:
    one, many = one_and_many()
    assert many.z[:] == 3 * mV and np.ndim(many.z[:]) == 0
    assert many.d[:] == 6 * mV and many.B[:] == 9 * mV
    assert np.ndim(many.get_states(["z"])["z"]) == 0
    assert many[:2].z == many.z
    with pytest.raises(TypeError):
        len(many.z)
    assert many.z[1] == 3 * mV and many.z_[[0, 3]].tolist() == [0.003, 0.003]
    many.y = "z + i*mV"
    assert many.y_[:].tolist() == pytest.approx([0.003, 0.004, 0.005, 0.006])
    one.x = 1 * mV
    assert many.z[:] == 1 * mV


def test_it_is_recorded_for_each_neuron_and_used_in_code() -> None:
    one, many = one_and_many()
    many.run_regularly("z += 1*mV; y = z + B", when="end")
    monitor = StateMonitor(many, ["z", "B"], record=[0, 3])
    Network(one, many, monitor).run(0.2 * ms)
    assert one.x[0] == 5 * mV
    np.testing.assert_allclose(monitor.z / mV, [[3, 4], [3, 4]])
    np.testing.assert_allclose(monitor.B / mV, [[9, 12], [9, 12]])
    np.testing.assert_allclose(many.y / mV, [20, 20, 20, 20])


def test_what_happens_to_some_neurons_cannot_change_it() -> None:
    one, many = one_and_many(2, threshold="y > 1*mV", reset="y = 0*mV; z += 1*mV")
    with pytest.raises(BrianObjectException) as caught:
        Network(one, many).run(0.1 * ms)
    assert isinstance(caught.value.__cause__, SyntaxError)


def test_one_may_change_one() -> None:
    one = NeuronGroup(1, "x : 1")
    other = NeuronGroup(1, "z : 1 (linked)", threshold="True", reset="z += 1")
    other.z = linked_var(one, "x")
    Network(one, other).run(0.3 * ms)
    assert one.x[0] == 3


def test_synapses_share_one_value_however_many_they_become() -> None:
    one, cells = NeuronGroup(1, "x : 1"), NeuronGroup(3, "y : 1", threshold="True", reset="")
    one.x = 2
    synapses = Synapses(cells, cells, "x : 1 (linked)", on_pre="y_post += x")
    synapses.x = linked_var(one, "x")
    synapses.connect(j="i")
    synapses.connect(i=0, j=2)
    Network(one, cells, synapses).run(0.1 * ms)
    assert cells.y[:].tolist() == [2, 2, 4]


def test_shared_subexpressions_over_links_and_ends() -> None:
    cells = NeuronGroup(3, "v : 1\nq : 1 (shared)", threshold="True", reset="")
    cells.q = 5
    synapses = Synapses(
        cells, cells, "s : 1 (shared)\nr = q_post + s : 1 (shared)\nn = r*N_pre + N_post : 1 (shared)", on_pre="v += r"
    )
    synapses.connect(j="i")
    synapses.s = 1
    Network(cells, synapses).run(0.1 * ms)
    assert synapses.r[:] == 6 and synapses.n[:] == 21 and cells.v[:].tolist() == [6, 6, 6]
    for wrong in ("v_pre", "v", "i", "j"):
        with pytest.raises(SyntaxError, match=f"refers to non-shared variable '{wrong}'"):
            Synapses(cells, cells, f"r = {wrong} + 1 : 1 (shared)")


def test_a_shared_subexpression_needs_a_link_to_one_value() -> None:
    several = NeuronGroup(3, "x : 1")
    group = NeuronGroup(3, "x : 1 (linked)\nB = x + 1 : 1 (shared)")
    group.x = linked_var(several, "x")
    with pytest.raises(BrianObjectException) as caught:
        Network(several, group).run(0.1 * ms)
    assert isinstance(caught.value.__cause__, SyntaxError)


def test_variables_of_synapses_cannot_be_linked_to() -> None:
    cells = NeuronGroup(3, "x : 1")
    synapses = Synapses(cells, cells, "w : 1")
    synapses.connect(j="i")
    with pytest.raises(NotImplementedError, match="fixed size"):
        linked_var(synapses, "w")
    with pytest.raises(NotImplementedError, match="fixed size"):
        linked_var(synapses.w)


def test_synapses_are_linked_by_names_only() -> None:
    cells = NeuronGroup(3, "x : 1\ny : integer")
    synapses = Synapses(cells, cells, "q : 1 (linked)\nk : integer")
    synapses.connect(j="i")
    for index in (np.arange(3), None):
        with pytest.raises(TypeError, match="index='j'"):
            synapses.q = linked_var(cells, "x", index=index)
    with pytest.raises(ValueError, match="should use the default index itself"):
        synapses.q = linked_var(cells, "x", index="y_post")
    cells.x = "10*i"
    synapses.q = linked_var(cells, "x", index="j")
    synapses.connect(i=0, j=2)
    assert synapses.q[:].tolist() == [0, 10, 20, 20]


def test_names_of_indices() -> None:
    source, group = NeuronGroup(3, "x : 1"), NeuronGroup(3, "q : 1 (linked)\ns : integer (shared)\nf : 1")
    source.x = "10*i"
    group.q = linked_var(source, "x", index="i")
    assert group.q[:].tolist() == [0, 10, 20]
    for index, kind in (("nothing", ValueError), ("f", TypeError), ("s", ValueError)):
        with pytest.raises(kind, match=index):
            group.q = linked_var(source, "x", index=index)
    with pytest.raises(ValueError, match="only 2 elements"):
        group.q = linked_var(NeuronGroup(2, "x : 1"), "x", index="i")
    assert group.q.unit == volt / volt
