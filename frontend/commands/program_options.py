"""What commands ask of a user who wants programs to be run: values of inputs, the number of steps, how."""

from __future__ import annotations

import argparse
from typing import Any, cast

from xdsl.dialects.builtin import ModuleOp

from ranvier.commands.arguments import at_least_one
from ranvier.meaning.check import STEPS
from ranvier.meaning.given import Given, given_of
from ranvier.session.defaults import DEFAULT_DT
from ranvier.text.input_files import read_values
from ranvier.text.program import parse_value
from ranvier.text.run import InputError


def add_value_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options that say what a program is given."""
    parser.add_argument(
        "--set", metavar="LABEL=VALUE", action="append", default=[], help='a param or state: "tau=0.01", "v=[0, 0.5]"'
    )
    parser.add_argument(
        "--inputs",
        metavar="FILE",
        help="params and states from a JSON file: {label: value, ...}, or from arrays with names (.npz), such as those "
        "of a dump",
    )
    parser.add_argument("--dt", type=float, default=DEFAULT_DT, metavar="S", help="the step of all clocks (0.0001)")
    parser.add_argument(
        "--steps",
        type=at_least_one,
        default=STEPS,
        metavar="N",
        help=f"how many steps to compare ({STEPS})",
    )


def values_of(options: argparse.Namespace) -> dict[str, Any]:
    """Returns the values that `--inputs` and `--set` give.

    Raises:
        InputError: They cannot be read.
        OSError: The file cannot be read.
    """
    values: dict[str, Any] = {}
    if options.inputs is not None:
        values.update(read_values(options.inputs))
    for text in cast("list[str]", options.set):
        label, equals, value = text.partition("=")
        if not equals:
            raise InputError(f"--set takes LABEL=VALUE, not {text!r}")
        values[label.strip()] = parse_value(value.strip())
    return values


def given_by(options: argparse.Namespace, module: ModuleOp, kept: Given | None = None) -> Given:
    """Returns what a program begins with: what the options say, else what its file keeps.

    Args:
        options: Those of `add_value_options`.
        module: The program.
        kept: What the file says.

    Raises:
        InputError: A value is missing, has no place, or does not fit.
        OSError: The file of inputs cannot be read.
    """
    values = values_of(options)
    if kept is None:
        return given_of(module, values, dt=options.dt)
    if values:
        values = {**kept.params, **kept.states, **{key: clock.dt for key, clock in kept.clocks.items()}, **values}
        found = given_of(module, {key: value for key, value in values.items() if key not in _given_times(kept)})
        return Given(found.params, found.states, kept.events, found.clocks)
    return kept


def _given_times(given: Given) -> set[str]:
    return {label for label, clock in given.clocks.items() if clock.times is not None}
