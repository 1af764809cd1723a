"""Random scripts in Brian's language: `random_script(7)` is always the same text.

`cases_random.py` holds some of them with what Brian makes of them; `compare_random.py` runs as many as one likes.
"""

from __future__ import annotations

from brian.random_expressions import Chance, Expressions, Variable
from brian.random_neurons import Group, NeuronWriter, input_lines
from brian.random_synapses import SynapseWriter

BEGIN = "Network(NeuronGroup(1, 'o : 1')).run(0*ms)  # whatever ran before, the clock begins at 0"


def random_script(seed: int) -> str:
    """Returns the text of a script that calls `keep`, as `replay.py` has them."""
    return "\n".join(_Script(seed).lines) + "\n"


class _Script:
    def __init__(self, seed: int) -> None:
        self._chance = Chance(f"script {seed}")
        self.lines = [BEGIN]
        self._constants: list[Variable] = []
        self._calls: list[str] = []
        self._groups: list[Group] = []
        self._neurons: list[NeuronWriter] = []
        self._synapses: list[SynapseWriter] = []
        self._monitors: list[str] = []
        self._kept: list[str] = []
        self._stored = False
        self._network = "net." if self._chance.often(0.3) else ""
        self._write()

    def _write(self) -> None:
        chance = self._chance
        if chance.often(0.1):
            self.lines.append(f"defaultclock.dt = {chance.one_of(('0.2', '0.05', '0.25'))}*ms")
        self._define()
        self._add_neurons("G")
        if chance.often(0.4):
            self._add_input("H")
        if chance.often(0.3):
            self._add_neurons("K")
        for name in "ST"[: chance.one_of((0, 1, 1, 2))]:
            self._add_synapses(name)
        self._add_monitors()
        if self._network:
            objects = [*(group.name for group in self._groups), *(s.name for s in self._synapses), *self._monitors]
            self.lines.append(
                f"net = Network({', '.join(objects)})" if chance.often(0.5) else "net = Network(collect())"
            )
        self._run()
        for _ in range(chance.below(3)):
            for _ in range(chance.below(3)):
                self._change()
            self._run()
        self._keep()

    def _define(self) -> None:
        """Writes constants, timed arrays and functions."""
        chance = self._chance
        for number in range(chance.below(4)):
            unit = chance.one_of(("volt", "1", "amp", "second", "integer"))
            value = str(1 + chance.below(5)) if unit == "integer" else Expressions(chance, []).constant(unit)
            self.lines.append(f"k{number} = {value}")
            self._constants.append(Variable(f"k{number}", unit, settable=False, shared=True))
        step = chance.one_of(("0.1", "0.5", "1", "0.2"))
        values = [[round(chance.between(-2, 3), 2) for _ in range(3)] for _ in range(1 + chance.below(6))]
        if chance.often(0.15):
            self.lines.append(f"stimulus = TimedArray({values}, dt={step}*ms)")
            self._calls.append("stimulus(t, i % 3)")
        elif chance.often(0.2):
            self.lines.append(f"stimulus = TimedArray({[row[0] for row in values]}, dt={step}*ms)")
            self._calls += ["stimulus(t)", "stimulus(t/2)", "stimulus(t + 0.13*ms)"]
        if chance.often(0.2):
            self.lines.append("curve = Function(lambda x, y: x*y + 0.5, arg_units=[1, 1], return_unit=1)")
            self._calls += ["curve(2, 1.5)", "curve(i, t/ms)"]

    def _add_neurons(self, name: str) -> None:
        writer = NeuronWriter(self._chance, name, self._constants, self._calls)
        writer.write()
        self.lines += writer.lines
        self._neurons.append(writer)
        self._groups.append(writer.group)

    def _add_input(self, name: str) -> None:
        group, line = input_lines(self._chance, name)
        self.lines.append(line)
        self._groups.append(group)

    def _add_synapses(self, name: str) -> None:
        sources = [group for group in self._groups if group.spikes]
        if sources:
            ends = self._chance.one_of(sources), self._chance.one_of(self._groups)
            writer = SynapseWriter(self._chance, name, *ends, self._constants, self._calls)
            writer.write()
            self.lines += writer.lines
            self._synapses.append(writer)

    def _add_monitor(self, name: str, line: str, *kept: str) -> None:
        self.lines.append(f"{name} = {line}")
        self._monitors.append(name)
        self._kept += kept

    def _add_monitors(self) -> None:
        chance = self._chance
        for group in self._groups:
            name, own = group.name, [v.name for v in (*group.states, *group.others) if not v.shared]
            part = f"{name}[:2]" if group.states and group.size > 2 and chance.often(0.2) else name
            some = chance.some_of(own, 1 + chance.below(2))
            if group.spikes and chance.often(0.7):
                also = some if chance.often(0.4) else []
                line = f"SpikeMonitor({part}, {also})" if also else f"SpikeMonitor({part})"
                kept = [f"{v}_at_{name}=P{name}.{v}[:]" for v in also]
                self._add_monitor(f"P{name}", line, f"P{name}=P{name}", f"C{name}=P{name}.count[:]", *kept)
            if group.spikes and chance.often(0.15):
                self._add_monitor(f"R{name}", f"PopulationRateMonitor({part})", f"R{name}=R{name}.rate[:]/Hz")
            if group.events and chance.often(0.7):
                self._add_monitor(f"E{name}", f"EventMonitor({name}, 'odd')", f"E{name}=E{name}")
            if some and chance.often(0.5):
                options = chance.one_of(
                    ("", "", ", dt=0.2*ms", ", when='end'", ", when='after_resets'", ", dt=1*ms, order=3")
                )
                line = f"StateMonitor({part}, {some}, record={chance.one_of(('True', '0', '[0]'))}{options})"
                self._add_monitor(f"M{name}", line, *(f"{v}_of_{name}=M{name}.{v}" for v in some))
        for synapses in self._synapses:
            own = [v.name for v in synapses.states if not v.shared]
            if own and chance.often(0.3):
                name = synapses.name
                record = chance.one_of(("True", f"{name}[0, :]", f"{name}['i < 2']"))
                kept = (f"{v}_of_{name}=M{name}.{v}" for v in own)
                self._add_monitor(f"M{name}", f"StateMonitor({name}, {own}, record={record})", *kept)

    def _run(self) -> None:
        duration = self._chance.one_of(("1", "2", "3", "5", "8", "0.5", "0.35"))
        self.lines.append(f"{self._network}run({duration}*ms)")

    def _change(self) -> None:
        """Writes what scripts do between runs."""
        chance = self._chance
        forms = [self._set_states, self._set_states, self._set_synapses, self._set_synapses, self._switch, self._store]
        chance.one_of(forms)()

    def _set_states(self) -> None:
        writer = self._chance.one_of(self._neurons)
        self.lines.append(writer.assignment(self._chance.one_of(writer.group.states)))

    def _set_synapses(self) -> None:
        chance = self._chance
        if self._synapses:
            writer = chance.one_of(self._synapses)
            lines = [writer.assignment(variable) for variable in writer.states]
            self.lines.append(chance.one_of([*lines, writer.delays(), writer.connection()]))

    def _switch(self) -> None:
        objects = [writer.group.name for writer in self._neurons] + [synapses.name for synapses in self._synapses]
        self.lines.append(f"{self._chance.one_of(objects)}.active = {self._chance.one_of(('False', 'True'))}")

    def _store(self) -> None:
        self.lines.append(f"{self._network}{'restore' if self._stored else 'store'}()")
        self._stored = True

    def _keep(self) -> None:
        for group in self._groups:
            names = [variable.name for variable in group.states]
            for name in [*names, *(["lastspike", "not_refractory"] if "refractory=" in self._made(group.name) else [])]:
                self._kept.append(f"{group.name}_{name}={group.name}.{name}[:]")
        for synapses in self._synapses:
            for name in ["i", "j", "delay", *(variable.name for variable in synapses.states)]:
                if name != "delay" or "pre" in synapses.pathways:
                    self._kept.append(f"{synapses.name}_{name}={synapses.name}.{name}[:]")
        self._kept.append("end=defaultclock.t/ms")
        self.lines += [f"keep({kept})" for kept in self._kept]

    def _made(self, name: str) -> str:
        return next(line for line in self.lines if line.startswith(f"{name} = "))
