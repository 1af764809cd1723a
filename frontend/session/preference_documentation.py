"""What is known about preferences, as reStructuredText."""

from __future__ import annotations

from collections.abc import Mapping

from ranvier.session.preference_table import BrianPreference

Categories = Mapping[str, str]
"""What each category is about."""
Known = Mapping[str, BrianPreference]
"""The preferences by full name."""


def documentation(categories: Categories, known: Known, name: str | None, link_targets: bool) -> str:
    """Returns what is known about a category or one preference; of no name, about everything.

    Args:
        categories: What each category is about.
        known: The preferences.
        name: A category or a preference.
        link_targets: Whether to write a label before each preference.

    Raises:
        ValueError: If there is nothing of this name.
    """
    if name is None:
        outermost = sorted({category.partition(".")[0] for category in categories})
        return "\n".join(_of_outermost(categories, known, category, link_targets) for category in outermost)
    if name in known:
        return _of_preference(name, known[name], link_targets)
    if name not in categories:
        raise ValueError(f"No preferences under the name '{name}' are registered")
    return _of_category(categories, known, name, link_targets)


def _of_outermost(categories: Categories, known: Known, top: str, link_targets: bool) -> str:
    underline = '"' * len(top)
    text = f"{top}\n{underline}\n\n"
    for category in sorted(c for c in categories if c == top or c.startswith(f"{top}.")):
        if category != top:
            text += f"**{category}**\n\n"
        text += _of_category(categories, known, category, link_targets)
    return text


def _of_category(categories: Categories, known: Known, category: str, link_targets: bool) -> str:
    names = sorted(name for name in known if name.rpartition(".")[0] == category)
    about = "".join(_of_preference(name, known[name], link_targets) for name in names)
    return f"{categories[category].strip()}\n\n{about}"


def _of_preference(name: str, preference: BrianPreference, link_targets: bool) -> str:
    label = f".. _brian-pref-{name.replace('.', '-').replace('_', '-')}:\n\n" if link_targets else ""
    body = "".join(f"    {line}".rstrip() + "\n" for line in preference.docs.strip().splitlines())
    return f"{label}``{name}`` = ``{preference.representor(preference.default)}``\n{body}\n"
