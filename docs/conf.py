"""Sphinx's settings of the site; `docs/build.py` builds it."""

from __future__ import annotations

import sys
from importlib.metadata import version as version_of
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config

sys.path.insert(0, str(Path(__file__).parent))
from book.inventories import PROJECTS, write_inventories
from book.lexers import MlirLexer

project = "Ranvier"
author = "The Ranvier developers"
release = version = version_of("ranvier")
extensions = ["myst_parser", "sphinx.ext.intersphinx"]
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
html_show_sourcelink = False
html_copy_source = False
html_show_copyright = False


def setup(app: Sphinx) -> None:
    """Makes MLIR a language of code blocks, and names of other projects links."""
    app.add_lexer("mlir", MlirLexer)
    app.connect("config-inited", _link_others, priority=100)  # before intersphinx looks at it


def _link_others(app: Sphinx, config: Config) -> None:
    folder = Path(app.doctreedir).parent / "inventories"
    write_inventories(folder)
    config.intersphinx_mapping = {
        name: (project.address, str(folder / f"{name}.inv")) for name, project in PROJECTS.items()
    }
