"""Names of texts for elements that another group gives: a warning that they mean those of the variable's own group."""

from __future__ import annotations

from typing import cast

from ranvier.objects.variables.indexing import stands_for_elements
from ranvier.objects.variables.variables import Owner
from ranvier.session.logger import get_logger

logger = get_logger("ranvier.groups.group")

_OF_PARTS, _OF_ENDS = frozenset({"i", "N"}), frozenset({"N_pre", "N_post"})


def warn_of_ambiguity(group: Owner, index: object, text: str) -> None:
    """Warns if a text for elements that a group or subgroup gives uses a name that means something else there."""
    parts: tuple[object, ...] = cast("tuple[object, ...]", index) if isinstance(index, tuple) else (index,)
    others = [part for part in parts if stands_for_elements(part) and id(part) != id(group)]
    if not others:
        return
    from ranvier.equations.expressions import names  # groups are rarely indices
    from ranvier.equations.parser import parse_expression

    for name in sorted(names(parse_expression(text)) & (_OF_PARTS | _OF_ENDS if group.outer_names else _OF_PARTS)):
        other = getattr(others[0], "name", "the index")
        logger.warn(
            f"'{name}' in '{text}' could mean that of '{group.name}' or that of '{other}', which is the index. That of "
            f"'{group.name}' is used.",
            "ambiguous_string_expression",
            once=f"{name} in '{text}' of {type(group).__name__} with {', '.join(group.variables)}",
        )
