"""What each sweep of real runs costs: nanoseconds and bytes, beside the equations that it computes.

    with SweepProfile() as profile:
        network.run(1*second)
    print(profile)

`ranvier profile script.py` does it for a script. Sweeps are those of any run: ops that were fused stay so. Each costs
two looks at a clock more, tens of nanoseconds. Processes that are forked meanwhile by `multiprocessing`, those of
`Network.sweep(..., workers=4, form="processes")` above all, write what they have counted when they end.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import pickle
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing import util
from pathlib import Path
from types import TracebackType
from typing import Any

from ranvier.codegen import LoadedProgram
from ranvier.commands.arguments import BEHIND, script_last
from ranvier.pipeline.active_profiles import ACTIVE
from ranvier.pipeline.output_files import check_output
from ranvier.plan.plan import Plan
from ranvier.plan.texts import equation_texts

FIELDS = 3
"""Numbers of each sweep: ticks, calls, bytes; of the whole program: ticks, calls, nanoseconds."""

PLATFORMS = ("linux", "darwin")
"""Where programs can measure themselves."""


@dataclass(frozen=True)
class SweepCost:
    """What a sweep has cost.

    Attributes:
        name: The name of its function.
        objects: The objects whose work it does.
        equations: The lines that it computes: the name of a text, the number of the line, the line.
        calls: How often it ran.
        nanoseconds: All its time; of several threads, that of all together.
        bytes: What its loads and stores of arrays name; None for what is not counted.
    """

    name: str
    objects: tuple[str, ...]
    equations: tuple[tuple[str, int, str], ...]
    calls: int
    nanoseconds: float
    bytes: int | None

    @property
    def gigabytes_per_second(self) -> float | None:
        """Bytes by time."""
        return None if self.bytes is None or not self.nanoseconds else self.bytes / self.nanoseconds


@dataclass(frozen=True)
class ProgramCost:
    """What a program and its sweeps have cost.

    Attributes:
        key: The digest of its plan.
        nanoseconds: All the time in the program.
        sweeps: Its sweeps, in the order of a step.
        processes: In how many processes it ran; the numbers are those of all together.
    """

    key: str
    nanoseconds: float
    sweeps: tuple[SweepCost, ...]
    processes: int = 1

    @property
    def rest(self) -> float:
        """Nanoseconds outside of sweeps: the loop over steps, lists of spikes, what is computed once a step or run."""
        return self.nanoseconds - sum(sweep.nanoseconds for sweep in self.sweeps)

    def __str__(self) -> str:
        width = max((len(sweep.name) for sweep in self.sweeps), default=0)
        width = min(max(width, len("outside of sweeps")), 60)
        lines = [f"{'sweep':{width}} {'calls':>9} {'ns a call':>11} {'bytes a call':>13} {'GB/s':>7} {'share':>7}"]
        for sweep in self.sweeps:
            lines.append(self._row(sweep, width))
            lines += [f"    {file}:{number}: {text.strip()}" for file, number, text in sweep.equations]
        share = 100 * self.rest / max(self.nanoseconds, 1)
        lines.append(f"{'outside of sweeps':{width}} {'':>9} {'':>11} {'':>13} {'':>7} {share:6.1f}%")
        where = f", in {self.processes} processes" if self.processes > 1 else ""
        return "\n".join([*lines, f"{self.nanoseconds / 1e6:.3f} ms in all{where}"])

    def _row(self, sweep: SweepCost, width: int) -> str:
        name = sweep.name if len(sweep.name) <= width else f"{sweep.name[: width - 1]}…"
        calls, rate = max(sweep.calls, 1), sweep.gigabytes_per_second
        moved = "" if sweep.bytes is None else f"{sweep.bytes / calls:.0f}"
        share = 100 * sweep.nanoseconds / max(self.nanoseconds, 1)
        return (
            f"{name:{width}} {sweep.calls:9d} {sweep.nanoseconds / calls:11.1f} {moved:>13} "
            f"{'' if rate is None else f'{rate:.2f}':>7} {share:6.1f}%"
        )

    def as_dict(self) -> dict[str, Any]:
        """Returns all of it as plain data, for JSON."""
        return {
            "key": self.key,
            "nanoseconds": self.nanoseconds,
            "processes": self.processes,
            "sweeps": [
                {
                    "name": sweep.name,
                    "objects": list(sweep.objects),
                    "equations": [list(equation) for equation in sweep.equations],
                    "calls": sweep.calls,
                    "nanoseconds": sweep.nanoseconds,
                    "bytes": sweep.bytes,
                }
                for sweep in self.sweeps
            ],
        }


@dataclass
class _Measured:
    """A program that is being measured, and its numbers at the beginning."""

    program: LoadedProgram
    plan: Plan
    began: list[int]

    def counted(self) -> _Counted:
        spent = [after - before for before, after in zip(self.began, _numbers(self.program), strict=True)]
        return _Counted(self.plan.key, _sweeps(self.program), equation_texts(self.plan), spent)


@dataclass(frozen=True)
class _Counted:
    """What a program has counted in one process, or in several.

    Attributes:
        key: The digest of its plan.
        sweeps: What it says of its sweeps.
        texts: The texts of its equations, by name.
        spent: Its numbers, `FIELDS` for itself and for each sweep.
        processes: In how many processes.
    """

    key: str
    sweeps: list[dict[str, Any]]
    texts: dict[str, str]
    spent: list[int]
    processes: int = 1

    def cost(self) -> ProgramCost:
        ticks, _, nanoseconds = self.spent[:FIELDS]
        tick = nanoseconds / ticks if ticks else 0.0
        rows = zip(self.sweeps, range(FIELDS, len(self.spent), FIELDS), strict=True)
        sweeps = tuple(
            _sweep(sweep, self.spent[at : at + FIELDS], tick, self.texts) for sweep, at in rows if self.spent[at + 1]
        )
        return ProgramCost(self.key, float(nanoseconds), sweeps, self.processes)


@dataclass(eq=False)
class SweepProfile:
    """Measures the sweeps of the runs in a `with` block.

    Attributes:
        programs: What they have cost, after the block; programs that did not run are left out.
    """

    programs: tuple[ProgramCost, ...] = ()
    _measured: dict[int, _Measured] = field(default_factory=dict[int, _Measured])
    _directory: tempfile.TemporaryDirectory[str] | None = field(default=None, repr=False)

    def __enter__(self) -> SweepProfile:
        """Begins.

        Raises:
            NotImplementedError: Programs cannot measure themselves on this system.
        """
        if sys.platform not in PLATFORMS:
            raise NotImplementedError(f"Sweeps can be measured on Linux and macOS only, not on {sys.platform}.")
        self._measured.clear()
        self._directory = tempfile.TemporaryDirectory(prefix="ranvier-profile-")
        util.register_after_fork(self, SweepProfile._begin_in_child)
        ACTIVE.append(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends, and reads what has been measured, also what processes that were forked meanwhile have left."""
        ACTIVE.remove(self)
        here = [one.counted() for one in self._measured.values()]
        counted = [one for one in (*here, *self._left_by_children()) if one.spent[FIELDS - 1]]
        self.programs = tuple(one.cost() for one in _together(counted))
        self._measured.clear()

    def _begin_in_child(self) -> None:
        """Counts anew in a process that was forked while the profile was being taken, which leaves its numbers."""
        if not any(one is self for one in ACTIVE):
            return
        for one in self._measured.values():
            one.began = _numbers(one.program)
        util.Finalize(None, self._leave, exitpriority=1)

    def _leave(self) -> None:
        assert self._directory is not None
        found = [one.counted() for one in self._measured.values()]
        try:
            (Path(self._directory.name) / str(os.getpid())).write_bytes(pickle.dumps(found))
        except OSError:  # the profile has ended before this process
            pass

    def _left_by_children(self) -> list[_Counted]:
        assert self._directory is not None
        with self._directory as directory:
            files = sorted(Path(directory).iterdir())
            return [one for file in files for one in pickle.loads(file.read_bytes())]

    def add(self, program: LoadedProgram, plan: Plan) -> None:
        """Measures a program from now on."""
        if program.profile is not None and id(program) not in self._measured:
            self._measured[id(program)] = _Measured(program, plan, _numbers(program))

    def as_dict(self) -> dict[str, Any]:
        """Returns all of it as plain data, for JSON."""
        return {"programs": [program.as_dict() for program in self.programs]}

    def __str__(self) -> str:
        return "\n\n".join(map(str, self.programs)) or "No program ran."


def _together(counted: Iterable[_Counted]) -> list[_Counted]:
    """Returns the counts of each program once, those of several processes added up."""
    found: dict[str, _Counted] = {}
    for one in counted:
        name = f"{one.key} {json.dumps(one.sweeps)}"
        there = found.get(name)
        if there is not None:
            spent = [a + b for a, b in zip(there.spent, one.spent, strict=True)]
            one = replace(there, spent=spent, processes=there.processes + one.processes)
        found[name] = one
    return list(found.values())


def _sweep(sweep: dict[str, Any], spent: Sequence[int], tick: float, texts: dict[str, str]) -> SweepCost:
    ticks, calls, moved = spent
    lines = dict.fromkeys((file, line) for file, line, _ in sweep["places"])
    equations = tuple((file, line, _line(texts.get(file, ""), line)) for file, line in lines)
    counted = moved if sweep["counted"] else None
    return SweepCost(sweep["name"], tuple(sweep["objects"]), equations, calls, ticks * tick, counted)


def _line(text: str, number: int) -> str:
    lines = text.splitlines()
    return lines[number - 1] if 0 < number <= len(lines) else ""


def _sweeps(program: LoadedProgram) -> list[dict[str, Any]]:
    assert program.profile is not None
    found: list[dict[str, Any]] = json.loads(ctypes.string_at(program.profile[1]))
    return found


def _numbers(program: LoadedProgram) -> list[int]:
    assert program.profile is not None
    count = FIELDS * (len(_sweeps(program)) + 1)
    return list((ctypes.c_int64 * count).from_address(program.profile[0]))


def main(arguments: Sequence[str]) -> int:
    """Runs a script as `ranvier SCRIPT.py` does, and prints what its sweeps have cost; returns its exit code.

    Args:
        arguments: Perhaps `--json FILE`, then the script and its arguments.
    """
    from ranvier.brian import run_script  # for scripts only

    reader = parser()
    options = reader.parse_args(script_last(arguments, reader))
    try:
        check_output(options.json, "--json")
    except OSError as error:
        print(f"ranvier profile: {error}", file=sys.stderr)
        return 2
    profile = SweepProfile()
    try:
        with profile:
            return run_script.main([options.script, *options.arguments])
    finally:
        print(profile, file=sys.stderr)
        if options.json is not None:
            Path(options.json).write_text(json.dumps(profile.as_dict(), indent=1) + "\n", encoding="utf-8")


def parser() -> argparse.ArgumentParser:
    """Returns what reads the arguments of `ranvier profile`."""
    found = argparse.ArgumentParser(
        "ranvier profile", description="Runs a script and says what each sweep has cost.", epilog=BEHIND
    )
    found.add_argument("--json", metavar="FILE", help="write the numbers to a file, too")
    found.add_argument("script", metavar="SCRIPT.py")
    found.add_argument("arguments", nargs=argparse.REMAINDER, help="the arguments of the script")
    return found


__all__ = ["ProgramCost", "SweepCost", "SweepProfile", "main"]
