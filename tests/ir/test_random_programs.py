"""Random small programs: printing, parsing and interpreting them changes nothing, nor does cutting their runs."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from xdsl.dialects import arith
from xdsl.dialects.builtin import FloatAttr, IndexType, ModuleOp, f64, i1, i32
from xdsl.ir import Block, Region

from ranvier.ir.diagnostics import parse_module
from ranvier.ir.interpret import ClockInput, ProgramInputs, interpret
from ranvier.ir.neurons import FRESH, CompactOp, MapOp, ResetOp, ScatterOp, ThresholdOp
from ranvier.ir.recording import RecordEventsOp, RecordOp, RecordRateOp
from ranvier.ir.scalars import GatherOp
from ranvier.ir.slots import FINISHED
from ranvier.ir.structure import (
    ClockOp,
    DtOp,
    EventSpaceOp,
    LoopOp,
    ParamOp,
    ProgramOp,
    ReadOp,
    SinkOp,
    StateOp,
    TimeOp,
    WriteOp,
    YieldOp,
)
from ranvier.ir.types import array_of, shared_of

ARITHMETIC = (arith.AddfOp, arith.SubfOp, arith.MulfOp, arith.DivfOp, arith.MaximumfOp, arith.MinnumfOp)
STATES = 3


class Builder:
    """Builds a program step by step; `draw` makes the choices."""

    def __init__(self, draw):
        self.draw = draw
        self.top, self.loop = Block(), Block()
        self.size = self.add(self.top, ParamOp("N", IndexType())).value
        self.tau = self.add(self.top, ParamOp("tau", f64, "s")).value
        one = self.add(self.top, arith.ConstantOp.from_int_and_width(1, IndexType())).result
        self.zero = self.add(self.top, arith.ConstantOp.from_int_and_width(0, IndexType())).result
        names = [f"x{k}" for k in range(STATES)]
        states = [self.add(self.top, StateOp(name, self.size, array_of(f64))).value for name in names]
        states.append(self.add(self.top, StateOp("s", one, shared_of(f64))).value)
        states.append(self.add(self.top, StateOp("count", self.size, array_of(i32))).value)
        states.append(self.add(self.top, EventSpaceOp("events", self.size)).value)
        self.clocks = [self.add(self.top, ClockOp(name)).value for name in ("a", "b")]
        self.sinks = [
            self.add(self.top, SinkOp(name, columns)).value
            for name, columns in (("states", [f64, f64]), ("spikes", [f64, i32, f64]), ("rates", [f64, f64]))
        ]
        self.initial = states
        args = [self.loop.insert_arg(state.type, k) for k, state in enumerate(states)]
        self.x, self.s, self.count, self.events = args[:STATES], args[-3], args[-2], args[-1]
        self.times = [self.add(self.loop, TimeOp(clock)).t for clock in self.clocks]
        self.dts = [self.add(self.loop, DtOp(clock)).value for clock in self.clocks]

    def add(self, block, op):
        block.add_op(op)
        return op

    def pick(self, options):
        return self.draw(st.sampled_from(list(options)))

    def expression(self, block, values, depth=3):
        """A random expression of the given f64 values, the time, and shared and other elements."""
        if depth == 0 or self.draw(st.booleans()):
            choice = self.draw(st.integers(0, 3))
            if choice == 0:
                number = self.draw(st.floats(-2, 2, width=32))
                return self.add(block, arith.ConstantOp(FloatAttr(number, f64))).result
            if choice == 1:
                return self.add(block, ReadOp(self.s)).value
            if choice == 2:
                return self.add(block, GatherOp(self.pick(self.x), self.zero)).value
            return self.pick([*values, self.tau, *self.times])
        op = self.pick(ARITHMETIC)
        left = self.expression(block, values, depth - 1)
        return self.add(block, op(left, self.expression(block, values, depth - 1))).result

    def region(self, types):
        return Block(arg_types=[IndexType(), *types])

    def step(self):
        k = self.draw(st.integers(0, 1))
        clock, t, dt = self.clocks[k], self.times[k], self.dts[k]
        getattr(self, self.pick(("map", "mask", "threshold", "reset", "scatter", "write", "record", "spikes", "rate")))(
            clock, t, dt
        )

    def map(self, clock, t, dt):
        block = self.region([f64, f64])
        values = [self.expression(block, block.args[1:]) for _ in range(2)]
        block.add_op(YieldOp(*values))
        a, b = self.draw(st.permutations(range(STATES)))[:2]
        inputs, types = [self.x[a], self.x[b]], [array_of(f64)] * 2
        op = self.add(self.loop, MapOp("integrate", "m", clock, self.size, inputs, [1, 0], types, Region(block)))
        self.x[b], self.x[a] = op.outs

    def mask(self, clock, t, dt):
        block = self.region([f64])
        block.add_op(YieldOp(self.condition(block)))
        types = [array_of(i1)]
        op = self.add(
            self.loop, MapOp("mask", "m", clock, self.size, [self.pick(self.x)], [FRESH], types, Region(block))
        )
        self.events = self.add(self.loop, CompactOp(clock, op.outs[0], self.size, self.events)).events

    def condition(self, block):
        left = self.expression(block, block.args[1:])
        return self.add(block, arith.CmpfOp(left, self.expression(block, block.args[1:]), "ogt")).result

    def threshold(self, clock, t, dt):
        block = self.region([f64])
        block.add_op(YieldOp(self.condition(block)))
        op = ThresholdOp("thresholder", clock, self.size, [self.pick(self.x)], self.events, Region(block))
        self.events = self.add(self.loop, op).events

    def reset(self, clock, t, dt):
        block = self.region([f64])
        block.add_op(YieldOp(self.expression(block, block.args[1:])))
        k = self.draw(st.integers(0, STATES - 1))
        op = self.add(self.loop, ResetOp("reset", "r", clock, self.events, [self.x[k]], [0], Region(block)))
        self.x[k] = op.outs[0]

    def scatter(self, clock, t, dt):
        block = self.region([f64])
        target = self.pick([block.args[0], self.zero])
        block.add_op(YieldOp(target, self.expression(block, block.args[1:])))
        a, b = self.draw(st.integers(0, STATES - 1)), self.draw(st.integers(0, STATES - 1))
        op = ScatterOp("scatter", "s", clock, self.size, [self.x[a]], self.x[b], Region(block))
        self.x[b] = self.add(self.loop, op).out

    def write(self, clock, t, dt):
        self.s = self.add(self.loop, WriteOp(clock, self.s, self.expression(self.loop, [dt]))).out

    def record(self, clock, t, dt):
        block = self.region([])
        block.add_op(YieldOp(self.add(block, GatherOp(self.pick(self.x), block.args[0])).value))
        self.loop.add_op(RecordOp("states", clock, self.sinks[0], self.size, t, Region(block)))

    def spikes(self, clock, t, dt):
        block = self.region([])
        block.add_op(YieldOp(self.add(block, GatherOp(self.pick(self.x), block.args[0])).value))
        bounds = (self.zero, self.size)
        op = RecordEventsOp("spikes", clock, self.sinks[1], self.events, bounds, t, self.count, Region(block))
        self.count = self.add(self.loop, op).out

    def rate(self, clock, t, dt):
        bounds = (self.zero, self.size)
        self.loop.add_op(RecordRateOp("rates", clock, self.sinks[2], self.events, bounds, t, dt))

    def finish(self):
        self.loop.add_op(YieldOp(*self.x, self.s, self.count, self.events))
        self.top.add_op(LoopOp(self.initial, self.loop))
        module = ModuleOp([ProgramOp("random", Region(self.top))])
        module.verify()
        return module


@st.composite
def programs(draw):
    builder = Builder(draw)
    for _ in range(draw(st.integers(1, 8))):
        builder.step()
    return builder.finish()


def run(module, n, budget=None):
    rng = np.random.default_rng(n)
    inputs = ProgramInputs(
        params={"N": n, "tau": 0.5},
        states=[*rng.normal(size=(STATES, n)), np.array([0.25]), np.zeros(n, np.int32)],
        events=[np.arange(0, n, 2, dtype=np.int32)],
        clocks=[ClockInput(0, 6, 1e-3), ClockInput(0, 3, 2e-3)],
        sinks={"states": [], "spikes": [], "rates": []},
        max_instants=budget,
    )
    while interpret(module, inputs) != FINISHED:
        pass
    return inputs


def same(a, b):
    for x, y in zip([*a.states, *a.events], [*b.states, *b.events], strict=True):
        np.testing.assert_array_equal(x, y)
    for name, rows in a.sinks.items():
        assert len(rows) == len(b.sinks[name])
        for x, y in zip(rows, b.sinks[name], strict=True):
            for left, right in zip(x, y, strict=True):
                np.testing.assert_array_equal(left, right)


@settings(max_examples=40, deadline=None)
@given(module=programs(), n=st.integers(1, 5))
def test_print_parse_interpret(module, n):
    printed = str(module)
    again = parse_module(printed)
    assert str(again) == printed
    once = run(module, n)
    assert [clock.n for clock in once.clocks] == [6, 3]
    same(once, run(again, n))
    same(once, run(module, n, budget=2))
