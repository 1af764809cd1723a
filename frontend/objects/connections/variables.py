"""The variables of synapses: their own, which grow with their number, and those of the two groups they connect."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from ranvier.actions.actions import Storage
from ranvier.objects.groups.population import Acting
from ranvier.objects.variables.adding import Extensible, Variables
from ranvier.objects.variables.variables import ArrayVariable, Constant, Owner, Reference, Variable, Way

PRE, POST = "_pre", "_post"
"""Suffixes of the names of the source's and of the target's variables."""

OWN_MEANING = frozenset({"i", "j", "N", "t", "dt", "t_in_timesteps", "delay"})
"""Names that without suffix always mean something of the synapses themselves."""

Lookup = Callable[[str], Reference | None]


class SynapticVariables(Variables):
    """Names → variables. Those of the groups are found, too (`v_pre`, `v_post`, `v`), but not listed.

    Args:
        owner: The synapses.
        outer: Finds what a name means in the groups.
    """

    def __init__(self, owner: Extensible, outer: Lookup) -> None:
        super().__init__(owner)
        self.outer = outer

    def __missing__(self, name: str) -> Variable:
        found = self.outer(name)
        if found is None:
            raise KeyError(name)
        return found.variable

    def __contains__(self, name: object) -> bool:
        return dict[str, Variable].__contains__(self, name) or (isinstance(name, str) and self.outer(name) is not None)

    def get(self, name: str, default: object = None) -> Any:  # as in dict
        """Returns a variable, `default` if there is none of this name."""
        return self[name] if name in self else default

    def own(self, name: str) -> Variable | None:
        """Returns a variable of the synapses themselves, None if there is none of this name."""
        return super().get(name)


def outer_reference(name: str, source: Owner, target: Owner, sources: Storage, targets: Storage) -> Reference | None:
    """Returns what a name means in the groups that synapses connect.

    Args:
        name: `x_pre`, `x_post`, or `x` of the target.
        source: The presynaptic group.
        target: The postsynaptic group.
        sources: The presynaptic element of each synapse.
        targets: The postsynaptic element of each synapse.
    """
    if name.endswith(PRE):
        return _through(source, name.removesuffix(PRE), sources)
    if name.endswith(POST):
        return _through(target, name.removesuffix(POST), targets)
    return None if name in OWN_MEANING else _through(target, name, targets)


def _through(group: Owner, name: str, index: Storage) -> Reference | None:
    found = group.reference(name)
    if found is None:
        return None
    if found.variable.scalar or isinstance(found.variable, Constant):
        return found
    return Reference(found.variable, found.owner, Way(index=index).then(found.way))


class Ends(Protocol):
    """The neurons that synapses connect."""

    @property
    def sources(self) -> Storage:
        """The presynaptic element of each synapse."""
        ...

    @property
    def targets(self) -> Storage:
        """The postsynaptic element of each synapse."""
        ...


@dataclass(frozen=True)
class Outside:
    """Finds what names mean in the groups that synapses connect; holds all it needs, but not the synapses.

    Attributes:
        source: The presynaptic group.
        target: The postsynaptic group.
        ends: What the synapses connect.
    """

    source: Owner
    target: Owner
    ends: Ends

    def __call__(self, name: str) -> Reference | None:
        return outer_reference(name, self.source, self.target, self.ends.sources, self.ends.targets)


def outer_names(source: Acting, target: Acting) -> Iterator[str]:
    """Yields the names of all variables of the groups as synapses know them."""
    for name in _usable(source):
        yield name + PRE
    for name in _usable(target):
        yield name + POST
        if name not in OWN_MEANING:
            yield name


def _usable(group: Acting) -> Iterator[str]:
    """Returns the names of a group that mean something for each element, or for all: not those of a list of spikes."""
    holder = group.holder()
    return (name for name in group.variables if not holder.is_private(name))


def is_synaptic(variable: Variable) -> bool:
    """Tells whether a variable has one value for each synapse."""
    return isinstance(variable, ArrayVariable) and not variable.scalar
