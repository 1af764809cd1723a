"""Random programs of the `snn` dialect, and inputs for them."""

import numpy as np

SIZE = 37
SYNAPSES = 90
ARRAYS = ("a", "b", "c")
HISTORY = {"spiked": "tensor<?xi32>", "counts": "tensor<?xi64>", "position": "tensor<1xi64>"}


class Program:
    """Writes a valid program of random ops, keeping track of the live version of each array."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.lines: list[str] = []
        self.number = 0
        self.live = {name: f"%{name}0" for name in ARRAYS} | {"s": "%s0", "e": "%e0"}
        self.live |= {name: f"%{name}0" for name in HISTORY}
        self.fresh: list[tuple[str, str]] = []  # new arrays with the clock they belong to
        self.scalars = ["%k", "%t", "%p"]

    def name(self) -> str:
        self.number += 1
        return f"%x{self.number}"

    def pick(self, options):
        return options[self.rng.integers(len(options))]

    def clock(self) -> str:
        return "%clk" if self.rng.random() < 0.8 else "%slow"

    def text(self, ops: int) -> str:
        for _ in range(ops):
            self.pick(
                [
                    *(self.map, self.map, self.map, self.spikes, self.threshold, self.reset, self.record, self.shared),
                    *(self.propagate, self.propagate, self.accumulate),
                ]
            )()
        carried = ", ".join(self.live[name] for name in (*ARRAYS, "s", "e", *HISTORY))
        types = "tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, tensor<1xf64>, !snn.events, "
        types += ", ".join(HISTORY.values())
        body = "\n".join(self.lines)
        return f"""snn.program @random {{
  %N = snn.param "N" "" : index
  %k = snn.param "k" "" : f64
  %key = snn.param "key" "" : i64
  %one = arith.constant 1 : index
  %zero = arith.constant 0 : index
  %p = arith.constant 0.5 : f64
  %a = snn.state "a" ""[%N] : tensor<?xf64>
  %b = snn.state "b" ""[%N] : tensor<?xf64>
  %c = snn.state "c" ""[%N] : tensor<?xf64>
  %fixed = snn.state "fixed" ""[%N] : tensor<?xf64>
  %s = snn.state "s" ""[%one] : tensor<1xf64>
  %e = snn.event_space "e"[%N]
  %S = snn.param "S" "" : index
  %rows = snn.param "rows" "" : index
  %kept = snn.param "kept" "" : index
  %steps = snn.param "steps" "" : index
  %number = snn.param "number" "" : index
  %sources = snn.state "sources" ""[%S] : tensor<?xi32>
  %targets = snn.state "targets" ""[%S] : tensor<?xi32>
  %weights = snn.state "weights" ""[%S] : tensor<?xf64>
  %pointers = snn.state "pointers" ""[%rows] : tensor<?xi64>
  %delays = snn.state "delays" ""[%number] : tensor<?xi64>
  %spiked = snn.state "spiked" ""[%kept] : tensor<?xi32>
  %counts = snn.state "counts" ""[%steps] : tensor<?xi64>
  %position = snn.state "position" ""[%one] : tensor<1xi64>
  %clk = snn.clock "clk"
  %slow = snn.clock "slow"
  %m = snn.sink "m" : !snn.sink<[f64, f64]>
  %end:8 = snn.loop (%a, %b, %c, %s, %e, %spiked, %counts, %position) : {types} -> {types} {{
  ^bb0(%a0: tensor<?xf64>, %b0: tensor<?xf64>, %c0: tensor<?xf64>, %s0: tensor<1xf64>, %e0: !snn.events,
       %spiked0: tensor<?xi32>, %counts0: tensor<?xi64>, %position0: tensor<1xi64>):
    %t, %n = snn.time %clk
{body}
    snn.yield {carried} : {types}
  }}
}}
"""

    def inputs(self, clock: str) -> list[str]:
        options = [self.live[name] for name in ARRAYS] + ["%fixed"]
        options += [value for value, owner in self.fresh if owner == clock]
        count = self.rng.integers(1, min(4, len(options)) + 1)
        return [str(value) for value in self.rng.choice(options, count, replace=False)]

    def region(self, inputs: list[str], results: int, masks: int, *, gathers: list[str], indices: int = 1) -> list[str]:
        """Lines of a region that yields `results` floats and `masks` truth values."""
        lines: list[str] = []
        args = [self.name() for _ in inputs]
        places = [self.name() for _ in range(indices)]
        index = places[0]
        declared = ", ".join([*(f"{place}: index" for place in places), *(f"{arg}: f64" for arg in args)])
        lines.append(f"    ^bb0({declared}):")
        values = [*args, *self.scalars]
        for _ in range(self.rng.integers(1, 5)):
            new, kind = self.name(), self.rng.random()
            if kind < 0.15 and gathers:
                place = self.pick([places[-1], "%zero"])
                lines.append(f"      {new} = snn.gather {self.pick(gathers)}[{place}] : tensor<?xf64> -> f64")
            elif kind < 0.25:
                lines.append(f'      {new} = snn.random "uniform" {self.number} at (%key, %n, {index}) () : -> f64')
            elif kind < 0.35:
                lines.append(f"      {new} = arith.negf {self.pick(values)} : f64")
            else:
                op = self.pick(["addf", "subf", "mulf", "maximumf"])
                lines.append(f"      {new} = arith.{op} {self.pick(values)}, {self.pick(values)} : f64")
            values.append(new)
        yielded = [self.pick(values) for _ in range(results)]
        bounded: list[str] = []
        for value in yielded:  # keeps values from growing without bounds
            new = self.name()
            lines.append(f"      {new} = arith.minimumf {value}, %p : f64")
            bounded.append(new)
        flags = [self.name() for _ in range(masks)]
        for flag in flags:
            lines.append(f"      {flag} = arith.cmpf olt, {self.pick(values)}, {self.pick(values)} : f64")
        types = ", ".join(["f64"] * results + ["i1"] * masks)
        lines.append(f"      snn.yield {', '.join(bounded + flags)} : {types}" if types else "      snn.yield")
        lines.append("    }")
        return lines

    def gatherable(self) -> list[str]:
        return [*(self.live[name] for name in ARRAYS), "%fixed"]

    def update(self, inputs: list[str]) -> list[int]:
        """Which of the inputs get a next version."""
        own = [k for k, value in enumerate(inputs) if value in [self.live[name] for name in ARRAYS]]
        return [k for k in own if self.rng.random() < 0.6]

    def advance(self, inputs: list[str], updates: list[int], outs: list[str]) -> None:
        owner = {self.live[name]: name for name in ARRAYS}
        for k, out in zip(updates, outs, strict=False):
            self.live[owner[inputs[k]]] = out

    def map(self) -> None:
        clock = self.clock()
        inputs = self.inputs(clock)
        updates = self.update(inputs)
        fresh = not updates or self.rng.random() < 0.3
        ties = [*updates, *([-1] if fresh else [])]
        outs = [self.name() for _ in ties]
        types = ", ".join(["tensor<?xf64>"] * len(inputs))
        results = ", ".join(["tensor<?xf64>"] * len(outs))
        kind = self.pick(["other", "refractory"])
        self.lines.append(
            f'    {", ".join(outs)} = snn.map "{kind}" "m{self.number}" on({clock}) [%N] ({", ".join(inputs)})'
            f" updates {ties} : {types} -> {results} {{"
        )
        self.lines += self.region(inputs, len(outs), 0, gathers=self.gatherable())
        self.advance(inputs, updates, outs)
        if fresh:
            self.fresh.append((outs[-1], clock))

    def threshold(self) -> None:
        inputs, out = self.inputs("%clk"), self.name()
        types = ", ".join(["tensor<?xf64>"] * len(inputs))
        self.lines.append(
            f'    {out} = snn.threshold "th" on(%clk) [%N] ({", ".join(inputs)}) into {self.live["e"]} : {types} {{'
        )
        self.lines += self.region(inputs, 0, 1, gathers=self.gatherable())
        self.live["e"] = out

    def reset(self) -> None:
        inputs = self.inputs("%clk")
        updates = self.update(inputs)
        if not updates:
            return
        outs = [self.name() for _ in updates]
        types = ", ".join(["tensor<?xf64>"] * len(inputs))
        results = ", ".join(["tensor<?xf64>"] * len(outs))
        self.lines.append(
            f'    {", ".join(outs)} = snn.reset "reset" "r{self.number}" on(%clk) {self.live["e"]}'
            f" ({', '.join(inputs)}) updates {updates} : {types} -> {results} {{"
        )
        self.lines += self.region(inputs, len(outs), 0, gathers=self.gatherable())
        self.advance(inputs, updates, outs)

    def spikes(self) -> None:
        """Integration, threshold and reset of one array, as in most models, sometimes with an op between."""
        name = self.pick(ARRAYS)
        old, new, after = self.live[name], self.name(), self.name()
        array = "tensor<?xf64>"
        head = f'    {new} = snn.map "integrate" "i" on(%clk) [%N] ({old}) updates [0] : {array} -> {array} {{'
        self.lines += [head, *self.region([old], 1, 0, gathers=[])]
        self.live[name] = new
        events = self.name()
        head = f'    {events} = snn.threshold "th" on(%clk) [%N] ({new}) into {self.live["e"]} : {array} {{'
        self.lines += [head, *self.region([new], 0, 1, gathers=[])]
        self.live["e"] = events
        if self.rng.random() < 0.4:
            self.record()
        head = f'    {after} = snn.reset "reset" "r" on(%clk) {events} ({new}) updates [0] : {array} -> {array} {{'
        self.lines += [head, *self.region([new], 1, 0, gathers=self.gatherable())]
        self.live[name] = after

    def ends(self) -> tuple[list[str], list[str]]:
        """Inputs of an op over synapses, and their roles; one array may have two."""
        options = [(self.live[name], role) for name in ARRAYS for role in ("pre", "post")]
        options += [("%fixed", "post"), ("%weights", "synapse")]
        chosen = self.rng.choice(len(options), self.rng.integers(1, 5), replace=False)
        return [options[k][0] for k in chosen], [options[k][1] for k in chosen]

    def propagate(self) -> None:
        inputs, roles = self.ends()
        owner = {self.live[name]: name for name in ARRAYS}
        writes = [k for k, value in enumerate(inputs) if value in owner and self.rng.random() < 0.6]
        written = list(dict.fromkeys(inputs[k] for k in writes))
        outs = [self.name() for _ in (*HISTORY, *written)]
        types = ", ".join(["tensor<?xf64>"] * len(inputs))
        results = ", ".join([*HISTORY.values(), *["tensor<?xf64>"] * len(written)])
        history = ", ".join(self.live[name] for name in HISTORY)
        texts = ", ".join(f'"{role}"' for role in roles)
        self.lines.append(
            f'    {", ".join(outs)} = snn.propagate "p{self.number}" on({self.clock()}) {self.live["e"]}[%zero, %N]'
            ' spiking "pre" from(%sources : tensor<?xi32>) to(%targets : tensor<?xi32>)'
            f" rows(%pointers, %delays) history({history})"
            f" elements({', '.join(inputs)}) of [{texts}] shifts {[-1] * len(inputs)} by() writes {writes}"
            f" : {types} -> {results} {{"
        )
        gathers = [array for array in self.gatherable() if array not in written]
        self.lines += self.region(inputs, len(writes), 0, gathers=gathers, indices=3)
        self.live |= dict(zip(HISTORY, outs, strict=False))
        for value, out in zip(written, outs[len(HISTORY) :], strict=True):
            self.live[owner[value]] = out

    def accumulate(self) -> None:
        inputs, roles = self.ends()
        name, out = self.pick(ARRAYS), self.name()
        texts = ", ".join(f'"{role}"' for role in roles)
        types = ", ".join(["tensor<?xf64>"] * len(inputs))
        self.lines.append(
            f'    {out} = snn.accumulate "s{self.number}" on({self.clock()}) [%S] from(%sources) to(%targets)'
            f" elements({', '.join(inputs)}) of [{texts}] shifts {[-1] * len(inputs)} by() at(%targets)"
            f" {self.live[name]}[%N from %zero] : {types} to tensor<?xf64> -> tensor<?xf64> {{"
        )
        self.lines += self.region(inputs, 1, 0, gathers=self.gatherable(), indices=3)
        self.live[name] = out

    def record(self) -> None:
        clock, index, value = self.clock(), self.name(), self.name()
        array = self.pick(self.gatherable())
        self.lines += [
            f'    snn.record "m" on({clock}) %m [%N] at %t : !snn.sink<[f64, f64]> {{',
            f"    ^bb0({index}: index):",
            f"      {value} = snn.gather {array}[{index}] : tensor<?xf64> -> f64",
            f"      snn.yield {value} : f64",
            "    }",
        ]

    def shared(self) -> None:
        read, product, out = self.name(), self.name(), self.name()
        self.lines += [
            f"    {read} = snn.read {self.live['s']} : tensor<1xf64> -> f64",
            f"    {product} = arith.mulf {read}, {self.pick(self.scalars)} : f64",
            f"    {out} = snn.write on({self.clock()}) {self.live['s']}, {product}"
            " : tensor<1xf64>, f64 -> tensor<1xf64>",
        ]
        self.scalars.append(read)
        self.live["s"] = out


def inputs_for(seed: int) -> dict[str, object]:
    rng = np.random.default_rng(seed)
    arrays = {name: rng.normal(0, 1, SIZE) for name in (*ARRAYS, "fixed")}
    sources = np.sort(rng.integers(0, SIZE, SYNAPSES))
    pointers = np.searchsorted(np.sort(sources * 2 + rng.integers(0, 2, SYNAPSES)), np.arange(2 * SIZE + 1))
    arrays |= {
        "S": SYNAPSES, "rows": 2 * SIZE + 1, "number": 2, "steps": 4, "kept": 4 * SIZE, "sources": sources,
        "targets": rng.integers(0, SIZE, SYNAPSES), "weights": rng.normal(0, 1, SYNAPSES), "pointers": pointers,
        "delays": [3, 0], "spiked": np.zeros(4 * SIZE), "counts": np.zeros(4), "position": [0],
    }  # fmt: skip
    return {
        "N": SIZE, "k": 0.75, "key": seed, "s": [1.25], "e": SIZE, "clk": (0, 9, 1e-3), "slow": (0, 3, 3e-3), "m": SIZE,
        **arrays,
    }  # fmt: skip
