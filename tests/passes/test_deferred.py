"""Spikes of targets that wait until the synapses are read: random plasticity, run as the interpreter runs it, bit for
bit, however many steps a call has.
"""

import numpy as np
import pytest
from graph.random_code import RandomCode
from tries import tries

from ranvier.passes.pipeline import DEFAULT_PIPELINE, run_pipeline

SIZE, LARGE, SYNAPSES, STEPS = 23, 200, 160, 70
F, N, L, P = "tensor<?xf64>", "tensor<?xi32>", "tensor<?xi64>", "tensor<1xi64>"
WAITING = DEFAULT_PIPELINE.replace(",defer-events", ",defer-events{always=true}")


class Plastic(RandomCode):
    """Writes a program with a pathway of sources and one of targets, whose code is random."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.delay, self.late = (int(x) for x in self.rng.integers(0, 4, 2))
        self.post_first = self.rng.random() < 0.4
        self.often = self.rng.choice([0.03, 0.2, 0.5])
        self.size = int(self.rng.choice([SIZE, 3, LARGE]))
        self.steps = 20 if self.size == LARGE else STEPS  # each longest delay goes round several times

    def sources(self, arrays: dict[str, str]) -> str:
        """The pathway of the sources: it reads and changes the synapses, adds to the targets, changes traces."""
        self.lines = []
        w = self.value(["%w_", "%z_", "%y_", "%x_", "%c"])
        z = self.value(["%w_", "%z_", "%t"])
        v = self.add(f"arith.addf %v_, {w}")
        x = self.value(["%x_", "%t", "%c"])
        y = self.value(["%l_", "%x_", "%t"])
        return f"""    %h1, %n1, %p1, %{arrays["w"]}, %{arrays["z"]}, %v1, %x1, %l1 = snn.propagate "pre" on(%clk) %e1
        [%zero, %N] spiking "pre" from(%i : {N}) to(%j : {N}) rows(%rows, %delays) history(%h0, %n0, %p0)
        elements(%{arrays["w0"]}, %{arrays["z0"]}, %v0, %{arrays["y0"]}, %x0, %l0)
        of ["synapse", "synapse", "post", "post", "row", "row"] shifts {[-1] * 6} by() writes [0, 1, 2, 4, 5]
        : {F}, {F}, {F}, {F}, {F}, {F} -> {N}, {L}, {P}, {F}, {F}, {F}, {F}, {F} {{
    ^bb0(%k: index, %a: index, %b: index, %w_: f64, %z_: f64, %v_: f64, %y_: f64, %x_: f64, %l_: f64):
""" + "\n".join([*self.lines, f"      snn.yield {w}, {z}, {v}, {x}, {y} : f64, f64, f64, f64, f64", "    }\n"])

    def targets(self, arrays: dict[str, str]) -> str:
        """The pathway of the targets: it changes synapses by the traces of their sources, and traces of its own."""
        self.lines = []
        w = self.value(["%w_", "%x_", "%l_", "%t", "%q_"], steps=5)
        z = self.value(["%w_", "%z_", "%u_", "%x_"])
        y = self.value(["%y_", "%t", "%c"])
        return f"""    %bh1, %bn1, %bp1, %{arrays["w"]}, %{arrays["z"]}, %y1 = snn.propagate "post" on(%clk) %e1
        [%zero, %N] spiking "post" from(%i : {N}) to(%j : {N}) rows(%back, %late, %order) history(%bh0, %bn0, %bp0)
        elements(%{arrays["w0"]}, %{arrays["z0"]}, %u, %{arrays["x0"]}, %{arrays["l0"]}, %q, %y0)
        of ["synapse", "synapse", "synapse", "pre", "pre", "pre", "row"] shifts {[-1] * 7} by() writes [0, 1, 6]
        : {F}, {F}, {F}, {F}, {F}, {F}, {F} -> {N}, {L}, {P}, {F}, {F}, {F} {{
    ^bb0(%k: index, %a: index, %b: index, %w_: f64, %z_: f64, %u_: f64, %x_: f64, %l_: f64, %q_: f64, %y_: f64):
""" + "\n".join([*self.lines, f"      snn.yield {w}, {z}, {y} : f64, f64, f64", "    }\n"])

    def text(self) -> str:
        first = {"w0": "w0", "z0": "z0", "w": "w1", "z": "z1", "y0": "y0", "x0": "x0", "l0": "l0"}
        second = first | {"w0": "w1", "z0": "z1", "w": "w2", "z": "z2"}
        if self.post_first:
            pathways = self.targets(first) + self.sources(second | {"y0": "y1"})
        else:
            pathways = self.sources(first) + self.targets(second | {"x0": "x1", "l0": "l1"})
        history = ", ".join([N, L, P] * 2)
        states = f"{history}, {', '.join([F] * 6)}, !snn.events"
        state = "\n".join(f'  %{n} = snn.state "{n}" "" [%N] : {F}' for n in "vxylq")
        return f"""snn.program @plastic {{
  %N = snn.param "N" "" : index
  %S = snn.param "S" "" : index
  %P = snn.param "P" "" : index
  %H = snn.param "H" "" : index
  %D = snn.param "D" "" : index
  %key = snn.param "key" "" : i64
  %c = snn.param "c" "" : f64
  %often = snn.param "often" "" : f64
  %one = arith.constant 1 : index
  %zero = arith.constant 0 : index
  %one_ = arith.constant 1.0 : f64
  %minus = arith.constant -1.0 : f64
  %i = snn.state "i" "" [%S] : {N}
  %j = snn.state "j" "" [%S] : {N}
  %order = snn.state "order" "" [%S] : {N}
  %w = snn.state "w" "" [%S] : {F}
  %z = snn.state "z" "" [%S] : {F}
  %u = snn.state "u" "" [%S] : {F}
{state}
  %rows = snn.state "rows" "" [%P] : {L}
  %back = snn.state "back" "" [%P] : {L}
  %delays = snn.state "delays" "" [%one] : {L}
  %late = snn.state "late" "" [%one] : {L}
  %h = snn.state "h" "" [%H] : {N}
  %n = snn.state "n" "" [%D] : {L}
  %p = snn.state "p" "" [%one] : {P}
  %bh = snn.state "bh" "" [%H] : {N}
  %bn = snn.state "bn" "" [%D] : {L}
  %bp = snn.state "bp" "" [%one] : {P}
  %e = snn.event_space "e" [%N]
  %clk = snn.clock "clk"
  %end:13 = snn.loop (%h, %n, %p, %bh, %bn, %bp, %w, %z, %v, %x, %y, %l, %e) : {states} -> {states} {{
  ^bb0(%h0: {N}, %n0: {L}, %p0: {P}, %bh0: {N}, %bn0: {L}, %bp0: {P}, %w0: {F}, %z0: {F}, %v0: {F}, %x0: {F},
       %y0: {F}, %l0: {F}, %e0: !snn.events):
    %t, %step = snn.time %clk
    %e1 = snn.threshold "th" on(%clk) [%N] (%q) into %e0 : {F} {{
    ^bb0(%k: index, %q_: f64):
      %u_ = snn.random "uniform" 1 at (%key, %step, %k) () : -> f64
      %m = arith.cmpf olt, %u_, %often : f64
      snn.yield %m : i1
    }}
{pathways}    snn.yield %h1, %n1, %p1, %bh1, %bn1, %bp1, %w2, %z2, %v1, %x1, %y1, %l1, %e1 : {states}
  }}
}}
"""

    def inputs(self) -> dict[str, object]:
        rng, size = self.rng, self.size
        number = 7 * size
        sources, targets = np.sort(rng.integers(0, size, number)), rng.integers(0, size, number)
        order = np.argsort(targets, kind="stable")
        arrays = {name: rng.normal(0, 0.5, size) for name in "vxylq"}
        places = np.arange(size + 1)
        return arrays | {name: rng.normal(0, 0.5, number) for name in "wzu"} | {
            "N": size, "S": number, "P": size + 1, "H": 5 * size, "D": 5, "key": 3, "c": 0.7, "often": self.often,
            "i": sources, "j": targets, "order": order, "rows": np.searchsorted(sources, places),
            "back": np.searchsorted(targets[order], places), "delays": [self.delay], "late": [self.late],
            "h": np.zeros(5 * size), "n": np.zeros(5), "p": [0], "bh": np.zeros(5 * size), "bn": np.zeros(5),
            "bp": [0], "e": size, "clk": (4, 4 + self.steps, 3e-2),
        }  # fmt: skip


def compare(seed: int, parse_program, interpret_it, run_program, same) -> None:
    plastic = Plastic(seed)
    text, inputs = plastic.text(), plastic.inputs()
    module = parse_program(text)
    run_pipeline(module, DEFAULT_PIPELINE.replace(",defer-events", ""), verify=True)
    expected = interpret_it(module, inputs)
    assert (expected.arrays["w"] != inputs["w"]).any()
    module = parse_program(text)
    run_pipeline(module, WAITING, verify=True)
    assert "deferred = \"until 'pre'\"" in str(module)
    same(interpret_it(module, inputs), expected)
    for budget in (1 << 40, int(plastic.rng.integers(1, plastic.steps))):
        same(run_program(module.clone(), inputs, budget=budget, goes_on=True), expected)


@pytest.mark.parametrize("seed", range(4))
def test_nobody_sees_that_spikes_have_waited(seed, parse_program, interpret_it, run_program, same):
    compare(seed, parse_program, interpret_it, run_program, same)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 100 + tries(30, 150)))
def test_nobody_ever_sees_that_spikes_have_waited(seed, parse_program, interpret_it, run_program, same):
    compare(seed, parse_program, interpret_it, run_program, same)
