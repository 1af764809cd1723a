"""Conducting a sweep: what is left to do goes to a form, what comes back to a store."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence

from ranvier.objects.networks.sweeps.forms import Form
from ranvier.objects.networks.sweeps.progress import Reporter
from ranvier.objects.networks.sweeps.result import SweepResult
from ranvier.objects.networks.sweeps.stopping import stoppable
from ranvier.objects.networks.sweeps.store import Store
from ranvier.objects.networks.sweeps.work import Work


def conduct(
    work: Work, form: Form, store: Store, todo: Sequence[int], *, report: object, tables: Mapping[str, str]
) -> SweepResult:
    """Does those sets of a sweep that are not done, and returns what is there then.

    Args:
        work: What is done for each set.
        form: How.
        store: Where the outcomes go.
        todo: The sets that this call is to see done.
        report: The argument `report` of a sweep.
        tables: The names of tables, see `SweepResult`.
    """
    left = [k for k in todo if k not in store.done]
    done = len(todo) - len(left)
    reporter = Reporter(report, len(todo), done)
    with stoppable(work.stop) as stopped:
        outcomes = form.outcomes(work, left, stopped)
        try:
            with contextlib.closing(outcomes):
                for outcome in outcomes:
                    store.add(outcome)
                    done += 1
                    reporter.note(done, len(store.failures))
        finally:
            store.flush()
            reporter.end(done, len(store.failures))
    return SweepResult(work.sets, store.seeds, store, tables, was_stopped=stopped.is_asked)
