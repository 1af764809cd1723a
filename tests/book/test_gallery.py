"""The gallery: every example has its place, and what it did is shown and kept."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "docs"))
from book import gallery
from book.examples import EXAMPLES, PARTS, Example
from book.gallery import Ran, described, example_text, index_text, run_example, write_empty_gallery

LONGEST = 60
"""The most lines of an example."""


def test_every_example_has_one_place() -> None:
    names = [name for part in PARTS.values() for name in part]
    assert sorted(names) == sorted(path.stem for path in (ROOT / "examples").glob("*.py"))


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_are_short_and_say_what_they_are(name: str) -> None:
    text = (ROOT / "examples" / f"{name}.py").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST
    about, code = described(name)
    assert f"python examples/{name}.py" in about and code.startswith(("import", "from"))


def test_pages() -> None:
    ran = Ran("key", "7 spikes\n", 2.4, ["fi_curve.png"])
    text = example_text("fi_curve", ran)
    assert text.startswith("# f-I curve of a leaky integrate-and-fire cell\n\nThe f-I curve")
    assert "![f-I curve" in text and "(pictures/fi_curve-fi_curve.png)" in text and "7 spikes" in text and "2 s" in text
    assert "\nwrites results" not in text.partition("```python")[0]
    index = index_text(dict.fromkeys(EXAMPLES, ran))
    assert index.count(":::{figure}") == len(EXAMPLES) and "\n### theory\n" in index


def test_results_are_kept_until_something_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "examples").mkdir()
    script = tmp_path / "examples/small.py"
    script.write_text("import time; print(time.time_ns())")
    monkeypatch.setattr(gallery, "ROOT", tmp_path)
    monkeypatch.setitem(gallery.EXAMPLES, "small", Example("Small", "none"))
    first = run_example("small", tmp_path / "kept", "1")
    assert run_example("small", tmp_path / "kept", "1") == first
    assert run_example("small", tmp_path / "kept", "2").printed != first.printed
    script.write_text("raise ValueError('of the example')")
    with pytest.raises(RuntimeError, match=r"examples/small.py failed:\n(.|\n)*of the example"):
        run_example("small", tmp_path / "kept", "2")


def test_without_running_each_example_has_a_page(tmp_path: Path) -> None:
    write_empty_gallery(tmp_path)
    assert {path.stem for path in tmp_path.glob("*.md")} == {*EXAMPLES, "index"}
    assert set((tmp_path / "index.md").read_text(encoding="utf-8").split()) >= set(EXAMPLES)
