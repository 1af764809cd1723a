"""The device of scripts that have a C++ program made: their runs may wait, and be done again with other values."""

from __future__ import annotations

import atexit
import contextlib
import shutil
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ranvier.equations.source import one_of
from ranvier.objects.networks.device import Device, logger
from ranvier.objects.networks.program import BUILT, RecordedProgram
from ranvier.public import public_in
from ranvier.session.standalone import Standalone

if TYPE_CHECKING:
    from ranvier.objects.networks.recordable import Recordable
    from ranvier.objects.networks.running import RunCall

RUN_OPTIONS = {"directory", "results_directory", "run", "run_args"}
"""What `build` makes use of."""

MEANINGLESS = {"compile", "debug", "clean", "with_output", "additional_source_files", "direct_call"}
"""What `build` takes from Brian's scripts, and what speaks of a C++ program."""


@public_in("ranvier.devices.cpp_standalone.device")
class CPPStandaloneDevice(Device):
    """The device that scripts choose for a C++ program: here every model is compiled, and runs in this process.

    Attributes:
        results_dir: Where the last run has written its values; None if it has not.
    """

    def __init__(self, name: str = "cpp_standalone") -> None:
        super().__init__(name)
        self.results_dir: str | None = None
        self._program = RecordedProgram(waits=False)
        self._temporary: str | None = None
        self._written: list[Path] = []
        self._forget_times()

    @property
    def program(self) -> RecordedProgram:
        """What the script has asked for."""
        return self._program

    @property
    def project_dir(self) -> str | None:
        """The directory that the script has named, to which names of results are relative; None: a temporary one.

        It exists when it is asked for after `build`, or after a run that built at once: scripts put files of their own
        beside the program there.
        """
        directory = self._named_directory()
        if directory is not None and (self._program.is_built or (self.build_on_run and self.has_been_run)):
            Path(directory).mkdir(parents=True, exist_ok=True)
        return directory

    def _named_directory(self) -> str | None:
        directory = self.build_options.get("directory", "output")
        if directory is None and self._temporary is None:
            self._temporary = tempfile.mkdtemp(prefix="ranvier_")
            atexit.register(_remove_if_empty, Path(self._temporary))
        return self._temporary if directory is None else directory

    def activate(self, build_on_run: bool = True, **kwargs: object) -> None:
        """Begins to use the device, with a new program.

        Args:
            build_on_run: Whether `run` simulates at once; else runs wait for `build`.
            **kwargs: Arguments of `build`.
        """
        super().activate(build_on_run, **kwargs)
        self._say_meaningless(kwargs)
        self._begin_program()

    def reinit(self) -> None:
        """Forgets what was built; `activate` begins anew."""
        super().reinit()
        self._temporary = None
        self._written = []
        self._begin_program()
        self._forget_times()

    def _begin_program(self) -> None:
        is_current = Standalone.program is self._program
        self._program = RecordedProgram(waits=not self.build_on_run)
        if is_current:
            Standalone.program = self._program

    def _forget_times(self) -> None:
        self.timers = {"run_binary": None, "compile": {"clean": None, "make": None, "cmake": None}}

    def record_run(self, network: Recordable, call: RunCall) -> bool:
        """Takes note of a run before it begins; returns whether it waits for `build`."""
        waits = self._program.record_run(network, call)
        if not waits and self.build_options.get("run_args"):
            self._set_arguments(self.build_options["run_args"])
        return waits

    def note_run(self, seconds: float, fraction: float) -> None:
        """Remembers wall time and completed fraction of a run."""
        super().note_run(seconds, fraction)
        self.timers["run_binary"] = seconds
        if self.build_on_run and self.build_options.get("results_directory"):
            self._write_results(self.build_options["results_directory"])

    def build(
        self,
        directory: str | None = "output",
        results_directory: str | None = None,
        compile: bool = True,
        run: bool = True,
        run_args: object = None,
        **kwargs: object,
    ) -> None:
        """Does the runs that wait, or compiles them with `run=False`; without such runs, all has been done.

        Args:
            directory: The directory to which others are relative; nothing is written but results that are asked for.
            results_directory: Where the values are written after each run; None: nowhere.
            compile: Whether the runs are compiled now, rather than when they begin.
            run: Whether the runs are done.
            run_args: Values in place of those of the script; see `run`.
            **kwargs: What means something for a C++ program only.

        Raises:
            RuntimeError: If it was built before, without `reinit`.
            BrianObjectException: If an object cannot be run.
        """
        if self._program.is_built:
            raise RuntimeError(BUILT)
        self._say_meaningless(kwargs)
        self.build_options = {
            **self.build_options, "directory": directory, "results_directory": results_directory, **kwargs
        }  # fmt: skip
        self._program.is_built = True
        if compile and self._program.is_pending:
            began = time.perf_counter()
            self._program.compile()
            self.timers["compile"]["make"] = time.perf_counter() - began
        self._prepare_workers()
        if run and self._program.is_pending:
            self._play(results_directory, run_args)

    def run(
        self,
        directory: str | None = None,
        results_directory: str | None = None,
        with_output: bool = True,
        run_args: object = None,
    ) -> None:
        """Does all runs of the script again, from the state that it had set before the first one.

        Args:
            directory: The directory to which `results_directory` is relative; None: that of `build`.
            results_directory: Where the values are written after the run; None: where `build` said.
            with_output: Accepted: there is no output of a compiler.
            run_args: Values in place of those of the script: {view of a variable, or timed array: value}, or texts
                "group.variable=value".

        Raises:
            RuntimeError: If there is nothing to be run.
            TypeError, KeyError, ValueError, DimensionMismatchError: If `run_args` are wrong; nothing is run then.
        """
        if directory is not None:
            self.build_options["directory"] = directory
        self._program.is_built = True
        self._play(results_directory or self.build_options.get("results_directory"), run_args)

    def _play(self, results_directory: str | None, run_args: object) -> None:
        # what only scripts with run_args need is not loaded by others
        from ranvier.objects.networks.run_args import checked

        arguments = checked(run_args, self._program)
        kept = [(each, each.kept()) for each in arguments]

        def apply() -> None:
            for each in arguments:
                each.apply()

        try:
            self._program.play(apply)
        finally:
            for each, values in kept:
                each.put_back(values)
        self._last_run_time = self.timers["run_binary"] = self._program.wall_seconds
        if results_directory:
            self._write_results(results_directory, [each.name for each in arguments])

    def _set_arguments(self, run_args: object) -> None:
        from ranvier.objects.networks.run_args import checked

        for each in checked(run_args, self._program):
            each.apply()

    def _write_results(self, name: str, arguments: Iterable[str] = ()) -> None:
        # only scripts that ask for files write them
        from ranvier.objects.networks.result_files import write_results

        directory = Path(self._named_directory() or ".") / name
        facts: Mapping[str, object] = {
            "wall seconds": self._last_run_time,
            "completed": self._last_run_completed_fraction,
            "run_args": list(arguments),
        }
        self._written += write_results(directory, self._program.objects, facts)
        self.results_dir = str(directory)

    def _prepare_workers(self) -> None:
        # programs that are not built need no multiprocessing
        from ranvier.objects.networks.sending import send_by_name

        _ = self._named_directory()  # a temporary one is the same for all workers
        send_by_name([*self._program.networks, *self._program.objects.values()])

    def apply_run_args(self) -> None:
        """Says that `run_args` are set here: what the script sets from here on may depend on them.

        Raises:
            RuntimeError: If it was said before, or after the first run.
        """
        self._program.note_arguments()

    def delete(
        self, code: bool = True, data: bool = True, run_args: bool = True, directory: bool = True, force: bool = False
    ) -> None:
        """Removes the files that runs have written, and their directories if nothing else is in them."""
        if not data:
            return
        for path in self._written:
            path.unlink(missing_ok=True)
        for folder in sorted({path.parent for path in self._written}, reverse=True):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        self._written = []
        if directory and self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)
            self._temporary = None

    def _say_meaningless(self, options: Mapping[str, object]) -> None:
        known = sorted(MEANINGLESS & options.keys())
        if known:
            logger.info(
                f"There is no C++ program here: {', '.join(known)} {_has(known)} no effect.", "build", once=True
            )
        for name in sorted(options.keys() - MEANINGLESS - RUN_OPTIONS):
            hint = one_of([*RUN_OPTIONS, *MEANINGLESS], name)
            logger.warn(f"Devices have no option {name!r}; it is ignored.{hint}", "build_option", once=True)


def _remove_if_empty(directory: Path) -> None:
    with contextlib.suppress(OSError):
        directory.rmdir()


def _has(names: list[str]) -> str:
    return "has" if len(names) == 1 else "have"
