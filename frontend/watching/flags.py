"""What is shown while passes run: the options of `ranvier-opt`, `ranvier run` and `RANVIER_FLAGS`, and MLIR's names."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ranvier.passes.default_pipeline import PipelineError
from ranvier.watching import FLAGS_VARIABLE

COLOURS = ("auto", "always", "never")
"""When differences are coloured; "auto": on a terminal, unless the environment variable NO_COLOR is set."""


@dataclass(frozen=True, kw_only=True)
class Flags:
    """What is shown of a program while it is made.

    Attributes:
        before: The passes before which the module is printed.
        after: The passes after which it is.
        change: Whether it is printed after a pass only if the pass has changed it.
        failure: Whether it is printed after a pass that has failed.
        diff: Whether what a pass has changed is printed instead of the module.
        colour: When differences are coloured, one of `COLOURS`.
        tree: The directory into whose files modules are written, instead of standard error.
        statistics: Whether what passes have counted is printed.
        remarks: Whether what passes say of single ops is.
        timing: Whether times are.
        pipeline: Whether the pipeline is.
    """

    before: frozenset[str] | None = frozenset()
    after: frozenset[str] | None = frozenset()
    change: bool = False
    failure: bool = False
    diff: bool = False
    colour: str = "auto"
    tree: Path | None = None
    statistics: bool = False
    remarks: bool = False
    timing: bool = False
    pipeline: bool = False

    @property
    def texts(self) -> bool:
        """Whether a change has to be known: then a module is written as text after each pass."""
        return self.statistics or self.change or self.diff

    def shows_before(self, name: str) -> bool:
        """Tells whether the module is printed before a pass."""
        return self.before is None or name in self.before

    def shows_after(self, name: str) -> bool:
        """Tells whether the module is printed after a pass, if it is worth it."""
        return self.after is None or name in self.after


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Adds the options to a parser, each with the name that it has in MLIR."""
    group = parser.add_argument_group("what is shown while passes run, on standard error")
    for when, about in (("before", "before these passes"), ("after", "after these passes")):
        group.add_argument(
            f"--print-ir-{when}",
            f"--mlir-print-ir-{when}",
            metavar="PASS,..",
            action="append",
            default=[],
            help=f"print the module {about}",
        )
        group.add_argument(
            f"--print-ir-{when}-all",
            f"--mlir-print-ir-{when}-all",
            action="store_true",
            help=f"print the module {when} each pass",
        )
    _add_switch(group, "print-ir-after-change", "print the module after passes only if they have changed it")
    _add_switch(group, "print-ir-after-failure", "print the module that a pass which fails leaves")
    group.add_argument(
        "--print-ir-diff",
        action="store_true",
        help="print what passes have changed, line by line, not whole modules",
    )
    group.add_argument(
        "--colour",
        "--color",
        choices=COLOURS,
        default="auto",
        help="whether differences are coloured (auto: on a terminal)",
    )
    group.add_argument(
        "--ir-tree-dir",
        "--print-ir-tree-dir",
        "--mlir-print-ir-tree-dir",
        metavar="DIR",
        help="print modules into files of this directory, DIR/PROGRAM/NUMBER_PASS.mlir",
    )
    group.add_argument(
        "--pass-statistics",
        "--mlir-pass-statistics",
        action="store_true",
        help="print what passes have counted, and which have changed nothing",
    )
    group.add_argument(
        "--remarks",
        "--pass-remarks",
        action="store_true",
        help="print what passes say of single ops: what they did, and why they did not do something else",
    )
    _add_switch(group, "timing", "print how long each pass, lowering and each part of LLVM took")
    group.add_argument(
        "--print-pipeline",
        "--dump-pass-pipeline",
        action="store_true",
        help="print the pipeline, with what stands for others put in",
    )
    accepted = ("--mlir-print-ir-module-scope", "--mlir-disable-threading")
    group.add_argument(
        *accepted,
        action="store_true",
        dest="accepted",
        help="no effect: passes have the whole module, one after another",
    )


def _add_switch(group: argparse._ArgumentGroup, name: str, about: str) -> None:  # pyright: ignore[reportPrivateUsage]
    group.add_argument(f"--{name}", f"--mlir-{name}", action="store_true", help=about)


def flags_of(options: argparse.Namespace) -> Flags:
    """Returns what options ask for.

    Raises:
        PipelineError: They name a pass that does not exist.
    """
    before, after = (_names(options.print_ir_before), _names(options.print_ir_after))
    diff, change, tree = options.print_ir_diff, options.print_ir_after_change, options.ir_tree_dir
    nothing = not (before or after or options.print_ir_before_all or options.print_ir_after_all)
    all_after = options.print_ir_after_all or (not after and (diff or change)) or (nothing and tree is not None)
    return Flags(
        before=None if options.print_ir_before_all else before,
        after=None if all_after else after,
        change=change or diff,
        failure=options.print_ir_after_failure,
        diff=diff,
        colour=options.colour,
        tree=None if tree is None else Path(tree),
        statistics=options.pass_statistics,
        remarks=options.remarks,
        timing=options.timing,
        pipeline=options.print_pipeline,
    )


def _names(given: Iterable[str]) -> frozenset[str]:
    found = frozenset(name.strip() for text in given for name in text.split(",") if name.strip())
    if not found:
        return found
    from ranvier.passes.registry import pass_names  # whoever prints at passes has xDSL loaded

    known = pass_names()
    for name in sorted(found):
        if name not in known:
            raise PipelineError(f"there is no pass {name!r} to print the module at; there are {', '.join(known)}")
    return found


def flags_of_text(text: str) -> Flags:
    """Returns what a text of options asks for: the value of `RANVIER_FLAGS`.

    Raises:
        ValueError: It has other options, or cannot be read.
    """
    parser = argparse.ArgumentParser(FLAGS_VARIABLE, add_help=False, allow_abbrev=False, exit_on_error=False)
    add_flags(parser)
    try:
        options, rest = parser.parse_known_args(plain_arguments(shlex.split(text), parser))
        if rest:
            raise ValueError(f"there is no option {rest[0]!r}")
        return flags_of(options)
    except (ValueError, argparse.ArgumentError) as error:
        raise ValueError(
            f"The environment variable {FLAGS_VARIABLE}={text!r} cannot be read: {error}. It takes the options by "
            "which ranvier-opt shows what passes do, such as '--print-ir-after-change --timing'; change or unset it."
        ) from None


def plain_arguments(arguments: Sequence[str], parser: argparse.ArgumentParser) -> list[str]:
    """Returns arguments in which switches have no value: `--timing=true` is `--timing`, `--timing=false` is nothing."""
    switches = {
        name
        for action in parser._actions  # pyright: ignore[reportPrivateUsage]
        if action.nargs == 0
        for name in action.option_strings
    }
    found: list[str] = []
    for one in arguments:
        name, equals, value = one.partition("=")
        if not equals or name not in switches or value not in ("true", "false", "1", "0"):
            found.append(one)
        elif value in ("true", "1"):
            found.append(name)
    return found
