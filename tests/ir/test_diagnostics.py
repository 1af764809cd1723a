"""Errors of IR files: the whole text, place included."""

import time
from pathlib import Path

import pytest

from ranvier.ir.diagnostics import Diagnostic, IRFileError, parse_module

LIF = (Path(__file__).parent / "lif.mlir").read_text()


def message(old, new, text=LIF):
    assert text.count(old) >= 1
    with pytest.raises(IRFileError) as caught:
        parse_module(text.replace(old, new, 1), "lif.mlir")
    return str(caught.value)


def test_a_misspelt_op():
    assert (
        message("snn.dt", "snn.td")
        == """\
error: Operation snn.td is not registered
  --> lif.mlir:14:9
   |
14 |   %dt = snn.td %clk
   |         ^^^^^^
   = hint: did you mean snn.dt?"""
    )


def test_a_form_that_only_mlir_reads():
    text = message("snn.dt %clk", "memref.cast %clk : memref<?xi1> to memref<?xi1>")
    assert "memref.cast does not have a custom format" in text
    assert text.endswith("= hint: write it in the generic form: mlir-opt --mlir-print-op-generic")


def test_a_syntax_error():
    assert (
        message('snn.clock "defaultclock"', "snn.clock defaultclock")
        == """\
error: attribute expected
  --> lif.mlir:12:20
   |
12 |   %clk = snn.clock defaultclock
   |                    ^^^^^^^^^^^^"""
    )


def test_a_wrong_type():
    assert (
        message("arith.divf %dt, %tau : f64", "arith.divf %dt, %tau : f32")
        == """\
error: operand is used with type f32, but has been previously used or defined with type f64
  --> lif.mlir:15:19
   |
15 |   %x = arith.divf %dt, %tau : f32
   |                   ^^^"""
    )


def test_a_value_that_is_nowhere_defined():
    assert (
        message("snn.dt %clk", "snn.dt %clock")
        == """\
error: %clock is used but not defined
  --> lif.mlir:14:16
   |
14 |   %dt = snn.dt %clock
   |                ^^^^^^"""
    )


def test_an_op_that_breaks_its_rule():
    text = message("%dt = snn.dt %clk", "%dt = snn.dt %clk\n  %when, %step = snn.time %clk")
    assert (
        text
        == """\
error: 'snn.time' expects parent op 'snn.loop'
  --> lif.mlir:15:18
   |
15 |   %when, %step = snn.time %clk
   |                  ^^^^^^^^
   = note: snn.time: The time t = n*dt (seconds) and the step number n of a clock at this instant; only inside \
`snn.loop`."""
    )


def test_the_file_is_given_back_when_it_is_right():
    assert str(parse_module(LIF)).startswith("builtin.module {\n  snn.program @lif")


def test_a_diagnostic_without_a_place():
    assert str(Diagnostic("it is wrong", hint="make it right")) == "error: it is wrong\n  = hint: make it right"


def test_tabs_and_long_spans():
    text = str(Diagnostic("wrong", "f.mlir", 3, 2, "\tabc", length=99, note="n"))
    assert text.splitlines()[3:] == ["3 | \tabc", "  | \t^^^", "  = note: n"]


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("~", "1:1", "unexpected character '~'"),
        ("%", "1:1", "Expected suffix identifier after '%'"),
        ('"', "1:1", "this string has no closing quote"),
        ('@"x', "1:2", "this string has no closing quote"),
        (LIF.replace('resetter"', "resetter"), "55:29", "this string has no closing quote"),
        (LIF.replace('"neurons.v"', '"neurons.v'), "7:31", "this string has no closing quote"),
        ('// "not one\nsnn.program @x { %a = snn.param "a\\q" "" : f64 }', "2:35", r"'\\q' is no escape"),
        ("\0", "1:1", "there is a NUL byte"),
        (LIF.replace('"neurons.v"', '"neu\0rons.v"'), "7:22", "there is a NUL byte"),
        (LIF + "\0", "62:1", "there is a NUL byte"),
    ],
)
def test_damaged_characters_are_shown_at_once(text: str, place: str, message: str) -> None:
    began = time.process_time()
    with pytest.raises(IRFileError) as raised:
        parse_module(text, "f.mlir")
    assert time.process_time() - began < 1  # the string in line 55 took xDSL 2**80 steps
    assert f"error: {message}" in str(raised.value) and f"f.mlir:{place}\n" in str(raised.value)
    assert "\0" not in str(raised.value)
