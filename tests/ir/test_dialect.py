"""The dialect: what is printed can be parsed again, and what is wrong is said."""

import re
from pathlib import Path

import pytest
from xdsl.parser import Parser

from ranvier.ir.diagnostics import IRFileError, parse_module
from ranvier.ir.dialect import SNN, new_context

FILES = sorted(Path(__file__).parent.glob("*.mlir"))
TEXTS = {path.stem: path.read_text() for path in FILES}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_print_and_parse_are_inverse(text):
    module = parse_module(text)
    printed = str(module)
    again = parse_module(printed)
    assert str(again) == printed
    assert module.is_structurally_equivalent(again)


def test_the_programs_use_every_op():
    used = {op.name for text in TEXTS.values() for op in parse_module(text).walk()}
    assert {op.name for op in SNN.operations} <= used


def test_every_op_is_documented_with_its_syntax():
    for op in SNN.operations:
        assert op.__doc__ and (op.name in op.__doc__ or op.name == "snn.reset"), op.name


def test_the_generic_form_means_the_same():
    from io import StringIO

    from xdsl.printer import Printer

    for text in TEXTS.values():
        module = parse_module(text)
        stream = StringIO()
        Printer(stream, print_generic_format=True).print_op(module)
        assert str(Parser(new_context(), stream.getvalue()).parse_module()) == str(module)


WRONG = [
    # file, what is replaced, by what, the message
    (
        "lif",
        "snn.yield %both : i1",
        "snn.yield %above, %r : i1, i1",
        "the region of snn.threshold yields one value for",
    ),
    ("lif", "updates [0, 1] :", "updates [0, 0] :", "snn.reset updates an input twice"),
    ("lif", "updates [0, 1] :", "updates [0] :", "snn.reset says for each result which input it updates"),
    ("lif", "updates [0, 1] :", "updates [0, -1] :", "every result of snn.reset updates an input"),
    ("lif", "updates [0, 1] :", "updates [1, 0] :", "a result of snn.reset has not the type of the input it updates"),
    ("lif", "updates [0, 1] :", "updates [0, 2] :", "a result of snn.reset has not the type of the input it updates"),
    (
        "lif",
        "(%v0, %ready1) updates [0] : tensor<?xf64>, tensor<?xi1> ->",
        "(%v0, %v0) updates [0] : tensor<?xf64>, tensor<?xf64> ->",
        "the region of snn.map takes the index and one element of each input",
    ),
    ("lif", "!snn.sink<[f64, i32, f64]>", "!snn.sink<[f64, i32]>", "yields one value for each column of its sink"),
    ("lif", "!snn.sink<[f64, i32, f64]>", "!snn.sink<[f64]>", "begins with the time (f64) and the index (an integer)"),
    ("lif", "!snn.sink<[f64, i32, f64]>", "!snn.sink<[f64, f64, f64]>", "begins with the time (f64) and the index"),
    (
        "two_clocks",
        "!snn.sink<[f64, i64]>",
        "!snn.sink<[i64, i64]>",
        "the sink of snn.record begins with the time (f64)",
    ),
    ("everything", "!snn.sink<[f64, f64]>", "!snn.sink<[f64, f32]>", "has the columns [f64, f64]: time and rate"),
    ("everything", "snn.propagator 2 (", "snn.propagator 3 (", "snn.propagator of order 3 takes 9 entries"),
    ("everything", "wanted [0, 1]", "wanted [0, 4]", "gives one result for each wanted entry of the matrix"),
    (
        "everything",
        "snn.yield %where, %new : index, f64",
        "snn.yield %old, %new : f64, f64",
        "snn.scatter yields one value",
    ),
    ("random", '"normal" 1', '"gamma" 1', "snn.random knows uniform, normal, poisson, binomial, tabulated, not"),
    ("random", "(%mean) : f64 ->", "() : ->", "snn.random 'poisson' takes 1 arguments"),
    ("random", '"poisson" 2', '"tabulated" 2', "snn.random 'tabulated' takes a table"),
    (
        "two_clocks",
        "snn.read %s0 : tensor<1xf64>",
        "snn.read %b0 : tensor<?xi64>",
        "snn.read takes a shared variable (tensor<1x...>)",
    ),
    ("two_clocks", "%s0, %ts : tensor<1xf64>, f64", "%s0, %ns : tensor<1xf64>, i64", "snn.write of i64 to a shared"),
    (
        "two_clocks",
        "snn.yield %a1, %b1, %s1 : tensor<?xi64>, tensor<?xi64>, tensor<1xf64>",
        "snn.yield %a1, %b1 : tensor<?xi64>, tensor<?xi64>",
        "the body of snn.loop ends with an snn.yield of the carried values' types",
    ),
    ("lanes", "snn.yield %k : f64", "snn.yield %k, %k : f64, f64", "snn.tabulate yields one value for each array"),
    ("lanes", "^bb0(%b: index):", "^bb0(%b: index, %c: index):", "the region of snn.tabulate takes the index"),
    ("emit", '"list.step" "" [%entries]', '"list.step" "" [%N]', "snn.emit takes as many indices as steps"),
    (
        "synapses",
        "shifts [-1, -1, 0] by(%shift)",
        "shifts [-1, -1, 1] by(%shift)",
        "is the position of an offset, or -1",
    ),
    (
        "synapses",
        "shifts [-1, -1, 0] by(%shift)",
        "shifts [-1, 0] by(%shift)",
        "says for each input whose element it is",
    ),
    (
        "synapses",
        '["synapse", "post", "pre"]',
        '["synapse", "post", "target"]',
        "the roles of snn.propagate are synapse, pre",
    ),
    (
        "synapses",
        '["synapse", "post"] shifts [-1, -1] by()',
        '["synapse"] shifts [-1] by()',
        "says for each input whose",
    ),
    ("synapses", 'spiking "pre"', 'spiking "i"', "the elements that spike for snn.propagate are pre or post"),
    ("synapses", "writes [0, 2]", "writes [0, 0]", "snn.propagate writes each of its inputs at most once"),
    ("synapses", "writes [0, 2]", "writes [0, 3]", "snn.propagate writes each of its inputs at most once"),
    ("synapses", "writes [0, 2]", "writes [0]", "yields one value for each input that it writes"),
    (
        "synapses",
        "yield %less : f64",
        "yield %less, %less : f64, f64",
        "yields one value for each input that it writes",
    ),
    ("synapses", "snn.yield %each : f64", "snn.yield %k : index", "yields one value of the type of its sums"),
    (
        "synapses",
        "%half = arith.mulf %weight, %gain : f64",
        "%half = snn.gather %w0[%k] : tensor<?xf64> -> f64",
        "reads an array that it writes other than as an input",
    ),
    ("integrate", '"rkf45"', '"rkf"', "snn.integrate knows rk2, rk4, rkf45, rkck, rk8pd, not 'rkf'"),
    ("integrate", '"adaptive"', '"free"', "the steps of snn.integrate are adaptive or fixed, not 'free'"),
    ("integrate", "most 200", "most 0", "snn.integrate takes at least one inner step"),
    ("integrate", "within (%error, %error)", "within (%error)", "has an error and a result for each variable"),
    ("integrate", "snn.yield %b, %total : f64, f64", "snn.yield %b : f64", "yields the derivative of each variable"),
    ("integrate", "(%s: f64, %a: f64, %b: f64)", "(%s: f64, %a: f64, %b: f32)", "f32"),
    ("two_clocks", ", %s0: tensor<1xf64>):", ", %s0: tensor<1xf32>):", "f64"),
    ("everything", "snn.propagator 2 (", "snn.propagator -2 (", "is of a matrix of 1 row or more, not -2"),
    (
        "lif",
        "    %t, %n = snn.time",
        '    %x9 = snn.param "x" "" : f64\n    %t, %n = snn.time',
        "snn.param stands in the loop",
    ),
    ("lif", "  }\n}", '  }\n  %late = snn.param "x" "" : f64\n}', "snn.param stands behind the loop"),
    (
        "lif",
        "  }\n}",
        '  }\n}\nsnn.program @b {\n  %N = snn.param "N" "" : index\n}',
        "a module has one snn.program, and @lif",
    ),
    ("lif", '  %N = snn.param "neurons.N" "" : index', "", "%N is used but not defined"),
]


@pytest.mark.parametrize("name, old, new, wanted", WRONG)
def test_wrong_programs_say_what_is_wrong(name, old, new, wanted):
    text = TEXTS[name]
    assert old in text
    text = text.replace(old, new) if "sink<" in old else text.replace(old, new, 1)
    with pytest.raises(IRFileError) as caught:
        parse_module(text, f"{name}.mlir")
    assert wanted in str(caught.value)
    assert re.search(rf"--> {name}\.mlir:\d+:\d+", str(caught.value))


DECLARED = [
    # what a program declares besides, the message
    (
        "snn.state [%N] : tensor<5xf64>",
        "or a shared variable tensor<1x...>, not tensor<5xf64>",
    ),
    ("snn.state [%N] : tensor<?x?xf64>", "is an array tensor<?x...>, or a shared variable"),
    ("snn.state [%N] : tensor<?xi8>", "the elements of snn.state are i1, i16, i32, i64, f32 or f64, not i8"),
    ("snn.state [%N] : tensor<?xf16>", "the elements of snn.state are i1, i16, i32, i64, f32 or f64, not f16"),
    ("snn.param % : f16", "snn.param is index, i1, i32, i64, f32 or f64, not f16"),
    ("snn.sink !snn.sink<[f64, i8]>", "the columns of snn.sink are i1, i16"),
    (
        'snn.derive "narrow" (%v) : tensor<?xf64> -> tensor<?xi16>',
        "takes an array of integers, and is given tensor<?xf64>",
    ),
    ('snn.derive "narrow" (%k) : tensor<?xi32> -> tensor<?xf64>', "makes tensor<?xi16>, not tensor<?xf64>"),
    ('snn.derive "narrow" () : -> tensor<?xi16>', "takes an array of integers, and is given nothing"),
    ('snn.derive "gather" (%v) : tensor<?xf64> -> tensor<?xf64>', "takes an array, an array of integers, and is given"),
    (
        'snn.derive "bits" (%k, %k, %v) : tensor<?xi32>, tensor<?xi32>, tensor<?xf64> -> tensor<?xi64>',
        "and perhaps a size",
    ),
    ('snn.derive "poisson_table" (%N) : index -> tensor<?xi32>', "takes a number, and is given index"),
    ('snn.random "normal" 1 at (%key, %key, %N) () : -> i32', "snn.random gives a float, not i32"),
    ('snn.random "poisson" 1 at (%key, %key, %N) (%key) : i64 -> f64', "the arguments of snn.random 'poisson' are f64"),
]


@pytest.mark.parametrize(("op", "message"), DECLARED)
def test_what_inputs_and_recipes_may_be(op: str, message: str) -> None:
    kind, _, rest = op.partition(" ")
    label = {"snn.state": '"x" "" ', "snn.param": '"x" "" ', "snn.sink": '"x" : '}.get(kind, "")
    line = f"  %x = {kind} {label}{rest.removeprefix('%')}"
    inputs = """  %N = snn.param "g.N" "" : index
  %key = snn.param "key" "" : i64
  %v = snn.state "v" "" [%N] : tensor<?xf64>
  %k = snn.state "k" "" [%N] : tensor<?xi32>
"""
    end = '  %clk = snn.clock "c"\n  snn.loop () : -> {\n    snn.yield\n  }\n}'
    parse_module(f"snn.program @p {{\n{inputs}{end}")
    with pytest.raises(IRFileError) as caught:
        parse_module(f"snn.program @p {{\n{inputs}{line}\n{end}", "p.mlir")
    assert message in str(caught.value) and "--> p.mlir:6:" in str(caught.value)


EARLY = """\
snn.program @p {
  %v = snn.state "g.v" "" [%N] : tensor<?xf64>
  %N = snn.param "g.N" "" : index
  %clk = snn.clock "c"
  %out = snn.loop (%v) : tensor<?xf64> -> tensor<?xf64> {
  ^bb0(%v0: tensor<?xf64>):
    %v1 = snn.map "integrate" "g" on(%clk) [%N] (%v0) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb1(%i: index, %x: f64):
      snn.yield %x : f64
    }
    snn.yield %v1 : tensor<?xf64>
  }
}
"""


def test_values_are_defined_before_they_are_used():
    with pytest.raises(IRFileError, match=r"snn.state uses %N before it is defined[^$]*p\.mlir:2:8"):
        parse_module(EARLY, "p.mlir")
    lines = EARLY.splitlines()
    right = "\n".join([lines[0], lines[2], lines[1], *lines[3:]])
    parse_module(right)
    late = right.replace(
        "snn.yield %x : f64", "%b = arith.addf %a, %a : f64\n%a = arith.negf %x : f64\nsnn.yield %b : f64"
    )
    with pytest.raises(IRFileError, match=r"arith.addf uses %a before it is defined"):
        parse_module(late)


def test_a_program_has_one_loop():
    with pytest.raises(IRFileError, match=r"snn\.program has one snn.loop, this one has none"):
        parse_module('snn.program @p {\n  %N = snn.param "g.N" "" : index\n}')
