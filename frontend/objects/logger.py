"""Messages to the user: warnings and remarks with a name, by which they can be switched off."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

DIAGNOSTIC, DEBUG, INFO, WARNING, ERROR = 5, 10, 20, 30, 40

LEVEL_NAMES = {DIAGNOSTIC: "DIAGNOSTIC", DEBUG: "DEBUG", INFO: "INFO", WARNING: "WARNING", ERROR: "ERROR"}

CatchList = list[tuple[str, str, str]]


class _State:
    """What is shown where."""

    level: ClassVar[int] = INFO
    suppressed_names: ClassVar[set[str]] = set()
    suppressed_hierarchies: ClassVar[set[str]] = set()
    shown_once: ClassVar[set[tuple[str, str]]] = set()
    catchers: ClassVar[list[tuple[int, CatchList]]] = []


class BrianLogger:
    """A source of messages, named after the part of the package it belongs to.

    Args:
        name: e.g. "ranvier.objects.stateupdater"; it and an optional suffix are the name of a message.
    """

    def __init__(self, name: str = "ranvier") -> None:
        self.name = name

    def diagnostic(self, message: str, name_suffix: str | None = None, once: bool = False) -> None:
        """Says something that only helps to find errors in the package."""
        self._say(DIAGNOSTIC, message, name_suffix, once)

    def debug(self, message: str, name_suffix: str | None = None, once: bool = False) -> None:
        """Says something for experts."""
        self._say(DEBUG, message, name_suffix, once)

    def info(self, message: str, name_suffix: str | None = None, once: bool = False) -> None:
        """Says something that is good to know."""
        self._say(INFO, message, name_suffix, once)

    def warn(self, message: str, name_suffix: str | None = None, once: bool = False) -> None:
        """Says something that probably is a mistake."""
        self._say(WARNING, message, name_suffix, once)

    warning = warn

    def error(self, message: str, name_suffix: str | None = None, once: bool = False) -> None:
        """Says that something went wrong."""
        self._say(ERROR, message, name_suffix, once)

    def _say(self, level: int, message: str, name_suffix: str | None, once: bool) -> None:
        name = f"{self.name}.{name_suffix}" if name_suffix else self.name
        if once:
            if (name, message) in _State.shown_once:
                return
            _State.shown_once.add((name, message))
        if name.rpartition(".")[2] in _State.suppressed_names:
            return
        if any(name == h or name.startswith(h + ".") for h in _State.suppressed_hierarchies):
            return
        if _State.catchers:
            threshold, caught = _State.catchers[-1]
            if level >= threshold:
                caught.append((LEVEL_NAMES[level], name, message))
            return
        if level >= _State.level:
            print(f"{LEVEL_NAMES[level]:<10} {message} [{name}]", file=sys.stderr)

    # ------------------------------------------------------------------ what is shown

    @staticmethod
    def initialize() -> None:
        """Does nothing: messages are shown from the start."""

    @staticmethod
    def log_level_diagnostic() -> None:
        """Shows all messages."""
        _State.level = DIAGNOSTIC

    @staticmethod
    def log_level_debug() -> None:
        """Shows messages for experts, too."""
        _State.level = DEBUG

    @staticmethod
    def log_level_info() -> None:
        """Shows remarks, warnings and errors (the default)."""
        _State.level = INFO

    @staticmethod
    def log_level_warn() -> None:
        """Shows warnings and errors only."""
        _State.level = WARNING

    @staticmethod
    def log_level_error() -> None:
        """Shows errors only."""
        _State.level = ERROR

    @staticmethod
    def suppress_hierarchy(name: str, filter_log_file: bool = False) -> None:
        """Silences all messages of a part of the package."""
        _State.suppressed_hierarchies.add(name)

    @staticmethod
    def suppress_name(name: str, filter_log_file: bool = False) -> None:
        """Silences all messages whose name ends with `name`, e.g. "method_choice"."""
        _State.suppressed_names.add(name)


def get_logger(module_name: str = "ranvier") -> BrianLogger:
    """Returns the source of messages of a part of the package."""
    return BrianLogger(module_name)


@contextmanager
def catch_logs(log_level: int = WARNING) -> Iterator[CatchList]:
    """Collects messages instead of showing them: a list of (level, name, text)."""
    caught: CatchList = []
    _State.catchers.append((log_level, caught))
    before = _State.shown_once
    _State.shown_once = set()
    try:
        yield caught
    finally:
        _State.shown_once = before
        _State.catchers.pop()


@contextmanager
def std_silent(alwaysprint: Any = None) -> Iterator[None]:
    """Does nothing: native code of this package prints nothing."""
    yield
