"""Makes a failing trial smaller, as long as it fails in the same way."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from ranvier.fuzzing.forms import Form
from ranvier.fuzzing.trials import Trial

Item = TypeVar("Item")


def failure(trial: Trial) -> str:
    """Returns how a trial fails, in a line; "" if it does not."""
    try:
        trial.run()
    except Exception as error:  # whatever a pass or the compiler does
        return f"{type(error).__name__}: {error}".partition("\n")[0]
    return ""


def kind_of(failure: str) -> str:
    """Returns what two failures of one cause have in common: the class of the error, and where it was run."""
    found = re.match(r"(\w+)(: (interpreted|compiled))?", failure)
    return found[0] if found else ""


def shrunk(
    trial: Trial,
    *,
    seconds: float = 60.0,
    fails: Callable[[Trial], str] = failure,
    always: Sequence[str] = (),
) -> Trial:
    """Returns the smallest trial that was found to fail in the same way.

    Ops, passes, options of passes, steps of regions and numbers of elements are left out one after another, until none
    can be.

    Args:
        trial: One that fails.
        seconds: Give up after so long.
        fails: Says how a trial fails, "" if it does not.
        always: Passes that stay in the pipeline.
    """
    kind, end = kind_of(fails(trial)), time.monotonic() + seconds

    def still(other: Trial) -> bool:
        return time.monotonic() < end and kind_of(fails(other)) == kind

    if not kind:
        return trial
    while True:
        before = trial
        for smaller in (_fewer_passes, _fewer_ops, _fewer_steps, _smaller_sizes):
            trial = smaller(trial, still, tuple(always))
        if trial == before or time.monotonic() >= end:
            return trial


Still = Callable[[Trial], bool]


def _without_parts(items: tuple[Item, ...], holds: Callable[[tuple[Item, ...]], bool]) -> tuple[Item, ...]:
    """Returns as few of the items as found for which something holds: parts are left out, then parts of those."""
    length = max(len(items) // 2, 1)
    while items:
        for start in range(0, len(items), length):
            fewer = items[:start] + items[start + length :]
            if holds(fewer):
                items = fewer
                break
        else:
            if length == 1:
                break
            length = max(length // 2, 1)
    return items


def _fewer_ops(trial: Trial, still: Still, always: tuple[str, ...]) -> Trial:
    def with_ops(ops: tuple[int, ...]) -> Trial:
        return replace(trial, program=replace(trial.program, ops=ops))

    return with_ops(_without_parts(trial.program.ops, lambda ops: still(with_ops(ops))))


def _fewer_passes(trial: Trial, still: Still, always: tuple[str, ...]) -> Trial:
    trial = _simpler_form(trial, still)
    if trial.lanes is not None:
        simpler = replace(trial.lanes, bytes=-1)
        fewer = [None, *(replace(simpler, own=simpler.own[:k]) for k in range(len(simpler.own))), simpler]
        trial = next((one for one in (replace(trial, lanes=lanes) for lanes in fewer) if still(one)), trial)

    def with_passes(passes: tuple[str, ...]) -> Trial:
        return replace(trial, pipeline=passes)

    def holds(passes: tuple[str, ...]) -> bool:
        return set(always) <= set(passes) and still(with_passes(passes))

    passes = _without_parts(trial.pipeline, holds)
    for k, one in enumerate(passes):
        for simpler in _fewer_options(one):
            others = (*passes[:k], simpler, *passes[k + 1 :])
            if one not in always and still(with_passes(others)):
                passes = others
                break
    return with_passes(passes)


def _simpler_form(trial: Trial, still: Still) -> Trial:
    """Returns the trial interpreted only, or else compiled in the plainest way."""
    form = trial.form
    if form is None:
        return trial
    plain = [None, Form(), replace(form, text=""), replace(form, level=0), replace(form, mode="off")]
    for other in plain:
        smaller = replace(trial, form=other)
        if smaller != trial and still(smaller):
            return smaller
    return trial


def _fewer_options(one: str) -> Iterator[str]:
    """Yields a pass with fewer options, the fewest first."""
    name, brace, rest = one.partition("{")
    if brace:
        yield name
        options = rest.removesuffix("}").split()
        for k in range(len(options) if len(options) > 1 else 0):
            yield f"{name}{{{' '.join(options[:k] + options[k + 1 :])}}}"


def _fewer_steps(trial: Trial, still: Still, always: tuple[str, ...]) -> Trial:
    program = trial.program
    everything = frozenset(replace(program, left_out=frozenset()).region_steps)

    def with_steps(kept: tuple[tuple[int, int], ...]) -> Trial:
        return replace(trial, program=replace(program, left_out=everything - frozenset(kept)))

    return with_steps(_without_parts(program.region_steps, lambda kept: still(with_steps(kept))))


def _smaller_sizes(trial: Trial, still: Still, always: tuple[str, ...]) -> Trial:
    for name in ("steps", "size", "synapses"):
        now: int = getattr(trial.program, name)
        for less in (0, 1, 2, 3, 5, now // 2, now - 1):
            other = _resized(trial, name, less) if max(less, name == "size") < now else trial
            if other is not trial and still(other):
                trial = other
                break
    return trial


def _resized(trial: Trial, name: str, number: int) -> Trial:
    number = max(number, 1) if name == "size" else number
    return replace(trial, program=trial.program.without(**{name: number}))
