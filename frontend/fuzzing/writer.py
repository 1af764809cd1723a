"""Writes a random program op by op, keeping track of the live version of each array."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ranvier.fuzzing.choices import Choices
from ranvier.fuzzing.declarations import declarations, history, names_in, needed
from ranvier.fuzzing.pathways import ARRIVED, HISTORY, SETS, end_of, facts_text
from ranvier.fuzzing.rarer import RARER, ROUNDING, WRITERS
from ranvier.fuzzing.regions import RegionWriter, Value, element

ARRAYS = {"f64": ("a", "b", "c"), "f32": ("h",), "i32": ("n",), "i1": ("f",)}
"""The variables of the neurons, by type."""

TYPES = {name: type for type, names in ARRAYS.items() for name in names} | {"fixed": "f64", "powers": "f64"}
STEPS = 7
"""Steps of a region, at most."""

KINDS = (
    *("map", "map", "map", "spikes", "spikes", "threshold", "reset", "record", "record_events", "record_rate"),
    *("shared", "propagate", "propagate", "add", "add", "add", "accumulate", "scatter", "mask", *RARER),
)


def tensor(type: str) -> str:
    """Returns the type of an array."""
    return f"tensor<?x{type}>"


class ProgramWriter:
    """Writes a program.

    Args:
        choices: The choices of the program.
        ops: The numbers of its ops.
        synapses: The inputs that say which synapses there are.
        exact: See `RandomProgram`.
        left_out: See `RandomProgram`.
        functions: See `RandomProgram`.

    Attributes:
        text: The program.
        histories: By number, what each list of spikes under way consists of, with the types, and the input that
            says of how many neurons it is.
        calls: What each function of Python that is called gets.
        live: By key, the version of each array that is the last one so far.
        number: That of the op that is written.
        here: The choices of this op.
        scalars: By key, numbers that regions may use.
    """

    def __init__(
        self,
        choices: Choices,
        ops: Sequence[int],
        synapses: Mapping[str, Any],
        *,
        exact: bool,
        left_out: frozenset[tuple[int, int]],
        functions: bool = False,
    ) -> None:
        self._synapses, self._exact, self._left_out, self._functions = synapses, exact, left_out, functions
        self._calls = choices.chance(0.25, "calls of native functions")
        self._everything = choices.chance(0.1, "inputs that nothing uses")
        self._lines: list[str] = []
        self.live = {name: f"%{name}0" for names in ARRAYS.values() for name in names}
        self.live |= {f"{name}.x": f"%{name}_x0" for name in SETS} | {"s": "%s0", "e": "%e0", "count": "%count0"}
        self.live["place"] = "%place0"
        self._fresh: dict[str, tuple[str, str, str]] = {}
        self.scalars = {"k": "%k", "t": "%t", "dt": "%dt"}
        self.calls: list[tuple[str, ...]] = []
        self.histories: dict[int, tuple[dict[str, str], str]] = {}
        for number in ops:
            self.number, self.here, self._regions = number, choices.at("op", number), 0
            kind = KINDS[self.here.below(len(KINDS), "kind")] if number else "spikes"  # the others need some
            if kind in WRITERS:
                WRITERS["emit" if kind in ROUNDING and not functions else kind](self)
            else:
                getattr(self, f"_{kind}")()
        self.text = self._text()

    # ---- ops

    def _map(self) -> None:
        clock = self.clock()
        inputs = self._inputs(clock)
        updates = self._updates(inputs)
        fresh = self.here.pick(("f64", "i1", "f32"), "fresh type")
        has_fresh = not updates or self.here.chance(0.3, "fresh")
        types = [TYPES[inputs[k][0]] for k in updates] + [fresh] * has_fresh
        outs = [self.name(f"o{k}") for k in range(len(types))]
        kind = self.here.pick(("other", "refractory", "integrate", "run_regularly"), "map kind")
        ties = [*updates, *([-1] if has_fresh else [])]
        self._op(
            f'{", ".join(outs)} = snn.map "{kind}" "m{self.number}" on({clock}) [%N] ({_names(inputs)}) updates {ties}'
            f" : {self._types(inputs)} -> {', '.join(map(tensor, types))}",
            inputs,
            types,
        )
        self._advance(inputs, updates, outs)
        if has_fresh:
            self._fresh[f"fresh{self.number}"] = (outs[-1], fresh, clock)

    def _threshold(self) -> None:
        self._find_spikes(self._inputs("%clk"), "th")

    def _mask(self) -> None:
        """Writes a map that finds events: what a fused threshold is."""
        inputs, mask, out = self._inputs("%clk"), self.name("mask"), self.name("events")
        head = f'{mask} = snn.map "mask" "m{self.number}" on(%clk) [%N] ({_names(inputs)}) updates [-1]'
        self._op(f"{head} : {self._types(inputs)} -> tensor<?xi1>", inputs, ["i1"])
        self.line(f"{out} = snn.compact on(%clk) {mask} [%N] into {self.live['e']} : tensor<?xi1>")
        self.live["e"] = out

    def _reset(self) -> None:
        inputs = self._inputs("%clk")
        updates = self._updates(inputs)
        if updates:
            self._write_reset(inputs, updates, "r")

    def _spikes(self) -> None:
        """Writes integration, threshold and reset of one array, as in most models, sometimes with an op between."""
        name = self.here.pick(ARRAYS["f64"], "array")
        old, new = (name, self.live[name], "f64"), self.name("new")
        head = f'{new} = snn.map "integrate" "i{self.number}" on(%clk) [%N] ({old[1]}) updates [0]'
        self._op(f"{head} : tensor<?xf64> -> tensor<?xf64>", [old], ["f64"])
        self.live[name] = new
        self._find_spikes([(name, new, "f64")], "th")
        if self.here.chance(0.3, "between"):
            self._record()
        self._write_reset([(name, self.live[name], "f64")], [0], "r")

    def _find_spikes(self, inputs: list[tuple[str, str, str]], prefix: str) -> None:
        out = self.name("events")
        head = f'{out} = snn.threshold "{prefix}{self.number}" on(%clk) [%N] ({_names(inputs)})'
        self._op(f"{head} into {self.live['e']} : {self._types(inputs)}", inputs, ["i1"])
        self.live["e"] = out

    def _write_reset(self, inputs: list[tuple[str, str, str]], updates: list[int], prefix: str) -> None:
        outs = [self.name(f"reset{k}") for k in updates]
        types = [TYPES[inputs[k][0]] for k in updates]
        kind = self.here.pick(("reset", "refractory", "event"), "reset kind")
        self._op(
            f'{", ".join(outs)} = snn.reset "{kind}" "{prefix}{self.number}" on(%clk) {self.live["e"]}'
            f" ({_names(inputs)}) updates {updates} : {self._types(inputs)} -> {', '.join(map(tensor, types))}",
            inputs,
            types,
        )
        self._advance(inputs, updates, outs)

    def _scatter(self) -> None:
        clock, name, out = self.clock(), self.here.pick(ARRAYS["f64"], "array"), self.name("out")
        inputs = [each for each in self._inputs(clock) if each[0] not in ("n", "f")] or [("fixed", "%fixed", "f64")]
        kind = f'{out} = snn.scatter "run_regularly" "s{self.number}" on({clock}) [%N] ({_names(inputs)})'
        place = self.here.pick(("%zero", "index"), "place")
        head = f"{kind} to {self.live[name]} : {self._types(inputs)} to tensor<?xf64> -> tensor<?xf64>"
        self._op(head, inputs, ["f64"], first=place)
        self.live[name] = out

    def _record(self) -> None:
        index, value = self.name("at"), self.name("value")
        array = self._gatherable()[self.here.pick(self._gatherable(), "recorded")]
        self.line(f'snn.record "m" on({self.clock("record")}) %m [%N] at %t : !snn.sink<[f64, f64]> {{')
        self._lines += [
            f"    ^bb0({index}: index):",
            f"      {value} = snn.gather {array}[{index}] : tensor<?xf64> -> f64",
            f"      snn.yield {value} : f64",
            "    }",
        ]

    def _record_events(self) -> None:
        index, value, out = self.name("at"), self.name("value"), self.name("counted")
        array = self._gatherable()[self.here.pick(self._gatherable(), "recorded")]
        self.line(
            f'{out} = snn.record_events "spikes" on(%clk) %sp {self.live["e"]} [{self._first()}, %N] at %t counts'
            f" {self.live['count']} : !snn.sink<[f64, i32, f64]>, tensor<?xi32> -> tensor<?xi32> {{"
        )
        self._lines += [
            f"    ^bb0({index}: index):",
            f"      {value} = snn.gather {array}[{index}] : tensor<?xf64> -> f64",
            f"      snn.yield {value} : f64",
            "    }",
        ]
        self.live["count"] = out

    def _record_rate(self) -> None:
        self.line(
            f'snn.record_rate "rates" on(%clk) %rt {self.live["e"]} [{self._first()}, %N] at %t by %dt'
            " : !snn.sink<[f64, f64]>"
        )

    # ---- synapses

    def _propagate(self) -> None:
        """Writes a pathway that may do anything."""
        name, way = self.here.pick(SETS, "set"), self.here.pick(("pre", "post"), "way")
        inputs = self._ends(name)
        changes = {f"{name}.x", *ARRAYS["f64"], *ARRAYS["f32"]}
        writes = [
            k for k, (key, _, role) in enumerate(inputs) if key in changes and self.here.chance(0.6, f"w{key}{role}")
        ]
        self._pathway(name, way, inputs, writes, added=False)

    def _add(self) -> None:
        """Writes a pathway that adds something to the neurons that it reaches: what can be counted, or summed up."""
        name, way = self.here.pick(SETS, "set"), self.here.pick(("pre", "post"), "way")
        far, near = ("post", "pre") if way == "pre" else ("pre", "post")
        target = self.here.pick(ARRAYS["f64"], "target")
        others = [(f"{name}.w", "synapse"), ("fixed", far), ("f", far), ("fixed", near), (f"{name}.x", "synapse")]
        kept = [each for each in others if self.here.chance(0.3, f"with {each}")]
        inputs = [(target, self.live[target], far), *((key, self._array(key), role) for key, role in kept)]
        self._pathway(name, way, inputs, [0], added=True)

    def _pathway(
        self, name: str, way: str, inputs: list[tuple[str, str, str]], writes: list[int], *, added: bool
    ) -> None:
        written = list(dict.fromkeys(inputs[k][0] for k in writes))
        head, facts = self.pathway_head(name, way, inputs, writes)
        types = [self._type(inputs[k][0]) for k in writes]
        self._op(head, inputs, types, indices=3, end=facts, forbidden=written, added=added)

    def pathway_head(
        self, name: str, way: str, inputs: list[tuple[str, str, str]], writes: list[int], *, pending: bool = True
    ) -> tuple[str, str]:
        """Returns what stands in front of the region of a pathway, and behind it; its results are live then.

        Args:
            name: The set of synapses.
            way: "pre" or "post": what spikes.
            inputs: Keys, names and roles.
            writes: The inputs that are written.
            pending: Whether there may be pending spikes.
        """
        near = end_of(name, way)
        alike = [number for number, (_, count) in self.histories.items() if count == near.count]
        own = self.here.chance(0.7, "own history") or not alike
        number = self.number if own else alike[0]
        parts = dict(HISTORY)
        if own:
            parts |= ARRIVED if pending and self.here.chance(0.25, "pending") else {}
            self.histories[number] = parts, near.count
            self.live |= {f"{part}{number}": f"%{part}{number}_0" for part in parts}
        written = list(dict.fromkeys(inputs[k][0] for k in writes))
        outs = [self.name(f"o{k}") for k in range(len(parts) + len(written))]
        results = ", ".join([*parts.values(), *(tensor(self._type(key)) for key in written)])
        history = ", ".join(self.live[f"{part}{number}"] for part in HISTORY)
        order = "" if name == "sorted" and way == "pre" else f", %{name}_{way}_order"
        facts = facts_text(self._synapses, name, way) if self.here.chance(0.8, "facts") else ""
        head = (
            f'{", ".join(outs)} = snn.propagate "p{self.number}" on({self.clock()}) {self.live["e"]}[%{near.first}, %N]'
            f' spiking "{way}" from(%{name}_i : tensor<?xi32>) to(%{name}_j : tensor<?xi32>)'
            f" rows(%{name}_{way}_pointers, %{name}_delays{order}) history({history})"
            f"{self._arriving(number) if len(parts) > len(HISTORY) else ''}"
            f" {self._elements(name, inputs)} writes {writes}"
            f" : {self._types(inputs)} -> {results}"
        )
        self.live |= {f"{part}{number}": out for part, out in zip(parts, outs, strict=False)}
        self.live |= dict(zip(written, outs[len(parts) :], strict=True))
        return head, facts

    def _elements(self, name: str, inputs: Sequence[tuple[str, str, str]]) -> str:
        """Returns the part of an op over synapses that says which elements its region gets."""
        roles = ", ".join(f'"{role}"' for _, _, role in inputs)
        ends = [end_of(name, "post" if role == "post" else "pre").first for _, _, role in inputs]
        of_part = [k for k, end in enumerate(ends) if end != "zero" and inputs[k][2] != "synapse"]
        shifted = [k for k in of_part if self.here.chance(0.8, f"shift {k}")]  # else it has the number among all
        shifts = [shifted.index(k) if k in shifted else -1 for k in range(len(inputs))]
        by = ", ".join(f"%{ends[k]}" for k in shifted)
        return f"elements({_names(inputs)}) of [{roles}] shifts {shifts} by({by})"

    def _arriving(self, number: int) -> str:
        """Returns the part of a pathway that names its pending spikes."""
        types = "tensor<?xi64>, tensor<?xi32>, tensor<1xi64>"
        return f" pending(%due, %due_at, {self.live[f'arrived{number}']} : {types})"

    def _accumulate(self) -> None:
        name, target, out = self.here.pick(SETS, "set"), self.here.pick(ARRAYS["f64"], "array"), self.name("out")
        inputs, clock, array, end = self._ends(name), self.clock(), "tensor<?xf64>", end_of(name, "post")
        head = (
            f'{out} = snn.accumulate "s{self.number}" on({clock}) [%S] from(%{name}_i) to(%{name}_j)'
            f" {self._elements(name, inputs)} at(%{name}_j)"
            f" {self.live[target]}[%{end.count} from %{end.first}] : {self._types(inputs)} to {array} -> {array}"
        )
        self._op(head, inputs, ["f64"], indices=3)
        self.live[target] = out

    def _ends(self, name: str) -> list[tuple[str, str, str]]:
        """Returns inputs of an op over synapses: keys, names and roles; one array may have two."""
        options = [f"{key} {role}" for key in (*TYPES,) for role in ("pre", "post")]
        options += [f"{name}.w synapse", f"{name}.x synapse"]
        chosen = (each.split() for each in self.here.some(options, 1 + self.here.below(4, "ends"), "ends"))
        return [(key, self._array(key), role) for key, role in chosen]

    # ---- parts

    def _op(
        self,
        head: str,
        inputs: Sequence[tuple[str, str, str]],
        types: Sequence[str],
        *,
        first: str = "",
        indices: int = 1,
        end: str = "",
        forbidden: Sequence[str] = (),
        added: bool = False,
    ) -> None:
        """Writes an op with its region, which yields values of some types.

        Args:
            head: The text in front of the region.
            inputs: Keys and names of the arrays whose elements it gets.
            types: What it yields.
            first: "index" or a name: a place that it yields before these.
            indices: How many numbers of elements it gets.
            end: The text behind the region.
            forbidden: Keys of arrays that it must not read elsewhere.
            added: The value yielded is the first input and something more.
        """
        self.line(f"{head} {{")
        prefix = f"%r{self.number}_{self._regions}"
        places = [f"{prefix}_i{k}" for k in range(indices)]
        args = [element(key, f"{prefix}_x{k}", self._type(key)) for k, (key, _, _) in enumerate(inputs)]
        if added:  # what is added does not depend on the sum so far
            head_args, args = args[:1], args[1:]
        else:
            head_args = list[Value]()
        declared = [*(f"{place}: index" for place in places), *(f"{a.name}: {a.type}" for a in (*head_args, *args))]
        self._lines.append(f"    ^bb0({', '.join(declared)}):")
        scalars = [Value(key, name, "f64", 10, 7) for key, name in self.scalars.items()]
        left_out = frozenset(step for op, step in self._left_out if op == self.number)
        region = RegionWriter(
            self.here.at("region", self._regions),
            prefix,
            [*args, *scalars, Value("power half", "%half", "f64", 1, 0)],
            exact=self._exact,
            functions=self._functions,
            calls=self._calls,
            left_out=left_out,
            steps=2 + self.here.below(STEPS - 1, f"steps {self._regions}"),
        )
        readable = self._gatherable() | {name: self.live[name] for name in ARRAYS["f32"]}
        gathers = [(key, name, self._type(key)) for key, name in readable.items() if key not in forbidden]
        region.write(gathers, [places[-1], "%zero"], places[0])
        if added:
            names = [region.added(head_args[0], "sum", where=any(key == "f" for key, _, _ in inputs))]
        else:
            names = [region.result(type, f"y{k}") for k, type in enumerate(types)]
        types = [*(["index"] if first else []), *types]
        names = [*([places[0] if first == "index" else first] if first else []), *names]
        self._lines += region.lines
        self._lines.append(f"      snn.yield {', '.join(names)} : {', '.join(types)}" if names else "      snn.yield")
        self._lines.append(f"    }} {end}".rstrip())
        self._regions += 1

    def line(self, text: str) -> None:
        """Writes a line in the loop."""
        self._lines.append(f"    {text}")

    def _first(self) -> str:
        """Returns the first element of what is recorded."""
        return self.here.pick(("%zero", "%low"), "from")

    def lines(self, *texts: str) -> None:
        """Writes lines as they are."""
        self._lines += texts

    def name(self, part: str) -> str:
        """Returns a name of a value of this op."""
        return f"%x{self.number}_{part}"

    def clock(self, name: str = "clock") -> str:
        """Returns a clock, in most cases the first one."""
        return "%clk" if self.here.chance(0.8, name) else self.here.pick(("%slow", "%slow", "%evt"), f"{name} other")

    def _array(self, key: str) -> str:
        return self.live.get(key) or f"%{key.replace('.', '_')}"

    def _gatherable(self) -> dict[str, str]:
        return {name: self.live[name] for name in ARRAYS["f64"]} | {"fixed": "%fixed"}

    def _inputs(self, clock: str) -> list[tuple[str, str, str]]:
        """Returns keys, names and types of arrays."""
        options = {key: self._array(key) for key in (*TYPES,)}
        options |= {key: name for key, (name, _, owner) in self._fresh.items() if owner == clock}
        chosen = self.here.some(options, 1 + self.here.below(4, "inputs"), "inputs")
        return [(key, options[key], self._type(key)) for key in chosen]

    def _updates(self, inputs: Sequence[tuple[str, str, str]]) -> list[int]:
        """Returns which of the inputs get a next version."""
        own = [k for k, (key, _, _) in enumerate(inputs) if key in TYPES and key in self.live]
        return [k for k in own if self.here.chance(0.6, f"update {inputs[k][0]}")]

    def _advance(self, inputs: Sequence[tuple[str, str, str]], updates: Sequence[int], outs: Sequence[str]) -> None:
        self.live |= {inputs[k][0]: out for k, out in zip(updates, outs, strict=False)}

    def _type(self, key: str) -> str:
        return self._fresh[key][1] if key in self._fresh else TYPES.get(key, "f64")

    def _types(self, inputs: Sequence[tuple[str, str, str]]) -> str:
        return ", ".join(tensor(self._type(key)) for key, _, _ in inputs)

    # ---- the whole

    def _text(self) -> str:
        carried = [
            (f"%{name}", f"%{name}0", self.live[name], tensor(TYPES[name])) for name in TYPES if name in self.live
        ]
        carried += [(f"%{name}_x", f"%{name}_x0", self.live[f"{name}.x"], tensor("f64")) for name in SETS]
        carried += [("%s", "%s0", self.live["s"], "tensor<1xf64>"), ("%e", "%e0", self.live["e"], "!snn.events")]
        carried += [("%place", "%place0", self.live["place"], "tensor<1xi64>")]
        carried += [("%count", "%count0", self.live["count"], tensor("i32"))]
        for number, (parts, _) in self.histories.items():
            carried += [
                (f"%{part}{number}", f"%{part}{number}_0", self.live[f"{part}{number}"], type)
                for part, type in parts.items()
            ]
        body, everything = "\n".join(self._lines), self._everything
        used = names_in(body)
        carried = [one for one in carried if everything or one[1] in used or one[0] == "%a"]
        outer, inner, after, types = (list(column) for column in zip(*carried, strict=True))
        listed = ", ".join(types)
        lists = (line for number, known in self.histories.items() for line in history(number, *known))
        lines = [*declarations(TYPES), *lists]
        declared = "\n".join(lines if everything else needed(lines, {"%clk", *used, *outer}))
        args = ", ".join(f"{name}: {type}" for name, type in zip(inner, types, strict=True))
        return f"""snn.program @random {{
{declared}
  %end:{len(outer)} = snn.loop ({", ".join(outer)}) : {listed} -> {listed} {{
  ^bb0({args}):
    %t, %step = snn.time %clk
    %dt = snn.dt %clk
{body}
    snn.yield {", ".join(after)} : {listed}
  }}
}}
"""


def _names(inputs: Sequence[tuple[str, str, str]]) -> str:
    return ", ".join(name for _, name, _ in inputs)
