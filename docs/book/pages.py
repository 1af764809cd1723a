"""The hand-written pages: where they stand in the repository and in the site, and how their links follow."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PAGES: Mapping[str, str] = {
    "docs/index.md": "index.md",
    "docs/brian.md": "brian.md",
    "docs/models.md": "models.md",
    "docs/data.md": "data.md",
    "docs/authors.md": "authors.md",
    "docs/sweeps.md": "sweeps.md",
    "docs/clusters.md": "clusters.md",
    "docs/threads.md": "threads.md",
    "docs/gpu.md": "gpu.md",
    "docs/export.md": "export.md",
    "docs/exchange.md": "exchange.md",
    "docs/compiler.md": "compiler.md",
    "docs/passes.md": "passes.md",
    "docs/style.md": "style.md",
    "ARCHITECTURE.md": "architecture.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "benchmarks/README.md": "benchmarks.md",
}
"""Place in the repository → place in the site."""

_LINK = re.compile(r"\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)#:\s]+)(#[^)\s]*)?\)")
"""A link to a file: its text, the file, a heading in it."""


def linked(text: str, page: str) -> str:
    """Returns a page whose links to files lead to pages of the site; of other files the link's text is left.

    Args:
        text: The page in Markdown.
        page: Its place in the repository.
    """

    here = posixpath.dirname(site_place(page) or "")

    def follow(found: re.Match[str]) -> str:
        label, target, heading = found.groups()
        place = site_place(posixpath.normpath(posixpath.join(posixpath.dirname(page), target)))
        return label if place is None else f"[{label}]({posixpath.relpath(place, here or '.')}{heading or ''})"

    return _LINK.sub(follow, text)


def site_place(path: str) -> str | None:
    """Returns where a file of the repository stands in the site; None if it does not.

    Args:
        path: The path from the top of the repository.
    """
    if path.startswith(("docs/reference/", "docs/gallery/")):
        return path.removeprefix("docs/")
    if path.startswith("docs/tutorials/"):
        return path.removeprefix("docs/")
    if path.startswith("examples/") and path.endswith(".py"):
        return f"gallery/{Path(path).stem}.md"
    return PAGES.get(path)


def write_pages(source: Path) -> None:
    """Writes the hand-written pages into the folder from which the site is built."""
    for page, place in PAGES.items():
        text = (ROOT / page).read_text(encoding="utf-8")
        (source / place).write_text(linked(text, page), encoding="utf-8")
