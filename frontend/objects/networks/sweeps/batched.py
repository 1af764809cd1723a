"""`Network.batched`: a network as a function of arrays, for optimisers and samplers that call it again and again."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import cast

import numpy as np

from ranvier.objects.memory.arrays import Array
from ranvier.objects.networks import snapshot
from ranvier.objects.networks.running import RunCall, check_not_running, sweeping
from ranvier.objects.networks.sweeps.apart import Measured, again, measured
from ranvier.objects.networks.sweeps.batched_arguments import Batch, batch_of, inputs_of, present_values, targets_for
from ranvier.objects.networks.sweeps.first_look import check_constants, is_open, used_names
from ranvier.objects.networks.sweeps.forms import Form, form_of, workers_of
from ranvier.objects.networks.sweeps.kept_jobs import KeptJobs
from ranvier.objects.networks.sweeps.kinds import goes_with_each_unit
from ranvier.objects.networks.sweeps.measures import TextMeasure, measures_of
from ranvier.objects.networks.sweeps.network_sweep import check_possible, start_of
from ranvier.objects.networks.sweeps.network_work import NetworkWork, Request
from ranvier.objects.networks.sweeps.notes import Failure, not_finite_in
from ranvier.objects.networks.sweeps.numbers import Numbers
from ranvier.objects.networks.sweeps.prepared import usual_sets
from ranvier.objects.networks.sweeps.sets import Axis, Sets
from ranvier.objects.networks.sweeps.stopping import stoppable
from ranvier.objects.networks.sweeps.sweepable import Sweepable
from ranvier.objects.networks.sweeps.targets import MOST_SEEDS, Names, Targets
from ranvier.objects.networks.sweeps.work import Outcome
from ranvier.session.given import is_a, is_text
from ranvier.session.logger import get_logger
from ranvier.units import DimensionMismatchError, Quantity, get_dimensions
from ranvier.units.dimensions import DIMENSIONLESS, Dimension

logger = get_logger("ranvier.core.network")

MOST_TOLD = 3
"""So many calls warn of sets that failed, and so many of values that are not finite."""

PLAIN: set[type] = {bool, int, float, np.bool_, np.int64, np.float64}
"""Types of single numbers without a unit."""

Measure = Quantity | Array
"""What was measured in all sets: the first dimension is that of the sets."""
Measures = Measure | dict[str, Measure]
"""One measure, or several by name."""


@dataclass(frozen=True)
class BatchArguments:
    """The arguments of `Network.batched`; see there."""

    over: object
    measure: object
    start: Mapping[object, object] | None
    setup: Callable[..., object] | None
    seed: object
    workers: object
    failures: str


class Batched:
    """A network as a function: arrays of values go in, arrays of what was measured come out; see `Network.batched`.

    Args:
        network: The network.
        call: The arguments of each run.
        given: What the function is.

    Attributes:
        names: What its arguments are called, in order.
        failures: The sets of the last call that failed, with the reasons.
        warnings: The sets of the last call with values that are NaN or infinite.
    """

    def __init__(self, network: Sweepable, call: RunCall, given: BatchArguments) -> None:
        check_not_running(network, "batched()")
        check_possible(network)
        _check_choices(given)
        self._network, self._given = network, given
        self._lookup = Names(network, call.namespace)
        self._inputs = inputs_of(given.over, self._lookup)
        if given.seed is not None and "seed" in self._inputs:
            raise ValueError("The seed is in over, so that it is given in each call: leave out seed=...")
        self.names = tuple(self._inputs)
        self._work = NetworkWork(network, self._request(call))
        self._objects = frozenset(network.objects)
        self._turn = threading.RLock()  # optimisers may call from several threads, one after another
        self._shapes: dict[str, tuple[tuple[int, ...], Dimension]] = {}
        self._firm: dict[str, Dimension] = {}  # the units of measures
        self._compiled_for: tuple[bool, ...] | None = None
        self._calls = 0
        self._told = Counter[str]()
        self._jobs = KeptJobs()
        self.failures: list[Failure] = []
        self.warnings: list[Failure] = []
        self._is_checked = self._check_early()

    def _request(self, call: RunCall) -> Request:
        given, targets = self._given, targets_for(self._inputs)
        measures = measures_of(given.measure, self._lookup, {**dict.fromkeys(targets.constants), **call.namespace})
        if not measures:
            raise ValueError("batched needs measure=...: what the function returns, such as 'rate(spikes)'.")
        for measure in measures.values():
            if isinstance(measure, TextMeasure):
                measure.check()
        start = start_of(given.start, self._lookup, {each.full_name for each in self._inputs.values()})
        return Request(Sets([], 1, is_product=False), targets, start, given.setup, measures, {}, call)

    def _check_early(self) -> bool:
        """Checks names and units with the values that the script has now.

        Returns:
            Whether the first call has nothing to check any more.
        """
        request = self._work.request
        constants = request.targets.constants
        known = present_values(constants, self._network, request.call.namespace)
        for name, value in known.items():
            self._inputs[name].checked(np.squeeze(cast(Array, value)) if np.ndim(cast(Array, value)) else value)
        sets = Sets([Axis(name, [value], 1) for name, value in known.items()], 1, is_product=False)
        if request.setup is not None:  # it need not be able to set up what is no set
            return True
        work = self._work.with_sets(sets)
        work.request = replace(work.request, targets=Targets(tuple(known), {}, frozenset()))
        try:
            with work.session():
                used = used_names(work, self._lookup)
        except Exception:
            if len(known) < len(constants):
                return False  # for want of their values, it seems: the first call tells
            raise
        if not is_open(request):
            check_constants(request.targets, used, self._lookup)
        return len(known) == len(constants)

    # ---------------------------------------------------------------- calls

    def __call__(self, *args: object, **values: object) -> Measures:
        """Runs the network once for each set of values.

        Args:
            args: Values in the order of `names`: a number for all sets, or an array with one for each. For a variable
                also an array of sets x elements.
            values: Values by name.

        Returns:
            What was measured, of the shape (sets, ...) and with its unit; without the first dimension if all values are
            single. A dictionary of arrays if there are several measures.

        Raises:
            TypeError, ValueError: If arguments are missing, unknown, no numbers, or of different lengths.
            DimensionMismatchError: If a unit is wrong.
            RuntimeError: If a set fails and `failures` is "raise", or all sets fail, or the network has other objects.
        """
        with self._turn:
            return self._called(args, values)

    def _called(self, args: Sequence[object], values: Mapping[str, object]) -> Measures:
        check_not_running(self._network, "A call of what batched() made")
        self._check_objects()
        batch = batch_of(self._inputs, args, values)
        if "seed" not in self._inputs:
            batch.axes["seed"] = self._seeds(batch.size)
        work = self._work.with_sets(batch.sets(self._network))
        found = self._apart(work, batch)
        if found is None:
            found = self._in_session(work, range(batch.size), self._form)
        self._calls += 1
        if isinstance(found, Measured):
            return self._result_of(work, found, batch)
        self._take_note(work, found)
        return self._result(found, batch)

    def _check_objects(self) -> None:
        """Checks that the network is made of what it was made of.

        Raises:
            RuntimeError: If it is not.
        """
        now = frozenset(self._network.objects)
        if now != self._objects:
            new, gone = (sorted(each.name for each in one) for one in (now - self._objects, self._objects - now))
            what = [f"'{name}' was added" for name in new] + [f"'{name}' was removed" for name in gone]
            raise RuntimeError(
                f"'{self._network.name}' has other objects than when batched() was called ({', '.join(what)}): call "
                "batched() again."
            )

    def _apart(self, work: NetworkWork, batch: Batch) -> Measured | list[Outcome] | None:
        """Runs sets without the network, those that went wrong with it; None if none can be run without."""
        usual = usual_sets(work, range(batch.size))
        job = self._jobs.apart(work, usual)
        if job is None:
            return None
        with sweeping(self._network):
            found = measured(job, workers_of(self._given.workers))
        if found is None or (len(usual) == batch.size and not found.bad.any()):
            return found
        good = Outcome.of_some(usual, found.columns, {}, ~found.bad)
        odd = sorted(set(range(batch.size)).difference(good.indices))
        alone = [*good.parts(), *self._in_session(work, odd, lambda work, todo: again(work, todo, job))]
        return sorted(alone, key=lambda outcome: outcome.index)

    def _in_session(
        self, work: NetworkWork, todo: Sequence[int], form_for: Callable[[NetworkWork, Sequence[int]], Form]
    ) -> list[Outcome]:
        """Runs sets with the network, which is left as it is now."""
        work.left = snapshot.take(self._network)
        with work.session():
            if todo:
                self._make_ready(work)
            return self._outcomes(work, todo, form_for(work, todo))

    def _form(self, work: NetworkWork, todo: Sequence[int]) -> Form:
        return form_of(self._given.workers, work, todo, partial(self._jobs.abreast, work))

    def _seeds(self, size: int) -> Numbers:
        if self._given.seed is not None:
            return Numbers(np.array([int(cast(int, self._given.seed))]))
        base = self._work.seeds
        fresh = np.random.SeedSequence([base.base, base.number, self._calls, 1]).generate_state(max(size, 1))
        return Numbers(fresh.astype(np.int64))

    def _make_ready(self, work: NetworkWork) -> None:
        if not self._is_checked:
            used_names(work, self._lookup)
            self._is_checked = True
        kinds = tuple(each.is_whole for each in self._inputs.values())
        if kinds != self._compiled_for:
            is_sure = work.request.setup is None  # else it may fail for the first set, which is then a failure
            with contextlib.nullcontext() if is_sure else contextlib.suppress(Exception):
                work.compile()
            self._compiled_for = kinds

    def _outcomes(self, work: NetworkWork, todo: Sequence[int], form: Form) -> list[Outcome]:
        found: list[Outcome] = []
        with stoppable(work.stop, "the runs are stopped") as stopped:
            with contextlib.closing(form.outcomes(work, todo, stopped)) as outcomes:
                for outcome in outcomes:
                    if outcome.error and self._given.failures == "raise":
                        raise RuntimeError(str(Failure(outcome.index, work.values(outcome.index), outcome.error)))
                    found += outcome.parts()
            if stopped.is_asked:
                raise KeyboardInterrupt
        return sorted(found, key=lambda outcome: outcome.index)

    def _take_note(self, work: NetworkWork, found: Sequence[Outcome]) -> None:
        """Notes and tells which sets failed, and which have values that are not finite."""
        self.failures = [Failure(each.index, work.values(each.index), each.error) for each in found if each.error]
        self.warnings = [
            Failure(each.index, work.values(each.index), note)
            for each in found
            if not each.error and (note := each.warnings.get(each.index) or not_finite_in(each.measures).get(0))
        ]
        if self.failures:
            text = f"{len(self.failures)} of {len(found)} sets failed, their results are NaN; the first: "
            self._tell("sweep_failures", f"{text}{self.failures[0]}", "failures")
        of_variables = {each.index for each in found if each.warnings}
        lost = [each for each in self.warnings if each.index in of_variables]
        if lost:
            text = f"Variables became NaN or infinite in {len(lost)} of {len(found)} sets; the first: {lost[0]}"
            self._tell("sweep_values", text, "warnings")

    def _tell(self, name: str, text: str, attribute: str) -> None:
        """Warns of something, a few times: optimisers call thousands of times, and some try what no model bears."""
        self._told[name] += 1
        if self._told[name] <= MOST_TOLD:
            last = f" Of later calls, only '{attribute}' of the function tells it." * (self._told[name] == MOST_TOLD)
            logger.warn(f"{text}{last}", name)

    # ---------------------------------------------------------------- results

    def _result_of(self, work: NetworkWork, found: Measured, batch: Batch) -> Measures:
        """Returns what was measured of sets none of which went wrong."""
        self.failures, self.warnings = [], found.not_finite(work)
        columns: dict[str, Measure] = {}
        for name, values in found.columns.items():
            self._shapes[name] = values.array.shape[1:], values.dim
            columns[name] = self._with_unit(values.array, values.dim, batch)
        return self._as_asked(columns)

    def _result(self, found: Sequence[Outcome], batch: Batch) -> Measures:
        names = list(dict.fromkeys(name for each in found for name in each.measures)) or list(self._shapes)
        if not names:
            if self.failures:
                raise RuntimeError(f"All {batch.size} sets failed; {self.failures[0]}")
            raise ValueError("There are no values, and no results of an earlier call that say what would be returned.")
        return self._as_asked({name: self._column(name, found, batch) for name in names})

    def _as_asked(self, columns: dict[str, Measure]) -> Measures:
        """Returns the one measure, or all by name."""
        given = self._given.measure
        is_one = is_text(given) or (callable(given) and list(columns) == ["measure"])
        return next(iter(columns.values())) if is_one else columns

    def _column(self, name: str, found: Sequence[Outcome], batch: Batch) -> Measure:
        """Returns a measure of all sets; NaN where one has failed."""
        ok = [(each.index, each.measures[name][0]) for each in found if name in each.measures]
        kinds = {type(value) for _, value in ok}
        values = [value for _, value in ok] if kinds <= PLAIN else [_numbers(value, name) for _, value in ok]
        shape, dim = self._shapes[name] = self._common(name, ok)
        if len(ok) == batch.size and ok:
            array = np.array(cast("list[float]", values))
        else:
            array = np.full((batch.size, *shape), np.nan)
            for (k, _), value in zip(ok, values, strict=True):
                array[k] = value
        return self._with_unit(array, dim, batch)

    def _with_unit(self, array: Array, dim: Dimension, batch: Batch) -> Measure:
        array = array[0] if batch.is_single else array
        return array if dim is DIMENSIONLESS else Quantity(array, dim=dim)

    def _common(self, name: str, ok: Sequence[tuple[int, object]]) -> tuple[tuple[int, ...], Dimension]:
        """Returns the shape and unit that a measure has in all sets.

        Raises:
            ValueError: If the shapes differ.
            DimensionMismatchError: If the units do.
        """
        if not ok:
            return self._shapes[name]
        first, value = ok[0]
        shape = np.shape(cast(Array, value))
        if self._firm.get(name) is DIMENSIONLESS and {type(other) for _, other in ok} <= PLAIN:
            return shape, DIMENSIONLESS
        for k, other in ok:
            if np.shape(cast(Array, other)) != shape:
                raise ValueError(
                    f"The measure '{name}' has the shape {shape} in set {first}, but {np.shape(cast(Array, other))} in "
                    f"set {k}: batched needs one shape. Network.sweep takes measures of different lengths."
                )
        return shape, self._unit_of(name, ok)

    def _unit_of(self, name: str, ok: Sequence[tuple[int, object]]) -> Dimension:
        """Returns the unit that a measure has in all sets of all calls; 0, NaN and infinity go with each.

        Raises:
            DimensionMismatchError: If there are several.
        """
        where = "in earlier calls"
        for k, other in ok:
            dim = get_dimensions(cast(Quantity, other))
            if dim is DIMENSIONLESS and goes_with_each_unit(other):
                continue
            if name not in self._firm:
                self._firm[name], where = dim, f"that of set {k}"
            if self._firm[name] is not dim:
                text = f"The measure '{name}' of set {k} has another unit than {where}"
                raise DimensionMismatchError(text, dim, self._firm[name])
        return self._firm.get(name, DIMENSIONLESS)

    def __repr__(self) -> str:
        measures = ", ".join(name or "measure" for name in self._work.request.measures)
        return f"<Batched: ({', '.join(self.names)}) to {measures}, of '{self._network.name}'>"


def _numbers(value: object, name: str) -> Array:
    """Returns a measure as numbers.

    Raises:
        TypeError: If it is something else.
    """
    array = np.asarray(cast(Array, value))
    if array.dtype.kind not in "biufc":
        raise TypeError(
            f"The measure '{name}' has to be a number or an array of numbers, not {type(value).__name__}: {value!r}."
        )
    return array


def _check_choices(given: BatchArguments) -> None:
    if given.setup is not None and not callable(given.setup):
        raise TypeError(f"setup is a function of the network and the values of the set, not {given.setup!r}.")
    if given.failures not in ("nan", "raise"):
        raise ValueError(f"failures is 'nan' or 'raise', not {given.failures!r}.")
    if given.workers is not None and not is_text(given.workers) and not is_a(given.workers, (int, np.integer)):
        raise TypeError(
            "workers of batched is None, a number, or 'all', not "
            f"{type(given.workers).__name__}: the processes of an executor do not get the values of later calls."
        )
    if given.seed is not None:
        is_number = is_a(given.seed, (int, np.integer)) and not is_a(given.seed, bool)
        if not is_number or not 0 <= cast(int, given.seed) < MOST_SEEDS:
            raise ValueError(f"seed is None, or a whole number from 0 to 2**32-1, not {given.seed!r}.")
