"""Random pipelines: parts of the default one and other passes, in any order, with any options."""

from __future__ import annotations

from collections.abc import Sequence

from ranvier.fuzzing.choices import Choices
from ranvier.passes.default_pipeline import DEFAULT_PIPELINE

FAST_MATH = ("off", "contract", "reassociate")
"""The values of the option of this name, the strictest first."""

OPTIONS: dict[str, tuple[str, ...]] = {
    "fold-constants": ("fast-math",),
    "merge-reciprocals": ("fast-math",),
    "approximate-functions": ("fast-math",),
    "contract-products": ("fast-math",),
    "choose-layout": ("fast-math", "layout", "index-bits", "interval"),
    "convert-resets": ("all",),
}
"""The options of the passes of the default pipeline."""

LAYOUTS = ("rows", "counts", "bits", "ring")

OTHERS = ("canonicalize", "cse", "licm")
"""Passes of xDSL that mean the same, too."""

LAST = ("pack-rows", "sort-rows", "partition", "convert-scf-to-cf")
"""Passes that stand at the end, where they stand at all; the last of them has nothing to do in a graph."""


def random_pipeline(choices: Choices, *, exact: bool, always: Sequence[str] = ()) -> tuple[str, ...]:
    """Returns the passes of a random pipeline, each as text.

    Args:
        choices: What is chosen.
        exact: Whether the passes may round: the program is the same however it is rounded.
        always: Passes that it has, each as text; if given, some pipelines have nothing else.
    """
    default = [one.strip() for one in DEFAULT_PIPELINE.split(",")]
    if always and choices.chance(0.3, "alone"):
        return tuple(always)
    if choices.chance(0.25, "default"):
        names = default
    else:
        leaving = 0.1 + 0.8 * choices.below(100, "leaving") / 100
        names = [name for k, name in enumerate(default) if not choices.chance(leaving, f"leave {k}")]
        if choices.chance(0.5, "order"):
            names = sorted(names, key=lambda name: choices.number(f"place {name}"))
        for k in range(choices.below(3, "more")):
            more = choices.pick((*OPTIONS, *OTHERS, "hoist-uniform", "fuse-maps", "eliminate-dead-code"), f"more {k}")
            names.insert(choices.below(len(names) + 1, f"more at {k}"), more)
    passes = [_with_options(name, choices.at(k), exact) for k, name in enumerate(names)]
    for k, one in enumerate(always):
        passes.insert(choices.below(len(passes) + 1, f"always at {k}"), one)
    if not always and choices.chance(0.25, "last"):
        passes.append(choices.pick(LAST, "which last"))
    return tuple(passes)


def _with_options(name: str, choices: Choices, exact: bool) -> str:
    said: list[str] = []
    for option in OPTIONS.get(name, ()):
        if option == "fast-math":
            said.append(f'fast-math="{choices.pick(FAST_MATH, option) if exact else "off"}"')
        elif option == "layout" and choices.chance(0.8, option):
            said.append(f'layout="{choices.pick(LAYOUTS, "which")}"')
        elif option == "index-bits" and choices.chance(0.3, option):
            said.append(f"index-bits={choices.pick(('16', '32'), 'bits')}")
        elif option == "interval" and choices.chance(0.3, option):
            said.append(f"interval={choices.pick(('1', '30', '100000'), 'steps')}")
        elif option == "all" and choices.chance(0.5, option):
            said.append("all=true")
    return f"{name}{{{' '.join(said)}}}" if said else name


def name_of(one: str) -> str:
    """Returns the name of a pass, which may have options."""
    return one.partition("{")[0].strip()
