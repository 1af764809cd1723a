"""What is wrong with a pipeline that cannot be read: names, options and signs, in a sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches

from xdsl.passes import ModulePass
from xdsl.utils.arg_spec import ArgSpec

from ranvier.passes.default_pipeline import DEFAULT
from ranvier.passes.pass_options import options_of
from ranvier.passes.registry import pass_names


def hint_of(part: str, said: str) -> str:
    """Returns what is wrong with a part of a pipeline that cannot be read, after what xDSL says."""
    for opening, closing, about in (("{", "}", "brace"), ("(", ")", "parenthesis")):
        if part.count(opening) != part.count(closing):
            more = "not closed" if part.count(opening) > part.count(closing) else "closed that is not opened"
            return f": a {about} is {more} in {part!r}"
    if part.count('"') % 2:
        return f": a quotation mark is not closed in {part!r}"
    words = re.sub(r"\{.*", "", part, flags=re.DOTALL).split()
    if len(words) > 1 or ";" in part:
        return f": passes are parted by commas, not as in {part!r}"
    return f" at {part!r}: {said[:1].lower()}{said[1:]}. A pass is a name, and options in braces: name{{option=1}}"


def repeated_option(part: str) -> str | None:
    """Returns the first option that a pass, as text, has twice."""
    inside = re.sub(r'"[^"]*"', "", part).partition("{")[2].rpartition("}")[0]
    names = [one.partition("=")[0].replace("_", "-") for one in inside.split()]
    return next((name for k, name in enumerate(names) if name in names[:k]), None)


def unknown_pass(name: str) -> str:
    """Returns that there is no pass of a name, with the one that may be meant."""
    if name == DEFAULT:
        return f"{DEFAULT!r} stands for several passes, and has no options: name the pass that is to have them"
    names = list(pass_names())
    guess = get_close_matches(name.replace("_", "-"), names, 1)
    bring = (
        "" if guess else ". A pass of your own has to be brought: --load FILE.py, RANVIER_PASS_MODULES, or a package"
    )
    return f"there is no pass {name!r}{_guessed(guess)}; there are {', '.join(names)}{bring}"


def wrong_option(cls: type[ModulePass], spec: ArgSpec) -> str:
    """Returns which of the options that were given to a pass is wrong, and why; "" if it is none of them."""
    if getattr(cls, "__abstractmethods__", None):
        return f"the class {cls.__qualname__} has no method apply(self, ctx, op), which is what the pass does"
    options = {option.name: option for option in options_of(cls)}
    for given, values in spec.parameters.items():
        name = given.replace("_", "-")
        if name not in options:
            if name.replace("-", "_") in vars(cls).get("__annotations__", {}) and "__dataclass_fields__" not in vars(
                cls
            ):
                return f"the class {cls.__qualname__} has no options yet: put @dataclass(frozen=True) in front of it"
            there = f"its options are {', '.join(options)}" if options else "it has none"
            return f"there is no option {given!r}{_guessed(get_close_matches(name, options, 1))}; {there}"
        if not _is_taken(cls, given, values):
            shown = ",".join(str(value) for value in values) if values else "nothing"
            return f"the option {name} takes {options[name].type}, not {shown!r}"
    missing = [name for name, option in options.items() if option.default is None and name not in _names(spec)]
    return f"the option {missing[0]} has to be given ({options[missing[0]].type})" if missing else ""


def _names(spec: ArgSpec) -> set[str]:
    return {name.replace("_", "-") for name in spec.parameters}


def _is_taken(cls: type[ModulePass], name: str, values: tuple[str | int | bool | float, ...]) -> bool:
    """Tells whether xDSL can make of values what an option is."""
    try:
        cls.from_spec(ArgSpec(cls.name, {name: values}))
    except ValueError as error:
        return not str(error).startswith(("Incompatible types", "Argument must"))
    except TypeError:
        return True
    return True


def _guessed(found: Sequence[str]) -> str:
    return f" (did you mean {found[0]!r}?)" if found else ""


__all__ = ["hint_of", "repeated_option", "unknown_pass", "wrong_option"]
