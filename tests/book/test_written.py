"""What programs write into pages is what the records say: the table of the first page, and its picture."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "docs"))
from book.recorded import CELLS, NETWORKS, POPULATIONS, number, read_record, rounded
from book.written import PAGES, PICTURE, first_code, key_of, with_pieces, with_text

AGAIN = "run `python docs/write.py`"


def cases() -> ModuleType:
    spec = spec_from_file_location("benchmark_cases", ROOT / "benchmarks/cases.py")
    assert spec and spec.loader
    module = sys.modules["benchmark_cases"] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", PAGES)
def test_pages_have_the_recorded_numbers(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    assert "written by docs/write.py" in text
    assert with_pieces(text, read_record()) == text, AGAIN


def test_other_numbers_are_seen() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    changed = text.replace("| **4.1** |", "| **41** |")
    assert changed != text and with_pieces(changed, read_record()) == text


def test_the_first_page_is_the_readme() -> None:
    assert first_code("README.md") == first_code("docs/index.md")
    assert len([line for line in first_code().splitlines() if line]) == 15


def test_the_picture_is_that_of_the_code() -> None:
    assert b"tEXtSource\0" + key_of(first_code()) in (ROOT / PICTURE).read_bytes(), AGAIN


def test_a_picture_with_a_text_is_a_picture() -> None:
    image = pytest.importorskip("PIL.Image")
    with image.open(ROOT / PICTURE) as picture:
        picture.load()
        assert picture.text["Source"] == key_of(first_code()).decode()
    with pytest.raises(ValueError):
        with_text(b"no picture", b"Source", b"x")


def test_the_models_are_those_of_the_benchmarks() -> None:
    record = read_record()
    assert set(record.models) == {*NETWORKS, *POPULATIONS} == set(CELLS)
    benchmarks = cases().BENCHMARKS
    assert {name: benchmarks[name].cells for name in CELLS} == dict(CELLS)
    assert all(bool(record.models[name].synapses) == benchmarks[name].synapses for name in CELLS)


def test_what_is_compared() -> None:
    model = read_record().models["stdp-10k"]
    assert model.best_mode == "brian cython" and model.limit.cost < model.ranvier.cost
    assert model.gain == pytest.approx(37.9415 / 2.98713, rel=1e-3)


def test_numbers_are_short() -> None:
    assert [number(value) for value in (0.03502, 1.41, 40.7, 315.7, None)] == ["0.0350", "1.41", "40.7", "316", ""]
    assert rounded(319_489) == "320,000" and rounded(10_001_389) == "10.0 M"
