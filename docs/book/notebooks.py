"""The tutorials: notebooks that are written as text, run in a kernel, and shown with what they print and draw.

A tutorial is a page of Markdown in which each block of code-cell is a cell, in the form that jupytext calls MyST: it
reads well without a site, opens in Jupyter as a notebook, and has no outputs that could be out of date.

    python docs/book/notebooks.py DIR

writes them as .ipynb files.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
from book.pages import ROOT, linked

FOLDER = ROOT / "docs" / "tutorials"

TUTORIALS: Mapping[str, str] = {"neurons": "Neurons", "synapses": "Synapses", "simulations": "Simulations"}
"""The tutorials in their order: name of the file → title."""

NEEDED = ("nbclient", "ipykernel")
"""Packages that run notebooks: the extra `notebooks`."""

_CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Cell:
    """A piece of a notebook.

    Attributes:
        kind: "markdown" or "code".
        text: What is written in it.
    """

    kind: str
    text: str


def cells_of(text: str) -> list[Cell]:
    """Returns the cells of a notebook that is written as text."""
    body = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)
    pieces = _CELL.split(body)
    kinds = ("markdown", "code")
    found = [Cell(kinds[k % 2], piece.strip()) for k, piece in enumerate(pieces)]
    return [cell for cell in found if cell.text]


def text_of(name: str) -> str:
    """Returns the text of a tutorial."""
    return (FOLDER / f"{name}.md").read_text(encoding="utf-8")


def notebook(name: str) -> dict[str, Any]:
    """Returns a tutorial as a notebook without outputs, the contents of an .ipynb file."""
    cells: list[dict[str, Any]] = []
    for k, cell in enumerate(cells_of(text_of(name))):
        entry: dict[str, Any] = {"cell_type": cell.kind, "id": f"{name}-{k}", "metadata": {}, "source": cell.text}
        cells.append(entry | ({"execution_count": None, "outputs": []} if cell.kind == "code" else {}))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


def is_runnable() -> bool:
    """Tells whether what runs notebooks is installed."""
    return all(find_spec(each) is not None for each in NEEDED)


def executed(name: str, folder: Path) -> dict[str, Any]:
    """Returns a tutorial with the outputs that a kernel gave.

    Args:
        name: The name of the file.
        folder: Where the kernel works.

    Raises:
        nbclient.exceptions.CellExecutionError: A cell has raised an error.
    """
    import nbformat
    from nbclient import NotebookClient

    found = nbformat.from_dict(notebook(name))
    where = {"metadata": {"path": str(folder)}}
    quiet = ["--log-level=ERROR"]  # a kernel warns that others on this machine could hear what it is told
    client = NotebookClient(found, timeout=600, kernel_name="python3", resources=where, extra_arguments=quiet)
    client.execute()
    return json.loads(nbformat.writes(found))


def page_text(name: str, found: Mapping[str, Any], pictures: Path) -> str:
    """Returns the page of a tutorial, and writes its pictures.

    Args:
        name: The name of the file.
        found: The notebook, with outputs or without.
        pictures: The folder of the pictures; it exists.
    """
    parts: list[str] = []
    for k, cell in enumerate(found["cells"]):
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(linked(text, f"docs/tutorials/{name}.md"))
            continue
        parts.append(f"```python\n{text}\n```")
        parts += [_shown(output, f"{name}-{k}-{n}", pictures) for n, output in enumerate(cell["outputs"])]
    heading, *others = parts
    first = heading.partition("\n")
    offer = f"{first[0]}\n\n{{download}}`As a notebook <{name}.ipynb>`\n{first[2]}"
    return "\n\n".join(part for part in [offer, *others] if part) + "\n"


def _shown(output: Mapping[str, Any], name: str, pictures: Path) -> str:
    data = output.get("data", {})
    if "image/png" in data:
        (pictures / f"{name}.png").write_bytes(base64.b64decode("".join(data["image/png"])))
        return f"![What the code above draws](pictures/{name}.png)"
    text = "".join(output.get("text", data.get("text/plain", "")))
    return f"```text\n{_COLOURS.sub('', text).rstrip()}\n```" if text.strip() else ""


def write_tutorials(folder: Path, kept: Path, package: str, *, run: bool) -> None:
    """Writes the pages of the tutorials and the notebooks.

    Args:
        folder: The folder in the site's source; it exists.
        kept: Where earlier results lie.
        package: The key of the package: what was run with another one is run again.
        run: Whether to run them, so that the pages show what they print and draw.
    """
    (folder / "pictures").mkdir()
    for name in TUTORIALS:
        (folder / f"{name}.ipynb").write_text(json.dumps(notebook(name), indent=1), encoding="utf-8")
        found = _kept(name, kept, package) if run and is_runnable() else notebook(name)
        (folder / f"{name}.md").write_text(page_text(name, found, folder / "pictures"), encoding="utf-8")


def _kept(name: str, kept: Path, package: str) -> dict[str, Any]:
    """Returns a tutorial as it ran, by now or before with the same text and package."""
    key = hashlib.sha256(f"{package}{text_of(name)}".encode()).hexdigest()
    note = kept / f"{name}-{key[:16]}.json"
    if not note.exists():
        kept.mkdir(parents=True, exist_ok=True)
        note.write_text(json.dumps(executed(name, kept)), encoding="utf-8")
    return json.loads(note.read_text(encoding="utf-8"))


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    for each in TUTORIALS:
        (target / f"{each}.ipynb").write_text(json.dumps(notebook(each), indent=1), encoding="utf-8")
