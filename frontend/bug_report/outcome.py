"""How a script ended, and whether another one ended the same way."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["ended", "raised", "status", "killed", "late", "stopped"]
"""Ran to its end; raised an error; ended with a status that is not 0; was ended by the system (a crash); took longer
than it may; was stopped by the user."""

_NUMBERS = re.compile(r"\d+(\.\d+)?(e[+-]?\d+)?")
_COUNTED = re.compile(r"(?<=[A-Za-z])_\d+\b")  # neurongroup_3 is neurongroup where it is the first one


@dataclass(frozen=True)
class Raised:
    """An error, with those that caused it.

    Attributes:
        types: The names of its class and of those of its causes.
        messages: What they say.
        place: Where the innermost one was raised: file and function.
        line: The last line of the script that was at work; 0 if none was.
        traceback: The traceback as text, with all steps.
    """

    types: list[str]
    messages: list[str]
    place: str
    line: int
    traceback: str


@dataclass(frozen=True)
class Outcome:
    """How a script ended.

    Attributes:
        kind: In which way.
        seconds: How long it took.
        status: The exit status; negative: the signal that ended it.
        output: What it printed, and the messages.
        raised: The error, if it raised one.
        preferences: Those that do not have their default: name and value.
        programs: How many programs it ran.
        modules: The modules of packages that it loaded.
        stages: Name and text of each stage of its last programs.
        log: The file of messages.
        crash: Where each thread was when it crashed or was stopped.
    """

    kind: Kind
    seconds: float
    status: int = 0
    output: str = ""
    raised: Raised | None = None
    preferences: dict[str, str] = field(default_factory=dict[str, str])
    programs: int = 0
    modules: list[str] = field(default_factory=list[str])
    stages: dict[str, str] = field(default_factory=dict[str, str])
    log: str = ""
    crash: str = ""

    @property
    def title(self) -> str:
        """A line that says what happened."""
        match self.kind:
            case "raised" if self.raised is not None:
                first = self.raised.messages[0].strip().partition("\n")[0]
                return f"{self.raised.types[0]}: {first}" if first else self.raised.types[0]
            case "status":
                return f"the script ended with status {self.status}"
            case "killed":
                return f"Python was ended by signal {-self.status}"
            case "late":
                return f"the script did not end within {self.seconds:.0f} s"
            case "stopped":
                return f"the script was stopped after {self.seconds:.0f} s"
            case _:
                return "the script ran to its end"

    @property
    def is_fault(self) -> bool:
        """Whether the script ended in a way that a shorter one can repeat."""
        return self.kind in ("raised", "status", "killed")

    def same_as(self, other: Outcome) -> bool:
        """Tells whether two scripts ended the same way: numbers in messages may differ, and those in names."""
        if self.kind != other.kind:
            return False
        if self.raised is None or other.raised is None:
            return self.status == other.status and self.raised is other.raised
        return _told(self.raised) == _told(other.raised)


def _told(raised: Raised) -> tuple[list[str], list[str], str]:
    firsts = [message.strip().partition("\n")[0] for message in raised.messages]
    return raised.types, [_NUMBERS.sub("#", _COUNTED.sub("", first)) for first in firsts], raised.place
