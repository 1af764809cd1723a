"""A network alone and as a batch: each instance leaves behind, bit for bit, what the network leaves with its values."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
from graph.batches import spikes_only

from ranvier.ir.interpret import ClockInput, ProgramInputs, interpret
from ranvier.ir.structure import ClockOp, EventSpaceOp, ParamOp, SinkOp, StateOp
from ranvier.passes.lower.abi import input_ops, program_of
from ranvier.runtime.batches import BatchRun, apart
from ranvier.runtime.recorder import Table
from ranvier.runtime.simulation import Simulation
from ranvier.runtime.state import allocate
from ranvier.session.clocks import same_time
from ranvier.stages import Options, build_loops, compile_plan, make_plan
from ranvier.stages.instance_programs import compile_batch, same_bits


class Copy:
    """Arrays, events or clocks of a run of their own."""

    frozen, population = True, None

    def __init__(self, value):
        for name in ("array", "indices", "count", "control"):
            if hasattr(value, name):
                old = getattr(value, name)
                new = allocate(old.size, old.dtype)
                new[:] = old
                setattr(self, name, new)
        self.dt_ = getattr(value, "dt_", 0.0)

    @property
    def readable(self):
        return self.array

    basis = readable


class Compared:
    """A network at the beginning of a run, with the numbers of its inputs by label."""

    def __init__(self, network, namespace=None, seconds=0.03, options=None):
        for clock in network.clocks:
            clock.set_interval(network.t_, network.t_ + seconds, same_time(network.clocks))
        self.network, self.options = network, options or Options()
        self.plan, self.arguments = make_plan(network.before_run(namespace or {}), network.clocks, options=self.options)
        self.numbers = {entry.label: k for k, entry in enumerate(self.plan.inputs)}
        self.program = compile_plan(self.plan, same_bits(self.options))

    lists = frozenset({"given spikes.step"})
    """Labels of lists of given spikes, which are one list where each instance has its own."""

    def number(self, label):
        return self.numbers[label] if isinstance(label, str) else label

    def start(self, given, count):
        """A batch at its beginning; `given` by label or number."""
        given = {self.number(label): values for label, values in given.items()}
        return BatchRun(compile_batch(self.plan, list(given), self.options), self.arguments.values, count, given)

    def batch(self, given, count):
        run = self.start(given, count)
        assert run.advance()
        if run.may_begin_again:  # for others, and for these once more: nothing is left of a run
            numbers = {self.number(label): np.asarray(sets) for label, sets in given.items()}
            for again in ({number: sets[::-1] for number, sets in numbers.items()}, numbers):
                run.begin_again(again)
                assert run.advance()
        return run

    def copies(self, given, instance):
        """The inputs of the network alone, with the values of an instance: the network's own memory stays."""
        values = []
        for value in self.arguments.values:
            if isinstance(value, Table):
                new = Table(list(value.columns), name=value.name)
                new.reserve(value.rows_per_instant)
                values.append(new)
            else:
                values.append(Copy(value) if any(hasattr(value, n) for n in ("array", "indices", "control")) else value)
        for label, sets in given.items():
            number = self.number(label)
            if hasattr(values[number], "array"):
                values[number].array[...] = sets[instance]
            else:
                values[number] = sets[instance]
        return values

    def alone(self, given, instance):
        values = self.copies(given, instance)
        assert Simulation(self.program, values, []).advance(lambda: False)
        return values

    def check(self, given, instance, count=11, run=None):
        """Asserts that an instance is the network alone; returns the number of spikes that were recorded."""
        run = run or self.batch(given, count)
        values = self.alone(given, instance)
        used = {slot.input for slot in self.program.slots if slot.kind != "unused"}
        spikes = 0
        for number, (entry, value) in enumerate(zip(self.plan.inputs, values, strict=True)):
            if number not in used or (entry.label.endswith(" position") and given.keys() & self.lists):
                continue  # where a list was left says nothing, and that of all is another one
            if entry.kind == "state" and entry.changes:
                mine, theirs = run.state(number)[:, instance], value.array
                history = run.history_of(number)
                if history is not None and theirs.dtype == np.int32:
                    theirs = spikes_only(theirs, values[history].array)
                np.testing.assert_array_equal(mine, theirs, err_msg=entry.label)
            elif entry.kind == "events":
                np.testing.assert_array_equal(run.events(number, instance), value.indices[: value.count[0]])
            elif entry.kind == "sink" and value.buffers:
                rows = run.rows_of(number, instance)
                for column in value.columns:
                    np.testing.assert_array_equal(rows[column.name], value.values(column.name), err_msg=entry.label)
                spikes += len(rows["i"]) if "i" in rows else 0
        return spikes

    # ---- the graphs

    def graph(self, own=None):
        """The optimised graph of the network, or of a batch of it."""
        options = same_bits(self.options)
        if own is not None:
            batch = f"batch{{numbers={','.join(map(str, sorted(own)))}}}" if own else "batch"
            options = replace(options, pipeline=f"{options.spec},{batch}", verify=True)
        found = {}

        def keep(stage, form):
            if stage == "optimised":
                found[stage] = form.clone()

        build_loops(self.plan, options, keep)
        return found["optimised"]

    def check_interpreted(self, given, count):
        """Asserts that the graph of the batch gives for each instance what the graph of the network gives."""
        own = [self.number(label) for label in given]
        module, one = self.graph(own), self.graph()
        run = self.start(given, count)
        values = list(run._values)
        ops = input_ops(program_of(module))
        for number, sets in zip(own, given.values(), strict=True):
            if "own" not in ops[number + 1].attributes:  # a list of given spikes, which is that of all
                continue
            sets = np.reshape(sets, (count, -1))
            lanes = np.concatenate([sets, np.repeat(sets[-1:], run.lanes - count, axis=0)])
            values[number + 1] = Copy(SimpleNamespace(array=lanes.T.ravel()))  # natively some are not used
        together = interpreted(module, values)
        for instance in range(count):
            alone = interpreted(one, [value for value in self.copies(given, instance)])
            for number, op in enumerate(input_ops(program_of(one))):
                wide = ops[number + 1]
                mine, theirs = together[number + 1], alone[number]
                if "history" in wide.attributes and "own" not in wide.attributes:
                    continue
                if op.label.data.endswith(" position") and given.keys() & self.lists:
                    continue
                if isinstance(op, StateOp) and "history" in wide.attributes:
                    other = wide.attributes["history"].value.data
                    is_list = mine.dtype == np.int32
                    pair = (mine, together[other]) if is_list else (together[other], mine)
                    mine = apart(*pair, run.lanes)[not is_list][:, instance]
                    theirs = spikes_only(theirs, alone[other - 1]) if is_list else theirs
                elif isinstance(op, EventSpaceOp) and "own" in wide.attributes:
                    mine = mine[mine % run.lanes == instance] // run.lanes
                elif isinstance(op, StateOp) and "own" in wide.attributes:
                    mine = mine.reshape(-1, run.lanes)[:, instance]
                if isinstance(op, EventSpaceOp | StateOp):
                    np.testing.assert_array_equal(mine, theirs, err_msg=op.label.data)


def interpreted(module, values):
    """Runs a graph with the interpreter on copies; what is left of each input, by its number."""
    kinds = {ParamOp: [], StateOp: [], EventSpaceOp: [], ClockOp: [], SinkOp: []}
    places = []
    for op, value in zip(input_ops(program_of(module)), values, strict=True):
        match op:
            case ParamOp():
                found = value
            case StateOp():
                found = np.atleast_1d(value.array).copy()
            case EventSpaceOp():
                found = value.indices[: value.count[0]].copy()
            case ClockOp():
                found = ClockInput(int(value.control[0]), int(value.control[1]), getattr(value, "dt_", 0.0))
            case SinkOp():
                found = []
        places.append((type(op), len(kinds[type(op)])))
        kinds[type(op)].append(found)
    params, states, events, clocks, sinks = kinds.values()
    with np.errstate(all="ignore"):
        interpret(module, ProgramInputs(params, states, events, clocks, sinks))
    return [kinds[kind][place] for kind, place in places]
