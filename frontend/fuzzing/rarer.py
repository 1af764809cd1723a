"""Ops that few programs have: given spikes, trees, inner steps, elements of rows, propagators."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ranvier.fuzzing.calls import TYPES
from ranvier.fuzzing.choices import Choices
from ranvier.fuzzing.pathways import SETS
from ranvier.ir.tree_blocks import LANES

Numbers = npt.NDArray[Any]

ENTRIES, PERIOD, NODES = 7, 5, 3
"""Entries of the list of given spikes with its end mark, steps after which it begins again, and nodes that branch."""

METHODS = (("rkf45", "adaptive"), ("rk8pd", "fixed"), ("rkf45", "fixed"))
"""How inner steps are made."""

RARER = ("emit", "rows", "tree", "forest", "inner", "linear", "call")
"""The kinds of ops that are written here."""

ROUNDING = ("inner", "linear")
"""Those of them whose last bits depend on who computes them."""


class Writer(Protocol):
    """What a program is written by: see `ranvier.fuzzing.writer.ProgramWriter`."""

    live: dict[str, str]
    scalars: dict[str, str]
    calls: list[tuple[str, ...]]
    number: int
    here: Choices

    def line(self, text: str) -> None:
        """Writes a line in the loop."""

    def lines(self, *texts: str) -> None:
        """Writes lines as they are."""

    def name(self, part: str) -> str:
        """Returns a name of a value of this op."""
        ...

    def clock(self, name: str = "clock") -> str:
        """Returns a clock."""
        ...

    def pathway_head(
        self, name: str, way: str, inputs: list[tuple[str, str, str]], writes: list[int], *, pending: bool = True
    ) -> tuple[str, str]:
        """Returns what stands in front of the region of a pathway, and behind it."""
        ...


def rarer_declarations() -> Iterator[str]:
    """Yields the lines that declare the inputs."""
    yield '  %entries = snn.param "entries" "" : index'
    yield '  %period = snn.param "period" "" : i64'
    yield '  %nodes = snn.param "nodes" "" : index'
    yield '  %who = snn.state "who" ""[%entries] : tensor<?xi32>'
    yield '  %when = snn.state "when" ""[%entries] : tensor<?xi64>'
    yield '  %place = snn.state "place" ""[%one] : tensor<1xi64>'
    yield '  %node = snn.state "node" ""[%N] : tensor<?xi32>'
    yield '  %parents = snn.state "parents" ""[%nodes] : tensor<?xi32>'
    yield '  %axial = snn.state "axial" ""[%nodes] : tensor<?xf64>'
    yield '  %leak = snn.state "leak" ""[%N] : tensor<?xf64>'
    yield '  %leaves = snn.param "leaves" "" : index'
    yield '  %largest = snn.param "largest" "" : index'
    yield '  %entries_of_forest = snn.param "forest" "" : index'
    yield '  %trees = snn.param "trees" "" : index'
    yield "  %columns = arith.constant 13 : index"
    yield "  %cells = arith.muli %trees, %columns : index"
    yield '  %leaf = snn.state "leaf" ""[%leaves] : tensor<?xi32>'
    yield '  %branches = snn.state "branches" ""[%entries_of_forest] : tensor<?xi32>'
    yield '  %wood = snn.state "wood" ""[%entries_of_forest] : tensor<?xf64>'
    yield '  %blocks = snn.state "blocks" ""[%cells] : tensor<?xi32>'
    yield '  %ticks = snn.state "ticks" ""[%four] : tensor<?xf64>'
    yield '  %evt = snn.clock "evt" at %ticks : tensor<?xf64>'


def rarer_values(rng: np.random.Generator, size: int, dt: float, *, joined: bool) -> Mapping[str, Any]:
    """Returns what these inputs are.

    Args:
        rng: Makes them.
        size: Neurons.
        dt: The step of the first clock.
        joined: Whether the elements of a tree influence each other: what is solved is rounded then.
    """
    count = min(ENTRIES - 1, size * PERIOD)
    spikes = np.sort(rng.choice(size * PERIOD, count, replace=False))
    nodes = size + NODES * joined
    own = np.sort(rng.choice(nodes, size, replace=False)).astype(np.int32)
    return {
        "entries": count + 1,
        "period": PERIOD,
        "nodes": nodes,
        "who": np.append(spikes % size, 0).astype(np.int32),
        "when": np.append(spikes // size, np.iinfo(np.int64).max),
        "place": np.zeros(1, np.int64),
        "node": own,
        "leak": 2.0 ** rng.integers(-2, 3, size) if joined else np.ones(size),
        "parents": _tree(rng, nodes),
        "axial": _conductances(rng, nodes, joined),
        "ticks": np.array([0.5 * dt, 2 * dt, 2.25 * dt, np.inf]),
        **_forest(rng, size, joined),
    }


def _tree(rng: np.random.Generator, nodes: int) -> Numbers:
    return np.array([0, *(int(rng.integers(0, k)) for k in range(1, nodes))], np.int32)


def _conductances(rng: np.random.Generator, nodes: int, joined: bool) -> Numbers:
    return rng.integers(1, 9, nodes) / 4 if joined else np.zeros(nodes)


def _forest(rng: np.random.Generator, size: int, joined: bool) -> Mapping[str, Any]:
    """Returns what describes equal trees, whose elements lie one behind the other, and a tree of those left over."""
    of_one = int(rng.integers(1, min(size, 5) + 1))
    trees, rest = divmod(size, of_one)
    starts = np.arange(trees) * of_one
    groups = [(of_one, starts[first : first + LANES]) for first in range(0, trees, LANES)]
    kinds = [of_one] * (trees > 0) + [rest] * (rest > 0)
    if rest:
        groups.append((rest, np.array([trees * of_one])))
    nodes = [kind + NODES * joined for kind in kinds]
    blocks: list[int] = []
    for kind, first in groups:
        which = kinds.index(kind)
        at = (sum(nodes[:which]), nodes[which], sum(kinds[:which]), kind, len(first))
        blocks += [*at, *first.tolist(), *[int(first[-1])] * (LANES - len(first))]
    return {
        "leaves": sum(kinds),
        "largest": max(nodes),
        "forest": sum(nodes),
        "trees": len(groups),
        "leaf": np.concatenate([np.sort(rng.choice(n, k, replace=False)) for n, k in zip(nodes, kinds, strict=True)]),
        "branches": np.concatenate([_tree(rng, n) for n in nodes]),
        "wood": np.concatenate([_conductances(rng, n, joined) for n in nodes]),
        "blocks": np.array(blocks, np.int32),
    }


def write_emit(w: Writer) -> None:
    """Writes spikes that are given beforehand."""
    events, after = w.name("events"), w.name("place")
    w.line(
        f'{events}, {after} = snn.emit "g{w.number}" on(%clk) %who at %when every %period now %step'
        f" from {w.live['place']} into {w.live['e']}"
    )
    w.live |= {"e": events, "place": after}


def write_shared(w: Writer) -> None:
    """Writes a shared variable, which is read and written."""
    read, total, low, high, out = (w.name(part) for part in ("read", "product", "low", "high", "out"))
    scalar = w.scalars[w.here.pick(("k", "t"), "scalar")]
    w.line(f"{read} = snn.read {w.live['s']} : tensor<1xf64> -> f64")
    w.line(f"{total} = arith.addf {read}, {scalar} : f64")
    w.line(f"{low} = arith.minimumf {total}, %most : f64")
    w.line(f"{high} = arith.maximumf {low}, %half : f64")
    w.line(f"{out} = snn.write on({w.clock()}) {w.live['s']}, {high} : tensor<1xf64>, f64 -> tensor<1xf64>")
    w.scalars[f"shared{w.number}"] = read
    w.live["s"] = out


def write_tree(w: Writer) -> None:
    """Writes the potentials at the nodes of a tree."""
    source, target, out = w.here.pick(("a", "b", "c"), "source"), w.here.pick(("a", "b", "c"), "target"), w.name("out")
    w.line(
        f'{out} = snn.solve_tree "t{w.number}" on({w.clock()}) [%N of %nodes] (%powers, {w.live[source]}) at %node'
        f" along (%parents, %axial) into {w.live[target]} : tensor<?xf64>, tensor<?xf64>, tensor<?xi32>,"
        " tensor<?xi32>, tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>"
    )
    w.live[target] = out


def write_forest(w: Writer) -> None:
    """Writes the potentials at the nodes of many trees, some of which are solved together."""
    source, target, out = w.here.pick(("a", "b", "c"), "source"), w.here.pick(("a", "b", "c"), "target"), w.name("out")
    w.line(
        f'{out} = snn.solve_forest "f{w.number}" on({w.clock()}) [%trees of %largest] (%leak, {w.live[source]})'
        f" at %leaf along (%branches, %wood) over %blocks into {w.live[target]} : tensor<?xf64>, tensor<?xf64>,"
        " tensor<?xi32>, tensor<?xi32>, tensor<?xf64>, tensor<?xi32>, tensor<?xf64> -> tensor<?xf64>"
    )
    w.live[target] = out


def write_call(w: Writer) -> None:
    """Writes a call of Python, which changes some arrays, and may look at the events."""
    keys = tuple(sorted(w.here.some(TYPES, 1 + w.here.below(3, "number"), "given")))
    outs, types = [w.name(f"called_{key}") for key in keys], ", ".join(TYPES[key] for key in keys)
    w.line(
        f'{", ".join(outs)} = snn.call "call{w.number}" {len(w.calls)} on({w.clock()})'
        f" ({', '.join(w.live[key] for key in keys)}) : {types} -> {types}"
    )
    w.live |= dict(zip(keys, outs, strict=True))
    w.calls.append(keys)


def write_inner(w: Writer) -> None:
    """Writes a map that integrates by inner steps."""
    name, out, p = w.here.pick(("a", "b", "c"), "array"), w.name("out"), f"%r{w.number}_"
    method, steps = METHODS[w.here.below(len(METHODS), "method")]
    w.line(
        f'{out} = snn.map "integrate" "n{w.number}" on(%clk) [%N] ({w.live[name]}, %powers) updates [0]'
        " : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64> {"
    )
    w.lines(
        f"    ^bb0({p}i: index, {p}x: f64, {p}m: f64):",
        f"      {p}within = arith.constant 1.0e-3 : f64",
        f"      {p}u, {p}next, {p}taken, {p}again, {p}stuck = snn.integrate {method!r} {steps!r} most 20 from %t by %dt"
        f" begin %dt ({p}x) within ({p}within) : f64 {{".replace("'", '"'),
        f"      ^bb0({p}s: f64, {p}v: f64):",
        f"        {p}gone = arith.mulf {p}v, {p}m : f64",
        f"        {p}rest = arith.subf {p}s, {p}gone : f64",
        f"        snn.yield {p}rest : f64",
        "      }",
        f"      snn.yield {p}u : f64",
        "    }",
    )
    w.live[name] = out


def write_linear(w: Writer) -> None:
    """Writes the exact step of a linear equation."""
    name, out, p = w.here.pick(("a", "b", "c"), "array"), w.name("out"), f"%r{w.number}_"
    rate = w.here.pick(("%k", f"{p}m"), "rate")
    w.line(
        f'{out} = snn.map "integrate" "l{w.number}" on(%clk) [%N] ({w.live[name]}, %powers) updates [0]'
        " : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64> {"
    )
    w.lines(
        f"    ^bb0({p}i: index, {p}x: f64, {p}m: f64):",
        f"      {p}one = snn.propagator 1 ({rate}) by %dt wanted [0] : f64 -> f64",
        f"      {p}two, {p}more = snn.propagator 2 ({rate}, %half, %k, {p}m) by %dt wanted [0, 1]"
        " : f64, f64, f64, f64 -> f64, f64",
        f"      {p}y = arith.mulf {p}one, {p}x : f64",
        f"      {p}z = arith.addf {p}y, {p}more : f64",
        f"      {p}low = arith.minimumf {p}z, %most : f64",
        f"      snn.yield {p}low : f64",
        "    }",
    )
    w.live[name] = out


def write_rows(w: Writer) -> None:
    """Writes a pathway with an element that belongs to the end that spikes."""
    row, other = w.here.some(("a", "b", "c"), 2, "arrays")
    name, p = w.here.pick(SETS, "set"), f"%r{w.number}_"
    inputs = [(row, w.live[row], "row"), (f"{name}.w", f"%{name}_w", "synapse"), (other, w.live[other], "post")]
    head, facts = w.pathway_head(name, "pre", inputs, [0, 2], pending=False)
    w.line(f"{head} {{")
    w.lines(
        f"    ^bb0({p}k: index, {p}i: index, {p}j: index, {p}x: f64, {p}w: f64, {p}y: f64):",
        f"      {p}more = arith.addf {p}x, %half : f64",
        f"      {p}new = arith.minimumf {p}more, %most : f64",
        f"      {p}sum = arith.addf {p}y, {p}{w.here.pick('wx', 'addend')} : f64",
        f"      snn.yield {p}new, {p}sum : f64, f64",
        f"    }} {facts}".rstrip(),
    )


WRITERS = {
    "shared": write_shared,
    "emit": write_emit,
    "rows": write_rows,
    "tree": write_tree,
    "forest": write_forest,
    "call": write_call,
    "inner": write_inner,
    "linear": write_linear,
}
"""What writes each kind."""
