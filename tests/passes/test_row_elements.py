"""Elements of rows, ends by place, values of the other end that are known beforehand where many synapses are reached:
random pathways, with ever more spikes in a step, run as the interpreter runs them, bit for bit.
"""

import numpy as np
import pytest
from graph.random_code import RandomCode
from tries import tries
from xdsl.utils.exceptions import VerifyException

from ranvier.passes.pipeline import default_pipeline, run_pipeline

SIZE, SYNAPSES = 23, 160
A = "tensor<?xf64>"


class Pathway(RandomCode):
    """Writes a program with one pathway: a random region, with an order or without, by place or not."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.near = "pre" if self.rng.random() < 0.5 else "post"
        self.far = "post" if self.near == "pre" else "pre"
        self.ordered = self.rng.random() < 0.6
        self.by_place = self.ordered and self.rng.random() < 0.7

    def sum(self, value: str) -> str:
        """What is yielded for the far end: a sum, one under a condition, or something else."""
        kind = self.rng.random()
        if kind < 0.2:
            return self.value(["%v_", value])
        add = self.add(f"arith.{self.rng.choice(['addf', 'subf'])} %v_, {value}")
        if kind < 0.5:
            return add
        name = f"%r{len(self.lines)}"
        pair = (add, "%v_") if self.rng.random() < 0.7 else ("%v_", add)
        self.lines.append(f"      {name} = arith.select %g_, {pair[0]}, {pair[1]} : f64")
        return name

    def text(self) -> str:
        row = ["%x_", "%y_", "%q_", "%t", "%c"]
        new_x = self.value(row)
        new_y = self.value([*row, new_x])
        far = self.add(f"arith.divf {self.value(['%z_', '%c', '%t'])}, %c")
        everything = [*row, "%w_", "%z_", far, new_x, new_y]
        new_w = self.value(everything, steps=5)
        new_v = self.sum(self.value([*everything, new_w]))
        region = "\n".join(self.lines)
        order = ", %order" if self.ordered else ""
        ends = ("%i", "%far") if self.near == "pre" else ("%far", "%j")
        from_, to = ends if self.by_place else ("%i", "%j")
        history = "tensor<?xi32>, tensor<?xi64>, tensor<1xi64>"
        roles = f'["synapse", "{self.far}", "{self.far}", "{self.far}", "{self.near}", "row", "row"]'
        state = "\n".join(f'  %{n} = snn.state "{n}" "" [%N] : {A}' for n in ("v", "z", "q", "x", "y"))
        return f"""snn.program @rows {{
  %N = snn.param "N" "" : index
  %S = snn.param "S" "" : index
  %P = snn.param "P" "" : index
  %key = snn.param "key" "" : i64
  %c = snn.param "c" "" : f64
  %one = arith.constant 1 : index
  %zero = arith.constant 0 : index
  %one_ = arith.constant 1.0 : f64
  %minus = arith.constant -1.0 : f64
  %most = arith.constant 0.3 : f64
  %i = snn.state "i" "" [%S] : tensor<?xi32>
  %j = snn.state "j" "" [%S] : tensor<?xi32>
  %far = snn.state "far" "" [%S] : tensor<?xi32>
  %order = snn.state "order" "" [%S] : tensor<?xi32>
  %w = snn.state "w" "" [%S] : {A}
  %g = snn.state "g" "" [%N] : tensor<?xi1>
{state}
  %rows = snn.state "rows" "" [%P] : tensor<?xi64>
  %delays = snn.state "delays" "" [%one] : tensor<?xi64>
  %h = snn.state "h" "" [%N] : tensor<?xi32>
  %n = snn.state "n" "" [%one] : tensor<?xi64>
  %p = snn.state "p" "" [%one] : tensor<1xi64>
  %e = snn.event_space "e" [%N]
  %clk = snn.clock "clk"
  %end:8 = snn.loop (%h, %n, %p, %w, %v, %x, %y, %e) : {history}, {A}, {A}, {A}, {A}, !snn.events
      -> {history}, {A}, {A}, {A}, {A}, !snn.events {{
  ^bb0(%h0: tensor<?xi32>, %n0: tensor<?xi64>, %p0: tensor<1xi64>, %w0: {A}, %v0: {A}, %x0: {A}, %y0: {A},
       %e0: !snn.events):
    %t, %step = snn.time %clk
    %e1 = snn.threshold "th" on(%clk) [%N] (%q) into %e0 : {A} {{
    ^bb0(%k: index, %q_: f64):
      %u = snn.random "uniform" 1 at (%key, %step, %k) () : -> f64
      %often = arith.minimumf %t, %most : f64
      %m = arith.cmpf olt, %u, %often : f64
      snn.yield %m : i1
    }}
    %h1, %n1, %p1, %w1, %v1, %x1, %y1 = snn.propagate "path" on(%clk) %e1 [%zero, %N] spiking "{self.near}"
        from({from_} : tensor<?xi32>) to({to} : tensor<?xi32>) rows(%rows, %delays{order}){
            " by place" if self.by_place else ""
        } history(%h0, %n0, %p0)
        elements(%w0, %v0, %g, %z, %q, %x0, %y0) of {roles} shifts {[-1] * 7} by() writes [0, 1, 5, 6]
        : {A}, {A}, tensor<?xi1>, {A}, {A}, {A}, {A} -> {history}, {A}, {A}, {A}, {A} {{
    ^bb0(%k: index, %a: index, %b: index, %w_: f64, %v_: f64, %g_: i1, %z_: f64, %q_: f64, %x_: f64, %y_: f64):
{region}
      snn.yield {new_w}, {new_v}, {new_x}, {new_y} : f64, f64, f64, f64
    }}
    snn.yield %h1, %n1, %p1, %w1, %v1, %x1, %y1, %e1 : {history}, {A}, {A}, {A}, {A}, !snn.events
  }}
}}
"""

    def inputs(self) -> dict[str, object]:
        rng = self.rng
        sources, targets = rng.integers(0, SIZE, SYNAPSES), rng.integers(0, SIZE, SYNAPSES)
        spiking = sources if self.near == "pre" else targets
        if not self.ordered:
            by_row = np.argsort(spiking, kind="stable")
            sources, targets = sources[by_row], targets[by_row]
            spiking = spiking[by_row]
        order = np.argsort(spiking, kind="stable")
        other = targets if self.near == "pre" else sources
        arrays = {name: rng.normal(0, 0.5, SIZE) for name in ("v", "z", "q", "x", "y")}
        return arrays | {
            "N": SIZE, "S": SYNAPSES, "P": SIZE + 1, "key": 3, "c": 0.7, "i": sources, "j": targets,
            "far": other[order], "order": order, "w": rng.normal(0, 0.5, SYNAPSES), "g": rng.random(SIZE) < 0.6,
            "rows": np.searchsorted(spiking[order], np.arange(SIZE + 1)), "delays": [0], "h": np.zeros(SIZE),
            "n": [0], "p": [0], "e": SIZE, "clk": (0, 12, 3e-2),
        }  # fmt: skip


def compare(seed: int, parse_program, interpret_it, run_program, same) -> None:
    pathway = Pathway(seed)
    text, inputs = pathway.text(), pathway.inputs()
    expected = interpret_it(parse_program(text), inputs)
    assert (expected.arrays["x"] != inputs["x"]).any()
    module = parse_program(text)
    run_pipeline(module, default_pipeline("off"), verify=True)
    same(interpret_it(module, inputs), expected)
    same(run_program(module, inputs), expected)


@pytest.mark.parametrize("seed", range(12))
def test_random_pathway(seed, parse_program, interpret_it, run_program, same):
    compare(seed, parse_program, interpret_it, run_program, same)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 100 + tries(70, 200)))
def test_more_random_pathways(seed, parse_program, interpret_it, run_program, same):
    compare(seed, parse_program, interpret_it, run_program, same)


def unordered() -> str:
    return next(p for p in map(Pathway, range(100)) if not p.ordered and p.near == "pre").text()


ROLES = 'of ["synapse", "post", "post", "post", "{}", "row", "row"]'
YIELD = "\n      snn.yield %bad, %bad, %bad, %bad : f64, f64, f64, f64\n      // "


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("snn.yield %r", "%bad = arith.addf %x_, %w_ : f64" + YIELD, "depends on the end that spikes alone"),
        (ROLES.format("pre"), ROLES.format("post"), "depends on the end that spikes alone"),
        ("rows(%rows, %delays)", "rows(%rows, %delays) by place", "only with an order"),
        ("(%w0, %v0, %g, %z, %q, %x0, %y0)", "(%w0, %v0, %g, %x0, %q, %x0, %y0)", "no other role"),
        ("snn.yield %r", '%bad = snn.random "uniform" 2 at (%key, %step, %a) () : -> f64' + YIELD, "is not random"),
    ],
)
def test_what_cannot_be_an_element_of_a_row(old, new, message, parse_program):
    text = unordered()
    assert old in text
    with pytest.raises(VerifyException, match=message):
        parse_program(text.replace(old, new))
