"""The first look at a sweep: whether its texts mean something and units fit, before anything is run."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np

from ranvier.objects.networks.running import RunCall
from ranvier.objects.networks.sweeps.measures import TextMeasure
from ranvier.objects.networks.sweeps.network_work import NetworkWork, Request
from ranvier.objects.networks.sweeps.sets import described
from ranvier.objects.networks.sweeps.targets import Names, SeenNames, check_constants
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
    call, seen = _tried(work)
    _check_texts(work, seen)
    _check_measures(work, call)
    used |= {name for name in seen.seen & call.namespace.keys() if _is_used(name, call, names, work)}
    if not is_open(work.request):
        check_constants(work.request.targets, used, names, work.network)
    return used


def _tried(work: NetworkWork) -> tuple[RunCall, SeenNames]:
    """Returns the arguments of the run of a set, and the names that it asks for.

    If it cannot be run with the values of the first set, others are tried: then that one is a failure, not the sweep.
    """
    count = len(work.sets)
    first: Exception | None = None
    for k in dict.fromkeys((0, min(1, count - 1), count // 2, count - 1)):
        work.typical = k
        try:
            call = work.prepare(work.values(k))
            seen = SeenNames(call.namespace)
            for target, value in work.request.start:
                target.set(value, seen)
                if is_text(value):
                    np.asarray(target.view[:])  # a text may be computed only when its values are asked for
            work.network.examine(replace(call, namespace=seen))
        except Exception as error:
            error.add_note(f"It is so with the values of set {k} of the sweep: {described(work.sets.row(k))}")
            first = first or error
        else:
            return call, seen
    assert first is not None
    raise first


def _check_texts(work: NetworkWork, names: SeenNames) -> None:
    """Checks the units of texts that sets give variables.

    Args:
        work: The sweep.
        names: The names of a set; those that the texts use are seen.

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


def _is_used(name: str, call: RunCall, names: Names, work: NetworkWork) -> bool:
    """Tells whether a name of the script that was asked for means something to the texts of the network.

    If a group has a variable of this name, it may have been asked for only to warn of that.
    """
    if not names.owners_of(name):
        return True
    others = {each: value for each, value in call.namespace.items() if each != name}
    try:
        work.network.examine(replace(call, namespace=others))
    except Exception:
        return True
    return False
