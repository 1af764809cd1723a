"""The reference below the public names: ops, passes, preferences, command lines."""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from pathlib import Path

from xdsl.ir import Attribute, Operation, ParametrizedAttribute
from xdsl.irdl import IRDLOperation, OptOperandDef, OptResultDef, VarOperandDef, VarResultDef
from xdsl.passes import ModulePass

from book.docstrings import escaped, markdown, summary
from ranvier.actions.rewrites.registry import REWRITES
from ranvier.commands import cli, opt
from ranvier.ir import dialect
from ranvier.passes.pass_options import PassOption, options_of
from ranvier.passes.registry import PLACES, load_pass
from ranvier.passes.statistics import statistics_of
from ranvier.session.preference_table import NO_EFFECT, PREFERENCES, BrianPreference

COMMANDS: Mapping[str, Callable[[], argparse.ArgumentParser]] = {
    "ranvier": cli.parser,
    **{f"ranvier {name}": import_module(f"ranvier.{place}").parser for name, (place, *_) in cli.COMMANDS.items()},
    "ranvier-opt": opt.parser,
}
"""Command → what reads its arguments."""


def write_below(folder: Path) -> None:
    """Writes the pages into the folder of the reference."""
    texts = {
        "dialect": dialect_text(),
        "passes": passes_text(),
        "preferences": preferences_text(),
        "commands": commands_text(),
    }
    for place, text in texts.items():
        (folder / f"{place}.md").write_text(text, encoding="utf-8")


# ---------------------------------------------------------------------- the dialect


def dialect_text() -> str:
    """Returns the page of the `snn` dialect: its ops and types."""
    table = inspect.cleandoc(dialect.__doc__ or "").partition("\n")[2]
    ops = "\n".join(op_text(op) for op in dialect.SNN.operations)
    types = "\n".join(_type_text(each) for each in dialect.SNN.attributes)
    return f"# The `snn` dialect\n\n{table}\n\n## Ops\n\n{ops}\n## Types\n\n{types}"


def op_text(op: type[Operation]) -> str:
    """Returns what the reference says of an op: its docstring, operands, properties, regions and results."""
    assert issubclass(op, IRDLOperation)
    found = op.get_irdl_definition()
    rows = [
        ("operands", [_counted(name, each) for name, each in found.operands]),
        ("properties", [f"`{name}`" for name in found.properties]),
        ("regions", [f"`{name}`" for name, _ in found.regions]),
        ("results", [_counted(name, each) for name, each in found.results]),
    ]
    parts = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in rows if names)
    return f"### `{op.name}`\n\n{markdown(op.__doc__, 'mlir')}\n" + (f"*{parts}.*\n".replace("*", "") if parts else "")


def _counted(name: str, definition: object) -> str:
    if isinstance(definition, (OptOperandDef, OptResultDef)):
        return f"`{name}` (may be missing)"
    return f"`{name}` (any number)" if isinstance(definition, (VarOperandDef, VarResultDef)) else f"`{name}`"


def _type_text(each: type[Attribute]) -> str:
    name = each.name if issubclass(each, ParametrizedAttribute) else each.__name__
    return f"### `!{name}`\n\n{markdown(each.__doc__, 'mlir')}\n"


# ---------------------------------------------------------------------- passes


def passes_text() -> str:
    """Returns the page of the passes and of the rewrites before them."""
    passes = "\n".join(pass_text(name, load_pass(name)) for name in PLACES)
    rewrites = "\n".join(f"| `{name}` | {rewrite.about} |" for name, rewrite in REWRITES.items())
    return (
        "# Passes\n\n[Writing and running passes](../passes.md) says how a pipeline is written and what a pass may "
        f"rely on.\n\n## Rewrites before there is a graph\n\n| name | what it does |\n|---|---|\n{rewrites}\n\n"
        f"## Passes over the graph and below\n\n{passes}"
    )


def pass_text(name: str, cls: type[ModulePass]) -> str:
    """Returns what the reference says of a pass: its docstring and its options."""
    if not cls.__module__.startswith("ranvier."):
        return f"### `{name}`\n\n{escaped(summary(cls.__doc__)) or 'As in MLIR.'} From xDSL: `{cls.__module__}`.\n"
    listed = "\n".join(f"- {_option(option)}" for option in options_of(cls))
    counted = "\n".join(f"- `{count}`: {about}" for count, about in statistics_of(cls).items())
    parts = [f"### `{name}`", markdown(cls.__doc__, "mlir").rstrip()]
    parts += ["Options:", listed] if listed else []
    parts += ["Counts:", counted] if counted else []
    return "\n\n".join(parts) + "\n"


def _option(option: PassOption) -> str:
    default = "" if option.default is None else f", `{option.default}` unless given"
    return f"`{option.name}`: `{option.type}`{default}. {escaped(option.about)}".rstrip()


# ---------------------------------------------------------------------- preferences and commands


def preferences_text() -> str:
    """Returns the page of the preferences: those that do something, then those that are accepted."""
    parts = ["# Preferences", 'Set them in a script, `prefs.codegen.fast_math = "off"`, or in a file; see `prefs`.']
    idle: list[str] = []
    for category, (about, preferences) in PREFERENCES.items():
        active = {name: each for name, each in preferences.items() if NO_EFFECT.strip() not in each.docs}
        idle += [f"`{category}.{name}`" for name in preferences if name not in active]
        if active:
            parts += [f"## {category}", f"{escaped(about)}."]
            parts += [preference_text(f"{category}.{name}", each) for name, each in active.items()]
    parts += ["## Without effect", f"Accepted for scripts written for Brian: {', '.join(idle)}."]
    return "\n\n".join(parts) + "\n"


def preference_text(name: str, preference: BrianPreference) -> str:
    """Returns what the reference says of a preference."""
    default = preference.representor(preference.default)
    return f"**`{name}`** (`{default}`): {escaped(' '.join(preference.docs.split()))}"


def commands_text() -> str:
    """Returns the page of the command lines."""
    parts = ["# Command lines", "`python -m ranvier` is `ranvier`, `python -m ranvier.opt` is `ranvier-opt`."]
    parts += [f"## `{name}`\n\n```text\n{_help(parser())}\n```" for name, parser in COMMANDS.items()]
    return "\n\n".join(parts) + "\n"


BAR = r"\|"
"""A bar in a cell of a table."""


def options_table(parser: argparse.ArgumentParser) -> str:
    """Returns the options of a command as a table, one each row: its names, and what it does."""
    rows: list[str] = []
    for action in parser._actions:  # pyright: ignore[reportPrivateUsage]
        if not action.option_strings or "--help" in action.option_strings:
            continue
        value = action.metavar or (",".join(map(str, action.choices)) if action.choices else "")
        first, *others = (f"`{name}`" for name in sorted(action.option_strings, key=_order))
        shown = first if action.nargs == 0 else f"{first[:-1]} {value or action.dest.upper()}`"
        cells = (shown, ", ".join(others), action.help or "")
        rows.append(f"| {' | '.join(cell.replace('|', BAR) for cell in cells)} |")
    return "\n".join(["| option | other names | what it does |", "|---|---|---|", *rows])


def _order(name: str) -> tuple[bool, bool]:
    """Long names come first, those of MLIR last."""
    return name.startswith("--mlir-"), not name.startswith("--")


def _help(parser: argparse.ArgumentParser) -> str:
    parser.formatter_class = partial(parser.formatter_class, width=84)
    return parser.format_help().rstrip()
