"""Reading and writing variables of groups: the forms that Brian accepts, and the errors it raises."""

import numpy
import pytest

from ranvier import (
    BinomialFunction,
    DimensionMismatchError,
    Network,
    NeuronGroup,
    Quantity,
    StateMonitor,
    Synapses,
    mean,
    ms,
    mV,
    mvolt,
    volt,
)

MODEL = """
v : volt
k : integer
s : volt (shared)
w : 1 (constant)
x = 2*v : volt
b : boolean
f : 1
q = kk*v : volt
"""


@pytest.fixture
def group():
    group = NeuronGroup(4, MODEL, name="viewed*")
    group.v = [1, 2, 3, 4] * mV
    return group


def test_reading(group):
    assert repr(group.v) == f"<{group.name}.v: array([1., 2., 3., 4.]) * mvolt>"
    assert repr(group.v_) == f"<{group.name}.v_: array([0.001, 0.002, 0.003, 0.004])>"
    assert repr(group.s) == f"<{group.name}.s: 0. * volt>"
    assert "refers to external parameters" in repr(group.q)
    assert isinstance(group.v[0], Quantity) and group.v[0] == 1 * mV
    assert group.k.dtype == numpy.int32 and group.b.dtype == numpy.bool_
    assert group.v.shape == (4,) and group.s.shape == (1,) and len(group.v) == 4
    assert group.v.unit == volt and group.v.dim is volt.dim and group.v_.dim.is_dimensionless
    assert group.N == 4 and len(group) == 4
    assert list(group.i) == [0, 1, 2, 3]
    assert group.t[:] == group.clock.t and group.dt[:] == 0.1 * ms
    kk = 3
    assert group.q[1] == kk * 2 * mV


@pytest.mark.parametrize(
    ("item", "values"),
    [
        (slice(None), [1, 2, 3, 4]),
        (slice(1, 3), [2, 3]),
        (slice(None, None, 2), [1, 3]),
        ([0, 3], [1, 4]),
        (numpy.array([True, False, True, False]), [1, 3]),
        ("i > 1", [3, 4]),
        ("v > 1.5*mV and i != 2", [2, 4]),
        ([], []),
        (-1, 4),
    ],
)
def test_items(group, item, values):
    numpy.testing.assert_allclose(group.v[item] / mV, values)
    numpy.testing.assert_allclose(group.x_[item] * 500, values)


@pytest.mark.parametrize(
    ("item", "error"),
    [
        (10, IndexError),
        (1.0, TypeError),
        ((0, 1), IndexError),
        ("v", DimensionMismatchError),
        ("f", TypeError),
        ("nothing > 1", KeyError),
    ],
)
def test_wrong_items(group, item, error):
    with pytest.raises(error):
        group.v[item]


@pytest.mark.parametrize(
    ("statement", "values"),
    [
        ("G.v = 0", [0, 0, 0, 0]),
        ("G.v = numpy.zeros(4)", [0, 0, 0, 0]),
        ("G.v = [4, 3, 2, 1]*mV", [4, 3, 2, 1]),
        ("G.v[:2] = [7, 8]*mV", [7, 8, 3, 4]),
        ("G.v[[0, 3]] = 5*mV", [5, 2, 3, 5]),
        ("G.v['i > 1'] = 'i*10*mV'", [1, 2, 20, 30]),
        ("G.v['v > 2*mV'] = 0*mV", [1, 2, 0, 0]),
        ("G.v[numpy.array([True, False, True, False])] = 9*mV", [9, 2, 9, 4]),
        ("G.v += 1*mV", [2, 3, 4, 5]),
        ("G.v -= G.v", [0, 0, 0, 0]),
        ("G.v *= 2", [2, 4, 6, 8]),
        ("G.v /= 2", [0.5, 1, 1.5, 2]),
        ("G.v_ = 0.003", [3, 3, 3, 3]),
        ("G.v_[0] = 0.007", [7, 2, 3, 4]),
        ("G.v = G.x", [2, 4, 6, 8]),
        ("G.v = 'x + s'", [2, 4, 6, 8]),
        ("G.v = 'int(i > 1)*mV'", [0, 0, 1, 1]),
        ("G.v = 'N*mV'", [4, 4, 4, 4]),
        ("G.v = 'dt*volt/second'", [0.1, 0.1, 0.1, 0.1]),
        ("G.v = 'outside*i'", [0, 5, 10, 15]),
        ("G.v = [1*mV, 2*mV, 3*mV, 5*mV]", [1, 2, 3, 5]),
        ("G.v[G[1:3]] = 0*mV", [1, 0, 0, 4]),
    ],
)
def test_writing(group, statement, values):
    exec(statement, {"G": group, "mV": mV, "numpy": numpy, "outside": 5 * mV})
    numpy.testing.assert_allclose(group.v / mV, values, atol=1e-15)


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("G.v = 3", DimensionMismatchError),
        ("G.v = '3'", DimensionMismatchError),
        ("G.v = [0, 0, 0, 1]", DimensionMismatchError),
        ("G.v = [1, 2]*mV", ValueError),
        ("G.v[1:3] = [1, 2, 3]*mV", ValueError),
        ("G.v += 1", DimensionMismatchError),
        ("G.v *= 1*mV", DimensionMismatchError),
        ("G.v += '1*mV'", TypeError),
        ("G.v['i > 1'] = [1, 2]*mV", TypeError),
        ("G.v[10] = 1*mV", IndexError),
        ("G.v = 'unknown*mV'", KeyError),
        ("G.v = None", TypeError),
        ("G.x = 3*mV", TypeError),
        ("G.i = 3", TypeError),
        ("G.N = 3", TypeError),
        ("G.t = 1*ms", TypeError),
        ("G.vv = 1", AttributeError),
        ("G.s = 'i*mV'", SyntaxError),
        ("G.s[0] = 1*mV", IndexError),
        ("G.s['i > 1'] = 1*mV", IndexError),
        ("G.s = [1, 2]*mV", ValueError),
        ("G.name = 'other'", AttributeError),
    ],
)
def test_refused_writes(group, statement, error):
    before = numpy.array(group.v_)
    with pytest.raises(error):
        exec(statement, {"G": group, "mV": mV, "ms": ms})
    numpy.testing.assert_array_equal(group.v_[:], before)


def test_conversions_between_types(group):
    group.k = 1.7
    group.b = 2.5
    group.f = "i > 1"
    assert list(group.k) == [1] * 4 and list(group.b) == [True] * 4 and list(group.f) == [0, 0, 1, 1]
    group.k = "-i*1.9"
    assert list(group.k) == [0, -1, -3, -5]


def test_arithmetic(group):
    assert mean(group.v) == 2.5 * mV
    numpy.testing.assert_allclose((group.v + 1 * mV) / mV, [2, 3, 4, 5])
    numpy.testing.assert_allclose((mvolt * group.v) / mV**2, [1, 2, 3, 4])
    numpy.testing.assert_allclose(numpy.asarray(2 * group.v_), [0.002, 0.004, 0.006, 0.008])
    assert list(group.v > 2 * mV) == [False, False, True, True]
    assert (-group.v)[0] == -1 * mV and abs(-group.v[0]) == 1 * mV
    assert numpy.exp(group.f).tolist() == [1.0] * 4
    with pytest.raises(DimensionMismatchError):
        group.v + 1
    assert {group.v: 3}  # views are keys, e.g. of run_args


def test_functions_of_numpy(group):
    joined = numpy.concatenate([group.v, group.x])
    assert joined.shape == (8,) and numpy.stack((group.v_, group.v_)).shape == (2, 4)
    assert numpy.sum(group.v) == 10 * mV and numpy.clip(group.v, 2 * mV, 3 * mV)[0] == 2 * mV
    assert max(group.v) == 4 * mV and sorted(group.v)[0] == 1 * mV
    numpy.testing.assert_allclose(numpy.where(group.v > 2 * mV, 1, 0), [0, 0, 1, 1])


def test_values_read_are_copies(group):
    group.v[1:][0] = 100 * mV
    group.v["i > 0"][0] = 100 * mV
    group.v[numpy.array([1, 2])][0] = 100 * mV
    group[1:].v[:][0] = 100 * mV
    numpy.asarray(group.v)[1] = 0.1
    group.i[:][1] = 7
    assert group.v[1] == 2 * mV and group.i[1] == 1


def test_all_values_are_the_memory(group):
    """As in Brian: scripts normalise weights by `synapses.w[:][condition] = ...`."""
    values, plain = group.v[:], group.v_[:]
    values[0] = 100 * mV
    group.v[:][group.v[:] > 3.5 * mV] = 7 * mV
    values *= 2
    assert group.v[0] == 14 * mV and group.v[3] == 14 * mV and plain.tolist() == [0.014, 0.004, 0.006, 0.014]
    group.v = 1 * mV
    assert values[2] == 1 * mV and group.v[:] is not values


def test_all_values_change_with_a_run():
    neurons = NeuronGroup(2, "dv/dt = 1/second : 1")
    values, before = neurons.v[:], numpy.array(neurons.v)
    Network(neurons).run(1 * ms)
    assert numpy.array_equal(values, neurons.v) and values[0] > 0 and not before.any()


def test_equal_values_of_synapses_need_no_memory_again():
    neurons = NeuronGroup(50, "v : 1", threshold="v > 1", reset="v = 0")
    synapses = Synapses(neurons, neurons, "w : 1\ng : volt", on_pre="v_post += w")
    synapses.connect()
    synapses.w, synapses.g = 0.5, 2 * mV
    weights, plain = synapses.variables["w"].storage, synapses.variables["g"].storage
    values, amounts = synapses.w[:], synapses.g[:]
    assert weights.uniform is None and plain.uniform is None
    values[3] = 0.5
    del values, amounts
    assert weights.uniform == 0.5 and not weights.is_made and plain.uniform == 0.002
    synapses.w[:][synapses.j[:] < 10] = 0
    assert weights.uniform is None and synapses.w[:].sum() == 0.5 * 50 * 40


def test_states(group):
    states = group.get_states(["v", "k"], units=False)
    numpy.testing.assert_allclose(states["v"], [0.001, 0.002, 0.003, 0.004])
    assert set(group.get_states(read_only_variables=False)) == {"v", "k", "s", "w", "b", "f"}
    assert "x" in group.get_states(["x"], subexpressions=True)
    group.set_states({"v": [4, 3, 2, 1] * mV, "s": 2 * mV})
    assert group.v[0] == 4 * mV and group.s[:] == 2 * mV
    for values, error in (({"nope": 1}, KeyError), ({"i": [0, 1, 2, 3]}, TypeError), ({"N": 3}, TypeError)):
        with pytest.raises(error):
            group.set_states(values)
    with pytest.raises(NotImplementedError):
        group.get_states(format="nothing")


def test_states_as_pandas_table(group):
    pytest.importorskip("pandas")
    table = group.get_states(["v", "s"], units=False, format="pandas")
    assert list(table.columns) == ["v", "s"] and len(table) == 4
    table["v"] *= 2
    group.set_states(table[["v"]], units=False, format="pandas")
    assert group.v[3] == 8 * mV


def test_further_attributes_are_announced(group):
    with pytest.raises(AttributeError, match="add_attribute"):
        group.note = 3
    group.add_attribute("note")
    group.note = 3
    assert group.note == 3
    with pytest.raises(AttributeError, match="run_regularly"):
        group.custom_operation("v = 1*mV")


def test_subgroups_see_their_own_numbers(group):
    part = group[1:3]
    assert repr(part) == f"<Subgroup '{part.name}' of '{group.name}' from 1 to 3>"
    part.v = "i*10*mV + N*mV"
    numpy.testing.assert_allclose(group.v / mV, [1, 2, 12, 4])
    numpy.testing.assert_allclose(part.x / mV, [4, 24])
    part.v["i == 1"] = 0 * mV
    numpy.testing.assert_allclose(group.v / mV, [1, 2, 0, 4])
    group[2:4].v["i == 0"] = 7 * mV  # of a group that nobody else holds
    assert group.v[2] == 7 * mV
    assert part[1:].start == 2 and group[-2:].start == 2 and group[[1, 2]].stop == 3 and group[1:100].N == 3


@pytest.mark.parametrize(
    ("item", "error"),
    [
        (slice(None, None, 2), IndexError),
        (slice(2, 2), IndexError),
        (-1, IndexError),
        ([1, 3], IndexError),
        ([], IndexError),
        (7, IndexError),
        ("i > 1", TypeError),
        (1.5, TypeError),
    ],
)
def test_subgroups_are_contiguous(group, item, error):
    with pytest.raises(error):
        group[item]


def test_single_precision():
    group = NeuronGroup(2, "dv/dt = -v/ms : 1\nk : integer", dtype=numpy.float32, threshold="v > 1", refractory=1 * ms)
    assert group.v.dtype == numpy.float32 and group.lastspike.dtype == numpy.float64 and group.single_precision
    with pytest.raises(TypeError, match="floating point"):
        NeuronGroup(2, "v : 1", dtype=numpy.int32)
    assert NeuronGroup(2, "v : 1\nk : integer", dtype={"k": numpy.int64}).k.dtype == numpy.int64


def test_indices_of_a_part_are_numbers_in_the_whole_group(group):
    part = group[1:4]
    assert list(part.indices[:]) == [1, 2, 3] and list(part.i[:]) == [0, 1, 2]
    assert list(part[1:].indices[:]) == [2, 3] and list(part[1:].indices["i > 0"]) == [3]
    assert part.indices[1] == 2 and isinstance(part.indices[1], numpy.integer)
    assert list(part.indices[[0, 2]]) == [1, 3] and list(part.indices["v > 2.5*mV"]) == [2, 3]
    assert list(group.v[part.indices[:]]) == list(part.v[:])
    assert list(StateMonitor(group, "v", record=part.indices[:]).record) == [1, 2, 3]
    synapses = Synapses(group, group)
    synapses.connect(i=part.indices[:], j=0)
    assert list(synapses.i[:]) == [1, 2, 3]


@pytest.mark.parametrize("item", [slice(None), slice(0, 4), [0, 1, 2, 3]])
@pytest.mark.parametrize("shape", [(2, 2), (4, 1), (1, 2, 2), (2, 4)])
def test_values_in_rows_and_columns_are_refused(group, shape, item):
    with pytest.raises(ValueError, match=r"could not broadcast input array from shape \(.*\) into shape \(4,\): 'v'"):
        group.v[item] = numpy.ones(shape) * mV
    assert (group.v[:] == [1, 2, 3, 4] * mV).all()


def test_one_row_of_values_is_taken(group):
    group.v = numpy.array([[5, 6, 7, 8]]) * mV
    assert (group.v[:] == [5, 6, 7, 8] * mV).all()
    group.v[1:3] = numpy.array([[1]]) * mV
    assert (group.v[:] == [5, 1, 1, 8] * mV).all()


def test_a_matrix_is_no_value_of_synapses(group):
    synapses = Synapses(group, group, "weight : 1")
    synapses.connect()
    matrix = numpy.arange(16.0).reshape(4, 4)
    with pytest.raises(ValueError, match=r"could not broadcast .* give W\[S.i, S.j\]"):
        synapses.weight = matrix
    synapses.weight = matrix[synapses.i, synapses.j]
    assert list(synapses.weight[:]) == list(range(16))


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (float("nan"), ValueError, "cannot convert float NaN to integer: 'k' of"),
        ([1, 2, float("nan"), 3], ValueError, "cannot convert float NaN to integer"),
        (float("-inf"), OverflowError, "cannot convert float infinity to integer"),
        (1e10, OverflowError, "10000000000.0 is out of bounds: 'k' of"),
        ("2**40", OverflowError, "1099511627776 is out of bounds"),
        ("f/f", ValueError, "cannot convert float NaN to integer"),
        (2**31, OverflowError, "2147483648 is out of bounds"),
        (numpy.array([0, 0, 0, -(2**40)]), OverflowError, "-1099511627776 is out of bounds"),
        (2**70, OverflowError, "too large"),
    ],
)
def test_what_an_integer_variable_cannot_hold_is_refused(group, value, error, text):
    group.k = 7
    with pytest.raises(error, match=text):
        group.k = value
    with pytest.raises(error, match=text):
        group.k[:4] = value
    assert list(group.k) == [7, 7, 7, 7]


def test_an_integer_variable_takes_what_it_can_hold(group):
    for value in (2**31 - 1, -(2**31), True, 2.7, -2.7, "2**31 - 1"):
        group.k = value
        assert group.k[0] == int(eval(value) if isinstance(value, str) else value)


def test_complex_numbers_are_refused(group):
    with pytest.raises(TypeError, match=r"'f' of .* takes real numbers, not complex ones as 1j"):
        group.f = 1j


def test_a_text_of_whole_numbers_means_elements(group):
    group.k = [3, 2, 1, 0]
    assert list(group.v_["k"]) == list(group.v_[[3, 2, 1, 0]]) and list(group.v_["i"]) == list(group.v_[:])
    assert group.v["1"] == 2 * mV and list(group.v["k > 1"]) == [1 * mV, 2 * mV]
    group.f["k//2"] = 5
    assert list(group.f) == [5, 5, 0, 0]
    with pytest.raises(IndexError, match="has 4 elements, numbered from 0: index 4"):
        group.v["k + 1"]
    synapses = Synapses(group, group, "weight : 1")
    synapses.connect(i=[0, 1, 2], j=[1, 2, 0])
    synapses.weight = "10*i"
    assert list(synapses.weight["j"]) == [10, 20, 0]


def test_numpy_keeps_the_unit_of_a_view_where_it_keeps_subclasses(group):
    for array in (numpy.asanyarray(group.v), numpy.array(group.v, subok=True)):
        assert isinstance(array, Quantity) and array[1] == 2 * mV
    for array in (numpy.asarray(group.v), numpy.array(group.v), numpy.asanyarray(group.v_)):
        assert type(array) is numpy.ndarray and array[1] == 0.002
    numpy.testing.assert_allclose(group.v, [1, 2, 3, 4] * mV)
    numpy.testing.assert_array_equal([1, 2, 3, 4] * mV, group.v)
    numpy.testing.assert_equal(group.s, 0 * mV)


def test_binomial_functions_may_be_used_in_every_text(group):
    group.namespace.update(
        five=BinomialFunction(5, 1.0), two=BinomialFunction(2, 1.0), many=BinomialFunction(1000, 0.5)
    )
    group.f = "five() + two()"
    assert list(group.f) == [7] * 4
    assert list(group.v_["five() > 3"]) == list(group.v_) and not len(group.v_["five() < 3"])
    group.f = "many()"
    assert (group.f > 300).all() and (group.f < 700).all()
    synapses = Synapses(group, group, "weight : 1", namespace=group.namespace)
    synapses.connect("five() > 3")
    synapses.weight = "five()"
    assert len(synapses) == 16 and set(synapses.weight) == {5}


def test_names_are_those_of_the_script_also_where_a_library_asks():
    import statistics

    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("agg")
    c = 2
    group = NeuronGroup(2, "s = c + v : 1\nv : 1")
    group.v = [1, 2]
    for values in (pyplot.plot(group.s)[0].get_ydata(), list(group.s), [statistics.mean(group.s)] * 2):
        assert list(values) in ([3, 4], [3.5, 3.5])
    assert c == 2
    pyplot.close("all")


def test_members_of_views_that_devices_of_brian_use():
    group = NeuronGroup(3, "s = 2*v : 1\nv : 1")
    group.v = "i"
    assert list(group.v.get_with_expression("i > k", {"k": 0})) == [1, 2]
    assert list(group.v.get_with_index_array([2])) == [2]
    assert list(group.s.get_subexpression_with_index_array([2], {})) == [4]
    group.check_variable_write(group.variables["v"])


def test_views_are_columns_of_tables() -> None:
    polars, pyarrow = pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    group = NeuronGroup(3, "v : volt\nk : integer", name="cells")
    group.v, group.k = [1, 2, 3] * mV, "i + 1"
    frame = polars.DataFrame({"v": group.v, "k": group.k, "i": group.i})
    assert frame["k"].to_list() == [1, 2, 3] and frame["i"].to_list() == [0, 1, 2]
    assert frame["v"].to_list() == [0.001, 0.002, 0.003]
    assert pyarrow.array(group.k).to_pylist() == [1, 2, 3]
