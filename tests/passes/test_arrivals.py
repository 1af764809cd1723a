"""Counted and summed arrivals: native code and the interpreter give what the pathway gives synapse by synapse."""

import functools
from dataclasses import replace

import numpy as np
import pytest
from upstream_mlir import printed_by, text_of, upstream
from xdsl.dialects.builtin import IntegerType
from xdsl.parser import Parser

from ranvier.ir import row_recipes
from ranvier.ir.dialect import new_context
from ranvier.ir.synapses import PropagateOp
from ranvier.passes.facts.versions import check_single_version
from ranvier.passes.lower.lower_to_loops import LowerToLoops
from ranvier.passes.optimise.pure_sums import PureSum, pure_sum
from ranvier.passes.optimise.rewriting import loop_of, programs_in
from ranvier.passes.optimise.sum_layouts import count_arrivals, sum_in_ring, target_size

STEPS = 6

HISTORY = "tensor<?xi32>, tensor<?xi64>, tensor<1xi64>"

PROGRAM = """
snn.program @sums {{
  %E = snn.param "E" "" : index
  %N = snn.param "N" "" : index
  %shift = snn.param "shift" "" : index
  %S = snn.param "syn.N" "" : index
  %events = snn.param "list.N" "" : index
  %rows = snn.param "pointers.N" "" : index
  %ds = snn.param "delays.N" "" : index
  %hs = snn.param "indices.N" "" : index
  %L = snn.param "counts.N" "" : index
  %words = snn.param "words.N" "" : index
  %ring_size = snn.param "ring.N" "" : index
  %start = snn.param "start" "" : index
  %stop = snn.param "stop" "" : index
  %one = arith.constant 1 : index
  %period = arith.constant 0 : i64
  %x = snn.param "x" "" : {float}
  %sources = snn.state "i" "" [%S] : tensor<?xi32>
  %targets = snn.state "j" "" [%S] : tensor<?xi32>
  %short = snn.state "j16" "" [%S] : tensor<?xi16>
  %w = snn.state "w" "" [%S] : tensor<?x{float}>
  %flat = snn.state "flat" "" [%S] : tensor<?xi32>
  %bits = snn.state "bits" "" [%words] : tensor<?xi64>
  %ring = snn.state "ring" "" [%ring_size] : tensor<?x{float}>
  %pointers = snn.state "pointers" "" [%rows] : tensor<?xi64>
  %delays = snn.state "delays" "" [%ds] : tensor<?xi64>
  %h = snn.state "indices" "" [%hs] : tensor<?xi32>
  %c = snn.state "counts" "" [%L] : tensor<?xi64>
  %p = snn.state "position" "" [%one] : tensor<1xi64>
  %v = snn.state "v" "" [%N] : tensor<?x{float}>
  %m = snn.state "m" "" [%N] : tensor<?xi32>
  %free = snn.state "free" "" [%N] : tensor<?xi1>
  %index = snn.state "list.index" "" [%events] : tensor<?xi32>
  %when = snn.state "list.step" "" [%events] : tensor<?xi64>
  %at = snn.state "list.position" "" [%one] : tensor<1xi64>
  %spikes = snn.event_space "spike" [%E]
  %clk = snn.clock "clk"
  %end:7 = snn.loop (%h, %c, %p, %v, %m, %at, %spikes) : {carried} -> {carried} {{
  ^bb0(%h0: tensor<?xi32>, %c0: tensor<?xi64>, %p0: tensor<1xi64>, %v0: tensor<?x{float}>, %m0: tensor<?xi32>,
       %at0: tensor<1xi64>, %e0: !snn.events):
    %t, %n = snn.time %clk
    %e1, %at1 = snn.emit "list" on(%clk) %index at %when every %period now %n from %at0 into %e0
    %v1 = snn.map "decay" "v" on(%clk) [%N] (%v0) updates [0] : tensor<?x{float}> -> tensor<?x{float}> {{
    ^bb0(%k: index, %y: {float}):
      %half = arith.constant 0.5 : {float}
      %less = arith.mulf %y, %half : {float}
      snn.yield %less : {float}
    }}
    %h1, %c1, %p1, {outs} = snn.propagate "syn" on(%clk) %e1 [%start, %stop] spiking "pre"
        from(%sources : tensor<?xi32>) to(%targets : tensor<?xi32>) rows(%pointers, %delays) history(%h0, %c0, %p0)
        {code}
    snn.yield %h1, %c1, %p1, %v2, {last}, %at1, %e1 : {carried}
  }}
}}
"""

UNIFORM = """elements(%v1) of ["post"] shifts [-1] by() writes [0]
        : tensor<?x{float}> -> {history}, tensor<?x{float}> {{
    ^bb0(%k: index, %i: index, %j: index, %y: {float}):
      %sum = arith.addf %x, %y : {float}
      snn.yield %sum : {float}
    }}"""

GUARDED = """elements(%free, %v1) of ["post", "post"] shifts [0, 0] by(%shift) writes [1]
        : tensor<?xi1>, tensor<?x{float}> -> {history}, tensor<?x{float}> {{
    ^bb0(%k: index, %i: index, %j: index, %f: i1, %y: {float}):
      %sum = arith.subf %y, %x : {float}
      %new = arith.select %f, %sum, %y : {float}
      snn.yield %new : {float}
    }}"""

SEVERAL = """elements(%m0, %v1, %free) of ["post", "post", "post"] shifts [-1, -1, -1] by() writes [1, 0]
        : tensor<?xi32>, tensor<?x{float}>, tensor<?xi1> -> {history}, tensor<?x{float}>, tensor<?xi32> {{
    ^bb0(%k: index, %i: index, %j: index, %z: i32, %y: {float}, %f: i1):
      %two = arith.constant 2.0 : {float}
      %twice = arith.mulf %x, %two : {float}
      %both = arith.select %f, %twice, %x : {float}
      %sum = arith.addf %y, %both : {float}
      %three = arith.constant 3 : i32
      %more = arith.addi %z, %three : i32
      %count = arith.select %f, %z, %more : i32
      snn.yield %sum, %count : {float}, i32
    }}"""

WEIGHTED = """elements(%w, %free, %v1) of ["synapse", "post", "post"] shifts [-1, 0, 0] by(%shift) writes [2]
        : tensor<?x{float}>, tensor<?xi1>, tensor<?x{float}> -> {history}, tensor<?x{float}> {{
    ^bb0(%k: index, %i: index, %j: index, %weight: {float}, %f: i1, %y: {float}):
      %sum = arith.addf %y, %weight : {float}
      %new = arith.select %f, %sum, %y : {float}
      snn.yield %new : {float}
    }}"""

CODES = {"uniform": UNIFORM, "guarded": GUARDED, "several": SEVERAL, "weighted": WEIGHTED}


def program(code: str, float_: str = "f64") -> str:
    """The text of a program with one of the pathways."""
    carried = f"{HISTORY}, tensor<?x{float_}>, tensor<?xi32>, tensor<1xi64>, !snn.events"
    outs, last = ("%v2, %m1", "%m1") if code == "several" else ("%v2", "%m0")
    text = CODES[code].format(float=float_, history=HISTORY)
    return PROGRAM.format(float=float_, carried=carried, outs=outs, last=last, code=text)


def inputs(
    elements: int, size: int, density: float, delays: list[int], *, shift: int = 0, seed: int = 0, start: int = 2
) -> dict[str, object]:
    """A random network: `elements` spiking ones of which those from `start` on have synapses, `size` targets."""
    rng = np.random.default_rng(seed)
    extent = elements - start
    steps = np.sort(np.asarray(delays))[::-1]
    length = int(steps[0]) + 1 + seed % 2
    parts = [np.flatnonzero(rng.random(size) < density * (r % 3 != 1)) for r in range(extent * len(steps))]
    pointers = np.concatenate([[0], np.cumsum([len(part) for part in parts])])
    targets = np.concatenate([*parts, []]).astype(np.int32)
    sources = np.repeat(np.arange(extent * len(steps)) // len(steps), np.diff(pointers))
    weights = rng.integers(-8, 9, len(targets)) / 8
    pairs = [
        (step, k) for step in range(STEPS) for k in np.flatnonzero(rng.random(elements) < (0.7, 0.0, 0.2)[step % 3])
    ]
    when, who = zip(*pairs, (2**63 - 1, 0), strict=True)
    make = lambda n, dtype: np.zeros(n, dtype)
    flat = row_recipes.flat(make, pointers, steps, targets, size + shift, shift)
    return {
        "E": elements, "N": size + shift, "shift": shift, "syn.N": len(targets), "list.N": len(when),
        "pointers.N": len(pointers), "delays.N": len(steps), "indices.N": length * extent, "counts.N": length,
        "start": start, "stop": elements, "x": 0.375, "i": sources, "j": targets, "j16": targets.astype(np.uint16),
        "w": weights, "pointers": pointers, "delays": steps, "indices": np.zeros(length * extent),
        "counts": np.zeros(length), "position": [0], "v": rng.integers(0, 9, size + shift) / 4,
        "m": np.zeros(size + shift), "free": rng.random(size + shift) < 0.6, "list.index": who, "list.step": when,
        "list.position": [0], "spike": elements, "clk": (0, STEPS, 1e-3), "flat": flat,
        "ring.N": length * row_recipes.width_of(size, 64), "ring": np.zeros(length * row_recipes.width_of(size, 64)),
        "words.N": (len(pointers)) * row_recipes.width_of(size, 512) // 64,
        "bits": row_recipes.bits(make, pointers, targets, size + shift, shift),
    }  # fmt: skip


def rewritten(module, layout: str):
    """Rewrites the pathway of a program as a test asks for; returns the module."""
    (snn,) = programs_in(module)
    op = next(each for each in loop_of(snn).body.block.ops if isinstance(each, PropagateOp))
    found = pure_sum(op, check_single_version(snn))
    assert isinstance(found, PureSum), found
    state = {each.label.data: each.value for each in snn.body.block.ops if each.name == "snn.state"}
    size = target_size(found)
    if layout == "ring":
        assert not found.not_summed
        sum_in_ring(found, state["flat"], state["ring"], size)
    else:
        assert not found.not_counted
        kind, bits = layout.split("-")
        rows = {
            "lists": (state["pointers"], state["j"]),
            "short": (state["pointers"], state["j16"]),
            "bits": state["bits"],
        }[kind]
        count_arrivals(found, rows, size, IntegerType(int(bits)))
    module.verify()
    return module


COUNTED = ["lists-16", "short-16", "short-32", "bits-16", "bits-32"]
NETWORKS = [
    {"elements": 9, "size": 5, "density": 0.5, "delays": [2]},
    {"elements": 40, "size": 70, "density": 0.3, "delays": [0, 3, 1], "seed": 1},
    {"elements": 300, "size": 1100, "density": 0.005, "delays": [1, 0], "seed": 2, "start": 0},
    {"elements": 3, "size": 512, "density": 1.0, "delays": [0], "seed": 3, "start": 2},
    {"elements": 30, "size": 64, "density": 0.0, "delays": [4, 1], "seed": 4},
]


@pytest.fixture(scope="module")
def synapse_by_synapse(parse_program, interpret_it):
    """The inputs of a network, and what the interpreter makes of its pathway."""

    @functools.cache
    def interpreted(code: str, network: int):
        given = inputs(**NETWORKS[network], shift=3 if code in ("guarded", "weighted") else 0)
        return given, interpret_it(parse_program(program(code)), given)

    return interpreted


@pytest.mark.parametrize("network", range(len(NETWORKS)))
@pytest.mark.parametrize(
    ("code", "layout"),
    [(code, layout) for code in ("uniform", "guarded", "several") for layout in COUNTED] + [("weighted", "ring")],
)
def test_same_as_synapse_by_synapse(
    code, layout, network, synapse_by_synapse, parse_program, run_program, interpret_it, same
):
    given, expected = synapse_by_synapse(code, network)
    ours = interpret_it(rewritten(parse_program(program(code)), layout), given)
    native = run_program(rewritten(parse_program(program(code)), layout), given)
    same(ours, native)
    same(ours, replace(expected, arrays={**expected.arrays, "ring": ours.arrays["ring"]}))
    assert network == 4 or (expected.arrays["v"] != given["v"]).any()


@pytest.mark.parametrize("generic", [False, True])
@pytest.mark.parametrize(("code", "layout"), [("several", "short-16"), ("guarded", "bits-16"), ("weighted", "ring")])
def test_loops_are_valid_for_us_and_upstream(code, layout, generic, parse_program):
    module = rewritten(parse_program(program(code)), layout)
    LowerToLoops().apply(new_context(), module)
    module.verify()
    text = text_of(module, generic=generic)
    printed_by(upstream(), text)
    again = Parser(new_context(), text).parse_module()
    again.verify()


@pytest.mark.parametrize("float_", ["f64", "f32"])
def test_single_precision_and_sums_that_may_be_infinite(float_, parse_program, run_program, interpret_it, same):
    """An element that nothing reaches stays as it is, whatever one synapse would add."""
    given = inputs(**NETWORKS[1] | {"density": 0.005}) | {"x": float("inf")}
    text = program("uniform", float_)
    expected = interpret_it(parse_program(text), given)
    assert 0 < np.isfinite(expected.arrays["v"]).sum() < len(expected.arrays["v"])
    same(run_program(rewritten(parse_program(text), "bits-16"), given), expected)


def reason(text: str, parse_program) -> str:
    """Why the pathway of a program is no pure sum, or cannot be counted or summed up."""
    (snn,) = programs_in(parse_program(text))
    op = next(each for each in loop_of(snn).body.block.ops if isinstance(each, PropagateOp))
    found = pure_sum(op, check_single_version(snn))
    return found if isinstance(found, str) else f"{found.not_counted} / {found.not_summed}"


@pytest.mark.parametrize(
    ("code", "old", "new", "wanted"),
    [
        ("uniform", "addf %x, %y", "mulf %x, %y", "an element is not only added to"),
        ("uniform", "addf %x, %y", "subf %x, %y", "an element is not only added to"),
        ("uniform", "addf %x, %y", "addf %y, %y", "what is added depends on the sum so far"),
        ("uniform", "addf %x, %y", "addf %x, %x", "an element is not only added to"),
        ("uniform", '["post"]', '["pre"]', "the code writes to synapses, or to the neurons that spike"),
        ("guarded", "%f, %sum, %y", "%f, %sum, %x", "an element is set to one of two new values"),
        (
            "guarded",
            '"post", "post"] shifts [0, 0]',
            '"pre", "post"] shifts [0, 0]',
            "the condition depends on the syn",
        ),
        ("guarded", "shifts [0, 0]", "shifts [-1, 0]", "are of several parts of a population"),
        ("uniform", "", "", " / what is added is not simply a variable of the synapses"),
        ("weighted", "", "", "what is added differs from synapse to synapse / "),
        ("several", "", "", " / several elements are added to"),
    ],
)
def test_what_is_no_pure_sum(code, old, new, wanted, parse_program):
    text = program(code)
    assert old in text
    assert wanted in reason(text.replace(old, new), parse_program)


def test_numbers_of_synapses_are_no_sums(parse_program):
    text = program("uniform").replace(
        "%sum = arith.addf %x, %y", "%z = arith.index_cast %k : index to i64\n%u = arith.sitofp %z : i64 to f64\n"
        "%sum = arith.addf %u, %y"
    )  # fmt: skip
    assert reason(text, parse_program) == "the code asks for numbers of synapses or of their ends"
