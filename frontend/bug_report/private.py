"""What a report must not tell: home directory, names of the user and of the computer."""

from __future__ import annotations

import contextlib
import getpass
import os
import platform
import re
import socket
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

SHORTEST = 3
"""Letters: shorter names are left, since they would be found in every other line."""

COMMON = frozenset(("root", "user", "admin", "localhost", "ubuntu", "python", "home", "volt", "second"))
"""Names that tell nothing, or that scripts use for other things."""


def censor_of(script: Path) -> Callable[[str], str]:
    """Returns what takes private names out of a text.

    Folders become `~`, `<folder>` (of the script), `<packages>` and so on; the user `USER`, the computer `HOST`, so
    that code in which they stand as names remains code.

    Args:
        script: The script.
    """
    folders = [(str(script.resolve().parent), "<folder>"), (os.getcwd(), "<here>")]
    folders += [(tempfile.gettempdir(), "<temporary>"), (sys.prefix, "<python>"), (sys.base_prefix, "<python>")]
    folders += [(str(Path(__file__).resolve().parents[2]), "<packages>")]
    with contextlib.suppress(RuntimeError):
        folders.append((str(Path.home()), "~"))
    folders = [(where, name) for where, name in folders if len(where) > SHORTEST]
    patterns = [
        (re.compile(rf"{re.escape(where)}(?![\w-])"), name)
        for where, name in sorted(folders, key=lambda entry: -len(entry[0]))
    ]
    patterns.append((re.compile(r"(?<![\w.~])/(?:home|Users)/[^/\s\"'<>:]+"), "~"))
    patterns.append((re.compile(r"(?i)\b[a-z]:(\\{1,2})Users\1[^\\\s\"'<>:]+"), "~"))
    patterns += [(_word(name), "USER") for name in user_names()]
    patterns += [(_word(name), "HOST") for name in host_names()]

    def censor(text: str) -> str:
        for pattern, name in patterns:
            text = pattern.sub(lambda found, name=name: name, text)
        return text

    return censor


def _word(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])")


def user_names() -> list[str]:
    """Returns the user's login and full name, as far as they are known and tell something."""
    found: set[str] = set()
    with contextlib.suppress(Exception):  # no login, or no such module on this system
        found.add(getpass.getuser())
    try:
        import pwd

        entry = pwd.getpwuid(os.getuid())
        found |= {entry.pw_name, entry.pw_gecos.partition(",")[0]}
    except (ImportError, KeyError):  # Windows; a container whose user has no entry
        pass
    return _telling(found)


def host_names() -> list[str]:
    """Returns the names of this computer that tell something."""
    found = {platform.node(), socket.gethostname()}
    return _telling(found | {name.partition(".")[0] for name in found})


def _telling(names: set[str]) -> list[str]:
    kept = (name for name in names if len(name) >= SHORTEST and name.lower() not in COMMON)
    return sorted(kept, key=lambda name: (-len(name), name))
