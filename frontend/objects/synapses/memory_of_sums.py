"""What summed variables and threads add to the memory of synapses: ends as arrays, and copies in the order of parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import Protocol

from ranvier.equations.equations import Equations, SingleEquation
from ranvier.equations.expressions import names
from ranvier.equations.statements import Statement
from ranvier.objects.groups.memory_rows import own_storages
from ranvier.objects.memory.plan import MemoryRow
from ranvier.objects.pathways.delays import Pathed
from ranvier.objects.pathways.pathway import SynapticPathway

NUMBER = 4
"""Bytes of the number of a neuron, or of a synapse, in an array for each synapse."""
POINTER = 8
"""Bytes of a number that says where a row, or a part of it, begins."""
LEAST_PART = 512
"""A smaller group is not divided among threads; as `ranvier.ir.team` says."""


class Sum(Protocol):
    """What computes a summed variable."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    equation: SingleEquation


class Summed(Pathed, Protocol):
    """Synapses with summed variables."""

    @property
    def summed_updaters(self) -> Mapping[str, Sum]:
        """Name of a summed variable and what computes it."""
        ...

    @property
    def user_equations(self) -> Equations:
        """The clock-driven equations, subexpressions and parameters."""
        ...

    @property
    def pathways(self) -> Mapping[str, SynapticPathway]:
        """What happens to them when spikes arrive."""
        ...


def bytes_of_ends(synapses: Summed, driven: Set[str], held: Mapping[str, str], written: Set[str], threads: int) -> int:
    """Returns how many bytes the ends of synapses take as arrays, where steps read them, besides what there is.

    Args:
        synapses: The synapses.
        driven: The names in the equations of clock-driven variables and of subexpressions that are stored.
        held: The clock-driven variables that neurons hold, and their sides.
        written: The variables that a run changes.
        threads: How many threads a run has.
    """
    sides = {_side(name) for name in driven}
    for name, each in synapses.summed_updaters.items():
        read = _read(each)
        if threads == 1 or read & written:
            sides |= {_side(name), *map(_side, read), *(f"_{held[one]}" for one in read & held.keys())}
    ends = {"_pre": synapses.connections.sources, "_post": synapses.connections.targets}
    return sum(NUMBER * synapses.element_count for side, end in ends.items() if side in sides and not end.is_made)


def rows_of_threads(
    synapses: Summed, written: Set[str], held: Mapping[str, str], rows: Mapping[str, int], threads: int
) -> Iterator[MemoryRow]:
    """Yields what is made for several threads, which each have the synapses that end in their neurons.

    Args:
        synapses: The synapses.
        written: Their variables that a run changes.
        held: Those that neurons hold.
        rows: How many rows of synapses a thread has of each pathway.
        threads: How many threads a run has.
    """
    if threads == 1:
        return
    count = synapses.element_count
    sizes = {name: storage.dtype.itemsize for name, storage in own_storages(synapses) if storage.size == count}
    for each in synapses.summed_updaters.values():
        own = _read(each) & sizes.keys() - held.keys()
        size = NUMBER if own & written else 2 * NUMBER + sum(sizes[name] for name in own)
        yield MemoryRow(each.name, "copies for threads", count, count * size)
    for name, pathway in synapses.pathways.items():
        if pathway.target.element_count > LEAST_PART:
            count = rows[name] * threads
            yield MemoryRow(pathway.name, "rows by threads", count, POINTER * count)


def planned_states(synapses: Summed, code: Mapping[str, Sequence[Statement]]) -> dict[str, str]:
    """Returns the side whose neurons will hold each clock-driven variable, by the texts; those with values of their own
    are missing.

    Args:
        synapses: The synapses.
        code: The statements of each pathway by its name.
    """
    count = synapses.element_count
    own = {name for name, storage in own_storages(synapses) if storage.size == count}
    for side, group in (("pre", synapses.source), ("post", synapses.target)):
        if count < FEWEST * group.element_count:
            continue
        held = {name for name, _ in synapses.user_equations.diff_eq_expressions}
        while held:
            other = "_post" if side == "pre" else "_pre"
            equations = synapses.user_equations.diff_eq_expressions
            lost = {name for name, expr in equations if name in held and _is_own(names(expr.tree), own - held, other)}
            for key, statements in code.items():
                for each in statements:
                    is_here = synapses.pathways[key].prepost == side
                    if each.target in held and (not is_here or _is_own(names(each.value), own - held, other)):
                        lost.add(each.target)
            if not lost:
                return dict.fromkeys(held, side)
            held -= lost
    return {}


def _is_own(read: Iterable[str], own: Set[str], other: str) -> bool:
    """Tells whether some names make what is computed of them differ between the synapses of a neuron."""
    return any(name in own or name.endswith(other) or name.startswith("xi") or name in _RANDOM for name in read)


_RANDOM = {"rand", "randn", "poisson", "i", "j"}
FEWEST = 2
"""As in `ranvier.actions.rewrites.state_sides`."""


def _read(each: Sum) -> set[str]:
    return set() if each.equation.expr is None else set(names(each.equation.expr.tree))


def _side(name: str) -> str:
    return next((side for side in ("_pre", "_post") if name.endswith(side)), "")
