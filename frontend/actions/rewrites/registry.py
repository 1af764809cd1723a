"""The rewrites of actions, in their order; the pipeline begins with their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ranvier.actions.actions import Action
from ranvier.actions.rewrites import names
from ranvier.actions.rewrites.count_refractory_steps import count_refractory_steps
from ranvier.actions.rewrites.own import Rewrite, applied, find_own_rewrite
from ranvier.actions.rewrites.share_traces import leave_traces, share_traces
from ranvier.actions.rewrites.tabulate_draws import tabulate_draws

REWRITES: Mapping[str, Rewrite] = {
    rewrite.name: rewrite
    for rewrite in (
        Rewrite(
            names.SHARE_TRACES,
            "Variables that are the same for all synapses of a neuron are held by the neuron.",
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


def find_rewrites(names: Sequence[str]) -> tuple[Rewrite, ...]:
    """Returns the rewrites that names stand for, Ranvier's or others.

    Raises:
        PipelineError: One that a package offers cannot be had.
    """
    return tuple(REWRITES[name] if name in REWRITES else find_own_rewrite(name) for name in names)


def rewritten(
    actions: Sequence[Action], wanted: Sequence[Rewrite], seen: Callable[[str, Sequence[Action]], None] | None = None
) -> Sequence[Action]:
    """Returns actions after some rewrites.

    Args:
        actions: What the objects of a network ask for.
        wanted: The rewrites, in the order in which they are done.
        seen: Called with the name of each and what it gives.

    Raises:
        PipelineError: A rewrite that is not Ranvier's raised an error, or returned something else than actions.
    """
    for rewrite in REWRITES.values():
        if rewrite not in wanted:
            actions = rewrite.leave_out(actions)
    for rewrite in wanted:
        actions = applied(rewrite, actions)
        if seen is not None:
            seen(rewrite.name, actions)
    return actions
