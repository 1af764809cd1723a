"""Looks at the built site in a headless Chromium: `python docs/look.py [--site DIR] [--pictures DIR] [PAGE ...]`.

For each page, on a desktop and on a phone, light and dark: does the page scroll sideways, are its pictures there? By
keyboard: is the first stop the link to the text, can the focus be seen? Does the search find pages without a network,
and do three kinds of readers find what they look for within three clicks (docs/book/walks.py)? With `--pictures`, what
is seen is written there. A fault ends with status 1; without a Chromium nothing is looked at, and the status is 2.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from book.browser import does_start, found_browser
from book.pages import ROOT
from book.seen import PAGES, faults_of


def main(arguments: Sequence[str] | None = None) -> int:
    """Looks at pages; returns 0 if they are well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pages", nargs="*", default=PAGES, metavar="PAGE", help=f"without .html; {', '.join(PAGES)}")
    parser.add_argument("--site", type=Path, default=ROOT / "build/site/html", help="the folder with the pages")
    parser.add_argument("--pictures", type=Path, help="a folder for pictures of what is seen")
    options = parser.parse_args(arguments)
    program = found_browser()
    if program is None:
        parser.exit(2, "No Chromium was found.\n")
    if not does_start(program):
        parser.exit(2, f"{program} does not start here.\n")
    faults = faults_of(program, options.site, options.pages, options.pictures)
    print(
        "\n".join(faults) if faults else f"{len(options.pages)} pages are well, search and walks find what they should"
    )
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
