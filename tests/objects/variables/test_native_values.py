"""Values of many elements are computed by native code, which gives what numpy gives."""

import numpy as np
import pytest

from ranvier import (
    Network,
    NeuronGroup,
    Synapses,
    TimedArray,
    check_units,
    linked_var,
    ms,
    network_operation,
    prefs,
    seed,
    start_scope,
)
from ranvier.objects.memory.arrays import distinct
from ranvier.objects.variables import native_values, text_values, values

TEXTS = (
    "w*2 + u**3",
    "exp(-((x_pre - x_post)**2 + (y_pre - y_post)**2)/0.02)",
    "clip(w, 0.2, 0.6)*sin(u)*i - j",
    "-abs(x_pre)**0.5",
    "1/(w - w)",
    "sqrt(w - 0.5)",
    "w*(i == j) + (x_pre > x_post)",
    "k/3 + n_post/(1 + k)",
    "h_pre*h_post",
    "level*w + shared_pre",
    "near*w + both",
    "x_linked_pre - x_linked_post",
    "step(t)*w",
    "w*N_pre/N_post",
    "tanh(w)*log(1 + u)*arctan(x_post)*exprel(w)",
    "v_pre/mV + t/ms",
    "lastspike_pre/second + w",
)
WHOLE = (
    "int(10*w) + i % 7",
    "i*j - k",
    "n_post // (k - 2)",
    "k % (j - 3)",
    "-k**2",
    "(i + 1)*(w > 0.5)",
    "int(w*1e3) % 17",
)
CONDITIONS = (
    "i < j",
    "w > 0.5 and b_pre",
    "sqrt((x_pre - x_post)**2) < 0.1 or not b_post",
    "k == n_post",
    "near > 0.5",
)


@pytest.fixture(autouse=True)
def scope():
    start_scope()
    seed(5)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The expressions that native code has computed, which computes those of few elements, too."""
    found: list[object] = []

    class Noted(native_values.NativeValues):
        def __init__(self, scope, expr, *given):
            super().__init__(scope, expr, *given)
            found.append(expr)

    monkeypatch.setattr(native_values, "NativeValues", Noted)
    return found


def natively(monkeypatch: pytest.MonkeyPatch, many: int = 2, block: int = 64) -> None:
    monkeypatch.setattr(values, "MANY", many)
    monkeypatch.setattr(native_values, "BLOCK", block)


def synapses(part: bool = False) -> Synapses:
    group = NeuronGroup(
        30,
        """x : 1
        y : 1
        v : volt
        h : 1
        n : integer
        b : boolean
        shared : 1 (shared)
        x_linked : 1 (linked)""",
        threshold="x > 2",
        reset="",
        refractory=1 * ms,
        dtype={"h": np.float32},
        name="group*",
    )
    group.x, group.y, group.h, group.v = "rand()", "rand()", "rand()", "i*mV"
    group.n, group.b, group.shared = "i % 5", "i % 3 == 0", 2.5
    group.x_linked = linked_var(group, "x", index=np.arange(30)[::-1])
    sides = (group[3:20], group[11:]) if part else (group, group)
    made = Synapses(*sides, "w : 1\nu : 1\nk : integer\nm : integer\nnear = w*x_pre : 1\nboth = near + u : 1")
    made.connect(p=0.6)
    made.w, made.u, made.k = "rand()", "rand()", "int(6*rand())"
    return made


def computed(one: Synapses, name: str, text: str) -> np.ndarray:
    """Returns what a variable is set to by a text, and sets it back."""
    view = getattr(one, f"{name}_")
    before = np.array(view)
    view[:] = text
    found = np.array(view)
    view[:] = before
    return found


@pytest.mark.parametrize("part", (False, True), ids=("whole", "parts"))
@pytest.mark.parametrize("text", TEXTS)
def test_native_code_gives_the_values_of_numpy(monkeypatch, asked, text: str, part: bool) -> None:
    one = synapses(part)
    one.namespace.update(level=0.7, step=TimedArray([3.0, 5.0], dt=1 * ms))
    expected = computed(one, "u", text)
    assert not asked and len(expected) > 64
    natively(monkeypatch)
    found = computed(one, "u", text)
    assert asked or "step" in text
    assert np.allclose(found, expected, rtol=1e-14, atol=0, equal_nan=True)
    assert len(np.unique(found)) > 3 or text in ("1/(w - w)",)


@pytest.mark.parametrize("text", WHOLE)
def test_whole_numbers_are_the_same(monkeypatch, asked, text: str) -> None:
    one = synapses()
    expected = computed(one, "m", text)
    natively(monkeypatch)
    assert np.array_equal(computed(one, "m", text), expected) and asked


@pytest.mark.parametrize("text", CONDITIONS)
def test_conditions_choose_the_same_elements(monkeypatch, asked, text: str) -> None:
    one = synapses()
    expected = np.array(one.w[text])
    one.u = 0
    one.u[text] = "w + 1"
    set_to = np.array(one.u)
    one.u = 0
    natively(monkeypatch)
    assert np.array_equal(one.w[text], expected) and asked
    one.u[text] = "w + 1"
    assert np.array_equal(one.u, set_to)


def test_subexpressions_are_read_by_native_code(monkeypatch, asked) -> None:
    one = synapses()
    expected = np.array(one.both)
    natively(monkeypatch)
    assert np.allclose(one.both, expected, rtol=1e-15) and asked
    assert np.allclose(one.both[5:70:2], expected[5:70:2], rtol=1e-15)


def test_neurons_have_values_by_native_code(monkeypatch, asked) -> None:
    group = NeuronGroup(500, "x : 1\ny : 1")
    group.x = "sin(i)"
    expected = np.array(group.x)
    natively(monkeypatch)
    group.y = "sin(i)"
    assert asked and np.allclose(group.y, expected, rtol=1e-14)
    group[100:350].y = "i*2.5"
    assert np.array_equal(group.y[100:350], np.arange(250) * 2.5)


def test_linked_variables_are_found_by_their_index(monkeypatch, asked) -> None:
    group = NeuronGroup(200, "x : 1\ny : 1 (linked)\nz : 1")
    group.y = linked_var(group, "x", index=np.arange(200)[::-1])
    group.x = "i"
    natively(monkeypatch)
    group.z = "y + 1"
    assert asked and np.array_equal(group.z, 200 - np.arange(200))


def test_what_calls_python_is_left_to_numpy(monkeypatch, asked) -> None:
    @check_units(a=1, result=1)
    def double(a):
        return 2 * a

    one = synapses()
    one.namespace["double"] = double
    natively(monkeypatch)
    assert np.array_equal(computed(one, "u", "double(w)"), 2 * np.array(one.w)) and not asked


def test_other_targets_leave_values_to_numpy(monkeypatch, asked) -> None:
    one = synapses()
    expected = computed(one, "u", "exp(w)")
    natively(monkeypatch)
    prefs.codegen.target = "emulated"
    assert np.array_equal(computed(one, "u", "exp(w)"), expected) and not asked


def many_synapses() -> Synapses:
    group = NeuronGroup(300, "x : 1", threshold="x > 2", reset="")
    made = Synapses(group, group, "w : 1\nv : 1", on_pre="w += v")
    made.connect()
    return made


def test_random_numbers_depend_on_the_seed_alone(monkeypatch, asked) -> None:
    natively(monkeypatch, text_values.FEW + 1, 1 << 12)
    made = many_synapses()
    assert len(made) > text_values.FEW
    found = []
    for number in (1, 1, 2):
        seed(number)
        made.w = "rand() + 3*randn()"
        made.v = "rand() + 3*randn()"
        found.append((np.array(made.w), np.array(made.v)))
    assert asked
    assert all(np.array_equal(a, b) for a, b in zip(found[0], found[1], strict=True))
    assert not np.intersect1d(found[0][0], found[2][0]).size and not np.intersect1d(*found[0]).size
    drawn = found[0][0]
    assert len(np.unique(drawn)) == len(drawn)
    assert abs(drawn.mean() - 0.5) < 5 * 3.02 / 300 and abs(drawn.std() - np.sqrt(9 + 1 / 12)) < 0.05
    assert abs(np.corrcoef(drawn[:-1], drawn[1:])[0, 1]) < 5 / 300
    assert abs(np.corrcoef(drawn[: -(1 << 12)], drawn[1 << 12 :])[0, 1]) < 5 / 290, "blocks differ"


def test_delays_that_are_computed_again_are_the_same(monkeypatch, asked) -> None:
    natively(monkeypatch, text_values.FEW + 1, 1 << 12)
    made = many_synapses()
    seed(3)
    made.pre.delay = "1*ms + 2*ms*rand()"
    storage = made.pre.variables["delay"].storage
    first, again = (np.concatenate([block.copy() for block in storage._text.blocks()]) for _ in range(2))
    assert asked and np.array_equal(first, again) and 0.001 <= first.min() < first.max() < 0.003
    assert np.array_equal(made.pre.delay_, first)


def test_a_callback_of_a_run_can_set_values_natively(monkeypatch, asked) -> None:
    natively(monkeypatch)
    group = NeuronGroup(400, "dx/dt = (y - x)/(5*ms) : 1\ny : 1", method="euler")

    @network_operation(dt=0.5 * ms)
    def change(t):
        group.y = "sin(i) + t/ms"

    Network(group, change).run(2 * ms)
    assert asked and np.allclose(group.y, np.sin(np.arange(400)) + 1.5)


def test_distinct_numbers_are_those_of_numpy() -> None:
    draw = np.random.default_rng(1)
    for numbers in (
        draw.integers(0, 50, 300),
        draw.integers(-5, 5, 1),
        np.zeros(0, np.int64),
        draw.integers(0, 1 << 40, 90),
    ):
        assert np.array_equal(distinct(numbers), np.unique(numbers)) and distinct(numbers).dtype == numbers.dtype
