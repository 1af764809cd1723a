"""The charts of the page of benchmarks show the record, once for each look, and the page shows each of them."""

import re
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "docs"))
from book.charts import CHARTS, LOOKS, SERIES, chart_table, draw, put_charts, simulators, slower_table
from book.recorded import RECORD, read_record

PAGE = (ROOT / "docs/benchmarks.md").read_text(encoding="utf-8")


def test_every_chart_is_on_the_page_with_its_command_and_its_table() -> None:
    assert re.findall(r"<!-- chart ([\w-]+) -->", PAGE) == list(CHARTS)
    assert all(f"<!-- {name}: written by docs/write.py -->" in PAGE for name in CHARTS)
    for section in PAGE.split("\n## "):
        assert "<!-- chart " not in section or "```sh\npython benchmarks/run.py" in section, section[:20]


def test_the_page_names_the_record_and_the_command_of_it() -> None:
    assert RECORD in PAGE
    notes = (ROOT / "benchmarks/recorded/README.md").read_text(encoding="utf-8")
    (command,) = re.findall(rf"`{Path(RECORD).name}` \| `([^`]+)`", notes)
    assert f"{command} --json found.json" in PAGE


def test_a_chart_has_a_point_for_each_number(tmp_path: Path) -> None:
    record, chart = read_record(), CHARTS["speed-populations"]
    draw(chart, record, LOOKS["light"], tmp_path / "a.svg")
    text = (tmp_path / "a.svg").read_text(encoding="utf-8")
    ElementTree.fromstring(text)
    assert all(f">{series}<" in text for series in SERIES) and all(f">{name}<" in text for name in chart.models)
    assert chart.alt in text
    points = len(SERIES) * len(chart.models)
    assert (
        sum(text.count(f"fill: {colour}") + text.count(f"stroke: {colour}") for colour in LOOKS["light"].series)
        >= points
    )
    draw(chart, record, LOOKS["light"], tmp_path / "b.svg")
    assert (tmp_path / "b.svg").read_text(encoding="utf-8") == text


def test_the_site_has_both_looks(tmp_path: Path) -> None:
    (tmp_path / "benchmarks.md").write_text("a\n\n<!-- chart memory -->\n", encoding="utf-8")
    put_charts(tmp_path, read_record())
    text = (tmp_path / "benchmarks.md").read_text(encoding="utf-8")
    shown = re.findall(r"\{image\} (\S+)\n:alt: .+\n:class: (\S+)\n", text)
    assert shown == [(f"charts/memory-{look}.svg", f"only-{look}") for look in LOOKS]
    assert {path.name for path in (tmp_path / "charts").iterdir()} == {
        f"{name}-{look}.svg" for name in CHARTS for look in LOOKS
    }


def test_tables_have_the_numbers_of_the_charts() -> None:
    record = read_record()
    table = chart_table(record, "synapse")
    assert table.count("\n") == len(CHARTS["synapse"].models) + 1
    (row,) = (line for line in table.splitlines() if line.startswith("| `cuba-100k`"))
    assert row.endswith("| 4.22 | 4.47 | 20.0 | 27.4 |")


def test_what_is_slower_is_told() -> None:
    """A row names exactly the models in which Ranvier took more."""
    record = read_record()
    rows = {tuple(line.split(" | ")[:2]): line for line in slower_table(record).splitlines()[2:]}
    told = set(re.findall(r"`([^`]+)`", rows["| time of a run", "C by hand"]))
    assert told == {name for name, each in record.models.items() if each.ranvier.cost > each.limit.cost} and told
    assert ("| time of a run", "Brian, Cython") not in rows
    model = record.models["coba"]
    slow = replace(model, ranvier=replace(model.ranvier, cost=10 * simulators(model)[2].cost))
    text = slower_table(replace(record, models={"coba": slow}))
    assert re.search(r"time of a run \| Brian, Cython \| `coba` \| 10(\.0)? \|", text)


@pytest.mark.parametrize("name", CHARTS)
def test_no_chart_is_empty(name: str) -> None:
    record = read_record()
    values = [CHARTS[name].value(who) for model in CHARTS[name].models for who in simulators(record.models[model])]
    assert sum(value is not None for value in values) > len(values) / 3
