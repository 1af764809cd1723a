"""The hand-written pages: where they stand in the repository and in the site, and how their links follow."""

from __future__ import annotations

import posixpath
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from book.examples import PLACES

ROOT = Path(__file__).resolve().parents[2]

PAGES: Mapping[str, str] = {
    "docs/index.md": "index.md",
    "docs/brian.md": "brian.md",
    "docs/models.md": "models.md",
    "docs/guide/start.md": "guide/start.md",
    "docs/guide/recipes.md": "guide/recipes.md",
    "docs/guide/units.md": "guide/units.md",
    "docs/guide/neurons.md": "guide/neurons.md",
    "docs/guide/functions.md": "guide/functions.md",
    "docs/guide/synapses.md": "guide/synapses.md",
    "docs/guide/inputs.md": "guide/inputs.md",
    "docs/guide/compartments.md": "guide/compartments.md",
    "docs/guide/running.md": "guide/running.md",
    "docs/guide/pictures.md": "guide/pictures.md",
    "docs/guide/performance.md": "guide/performance.md",
    "docs/guide/errors.md": "guide/errors.md",
    "docs/guide/reproducibility.md": "guide/reproducibility.md",
    "docs/guide/troubleshooting.md": "guide/troubleshooting.md",
    "docs/guide/programs.md": "guide/programs.md",
    "docs/data.md": "data.md",
    "docs/authors.md": "authors.md",
    "docs/sweeps.md": "sweeps.md",
    "docs/clusters.md": "clusters.md",
    "docs/threads.md": "threads.md",
    "docs/gpu.md": "gpu.md",
    "docs/targets.md": "targets.md",
    "docs/export.md": "export.md",
    "docs/exchange.md": "exchange.md",
    "docs/graph.md": "graph.md",
    "docs/compiler.md": "compiler.md",
    "docs/passes.md": "passes.md",
    "docs/style.md": "style.md",
    "docs/glossary.md": "glossary.md",
    "ARCHITECTURE.md": "architecture.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "docs/benchmarks.md": "benchmarks.md",
    "benchmarks/README.md": "measuring.md",
}
"""Place in the repository → place in the site."""

_LINK = re.compile(r"\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)#:\s]+)(#[^)\s]*)?\)")
"""A link to a file: its text, the file, a heading in it."""


def linked(text: str, page: str) -> str:
    """Returns a page whose links to files lead to pages of the site; of other files the link's text is left.

    A link whose text is the name of its file has the title of the page instead.

    Args:
        text: The page in Markdown.
        page: Its place in the repository.
    """

    here = posixpath.dirname(site_place(page) or "")

    def follow(found: re.Match[str]) -> str:
        label, target, heading = found.groups()
        path = posixpath.normpath(posixpath.join(posixpath.dirname(page), target))
        place = site_place(path)
        if path in PAGES and label.endswith(".md"):
            label = title_of(path)
        return label if place is None else f"[{label}]({posixpath.relpath(place, here or '.')}{heading or ''})"

    return _LINK.sub(follow, text)


def title_of(page: str) -> str:
    """Returns the first heading of a page."""
    return (ROOT / page).read_text(encoding="utf-8").partition("# ")[2].partition("\n")[0]


def site_place(path: str) -> str | None:
    """Returns where a file of the repository stands in the site; None if it does not.

    Args:
        path: The path from the top of the repository.
    """
    if path.startswith("docs/gallery/"):
        return str(Path(path.removeprefix("docs/")).with_suffix(".rst"))
    if path.startswith("docs/reference/"):
        return path.removeprefix("docs/")
    if path.startswith(("docs/tutorials/", "docs/pictures/")):
        return path.removeprefix("docs/")
    if path.startswith("examples/") and path.endswith(".py"):
        name = Path(path).stem
        return f"gallery/{PLACES[name]}/{name}.rst"
    return PAGES.get(path)


def write_pages(source: Path) -> None:
    """Writes the hand-written pages, and their pictures, into the folder from which the site is built."""
    shutil.copytree(ROOT / "docs/pictures", source / "pictures")
    for page, place in PAGES.items():
        text = (ROOT / page).read_text(encoding="utf-8")
        (source / place).parent.mkdir(exist_ok=True)
        (source / place).write_text(linked(text, page), encoding="utf-8")
