"""Random groups of neurons and inputs, for `random_scripts.py`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from brian.random_expressions import Chance, Expressions, Variable

METHODS = (
    *("euler", "rk2", "rk4", "heun", "milstein", "exponential_euler"),
    *("euler", "exponential_euler", "linear", "exact", ""),
)
LINEAR = ("linear", "exact")
OF_ANY_GROUP = (
    *(Variable("i", "integer", settable=False), Variable("N", "integer", settable=False, shared=True)),
    *(Variable("t", "second", settable=False, shared=True), Variable("dt", "second", settable=False, shared=True)),
)
OF_ARRAYS = {"volt": "*mV", "amp": "*nA", "second": "*ms", "1": "", "integer": ""}


@dataclass
class Group:
    """What a script has made.

    Attributes:
        name: Its name in the script.
        size: Number of elements.
        states: Variables that can be set.
        others: Subexpressions and linked variables.
        spikes: Whether it has spikes.
        events: Whether it has the event "odd".
    """

    name: str
    size: int
    states: list[Variable] = field(default_factory=list)
    others: list[Variable] = field(default_factory=list)
    spikes: bool = True
    events: bool = False

    def suffixed(self, suffix: str) -> list[Variable]:
        """Returns its variables as synapses name them."""
        return [Variable(v.name + suffix, v.unit, v.settable, v.shared) for v in self.states]


def quoted(text: str) -> str:
    """Returns a text in quotes."""
    return f"'''{text}'''" if "\n" in text else repr(text)


class NeuronWriter:
    """Writes the lines that make a NeuronGroup.

    Args:
        chance: Where choices come from.
        name: Name of the group in the script.
        constants: Constants of the script.
        calls: Calls without unit that expressions may use.
    """

    def __init__(self, chance: Chance, name: str, constants: Sequence[Variable], calls: Sequence[str]) -> None:
        self._chance = chance
        self._constants = list(constants)
        self._calls = list(calls)
        self.lines: list[str] = []
        self.group = Group(name, 1 + chance.below(6), spikes=chance.often(0.8))
        self._refractory = self.group.spikes and chance.often(0.55)
        self._method = chance.one_of(METHODS)
        self._parameters = [self._parameter(f"p{number}") for number in range(1 + chance.below(3))]
        units = ("volt", chance.one_of(("volt", "1", "amp")), chance.one_of(("1", "volt")))
        count = chance.one_of((0, 1, 1, 1, 2, 2, 3))
        self._integrated = [Variable(name, unit) for name, unit in zip("vuw", units[:count], strict=False)]
        self.group.states = [*self._integrated, *(variable for variable, _ in self._parameters)]

    def _parameter(self, name: str) -> tuple[Variable, str]:
        chance = self._chance
        unit = chance.one_of(("volt", "1", "amp", "second", "boolean", "integer"))
        shared, constant = chance.often(0.15), chance.often(0.2)
        flags = ", ".join(flag for flag, has in (("constant", constant), ("shared", shared)) if has)
        return Variable(name, unit, not constant, shared), f"{name} : {unit}" + (f" ({flags})" if flags else "")

    def expressions(self, *, without: Sequence[Variable] = (), shared: bool = False) -> Expressions:
        """Returns what makes expressions of the group."""
        known = [*self.group.states, *self.group.others, *OF_ANY_GROUP, *self._constants]
        usable = [v for v in known if v not in without and (v.shared or not shared)]
        return Expressions(self._chance, usable, [] if shared else self._calls)

    def write(self) -> None:
        """Writes the group, what runs with it, and its first values."""
        chance, group = self._chance, self.group
        model = [*self._subexpressions(), *(self._equation(variable) for variable in self._integrated)]
        model += [line for _, line in self._parameters]
        arguments = [str(group.size), quoted(chance.one_of(("\n", "\n    ")).join(model)), *self._events()]
        if self._method and self._integrated:
            arguments.append(f"method='{self._method}'")
        if chance.often(0.15):
            arguments.append(f"dt={chance.one_of(('0.2', '0.05', '0.1', '0.5', '0.3'))}*ms")
        if chance.often(0.1):
            arguments.append(f"order={chance.below(4) - 1}")
        self.lines.append(f"{group.name} = NeuronGroup({', '.join(arguments)})")
        self._runs()
        for variable in group.states:
            if chance.often(0.8):
                self.lines.append(self.assignment(variable))

    def _subexpressions(self) -> list[str]:
        chance, lines = self._chance, []
        for number in range(0 if self._method in LINEAR else chance.one_of((0, 0, 1, 1, 2))):
            unit = chance.one_of(("volt", "1", "amp", "boolean", "integer"))
            flag = chance.one_of(("", "", "", " (constant over dt)", " (shared)"))
            shared = flag == " (shared)"
            without = () if self._method not in ("exponential_euler", "") or "dt" in flag else self._integrated
            text = self.expressions(without=without, shared=shared).of(unit, 1 + chance.below(2))
            lines.append(f"s{number} = {text} : {unit}{flag}")
            self.group.others.append(Variable(f"s{number}", unit, settable=False, shared=shared))
        return lines

    def _equation(self, variable: Variable) -> str:
        chance, name, unit = self._chance, variable.name, variable.unit
        flag = " (unless refractory)" if self._refractory and chance.often(0.6) else ""
        if self._method in LINEAR:
            goal = Expressions(chance, []).constant(unit)
            earlier = [v for v in self._integrated if v.unit == unit and v.name < name]
            given = [v for v, _ in self._parameters if v.unit == unit]
            goal += "".join(f" + {v.name}" for v in (*earlier, *given) if chance.often(0.6))
        else:
            own = (variable,) if self._method in ("exponential_euler", "") else ()
            goal = self.expressions(without=own).of(unit, 1 + chance.below(2))
        return f"d{name}/dt = ({goal} - {name})/({chance.between(2, 20):.1f}*ms) : {unit}{flag}"

    def _events(self) -> list[str]:
        """Returns the arguments about thresholds, resets, refractoriness and the event "odd"."""
        chance, group = self._chance, self.group
        if not group.spikes:
            return []
        texts = self.expressions()
        condition = texts.condition(2)
        if self._integrated and chance.often(0.6):
            first = self._integrated[0]
            condition = f"{first.name} {chance.one_of(('>', '>=', '<'))} {texts.constant(first.unit)}"
            condition += chance.one_of(("", "", f" and {texts.condition()}", f" or {texts.condition()}"))
        elif chance.often(0.4):
            condition = f"int(t/dt + 0.5) % {2 + chance.below(4)} == i"
        arguments = [f"threshold={quoted(condition)}"]
        if chance.often(0.85):
            arguments.append(f"reset={quoted(texts.code(self.targets, 1 + chance.below(3)))}")
        if self._refractory:
            time = chance.one_of(("1*ms", "0.5*ms", "0.34*ms", "0*ms", "5*ms", quoted(texts.of("second"))))
            arguments.append(f"refractory={chance.one_of((time, time, quoted(texts.condition(2))))}")
        if chance.often(0.15):
            group.events = True
            arguments.append(f"events={{'odd': {quoted(texts.condition(2))}}}")
        return arguments

    @property
    def targets(self) -> list[Variable]:
        """What statements may assign to."""
        return [variable for variable in self.group.states if variable.settable and not variable.shared]

    def _runs(self) -> None:
        chance, name, texts = self._chance, self.group.name, self.expressions()
        if self.group.events and chance.often(0.7):
            when = chance.one_of(("", ", when='after_resets'", ", order=2"))
            self.lines.append(f"{name}.run_on_event('odd', {quoted(texts.code(self.targets, 1))}{when})")
        if chance.often(0.25):
            when = chance.one_of(("", ", dt=1*ms", ", when='end'", ", when='before_groups', order=-1"))
            self.lines.append(f"{name}.run_regularly({quoted(texts.code(self.targets, 1 + chance.below(2)))}{when})")

    def assignment(self, variable: Variable) -> str:
        """Returns a line that sets a variable, in one of many ways."""
        chance, name, texts = (
            self._chance,
            f"{self.group.name}.{variable.name}",
            self.expressions(shared=variable.shared),
        )
        text, value = quoted(texts.of(variable.unit)), single(chance, variable.unit)
        if variable.shared:
            return f"{name} = {chance.one_of((text, value))}"
        index = chance.one_of(("0", ":", "1:", "::2", "-1", "[0]"))
        chosen = quoted(texts.condition())
        forms = (
            *(f"{name} = {several(chance, variable.unit, self.group.size)}", f"{name} = {text}", f"{name} = {value}"),
            *(f"{name}[{index}] = {value}", f"{name}[{index}] = {text}"),
            *(f"{name}[{chosen}] = {text}", f"{name}[{chosen}] = {value}"),
        )
        return chance.one_of(forms)


def single(chance: Chance, unit: str) -> str:
    """Returns one value as a script writes it."""
    if unit == "boolean":
        return chance.one_of(("True", "False"))
    return str(chance.below(7)) if unit == "integer" else Expressions(chance, []).constant(unit)


def several(chance: Chance, unit: str, size: int) -> str:
    """Returns an array of values as a script writes it."""
    if unit == "boolean":
        return str([chance.often(0.5) for _ in range(size)])
    if unit == "integer":
        return str([chance.below(9) - 2 for _ in range(size)])
    values = [round(chance.between(0 if unit == "second" else -3, 6), 3) for _ in range(size)]
    return f"array({values}){OF_ARRAYS[unit]}"


def input_lines(chance: Chance, name: str) -> tuple[Group, str]:
    """Returns a group of inputs whose spikes are certain, and the line that makes it."""
    group = Group(name, 1 + chance.below(4))
    if chance.often(0.25):
        rates = chance.one_of(("40*kHz", "0*Hz", "'40*kHz*int(i == 1)'", "'40*kHz*int(t < 3*ms)'"))
        return group, f"{name} = PoissonGroup({group.size}, rates={rates})"
    steps = {(chance.below(group.size), chance.below(60)) for _ in range(chance.below(12))}
    spikes = sorted(steps, key=lambda spike: spike[::-1])
    numbers = [number for number, _ in spikes]
    times = [round(0.1 * step + 0.01 * chance.below(3), 3) for _, step in spikes]
    period = chance.one_of(("", "", "", ", period=10*ms", ", period=7*ms"))
    return group, f"{name} = SpikeGeneratorGroup({group.size}, {numbers}, {times}*ms{period})"
