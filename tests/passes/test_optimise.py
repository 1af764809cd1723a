"""All optimisations: the same meaning, nothing to do where there is nothing to do, done once is done."""

import pytest
from xdsl.dialects.builtin import DictionaryAttr, FileLineColLoc, IntAttr, StringAttr, UnitAttr

from ranvier.ir.graph import location_texts
from ranvier.passes.optimise.sweeps import joined_attributes, joined_location
from ranvier.passes.pipeline import DEFAULT_PIPELINE, default_pipeline, run_pipeline
from ranvier.passes.registry import PLACES

NAMES = ["lif", "two_clocks", "elsewhere", "random", "linear", "integrate", "neurons"]
ROUNDING = ("fold", "reciprocals", "contract")
PASSES = [name for name, (module, _) in PLACES.items() if ".optimise." in module]

NOTHING = """builtin.module {
  snn.program @nothing {
    %N = snn.param "g.N" "" : index
    %k = snn.param "k" "" : f64
    %v = snn.state "g.v" ""[%N] : tensor<?xf64>
    %clk = snn.clock "clk"
    %end = snn.loop (%v) : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%v0: tensor<?xf64>):
      %v1 = snn.map "integrate" "g" on(%clk) [%N] (%v0) updates [0] : tensor<?xf64> -> tensor<?xf64> {
      ^bb0(%i: index, %x: f64):
        %y = arith.mulf %x, %k : f64
        snn.yield %y : f64
      }
      snn.yield %v1 : tensor<?xf64>
    }
  }
}"""


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("spec", [*PASSES, "fuse-maps,convert-resets{all=true}", DEFAULT_PIPELINE])
def test_same_meaning(spec, name, parse_program, programs, interpret_it, same, inputs_of, callbacks):
    text = (programs / f"{name}.mlir").read_text()
    inputs = inputs_of(name, 70)
    expected = interpret_it(parse_program(text), inputs, callbacks=[callbacks.interpreted])
    module = parse_program(text)
    run_pipeline(module, spec, verify=True)
    found = interpret_it(module, inputs, callbacks=[callbacks.interpreted])
    same(found, expected, within=1e-12 if any(word in spec for word in ROUNDING) else 0.0)


@pytest.mark.parametrize("fast_math", ["off", "reassociate"])
def test_other_modes_are_right_within_rounding(fast_math, parse_program, programs, interpret_it, same, inputs_of):
    text = (programs / "neurons.mlir").read_text()
    inputs = inputs_of("neurons", 70)
    expected = interpret_it(parse_program(text), inputs)
    module = parse_program(text)
    run_pipeline(module, default_pipeline(fast_math), verify=True)
    same(interpret_it(module, inputs), expected, within=0.0 if fast_math == "off" else 1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_optimised_native_code_means_the_same(
    name, parse_program, programs, run_program, interpret_it, same, inputs_of, callbacks
):
    text = (programs / f"{name}.mlir").read_text()
    inputs = inputs_of(name, 70)
    expected = interpret_it(parse_program(text), inputs, callbacks=[callbacks.interpreted])
    module = parse_program(text)
    run_pipeline(module)
    found = run_program(module, inputs, callback=callbacks.native if name == "elsewhere" else None)
    same(found, expected, within=0.0 if name in ("two_clocks", "elsewhere") else 1e-12)


@pytest.mark.parametrize("spec", [*PASSES, DEFAULT_PIPELINE])
def test_nothing_to_do(spec, parse_program):
    module = parse_program(NOTHING)
    run_pipeline(module, spec)
    assert str(module).replace(" {contracted}", "") == NOTHING


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("spec", PASSES)
def test_done_once_is_done(spec, name, parse_program, programs):
    module = parse_program((programs / f"{name}.mlir").read_text())
    run_pipeline(module, spec)
    once = str(module)
    run_pipeline(module, spec)
    assert str(module) == once


@pytest.mark.parametrize("fast_math", ["off", "contract", "reassociate"])
@pytest.mark.parametrize("power", ["0x7FF0000000000000", "0xFFF0000000000000", "0x7FF8000000000000", "1.0e300"])
def test_powers_that_have_no_whole_part_stay(power, fast_math, parse_program):
    text = NOTHING.replace("arith.mulf %x, %k", "math.powf %x, %p")
    text = text.replace("%y = ", f"%p = arith.constant {power} : f64\n        %y = ")
    module = parse_program(text)
    run_pipeline(module, default_pipeline(fast_math), verify=True)
    assert "math.powf" in str(module)


def test_what_is_joined_keeps_attributes_and_places(parse_program):
    """A map that stands for two says what both said, and where both come from."""
    one, other = [*parse_program(NOTHING).walk()][:2]
    one.attributes["notes"] = DictionaryAttr({"a": StringAttr("x"), "b": StringAttr("same")})
    other.attributes["notes"] = DictionaryAttr({"a": StringAttr("y"), "b": StringAttr("same")})
    other.attributes["kept"] = UnitAttr()
    one.location, other.location = (FileLineColLoc(StringAttr("s.py"), IntAttr(line), IntAttr(1)) for line in (3, 7))
    found = joined_attributes(one, other)
    assert {key: text.data for key, text in found["notes"].data.items()} == {"a": "x; y", "b": "same"}
    assert "kept" in found
    one.location = joined_location(one, other)
    assert location_texts(joined_location(one, other)) == ("s.py:3:1", "s.py:7:1")
