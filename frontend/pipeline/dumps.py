"""Dumps: every stage of every program of a script in a directory, and what ranvier reads back of them.

The files of a program are `NNN-KEY-STAGE.ending`: a number that counts the runs, the key of the plan and its pipeline,
and the stage. `NNN-KEY-inputs.npz` has the inputs of that run by their labels. The first line of a stage that can be
run says how, and what the text was, so that an edited file is known as such.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ranvier.codegen.options import FastMath
from ranvier.ir.inputs import labels_of
from ranvier.pipeline.options import Options
from ranvier.plan.step_kinds import PropagateStep
from ranvier.session.logger import get_logger

if TYPE_CHECKING:
    import numpy.typing as npt

    from ranvier.plan.plan import Plan

DUMP_VARIABLE = "RANVIER_DUMP"
"""Environment variable: a directory into which every stage of every program is written."""

RUNNABLE: Mapping[str, str] = {"snn": "//", "optimised": "//", "loops": "//", "llvm": ";"}
"""The stages that can be run from text, and edited; what their comments begin with."""

MOST_BYTES = 2**31
"""The most bytes of inputs that are written for a run."""

_MARK = "ranvier-dump"
_logger = get_logger("ranvier.devices")


class Program(Protocol):
    """A program whose stages are written."""

    @property
    def plan(self) -> Plan:
        """The plan."""
        ...

    @property
    def options(self) -> Options:
        """How it is compiled."""
        ...

    @property
    def threads(self) -> str:
        """How many threads a run has, and why; "" if that was not decided."""
        ...

    def as_text(self, stage: str) -> str:
        """Returns a stage as text."""
        ...


def dump_key(plan: Plan, options: Options) -> str:
    """Returns the name of a program in dumps: 16 digits for its plan, pipeline and code options, on any machine."""
    text = f"{plan.key} {options.key} {options.target} {options.code}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


SIZES = ("row_log2", "sparsity_log2", "degree_log2", "interval_log2")
"""Facts of a pathway (`ranvier.objects.connections.row_facts`) by which passes choose, and on which no program relies:
random connections may have others the next time."""


def alike_key(plan: Plan, options: Options) -> str:
    """Returns the name that a program has in common with those of networks with a few synapses more or less."""
    steps = tuple(
        replace(step, facts=tuple(fact for fact in step.facts if fact[0] not in SIZES))
        if isinstance(step, PropagateStep)
        else step
        for step in plan.steps
    )
    return dump_key(replace(plan, steps=steps), options)


# ---- the first line of a file


@dataclass(frozen=True)
class Heading:
    """What the first line of a dumped stage says.

    Attributes:
        stage: The stage.
        key: The name of the program, see `dump_key`.
        digest: Of the rest of the text, when it was written.
        passes: The passes that follow, as text.
        fast_math: See `ranvier.codegen.CodegenOptions`.
        optimise: See `ranvier.codegen.CodegenOptions`.
        alike: See `alike_key`; "" in dumps of earlier versions.
    """

    stage: str
    key: str
    digest: str
    passes: str
    fast_math: FastMath
    optimise: int
    alike: str = ""

    def fits(self, text: str) -> bool:
        """Tells whether the text below the heading is as it was written."""
        return self.digest == _digest(_body(text))


def written_stage(plan: Plan, options: Options, stage: str, text: str, name: str, *, has_inputs: bool = True) -> str:
    """Returns the text of a stage as it is written to a file: one that can be run says how.

    Args:
        plan: The plan of the program.
        options: How it is compiled.
        stage: The stage.
        text: Its text.
        name: The name of the file without stage and ending.
        has_inputs: Whether a file with the inputs of a run stands beside it.
    """
    mark = RUNNABLE.get(stage)
    if mark is None:
        return text
    heading = Heading(
        stage,
        dump_key(plan, options),
        _digest(text),
        {"snn": options.passes, "optimised": options.passes_on_loops}.get(stage, ""),
        options.codegen.fast_math,
        options.codegen.optimise,
        alike_key(plan, options),
    )
    ending = "ll" if stage == "llvm" else "mlir"
    inputs = f"--inputs {name}-inputs.npz" if has_inputs else "--set LABEL=VALUE ... (--list-inputs names them)"
    how = f"{mark} ranvier run {name}-{stage}.{ending} {inputs}"
    return f"{mark} {_MARK} {json.dumps(vars(heading))}\n{how}\n{text}"


def heading_of(text: str) -> Heading | None:
    """Returns what the first line of a text says, None if it is no dump."""
    found = re.match(rf"(?://|;) {_MARK} (\{{.*\}})\n", text)
    if found is None:
        return None
    try:
        return Heading(**json.loads(found[1]))
    except (ValueError, TypeError):
        return None


def _body(text: str) -> str:
    return text.split("\n", 2)[-1]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


# ---- writing

_written: dict[tuple[str, str], int] = {}
"""Directory and key of the programs whose stages this process has written, and the number of the last run."""


def write_dump(
    program: Program, rows: Sequence[tuple[str, str]], directory: Path, values: Sequence[Any] | None = None
) -> None:
    """Writes the stages of a program, up to the one that cannot be made, and the inputs of a run.

    Stages that this process has written are not written again.

    Args:
        program: The program.
        rows: The stages, and the endings of their files.
        directory: Where; it is made if it does not exist.
        values: What the inputs of the plan stand for, None if that is not known.

    Raises:
        OSError: A file cannot be written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _not_writable(directory, error) from error
    key = dump_key(program.plan, program.options)
    here = (str(directory.resolve()), key)
    is_new = here not in _written or not _is_there(directory, _written[here], key)
    if not is_new and values is None:
        return
    number = _next_number(directory)
    name = f"{number:03d}-{key}"
    if values is not None:
        _write_inputs(directory / f"{name}-inputs.npz", program.plan, values)
    if not is_new:
        return
    _written[here] = number
    if program.threads:
        _write(directory / f"{name}-threads.txt", f"{program.threads}\n")
    has_inputs = (directory / f"{name}-inputs.npz").exists()
    for stage, ending in rows:
        text = program.as_text(stage)
        text = written_stage(program.plan, program.options, stage, text, name, has_inputs=has_inputs)
        _write(directory / f"{name}-{stage}.{ending}", text)


def _is_there(directory: Path, number: int, key: str) -> bool:
    return (directory / f"{number:03d}-{key}-plan.txt").exists()


def _next_number(directory: Path) -> int:
    numbers = (name.partition("-")[0] for name in os.listdir(directory))
    return 1 + max((int(each) for each in numbers if each.isdecimal()), default=0)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise _not_writable(path, error) from error


def _not_writable(path: Path, error: OSError) -> OSError:
    reason = f"{error.strerror or error}: the environment variable {DUMP_VARIABLE} names a directory to write stages to"
    return type(error)(error.errno, f"{reason}, change or unset it", str(path))


# ---- inputs


def packed_inputs(plan: Plan, values: Sequence[Any], *, has_end: bool = True) -> dict[str, npt.NDArray[Any]]:
    """Returns copies of the inputs of a run by their labels, as `TextProgram.start` takes them.

    Numbers and arrays are what they are; events the elements that have one now; of a clock the length of a step, the
    number of the next step and that of the step at which the run ends. Nothing is made that was not there.

    Args:
        plan: The plan.
        values: What its inputs stand for.
        has_end: Whether the clocks know where the run ends.
    """
    import numpy as np

    found: dict[str, npt.NDArray[Any]] = {}
    labels = labels_of([entry.label for entry in plan.inputs])
    for entry, label, value in zip(plan.inputs, labels, values, strict=False):
        match entry.kind:
            case "param":
                found[label] = np.asarray(value)
            case "state":
                found[label] = value.take(slice(None))
            case "events":
                found[label] = value.indices[: int(value.count[0])].copy()
            case "clock":
                step = float(value.dt_) if entry.times < 0 else np.inf
                numbers = value.control if has_end else value.control[:1]
                found[label] = np.array([step, *map(int, numbers)], dtype=np.float64)
            case _:
                pass
    return found


def _size_of(plan: Plan, values: Sequence[Any]) -> int:
    """Returns the bytes of the arrays among the inputs of a run."""
    pairs = zip(plan.inputs, values, strict=False)
    return sum(int(value.size) * value.dtype.itemsize for entry, value in pairs if entry.kind == "state")


def write_inputs(path: Path, inputs: Mapping[str, npt.NDArray[Any]]) -> None:
    """Writes arrays as `numpy.savez` does, under whatever names, and never as Python objects.

    Raises:
        OSError: The file cannot be written.
    """
    import zipfile

    import numpy as np

    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for label, array in inputs.items():
            with archive.open(f"{label}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array, allow_pickle=False)


def _write_inputs(path: Path, plan: Plan, values: Sequence[Any]) -> None:
    size = _size_of(plan, values)
    if size > MOST_BYTES:
        _logger.warn(
            f"The inputs of the run are {size / 1e9:.1f} GB: {DUMP_VARIABLE} does not write {path}, so that its stages "
            "cannot be run again. A smaller network can.",
            "dump_too_large",
        )
        return
    try:
        write_inputs(path, packed_inputs(plan, values))
    except OSError as error:
        raise _not_writable(path, error) from error


def read_inputs(path: str | Path) -> dict[str, npt.NDArray[Any]]:
    """Returns the arrays in a file that `numpy.savez` wrote, by their names.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is no such file, or has Python objects, which are never loaded.
    """
    import numpy as np

    with open(path, "rb") as data:
        try:
            with np.load(data, allow_pickle=False) as file:
                if not isinstance(file, np.lib.npyio.NpzFile):
                    raise ValueError("it holds one array, not several with names")
                return {name: file[name] for name in file.files}
        except Exception as error:  # zip files, compression and headers of arrays have a dozen kinds
            reason = str(error) or type(error).__name__
            raise ValueError(f"{path} is no file of arrays with names (numpy.savez), or is damaged: {reason}") from None
