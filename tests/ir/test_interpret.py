"""The interpreter against the same simulations written as plain Python loops."""

import math
from pathlib import Path

import numpy as np
import pytest
from xdsl.parser import Parser

from ranvier.ir.dialect import new_context
from ranvier.ir.interpret import ClockInput, InterpretError, ProgramInputs, interpret
from ranvier.ir.slots import BUDGET_USED, FINISHED, STOPPED

HERE = Path(__file__).parent


def program(name):
    module = Parser(new_context(), (HERE / f"{name}.mlir").read_text()).parse_module()
    module.verify()
    return module


def no_events():
    return np.array([], dtype=np.int32)


# ---- LIF


def lif_inputs(n=5, steps=400):
    v = np.linspace(0, 0.9, n)
    return ProgramInputs(
        params={"neurons.N": n, "tau": 0.01, "drive": 1.5, "refractory": 0.00295},
        states={
            "neurons.v": v,
            "neurons.lastspike": np.full(n, -1e4),
            "neurons.not_refractory": np.ones(n, dtype=bool),
            "spikemonitor.count": np.zeros(n, dtype=np.int32),
        },
        events={"neurons.spike": no_events()},
        clocks={"defaultclock": ClockInput(0, steps, 1e-4)},
        sinks={"spikemonitor": []},
    )


def lif_reference(v, steps, dt=1e-4, tau=0.01, drive=1.5, refractory=0.00295):
    v = list(v)
    last = [-1e4] * len(v)
    rows = []
    for n in range(steps):
        t = n * dt
        spikes = []
        for i in range(len(v)):
            ready = t - last[i] >= refractory
            if ready:
                v[i] = (v[i] - drive) * math.exp(-dt / tau) + drive
                if v[i] > 1:
                    rows.append((t, i, v[i]))
                    spikes.append(i)
        for i in spikes:
            last[i], v[i] = t, 0.0
    return v, last, rows


def test_lif_equals_a_plain_loop():
    inputs = lif_inputs()
    v, last, rows = lif_reference(inputs.states["neurons.v"], 400)
    assert interpret(program("lif"), inputs) == FINISHED
    assert len(rows) > 10
    recorded = inputs.sinks["spikemonitor"]
    assert [row[:2] for row in recorded] == [row[:2] for row in rows]
    np.testing.assert_allclose([row[2] for row in recorded], [row[2] for row in rows], rtol=1e-12)
    np.testing.assert_allclose(inputs.states["neurons.v"], v, rtol=1e-12)
    assert inputs.states["neurons.lastspike"].tolist() == last
    assert inputs.states["spikemonitor.count"].tolist() == [sum(r[1] == i for r in rows) for i in range(5)]
    assert inputs.clocks["defaultclock"].n == 400


def test_runs_can_be_cut_anywhere():
    whole, cut = lif_inputs(), lif_inputs()
    interpret(program("lif"), whole)
    codes = []
    module = program("lif")
    while not codes or codes[-1] != FINISHED:
        cut.max_instants = 61
        codes.append(interpret(module, cut))
    assert codes == [BUDGET_USED] * 6 + [FINISHED]
    assert cut.sinks == whole.sinks
    for label, array in whole.states.items():
        np.testing.assert_array_equal(cut.states[label], array)


def test_inputs_may_be_given_by_order():
    named = lif_inputs()
    ordered = lif_inputs()
    for kind in ("params", "states", "events", "clocks", "sinks"):
        setattr(ordered, kind, list(getattr(ordered, kind).values()))
    interpret(program("lif"), named)
    interpret(program("lif"), ordered)
    np.testing.assert_array_equal(ordered.states[0], named.states["neurons.v"])
    np.testing.assert_array_equal(ordered.events[0], named.events["neurons.spike"])
    assert ordered.sinks[0] == named.sinks["spikemonitor"]


def test_a_population_may_be_empty_or_one():
    for n in (0, 1):
        inputs = lif_inputs(n, steps=50)
        interpret(program("lif"), inputs)
        assert len(inputs.states["neurons.v"]) == n


def test_wrong_inputs_are_named():
    module = program("lif")
    inputs = lif_inputs()
    del inputs.params["tau"]
    with pytest.raises(InterpretError, match=r"params lack 'tau' \(number 1\)"):
        interpret(module, inputs)
    inputs = lif_inputs()
    inputs.states["neurons.v"] = np.zeros(6)
    with pytest.raises(InterpretError, match=r"'neurons\.v' has 5 elements of type float64.*has shape \(6,\)"):
        interpret(module, inputs)
    inputs = lif_inputs()
    inputs.events["neurons.spike"] = np.array([3, 3])
    with pytest.raises(InterpretError, match=r"'neurons\.spike'.* are not different numbers within 0\.\.5"):
        interpret(module, inputs)


# ---- clocks


@pytest.mark.parametrize("slow_dt, fast_dt", [(3e-4, 1e-4), (2.5e-4, 1e-4), (1e-4, 1e-4), (5e-5, 1e-4)])
def test_two_clocks(slow_dt, fast_dt):
    n, duration = 2, 1.5e-3
    clocks = {
        "fast": ClockInput(0, round(duration / fast_dt), fast_dt),
        "slow": ClockInput(0, round(duration / slow_dt), slow_dt),
    }
    states = {"g.a": np.zeros(n, np.int64), "g.b": np.arange(n), "g.s": np.array([-1.0])}
    inputs = ProgramInputs({"g.N": n}, states, {}, clocks, {"statemonitor": [], "slow_statemonitor": []})
    assert interpret(program("two_clocks"), inputs) == FINISHED

    a, b, s, fast, slow = 0, np.arange(n), -1.0, [], []
    times = sorted({round(k * d * 1e9) for d in (slow_dt, fast_dt) for k in range(round(duration / d))})
    for time in times:
        is_fast, is_slow = time % round(fast_dt * 1e9) == 0, time % round(slow_dt * 1e9) == 0
        if is_fast:
            fast.append((time * 1e-9, b, s))
        if is_slow:
            slow.append((time * 1e-9, a))
        a += is_fast
        if is_slow:
            b, s = b + a, time * 1e-9
    assert clocks["fast"].n == round(duration / fast_dt) and clocks["slow"].n == round(duration / slow_dt)
    np.testing.assert_array_equal(states["g.b"], b)
    np.testing.assert_array_equal(states["g.a"], [a] * n)
    assert states["g.s"] == pytest.approx([s])
    assert len(inputs.sinks["statemonitor"]) == len(fast) and len(inputs.sinks["slow_statemonitor"]) == len(slow)
    for row, (t, b_then, s_then) in zip(inputs.sinks["statemonitor"], fast, strict=True):
        assert row[0] == pytest.approx(t, abs=1e-15)
        np.testing.assert_array_equal(row[1], b_then)
        np.testing.assert_allclose(row[2], [s_then] * n)
    for row, (t, a_then) in zip(inputs.sinks["slow_statemonitor"], slow, strict=True):
        assert row[0] == pytest.approx(t, abs=1e-15)
        np.testing.assert_array_equal(row[1], [a_then] * n)


def test_the_run_ends_with_the_earliest_clock():
    """A slow clock whose last step begins in time is not waited for twice, and none goes beyond its end."""
    clocks = {"fast": ClockInput(0, 10, 1e-3), "slow": ClockInput(0, 4, 3e-3)}
    states = {"g.a": np.zeros(1, np.int64), "g.b": np.zeros(1, np.int64), "g.s": np.zeros(1)}
    inputs = ProgramInputs({"g.N": 1}, states, {}, clocks, {"statemonitor": [], "slow_statemonitor": []})
    interpret(program("two_clocks"), inputs)
    assert (clocks["fast"].n, clocks["slow"].n) == (10, 4)


# ---- the other ops


def everything(n=7, start=2, size=3, steps=2, callback=lambda values: None):
    inputs = ProgramInputs(
        params={"g.N": n, "sub.start": start, "sub.N": size, "rate": 1000.0},
        states={
            "g.x": np.linspace(0.1, 1.5, n),
            "g.to": np.array([0, 0, 1, 3, 3, 3, 6], np.int32)[:n],
            "table": np.zeros(n),
            "spikemonitor.count": np.zeros(size, np.int64),
        },
        events={"g.spike": no_events()},
        clocks={"defaultclock": ClockInput(5, 5 + steps, 5e-4)},
        sinks={"ratemonitor": [], "spikemonitor": []},
        callbacks=[callback],
    )
    return inputs


def test_everything_against_a_plain_loop():
    inputs = everything()
    seen = []
    x = list(inputs.states["g.x"])

    def callback(values):
        seen.append((values[0].copy(), values[1].copy()))
        values[0][0] = 100.0

    inputs.callbacks = [callback]
    assert interpret(program("everything"), inputs) == FINISHED

    c, d = math.cos(0.5), math.sin(0.5)  # the rotation by rate*dt
    table, counts = [0.0] * 7, [0] * 3
    for step in range(2):
        for i in range(3):
            x[2 + i] += i
        spikes = [i for i in range(7) if x[i] > c]
        for i in spikes:
            x[i] *= d
        before = list(table)
        for i, k in enumerate([0, 0, 1, 3, 3, 3, 6]):
            table[k] = before[k] + x[i]
        inside = [i for i in spikes if 2 <= i < 5]
        for i in inside:
            counts[i - 2] += 1
        t, rate = inputs.sinks["ratemonitor"][step]
        assert t == (5 + step) * 5e-4
        assert rate == pytest.approx(len(inside) / 3 / 5e-4)
        np.testing.assert_allclose(seen[step][0], x)
        assert seen[step][1].tolist() == spikes
        x[0] = 100.0
    np.testing.assert_allclose(inputs.states["g.x"], x)
    np.testing.assert_allclose(inputs.states["table"], table)
    assert inputs.states["spikemonitor.count"].tolist() == counts and sum(counts) > 2
    assert inputs.sinks["spikemonitor"] == []
    assert inputs.events["g.spike"].tolist() == spikes


def test_a_callback_can_stop_and_replace_events():
    inputs = everything(steps=10)

    def callback(values):
        values[1] = np.array([1, 2], np.int32)
        inputs.stop = True

    inputs.callbacks = [callback]
    assert interpret(program("everything"), inputs) == STOPPED
    assert inputs.clocks["defaultclock"].n == 6
    assert inputs.events["g.spike"].tolist() == [1, 2]


def test_callbacks_cannot_change_shapes():
    def callback(values):
        values[0] = np.zeros(3)

    with pytest.raises(InterpretError, match="'networkoperation' made an array of"):
        interpret(program("everything"), everything(callback=callback))


def test_an_error_leaves_the_states_as_they_were():
    inputs = everything()
    inputs.states["g.to"][3] = 7
    before = inputs.states["g.x"].copy()
    with pytest.raises(InterpretError, match=r"snn.gather reaches element 7 of an array of 7"):
        interpret(program("everything"), inputs)
    np.testing.assert_array_equal(inputs.states["g.x"], before)
    assert inputs.clocks["defaultclock"].n == 5


def test_new_arrays_are_undefined_at_steps_of_other_clocks():
    text = """
snn.program @p {
  %N = snn.param "N" "" : index
  %x = snn.state "x" "" [%N] : tensor<?xf64>
  %a = snn.clock "a"
  %b = snn.clock "b"
  %out = snn.loop (%x) : tensor<?xf64> -> tensor<?xf64> {
  ^bb0(%x0: tensor<?xf64>):
    %y = snn.map "k" "new" on(%a) [%N] (%x0) updates [-1] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %u: f64):
      snn.yield %u : f64
    }
    %x1 = snn.map "k" "use" on(%b) [%N] (%x0, %y) updates [0] : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %u: f64, %v: f64):
      snn.yield %v : f64
    }
    snn.yield %x1 : tensor<?xf64>
  }
}"""
    module = Parser(new_context(), text).parse_module()

    def inputs(dt):
        return ProgramInputs({"N": 3}, [np.ones(3)], {}, [ClockInput(0, 4, dt), ClockInput(0, 4, 1.0)])

    assert interpret(module, inputs(1.0)) == FINISHED
    with pytest.raises(InterpretError, match="a new array is used at a step at which its clock does not run"):
        interpret(module, inputs(2.0))


def test_random_values_are_those_of_the_reference():
    reference = pytest.importorskip("ranvier.ir.random_reference")
    n, key = 6, 123456789012345
    states = {f"g.{name}": np.zeros(n) for name in "uzkb"} | {"g.s": np.zeros(1)}
    params = {"g.N": n, "key": key, "mean": 3.0, "p": 0.3}
    inputs = ProgramInputs(params, states, {}, {"defaultclock": ClockInput(40, 42, 1e-4)})
    assert interpret(program("random"), inputs) == FINISHED
    elements = np.arange(n)
    np.testing.assert_array_equal(states["g.u"], reference.uniform(key, 41, 0, elements))
    np.testing.assert_array_equal(states["g.z"], reference.normal(key, 41, 1, elements))
    np.testing.assert_array_equal(states["g.k"], reference.poisson(key, 41, 2, elements, np.full(n, 3.0)))
    counts = reference.binomial(key, 41, 3, elements, np.full(n, 10.0), np.full(n, 0.3))
    np.testing.assert_array_equal(states["g.b"], counts)
    assert states["g.s"][0] == reference.uniform(key, 41, 4, np.array([0]))[0]
    assert len(set(states["g.u"])) == n


@pytest.mark.parametrize("distribution", ["uniform", "normal"])
def test_random_values_in_single_precision_are_those_of_the_reference(distribution):
    reference = pytest.importorskip("ranvier.ir.random_reference")
    text = f"""snn.program @single {{
      %N = snn.param "g.N" "" : index
      %key = snn.param "key" "" : i64
      %v = snn.state "g.v" ""[%N] : tensor<?xf32>
      %clk = snn.clock "clk"
      %end = snn.loop (%v) : tensor<?xf32> -> tensor<?xf32> {{
      ^bb0(%v0: tensor<?xf32>):
        %t, %n = snn.time %clk
        %v1 = snn.map "draw" "g" on(%clk) [%N] (%v0) updates [0] : tensor<?xf32> -> tensor<?xf32> {{
        ^bb0(%i: index, %x: f32):
          %y = snn.random "{distribution}" 3 at(%key, %n, %i) () : -> f32
          snn.yield %y : f32
        }}
        snn.yield %v1 : tensor<?xf32>
      }}
    }}"""
    drawn = np.zeros(9, np.float32)
    interpret(Parser(new_context(), text).parse_module(), ProgramInputs([9, 77], [drawn], [], [ClockInput(5, 6, 1e-4)]))
    wanted = getattr(reference, distribution)(77, 5, 3, np.arange(9), dtype=np.float32)
    np.testing.assert_array_equal(drawn, wanted)


def test_instances_side_by_side_against_a_plain_loop():
    tau, gain, dt = np.array([0.01, 0.02, 0.05]), np.array([1.0, 3.0]), 1e-3
    inputs = ProgramInputs(
        params={"instances": 3, "g.N": 2},
        states={"tau": tau, "g.v": np.zeros(6), "g.gain": gain},
        events={"g.spike": no_events()},
        clocks={"clk": ClockInput(0, 8, dt)},
        sinks={"rates": []},
    )
    assert interpret(program("lanes"), inputs) == FINISHED
    for b in range(3):
        v = np.zeros(2)
        for step in range(8):
            v += gain * (dt / tau[b])
            t, rate = inputs.sinks["rates"][3 * step + b]
            assert (t, rate) == (step * dt, (v > 1).sum() / (2 * dt))
        np.testing.assert_array_equal(inputs.states["g.v"].reshape(2, 3)[:, b], v)
    assert list(inputs.events["g.spike"]) == list(np.flatnonzero(inputs.states["g.v"] > 1))
