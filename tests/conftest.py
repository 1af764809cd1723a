"""What all tests share."""

import signal
from collections.abc import Callable, Iterator
from copy import copy
from importlib import metadata
from typing import Any

import chosen_target
import guard_pages
import pytest

# the option --guard-pages
from guard_pages import no_overruns as no_overruns
from guard_pages import pytest_collection_modifyitems as pytest_collection_modifyitems
from hypothesis import HealthCheck, settings

from ranvier import BrianLogger, defaultclock, prefs, second
from ranvier.equations import models
from ranvier.ir.offers import offers
from ranvier.units.registry import user_unit_register

# a machine that is busy, or halts a process for some seconds, is no fault of what is tested
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

# tests make many objects that they never run; the tests of this warning take the filter away
BrianLogger.suppress_name("unused_brian_object")


def pytest_addoption(parser: pytest.Parser) -> None:
    guard_pages.pytest_addoption(parser)
    chosen_target.add_option(parser)


def pytest_configure(config: pytest.Config) -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # in the background of a shell; tests send it to themselves
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(config.option, "loadscopereorder"):  # of xdist, which leaves files of few tests, the scripts, to the end
        config.option.loadscopereorder = False
    guard_pages.pytest_configure(config)
    chosen_target.configure(config)


@pytest.fixture
def offering(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Gives a function that takes entry points: installed packages then offer these, and nothing else."""

    def offer(*points: Any) -> None:
        monkeypatch.setattr(metadata, "entry_points", lambda group: [one for one in points if one.group == group])
        offers.cache_clear()

    yield offer
    offers.cache_clear()


def _session() -> Iterator[None]:
    units = user_unit_register.units[:]
    by_dimension = {dim: dict(known) for dim, known in user_unit_register.units_for_dimensions.items()}
    # lists and dictionaries are changed in place, too
    values = {name: copy(value) for name, value in prefs._values.items()}
    explicit, dt = set(prefs._explicit), float(defaultclock.dt)
    registered, categories = dict(prefs._known), dict(prefs._categories)
    yield
    user_unit_register.clear()
    models._parsed.cache_clear()  # equations make the units of their variables known when they are read
    user_unit_register.units.extend(units)
    user_unit_register.units_for_dimensions.update(by_dimension)
    for name in prefs._known.keys() - registered.keys():
        del prefs._known[name], prefs._values[name]
    for name in prefs._categories.keys() - categories.keys():
        del prefs._categories[name]
    prefs._values.update(values)
    prefs._explicit.clear()
    prefs._explicit.update(explicit)
    if float(defaultclock.dt) != dt:
        defaultclock.dt = dt * second


@pytest.fixture(autouse=True)
def session_put_back():
    """Puts back what a test changes of the session: units made, preferences and new ones, the step of `defaultclock`.

    Which tests ran before one in the same process depends on the number of processes.
    """
    yield from _session()


@pytest.fixture(autouse=True, scope="module")
def session_put_back_after_files():
    """Puts back what the fixtures of a file change."""
    yield from _session()
