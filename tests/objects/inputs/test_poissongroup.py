"""Poisson groups and inputs: distributions, rates that change, protection, what is refused."""

import numpy as np
import pytest
from scipy import stats

from ranvier import (
    BinomialFunction,
    BrianObjectException,
    DimensionMismatchError,
    Function,
    Hz,
    MagicError,
    Network,
    NeuronGroup,
    PoissonGroup,
    PoissonInput,
    SpikeMonitor,
    StateMonitor,
    TimedArray,
    defaultclock,
    kHz,
    ms,
    mV,
    run,
    seed,
    start_scope,
    volt,
)


@pytest.fixture(autouse=True)
def fresh():
    start_scope()
    defaultclock.dt = 0.1 * ms
    seed(20240607)
    yield
    defaultclock.dt = 0.1 * ms


# ------------------------------------------------------------------ groups


def test_spikes_come_at_the_rates():
    group = PoissonGroup(2000, rates=np.repeat([20.0, 200.0], 1000) * Hz)
    monitor = SpikeMonitor(group)
    Network(group, monitor).run(200 * ms)
    low, high = monitor.count[:1000], monitor.count[1000:]
    assert abs(low.sum() - 4000) < 5 * np.sqrt(4000)
    assert abs(high.sum() - 40000) < 5 * np.sqrt(40000)
    assert abs(high.var() / high.mean() - 0.98) < 0.25  # binomial: 1 - rate*dt
    steps, counts = np.unique(np.rint(monitor.t_[:] / 1e-4), return_counts=True)
    assert len(steps) > 1990 and abs(counts.var() / counts.mean() - 1) < 0.2


def test_rates_that_are_certain():
    group = PoissonGroup(3, rates=[0, 10, 20] * kHz)
    monitor = SpikeMonitor(group)
    Network(group, monitor).run(1 * ms)
    assert monitor.count[:].tolist() == [0, 10, 10]


def test_rates_as_text_follow_time_index_and_names():
    certain = TimedArray([[0, 1, 0], [1, 0, 0]], dt=0.5 * ms)
    group = PoissonGroup(3, rates="certain(t, i)*top + 0*offset", namespace={"certain": certain, "top": 10 * kHz})
    monitor = SpikeMonitor(group)
    Network(group, monitor).run(1 * ms, namespace={"offset": 3 * Hz})
    assert monitor.i[:].tolist() == [1] * 5 + [0] * 5
    np.testing.assert_allclose(monitor.t_[:], np.arange(10) * 1e-4)


def test_rates_can_be_set_and_changed_during_a_run():
    group = PoissonGroup(4, rates=0 * Hz)
    group.rates = "(i % 2)*10*kHz"
    group.run_regularly("rates = 10*kHz - rates", dt=0.5 * ms)
    monitor, record = SpikeMonitor(group), StateMonitor(group, "rates", record=True)
    Network(group, monitor, record).run(1 * ms)
    assert monitor.count[:].tolist() == [5] * 4
    assert monitor.i[:2].tolist() == [0, 2] and monitor.i[-2:].tolist() == [1, 3]
    assert (record.rates[0] / kHz).tolist() == [10] * 5 + [0] * 5


def test_parts_of_a_group():
    group = PoissonGroup(5, rates="i*10*kHz", name="whole")
    part = group[1:3]
    monitor = SpikeMonitor(part)
    Network(group, monitor).run(0.3 * ms)
    assert monitor.count[:].tolist() == [3, 3]
    assert (part.rates[:] / kHz).tolist() == [10, 20]
    assert repr(part) == "<Subgroup 'whole_subgroup' of 'whole' from 1 to 3>"
    assert part.spikes.tolist() == [0, 1] and group.spikes.tolist() == [1, 2, 3, 4]


def test_what_a_group_shows():
    group = PoissonGroup(3, rates=10 * Hz, order=2, name="shown")
    drawing = group.thresholder["spike"]
    assert (drawing.name, drawing.when, drawing.order) == ("shown_spike_thresholder", "thresholds", 2)
    assert group.contained_objects == [drawing]
    assert group.events == {"spike": "rand() < rates * dt"}
    assert repr(group) == "PoissonGroup(3, rates=10. * hertz)"
    assert repr(PoissonGroup(3, rates="i*Hz")) == "PoissonGroup(3, rates='i*Hz')"
    assert (PoissonGroup(3, rates="(i+1)*Hz").rates[:] / Hz).tolist() == [1, 2, 3]
    assert len(group) == group.N == group.stop == 3 and group.spikes.tolist() == []


def test_equal_seeds_give_equal_spikes():
    trains = []
    for number in (1, 1, 2):
        seed(number)
        group = PoissonGroup(50, rates=100 * Hz, name="seeded")
        monitor = SpikeMonitor(group, name="seeded_monitor")
        Network(group, monitor).run(100 * ms)
        trains.append((monitor.i[:].tolist(), monitor.t_[:].tolist()))
    assert trains[0] == trains[1] != trains[2]


@pytest.mark.parametrize(
    ("args", "error", "message"),
    [
        ((3, 10), DimensionMismatchError, "rates"),
        ((3, 10 * ms), DimensionMismatchError, "rates"),
        ((3, [1, 2] * Hz), ValueError, "3 elements, but 2 rates"),
        ((-1, 1 * Hz), ValueError, "at least 1"),
        (("a", 1 * Hz), TypeError, "number of elements"),
    ],
)
def test_wrong_groups(args, error, message):
    with pytest.raises(error, match=message):
        PoissonGroup(*args)


@pytest.mark.parametrize(("text", "error"), [("3", DimensionMismatchError), ("i*ms", DimensionMismatchError),
                                             ("nothing*Hz", KeyError)])  # fmt: skip
def test_wrong_texts_are_found_at_run(text, error):
    group = PoissonGroup(3, rates=text)
    with pytest.raises(BrianObjectException) as caught:
        Network(group).run(1 * ms)
    assert isinstance(caught.value.__cause__, error)


def test_rates_given_as_text_cannot_be_set():
    with pytest.raises(TypeError, match="read-only"):
        PoissonGroup(3, rates="i*Hz").rates = 3 * Hz


# ------------------------------------------------------------------ inputs


def after_one_step(n, rate, size=20000, weight=1 * volt):
    group = NeuronGroup(size, "v : volt")
    inputs = PoissonInput(group, "v", n, rate, weight)
    Network(group, inputs).run(0.1 * ms)
    return group.v_[:]


@pytest.mark.parametrize(("n", "p"), [(1, 0.3), (10, 0.02), (1000, 0.004), (30, 0.5), (1000, 0.2), (2000, 0.999)])
def test_numbers_of_spikes_have_the_moments_of_a_binomial_distribution(n, p):
    values = after_one_step(n, p * 10 * kHz)
    mean, variance = n * p, n * p * (1 - p)
    assert abs(values.mean() - mean) < 5 * np.sqrt(variance / len(values))
    fourth = 3 * variance**2 + variance * (1 - 6 * p * (1 - p))
    assert abs(values.var() - variance) < 5 * np.sqrt((fourth - variance**2) / len(values))
    third = variance * (1 - 2 * p) if min(mean, n - mean) <= 5 else 0.0
    assert abs(((values - values.mean()) ** 3).mean() - third) < 5 * np.sqrt(15 * variance**3 / len(values)) + 0.01


def test_few_spikes_are_counted_and_many_approximated_as_in_brian():
    assert (after_one_step(100, 0.04 * 10 * kHz) % 1 == 0).all()
    assert (after_one_step(100, 0.97 * 10 * kHz) % 1 == 0).all()
    assert (after_one_step(100, 0.05 * 10 * kHz) % 1 == 0).all()
    assert (after_one_step(100, 0.06 * 10 * kHz) % 1 != 0).any()


@pytest.mark.parametrize(("n", "p", "wanted"), [(7, 0.0, 0), (7, 1.0, 7), (100, 1.0, 100)])
def test_certain_numbers(n, p, wanted):
    assert (after_one_step(n, p * 10 * kHz, size=50) == wanted).all()


def test_weights_as_text_are_computed_for_each_element_and_step():
    group = NeuronGroup(4, "v : volt\nw : volt")
    group.w = "i*mV"
    one = PoissonInput(group, "v", 1, 10 * kHz, weight="w + big*(t_in_timesteps == 2)")
    Network(group, one).run(0.4 * ms, namespace={"big": 1 * volt})
    np.testing.assert_allclose(group.v_[:], 4e-3 * np.arange(4) + 1)


def test_inputs_of_a_part_count_its_own_elements():
    group = NeuronGroup(6, "v : volt")
    Network(group, PoissonInput(group[2:5], "v", 1, 10 * kHz, weight="i*mV + N*volt")).run(0.1 * ms)
    np.testing.assert_allclose(group.v_[:], [0, 0, 3, 3.001, 3.002, 0])


def test_each_element_has_its_own_spikes():
    group = NeuronGroup(2000, "v : 1\nw : 1")
    inputs = [PoissonInput(group, name, 1, 5 * kHz, 1) for name in ("v", "w")]
    Network(group, inputs).run(0.1 * ms)
    both = np.corrcoef(group.v[:], group.w[:])[0, 1]
    assert abs(both) < 0.1 and abs(np.corrcoef(group.v[:-1], group.v[1:])[0, 1]) < 0.1


def test_refractory_neurons_are_protected():
    model = "dv/dt = 0/ms : 1 (unless refractory)\nu : 1"
    group = NeuronGroup(2, model, threshold="v > 0.5", reset="v = 0", refractory=0.5 * ms, method="euler")
    inputs = [PoissonInput(group, name, 1, 10 * kHz, 1) for name in ("v", "u")]
    monitor = SpikeMonitor(group)
    Network(group, inputs, monitor).run(2 * ms)
    assert (monitor.t_[monitor.i[:] == 0] / 1e-4).round().tolist() == [1, 7, 13, 19]
    assert group.u[:].tolist() == [20, 20]


def assert_binomial(values, n, p):
    """A chi-square test over cells of 5 or more expected numbers."""
    top = int(values.max()) + 2
    expected = stats.binom(n, p).pmf(np.arange(top)) * len(values)
    observed = np.bincount(values.astype(int), minlength=top)
    good = expected >= 5
    statistic = np.sum((observed[good] - expected[good]) ** 2 / expected[good])
    assert stats.chi2.sf(statistic, max(good.sum() - 1, 1)) > 1e-4


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("n", "p"), [(1, 0.001), (1600, 8e-4), (2900, 8e-4), (50, 0.1), (20, 0.8), (10, 0.5)])
def test_the_distribution_of_numbers_of_spikes(dtype, n, p):
    group = NeuronGroup(10000, "v : 1\nn : 1", dtype=dtype)
    one = PoissonInput(group, "v", n, p * 10 * kHz, 1)
    group.run_regularly("v = 0", when="start")
    record = StateMonitor(group, "v", record=True, when="end")
    Network(group, one, record).run(0.6 * ms)
    numbers = np.array(record.v)
    assert_binomial(numbers.ravel(), n, p)
    for other in (np.roll(numbers, 1, axis=0), np.roll(numbers, 1, axis=1), np.roll(numbers, 1, axis=(0, 1))):
        assert abs(np.corrcoef(numbers.ravel(), other.ravel())[0, 1]) < 5 / np.sqrt(numbers.size)


def test_weights_of_python_functions():
    twice = Function(lambda x: 2 * x, arg_units=[1], return_unit=1)
    group = NeuronGroup(20000, "v : 1\nw : 1")
    group.w = 0.5
    Network(group, PoissonInput(group, "v", 100, 300 * Hz, "twice(w)")).run(0.1 * ms, namespace={"twice": twice})
    assert_binomial(group.v[:], 100, 0.03)


def test_single_precision():
    group = NeuronGroup(3, "v : 1", dtype=np.float32)
    Network(group, PoissonInput(group, "v", 1000, 5 * kHz, 0.1)).run(0.1 * ms)
    assert group.v[:].dtype == np.float32 and (abs(group.v[:] - 50) < 15).all()


def test_what_an_input_shows():
    group = NeuronGroup(3, "v : volt")
    one = PoissonInput(group, "v", 10, 20 * Hz, "2*mV", when="start", order=3)
    assert (one.N, one.rate, one.weight, one.target_var) == (10, 20 * Hz, "2*mV", "v")
    assert (one.when, one.order, one.clock, one.group) == ("start", 3, group.clock, group)
    usual = PoissonInput(group, "v", 10, 20 * Hz, 2 * mV)
    assert (usual.when, usual.order) == ("synapses", 0)
    for name in ("N", "rate", "weight", "target_var"):
        with pytest.raises(AttributeError):
            setattr(usual, name, 1)


@pytest.mark.parametrize(
    ("args", "error", "message"),
    [
        (("nothing", 10, 10 * Hz, 1 * mV), KeyError, "nothing is not a variable of"),
        (("v", 10, 10 * Hz, 1), DimensionMismatchError, "same unit as the target variable 'v'"),
        (("v", 10, 10, 1 * mV), DimensionMismatchError, "rate"),
        (("v", 10, "10*Hz", 1 * mV), TypeError, "PoissonGroup"),
        (("v", 10, [1, 2] * Hz, 1 * mV), TypeError, "PoissonGroup"),
        (("v", 10, 10 * Hz, [1, 2] * mV), TypeError, "one value, not 2"),
        (("v", -1, 10 * Hz, 1 * mV), ValueError, "a whole number, 0 or more"),
        (("v", 10, 20 * kHz, 1 * mV), ValueError, "one spike per step"),
        (("v", 10, -1 * Hz, 1 * mV), ValueError, "one spike per step"),
        (("twice", 10, 10 * Hz, 1 * mV), TypeError, "no variable that can be changed"),
        (("i", 10, 10 * Hz, 1), TypeError, "no variable that can be changed"),
        (("flag", 10, 10 * Hz, 1), TypeError, "boolean"),
    ],
)
def test_wrong_inputs(args, error, message):
    group = NeuronGroup(3, "v : volt\ntwice = 2*v : volt\nflag : boolean")
    with pytest.raises(error, match=message):
        PoissonInput(group, *args)


@pytest.mark.parametrize(("weight", "error"), [("1", DimensionMismatchError), ("unknown*mV", KeyError)])
def test_wrong_weights_are_found_at_run(weight, error):
    group = NeuronGroup(3, "v : volt")
    inputs = PoissonInput(group, "v", 10, 10 * Hz, weight)
    with pytest.raises(BrianObjectException) as caught:
        Network(group, inputs).run(1 * ms)
    assert isinstance(caught.value.__cause__, error)


def test_dt_must_stay():
    group = NeuronGroup(3, "v : volt")
    inputs = PoissonInput(group, "v", 10, 10 * Hz, 1 * mV)
    defaultclock.dt = 0.2 * ms
    with pytest.raises(BrianObjectException) as caught:
        Network(group, inputs).run(1 * ms)
    assert isinstance(caught.value.__cause__, NotImplementedError)


def test_a_new_input_is_a_new_simulation():
    group = NeuronGroup(3, "v : volt")
    run(0.1 * ms)
    inputs = PoissonInput(group, "v", 1, 1 * Hz, 1 * mV)
    with pytest.raises(MagicError):
        run(0.1 * ms)
    assert inputs.N == 1


# ------------------------------------------------------------------ binomial numbers in texts


@pytest.mark.parametrize(("n", "p", "approximate"), [(20, 0.1, True), (100, 0.3, True), (100, 0.3, False)])
def test_binomial_function(n, p, approximate):
    b = BinomialFunction(n, p, approximate=approximate)
    group = NeuronGroup(20000, "v : 1\nw : 1")
    group.run_regularly("v = b()\nw = b()")
    Network(group).run(0.1 * ms, namespace={"b": b})
    for values in (group.v[:], group.w[:]):
        assert abs(values.mean() - n * p) < 5 * np.sqrt(n * p * (1 - p) / len(values))
        assert abs(values.var() / (n * p * (1 - p)) - 1) < 0.06
        assert (values % 1 == 0).all() != (approximate and n * p > 5)
    assert abs(np.corrcoef(group.v[:], group.w[:])[0, 1]) < 0.05


def test_another_rate_compiles_nothing(monkeypatch):
    from ranvier import stages

    keys = []
    compile_plan = stages.compile_plan
    monkeypatch.setattr(
        "ranvier.objects.networks.network.compile_plan",
        lambda plan, *more: keys.append(plan.key) or compile_plan(plan, *more),
    )
    for n, rate, weight in ((1600, 8 * Hz, 1 * mV), (2100, 8 * Hz, 2 * mV), (1, 5 * kHz, 1 * mV), (3, 0 * Hz, 1 * mV)):
        group = NeuronGroup(2, "v : volt", name="same_neurons")
        Network(group, PoissonInput(group, "v", n, rate, weight)).run(0.1 * ms)
    assert len(set(keys)) == 1


# ------------------------------------------------------------------ Poisson numbers in texts


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    "text", ["poisson(1.3)", "poisson(lam)", "poisson(1.3*kHz*ms)", "poisson(fast*dt)", "poisson(x)"]
)
def test_poisson_numbers_of_constant_and_other_means(text, dtype):
    group = NeuronGroup(20000, "v : 1\nw : 1\nx : 1", dtype=dtype)
    group.x = 1.3
    group.run_regularly(f"v = {text}\nw = {text}")
    Network(group).run(0.1 * ms, namespace={"lam": 1.3, "fast": 13 * kHz})
    for values in (group.v[:], group.w[:]):
        cells = np.bincount(values.astype(int), minlength=20)
        expected = stats.poisson(1.3).pmf(np.arange(len(cells))) * len(values)
        good = expected >= 5
        statistic = np.sum((cells[good] - expected[good]) ** 2 / expected[good])
        assert stats.chi2.sf(statistic, good.sum() - 1) > 1e-4
    assert abs(np.corrcoef(group.v[:], group.w[:])[0, 1]) < 0.05


def test_the_mean_follows_the_step_and_the_constants():
    group = NeuronGroup(20000, "v : 1")
    group.run_regularly("v = poisson(rate*dt)", dt=0.1 * ms)
    network = Network(group)
    for rate in (1 * kHz, 30 * kHz, 100 * kHz):
        network.run(0.1 * ms, namespace={"rate": rate})
        mean = float(rate * 0.1 * ms)
        assert abs(group.v[:].mean() - mean) < 5 * np.sqrt(mean / 20000)


@pytest.mark.parametrize(("size", "error"), [(0, ValueError), (-1, ValueError), (1.5, ValueError), ("3", TypeError)])
def test_sizes_are_whole_numbers(size, error):
    target = NeuronGroup(1, "x : 1")
    with pytest.raises(error):
        PoissonGroup(size, 3 * Hz)
    if size != 0:  # no processes add nothing
        with pytest.raises(error):
            PoissonInput(target, "x", size, 3 * Hz, 1)
    if size != 1.5:  # a NeuronGroup is made of the whole part, with a warning: scripts compute sizes
        with pytest.raises(error):
            NeuronGroup(size, "x : 1")


@pytest.mark.parametrize("size", [2.0, np.int64(2), np.float64(2)])
def test_whole_numbers_of_any_type_are_sizes(size):
    target = NeuronGroup(1, "x : 1")
    assert PoissonGroup(size, 3 * Hz).N == 2 and PoissonInput(target, "x", size, 3 * Hz, 1).N == 2
