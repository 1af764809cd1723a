"""Conducting a sweep: what is left to do goes to a form, what comes back to a store."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence

from ranvier.objects.networks.sweeps.forms import Form
from ranvier.objects.networks.sweeps.notes import ADVICE, Failure, not_finite_in
from ranvier.objects.networks.sweeps.progress import Reporter
from ranvier.objects.networks.sweeps.result import SweepResult
from ranvier.objects.networks.sweeps.stopping import stoppable
from ranvier.objects.networks.sweeps.store import Store
from ranvier.objects.networks.sweeps.work import Outcome, Work, error_text, failed
from ranvier.session.logger import get_logger

logger = get_logger("ranvier.core.network")


def conduct(
    work: Work,
    form: Form,
    store: Store,
    todo: Sequence[int],
    *,
    report: object,
    tables: Mapping[str, str],
    advice: Callable[[], str] = lambda: ADVICE,
) -> SweepResult:
    """Does those sets of a sweep that are not done, and returns what is there then.

    Args:
        work: What is done for each set.
        form: How.
        store: Where the outcomes go.
        todo: The sets that this call is to see done.
        report: The argument `report` of a sweep.
        tables: The names of tables, see `SweepResult`.
        advice: Says what to do if there is not enough memory.
    """
    left = store.left(todo)
    done = len(todo) - len(left)
    reporter = Reporter(report, len(todo), done)
    strange: list[int] = []
    with stoppable(work.stop) as stopped:
        outcomes = form.outcomes(work, left, stopped)
        try:
            with contextlib.closing(outcomes):
                for outcome in outcomes:
                    if not outcome.error:
                        strange += outcome.warnings
                    _add_not_finite(outcome)
                    if outcome.error.startswith(MemoryError.__name__):
                        outcome.error = f"{outcome.error.rstrip('.')}. {advice()}"
                    store.add(outcome)
                    done += len(outcome)
                    reporter.note(done, len(store.failures), has_more=outcome.has_more)
        except MemoryError as error:  # what was done stays, and a later call does the rest
            text = f"{error_text(error).rstrip('.')}. {advice()}"
            for k in store.left(left):
                store.add(failed(k, text, is_final=False))
        finally:
            store.flush()
            reporter.end(done, len(store.failures))
    result = SweepResult(work.sets, store.seeds, store, tables, was_stopped=stopped.is_asked)
    strange = sorted(store.warnings.keys() & strange)
    if strange:
        first = Failure(strange[0], work.values(strange[0]), store.warnings[strange[0]])
        logger.warn(
            f"Variables became NaN or infinite in {len(strange)} of {len(todo)} sets, which are in `warnings` of the "
            f"result; the first: {first}",
            "sweep_values",
        )
    return result


def _add_not_finite(outcome: Outcome) -> None:
    """Says of sets which of their measures are NaN or infinite."""
    for place, text in not_finite_in(outcome.measures).items():
        k = outcome.indices[place]
        outcome.warnings[k] = " ".join(filter(None, (outcome.warnings.get(k, ""), text)))
