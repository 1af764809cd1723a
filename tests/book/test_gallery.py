"""The gallery: every example has its place, says what it is, runs by itself, and is linked with the reference."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "docs"))
from book import gallery
from book.examples import PARTS, PLACES
from book.gallery import arguments, settings, write_examples
from book.used import UsedNames

import ranvier

LONGEST = 60
"""The most lines of an example."""


def about(name: str) -> str:
    """The docstring of an example."""
    return ast.get_docstring(ast.parse((ROOT / "examples" / f"{name}.py").read_text(encoding="utf-8"))) or ""


def test_every_example_has_one_place() -> None:
    names = [name for part in PARTS.values() for name in part.names.split()]
    assert sorted(names) == sorted(path.stem for path in (ROOT / "examples").glob("*.py"))


@pytest.mark.parametrize("name", PLACES)
def test_examples_are_short_and_say_what_they_are(name: str) -> None:
    lines = (ROOT / "examples" / f"{name}.py").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= LONGEST
    title, line, gap, first, *_ = about(name).splitlines()
    assert set(line) == {"="} and len(line) == len(title) and not gap and first
    assert f"`python examples/{name}.py" in about(name)
    assert re.fullmatch(r'# sphinx_gallery_tags = \["\w+"(, "\w+")*\]', lines[-1])


def test_what_an_example_is_called_with() -> None:
    found = {name: arguments({}, {"src_file": ROOT / "examples" / f"{name}.py"}) for name in PLACES}
    gallery._KEPT.clear()
    assert found.pop("microcircuit") == ["--scale", "0.05", "--seconds", "0.3"]
    assert {name for name, given in found.items() if given} == {"brunel_phase_diagram", "fit_adex", "sweep_fi_surface"}


def test_pages_are_kept_until_something_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    staged, made = tmp_path / "examples", tmp_path / "source/gallery"
    monkeypatch.setattr(gallery, "package_key", lambda: "one")
    write_examples(staged, made)
    assert (staged / "networks/coba.py").read_bytes() == (ROOT / "examples/coba.py").read_bytes()
    assert (staged / "networks/GALLERY_HEADER.rst").read_text().startswith("Networks\n--------\n")
    page = made / "networks/coba.rst"
    page.parent.mkdir()
    page.touch()
    (staged / "networks/results").mkdir()
    write_examples(staged, made)
    assert page.exists() and not (staged / "networks/results").exists()
    monkeypatch.setattr(gallery, "package_key", lambda: "two")
    write_examples(staged, made)
    assert not page.exists()


def test_names_that_an_example_uses() -> None:
    code = (
        "from ranvier import *\nfrom ranvier.stages import Options as O\ncells = NeuronGroup(2, 'v : 1')\nrun(1*ms)\n"
    )
    code += "tau = 2*ms\nseed = 3\nO()\nplot(cells.v)\nNetwork(cells).run(tau)\n"
    cells = ranvier.NeuronGroup(2, "v : 1")
    names = {name: getattr(ranvier, name) for name in ("NeuronGroup", "run", "ms", "plot", "Network")}
    finder = UsedNames({**names, "cells": cells, "tau": 2 * ranvier.ms, "seed": 3, "O": int})
    finder.visit(ast.parse(code))
    found = {name: full for name, full, *_ in reversed(finder.get_mapping())}
    assert {found[name] for name in ("NeuronGroup", "run", "O")} == {
        "ranvier.NeuronGroup",
        "ranvier.run",
        "ranvier.stages.Options",
    }
    assert found["cells"] == "ranvier.NeuronGroup" and "tau" not in found and "seed" not in found
    assert not [full for full in found.values() if full.endswith((".Unit", ".Quantity", ".LazyName"))]


CONF = """
import sys
from pathlib import Path
sys.path.insert(0, {docs!r})
import book.gallery, book.used
book.gallery.PARTS = {{"part": None}}
book.gallery.PLACES = {{"one": "part", "two": "part"}}
from sphinx_gallery.sorting import ExplicitOrder
extensions, default_role = ["sphinx_gallery.gen_gallery"], "code"
sphinx_gallery_conf = {{**book.gallery.settings(Path({source!r})), "subsection_order": ["../examples/part"],
                       "within_subsection_order": ExplicitOrder(["one.py", "two.py"])}}

def setup(app):
    app.add_directive("examples-using", book.used.ExamplesUsing)
    app.connect("builder-inited", book.gallery.run_apart, priority=100)
"""
EXAMPLE = '''"""Title {name}
=========

`python examples/{name}.py` (in the gallery: `--size 7`)
"""

import sys
from pathlib import Path

from ranvier import *

assert defaultclock.dt == 0.1*ms, "another example has changed the clock"
defaultclock.dt = 1*ms
print("given:", *sys.argv[1:])
print("pro" + "gress", file=sys.stderr)
plot([1, 2])
run(1*ms)
Path("{name}.txt").write_text("ran")
{rest}
# sphinx_gallery_tags = ["kind"]
'''
INDEX = """Site
====

.. toctree::

   gallery/index

.. py:function:: ranvier.run

   .. examples-using:: ranvier.run

.. py:function:: ranvier.stop

   .. examples-using:: ranvier.stop
"""


def build(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-c", str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "docs")}
    return subprocess.run(
        [*command, str(folder / "source"), str(folder / "html")], capture_output=True, text=True, env=environment
    )


@pytest.mark.long
def test_a_small_gallery(tmp_path: Path) -> None:
    """Two examples: each in its own process, run once, linked both ways; then one that fails."""
    source, staged = tmp_path / "source", tmp_path / "examples/part"
    source.mkdir()
    staged.mkdir(parents=True)
    for folder, title in ((staged.parent, "Gallery\n=======\n"), (staged, "Part\n----\n")):
        (folder / "GALLERY_HEADER.rst").write_text(title)
    for name in ("one", "two"):
        (staged / f"{name}.py").write_text(EXAMPLE.format(name=name, rest=""))
    (source / "index.rst").write_text(INDEX)
    (tmp_path / "conf.py").write_text(CONF.format(docs=str(ROOT / "docs"), source=str(source)))
    (source / "gallery").mkdir()
    done = build(tmp_path)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "html/gallery/part/two.html").read_text()
    assert "given: --size 7" in page and "progress" not in page and "Total running time" in page and "MB" in page
    assert (
        'alt="Title two"' in page
        and 'href="../../index.html#ranvier.run"' in page
        and "sphinx_gallery_tags" not in page
    )
    assert re.search(r'href="[^"]*two\.ipynb"', page) and re.search(r'href="[^"]*two\.py"', page)
    first, text, code = json.loads((source / "gallery/part/two.ipynb").read_text())["cells"]
    assert "".join(first["source"]) == gallery.FIRST_CELL and "".join(text["source"]).startswith("# Title two")
    assert "sphinx_gallery" not in "".join(code["source"])
    index = (tmp_path / "html/index.html").read_text()
    assert index.count("Examples with") == 1 and 'href="gallery/part/one.html"' in index

    (staged / "one.txt").unlink()
    (staged / "two.py").write_text(EXAMPLE.format(name="two", rest="raise ValueError('of the example')"))
    done = build(tmp_path)
    assert done.returncode and "examples/two.py failed:\n" in done.stderr and "of the example" in done.stderr
    assert "two.py" in done.stderr and not (staged / "one.txt").exists()


def test_without_examples_there_is_no_gallery(tmp_path: Path) -> None:
    assert settings(tmp_path / "source")["examples_dirs"] == []
