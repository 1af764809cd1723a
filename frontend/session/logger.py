"""Messages to the user: warnings and remarks with a name, by which they can be switched off.

They go to stderr and, with more detail, to a file in the temporary directory (see `ranvier.session.log_file`).
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from traceback import walk_tb
from types import TracebackType
from typing import ClassVar

from ranvier.public import public, public_in
from ranvier.session.log_file import LogFile, format_error
from ranvier.session.namespaces import is_ours
from ranvier.session.preferences import prefs

DIAGNOSTIC, DEBUG, INFO, WARNING, ERROR, CRITICAL = 5, 10, 20, 30, 40, 50

LEVEL_NAMES = {
    DIAGNOSTIC: "DIAGNOSTIC",
    DEBUG: "DEBUG",
    INFO: "INFO",
    WARNING: "WARNING",
    ERROR: "ERROR",
    CRITICAL: "CRITICAL",
}
LEVELS = {name: level for level, name in LEVEL_NAMES.items()}
LOG_LEVELS = LEVELS
"""Brian's name of the table."""

CatchList = list[tuple[str, str, str]]

Hook = Callable[[type[BaseException], BaseException, TracebackType | None], object]
"""What Python calls for an error that ends the script."""


class _Filter:
    """Messages that are not shown."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.hierarchies: set[str] = set()

    def hides(self, name: str) -> bool:
        if name.rpartition(".")[2] in self.names:
            return True
        return any(name == part or name.startswith(part + ".") for part in self.hierarchies)


class _State:
    """What is shown where."""

    level: ClassVar[int | None] = None  # None: the preference
    console: ClassVar[_Filter] = _Filter()
    file: ClassVar[_Filter] = _Filter()
    shown_once: ClassVar[set[tuple[str, str]]] = set()
    catchers: ClassVar[list[tuple[int, tuple[str, ...], CatchList]]] = []
    log_file: ClassVar[LogFile] = LogFile()
    previous_hook: ClassVar[Hook | None] = None  # None: nobody has asked for a source of messages yet


class _Handler(logging.Handler):
    """Where messages go, as scripts that know Brian's handlers see it; messages do not pass through it."""

    def emit(self, record: logging.LogRecord) -> None:
        """Does nothing: `BrianLogger` writes the messages itself."""


class _ConsoleHandler(_Handler):
    """What is shown."""

    def setLevel(self, level: int | str) -> None:  # noqa: N802
        """Says which messages are shown: those of a level and more important ones."""
        super().setLevel(level)
        _State.level = self.level


class _FileHandler(_Handler):
    """The file of messages."""

    def setLevel(self, level: int | str) -> None:  # noqa: N802
        """Says which messages go to the file: those of a level and more important ones."""
        super().setLevel(level)
        prefs["logging.file_log_level"] = LEVEL_NAMES[max(k for k in LEVEL_NAMES if k <= max(self.level, DIAGNOSTIC))]


@public
class BrianLogger:
    """A source of messages, named after the part of the package it belongs to.

    Args:
        name: The topic, e.g. "ranvier.stateupdaters.base"; it and an optional suffix are the name of a message.

    Attributes:
        tmp_log: The file of messages; None as long as there are none.
        tmp_script: The copy of the script after an error that ended it, else None.
        initialized: Accepted for compatibility: messages are shown from the start.
        exception_occured: Whether an error has ended the script.
        console_handler: Its `setLevel` says which messages are shown.
        file_handler: Its `setLevel` says which messages go to the file.
    """

    tmp_log: ClassVar[str | None] = None
    tmp_script: ClassVar[str | None] = None
    initialized: ClassVar[bool] = True
    exception_occured: ClassVar[bool] = False
    console_handler: ClassVar[logging.Handler] = _ConsoleHandler(INFO)
    file_handler: ClassVar[logging.Handler] = _FileHandler(DEBUG)

    def __init__(self, name: str = "ranvier") -> None:
        self.name = name
        _listen()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    def diagnostic(self, msg: str, name_suffix: str | None = None, once: bool = False) -> None:
        """Says something that only helps to find errors in the package."""
        self._say(DIAGNOSTIC, msg, name_suffix, once)

    def debug(self, msg: str, name_suffix: str | None = None, once: bool = False) -> None:
        """Says something for experts."""
        self._say(DEBUG, msg, name_suffix, once)

    def info(self, msg: str, name_suffix: str | None = None, once: bool | str = False) -> None:
        """Says something that is good to know."""
        self._say(INFO, msg, name_suffix, once)

    def warn(self, msg: str, name_suffix: str | None = None, once: bool | str = False) -> None:
        """Says something that probably is a mistake.

        Args:
            msg: The text.
            name_suffix: Last part of the message's name.
            once: Whether to say it only once; a text says of which messages only the first is shown.
        """
        self._say(WARNING, msg, name_suffix, once)

    warning = warn

    def error(self, msg: str, name_suffix: str | None = None, once: bool = False) -> None:
        """Says that something went wrong."""
        self._say(ERROR, msg, name_suffix, once)

    def remark_in_passing(self, message: str, name_suffix: str | None = None) -> None:
        """Warns, unless a script is catching messages.

        For warnings that garbage collection causes: they come at any time, and a script that catches messages at that
        moment is waiting for others.
        """
        if not _State.catchers:
            self._say(WARNING, message, name_suffix, once=False)

    def _say(self, level: int, message: str, name_suffix: str | None, once: bool | str) -> None:
        name = f"{self.name}.{name_suffix}" if name_suffix else self.name
        if once:
            key = (name, message if once is True else once)
            if key in _State.shown_once:
                return
            _State.shown_once.add(key)
        if _State.catchers:
            threshold, sources, caught = _State.catchers[-1]
            if any(name == source or name.startswith(source + ".") for source in sources):
                if level >= threshold:
                    caught.append((LEVEL_NAMES[level], name, message))
                return
        _write(level, name, message)
        if level >= _console_level() and not _State.console.hides(name) and sys.stderr is not None:  # pyright: ignore
            print(f"{LEVEL_NAMES[level]:<10} {message} [{name}]", file=sys.stderr)

    # ------------------------------------------------------------------ what is shown

    @staticmethod
    def initialize() -> None:
        """Goes back to the level of the preference `logging.console_log_level`; messages are shown from the start."""
        _State.level = None

    @staticmethod
    def log_level_diagnostic() -> None:
        """Shows all messages."""
        BrianLogger.console_handler.setLevel(DIAGNOSTIC)

    @staticmethod
    def log_level_debug() -> None:
        """Shows messages for experts, too."""
        BrianLogger.console_handler.setLevel(DEBUG)

    @staticmethod
    def log_level_info() -> None:
        """Shows remarks, warnings and errors (the default)."""
        BrianLogger.console_handler.setLevel(INFO)

    @staticmethod
    def log_level_warn() -> None:
        """Shows warnings and errors only."""
        BrianLogger.console_handler.setLevel(WARNING)

    @staticmethod
    def log_level_error() -> None:
        """Shows errors only."""
        BrianLogger.console_handler.setLevel(ERROR)

    @staticmethod
    def suppress_hierarchy(name: str, filter_log_file: bool = False) -> None:
        """Silences all messages of a part of the package.

        Args:
            name: The part, e.g. "ranvier.stateupdaters"; "brian2" stands for "ranvier".
            filter_log_file: Whether to leave them out of the file of messages, too.
        """
        for part in {name, _here(name)}:  # a script's own messages may begin with "brian2"
            _State.console.hierarchies.add(part)
            if filter_log_file:
                _State.file.hierarchies.add(part)

    @staticmethod
    def suppress_name(name: str, filter_log_file: bool = False) -> None:
        """Silences all messages whose name ends with `name`, e.g. "method_choice".

        Args:
            name: The last part of the message's name.
            filter_log_file: Whether to leave them out of the file of messages, too.
        """
        _State.console.names.add(name)
        if filter_log_file:
            _State.file.names.add(name)


def _here(name: str) -> str:
    """Returns the name that a part of Brian has here."""
    head, dot, rest = name.partition(".")
    return f"ranvier{dot}{rest}" if head == "brian2" else name


def _console_level() -> int:
    return LEVELS[prefs["logging.console_log_level"].upper()] if _State.level is None else _State.level


def _write(level: int, name: str, message: str) -> None:
    """Appends a message to the file of messages, if it is to go there."""
    if not prefs["logging.file_log"] or level < LEVELS[prefs["logging.file_log_level"].upper()]:
        return
    if not _State.file.hides(name):
        _State.log_file.keep = _State.log_file.keep or not prefs["logging.delete_log_on_exit"]
        _State.log_file.write(LEVEL_NAMES[level], name, message, prefs["logging.file_log_max_size"])
        BrianLogger.tmp_log = None if _State.log_file.path is None else str(_State.log_file.path)


@public
def get_logger(module_name: str = "ranvier") -> BrianLogger:
    """Returns the source of messages of a part of the package; a single word becomes a part of `ranvier`."""
    inside = module_name == "ranvier" or "." in module_name
    return BrianLogger(module_name if inside else f"ranvier.{module_name}")


@public_in("ranvier.utils.logger")
@contextmanager
def catch_logs(
    log_level: int = WARNING, only_from: Sequence[str] = ("ranvier", "brian2")
) -> Generator[CatchList, None, None]:
    """Collects messages instead of showing them: a list of (level, name, text).

    Args:
        log_level: The least important level to collect, e.g. `logging.INFO`; less important messages are dropped.
        only_from: The parts of packages whose messages are collected; others are shown as usual. "brian2.x" stands for
            "ranvier.x", too.
    """
    caught: CatchList = []
    ours = tuple(_here(source) for source in only_from)
    sources = (*ours, *(source for source in only_from if source not in ours))
    _State.catchers.append((log_level, sources, caught))
    before = _State.shown_once
    _State.shown_once = set()
    try:
        yield caught
    finally:
        _State.shown_once = before
        _State.catchers.pop()


@public
@contextmanager
def std_silent(alwaysprint: bool = False) -> Generator[None, None, None]:
    """Hides what a block writes to stdout and stderr, also from native code; it is shown if the block fails.

    Args:
        alwaysprint: Hide nothing.
    """
    if alwaysprint or not prefs["logging.std_redirection"]:
        yield
        return
    import tempfile

    with tempfile.TemporaryFile() as hidden:
        _flush()
        saved = os.dup(1), os.dup(2)
        os.dup2(hidden.fileno(), 1)
        os.dup2(hidden.fileno(), 2)
        failed = True
        try:
            # Python's own streams need not be those of the process: in a notebook they are not
            with open(os.dup(hidden.fileno()), "w") as text, redirect_stdout(text), redirect_stderr(text):
                yield
            failed = False
        finally:
            _flush()
            for number, original in zip((1, 2), saved, strict=True):
                os.dup2(original, number)
                os.close(original)
            if failed:
                hidden.seek(0)
                print(hidden.read().decode(errors="replace"), file=sys.stderr, end="")


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # pyright: ignore[reportUnnecessaryComparison]
            stream.flush()


class _Bridge(logging.Handler):
    """Takes the messages of parts of the package that know of Python's own logging only."""

    def emit(self, record: logging.LogRecord) -> None:
        """Shows a message like the others; once, if its record says so (`extra={"once": True}`)."""
        level = max((known for known in LEVEL_NAMES if known <= record.levelno), default=DIAGNOSTIC)
        once = bool(getattr(record, "once", False))
        BrianLogger(record.name)._say(level, record.getMessage(), None, once)  # pyright: ignore[reportPrivateUsage]


def _report_error(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Shows an error that ends the script, and keeps the file of messages and a copy of the script."""
    (_State.previous_hook or sys.__excepthook__)(kind, error, trace)
    if not issubclass(kind, Exception) or not _is_met_in_package(error):
        return
    BrianLogger.exception_occured = True
    _write(ERROR, "ranvier", f"The script ended with an error.\n{format_error(kind, error, trace)}")
    if _State.log_file.path is None:
        return
    _State.log_file.keep = True
    text = f"A file with all messages is kept in {_State.log_file.path}"
    if prefs["logging.save_script"]:
        _State.log_file.save_script()
        if _State.log_file.script is not None:
            BrianLogger.tmp_script = str(_State.log_file.script)
            text += f", a copy of the script in {BrianLogger.tmp_script}"
    if prefs["logging.display_brian_error_message"]:
        print(f"{text}.", file=sys.stderr)


def _is_met_in_package(error: BaseException) -> bool:
    """Tells whether an error came through our code: the script's own mistakes need no file of messages."""
    frames = [frame for frame, _ in walk_tb(error.__traceback__)]
    if any(is_ours(frame) for frame in frames):
        return True
    cause = error.__cause__ or error.__context__
    return cause is not None and _is_met_in_package(cause)


def _listen() -> None:
    """Begins, with the first source of messages, to show those of Python's logging and to report errors at the end."""
    if _State.previous_hook is None:
        _State.previous_hook = sys.excepthook
        sys.excepthook = _report_error
        logging.getLogger("ranvier").addHandler(_Bridge())
