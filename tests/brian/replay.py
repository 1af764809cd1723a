"""Cases: small scripts in Brian's language, what comes of them, and whether two outcomes agree.

A case is a text that runs under either simulator. The namespace it runs in holds the names of the star import and
`keep(name=value, ...)`, which hands arrays (or the spikes of a monitor) to the comparison. `record.py` runs every case
under Brian and writes the outcomes to `data/`; the tests run them under Ranvier and compare, without Brian.
"""

import functools
import gc
import hashlib
import importlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy

DATA = Path(__file__).parent / "data"
CASE_FILES = (
    "integrators",
    "noise",
    "refractoriness",
    "expressions",
    "schedules",
    "states",
    "neurons",
    "errors",
    "synapses_connect",
    "synapses_events",
    "synapses_models",
    "synapses_language",
    "plasticity",
    "traces",
    "synapses_breadth",
    "random",
)
SEEDS = tuple(range(1, 11))
"""The seeds that Brian's outcome of a stochastic case is recorded for."""

STANDARD_DEVIATIONS = 7.0
"""How far a stochastic outcome may lie from the mean over Brian's seeds: with ten seeds (Student's t with nine degrees
of freedom) one number in twenty thousand lies farther away by chance."""


@dataclass(frozen=True)
class Case:
    """One script, and how closely its outcome has to be met.

    Attributes:
        name: unique in its file.
        script: the script's text; it calls `keep`.
        stochastic: the script keeps statistics of random results; they are recorded for `SEEDS`.
        long: takes more than a moment.
        rtol: relative tolerance of floating point results, per array element.
        any_error: the class of the exception that Brian raises is an accident.
        early: the exception may come before the run, and then unwrapped.
    """

    name: str
    script: str
    stochastic: bool = False
    long: bool = False
    rtol: float = 1e-9
    any_error: bool = False
    early: bool = False

    @property
    def digest(self) -> str:
        """Tells whether the record belongs to this text."""
        return hashlib.sha256(self.script.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Outcome:
    """What a script kept, or the classes of what it raised."""

    arrays: dict[str, numpy.ndarray] = field(default_factory=dict)
    raised: tuple[str, ...] = ()
    text: str = ""


@functools.cache
def star_import(module: str) -> dict[str, Any]:
    """Return the names that `from module import *` brings, once per process."""
    names: dict[str, Any] = {}
    exec(f"from {module} import *", names)
    if module == "brian2":
        names["prefs"].codegen.target = "numpy"
        names["BrianLogger"].log_level_error()
    gc.collect()
    gc.freeze()  # so that the collection after each case looks at the case's objects only
    return names


def run_case(case: Case, module: str, seed: int = 1) -> Outcome:
    """Run one script with the names of `module` and return what it kept or raised."""
    kept: dict[str, numpy.ndarray] = {}
    names = dict(star_import(module))
    names.update(__name__="case", keep=functools.partial(_keep, kept))
    names["start_scope"]()
    names["defaultclock"].dt = 1e-4 * names["second"]
    if case.stochastic:
        names["seed"](seed)
    outcome = _execute(case, names, kept)
    _forget(names)
    return outcome


def _execute(case: Case, names: dict[str, Any], kept: dict[str, numpy.ndarray]) -> Outcome:
    try:
        exec(compile(case.script, f"<{case.name}>", "exec"), names)
    except Exception as error:
        return Outcome(raised=visible_classes(error), text=describe(error))
    return Outcome(kept)


def _keep(kept: dict[str, numpy.ndarray], /, **things: Any) -> None:
    for name, thing in things.items():
        if hasattr(thing, "spike_trains") or type(thing).__name__ == "EventMonitor":
            kept[name + "_i"], kept[name + "_t"] = numpy.array(thing.i[:]), numpy.array(thing.t[:])
        else:
            kept[name] = numpy.array(thing)


def _forget(names: dict[str, Any]) -> None:
    """Free the names of a script's objects, which take part in the order of execution, and what it stored."""
    prefs, network = names["prefs"], names["magic_network"]
    if hasattr(network, "forget"):  # of Brian's, each process has a new one
        network.forget()
    prefs["legacy.refractory_timing"] = False
    prefs["core.default_float_dtype"] = numpy.float64
    names.clear()
    gc.collect()


def visible_classes(error: BaseException) -> tuple[str, ...]:
    """Return the classes a script can tell apart: that of the error and, if Brian wrapped it, that of its cause."""
    first = type(error).__name__
    if first == "BrianObjectException" and error.__cause__ is not None:
        return (first, type(error.__cause__).__name__)
    return (first,)


def describe(error: BaseException | None) -> str:
    """Return the messages along the chain of an error."""
    lines = []
    while error is not None:
        lines.append(f"{type(error).__name__}: {error}")
        error = error.__cause__ or error.__context__
    return "\n".join(lines)


def raises_alike(case: Case, outcome: Outcome, record: "Record", lineage: Callable[[str], set[str]]) -> bool:
    """Tell whether each class of the record is met by the class, or an ancestor of the class, that was raised."""
    if case.any_error and record.raised:
        return bool(outcome.raised)
    wanted = record.raised
    if case.early and len(outcome.raised) == 1:
        wanted = wanted[-1:]
    pairs = zip(outcome.raised, wanted, strict=False)
    return len(outcome.raised) == len(wanted) and all(want in lineage(got) for got, want in pairs)


def differences(case: Case, ours: Outcome, record: "Record") -> Iterator[str]:
    """Yield a line for each kept array that does not agree with the record."""
    if set(ours.arrays) != set(record.arrays):
        yield f"kept {sorted(ours.arrays)}, Brian {sorted(record.arrays)}"
        return
    for name, theirs in record.arrays.items():
        compare = _statistics if case.stochastic else _values
        line = compare(ours.arrays[name], theirs, case.rtol)
        if line:
            yield f"{name}: {line}"


def _values(ours: numpy.ndarray, theirs: numpy.ndarray, rtol: float) -> str:
    if ours.shape != theirs.shape:
        return f"shape {ours.shape}, Brian {theirs.shape}"
    if ours.dtype.kind != theirs.dtype.kind:
        return f"numbers of kind {ours.dtype}, Brian {theirs.dtype}"
    if theirs.dtype.kind != "f":
        return "" if numpy.array_equal(ours, theirs) else f"{ours}, Brian {theirs}"
    scale = numpy.max(numpy.abs(theirs[numpy.isfinite(theirs)]), initial=0.0)
    same = numpy.isclose(ours, theirs, rtol=rtol, atol=1e-3 * rtol * scale, equal_nan=True)
    if same.all():
        return ""
    where = numpy.argwhere(~same)[0]
    got, want = ours[tuple(where)], theirs[tuple(where)]
    return f"{(~same).sum()} of {same.size} differ, first at {where}: {got!r}, Brian {want!r}"


def _statistics(ours: numpy.ndarray, theirs: numpy.ndarray, rtol: float) -> str:
    if ours.shape != theirs.shape[1:]:
        return f"shape {ours.shape}, Brian {theirs.shape[1:]}"
    mean, deviation = theirs.mean(axis=0), theirs.std(axis=0, ddof=1)
    allowed = STANDARD_DEVIATIONS * deviation * numpy.sqrt(1 + 1 / len(theirs)) + rtol * numpy.abs(mean)
    if (numpy.abs(ours - mean) <= allowed).all():
        return ""
    return f"{ours}, Brian {mean} with standard deviation {deviation}"


@dataclass(frozen=True)
class Record:
    """A recorded outcome; the arrays of a stochastic case have the seeds as their first axis."""

    digest: str
    raised: tuple[str, ...]
    arrays: dict[str, numpy.ndarray]


def load_cases(stem: str) -> tuple[Case, ...]:
    """Return the cases of `cases_<stem>.py`."""
    return importlib.import_module(f"brian.cases_{stem}").CASES


@functools.cache
def load_records(stem: str) -> dict[str, Record]:
    """Return the recorded outcomes of `cases_<stem>.py` by the cases' names."""
    about = json.loads((DATA / f"{stem}.json").read_text())
    with numpy.load(DATA / f"{stem}.npz") as arrays:
        stored = {key: arrays[key] for key in arrays.files}
    records = {}
    for name, entry in about.items():
        mine = {key: stored[f"{name}/{key}"] for key in entry["kept"]}
        records[name] = Record(entry["digest"], tuple(entry["raised"]), mine)
    return records


def save_records(stem: str, records: dict[str, Record]) -> None:
    """Write the recorded outcomes of `cases_<stem>.py`."""
    about = {
        name: {"digest": record.digest, "raised": record.raised, "kept": sorted(record.arrays)}
        for name, record in records.items()
    }
    arrays = {f"{name}/{key}": array for name, record in records.items() for key, array in record.arrays.items()}
    DATA.mkdir(exist_ok=True)
    (DATA / f"{stem}.json").write_text(json.dumps(about, indent=0) + "\n")
    numpy.savez_compressed(DATA / f"{stem}.npz", **arrays)
