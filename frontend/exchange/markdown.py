"""Descriptions of networks as Markdown text, for people."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import numpy as np

from ranvier.equations import Expression, Statements
from ranvier.equations.latex import expression_latex, name_latex
from ranvier.equations.single_equation import DIFFERENTIAL_EQUATION

TITLES: Mapping[str, str] = {
    "neurongroup": "Neuron population",
    "spatialneuron": "Neuron with compartments",
    "poissongroup": "Poisson spike source",
    "spikegeneratorgroup": "Spike generator",
    "synapses": "Synapses",
    "poissoninput": "Poisson input",
    "networkoperation": "Network operation",
    "brianobject": "Other object",
    "statemonitor": "State monitor",
    "spikemonitor": "Spike monitor",
    "eventmonitor": "Event monitor",
    "populationratemonitor": "Population rate monitor",
}
"""Kinds of components in the order of the text, with their titles."""

FEW = 6
"""More values than these are counted, not listed."""

_VERBS = {"+=": "Increase {} by {}", "-=": "Decrease {} by {}", "*=": "Multiply {} by {}", "/=": "Divide {} by {}"}


class MdExpander:
    """Writes descriptions of runs as Markdown; derive from it and override what should look different.

    Args:
        brian_verbose: Whether to use the names of Brian's classes as titles.
        include_monitors: Whether monitors are described.
        keep_initializer_order: Whether initial values and connections are listed in their order, not with the objects.
        author: Name of an author for the head of the text.
        add_meta: Whether the head says when the text was made.
        github_md: Whether formulas are marked as GitHub needs it.
    """

    def __init__(
        self,
        brian_verbose: bool = False,
        include_monitors: bool = False,
        keep_initializer_order: bool = False,
        author: str | None = None,
        add_meta: bool = False,
        github_md: bool = False,
    ) -> None:
        self.brian_verbose = brian_verbose
        self.include_monitors = include_monitors
        self.keep_initializer_order = keep_initializer_order
        self.author = author
        self.add_meta = add_meta
        self.github_md = github_md
        self.initializers: Sequence[Mapping[str, Any]] = ()

    # ------------------------------------------------------------------ the whole

    def create_md_string(self, runs: Sequence[Mapping[str, Any]]) -> str:
        """Returns the text for several runs."""
        parts = ["# Network details", *self._head()]
        for number, run in enumerate(runs, 1):
            if len(runs) > 1:
                parts.append(f"## Run {number}")
            parts += self.expand_run(run)
        return "\n\n".join(parts) + "\n"

    def _head(self) -> list[str]:
        lines = [f"Author: {self.author}"] if self.author else []
        return [*lines, f"Made on {datetime.date.today().isoformat()} by Ranvier."] if self.add_meta else lines

    def expand_run(self, run: Mapping[str, Any]) -> list[str]:
        """Returns the paragraphs of a run."""
        self.initializers = run.get("initializers_connectors", ())
        parts: list[str] = []
        for kind, title in TITLES.items():
            entries = run["components"].get(kind, ())
            if entries and (self.include_monitors or not kind.endswith("monitor")):
                parts.append(f"**{kind if self.brian_verbose else title}:**")
                parts += [getattr(self, f"expand_{kind}")(entry) for entry in entries]
        if self.keep_initializer_order and self.initializers:
            parts.append("**Initial values and connections, in this order:**")
            parts.append("\n".join(f"{k}. {self._in_order(entry)}" for k, entry in enumerate(self.initializers, 1)))
        if run.get("inactive"):
            parts.append(f"**Inactive:** {', '.join(run['inactive'])}.")
        return [*parts, f"The simulation was run for **{run['duration']}**."]

    def _in_order(self, entry: Mapping[str, Any]) -> str:
        if entry["type"] == "connect":
            return f"Synapses *{entry['synapses']}*: {self.expand_connector(entry)}"
        return f"Of *{self.name(entry['source'])}*: {self.expand_initializer(entry)}"

    # ------------------------------------------------------------------ groups

    def expand_neurongroup(self, group: Mapping[str, Any]) -> str:
        """Returns the paragraph of a population."""
        count = f"**{group['N']}** neuron{'' if group['N'] == 1 else 's'}"
        lines = [f"Group **{group['name']}**, consisting of {count}.", *self._model(group)]
        if group.get("events"):
            lines.append("**Events:**")
            lines += [self.expand_event(name, event) for name, event in group["events"].items()]
        return _item([*lines, *self._common(group)])

    def expand_spatialneuron(self, neuron: Mapping[str, Any]) -> str:
        """Returns the paragraph of a neuron with compartments."""
        text = (
            self.expand_neurongroup(neuron).replace("Group **", "Neuron **", 1).replace(" neurons.", " compartments.")
        )
        return f"{text}\n\n  Its morphology has {len(neuron['morphology'])} sections."

    def expand_event(self, name: str, event: Mapping[str, Any]) -> str:
        """Returns the sentence of an event."""
        text = f"If {self.render_expression(event['threshold']['code'])}, a **{name}** event is triggered"
        if "reset" in event:
            text += f" and {self.expand_statements(event['reset']['code'])}"
        text += "."
        if "refractory" in event:
            text += f" Refractory period: {self.value(event['refractory'])}."
        return text

    def expand_poissongroup(self, group: Mapping[str, Any]) -> str:
        """Returns the paragraph of a Poisson group."""
        text = f"Name **{group['name']}**, with **{group['N']}** elements and the rate {self.value(group['rates'])}."
        return _item([text, *self._common(group)])

    def expand_spikegeneratorgroup(self, group: Mapping[str, Any]) -> str:
        """Returns the paragraph of a spike generator."""
        text = f"Name **{group['name']}**, with **{group['N']}** elements, giving {len(group['indices'])} spikes"
        return _item([text + (f" every {group['period']}." if "period" in group else "."), *self._common(group)])

    def expand_poissoninput(self, entry: Mapping[str, Any]) -> str:
        """Returns the paragraph of a Poisson input."""
        return _item(
            [
                f"To {self.render_expression(entry['target_var'])} of *{self.name(entry['target'])}*: {entry['N']} "
                f"trains of {entry['rate']}, each spike adding {self.value(entry['weight'])}.",
                *self._identifiers(entry),
            ]
        )

    def expand_networkoperation(self, entry: Mapping[str, Any]) -> str:
        """Returns the paragraph of a network operation."""
        return _item([f"The function `{entry['function']}` is called every {entry['dt']}."])

    def expand_brianobject(self, entry: Mapping[str, Any]) -> str:
        """Returns the paragraph of an object of the script's own class."""
        return _item([f"**{entry['name']}**, a `{entry['class']}`, acts every {entry['dt']}."])

    # ------------------------------------------------------------------ synapses

    def expand_synapses(self, entry: Mapping[str, Any]) -> str:
        """Returns the paragraph of synapses."""
        ends = f"*{self.name(entry['source'])}* to *{self.name(entry['target'])}*"
        lines = [f"Connections **{entry['name']}**, from {ends}."]
        if not self.keep_initializer_order:
            made = [k for k in self.initializers if k["type"] == "connect" and k["synapses"] == entry["name"]]
            lines += [self.expand_connector(k) for k in made]
        if entry.get("equations"):
            lines += self._model(entry)
        lines += [self.expand_pathway(pathway) for pathway in entry.get("pathways", ())]
        lines += [self.expand_summed_variable(summed) for summed in entry.get("summed_variables", ())]
        return _item([*lines, *self._common(entry)])

    def expand_pathway(self, pathway: Mapping[str, Any]) -> str:
        """Returns the sentence of a pathway."""
        event = "spike" if pathway["event"] == "spike" else f"event *{pathway['event']}*"
        text = f"For each **{pathway['prepost']}-synaptic** {event}: {self.expand_statements(pathway['code'])}."
        return f"{text} Delay: {pathway['delay']}." if "delay" in pathway else text

    def expand_summed_variable(self, summed: Mapping[str, Any]) -> str:
        """Returns the sentence of a summed variable."""
        variable = self.render_expression(summed["variable"].rpartition("_")[0])
        target = self.name(summed["target"])
        return f"{variable} of *{target}* is the sum of {self.render_expression(summed['code'])} over its synapses."

    def expand_connector(self, entry: Mapping[str, Any]) -> str:
        """Returns the sentence of a connection."""
        if isinstance(entry.get("condition"), str):
            text = f"Synapses where {self.render_expression(entry['condition'])}"
        elif "i" in entry or "j" in entry:
            text = "Synapses for " + ", ".join(f"{k}: {_listed(entry[k])}" for k in "ij" if k in entry)
        else:
            text = "Pairwise connections"
        probability, number = entry["probability"], entry["n_connections"]
        if isinstance(probability, str) or probability != 1:
            text += f" with probability {self.value(probability)}"
        if isinstance(number, str) or number != 1:
            text += f", {self.value(number)} for each pair"
        return " ".join([f"{text}.", *self._identifiers(entry)])

    # ------------------------------------------------------------------ monitors

    def expand_statemonitor(self, monitor: Mapping[str, Any]) -> str:
        """Returns the paragraph of a monitor of variables."""
        names = ", ".join(self.render_expression(name) for name in monitor["variables"])
        which = "all elements" if monitor["record"] is True else f"the elements {_listed(monitor['record'])}"
        return _item([f"**{monitor['name']}** records {names} of {which} of *{self.name(monitor['source'])}*."])

    def expand_eventmonitor(self, monitor: Mapping[str, Any]) -> str:
        """Returns the paragraph of a monitor of events."""
        does = "records" if monitor["record"] else "counts"
        return _item(
            [f"**{monitor['name']}** {does} the event {monitor['event']} of *{self.name(monitor['source'])}*."]
        )

    expand_spikemonitor = expand_eventmonitor

    def expand_populationratemonitor(self, monitor: Mapping[str, Any]) -> str:
        """Returns the paragraph of a monitor of rates."""
        return _item([f"**{monitor['name']}** records the rate of *{self.name(monitor['source'])}*."])

    # ------------------------------------------------------------------ parts

    def _model(self, entry: Mapping[str, Any]) -> list[str]:
        shown = self.expand_equations(entry["equations"])
        lines = ["**Model dynamics:**", shown] if shown else []
        parameters = [name for name, equation in entry["equations"].items() if "expr" not in equation]
        if parameters:
            lines.append(f"Parameters: {', '.join(map(self.render_expression, parameters))}.")
        if any(equation["type"] == DIFFERENTIAL_EQUATION for equation in entry["equations"].values()):
            method = entry["user_method"]
            lines += [f"The equations are integrated with the '{method}' method."] if method else []
        return lines

    def _common(self, entry: Mapping[str, Any]) -> list[str]:
        lines = [
            f"Every {regular['dt']}: {self.expand_statements(regular['code'])}."
            for regular in entry.get("run_regularly", ())
        ]
        names = {entry["name"], *(pathway["name"] for pathway in entry.get("pathways", ()))}
        mine = [k for k in self.initializers if k["type"] == "initializer" and _group(k["source"]) in names]
        if mine and not self.keep_initializer_order:
            lines += ["**Initial values:**", "\n".join(f"- {self.expand_initializer(k)}" for k in mine)]
        return [*lines, *self._identifiers(entry)]

    def expand_equations(self, equations: Mapping[str, Mapping[str, Any]]) -> str:
        """Returns the formulas of a model, one a paragraph."""
        shown = [self.expand_equation(name, equation) for name, equation in equations.items() if "expr" in equation]
        return "\n\n".join(shown)

    def expand_equation(self, var: str, equation: Mapping[str, Any]) -> str:
        """Returns the formula of a differential equation or subexpression."""
        is_differential = equation["type"] == DIFFERENTIAL_EQUATION
        flags = f" ({', '.join(equation['flags'])})" if equation.get("flags") else ""
        left = self.render_expression(var, differential=is_differential)
        return f"{left} = {self.render_expression(equation['expr'])}{flags}"

    def expand_statements(self, code: str) -> str:
        """Returns what statements do, in words."""
        return ", ".join(
            self.expand_statement(k.target, k.op, Expression.of_tree(k.expr)) for k in Statements(code).tree
        )

    def expand_statement(self, target: str, op: str, expr: Expression) -> str:
        """Returns what an assignment does."""
        left, right = self.render_expression(target), self.render_expression(expr.code)
        return f"{left} ← {right}" if op not in _VERBS else _VERBS[op].format(left, right)

    def expand_initializer(self, entry: Mapping[str, Any]) -> str:
        """Returns the sentence of initial values."""
        text = f"Variable {self.render_expression(entry['variable'])} = {self.value(entry['value'])}"
        index = entry["index"]
        if isinstance(index, str) and index != "True":
            text += f" where {self.render_expression(index)}"
        elif not isinstance(index, (str, bool)):
            text += f" for the elements {_listed(index)}"
        source = self.name(entry["source"])
        if source != entry["source"] or entry["variable"] == "delay":
            text += f" (in {source})"
        return " ".join([text + ".", *self._identifiers(entry)])

    def _identifiers(self, entry: Mapping[str, Any]) -> list[str]:
        return [self.expand_identifiers(entry["identifiers"])] if entry.get("identifiers") else []

    def expand_identifiers(self, identifiers: Mapping[str, Any]) -> str:
        """Returns the values of names."""
        return f"Where {', '.join(self.expand_identifier(name, value) for name, value in identifiers.items())}."

    def expand_identifier(self, name: str, value: Any) -> str:
        """Returns the value of a name."""
        if isinstance(value, Mapping):
            kind = "a timed array" if value["type"] == "timedarray" else "a function of the script"
            return f"{self.render_expression(name)} is {kind}"
        return f"{self.render_expression(name)} = {value}"

    # ------------------------------------------------------------------ names, values, formulas

    def name(self, source: str | Mapping[str, Any]) -> str:
        """Returns the name of a group, or of a part of one."""
        return source if isinstance(source, str) else f"{source['group']}[{source['start']}:{source['stop']}]"

    def value(self, value: Any) -> str:
        """Returns a value, or the formula of a text."""
        return self.render_expression(value) if isinstance(value, str) else _listed(value)

    def render_expression(self, text: str, differential: bool = False) -> str:
        """Returns an expression as a formula; with `differential`, the derivative of a variable."""
        if differential:
            latex = rf"\frac{{\mathrm{{d}}{name_latex(text)}}}{{\mathrm{{d}}t}}"
        else:
            latex = expression_latex(Expression(text).tree)
        return f"$`{latex}`$" if self.github_md else f"${latex}$"


def _group(source: str | Mapping[str, Any]) -> str:
    return source if isinstance(source, str) else source["group"]


def _listed(value: Any) -> str:
    if isinstance(value, slice):
        part = cast(Any, value)
        return ":".join("" if end is None else str(end) for end in (part.start, part.stop))
    return str(value) if np.size(value) <= FEW else f"({np.size(value)} values)"


def _item(lines: Iterable[str]) -> str:
    """Returns an item of a list, whose further paragraphs stand further in."""
    text = "\n\n".join(lines)
    return "- " + re.sub(r"\n(?=[^\n])", "\n  ", text)
