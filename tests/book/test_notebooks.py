"""The tutorials: notebooks as text, run in a kernel of their own, and pages of the site."""

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "docs"))
from book import notebooks
from book.notebooks import TUTORIALS, cells_of, executed, notebook, page_text, write_tutorials

PRINTS = {
    "neurons": ["200. pF and 20. ms", "0.368, and exp(-1) is 0.368", "the units do not match", "below the threshold"],
    "synapses": ["mean weight of quiet inputs"],
    "simulations": ["104 sets", "t: double"],
}
"""What each tutorial has to print, among other things."""

DRAWS = {"neurons": 5, "synapses": 7, "simulations": 8}
"""How many cells draw a picture."""


def test_every_tutorial_is_in_the_list() -> None:
    assert sorted(TUTORIALS) == sorted(path.stem for path in notebooks.FOLDER.glob("*.md"))


@pytest.mark.long
@pytest.mark.skipif(not notebooks.is_runnable(), reason="no kernel: pip install ranvier[notebooks]")
@pytest.mark.filterwarnings("ignore")  # of nbclient and its kernel
@pytest.mark.parametrize("name", TUTORIALS)
def test_tutorials_run_in_a_kernel(name: str, tmp_path: Path) -> None:
    found = executed(name, tmp_path)
    outputs = [output for cell in found["cells"] for output in cell.get("outputs", [])]
    assert not [each for each in outputs if each.get("name") == "stderr"]
    text = page_text(name, found, tmp_path)
    assert not [each for each in PRINTS[name] if each not in text]
    assert sum("image/png" in each.get("data", {}) for each in outputs) == DRAWS[name] == len([*tmp_path.glob("*.png")])


def test_cells() -> None:
    text = (
        "---\na: b\n---\n\n# Title\n\n```{code-cell} ipython3\nprint(1)\n```\n\nBetween.\n\n```python\nno cell\n```\n"
    )
    assert [(cell.kind, cell.text) for cell in cells_of(text)] == [
        ("markdown", "# Title"),
        ("code", "print(1)"),
        ("markdown", "Between.\n\n```python\nno cell\n```"),
    ]


@pytest.mark.parametrize("name", TUTORIALS)
def test_notebooks_have_text_code_and_no_outputs(name: str) -> None:
    found = notebook(name)
    kinds = [cell["cell_type"] for cell in found["cells"]]
    assert kinds.count("code") >= 8 and kinds.count("markdown") >= 7
    assert not [cell for cell in found["cells"] if cell.get("outputs")]
    for cell in found["cells"]:
        assert cell["cell_type"] == "markdown" or compile(cell["source"], name, "exec")


def test_pages_show_what_was_printed_and_drawn(tmp_path: Path) -> None:
    found = notebook("neurons")
    code = next(cell for cell in found["cells"] if cell["cell_type"] == "code")
    code["outputs"] = [
        {"output_type": "stream", "name": "stdout", "text": "\x1b[31m7 spikes\x1b[0m\n"},
        {"output_type": "display_data", "data": {"image/png": "iVBORw0KGgo=", "text/plain": "<Figure>"}},
    ]
    text = page_text("neurons", found, tmp_path)
    assert "```text\n7 spikes\n```" in text and "<Figure>" not in text and "{code-cell}" not in text
    assert "](pictures/neurons-1-1.png)" in text and (tmp_path / "neurons-1-1.png").read_bytes()[:4] == b"\x89PNG"
    assert text.startswith("# Tutorial 1: neurons\n\n{download}`As a notebook <neurons.ipynb>`")


def test_what_has_run_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    monkeypatch.setattr(notebooks, "executed", lambda name, folder: calls.append(name) or notebook(name))
    monkeypatch.setattr(notebooks, "is_runnable", lambda: True)
    for number, package in enumerate(["one", "one", "other"]):
        folder = tmp_path / str(number)
        folder.mkdir()
        write_tutorials(folder, tmp_path / "kept", package, run=True)
    assert calls == [*TUTORIALS, *TUTORIALS]
    assert json.loads((tmp_path / "0/neurons.ipynb").read_text())["nbformat"] == 4
