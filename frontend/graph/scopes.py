"""Names of a step's code → values inside the region of its op."""

from __future__ import annotations

import math as math_
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Protocol, assert_never

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import f32, f64, i1, i32, i64
from xdsl.ir import Attribute, Block, BlockArgument, SSAValue

from ranvier.actions.code import DRAWS, used_names
from ranvier.equations.assignments import Assign, Line, Propagator
from ranvier.equations.expressions import Call, Name
from ranvier.graph.adaptive_build import integrate
from ranvier.graph.arithmetic import INDEX, Value
from ranvier.graph.emit import NOISE, Emitter, unknown_function
from ranvier.graph.places import Locations
from ranvier.ir import scalars, structure
from ranvier.ir.mlir_functions import inline, parsed
from ranvier.ir.native import NativeFunction
from ranvier.ir.types import element_type
from ranvier.plan.bounds import (
    Bound,
    CodeOf,
    ElementOf,
    IndexedBy,
    LookupIn,
    OwnIndex,
    ParamOf,
    PostIndex,
    PostOf,
    PreIndex,
    PreOf,
    RowOf,
    SharedBy,
    SynapseOf,
    TimeOf,
    Variable,
)
from ranvier.plan.plan import Plan
from ranvier.plan.step_kinds import FREE, CodeStep, ElementCode

TYPES: dict[str, Attribute] = {"f64": f64, "f32": f32, "i64": i64, "i32": i32, "i1": i1, "index": INDEX}
"""Types of elements by their names in plans."""

Reader = Callable[[int], SSAValue | None]
"""Gives the region argument that holds the own element of a state, or None: then it is gathered."""


def name_hint(label: str) -> str | None:
    """Returns a label as the name of a value in the printed graph."""
    name = "".join(c if c.isascii() and (c.isalnum() or c == "_") else "_" for c in label)
    return name if name and not name[0].isdigit() else None


class Builder(Protocol):
    """What a scope needs of the builder of the program."""

    plan: Plan
    values: list[SSAValue]
    body: Block
    locations: Locations | None

    def state(self, number: int) -> SSAValue:
        """Returns the current version of a state."""
        ...

    def advance(self, number: int, version: SSAValue) -> None:
        """Makes a value the current version of a state or event set."""
        ...

    def time(self, clock: int) -> tuple[SSAValue, SSAValue]:
        """Returns t and step number of a clock."""
        ...

    def dt(self, clock: int) -> SSAValue:
        """Returns the step length of a clock."""
        ...

    def stream(self, position: int, name: str) -> int:
        """Returns the stream of random numbers of a noise name, or a new one."""
        ...

    def table(self, kind: str, inputs: tuple[int, ...]) -> SSAValue:
        """Returns the table of a distribution, made from params before a run."""
        ...


class CodeScope:
    """Runs the assignments of one step, emitting into a region (or the loop's body, for shared code)."""

    def __init__(
        self, builder: Builder, position: int, step: CodeStep, block: Block, reader: Reader, index: SSAValue
    ) -> None:
        self.builder = builder
        self.position = position
        self.clock = step.clock
        self.code = step.code
        self.bindings = dict(step.code.bindings)
        self.reader = reader
        self.index = index
        self.offset: SSAValue | None = None
        self.elements_allowed = True
        self.assigned_values: dict[str, Value] = {}
        self._cache: dict[str, Value] = {}
        places = builder.locations
        locate = None if places is None else partial(places.of, step.label)
        self.emitter = Emitter(block, self.lookup, self.call, f32 if step.code.float32 else f64, locate)

    # -- what a step reads and writes

    @staticmethod
    def own_elements(code: ElementCode) -> list[int]:
        """Returns the states whose own elements code reads or writes, without repetition."""
        used = set(used_names(code.lines, code.results))
        if code.protected:
            used.add(FREE)
        return sorted({bound.input for name, bound in code.bindings if name in used and isinstance(bound, ElementOf)})

    # -- names

    def predefine(self, values: dict[str, Value]) -> None:
        """Makes temporaries of an outer scope known."""
        self.assigned_values.update(values)

    def lookup(self, name: str) -> Value:
        """Returns the value of a name at this point of the code."""
        if name in self.assigned_values:
            return self.assigned_values[name]
        if name not in self._cache:
            self._cache[name] = self._bound(name, self.bindings[name])
        return self._cache[name]

    def _bound(self, name: str, bound: Bound) -> Value:
        builder = self.builder
        match bound:
            case ElementOf(number):
                own = self.reader(number)
                return self._gather(builder.state(number), self._absolute()) if own is None else Value(own, False)
            case SharedBy(number):
                return self._read_shared(number)
            case ParamOf(number):
                return Value(builder.values[number], True)
            case TimeOf("dt", clock):
                return Value(builder.dt(clock), True)
            case TimeOf(what, clock):
                t, step = builder.time(clock)
                return Value(t if what == "t" else step, True, exact=True)
            case OwnIndex():
                return Value(self.index, not self.elements_allowed)
            case IndexedBy():
                return self._linked(bound)
            case LookupIn() | CodeOf():
                raise KeyError(f"{name} is a function, not a value")
            case SynapseOf() | PreOf() | PostOf() | RowOf() | PreIndex() | PostIndex():
                raise KeyError(f"{name} has a meaning only in code of synapses")
            case _:
                assert_never(bound)

    def _read_shared(self, number: int) -> Value:
        op = structure.ReadOp(self.builder.state(number))
        self.builder.body.add_op(op)
        return Value(op.value, True)

    def _gather(self, array: SSAValue, index: Value) -> Value:
        op = scalars.GatherOp(array, index.ssa)
        self.emitter.add(op)
        return Value(op.value, index.uniform)

    def _absolute(self) -> Value:
        """Returns the number of the own element in the whole population."""
        index = Value(self.index, False)
        if self.offset is None:
            return index
        return self.emitter.op(arith.AddiOp, index, Value(self.offset, True))

    def linked_index(self, bound: IndexedBy) -> Value:
        """Returns the element of another population that a linked variable stands for."""
        index = self._absolute()
        if bound.index is not None:
            index = self.emitter.index(self._gather(self.builder.state(bound.index), index))
        if bound.offset is not None:
            index = self.emitter.op(arith.AddiOp, index, Value(self.builder.values[bound.offset], True))
        return index

    def _linked(self, bound: IndexedBy) -> Value:
        if self.builder.plan.inputs[bound.input].shared:
            return self._read_shared(bound.input)
        return self._gather(self.builder.state(bound.input), self.linked_index(bound))

    def gathered_index(self, array: int) -> SSAValue:
        """Returns the element of an array of numbers, as an index."""
        return self.emitter.index(self._gather(self.builder.state(array), Value(self.index, False))).ssa

    # -- code

    def run(self, code: Iterable[Line]) -> None:
        """Emits assignments; later ones see the values of earlier ones."""
        for line in code:
            if isinstance(line, Assign):
                self.assign(line.target, self.emitter.emit(line.expr))
            elif isinstance(line, Propagator):
                self._propagate(line)
            else:
                integrate(self, line)

    def assign(self, name: str, value: Value) -> None:
        """Gives a name a value, of the type of the variable that it stands for."""
        bound = self.bindings.get(name)
        if isinstance(bound, Variable):
            type = element_type(self.builder.state(bound.input).type)
            value = self.emitter.widened(self.emitter.converted(value, type)) if value.type != type else value
        if value.ssa.name_hint is None and not isinstance(value.ssa, BlockArgument):
            value.ssa.name_hint = name
        self.assigned_values[name] = value

    def _propagate(self, line: Propagator) -> None:
        emitter = self.emitter
        order = len(line.matrix)
        entries = [emitter.floating(emitter.emit(entry), f64) for row in line.matrix for entry in row]
        step = emitter.floating(emitter.emit(line.step), f64)
        flat = [name for row in line.targets for name in row]
        wanted = [k for k, name in enumerate(flat) if name]
        op = scalars.PropagatorOp(order, [entry.ssa for entry in entries], step.ssa, wanted)
        emitter.add(op)
        uniform = step.uniform and all(entry.uniform for entry in entries)
        for k, out in zip(wanted, op.outs, strict=True):
            value = Value(out, uniform)
            if not uniform and emitter.float_type == f32:
                value = emitter.floating(value, f32)
            self.assigned_values[flat[k] or ""] = value

    def _assigned_elements(self) -> dict[int, str]:
        """Returns the states whose own elements the code assigned, and a name of each."""
        found: dict[int, str] = {}
        for name, bound in self.code.bindings:
            if name in self.assigned_values and isinstance(bound, ElementOf):
                found.setdefault(bound.input, name)
        return found

    def written_elements(self, inputs: Sequence[int]) -> list[int]:
        """Returns the states among `inputs` that the code assigned."""
        assigned = self._assigned_elements()
        return [number for number in inputs if number in assigned]

    def results(self, written: Sequence[int], inputs: Sequence[int]) -> tuple[list[int], list[SSAValue]]:
        """Positions of the written states among the inputs, and their new values, protected ones guarded."""
        names = self._assigned_elements()
        values: list[SSAValue] = []
        for number in written:
            name = names[number]
            old = self.reader(number)
            assert old is not None
            value = self.emitter.converted(self.assigned_values[name], old.type)
            if name in self.code.protected:
                free = self.emitter.boolean(self.lookup(FREE))
                value = self.emitter.select(free, value, Value(old, False))
            values.append(value.ssa)
        return [inputs.index(number) for number in written], values

    def scattered(self) -> list[tuple[IndexedBy, SSAValue]]:
        """Returns the linked variables that the code assigned, and the new value of each own element."""
        found: list[tuple[IndexedBy, SSAValue]] = []
        for name, bound in self.code.bindings:
            if name in self.assigned_values and isinstance(bound, IndexedBy):
                type: Attribute = element_type(self.builder.state(bound.input).type)
                found.append((bound, self.emitter.converted(self.assigned_values[name], type).ssa))
        return found

    # -- functions that are no plain arithmetic

    def call(self, emitter: Emitter, function: str, args: list[Value], expr: Call) -> Value:
        """Returns the value of a random number or a timed array."""
        if function in DRAWS:
            return self._draw(function, args, expr)
        bound = self.bindings.get(function)
        if isinstance(bound, LookupIn):
            return self._lookup_array(bound, args)
        if isinstance(bound, CodeOf):
            return self._code_of(bound.function, args)
        raise unknown_function(function, expr)

    def _code_of(self, function: NativeFunction, args: list[Value]) -> Value:
        """Returns the value of a function of the script: MLIR is put in place, all else is called."""
        emitter = self.emitter
        if function.indexed:
            args = [*args, Value(self.index, False)]
        given = [emitter.of_type(arg, TYPES[kind]) for arg, kind in zip(args, function.arguments, strict=True)]
        operands, uniform = [arg.ssa for arg in given], all(arg.uniform for arg in given) and function.stateless
        if function.kind == "mlir":
            made = parsed(function.text, function.symbol, function.arguments, function.result)
            result = inline(made, emitter.block, operands)
        else:
            type = TYPES[function.result]
            op = scalars.NativeOp(function.symbol, operands, type, text=function.text, stateless=function.stateless)
            emitter.add(op)
            result = op.value
        value = Value(result, uniform or not self.elements_allowed)
        return emitter.floating(value, f32) if value.type == f64 and not value.uniform and self._is_single else value

    @property
    def _is_single(self) -> bool:
        return self.emitter.float_type == f32

    def _draw(self, function: str, args: list[Value], expr: Call) -> Value:
        name = expr.args[0].id if function == NOISE and isinstance(expr.args[0], Name) else ""
        distribution = DRAWS[function]
        type = f64 if distribution in ("poisson", "binomial") else self.emitter.float_type
        if distribution == "tabulated":
            arguments = [self._table(function, expr)]
        else:
            arguments = [self.emitter.floating(arg, f64).ssa for arg in args]
        op = scalars.RandomOp(
            distribution,
            self.builder.stream(self.position, name),
            self.builder.values[0],
            self.builder.time(self.clock)[1],
            self.index,  # its own stream: the number in a part of the population will do, as tiles of draws want it
            arguments,
            type,
        )
        self.emitter.add(op)
        return Value(op.value, not self.elements_allowed)

    def _table(self, function: str, expr: Call) -> SSAValue:
        """Returns the table of `_tabulated_poisson(mean)` or `_tabulated_binomial(n, p)`; the arguments name params."""
        bounds = [self.bindings[arg.id] for arg in expr.args if isinstance(arg, Name)]
        params = tuple(bound.input for bound in bounds if isinstance(bound, ParamOf))
        return self.builder.table(f"{function.removeprefix('_tabulated_')}_table", params)

    def _lookup_array(self, array: LookupIn, args: list[Value]) -> Value:
        """Returns values[clip(int(round(t/epsilon)/per_bin), 0, bins-1)*columns + column], see `TimedArray`.

        NaN for a column that does not exist.
        """
        emitter = self.emitter
        values = self.builder.values

        def param(number: int) -> Value:
            return Value(values[number], True)

        t = emitter.floating(args[0], f64)
        ratio = emitter.op(arith.DivfOp, t, emitter.floating(param(array.epsilon), f64))
        ticks = emitter.op(math.FloorOp, emitter.op(arith.AddfOp, ratio, emitter.constant(0.5)))
        position = emitter.integer(emitter.op(arith.DivfOp, ticks, emitter.floating(param(array.per_bin), f64)))
        zero, one = emitter.constant(0), emitter.constant(1)
        last = emitter.op(arith.SubiOp, param(array.bins), one)
        position = emitter.op(arith.MinSIOp, emitter.op(arith.MaxSIOp, position, zero), last)
        exists: Value | None = None
        if array.columns is not None:
            column = emitter.integer(args[1])
            exists = emitter.comparison("ult", column, param(array.columns))
            column = emitter.select(exists, column, zero)  # memory is never read beyond the array
            position = emitter.op(arith.AddiOp, emitter.op(arith.MuliOp, position, param(array.columns)), column)
        value = self._gather(self.builder.state(array.values), emitter.op(arith.IndexCastOp, position, type=INDEX))
        if exists is not None:
            value = emitter.select(exists, value, emitter.constant(math_.nan))
        if value.type == f64 and emitter.float_type == f32 and not value.uniform:
            return emitter.floating(value, f32)
        return value
