"""The gallery: sphinx-gallery runs the examples and writes their pages; what it needs from us is here.

It wants a folder for each part of the gallery; our examples are in one, so they are copied (`write_examples`). It runs
many examples in one process; scripts of Brian's language share a default clock and a magic network within a process. So
each runs in one of its own (`run_apart`), before sphinx-gallery looks which pages are missing, and then finds them all.
"""

from __future__ import annotations

import ast
import hashlib
import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stderr
from importlib.metadata import version
from io import StringIO
from multiprocessing import get_context
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from typing import Any

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx_gallery import backreferences
from sphinx_gallery.gen_rst import extract_intro_and_title, generate_file_rst
from sphinx_gallery.scrapers import matplotlib_scraper
from sphinx_gallery.sorting import ExplicitOrder

from book.examples import PARTS, PLACES
from book.pages import ROOT
from book.used import UsedNames

INTRODUCTION = """Gallery
=======

Each picture was made by the code on its page. The scripts are in the folder `examples`, and each page offers
its script as a download, also as a notebook. Choose a tag to see only the examples that have it.
"""

DPI = 120
"""Pixels of an inch of a picture: sharp on most screens, at half the time of two sizes."""

FIRST_CELL = 'import sys\n\nsys.argv = ["example.py"]  # a notebook has no command line'
"""What notebooks begin with: some examples read options of their command."""


def settings(source: Path) -> dict[str, Any]:
    """Returns the settings of sphinx-gallery; without staged examples there is no gallery.

    Args:
        source: The folder from which Sphinx builds the site.
    """
    staged = (source.parent / "examples").is_dir()
    return {
        "examples_dirs": ["../examples"] if staged else [],
        "gallery_dirs": ["gallery"] if staged else [],
        "filename_pattern": "",
        "subsection_order": [f"../examples/{folder}" for folder in PARTS],
        "within_subsection_order": ExplicitOrder([f"{name}.py" for name in PLACES]),
        "minigallery_sort_order": "book.gallery.position",
        "reset_argv": "book.gallery.arguments",
        "image_scrapers": ("book.gallery.pictures",),
        "copyfile_regex": r".*\.mlir",
        "capture_repr": (),
        "remove_config_comments": True,
        "first_notebook_cell": FIRST_CELL,
        "backreferences_dir": "gallery/backreferences",
        "doc_module": ("ranvier",),
        "show_memory": Measure(),
        "show_signature": False,
        "write_computation_times": False,  # its page takes scripts from other servers
    }


def write_examples(staged: Path, made: Path) -> None:
    """Copies the examples into folders, and removes pages that were made with another package.

    Args:
        staged: Where the folders are to be; what is there is removed.
        made: The folder of the pages in the site's source.
    """
    shutil.rmtree(staged, ignore_errors=True)
    for folder, part in PARTS.items():
        (staged / folder).mkdir(parents=True)
        (staged / folder / "GALLERY_HEADER.rst").write_text(_header(part.title, part.about), encoding="utf-8")
        for name in part.names.split():
            shutil.copy(ROOT / "examples" / f"{name}.py", staged / folder)
    shutil.copy(ROOT / "examples/ring.mlir", staged / PLACES["graph_by_hand"])
    (staged / "GALLERY_HEADER.rst").write_text(INTRODUCTION, encoding="utf-8")
    note, key = made / "key.txt", gallery_key()
    if not note.exists() or note.read_text("utf-8") != key:
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(parents=True)
        note.write_text(key, encoding="utf-8")


def _header(title: str, about: str) -> str:
    return f"{title}\n{'-' * len(title)}\n\n{about}\n"


def gallery_key() -> str:
    """Returns a text that changes with all that pages of examples depend on but the examples themselves."""
    ours = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    return f"{package_key()} {ours} {version('sphinx-gallery')} {PLACES}"


def package_key() -> str:
    """Returns a text that changes with the package."""
    found = hashlib.sha256()
    for part in ("frontend", "ir", "passes", "codegen", "runtime"):
        for path in sorted((ROOT / part).rglob("*.py")):
            found.update(path.read_bytes())
    return found.hexdigest()


def arguments(_conf: Mapping[str, Any], variables: Mapping[str, Any]) -> list[str]:
    """Returns what an example is called with, which its docstring says.

    Args:
        variables: What sphinx-gallery knows of the example.
    """
    _KEPT.append(variables)  # its objects live as long as its process, as those of a script
    found = re.search(r"\(in the gallery: `([^`]+)`\)", _docstring(variables["src_file"]))
    return found[1].split() if found else []


def pictures(block: Any, variables: Mapping[str, Any], conf: Mapping[str, Any]) -> str:
    """Returns the pictures that an example has drawn, with its title for those who cannot see them."""
    _, title = extract_intro_and_title(variables["src_file"], _docstring(variables["src_file"]))
    return re.sub(r":alt: .*", f":alt: {title}", matplotlib_scraper(block, variables, conf, dpi=DPI))


def position(path: str) -> int:
    """Returns the place of an example in the order of the gallery."""
    return [*PLACES].index(Path(path).stem)


def _docstring(path: str) -> str:
    return ast.get_docstring(ast.parse(Path(path).read_text(encoding="utf-8"))) or ""


_KEPT: list[Mapping[str, Any]] = []


class Measure:
    """Runs the code of an example; what it writes to stderr, its progress, is no part of the page."""

    def __call__(self, code: Callable[[], Any]) -> tuple[float, Any]:
        """Returns the most memory that the process has had, in MB, and what the code returns."""
        with redirect_stderr(StringIO()):
            returned = code()
        return getrusage(RUSAGE_SELF).ru_maxrss / _PER_MB, returned


_PER_MB = 1024**2 if sys.platform == "darwin" else 1024


def run_apart(app: Sphinx) -> None:
    """Makes the page of each example that has changed, in a process of its own; sphinx-gallery then has them all.

    Raises:
        ExtensionError: An example failed; the text has its traceback.
    """
    conf = app.config.sphinx_gallery_conf
    if not conf["plot_gallery"] or not conf["examples_dirs"]:
        return
    staged, made = Path(app.srcdir).parent / "examples", Path(app.srcdir) / "gallery"
    context = get_context("forkserver")
    context.set_forkserver_preload(["__main__", __name__])  # what all of them import is imported once
    with ProcessPoolExecutor(os.cpu_count(), context, max_tasks_per_child=1) as pool:
        waiting = {
            name: pool.submit(_make, name, made / folder, staged / folder, conf) for name, folder in PLACES.items()
        }
        failed = [f"examples/{name}.py failed:\n{text}" for name, each in waiting.items() if (text := each.result())]
    if failed:
        raise ExtensionError("\n".join(failed))


def _make(name: str, made: Path, staged: Path, conf: dict[str, Any]) -> str:
    """Returns the traceback of an example whose page is made; empty if it ran to its end."""
    made.mkdir(exist_ok=True)
    backreferences.NameFinder = UsedNames
    *_, found = generate_file_rst(f"{name}.py", made, staged, conf)
    return str(found.get("formatted_exception", ""))
