"""Whether pages can be read, used and found: on a phone, in the dark, by keyboard, without a network, by links."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from book.browser import Browser
from book.walks import walk_faults

PAGES: Sequence[str] = (
    "index", "brian", "guide/start", "guide/neurons", "gallery/index", "gallery/networks/coba", "benchmarks",
    "reference/groups", "compiler", "passes",
)  # fmt: skip
"""One page of each kind."""


@dataclass(frozen=True)
class Window:
    """How a page is looked at.

    Attributes:
        name: What it is called.
        width: In pixels.
        height: In pixels.
        dark: Whether the reader prefers dark pages.
    """

    name: str
    width: int
    height: int
    dark: bool


WINDOWS = (
    Window("desktop", 1280, 900, False),
    Window("desktop-dark", 1280, 900, True),
    Window("phone", 390, 844, False),
    Window("phone-dark", 390, 844, True),
)
"""All ways in which pages are looked at."""

FOUND = (("memory_plan", "performance"), ("raster", "plots"), ("snn.map", "dialect"))
"""What the search is asked, and what must be in the address of one of the pages that it finds."""

PATIENCE = 20.0
"""Seconds that a search may take."""

WIDTH = "document.documentElement.scrollWidth"
FOCUSED = """(() => {
    const at = document.activeElement, style = getComputedStyle(at), box = at.getBoundingClientRect();
    return {what: at.getAttribute("href") || at.className || at.tagName, seen: style.outlineStyle != "none" &&
            parseFloat(style.outlineWidth) > 0, inside: box.bottom > 0 && box.top < innerHeight && box.width > 0};
})()"""
MISSING = """[...document.querySelectorAll("article img")]
    .filter(each => each.offsetParent && each.complete && !each.naturalWidth).length"""


def faults_of(program: str, site: Path, pages: Sequence[str], pictures: Path | None = None) -> list[str]:
    """Returns what is wrong with pages of a site.

    Args:
        program: The browser.
        site: The folder with the pages.
        pages: Their names without `.html`.
        pictures: Where pictures of them are written.
    """
    if pictures:
        pictures.mkdir(parents=True, exist_ok=True)
    with Browser(program) as browser:
        found = [fault for page in pages for fault in _page_faults(browser, site, page, pictures)]
        return [*found, *_search_faults(browser, site), *_tag_faults(browser, site), *walk_faults(browser, site)]


def _page_faults(browser: Browser, site: Path, page: str, pictures: Path | None) -> Iterator[str]:
    for window in WINDOWS:
        browser.shape(window.width, window.height, dark=window.dark)
        browser.open(f"{(site / page).resolve().as_uri()}.html")
        if pictures:
            browser.picture(pictures / f"{page.replace('/', '-')}-{window.name}.png")
        if browser.value(WIDTH) > window.width + 1:
            yield f"{page}, {window.name}: the page is wider than the window"
        if browser.value(MISSING):
            yield f"{page}, {window.name}: a picture is not there"
        for fault in () if window.dark else _keyboard_faults(browser):
            yield f"{page}, {window.name}: {fault}"


def _keyboard_faults(browser: Browser, stops: int = 8) -> Iterator[str]:
    for number in range(stops):
        browser.press("Tab")
        browser.until(f"({FOCUSED}).inside", 1)
        focused = browser.value(FOCUSED)
        if focused["what"] == "BODY":
            return
        if number == 0 and not focused["what"].startswith("#"):
            yield f"the first stop is {focused['what']}, not the link to the text"
        if not focused["inside"]:
            yield f"stop {number + 1} by the Tab key, {focused['what']}, is outside of the window"
        elif not focused["seen"]:
            yield f"stop {number + 1} by the Tab key, {focused['what']}, cannot be seen"


def _tag_faults(browser: Browser, site: Path) -> Iterator[str]:
    """Chooses a tag of the gallery by the keyboard: only examples that have it are to be seen."""
    browser.open(f"{(site / 'gallery/index').resolve().as_uri()}.html")
    shown = '[...document.querySelectorAll(".sphx-glr-thumbcontainer")].filter(each => each.offsetParent).length'
    all_of_them = browser.value(shown)
    browser.value('document.querySelector(".sphx-glr-tag")?.focus()')
    browser.press("Enter")
    if not browser.until(f"0 < {shown} && {shown} < {all_of_them}", 5):
        yield f"a tag of the gallery, chosen by the keyboard, shows {browser.value(shown)} of {all_of_them} examples"


def _search_faults(browser: Browser, site: Path) -> Iterator[str]:
    browser.shape(1280, 900)
    for words, place in FOUND:
        browser.open(f"{(site / 'search.html').resolve().as_uri()}?q={words}")
        links = '[...document.querySelectorAll("#search-results li a")].map(each => each.getAttribute("href"))'
        if not browser.until(f"{links}.some(each => each.includes({place!r}))", PATIENCE):
            yield f"the search for {words} finds {browser.value(links)}, and no page of {place}"
