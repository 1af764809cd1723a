"""A misspelt name of an argument: every public class, function and method says which one is meant."""

import inspect
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ranvier import Clock, Network, NeuronGroup, Quantity, SpikeMonitor, StateMonitor, Synapses, ms, run, sweep
from ranvier.brian.public_names import NAMES, find
from ranvier.public.argument_names import explains_arguments, has_options

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "docs"))
from book import names as reference_names
from book import reference

GOLDEN = Path(__file__).parent / "golden_arguments.txt"

CALLS: dict[str, Callable[[NeuronGroup], object]] = {
    "NeuronGroup(10, modle='v : 1')": lambda g: NeuronGroup(10, modle="v : 1"),  # type: ignore[call-arg]
    "NeuronGroup(10, 'v : 1', treshold='v > 1')": lambda g: NeuronGroup(10, "v : 1", treshold="v > 1"),
    "NeuronGroup(10, 'v : 1', colour='red')": lambda g: NeuronGroup(10, "v : 1", colour="red"),
    "Synapses(g, g, on_pree='v += 1')": lambda g: Synapses(g, g, on_pree="v += 1"),
    "Synapses(g, g).connect(conditon='i != j')": lambda g: Synapses(g, g).connect(conditon="i != j"),
    "StateMonitor(g, 'v', recrod=True)": lambda g: StateMonitor(g, "v", recrod=True),
    "Clock(1*ms, nam='c')": lambda g: Clock(1 * ms, nam="c"),
    "run(1*ms, repport='text')": lambda g: run(1 * ms, repport="text"),
    "Network(g).run(1*ms, repport='text')": lambda g: Network(g).run(1 * ms, repport="text"),
    "Network(g).store(file='x')": lambda g: Network(g).store(file="x"),
    "sweep(len, ovr=[1])": lambda g: sweep(len, ovr=[1]),
    "g.run_regularly('v = 1', wen='start')": lambda g: g.run_regularly("v = 1", wen="start"),
    "g[:2].get_states(unit=False)": lambda g: g[:2].get_states(unit=False),
}
"""What scripts write wrong."""

KEPT = {
    "BrianLogger": "messages are written by packages",
    "BaseClock": "a clock's own arithmetic",
    "Clock": "a clock's own arithmetic",
    "EventClock": "a clock's own arithmetic",
    "Equations": "asked by groups",
    "Described": "asked by integrators",
    "ImportExport": "packages that add formats",
    "Quantity": "numbers, used in every computation",
    "Unit": "numbers, used in every computation",
    "state": "asked whenever a variable is read",
}
"""Classes (and one method of all) whose methods keep Python's error, and why."""


def misspelt(name: str) -> str:
    middle = len(name) // 2
    return name[:middle] + name[middle] + name[middle:]


def named(what: Callable[..., Any]) -> str | None:
    """The last argument that can be named; None if a call may have any names."""
    parameters = list(inspect.signature(what).parameters.values())
    if any(each.kind is each.VAR_KEYWORD for each in parameters):
        return None
    ours = [each.name for each in parameters if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)]
    return ours[-1] if ours and ours[-1] != "self" else None


def public_calls() -> Iterator[tuple[str, Callable[..., Any], str]]:
    """Classes, functions and methods that take options, each with one of its arguments."""
    for place in sorted(NAMES):
        what = find(place)
        if inspect.isclass(what):
            if inspect.isfunction(vars(what).get("__init__")) and (name := named(what)):
                yield place, what, name
            yield from methods(place, what)
        elif inspect.isfunction(what) and has_options(what) and (name := named(what)):
            yield place, what, name


def methods(place: str, cls: type) -> Iterator[tuple[str, Callable[..., Any], str]]:
    for base in cls.__mro__:
        for name, member in vars(base).items():
            if not base.__module__.startswith("ranvier") or not reference.is_documented(name, member):
                continue
            method = getattr(cls, name)
            if base.__qualname__ in KEPT or name in KEPT or not inspect.isfunction(method) or not has_options(method):
                continue
            if last := named(method):
                yield f"{place}.{name}", method, last


EVERY = {place: (what, name) for place, what, name in public_calls()}
FURTHER = [
    place.split(":")
    for page in reference_names.PAGES
    if page.place in ("plots", "exchange")
    for place in page.further.split()
]


def test_there_are_many() -> None:
    assert len(EVERY) > 100 and {"NeuronGroup", "run", "sweep", "Synapses.connect", "SpikeMonitor.to_arrow"} <= {*EVERY}


def test_every_public_call_says_what_is_meant() -> None:
    silent: list[str] = []
    for place, (what, name) in EVERY.items():
        with pytest.raises(TypeError) as caught:
            what(**{misspelt(name): None})
        if f"'{misspelt(name)}'. Did you mean \"{name}\"?" not in str(caught.value):
            silent.append(f"{place}: {caught.value}")
    assert not silent


def test_modules_of_their_own_say_it_too() -> None:
    for module, name in FURTHER:
        what = getattr(__import__(module, fromlist=[name]), name)
        if inspect.isfunction(what) and (last := named(what)):
            with pytest.raises(TypeError, match=f'{name}.*Did you mean "{last}"'):
                what(**{misspelt(last): None})


def test_messages() -> None:
    group = NeuronGroup(4, "v : 1", name="cells")
    found: list[str] = []
    for text, call in CALLS.items():
        with pytest.raises(TypeError) as caught:
            call(group)
        assert caught.value.__cause__ is None and caught.value.__suppress_context__
        found.append(f"{text}\n    TypeError: {caught.value}\n")
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text("".join(found), encoding="utf-8")
    assert GOLDEN.read_text(encoding="utf-8") == "".join(found)


def test_errors_of_the_body_stay() -> None:
    @explains_arguments
    def halved(number: float, *, times: int = 1) -> float:
        return number / 2**times + len(number)  # type: ignore[arg-type]

    with pytest.raises(TypeError, match="has no len"):
        halved(3, times=2)
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'number'"):
        halved(times=2)  # type: ignore[call-arg]
    with pytest.raises(
        TypeError, match=r"^halved\(\) got an unexpected keyword argument 'x'. Its arguments are number"
    ):
        halved(3, x=2)  # type: ignore[call-arg]
    assert not hasattr(Quantity.__new__, "__wrapped__")


def test_a_class_of_a_script_has_its_own_name() -> None:
    class Watcher(SpikeMonitor):
        pass

    class Cells(NeuronGroup):
        def __init__(self, number: int, **options: Any) -> None:
            super().__init__(number, "v : 1", **options)

    with pytest.raises(TypeError, match=r"^Watcher\(\) got"):
        Watcher(None, recrod=True)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r'^NeuronGroup\(\) got .*Did you mean "threshold"'):
        Cells(3, treshold="v > 1")
