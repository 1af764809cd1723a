"""`Network.sweep` and `sweep`: many runs with other values."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, cast

from ranvier.objects.networks.running import RunCall, checked_seconds
from ranvier.objects.networks.storing import Storing
from ranvier.public import public
from ranvier.public.argument_names import explains_arguments
from ranvier.session.namespaces import get_local_namespace, names_given
from ranvier.units import Quantity

if TYPE_CHECKING:
    from ranvier.objects.networks.sweeps.batched import Batched
    from ranvier.objects.networks.sweeps.plan import SweepPlan
    from ranvier.objects.networks.sweeps.result import SweepResult
    from ranvier.objects.networks.sweeps.sweepable import Sweepable


class Sweeping(Storing):
    """A collection of objects that can be run for many sets of values."""

    def _collect(self, level: int) -> None:
        """Prepares the collection of objects for a run; `level` as in `run`. Here it is what has been added."""

    @explains_arguments
    def sweep(
        self,
        duration: Quantity,
        over: object,
        start: Mapping[object, object] | None = None,
        setup: Callable[..., object] | None = None,
        keep: object = (),
        measure: object = None,
        workers: object = None,
        out: str | os.PathLike[str] | None = None,
        report: object = None,
        plan: bool = False,
        zip: bool = False,
        namespace: Mapping[str, object] | None = None,
        level: int = 0,
        *,
        check_values: bool = False,
        form: str | None = None,
        part: tuple[int, int] | None = None,
    ) -> SweepResult | SweepPlan:
        """Runs the network once for each set of values, each time from its present state, and leaves it in this state.

        A set gives what the network alone gives with these values and this seed, whatever the other sets, their order,
        and the workers. Each set has a seed of its own unless `over` has "seed"; `result[k].parameters["seed"]` is it.

        Args:
            duration: How long each run is.
            over: What changes: {name: values}, all combinations, or a table of pandas, polars or Arrow with a row for
                each set (columns in SI units, or "tau [ms]"). Names are those of constants in the texts ("tau"),
                variables ("cells.v", or the variable itself), "seed", "dt" and "duration".
            start: Values of variables at the beginning of each run, {cells.v: "rand()"}: numbers, or texts.
            setup: A function of the network and the values of a set, called before each run for anything else.
            keep: Monitors whose tables are kept.
            measure: What is measured after each run: {name: text or function}, texts, or a function that returns a
                dictionary. Texts are expressions such as "mean(cells.v)", "rate(spikes)", "count(spikes)", "cells.v".
                Functions take nothing, the network, or the network and the values.
            workers: How many sets are computed at once, "all" for as many as there are processors: by threads, or by
                processes where Python is called. None: one. Or an executor, as those of `concurrent.futures`, or a
                client of Dask (`dask.distributed.Client`).
            out: A directory for the results, as Parquet files. A second call does only what is missing.
            report: Progress: "text", "stderr", "bar", or a function of a `SweepProgress`.
            plan: Prints and returns what the sweep would do, instead of doing it; the first set is tried shortly.
            zip: Whether the values of `over` stand side by side instead of in all combinations.
            namespace: Names for the texts instead of those that the calling script sees.
            level: Number of frames to skip to find the names of the script.
            check_values: Whether a set fails as soon as a variable of a differential equation is NaN or infinite.
            form: How sets are computed: "lanes" (side by side in one program), "turns" (each from beginning to end,
                several at a time), "processes", "one after another"; None for the best. All give the same.
            part: (k, n) for the k-th of n calls, counted from 0, that do the sets of one `out` together, in processes
                or on machines of their own.

        Raises:
            KeyError: If a name means nothing.
            DimensionMismatchError, TypeError, ValueError: If values are wrong, naming the set, or `out` holds the
                results of another sweep. Nothing is run then.
            RuntimeError: If another process writes to `out`.
            OSError: If `out` cannot be written to.
            BrianObjectException: If the network cannot be run with the values of any of the sets that are tried first.
        """
        # scripts without sweeps need not load them
        from ranvier.objects.networks.sweeps.network_sweep import Arguments, sweep_network

        self._collect(level)
        names = dict(get_local_namespace(level=level) if namespace is None else names_given(namespace))
        call = RunCall(checked_seconds(duration, "duration"), None, 10.0, names, False, check_values)
        given = Arguments(over, start, setup, keep, measure, workers, out, report, plan, zip, form, part)
        return sweep_network(cast("Sweepable", self), call, given)

    @explains_arguments
    def batched(
        self,
        duration: Quantity,
        over: object,
        measure: object,
        start: Mapping[object, object] | None = None,
        setup: Callable[..., object] | None = None,
        seed: int | None = None,
        workers: object = None,
        failures: str = "nan",
        namespace: Mapping[str, object] | None = None,
        level: int = 0,
        *,
        check_values: bool = False,
    ) -> Batched:
        """Returns the network as a function of arrays, for optimisers and samplers: `f(mu=[1, 2]*mV)` gives an array.

        Each call runs the network once for each set of values, always from the state that it has now, and leaves it as
        it was before the call. Arguments are arrays with one value for each set (for variables also sets x elements) or
        single values, by position or by name; units are checked. The result has the shape (sets, ...) and a unit; with
        several measures it is a dictionary. Names in texts mean what they mean where `batched` is called.

        Args:
            duration: How long each run is.
            over: The names of the arguments, in order: those of constants in the texts ("tau"), variables ("cells.v",
                or the variable itself), "seed", "dt" and "duration".
            measure: What is returned: a text or function, or several as {name: text or function}; see `sweep`.
            start: Values of variables at the beginning of each run, as in `sweep`.
            setup: A function of the network and the values of a set, called before each run for anything else.
            seed: None: each set of each call has a seed of its own, which follows from `seed()` of the script, as
                samplers need it. A number: all sets of all calls have this seed, so that equal values give equal
                results, and noise does not hide the differences between others.
            workers: How many sets are computed at once, as in `sweep`; None: one.
            failures: What becomes of sets that fail: "nan" gives NaN and a warning, and `failures` of the function has
                the reasons; "raise" raises an error.
            namespace: Names for the texts instead of those that the calling script sees.
            level: Number of frames to skip to find the names of the script.
            check_values: Whether a set fails as soon as a variable of a differential equation is NaN or infinite.

        Raises:
            KeyError: If a name means nothing.
            TypeError, ValueError: If an argument is none of these.
            BrianObjectException: If the network cannot be run.
        """
        # scripts without sweeps need not load them
        from ranvier.objects.networks.sweeps.batched import BatchArguments, Batched

        self._collect(level)
        names = dict(get_local_namespace(level=level) if namespace is None else names_given(namespace))
        call = RunCall(checked_seconds(duration, "duration"), None, 10.0, names, False, check_values)
        given = BatchArguments(over, measure, start, setup, seed, workers, failures)
        return Batched(cast("Sweepable", self), call, given)


@public
def sweep(
    function: Callable[..., object],
    over: object,
    workers: object = None,
    out: str | os.PathLike[str] | None = None,
    report: object = None,
    plan: bool = False,
    zip: bool = False,
    *,
    part: tuple[int, int] | None = None,
) -> SweepResult | SweepPlan:
    """Calls a function once for each set of values: one that builds a network, runs it, and returns what is measured.

    It is for whatever changes the network itself: the number of cells, the connections. Where only constants and
    values of variables change, `Network.sweep` does the same faster.

    Args:
        function: Called with the values of a set by name. It returns a dictionary of measures, or one value; monitors
            in the dictionary become tables. The seed is set before; the function gets it if it has an argument "seed".
        over: {name: values}, all combinations, or a table of pandas, polars or Arrow with a row for each set.
        workers: None for this process, a number of processes, "all", an executor (of `concurrent.futures`, loky,
            mpi4py), or a `dask.distributed.Client`.
        out: A directory for the results, as Parquet files. A second call does only what is missing.
        report: Progress: "text", "stderr", "bar", or a function of a `SweepProgress`.
        plan: Prints and returns what the sweep would do, instead of doing it.
        zip: Whether the values of `over` stand side by side instead of in all combinations.
        part: (k, n) for the k-th of n calls, counted from 0, that do the sets of one `out` together, in processes or on
            machines of their own.

    Raises:
        TypeError: If the function takes other arguments than `over` names.
        DimensionMismatchError, ValueError: If values are wrong, naming the set, or `out` holds the results of another
            sweep.
        RuntimeError: If another process writes to `out`, or the workers lack what the function needs.
        OSError: If `out` cannot be written to.
    """
    # scripts without sweeps need not load them
    from ranvier.objects.networks.sweeps.built import sweep_function

    return sweep_function(function, over, workers, out, report, plan=plan, zip=zip, part=part)
