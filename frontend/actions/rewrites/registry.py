"""The rewrites of actions, in their order; the pipeline begins with their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ranvier.actions.actions import Action
from ranvier.actions.rewrites import names
from ranvier.actions.rewrites.count_refractory_steps import count_refractory_steps
from ranvier.actions.rewrites.share_traces import leave_traces, share_traces
from ranvier.actions.rewrites.tabulate_draws import tabulate_draws

Change: TypeAlias = Callable[[Sequence[Action]], list[Action]]
"""Takes and returns what happens in a step, in schedule order."""


@dataclass(frozen=True, slots=True)
class Rewrite:
    """An optimisation that chooses other memory, or other numbers, than the graph could.

    Attributes:
        name: The name in pipelines.
        about: What it does, in a sentence.
        apply: Does it. What it decides, and why not otherwise, goes into the notes of the actions.
        leave_out: What is done where a pipeline does not name it.
    """

    name: str
    about: str
    apply: Change
    leave_out: Change = list


REWRITES: Mapping[str, Rewrite] = {
    rewrite.name: rewrite
    for rewrite in (
        Rewrite(
            names.SHARE_TRACES,
            "Event-driven variables that are the same for all synapses of a neuron are held by the neuron.",
            share_traces,
            leave_traces,
        ),
        Rewrite(
            names.COUNT_REFRACTORY_STEPS,
            "Constant refractory periods are counted in steps instead of comparing times.",
            count_refractory_steps,
        ),
        Rewrite(
            names.TABULATE_DRAWS,
            "Poisson and binomial numbers of constant small means are drawn by tables.",
            tabulate_draws,
        ),
    )
}
"""The rewrites by name, in the order in which they are done."""


def rewritten(
    actions: Sequence[Action], wanted: Sequence[str], seen: Callable[[str, Sequence[Action]], None] | None = None
) -> Sequence[Action]:
    """Returns actions after the rewrites of some names.

    Args:
        actions: What the objects of a network ask for.
        wanted: The names of the rewrites, in the order in which they are done.
        seen: Called with the name of each and what it gives.
    """
    for name, rewrite in REWRITES.items():
        if name not in wanted:
            actions = rewrite.leave_out(actions)
    for name in wanted:
        actions = REWRITES[name].apply(actions)
        if seen is not None:
            seen(name, actions)
    return actions
