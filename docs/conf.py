"""Sphinx's settings of the site; `docs/build.py` builds it."""

from __future__ import annotations

import sys
from importlib.metadata import version as version_of
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config

sys.path.insert(0, str(Path(__file__).parent))
from book.gallery import run_apart, settings
from book.inventories import PROJECTS, write_inventories
from book.lexers import MlirLexer
from book.used import ExamplesUsing

project = "Ranvier"
author = "The Ranvier developers"
release = version = version_of("ranvier")
extensions = ["myst_parser", "sphinx.ext.intersphinx", "sphinx_gallery.gen_gallery"]
myst_enable_extensions = ["colon_fence", "fieldlist"]
myst_heading_anchors = 4
exclude_patterns = ["examples"]
default_role = "code"
python_maximum_signature_line_length = 90
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_title = f"Ranvier {release}"
html_static_path = ["static"]
html_css_files = ["ranvier.css"]
html_js_files = ["tags.js"]
html_show_sourcelink = False
html_copy_source = False
html_show_copyright = False


def setup(app: Sphinx) -> None:
    """Makes MLIR a language of code blocks, and names of other projects links."""
    app.add_lexer("mlir", MlirLexer)
    app.connect("config-inited", _link_others, priority=100)  # before intersphinx looks at it
    app.add_directive("examples-using", ExamplesUsing)
    app.connect("config-inited", _set_gallery, priority=1)  # before sphinx-gallery looks at it
    app.connect("builder-inited", run_apart, priority=100)  # before sphinx-gallery makes what is missing


def _link_others(app: Sphinx, config: Config) -> None:
    folder = Path(app.doctreedir).parent / "inventories"
    write_inventories(folder)
    config.intersphinx_mapping = {
        name: (project.address, str(folder / f"{name}.inv")) for name, project in PROJECTS.items()
    }


def _set_gallery(app: Sphinx, config: Config) -> None:
    config.sphinx_gallery_conf = settings(Path(app.srcdir))
