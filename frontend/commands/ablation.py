"""What each pass is worth: networks run with and without it, alternating, from the same state; results are compared."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any, cast

import numpy as np

from ranvier.codegen import LoadedProgram
from ranvier.ir.slots import Slot
from ranvier.objects.groups.subgroup import SpikeSource
from ranvier.objects.monitors.spikemonitor import SpikeMonitor
from ranvier.objects.networks import network as networks
from ranvier.objects.networks.network import Network
from ranvier.objects.networks.report import Progress
from ranvier.objects.networks.running import RunRequest
from ranvier.passes.default_pipeline import TO_LOOPS, PipelineError, split_pipeline
from ranvier.pipeline.options import Options
from ranvier.runtime.simulation import Simulation
from ranvier.session.preferences import prefs
from ranvier.stages.road import current_options, set_default_options

ALL, NOTHING = "all passes", "no pass"
"""The names of the variants with the whole pipeline, and with nothing of it."""

MODES = ("out", "only", "pairs")
"""Which variants there are: each pass left out, each pass alone, each two left out."""

SNAPSHOT = "state before the ablation"


@dataclass(frozen=True)
class Variant:
    """A pipeline to measure.

    Attributes:
        name: What it is called.
        left_out: The passes of the pipeline that it has not.
        spec: The pipeline as text.
    """

    name: str
    left_out: tuple[str, ...]
    spec: str


@dataclass
class Measured:
    """What a variant came to, over all runs of a script.

    Attributes:
        variant: The variant.
        seconds: CPU seconds of the native code, one number for each repetition.
        compile_seconds: CPU seconds of compiling what it needs.
        code_size: Bytes of machine code.
        spikes: Spikes in all; None if nothing spikes.
        agreement: How its results compare to those of the whole pipeline: "bits", "rounding", or what differs.
        same_code: Whether its machine code is that of the whole pipeline, so that there is nothing to measure.
    """

    variant: Variant
    seconds: list[float] = field(default_factory=list[float])
    compile_seconds: float = 0.0
    code_size: int = 0
    spikes: int | None = None
    agreement: str = "bits"
    same_code: bool = True


@dataclass(frozen=True)
class Worth:
    """A ratio of times, with its spread: what a run takes with a variant, over what it takes with all passes.

    Attributes:
        ratio: The median over the repetitions.
        low: The lower end of an interval in which the median lies with some 95 % probability.
        high: Its upper end.
    """

    ratio: float
    low: float
    high: float

    def verdict(self, threshold: float = 0.02) -> str:
        """Returns "slower", "faster", or "" where the difference is noise, or smaller than a fraction."""
        if self.low > 1 + threshold:
            return "slower"
        return "faster" if self.high < 1 - threshold else ""


def variants_of(spec: str, modes: Sequence[str] = ("out",), names: Sequence[str] = ()) -> list[Variant]:
    """Returns the variants of a pipeline: the whole, nothing, and those of some modes.

    A pass that stands in the pipeline several times is one, which is left out everywhere.

    Args:
        spec: The pipeline.
        modes: Some of `MODES`.
        names: Passes to look at; none: all.

    Raises:
        PipelineError: There is no such mode, or the pipeline has no such pass.
    """
    parts = split_pipeline(spec)
    known = [name for name in dict.fromkeys(map(_name_of, parts)) if name != TO_LOOPS]  # nothing runs without
    wrong = [mode for mode in modes if mode not in MODES] or [name for name in names if name not in known]
    if wrong:
        kind, there = ("mode", MODES) if wrong[0] not in names else ("pass in the pipeline", known)
        raise PipelineError(f"there is no {kind} {wrong[0]!r}; there are {', '.join(there)}")
    chosen = list(names) or known
    found = [_without((), parts, ALL), _without(known, parts, NOTHING)]
    if "out" in modes:
        found += [_without((name,), parts, f"without {name}") for name in chosen]
    if "only" in modes:
        found += [_without([one for one in known if one != name], parts, f"only {name}") for name in chosen]
    if "pairs" in modes:
        found += [_without(pair, parts, f"without {pair[0]}, {pair[1]}") for pair in combinations(chosen, 2)]
    return found


def _name_of(one: str) -> str:
    return one.partition("{")[0].strip()


def _without(names: Sequence[str], parts: Sequence[str], called: str) -> Variant:
    return Variant(called, tuple(names), ",".join(part for part in parts if _name_of(part) not in names))


class Ablation:
    """Repeats each run of a script with the variants of its pipeline.

    Args:
        modes: See `variants_of`.
        names: See `variants_of`.
        repetitions: How often each variant is measured. The first time, when it is compiled, does not count.
        shortest: Runs of fewer seconds are done once, and are not measured.

    Attributes:
        measured: What has been measured, by the name of the variant; the whole pipeline first.
        runs: How many runs have been measured.
    """

    def __init__(
        self, modes: Sequence[str] = ("out",), names: Sequence[str] = (), repetitions: int = 9, shortest: float = 0.0
    ) -> None:
        self.modes, self.names, self.repetitions, self.shortest = modes, names, repetitions, shortest
        self.measured: dict[str, Measured] = {}
        self.runs = 0
        self._programs: dict[str, dict[int, LoadedProgram]] = {}
        self._codes: dict[str, list[tuple[bytes, Sequence[Slot]]]] = {}
        self._meter = _Meter()
        self._random = random.Random(1)

    @contextmanager
    def around(self) -> Generator[None]:
        """Measures all runs of networks within a `with` block; programs are compiled anew, for one thread each."""
        perform, before = Network.perform, {name: prefs[name] for name in ("codegen.cache_dir", "codegen.threads")}
        prefs["codegen.cache_dir"], prefs["codegen.threads"] = "off", 1

        def measure(network: Network, request: RunRequest) -> None:
            if request.length < self.shortest:
                perform(network, request)
            else:
                self._measure(network, request, perform)

        cast("Any", Network).perform = measure
        try:
            with self._meter.in_place():
                yield
        finally:
            cast("Any", Network).perform = perform
            set_default_options(None)
            for name, value in before.items():
                prefs[name] = value

    def worth(self, name: str) -> Worth:
        """Returns what a run takes with a variant, over what it takes with all passes."""
        pairs = zip(self.measured[name].seconds, self.measured[ALL].seconds, strict=True)
        return worth_of([mine / whole for mine, whole in pairs if whole])

    # ---- one run

    def _measure(self, network: Network, request: RunRequest, perform: Callable[[Network, RunRequest], None]) -> None:
        base = current_options()
        variants = variants_of(base.spec, self.modes, self.names)
        _count_spikes(network)
        Network.store(network, SNAPSHOT)
        runs = _Runs(network, request, perform, base, self._meter)
        wanted: dict[str, Any] = {}
        if not self.runs:  # what compiling imports counts for none of them
            runs.once(replace(variants[0], spec=f"{variants[0].spec},eliminate-dead-code".lstrip(",")))
        for variant in variants:  # compiles, and says what comes out
            runs.once(variant)
            self._note(variant, network, wanted)
        times = {variant.name: list[float]() for variant in variants}
        for _ in range(self.repetitions):
            for variant in self._random.sample(variants, len(variants)):
                if variant.name == ALL or not self._codes[variant.name] == self._codes[ALL]:
                    times[variant.name].append(runs.once(variant))
        times |= {name: list(times[ALL]) for name, seconds in times.items() if not seconds}
        self.runs += 1
        for name, seconds in times.items():
            one = self.measured[name]
            one.seconds = [a + b for a, b in zip(one.seconds or [0.0] * len(seconds), seconds, strict=True)]
        runs.once(variants[0])
        set_default_options(None if base == _of_preferences() else base)

    def _note(self, variant: Variant, network: Network, wanted: dict[str, Any]) -> None:
        """Notes what the first run with a variant has compiled, and how its results compare to those of the first."""
        one = self.measured.setdefault(variant.name, Measured(variant))
        one.compile_seconds += self._meter.compile_seconds
        programs = self._programs.setdefault(variant.name, {})  # also keeps them from being compiled again
        programs.update((id(program), program) for program in self._meter.programs)
        one.code_size = sum(len(program.artifact.object_code) for program in programs.values())
        self._codes[variant.name] = [(each.artifact.object_code, each.artifact.slots) for each in self._meter.programs]
        one.same_code = one.same_code and self._codes[variant.name] == self._codes[ALL]
        counts = {monitor.name: monitor.count[:].copy() for monitor in network if isinstance(monitor, SpikeMonitor)}
        if counts:
            one.spikes = (one.spikes or 0) + sum(int(count.sum()) for count in counts.values())
        found = {**counts, **_states(network)}
        if not wanted:
            wanted |= found
        one.agreement = _worse(one.agreement, agreement(found, wanted))


@dataclass(frozen=True)
class _Runs:
    """Repeats a run from the same state."""

    network: Network
    request: RunRequest
    perform: Callable[[Network, RunRequest], None]
    base: Options
    meter: _Meter

    def once(self, variant: Variant) -> float:
        """Returns the CPU seconds of the native code."""
        set_default_options(replace(self.base, pipeline=variant.spec))
        Network.restore(self.network, SNAPSHOT, restore_random_state=True)
        self.meter.begin()
        silent = Progress(None, 10.0, self.network.t_, self.request.length)
        self.perform(self.network, replace(self.request, progress=silent))
        return self.meter.seconds


class _Meter:
    """Measures what native code takes, and compiling."""

    def __init__(self) -> None:
        self.seconds = self.compile_seconds = 0.0
        self.programs: list[LoadedProgram] = []

    def begin(self) -> None:
        self.seconds = self.compile_seconds = 0.0
        self.programs = []

    @contextmanager
    def in_place(self) -> Generator[None]:
        """Lets networks run, and compile, under this meter."""
        meter, module, simulations = self, cast("Any", networks), cast("Any", Simulation)
        advance, compile_plan = simulations.advance, module.compile_plan

        def measured(*args: Any, **kwds: Any) -> bool:
            began = time.process_time()
            try:
                return advance(*args, **kwds)
            finally:
                meter.seconds += time.process_time() - began

        def compiled(*args: Any, **kwds: Any) -> LoadedProgram:
            began = time.process_time()
            program = compile_plan(*args, **kwds)
            meter.compile_seconds += time.process_time() - began
            meter.programs.append(program)
            return program

        simulations.advance, module.compile_plan = measured, compiled
        try:
            yield
        finally:
            simulations.advance, module.compile_plan = advance, compile_plan


def _of_preferences() -> Options:
    set_default_options(None)
    return current_options()


def _count_spikes(network: Network) -> None:
    """Adds a counter for each group that spikes and is not recorded yet: it costs nothing that could be measured."""
    recorded = [monitor.source for monitor in network if isinstance(monitor, SpikeMonitor)]
    for obj in list(network):
        spikes = isinstance(obj, SpikeSource) and "spike" in getattr(obj, "events", {})
        if spikes and not any(obj is one for one in recorded):
            members = cast("Any", network)
            members._add_object(SpikeMonitor(cast("Any", obj), record=False))


def _states(network: Network) -> Mapping[str, Any]:
    states = Network.get_states(network, units=False, read_only_variables=False)
    return {f"{name}.{variable}": np.array(value) for name, of in states.items() for variable, value in of.items()}


# ---- comparing


def worth_of(ratios: Sequence[float]) -> Worth:
    """Returns the median of ratios, with the interval that order statistics give.

    Of n values around a median the k-th smallest is above it with the binomial probability of fewer than k heads.
    """
    if not ratios:
        return Worth(1.0, 0.0, float("inf"))
    ordered = sorted(ratios)
    k = max(int(len(ordered) / 2 - 0.98 * len(ordered) ** 0.5), 0)
    return Worth(float(np.median(ordered)), ordered[k], ordered[-1 - k])


ROUNDING = 1e-6
"""The relative difference up to which results are the same but for rounding."""


def agreement(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    """Returns "bits" where results are the same, "rounding" where they nearly are, otherwise what differs."""
    result = "bits"
    for name, values in wanted.items():
        has = found.get(name)
        if has is None:  # a rewrite keeps it elsewhere
            continue
        if np.shape(has) != np.shape(values):
            return f"{name} differs"
        if values.dtype.kind not in "fc":
            if not np.array_equal(has, values):
                return "spikes differ" if name in found and "." not in name else f"{name} differs"
            continue
        if np.array_equal(has, values, equal_nan=True):
            continue
        scale = float(np.nanmax(np.abs(values[np.isfinite(values)]), initial=0.0))
        if not np.allclose(has, values, rtol=ROUNDING, atol=ROUNDING * scale, equal_nan=True):
            return f"{name} differs"
        result = "rounding"
    return result


def _worse(one: str, other: str) -> str:
    return max(one, other, key=lambda each: {"bits": 0, "rounding": 1}.get(each, 2))
