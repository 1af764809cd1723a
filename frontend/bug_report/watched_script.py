"""`python -m ranvier.bug_report.watched_script FOLDER SCRIPT ...`: runs a script for a report, and writes how it ended.

`ranvier bug-report` starts it as a process of its own. With `--guarded` it runs a script that was made shorter, and
refuses whatever would change files elsewhere. With `--serve` it does that for folder after folder that it reads from
standard input, each in a fork of itself.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import signal
import sys
import sysconfig
import tempfile
import traceback
import warnings
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn

from ranvier.brian.run_script import from_script, run_source
from ranvier.bug_report.guard import keep_files

if TYPE_CHECKING:
    from ranvier.plan.plan import Plan

MOST_PROGRAMS = 3
"""The programs whose stages are written: the last ones."""

SOURCE, OUTCOME, CRASH, STAGES = "script.py", "outcome.json", "crash.txt", "stages"
"""Names in the folder: the text that is run, how it ended, where a crash was, and the folder of the stages."""


def main(arguments: Sequence[str]) -> int:
    """Runs the script and returns 0; how it ended is in the folder.

    Args:
        arguments: `--guarded` or not, the folder, the script's place, and the script's arguments; or `--serve`, what is
            read as standard input, and the script's place and arguments.
    """
    if arguments[0] == "--serve":
        serve(arguments[1], arguments[2:])
        return 0
    guarded = arguments[0] == "--guarded"
    folder, *given = arguments[guarded:]
    run_watched(Path(folder), given, guarded)
    return 0


def run_watched(folder: Path, arguments: Sequence[str], guarded: bool) -> None:
    """Runs the script in a folder.

    Args:
        folder: The folder.
        arguments: The script's place, and its arguments.
        guarded: Whether it may change no files elsewhere.
    """
    with open(folder / CRASH, "w", encoding="utf-8") as crash:
        faulthandler.enable(crash)
        if hasattr(faulthandler, "register"):  # not on Windows
            faulthandler.register(signal.SIGUSR1, crash)  # somebody asks where it is
        Watched(folder, arguments, guarded).run()
        faulthandler.disable()


def serve(answers: str, arguments: Sequence[str]) -> None:
    """Runs scripts in forks of this process, and prints the number of each process, then its exit status.

    Args:
        answers: The file that they read as standard input.
        arguments: The place of the scripts, and their arguments.
    """
    asked = sys.stdin
    for name in json.loads(asked.readline()):
        with contextlib.suppress(Exception):  # a module that needs the script's folder, for instance
            import_module(name)
    for line in asked:
        process = os.fork()
        if not process:
            _run_in_fork(Path(line.strip()), answers, arguments)
        print(process, flush=True)
        _, status = os.waitpid(process, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _run_in_fork(folder: Path, answers: str, arguments: Sequence[str]) -> NoReturn:
    status = 1
    try:
        os.setsid()
        with open(folder / "output.txt", "wb") as output, open(answers, "rb") as given:
            for number, file in enumerate((given, output, output)):
                os.dup2(file.fileno(), number)
        tempfile.tempdir = str(folder / "tmp")
        run_watched(folder, arguments, guarded=True)
        status = 0
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        os._exit(status)


class Watched:
    """A script that is run while its programs are noted.

    Args:
        folder: Where its text is, and where the outcome goes.
        arguments: The script's place, and its arguments.
        guarded: Whether it may change no files elsewhere.
    """

    def __init__(self, folder: Path, arguments: Sequence[str], guarded: bool) -> None:
        self._folder = folder
        self._arguments = arguments
        self._guarded = guarded
        self._programs: list[tuple[Plan, Any, Mapping[str, tuple[str, int]]]] = []
        self._count = 0

    def run(self) -> None:
        """Runs the script, then writes how it ended, then the stages of its last programs."""
        source = (self._folder / SOURCE).read_bytes()
        self._prepare(source)
        found: dict[str, Any] = {"kind": "ended", "status": 0}
        try:
            run_source(source, self._arguments)
        except SystemExit as error:
            status = error.code if isinstance(error.code, int) else int(error.code is not None)
            found = {"kind": "status" if status else "ended", "status": status}
        except KeyboardInterrupt as error:
            found = {"kind": "late", "raised": self._raised(error)}
        except BaseException as error:  # whatever a script raises is what the report is about
            found = {"kind": "raised", "raised": self._raised(error)}
        found["preferences"] = {} if self._guarded else _changed_preferences()
        found["programs"] = self._count
        found["modules"] = _loaded_modules()
        (self._folder / OUTCOME).write_text(json.dumps(found), encoding="utf-8")
        if not self._guarded:
            self._write_stages()

    def _prepare(self, source: bytes) -> None:
        from ranvier.session.preferences import prefs  # the process begins with the file of a crash

        signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in the background does not hear it

        prefs["logging.full_tracebacks"] = True
        warnings.filterwarnings("ignore", message="FigureCanvasAgg is non-interactive")
        if b"matplotlib.use(" in source or b"switch_backend(" in source:
            _keep_windows_away()
        if self._guarded:
            sys.dont_write_bytecode = True
            keep_files(self._folder)
            return
        from ranvier.plan.listeners import LISTENERS  # shorter scripts need no stages

        LISTENERS.append(self._note)

    def _note(self, plan: Plan, arguments: Any, options: Any, places: Mapping[str, tuple[str, int]]) -> None:
        self._count += 1
        self._programs = [*self._programs, (plan, options, places)][-MOST_PROGRAMS:]
        folder = self._folder / STAGES
        folder.mkdir(exist_ok=True)
        # at once: a crash leaves no time later
        (folder / f"{self._count}-plan.txt").write_text(plan.as_text(), encoding="utf-8")

    def _write_stages(self) -> None:
        from ranvier.stages.road import TABLE, Lowered  # most of the compiler

        first = self._count - len(self._programs) + 1
        for number in range(1, first):
            (self._folder / STAGES / f"{number}-plan.txt").unlink(missing_ok=True)
        for number, (plan, options, places) in enumerate(self._programs, first):
            lowered = Lowered(plan, options, None, places)
            for stage in TABLE:
                path = self._folder / STAGES / f"{number}-{stage.name}.{stage.ending}"
                try:
                    path.write_text(lowered.as_text(stage.name), encoding="utf-8")
                except Exception as error:  # a stage that cannot be made may be the fault that is reported
                    text = "".join(traceback.format_exception(error))
                    path.with_suffix(".failed.txt").write_text(text, encoding="utf-8")
                    break

    def _raised(self, error: BaseException) -> dict[str, Any]:
        chain = [error]
        while (cause := chain[-1].__cause__) is not None and cause not in chain:
            chain.append(cause)
        shown = error.with_traceback(from_script(error.__traceback__))
        return {
            "types": [type(one).__name__ for one in chain],
            "messages": [str(one) for one in chain],
            "place": _place(chain[-1].__traceback__),
            "line": _line(error, os.path.abspath(self._arguments[0])),
            "traceback": "".join(traceback.format_exception(shown)),
        }


def _place(trace: TracebackType | None) -> str:
    """Returns file and function in which an error was raised, without numbers of lines."""
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    code = trace.tb_frame.f_code
    return f"{'/'.join(Path(code.co_filename).parts[-2:])}:{code.co_name}"


def _line(error: BaseException, script: str) -> int:
    if isinstance(error, SyntaxError) and error.filename == script:
        return error.lineno or 0
    lines = [line.lineno or 0 for line in traceback.extract_tb(error.__traceback__) if line.filename == script]
    return lines[-1] if lines else 0


def _changed_preferences() -> dict[str, str]:
    # only when the script has ended
    from ranvier.session.preference_table import PREFERENCES
    from ranvier.session.preferences import prefs

    defaults = {f"{part}.{name}": one.default for part, (_, own) in PREFERENCES.items() for name, one in own.items()}
    ours = "logging.full_tracebacks"
    return {
        name: repr(prefs[name])
        for name in prefs
        if name != ours and repr(prefs[name]) != repr(defaults.get(name, prefs[name]))
    }


def _loaded_modules() -> list[str]:
    """Returns the modules of installed packages that the script has loaded: not those of its own folder."""
    folders = tuple({os.path.dirname(os.path.dirname(module.__file__)) for module in (os, json) if module.__file__})
    paths = sysconfig.get_paths()
    installed = (
        *folders,
        paths["purelib"],
        paths["platlib"],
        os.path.dirname(os.path.dirname(os.path.realpath(__file__))),
    )
    files = {name: getattr(module, "__file__", None) or "" for name, module in list(sys.modules.items())}
    own = ("__main__", __name__)
    return [name for name, file in files.items() if file.startswith(installed) and name not in own]


def _keep_windows_away() -> None:
    """Lets a script ask matplotlib for windows in vain."""
    try:
        import matplotlib
        import matplotlib.pyplot as plt
    except ImportError:  # the script will say so
        return
    switch = plt.switch_backend

    def switch_to_none(*given: Any, **further: Any) -> None:
        switch("Agg")

    for module, name in ((matplotlib, "use"), (plt, "switch_backend")):
        setattr(module, name, switch_to_none)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
