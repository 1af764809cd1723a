"""Pages in a browser: what is wrong with a page is found, and the search of a site needs no network."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "docs"))
from book import seen
from book.browser import Browser, does_start, found_browser
from book.walks import MOST, WALKS, Walk, walked

PROGRAM = found_browser() or ""
pytestmark = pytest.mark.skipif(not PROGRAM, reason="no Chromium is installed")

GOOD = """<!doctype html><meta name="viewport" content="width=device-width"><style>{style}</style>
<a href="#text">to the text</a><article id="text">{body}<a href="#more">more</a><button>b</button></article>"""


def page(body: str = "", style: str = "") -> str:
    return GOOD.format(body=body, style=style)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not does_start(PROGRAM):
        pytest.skip("the Chromium that is installed does not start here")
    with Browser(PROGRAM) as opened:
        yield opened


AWAY = "a {position: absolute; left: -9999px; top: -999px}"
ELSEWHERE = "<!doctype html><a href='x.html'>elsewhere</a>"
FAULTS = {
    page(): set(),
    page('<p style="width: 900px">wide</p>'): {"phone: the page is wider than the window"},
    page('<img src="no.png" alt="x">'): {"desktop: a picture is not there", "phone: a picture is not there"},
    page(style="a:focus {outline: none}"): {"desktop: stop 1 by the Tab key, #text, cannot be seen"},
    page(style=AWAY): {"phone: stop 1 by the Tab key, #text, is outside"},
    ELSEWHERE: {"desktop: the first stop is x.html, not the link to the text"},
}
"""Pages, and what is wrong with them."""


@pytest.mark.long
@pytest.mark.parametrize("text", FAULTS)
def test_faults_of_a_page(browser: Browser, tmp_path: Path, text: str) -> None:
    faults = FAULTS[text]
    (tmp_path / "a.html").write_text(text, encoding="utf-8")
    found = list(seen._page_faults(browser, tmp_path, "a", tmp_path))
    assert (tmp_path / "a-phone-dark.png").read_bytes().startswith(b"\x89PNG")
    assert all(any(fault in each for each in found) for fault in faults) and bool(found) == bool(faults), found


@pytest.mark.long
def test_the_search_needs_no_network(browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A site of two pages, built with the settings of ours, and opened as a file."""
    build = pytest.importorskip("sphinx.cmd.build").build_main
    pytest.importorskip("furo")
    (tmp_path / "index.md").write_text("# First\n\n```{toctree}\nnerves\n```\n", encoding="utf-8")
    (tmp_path / "nerves.md").write_text("# Nerves\n\nSaltatory conduction.\n", encoding="utf-8")
    assert build(["-q", "-W", "-c", str(ROOT / "docs"), str(tmp_path), str(tmp_path / "html")]) == 0
    monkeypatch.setattr(seen, "FOUND", (("saltatory", "nerves"), ("saltatory", "nowhere")))
    monkeypatch.setattr(seen, "PATIENCE", 5)
    (fault,) = seen._search_faults(browser, tmp_path / "html")
    assert fault.startswith("the search for saltatory finds ['nerves.html") and fault.endswith("no page of nowhere")
    assert not [each for each in seen._page_faults(browser, tmp_path / "html", "nerves", None)]


@pytest.mark.long
def test_tags_are_chosen_by_the_keyboard(browser: Browser, tmp_path: Path) -> None:
    """With our script a tag is a button; without it, it is for the mouse only."""
    (tmp_path / "gallery").mkdir()
    body = '<div class="sphx-glr-tag">a</div>' + "".join(f'<p class="sphx-glr-thumbcontainer">{k}</p>' for k in "12")
    chosen = "document.querySelector('.sphx-glr-tag').onclick = () => document.querySelector('p').remove()"
    ours = (ROOT / "docs/static/tags.js").read_text(encoding="utf-8")
    for script, faults in ((chosen, 1), (f"{ours};{chosen}", 0)):
        page = f'<meta charset="utf-8">{body}<script>{script}</script>'
        (tmp_path / "gallery/index.html").write_text(page, encoding="utf-8")
        assert len(list(seen._tag_faults(browser, tmp_path))) == faults


@pytest.mark.long
def test_walks_click_on_links(browser: Browser, tmp_path: Path) -> None:
    """A link that is out of sight is scrolled to; a link within the text goes before one beside it."""
    far = '<p style="height: 3000px">far</p>'
    beside = '<aside><a href="none.html">Two</a></aside>'
    (tmp_path / "index.html").write_text(page(far + '<a href="two.html">Two,  and more</a>') + beside, encoding="utf-8")
    (tmp_path / "two.html").write_text(page("the answer" + '<a href="#more">more</a>'), encoding="utf-8")
    browser.shape(1280, 900)
    assert walked(browser, tmp_path, Walk("", ("two, and",), "the ans[a-z]+")) is None
    assert "no link 'three'" in (walked(browser, tmp_path, Walk("", ("three",), "")) or "")
    assert "no 'question' at" in (walked(browser, tmp_path, Walk("", ("two, and",), "question")) or "")
    assert "takes 4 clicks" in (walked(browser, tmp_path, Walk("", ("two, and", "more", "more", "more"), "a")) or "")


def test_walks_are_short_and_for_three_kinds_of_readers() -> None:
    assert len(WALKS) == 3 and all(len(walks) > 8 for walks in WALKS.values())
    assert max(len(walk.clicks) for walks in WALKS.values() for walk in walks) <= MOST
