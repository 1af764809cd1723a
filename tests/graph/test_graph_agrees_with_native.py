"""Models built through the front end: interpreted graph, interpreted optimised graph and native program agree."""

import numpy as np
import pytest
from graph.interpreted import check_agreement

from ranvier import (
    BinomialFunction,
    EventClock,
    EventMonitor,
    Function,
    Hz,
    Network,
    NetworkOperation,
    NeuronGroup,
    PoissonGroup,
    PoissonInput,
    PopulationRateMonitor,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    check_units,
    declare_types,
    defaultclock,
    implementation,
    kHz,
    linked_var,
    ms,
    mV,
    start_scope,
)


@pytest.fixture(autouse=True)
def fresh():
    start_scope()
    defaultclock.dt = 0.1 * ms


def spiking(**kwds):
    group = NeuronGroup(
        13,
        "dv/dt = (I - v)/(5*ms) : 1 (unless refractory)\nI : 1\ncount : integer",
        threshold="v > 1",
        reset="v = 0.1*v; count += 1",
        refractory=1.5 * ms,
        **{"method": "exact", **kwds},
    )
    group.I = "1.05 + 0.2*i"
    return group


def leaky():
    group = spiking()
    return Network(
        group, SpikeMonitor(group), PopulationRateMonitor(group), StateMonitor(group, "v", record=[1, 5, 12])
    )


def event_clocks():
    """Statements, recordings, sums and Python code at given times: on the grid, off it, beyond the end."""
    group = spiking()
    target = NeuronGroup(3, "total : 1\nlate : second")
    synapses = Synapses(
        group, target, "w : 1\ntotal_post = w*v_pre : 1 (summed)", clock=EventClock([0.33, 1, 2.5] * ms)
    )
    synapses.connect(j="i % 3")
    synapses.w = "i + 1"
    synapses.run_at("w += 0.5 + t/second", [0.71, 1.4, 3, 3.05] * ms)
    group.run_at("v += 0.3*rand()", [0.05, 0.1, 1.23456, 2.4] * ms)
    target.run_at("late = t + dt", [0.55, 90] * ms, when="end")
    clock = EventClock([0, 0.5, 0.55, 2.2] * ms)
    return Network(
        group,
        target,
        synapses,
        SpikeMonitor(group),
        StateMonitor(group, "v", record=[1, 5], clock=clock),
        NetworkOperation(lambda: group.v.set_item(3, 0.5), clock=EventClock([1.01] * ms)),
    )


def only_event_clocks():
    clocks = EventClock([0.1, 0.3, 7.7] * ms), EventClock([0.1 * 3, 0.2, 2.9] * ms)
    return Network([NetworkOperation(lambda: None, clock=clock) for clock in clocks])


def single_precision():
    group = spiking(dtype=np.float32, method="euler")
    return Network(group, SpikeMonitor(group), StateMonitor(group, ["v", "I"], record=True))


def non_linear():
    group = NeuronGroup(
        7,
        """
        dV/dt = (gL*(EL - V) + gL*DeltaT*exp((V - VT)/DeltaT) + I - w)/C : volt
        dw/dt = (a*(V - EL) - w)/tauw : amp
        I : amp
        """,
        threshold="V > VT + 5*DeltaT",
        reset="V = EL; w += 0.08*nA",
        method="rk4",
    )
    group.V = -70 * mV
    group.I = "(0.7 + 0.1*i)*nA"
    return Network(group, SpikeMonitor(group, ["w"]), StateMonitor(group, "w", record=True))


def gated():
    group = NeuronGroup(
        5,
        """
        dv/dt = (-g*n**4*(v + 77) - 0.3*(v + 54) + 10)/ms : 1
        dn/dt = alpha*(1 - n) - beta*n : 1
        alpha = 0.1/exprel(-(v + 55)/10)/ms : Hz
        beta = 0.125*exp(-(v + 65)/80)/ms : Hz
        g : 1
        """,
        method="exponential_euler",
    )
    group.v, group.g, group.n = -65, "30 + i", 0.3
    return Network(group, StateMonitor(group, ["v", "alpha"], record=True))


def noisy():
    group = NeuronGroup(
        11,
        "dv/dt = -v/ms + xi_a*ms**-0.5 + 0.5*v*xi_b*ms**-0.5 : 1\ndw/dt = -w/ms + xi_a*ms**-0.5 : 1",
        method="heun",
        threshold="v > 1",
        reset="v = 0.2*rand()",
    )
    group.run_regularly("w += 0.1*randn() + 0.01*poisson(2.5)", dt=0.3 * ms)
    return Network(group, SpikeMonitor(group), StateMonitor(group, ["v", "w"], record=[0, 3]))


def shared():
    group = NeuronGroup(
        6,
        "dv/dt = (s + total - v)/ms : 1\ns : 1 (shared)\nk : integer (shared)\ntotal = s*k : 1 (shared)\nb : boolean",
        method="euler",
        threshold="v > 3 and not b",
        reset="v = s",
    )
    group.s = 0.5
    group.run_regularly("k += 1; s = s + 0.01*k; b = i % 2 == 0", dt=0.2 * ms)
    return Network(group, StateMonitor(group, ["v", "total", "s"], record=True))


def linked_one_to_one():
    source = NeuronGroup(4, "dx/dt = -x/ms : 1", method="exact")
    source.x = "i + 1"
    group = NeuronGroup(4, "y : 1\nx : 1 (linked)\nz = x*y : 1")
    group.x = linked_var(source, "x")
    group.y = 2
    group.run_regularly("y += x; x += 0.01*y")
    return Network(source, group, StateMonitor(group, ["z", "x"], record=True))


def linked_by_index():
    source = NeuronGroup(3, "dx/dt = (i - x)/ms : 1", method="exact")
    group = NeuronGroup(8, "dv/dt = (x - v)/ms : 1\nx : 1 (linked)\nk : integer (constant)", method="euler")
    group.k = "i % 3"
    group.x = linked_var(source, "x", index="k")
    return Network(source, group, StateMonitor(group, ["v", "x"], record=[7, 2]))


def linked_to_subgroup_and_shared():
    source = NeuronGroup(9, "dx/dt = -x/ms : 1\ns : 1 (shared)", method="exact")
    source.x = "i"
    source.s = 3
    group = NeuronGroup(3, "a : 1 (linked)\nb : 1 (linked)\nc : 1 (linked)\nv : 1")
    group.a = linked_var(source[4:7], "x")
    group.b = linked_var(source[2:4], "x", index=[1, 0, 1])
    group.c = linked_var(source, "s")
    group.run_regularly("v = a + 10*b + 100*c; a = a + 1", when="end")
    return Network(source, group, StateMonitor(group, "v", record=True))


def subgroups():
    group = NeuronGroup(10, "v : 1\nn : integer", threshold="v > 3.03", reset="v = 0")
    group.run_regularly("v += 0.5*i")
    group[3:7].run_regularly("v += i + 0.25; n += i", dt=0.2 * ms)
    return Network(
        group, SpikeMonitor(group[2:6]), PopulationRateMonitor(group[5:]), StateMonitor(group[1:4], "v", record=True)
    )


def events():
    group = NeuronGroup(
        8,
        "dv/dt = i/ms/7.31 : 1\nw : 1",
        events={"high": "v > 0.513", "low": "v < 0.217"},
        method="euler",
        threshold="v > 1",
        reset="v = 0",
    )
    group.run_on_event("high", "w += v")
    group.run_on_event("low", "w -= 0.1", when="before_resets")
    return Network(
        group, EventMonitor(group, "high", ["w"]), EventMonitor(group, "low", record=False), SpikeMonitor(group)
    )


def several_clocks():
    fast = NeuronGroup(
        5, "dv/dt = (x - v)/ms : 1\nx : 1 (linked)", method="exact", dt=0.05 * ms, threshold="v > 0.5", reset="v = 0"
    )
    slow = NeuronGroup(5, "dx/dt = (1 + i - x)/(2*ms) : 1", method="euler", dt=0.3 * ms)
    fast.x = linked_var(slow, "x")
    return Network(
        fast,
        slow,
        SpikeMonitor(fast),
        StateMonitor(slow, "x", record=True),
        StateMonitor(fast, "v", record=[4], dt=0.15 * ms),
    )


def timed_arrays():
    rate = TimedArray([1.0, -2.0, 3.5, 0.25] * Hz, dt=0.7 * ms, name="rate")
    table = TimedArray(np.arange(12.0).reshape(4, 3), dt=0.5 * ms, name="table")
    group = NeuronGroup(
        3,
        "dv/dt = rate(t) + table(t, i)/second : 1\nu = table(t - 1*ms, 2 - i) : 1",
        method="euler",
        namespace={"rate": rate, "table": table},
    )
    return Network(group, StateMonitor(group, ["v", "u"], record=True))


def spike_sources():
    generator = SpikeGeneratorGroup(5, [0, 3, 1, 3], [0.1, 0.1, 0.4, 1.2] * ms)
    poisson = PoissonGroup(20, rates="100*Hz*(1 + i)")
    return Network(generator, poisson, SpikeMonitor(generator), SpikeMonitor(poisson), PopulationRateMonitor(poisson))


def held_subexpressions():
    group = NeuronGroup(
        6, "dv/dt = (r - v)/ms : 1\nr = rand() : 1 (constant over dt)\nq = int(v > 0.5) + r : 1", method="euler"
    )
    return Network(group, StateMonitor(group, ["v", "r", "q"], record=True))


def computed_by_python():
    double = Function(lambda x: 2 * x, arg_units=[1], return_unit=1)
    group = NeuronGroup(
        4,
        "dv/dt = double(w)/second : 1\nw : 1",
        namespace={"double": double},
        method="euler",
        threshold="double(w) > 3",
        reset="w = double(v)",
    )
    group.w = "i"
    group.run_regularly("w += double(0.125)")
    return Network(group, SpikeMonitor(group), StateMonitor(group, "v", record=True))


def poisson_inputs():
    model = "dv/dt = -v/(5*ms) : 1 (unless refractory)\nk : integer\nw : 1"
    networks: list = []
    for dtype in (np.float64, np.float32):
        group = NeuronGroup(600, model, threshold="v > 1", reset="v = 0", refractory=ms, method="euler", dtype=dtype)
        group.w = "0.01*i"
        group.run_regularly("k = poisson(2.5)\nk += poisson(rate*dt)\nw += b()")
        networks += [group, PoissonInput(group[10:500], "v", 1000, 10 * Hz, "0.05*w"), StateMonitor(group, "v", [11])]
        networks += [PoissonInput(group, "v", 3, 8 * kHz, 0.1), PoissonInput(group, "v", 1000, 9.99 * kHz, 1e-3)]
    return Network(networks)


MODELS = [
    poisson_inputs, leaky, single_precision, non_linear, gated, noisy, shared, linked_one_to_one, linked_by_index,
    linked_to_subgroup_and_shared, subgroups, events, several_clocks, timed_arrays, spike_sources,
    held_subexpressions, computed_by_python, event_clocks, only_event_clocks,
]  # fmt: skip


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_agreement(model):
    from ranvier import nA, nS, pF

    names = {
        "gL": 30 * nS,
        "EL": -70 * mV,
        "DeltaT": 2 * mV,
        "VT": -50 * mV,
        "C": 200 * pF,
        "a": 2 * nS,
        "tauw": 30 * ms,
    }
    outcome = check_agreement(model(), 3e-3, {**names, "nA": nA, "b": BinomialFunction(30, 0.1), "rate": 7 * kHz})
    assert outcome.states


CODES = {
    "expression": "exp(-x**2)*k",
    "mlir": """func.func @f(%x: f64, %k: i64) -> f64 {
        %y = arith.sitofp %k : i64 to f64
        %z = math.cos %x : f64
        %r = arith.mulf %z, %y : f64
        func.return %r : f64
    }""",
    "llvm": """define double @f(double %x, i64 %k) {
        %y = sitofp i64 %k to double
        %r = fmul double %x, %y
        ret double %r
    }""",
}


@pytest.mark.parametrize("target", CODES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_functions_that_are_code_of_their_own(target, dtype):
    @implementation(target, CODES[target])
    @declare_types(k="integer")
    @check_units(x=1, k=1, result=1)
    def f(x, k): ...

    group = NeuronGroup(
        13,
        "dv/dt = (f(v, i % 3) + 1.5 - v)/(2*ms) : 1 (unless refractory)",
        threshold="f(v, 1) > 0.3 or v > 1",
        reset="v = f(0.1, 1) - 1",
        refractory=1 * ms,
        method="euler",
        dtype=np.dtype(dtype).type,
    )
    group.v = "0.1*i"
    check_agreement(Network(group), 0.002, {"f": f}, rtol=1e-9 if dtype == "float64" else 1e-3)


def test_compiling_prints_no_remarks(capfd):
    """LLVM says on the terminal where it cannot vectorise a loop that it was asked to."""
    group = NeuronGroup(5, "v : 1\nu : 1", threshold="v > 1", reset="v = 0", dtype=np.float32)
    synapses = Synapses(group, group, "w : 1", on_pre="v_pre = 0.5*v_pre + 0.1*w*u_post", dtype=np.float32)
    synapses.connect()
    Network(group, synapses).lower().as_text("llvm-optimised")
    assert "vectorized" not in capfd.readouterr().err
