"""The `snn` dialect: spiking neural networks as value-semantic dataflow. The grammar on one page.

| op | what it does |
|---|---|
| `snn.program` | a whole simulation |
| `snn.param`, `snn.state`, `snn.event_space`, `snn.clock`, `snn.sink` | its run-time inputs |
| `snn.derive` | an array that is made from inputs before a run, such as narrower indices |
| `snn.loop`, `snn.yield` | the instants of the simulation, in schedule order |
| `snn.time`, `snn.dt` | t and step number of a clock; its step length |
| `snn.read`, `snn.write` | shared variables |
| `snn.map` | a pure function of each element (integration, refractoriness, `run_regularly`, ...) |
| `snn.scatter` | writes through an index |
| `snn.threshold` | condition per element → events |
| `snn.compact` | mask → events |
| `snn.emit` | list of events given beforehand → events |
| `snn.reset` | a map over the elements of an event set |
| `snn.solve_tree` | a linear system on a tree: the potentials of coupled compartments |
| `snn.solve_forest` | the same on many trees, equal ones side by side |
| `snn.propagate` | events × connections → updates of synapses, their sources and their targets, with delays |
| `snn.accumulate` | sums over the synapses of each element |
| `snn.arrivals` | events × connections → how many synapses reach each element now |
| `snn.deposit` | events × connections → sums that wait in a ring for their time |
| `snn.gather`, `snn.random`, `snn.propagator` | in regions: another element, a random value, exp of a small matrix |
| `snn.integrate` | in regions: differential equations from t to t + dt, by inner steps that follow the error |
| `snn.native` | in regions: a function of the script that is code of its own |
| `snn.record`, `snn.record_events`, `snn.record_rate` | states, events, rates → a table |
| `snn.call` | leave for Python |
| `snn.instance`, `snn.tabulate` | several instances side by side: which one; values of each, once per run |

Regions compute with the upstream `arith` and `math` dialects.
"""

from __future__ import annotations

from xdsl.context import Context
from xdsl.dialects import builtin, cf, func, gpu, math, memref, scf, vector
from xdsl.ir import Dialect

from ranvier.ir.arrivals import ArrivalsOp, DepositOp
from ranvier.ir.derive import DeriveOp
from ranvier.ir.emission import EmitOp
from ranvier.ir.integration import IntegrateOp
from ranvier.ir.lanes import InstanceOp, TabulateOp
from ranvier.ir.neurons import CompactOp, MapOp, ResetOp, ScatterOp, ThresholdOp
from ranvier.ir.prefetch import PrefetchOp
from ranvier.ir.recording import CallOp, RecordEventsOp, RecordOp, RecordRateOp
from ranvier.ir.scalars import GatherOp, NativeOp, PropagatorOp, RandomOp
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
from ranvier.ir.synapses import AccumulateOp, PropagateOp
from ranvier.ir.trees import SolveForestOp, SolveTreeOp
from ranvier.ir.types import ClockType, EventsType, SinkType
from ranvier.ir.widening import ARITH

SNN = Dialect(
    "snn",
    [
        ProgramOp,
        ParamOp,
        StateOp,
        EventSpaceOp,
        ClockOp,
        SinkOp,
        DeriveOp,
        LoopOp,
        YieldOp,
        TimeOp,
        DtOp,
        ReadOp,
        WriteOp,
        MapOp,
        ScatterOp,
        SolveTreeOp,
        SolveForestOp,
        ThresholdOp,
        CompactOp,
        EmitOp,
        ResetOp,
        PropagateOp,
        AccumulateOp,
        ArrivalsOp,
        DepositOp,
        GatherOp,
        RandomOp,
        PropagatorOp,
        IntegrateOp,
        NativeOp,
        RecordOp,
        RecordEventsOp,
        RecordRateOp,
        CallOp,
        InstanceOp,
        TabulateOp,
    ],
    [ClockType, EventsType, SinkType],
)


def new_context() -> Context:
    """Returns a context that knows `snn` and the upstream dialects it is used with."""
    context = Context()
    upstream = (builtin.Builtin, ARITH, math.Math, func.Func, cf.Cf, scf.Scf, memref.MemRef, vector.Vector, gpu.GPU)
    for dialect in (*upstream, SNN):
        context.load_dialect(dialect)
    context.load_op(PrefetchOp)
    return context
