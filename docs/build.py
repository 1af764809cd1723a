"""Builds the site of the documentation, without a network: `python docs/build.py [--output DIR] [--without-gallery]`.

Needs the extra `docs` (`pip install -e ".[docs]"`). The pages are in `build/site/html`; `index.html` there opens in any
browser, with the search. A warning is an error.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from sphinx.cmd.build import build_main

sys.path.insert(0, str(Path(__file__).parent))
from book.below import write_below
from book.charts import put_charts
from book.gallery import package_key, write_examples
from book.links import broken_links
from book.notebooks import write_tutorials
from book.pages import ROOT, write_pages
from book.recorded import read_record
from book.reference import write_reference


def main(arguments: Sequence[str] | None = None) -> int:
    """Builds the site and returns 0 if there is no warning and no link that leads nowhere."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "site")
    parser.add_argument(
        "--without-gallery", action="store_true", help="run no example and no tutorial: quicker, for work on texts"
    )
    options = parser.parse_args(arguments)
    began = time.perf_counter()
    source, html = options.output / "source", options.output / "html"
    write_source(source, options.output, run=not options.without_gallery)
    shutil.rmtree(html, ignore_errors=True)
    settings = ["-W", "--keep-going", "-q", "-j", "auto", "-d", str(options.output / "doctrees")]
    settings += ["-D", "plot_gallery=False"] if options.without_gallery else []
    status = build_main(["-b", "html", "-c", str(ROOT / "docs"), *settings, str(source), str(html)])
    broken = broken_links(html)
    print("\n".join(broken) if broken else f"{html / 'index.html'} ({time.perf_counter() - began:.0f} s)")
    return 1 if status or broken else 0


def write_source(source: Path, kept: Path, *, run: bool) -> None:
    """Writes what Sphinx reads.

    Args:
        source: The folder; what is in it is removed, but for the pages of examples, which sphinx-gallery makes.
        kept: Where results of tutorials are kept, and the examples are laid out for sphinx-gallery.
        run: Whether to run the tutorials.
    """
    write_examples(kept / "examples", source / "gallery")
    for path in source.iterdir():
        if path.name != "gallery":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for folder in (source / "reference", source / "tutorials"):
        folder.mkdir()
    write_pages(source)
    put_charts(source, read_record())
    write_reference(source / "reference")
    write_below(source / "reference")
    write_tutorials(source / "tutorials", kept / "tutorials", package_key(), run=run)


if __name__ == "__main__":
    sys.exit(main())
