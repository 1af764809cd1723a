"""Random synapses, for `random_scripts.py`. What they do to neurons does not depend on the order of the synapses."""

from __future__ import annotations

from collections.abc import Sequence

from brian.random_expressions import Chance, Expressions, Variable
from brian.random_neurons import Group, quoted, single

OF_SYNAPSES = (
    *(Variable("i", "integer", settable=False), Variable("j", "integer", settable=False)),
    *(
        Variable("N_pre", "integer", settable=False, shared=True),
        Variable("N_post", "integer", settable=False, shared=True),
    ),
)
TIME = Variable("t", "second", settable=False, shared=True)


class SynapseWriter:
    """Writes the lines that make Synapses.

    Args:
        chance: Where choices come from.
        name: Name of the object in the script.
        source: The presynaptic group, which has spikes.
        target: The postsynaptic group.
        constants: Constants of the script.
        calls: Calls without unit that expressions may use.
    """

    def __init__(
        self,
        chance: Chance,
        name: str,
        source: Group,
        target: Group,
        constants: Sequence[Variable],
        calls: Sequence[str],
    ) -> None:
        self._chance = chance
        self.name = name
        self._target = target
        self._constants = list(constants)
        self._calls = list(calls)
        self._own = source is target
        self._ends, self._sizes = zip(self._part(source), self._part(target), strict=True)
        self._pre, self._post = source.suffixed("_pre"), target.suffixed("_post")
        self.states: list[Variable] = []
        self.pathways: list[str] = []
        self._summed = ""
        self.lines: list[str] = []

    def _part(self, group: Group) -> tuple[str, int]:
        if group.size < 3 or not group.states or self._chance.often(0.8):
            return group.name, group.size
        start = self._chance.below(group.size - 1)
        stop = start + 1 + self._chance.below(group.size - start)
        return f"{group.name}[{start}:{stop}]", stop - start

    def write(self) -> None:
        """Writes the synapses, how they connect, and their first values."""
        chance = self._chance
        model, method = self._model()
        arguments = [*self._ends, *([quoted("\n".join(model))] if model else []), *self._code()]
        if method:
            arguments.append(f"method='{method}'")
        if chance.often(0.15):
            arguments.append("multisynaptic_index='k'")
        self.lines.append(f"{self.name} = Synapses({', '.join(arguments)})")
        self.lines.append(self.connection())
        for variable in self.states:
            if chance.often(0.7):
                self.lines.append(self.assignment(variable))
        if self.pathways and chance.often(0.5):
            self.lines.append(self.delays())

    def _model(self) -> tuple[list[str], str]:
        """Returns the model and the method."""
        chance, lines, method = self._chance, [], ""
        for name in "ab"[: chance.below(3)]:
            unit = chance.one_of(("1", "volt", "1", "boolean", "integer", "second"))
            flag, shared = chance.one_of((("", False),) * 6 + ((" (constant)", False), (" (shared)", True)))
            lines.append(f"{name} : {unit}{flag}")
            self.states.append(Variable(name, unit, not flag, shared))
        for name in chance.one_of(("", "x", "xy")):
            rate = f"/({chance.between(1, 9):.1f}*ms)"
            if chance.often(0.6):
                lines.append(f"d{name}/dt = -{name}{rate} : 1 (event-driven)")
            else:
                method = chance.one_of(("euler", "rk2", "exact", "exponential_euler", "rk4"))
                lines.append(f"d{name}/dt = ({chance.below(3)} - {name}){rate} : 1 (clock-driven)")
            self.states.append(Variable(name, "1"))
        candidates = [v for v in self._target.states if v.name[0] == "p" and v.unit in ("1", "volt", "amp")]
        candidates = [v for v in candidates if v.settable and not v.shared]
        if candidates and chance.often(0.25):
            summed = chance.one_of(candidates)
            usable = [v for v in self.states if v.name not in "xy" and not v.shared]
            text = Expressions(chance, [*usable, *self._pre, *OF_SYNAPSES, *self._constants]).of(summed.unit)
            lines.append(f"{summed.name}_post = {text} : {summed.unit} (summed)")
            self._summed = f"{summed.name}_post"
        return lines, method

    def _code(self) -> list[str]:
        """Returns the arguments with the pathways' code."""
        chance, arguments = self._chance, []
        if chance.often(0.75):
            self.pathways.append("pre")
            arguments.append(f"on_pre={quoted(self._statements())}")
            if chance.often(0.3):
                arguments.append(f"delay={chance.one_of(('0', '0.3', '1', '0.26', '0.1', '2'))}*ms")
        else:
            self.pathways += ["up", "down"]
            texts = ", ".join(f"'{name}': {quoted(self._statements())}" for name in self.pathways)
            arguments.append(f"on_pre={{{texts}}}")
        if self._target.spikes and chance.often(0.4):
            self.pathways.append("post")
            arguments.append(f"on_post={quoted(self._statements())}")
        return arguments

    def _statements(self) -> str:
        chance = self._chance
        usable = [*self.states, *self._pre, *OF_SYNAPSES, TIME, *self._constants]
        own = Expressions(chance, [v for v in usable if v not in self._pre], self._calls)
        targets = [v for v in self._post if v.settable and not v.shared and v.unit not in ("boolean", "integer")]
        targets = [v for v in targets if v.name != self._summed]
        changed = [v for v in self.states if v.settable and not v.shared]
        written = {f"{v.name.removesuffix('_post')}_pre" for v in targets if self._own}
        texts = Expressions(chance, [v for v in usable if v.name not in written], self._calls)
        lines = []
        for _ in range(1 + chance.below(3)):
            if targets and (not changed or chance.often(0.6)):
                target = chance.one_of(targets)
                lines.append(f"{target.name} {chance.one_of(('+=', '-='))} {texts.of(target.unit)}")
            elif changed:
                lines.append(own.statement(chance.one_of(changed)))
        return chance.one_of(("; ", "\n", "\n  ")).join(lines or ["unused = 1"])

    def connection(self) -> str:
        """Returns a call of `connect`, in one of many ways."""
        chance, (before, after) = self._chance, self._sizes
        condition = quoted(Expressions(chance, [*OF_SYNAPSES, *self._pre, *self._post, *self._constants]).condition())
        count = 1 + chance.below(5)
        sources, targets = ([chance.below(size) for _ in range(count)] for size in (before, after))
        more = chance.one_of(("", "", ", n=2", ", n='1 + i % 2'", ", p=1"))
        skip = ", skip_if_invalid=True"
        steps = chance.one_of(("0, N_post", "i - 1, i + 2", "i, N_post", "1, 3", "0, N_post, 2"))
        forms = (
            *("", f"condition={condition}{more}", f"condition='i != j'{more}", f"condition='i == j'{more}"),
            *(f"i={sources}, j={targets}", f"i={sources[0]}, j={targets}", f"i={sources}, j={targets}, n=2"),
            *(f"j='i'{skip}", f"j='i', n=2{skip}", f"i='j'{skip}", "j='i % N_post'", "j='(i + 1) % N_post', n=2"),
            *(f"j='k for k in range({steps})'{skip}", f"j='k for k in range({steps}) if k != i'{skip}"),
            *(f"j='i + k for k in range(-1, 2)'{skip}", "j='k for k in sample(N_post, p=1) if k != i'"),
            *(f"i='j - k for k in range(2)'{skip}", "p='int(i > 0)'", f"condition={condition}, p='1.0*(i != j)'"),
        )
        return f"{self.name}.connect({chance.one_of(forms)})"

    def assignment(self, variable: Variable) -> str:
        """Returns a line that sets a variable, in one of many ways."""
        chance, name = self._chance, f"{self.name}.{variable.name}"
        value = single(chance, variable.unit)
        if variable.shared:
            return f"{name} = {value}"
        others = [v for v in self.states if v != variable and not v.shared]
        texts = Expressions(chance, [*others, *self._pre, *self._post, *OF_SYNAPSES, *self._constants])
        text, chosen = quoted(texts.of(variable.unit)), quoted(texts.condition())
        index = chance.one_of((":, 0", "0, :", ":1, :", "::2", ":, 1:", "0, 0"))
        forms = (
            *(f"{name} = {text}", f"{name} = {text}", f"{name} = {value}", f"{name}[{index}] = {value}"),
            *(f"{name}[{chosen}] = {text}", f"{name}[{chosen}] = {value}"),
        )
        return chance.one_of(forms)

    def delays(self) -> str:
        """Returns a line that sets the delays of a pathway; none lies in the middle of a step."""
        pathway = self._chance.one_of(self.pathways)
        if "delay=" in self.lines[0]:
            return f"{self.name}.{pathway}.delay = 0.2*ms" if pathway == "pre" else "pass"
        value = self._chance.one_of(("'i*0.4*ms'", "'(i + j)*0.1*ms'", "'abs(i - j)*ms'", "'0.26*ms'", "0.3*ms"))
        return f"{self.name}.{pathway}.delay = {value}"
