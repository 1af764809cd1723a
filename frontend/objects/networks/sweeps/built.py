"""`sweep(function, over=...)`: a sweep over whatever a function does, such as building a network and running it."""

from __future__ import annotations

import contextlib
import inspect
import os
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import cast

from ranvier.equations.source import one_of
from ranvier.objects.monitors.monitor import Monitor
from ranvier.objects.networks.running import stop
from ranvier.objects.networks.sweeps.conduct import conduct
from ranvier.objects.networks.sweeps.directory_store import opened
from ranvier.objects.networks.sweeps.forms import form_of
from ranvier.objects.networks.sweeps.kinds import as_measured
from ranvier.objects.networks.sweeps.network_work import LAYOUT, code_text, digest
from ranvier.objects.networks.sweeps.plan import SweepPlan, plan_of
from ranvier.objects.networks.sweeps.progress import check_report
from ranvier.objects.networks.sweeps.result import SweepResult
from ranvier.objects.networks.sweeps.scene import Scene
from ranvier.objects.networks.sweeps.sets import Sets, check_dimensions, sets_of
from ranvier.objects.networks.sweeps.shares import share_of
from ranvier.objects.networks.sweeps.stopping import ended_in_order
from ranvier.objects.networks.sweeps.work import REMARKS, Outcome, Seeds, attempted, same_randomness, values_with_seed
from ranvier.runtime import parts
from ranvier.session.given import is_text
from ranvier.session.randomness import random_state, seed

Builder = Callable[..., object]


class BuiltWork:
    """Calls of a function.

    Args:
        function: The function.
        sets: The sets.
        seeds: The seeds of sets for which none is given.
        takes_seed: Whether the function takes the seed as an argument.

    Attributes:
        sets: The sets.
        seeds: The seeds of sets for which none is given.
        scene: What the script has set, besides the function.
    """

    needs_fork = False
    is_shared = True  # all threads have one seed, and one default clock

    def __init__(self, function: Builder, sets: Sets, seeds: Seeds, *, takes_seed: bool) -> None:
        self.sets, self.seeds = sets, seeds
        self._function, self._takes_seed = function, takes_seed
        self.scene = Scene()

    def values(self, k: int) -> Mapping[str, object]:
        """Returns the values of a set, with its seed."""
        return values_with_seed(self.sets, self.seeds, k)

    def compute(self, k: int) -> Outcome:
        """Calls the function for a set; what goes wrong is in the outcome."""
        values = self.values(k)
        return attempted(k, lambda outcome: self._call(values, outcome))

    def _call(self, values: Mapping[str, object], outcome: Outcome) -> None:
        seed(cast(int, values["seed"]))
        self.scene.set_clock()
        given = {name: value for name, value in values.items() if name != "seed" or self._takes_seed}
        found = self._function(**given)
        named = cast("Mapping[object, object]", found) if isinstance(found, Mapping) else {"result": found}
        for key, value in named.items():
            name = str(key)
            if isinstance(value, Monitor):
                outcome.tables[name] = parts.with_column(value.to_arrow(LAYOUT), "instance", outcome.index)
            elif name in values or name in REMARKS:
                raise ValueError(
                    f"The function returns '{name}', but the table of the sweep has such a column already."
                )
            elif found is not None:
                outcome.measures[name] = [as_measured(value)]

    @contextlib.contextmanager
    def session(self) -> Generator[None, None, None]:
        """Leaves the seed, the clock and the preferences as they were."""
        with same_randomness(), self.scene.set_up():
            yield

    def compute_many(self, ks: Sequence[int]) -> Iterator[Outcome]:
        """Calls the function for some sets, one after another."""
        return map(self.compute, ks)

    def ship(self) -> BuiltWork:
        """Returns work of the same kind, with the names that the texts of the function use."""
        found = BuiltWork(self._function, self.sets, self.seeds, takes_seed=self._takes_seed)
        found.scene = self.scene.with_names(self._function)
        return found

    def stop(self) -> None:
        """Ends the runs that are going on."""
        stop()

    def facts(self) -> dict[str, str]:
        """Returns what the sweep is, for the manifest of its directory."""
        return {
            "sets": digest([(axis.name, axis.values, axis.stride) for axis in self.sets.axes.values()]),
            "number of sets": str(len(self.sets)),
            "function": code_text(self._function),
            "seed": str(self.seeds.base) if random_state.is_chosen else "",
        }


def sweep_function(
    function: Builder,
    over: object,
    workers: object,
    out: str | os.PathLike[str] | None,
    report: object,
    *,
    plan: bool,
    zip: bool,
    part: object,
) -> SweepResult | SweepPlan:
    """Calls a function once for each set of values; see `sweep`."""
    check_report(report)
    sets = sets_of(over, zip=zip)
    for name, axis in sets.axes.items():
        if not all(map(is_text, axis.values)):  # which rule, which file: they are for the function
            check_dimensions(sets, name)
    takes_seed = _check_arguments(function, sets)
    share = share_of(part, out)
    todo = share.of(len(sets))
    work = BuiltWork(function, sets, Seeds(random_state.seed, 0), takes_seed=takes_seed)
    opening = opened(out, work.facts, sets, work.seeds, None if plan else todo, share)
    with ended_in_order(), opening as store:
        work.seeds = store.seeds
        left = store.left(todo)
        form = form_of(workers, work, left)
        if plan:
            planned = plan_of(form, sets=len(todo), done=len(todo) - len(left), memory=0, recorded=0.0, seconds=None)
            print(planned)
            return planned
        with work.session():
            return conduct(work, form, store, todo, report=report, tables={})


def _check_arguments(function: object, sets: Sets) -> bool:
    """Checks that a function takes the values of a sweep; returns whether it takes the seed."""
    if not callable(function):
        raise TypeError(f"sweep takes a function and what it is called with, not {function!r}; see also Network.sweep.")
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return "seed" in sets.axes
    if any(each.kind is each.VAR_KEYWORD for each in parameters.values()):
        return "seed" in sets.axes
    name = getattr(function, "__name__", "The function")
    for key in sets.axes:
        if key not in parameters and key != "seed":
            raise TypeError(f"'{name}' has no argument '{key}', which over names.{one_of(parameters, key)}")
    missing = [
        key for key, each in parameters.items()
        if each.default is each.empty and each.kind is not each.VAR_POSITIONAL and key not in {*sets.axes, "seed"}
    ]  # fmt: skip
    if missing:
        raise TypeError(f"'{name}' needs a value for '{missing[0]}': name it in over, or give it a default.")
    return "seed" in parameters
