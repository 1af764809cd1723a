"""The first look at a sweep: whether its texts mean something and units fit, before anything is run."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import cast

import numpy as np

from ranvier.actions.actions import Action, CodeFunction, Constant, HostFunction, Lookup
from ranvier.equations.source import one_of
from ranvier.objects.networks.running import RunCall
from ranvier.objects.networks.sweeps.columns import without_unit
from ranvier.objects.networks.sweeps.measures import TextMeasure
from ranvier.objects.networks.sweeps.network_work import NetworkWork, Request
from ranvier.objects.networks.sweeps.sets import described
from ranvier.objects.networks.sweeps.targets import OTHER_NETWORKS, SPECIAL, Names, SeenNames, Targets
from ranvier.session.given import is_text
from ranvier.units import DimensionMismatchError


def used_names(work: NetworkWork, names: Names) -> set[str]:
    """Returns the names that the texts use; a set is tried for it, without running it: `typical` of the work.

    Raises:
        KeyError: If a name of `over` is not used.
        DimensionMismatchError: If the unit of a text is wrong.
        BrianObjectException: If the network cannot be run with the values of any of the sets that are tried.
    """
    used: set[str] = set()
    for measure in work.request.measures.values():
        if isinstance(measure, TextMeasure):
            used |= measure.check()
    call, seen, actions = _tried(work)
    _check_texts(work, seen)
    _check_measures(work, call)
    asked = seen.seen & call.namespace.keys()
    doubtful = {name for name in asked if names.owners_of(name)} | {*work.request.targets.constants}
    doubtful -= _names_bound(actions)
    used |= asked - doubtful
    used |= {name for name in doubtful if name in call.namespace and _is_needed(name, call, work)}
    if not is_open(work.request):
        check_constants(work.request.targets, used, names, hidden=asked - used)
    return used


def _names_bound(actions: Iterable[Action]) -> set[str]:
    """Returns the constants and the functions of the script that the code of a step uses."""
    found: set[str] = set()
    for action in actions:
        for name, binding in cast("Mapping[str, object]", getattr(action, "bindings", {})).items():
            if isinstance(binding, Constant):
                found.add(binding.label)
            elif isinstance(binding, Lookup | HostFunction | CodeFunction):
                found.add(name)
    return found


def _tried(work: NetworkWork) -> tuple[RunCall, SeenNames, Sequence[Action]]:
    """Returns the arguments of the run of a set, the names that it asks for, and what happens in a step.

    If it cannot be run with the values of the first set, others are tried: then that one is a failure, not the sweep.
    """
    count = len(work.sets)
    first: Exception | None = None
    for k in dict.fromkeys((0, min(1, count - 1), count // 2, count - 1)):
        work.typical = k
        try:
            call = work.prepare(work.values(k))
            seen = SeenNames(call.namespace)
            actions = _looked_at(work, call, seen)
        except Exception as error:
            error.add_note(f"It is so with the values of set {k} of the sweep: {described(work.sets.row(k))}")
            first = first or error
        else:
            return call, seen, actions
    assert first is not None
    raise first


def _looked_at(work: NetworkWork, call: RunCall, names: Mapping[str, object]) -> Sequence[Action]:
    """Sets the variables of `start`, and returns what happens in a step, with some names of the script."""
    for target, value in work.request.start:
        target.set(value, names)
        if is_text(value):
            np.asarray(target.view[:])  # a text may be computed only when its values are asked for
    return work.network.examine(replace(call, namespace=names))


def _check_texts(work: NetworkWork, names: Mapping[str, object]) -> None:
    """Checks the units of texts that sets give variables.

    Args:
        work: The sweep.
        names: The names of a set.

    Raises:
        DimensionMismatchError: If one is wrong, naming the set.
    """
    for name, target in work.request.targets.variables.items():
        for position, value in enumerate(work.sets.axes[name].values):
            if is_text(value):
                try:
                    target.view.check_text(value, names)
                except DimensionMismatchError as error:
                    where = f"'{name}' of set {work.sets.first_with(name, position)}: {error.desc}"
                    raise DimensionMismatchError(where, *error.dims) from None


def _check_measures(work: NetworkWork, call: RunCall) -> None:
    """Checks the units of measures: before the run most of them have a value, too.

    Raises:
        DimensionMismatchError, TypeError: If quantities are added that cannot be, or a function is given what it does
            not take, naming the measure.
        IndexError: If there is no such element.
    """
    facts = work.facts_of(work.values(work.typical), call)
    for name, measure in work.request.measures.items():
        if not isinstance(measure, TextMeasure):
            continue
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                measure(work.network, facts)
        except IndexError as error:
            if not measure.asks_monitors:
                raise IndexError(f"The measure '{name}': {error}.") from None
        except _BEFORE_A_RUN:
            pass
        except DimensionMismatchError as error:
            raise DimensionMismatchError(f"The measure '{name}': {error.desc}", *error.dims) from None
        except TypeError as error:
            raise TypeError(f"The measure '{name}': {error}") from None


_BEFORE_A_RUN = (ArithmeticError, LookupError, ValueError, RuntimeError, AttributeError, NotImplementedError)
"""What measures may raise only because nothing has been recorded yet."""


def is_open(request: Request) -> bool:
    """Tells whether functions of the script take part, whose use of names is not known."""
    return request.setup is not None or any(not isinstance(each, TextMeasure) for each in request.measures.values())


def _is_needed(name: str, call: RunCall, work: NetworkWork) -> bool:
    """Tells whether the network cannot be run without a name of the script, which takes milliseconds to find out.

    The name may have been asked for only to warn that texts mean something else by it: a variable of a group, or what
    they assign themselves.
    """
    others = {each: value for each, value in call.namespace.items() if each != name}
    try:
        with work.without_own(name):
            _looked_at(work, call, others)
            _check_texts(work, others)
    except Exception:
        return True
    return False


def check_constants(targets: Targets, used: set[str], names: Names, hidden: Collection[str] = ()) -> None:
    """Checks that all constants of a sweep are used.

    Args:
        targets: What the sweep changes.
        used: The names that the texts of the model ask for.
        names: What names stand for.
        hidden: Names of the script by which all texts that have them mean something else.

    Raises:
        KeyError: If a name is not used anywhere, with a proposal.
    """
    for name in targets.constants:
        if name.partition("_")[0] == "xi":
            raise KeyError(f"'{name}' in over is noise in the texts of models; it has no value that could be changed.")
        if name in hidden and not names.owners_of(name):
            raise KeyError(
                f"'{name}' in over is a constant of the script that no text uses, so that changing it would have no "
                f"effect: where '{name}' stands in the texts of the network, it is what they assign themselves "
                f"('{name} = ...'). Give one of the two another name."
            )
        if name not in used:
            with_unit = without_unit(name)
            if with_unit is not None:
                raise KeyError(
                    f"'{name}' in over: units stand in the names of columns of tables; elsewhere, values have them: "
                    f"over={{'{with_unit[0]}': [...]*{with_unit[1]}}}."
                )
            known = [*sorted(used), *SPECIAL, *names.variable_names()]
            hint = one_of(known, name)
            if not hint:
                near = [each for each in names.variable_names() if each.partition(".")[2] == name]
                near = near or difflib.get_close_matches(name, known, 2)
                hint = f" Did you mean {' or '.join(repr(each) for each in near)}?" if near else ""
                hint = hint or _defined(name, names) or _names_used(used)
            raise KeyError(
                f"'{name}' in over is no name that the network's texts use, so that changing it would have no effect."
                f"{hint}"
            )


def _defined(name: str, names: Names) -> str:
    """Returns which group has a variable of this name, "" if none has."""
    if name in ("N", "n"):
        return OTHER_NETWORKS
    owners = [f"'{each.name}'" for each in names.owners_of(name)]
    return f" It is a variable of {' and '.join(owners)}, which follows from others." if owners else ""


MOST_NAMES = 12
"""So many names are listed at most."""


def _names_used(used: set[str]) -> str:
    """Returns what else there is, for a name that is not used and none is like."""
    if not 0 < len(used) <= MOST_NAMES:
        return ""
    return f" They use {', '.join(sorted(used))}."
