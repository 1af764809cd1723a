"""Arguments of commands: options of a command that stand behind a script, and numbers that have to make sense."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

BEHIND = "Options may stand behind the script, too; arguments of the script that look like them follow --."
"""What the help of commands says that run a script."""


def script_last(arguments: Sequence[str], parser: argparse.ArgumentParser) -> list[str]:
    """Returns arguments in an order in which all options of a command stand before the script.

    Args:
        arguments: Options, a script, and behind it options and arguments of the script, mixed; "--" ends the options.
        parser: What reads them; its last argument takes all that remains.
    """
    known = parser._option_string_actions  # pyright: ignore[reportPrivateUsage]
    ours, theirs = list[str](), list[str]()
    rest = iter(arguments)
    for one in rest:
        action = known.get(one.partition("=")[0])
        if one == "--" and theirs:
            theirs += rest
        elif action is None or (theirs and isinstance(action, argparse._HelpAction)):  # pyright: ignore[reportPrivateUsage]
            if not theirs and one.startswith("-"):
                ours.append(one)  # it is no option: the parser says so
            else:
                theirs.append(one)
        else:
            ours += [one, *_values(action, one, rest)]
    return [*ours, *theirs]


def _values(action: argparse.Action, option: str, rest: Iterator[str]) -> list[str]:
    """Returns what belongs to an option besides its name."""
    if "=" in option or action.nargs == 0:
        return []
    return [value for value in (next(rest, None),) if value is not None]


def add_load_option(parser: argparse.ArgumentParser) -> None:
    """Adds the option that says where passes are that are not Ranvier's."""
    parser.add_argument(
        "--load", metavar="FILE.py|MODULE", action="append", default=[], help="a Python file or module with passes"
    )


def add_pipeline_option(parser: argparse.ArgumentParser, about: str, *, names: Sequence[str] = ("--passes",)) -> None:
    """Adds the option that says which passes run; its value is `pipeline`, a list of texts, None if it is not given.

    Args:
        parser: What reads the arguments.
        about: What the option does.
        names: Its names besides `-p` and `--pass-pipeline`.
    """
    parser.add_argument(
        "-p", *names, "--pass-pipeline", metavar="PIPELINE", action="append", dest="pipeline", help=about
    )


def at_least_one(text: str) -> int:
    """Reads a whole number of at least 1.

    Raises:
        argparse.ArgumentTypeError: It is none.
    """
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of at least 1")
    return int(text)


def seconds(text: str) -> float:
    """Reads a time in seconds, which is not negative.

    Raises:
        argparse.ArgumentTypeError: It is none.
    """
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")
    return found


__all__ = ["BEHIND", "add_load_option", "at_least_one", "script_last", "seconds"]
