"""The pages of the site: links follow them to their places, and each leads somewhere."""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "docs"))
from book import names
from book.links import broken_links
from book.pages import PAGES, linked, site_place


def test_every_page_of_the_folder_is_in_the_site() -> None:
    assert {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")} <= set(PAGES)
    assert {f"docs/guide/{path.name}" for path in (ROOT / "docs/guide").glob("*.md")} <= set(PAGES)


def test_every_page_is_in_the_index() -> None:
    text = (ROOT / "docs/index.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^[\w/]+$", text, re.MULTILINE)) | {"index"}
    assert {place.removesuffix(".md") for place in PAGES.values()} <= listed
    assert {f"reference/{page.place}" for page in names.PAGES} <= listed


def test_links_follow() -> None:
    text = "[a](../ARCHITECTURE.md#who) [b](models.md) [`c`](../passes/optimise/fuse_maps.py)"
    assert linked(text, "docs/compiler.md") == "[a](architecture.md#who) [b](models.md) `c`"
    assert linked("[d](https://x.org) [e](#here)", "docs/compiler.md") == "[d](https://x.org) [e](#here)"
    assert linked("[a](docs/passes.md)", "ARCHITECTURE.md") == "[a](passes.md)"
    assert linked("[passes.md](passes.md#x)", "docs/compiler.md") == "[Writing and running passes](passes.md#x)"
    assert site_place("examples/fi_curve.py") == "gallery/neurons/fi_curve.rst"


@pytest.mark.parametrize("page", PAGES)
def test_links_between_headings(page: str) -> None:
    """A link to a heading of a page names one that is there."""
    path = ROOT / page
    for target, heading in re.findall(r"\]\(([^)#:\s]*)#([^)\s]+)\)", path.read_text(encoding="utf-8")):
        text = ((path.parent / target) if target else path).read_text(encoding="utf-8")
        headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
        assert heading in [re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings]


def test_broken_links_are_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<a href="b.html#there">x</a><a href="b.html#not"></a><img src="c.png">')
    (tmp_path / "b.html").write_text('<p id="there">x</p><a href="https://elsewhere.org/x">y</a>')
    assert broken_links(tmp_path) == ["a.html: b.html#not", "a.html: c.png"]
