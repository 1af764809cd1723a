"""The devices `exporter` and `markdown`: they describe what a script sets up and runs, and run nothing."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from copy import deepcopy
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

from ranvier.exchange.description import Description, describe, source_of
from ranvier.exchange.markdown import MdExpander
from ranvier.exchange.texts import identifiers, names_of_expressions, quantity_or_number
from ranvier.objects.groups.brianobject import BrianObject
from ranvier.objects.networks.devices import RuntimeDevice
from ranvier.objects.networks.network import Network
from ranvier.objects.synapses.synapses import Synapses
from ranvier.objects.variables.view import VariableView
from ranvier.units import Quantity, get_dimensions


class Exporter(RuntimeDevice):
    """A device that describes runs: `set_device("exporter")`, or `set_device("markdown", filename=...)`.

    Groups, synapses and monitors are made and checked as usual. What a script then sets and connects is written down,
    not done; `run` adds a description of the network and simulates nothing.

    Args:
        name: The name that `set_device` knows.

    Attributes:
        runs: One description for each run: "duration", "components", "initializers_connectors", "inactive".
        expander: What writes the Markdown text.
        filename: Where `build` writes it: None, nowhere; empty, beside the script.
        debug: Whether `build` prints what there is.
    """

    def __init__(self, name: str = "exporter") -> None:
        super().__init__(name)
        self.runs: list[Description] = []
        self.expander: Any = MdExpander()
        self.filename: str | None = None
        self.debug = False
        self._waiting: list[tuple[BrianObject, Description]] = []

    def activate(self, build_on_run: bool = True, **kwargs: Any) -> None:
        """Begins a new description; the options are those of `build`."""
        super().activate(build_on_run, **kwargs)
        self.reinit()
        self.expander, self.filename, self.debug = MdExpander(), None, False
        self._take(kwargs)

    def reinit(self) -> None:
        """Forgets all descriptions."""
        super().reinit()
        self.runs = []
        self._waiting = []

    def _take(self, options: Mapping[str, Any]) -> None:
        unknown = options.keys() - {"expander", "filename", "debug", "directory", "direct_call"}
        if unknown:
            raise TypeError(
                f"The device '{self.name}' has no option {', '.join(map(repr, sorted(unknown)))}; there are "
                "'expander', 'filename' and 'debug'."
            )
        self.expander = options.get("expander") or self.expander
        self.filename = options.get("filename", self.filename)
        self.debug = bool(options.get("debug", self.debug))

    # ------------------------------------------------------------------ what is given out

    @property
    def md_text(self) -> str:
        """The description of all runs as Markdown text."""
        return self.expander.create_md_string(self.runs)

    def build(self, directory: str | None = None, **kwargs: object) -> None:
        """Writes the Markdown text to a file and prints, as far as these are asked for.

        Args:
            directory: Not needed; accepted for compatibility.
            **kwargs: `expander`, an `MdExpander` of one's own; `filename`, the file that gets the Markdown text (".md"
                is added; empty for the name of the script); `debug`, whether to print the description.

        Raises:
            TypeError: If there is no such option.
        """
        self._take(kwargs)
        if self.filename is not None:
            path = Path(self.filename or Path(sys.argv[0] or "model").stem)
            (path if path.suffix == ".md" else path.with_name(f"{path.name}.md")).write_text(self.md_text, "utf-8")
        if self.debug:
            from pprint import pprint  # for those who look inside

            print(self.md_text) if self.name == "markdown" else pprint(self.runs)

    # ------------------------------------------------------------------ what is written down

    def network_run(
        self, network: Network, duration: Quantity, namespace: Mapping[str, object] | None = None, **options: object
    ) -> None:
        """Adds the description of a run."""
        run: Description = {"duration": duration, **describe(network, namespace)}
        members = {id(obj) for obj in network}
        done = [entry for owner, entry in self._waiting if id(owner) in members]
        self._waiting = [(owner, entry) for owner, entry in self._waiting if id(owner) not in members]
        if done:
            run["initializers_connectors"] = done
        self.runs.append(run)
        self.has_been_run = True
        if self.build_on_run:
            self.build()

    def synapses_connect(
        self,
        synapses: Synapses,
        condition: object = None,
        i: object = None,
        j: object = None,
        p: object = 1.0,
        n: object = 1,
        skip_if_invalid: bool = False,
        namespace: Mapping[str, object] | None = None,
        level: int = 0,
    ) -> None:
        """Writes a connection down."""
        entry: Description = {
            "type": "connect",
            "synapses": synapses.name,
            "source": source_of(synapses.source),
            "target": source_of(synapses.target),
            "probability": p,
            "n_connections": n,
        }
        entry |= {key: _own(k) for key, k in {"condition": condition, "i": i, "j": j}.items() if k is not None}
        texts = [k for k in (condition, p, n) if isinstance(k, str)]
        used = names_of_expressions(texts) | {name for k in (i, j) for name in _generator_names(k)}
        self._note(synapses, entry, used, namespace or {})

    def variableview_set_with_expression_conditional(
        self, view: VariableView, cond: str, code: str, names: Mapping[str, object], check_units: bool = True
    ) -> None:
        """Writes down that a text is the value of elements that a condition chooses."""
        self._initialise(view, cond, code, names)

    def variableview_set_with_expression(
        self, view: VariableView, item: object, code: str, names: Mapping[str, object], check_units: bool = True
    ) -> None:
        """Writes down that a text is the value of some elements."""
        self._initialise(view, item, code, names)

    def variableview_set_with_index_array(
        self, view: VariableView, item: object, value: object, check_units: bool = True
    ) -> None:
        """Writes down values of elements."""
        index: object = True if item == slice(None) else item
        given: Any = value
        if not check_units and get_dimensions(given) is not view.variable.dim:
            given = quantity_or_number(given, view.variable.dim)
        self._initialise(view, index, given, {})

    def _initialise(self, view: VariableView, index: object, value: object, names: Mapping[str, object]) -> None:
        group: Any = view.group
        entry: Description = {
            "type": "initializer",
            "source": _owner_name(view),
            "variable": view.name,
            "index": _own(index),
            "value": _own(value),
        }
        self._note(group, entry, names_of_expressions([value, index]), names)

    def _note(self, group: Any, entry: Description, used: set[str], names: Mapping[str, object]) -> None:
        found = identifiers(group, used, names)
        if found:
            entry["identifiers"] = found
        self._waiting.append((cast(BrianObject, group.holder()), entry))


def _own(value: Any) -> Any:
    """Returns a value that stays as it is when the script changes its arrays."""
    return deepcopy(value) if type(value).__name__ in ("ndarray", "Quantity", "list") else value


def _owner_name(view: VariableView) -> str | Description:
    """Returns what has the variable: a group, or a pathway that is not the usual one."""
    pathways: Mapping[str, Any] = getattr(view.group, "pathways", {})
    for name, pathway in pathways.items():
        if view.variable is pathway.delay_variable and name != "pre":
            return str(pathway.name)
    return source_of(view.group)


def _generator_names(text: object) -> set[str]:
    """Returns the names that the text of a generator of synapses uses, without its own variable."""
    if not isinstance(text, str):
        return set()
    import tokenize  # few scripts give the texts of generators
    from io import StringIO

    tokens = [t.string for t in tokenize.generate_tokens(StringIO(text).readline) if t.type == tokenize.NAME]
    own = {after for word, after in pairwise(tokens) if word == "for"}
    return set(tokens) - own - {"for", "in", "if", "range", "sample", "not", "and", "or", "True", "False", "p", "size"}
