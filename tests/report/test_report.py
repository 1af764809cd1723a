"""The page of a script's programs: its data, its links, and that it never stands in the way of a run."""

import itertools
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from chosen_target import longest

from ranvier import Network, NeuronGroup, SpikeMonitor, ms
from ranvier.codegen.compile import assembly_text, optimised_text
from ranvier.report import trace as tracing
from ranvier.report.page import data_in

EQUATIONS = "dv/dt = (1.5 - v)/(10*ms) : 1"


def run_network(extra: str = "") -> Network:
    cells = NeuronGroup(100, EQUATIONS + extra, threshold="v > 1", reset="v = 0", method="euler", name="cells")
    network = Network(cells, SpikeMonitor(cells, name="spikes"), name="net")
    network.run(1 * ms, namespace={"ms": ms})
    return network


def traced(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANVIER_TRACE", str(path))
    monkeypatch.setenv("RANVIER_TRACE_PROCESS", str(os.getpid()))
    monkeypatch.setattr(tracing, "_traces", {})
    monkeypatch.setattr("atexit.register", lambda function: function)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("report") / "new" / "report.html"
    with pytest.MonkeyPatch.context() as patch:
        traced(path, patch)
        run_network()
        run_network()
        run_network("\ndw/dt = (drive - w)/(5*ms) : 1\ndrive = v*v*0.3 : 1")
        trace = tracing.current()
        assert trace is not None
        trace.write()
    yield path


@pytest.fixture(scope="module")
def data(report: Path) -> dict[str, Any]:
    return data_in(report.read_text(encoding="utf-8"))


def texts(data: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The texts of the first program, by name or by the stage that they give."""
    return {text["stage"] or text["name"]: text for text in data["programs"][0]["texts"]}


def lines(data: dict[str, Any], text: dict[str, Any]) -> list[str]:
    return [data["lines"][number] for number in text["lines"]]


def origin(data: dict[str, Any], line: int) -> set[str]:
    """The lines of the user that a line of the assembly comes from."""
    chain = [text for text in data["programs"][0]["texts"] if text["chained"]]
    found = {line}
    for text in reversed(chain[1:]):
        above: set[int] = set()
        for one in found:
            parents = text["parents"][one] if text["parents"] else None
            distances = [] if parents is None else [parents] if isinstance(parents, int) else parents
            above.update(one + distance for distance in distances)
        found = above
    return {lines(data, chain[0])[one].strip() for one in found}


def test_what_passes_say_is_among_the_decisions(data: dict[str, Any]) -> None:
    """Of ops that are gone as well; what a pass also writes to an op is there once."""
    found = [(one["about"], one["key"], one["value"]) for one in data["programs"][0]["decisions"]]
    sweep = "cells_stateupdater+cells_spike_thresholder"
    assert ("cells_spike_thresholder", "fuse-maps", "joined the sweep of 'cells_stateupdater'") in found
    assert ("cells_spike_resetter", "convert-resets", f"is a choice in the sweep of '{sweep}'") in found
    said = [one for one in data["programs"][0]["decisions"] if one["key"] == "convert-resets"]
    assert [(one["line"], one["missed"]) for one in said] == [(-1, False)]
    assert len({(about, value) for about, _, value in found}) == len(found)


def test_all_stages_and_passes_are_there(data: dict[str, Any]) -> None:
    found = texts(data)
    assert {"equations", "actions", "plan", "snn", "optimised", "loops", "llvm", "llvm-optimised", "asm"} <= set(found)
    assert {"fuse-maps", "hoist-uniform", "share-traces"} <= {text["name"] for text in data["programs"][0]["texts"]}
    assert not data["programs"][0]["failure"]
    assert all(text["seconds"] > 0 for text in found.values() if text["language"] in ("mlir", "llvm", "asm"))


def test_instructions_are_followed_to_the_equation(data: dict[str, Any]) -> None:
    assembly = lines(data, texts(data)["asm"])
    origins = [origin(data, number) for number, line in enumerate(assembly) if line.startswith("\t")]
    assert any(f"{EQUATIONS}" in found for found in origins)
    assert any("v > 1" in found for found in origins)


def test_ops_are_followed_by_their_places(data: dict[str, Any]) -> None:
    """What a subexpression says is put into the equation that uses it: the plan does not name it, but ops do."""
    program = data["programs"][1]
    equations, snn = (next(text for text in program["texts"] if text["name"] == name) for name in ("equations", "snn"))
    line = next(k for k, text in enumerate(lines(data, equations)) if "drive = v*v*0.3" in text)
    ops = [text for text, found in zip(lines(data, snn), snn["origins"], strict=True) if line in found]
    assert any("arith.mulf" in text for text in ops)
    assert not any("arith.divf" in text for text in ops)


def test_ops_say_which_part_of_an_equation_they_compute(data: dict[str, Any]) -> None:
    program = data["programs"][1]
    equations, snn = (next(text for text in program["texts"] if text["name"] == name) for name in ("equations", "snn"))
    written, ops = lines(data, equations), lines(data, snn)
    parts = {
        (re.sub(r".* = (\S+) .*", r"\1", op.strip()), written[line][begin:end])
        for op, spans in zip(ops, snn["spans"], strict=True)
        for line, begin, end in spans
    }
    assert {("arith.subf", "1.5 - v"), ("arith.divf", "(1.5 - v)/(10*ms)"), ("arith.mulf", "v*v*0.3")} <= parts
    assert ("arith.cmpf", "v > 1") in parts and not any("# " in part for _, part in parts)


def test_values_keep_their_names_from_pass_to_pass(data: dict[str, Any]) -> None:
    chain = [text for text in data["programs"][0]["texts"] if text["chained"] and text["language"] == "mlir"]
    for before, after in itertools.pairwise(chain):
        if after["name"] != "lower-to-loops":
            assert len(set(before["lines"]) & set(after["lines"])) > 0.5 * len(after["lines"]), after["name"]


def test_debug_information_of_a_report_changes_no_instruction(data: dict[str, Any]) -> None:
    found = texts(data)
    plain = assembly_text(optimised_text("\n".join([*lines(data, found["llvm"]), ""])))
    instructions = [line for line in plain.splitlines() if re.match(r"\t[a-z]", line)]
    assert instructions == [line for line in lines(data, found["asm"]) if re.match(r"\t[a-z]", line)]


def test_runs_costs_and_the_cache_are_told(data: dict[str, Any]) -> None:
    first, second = data["programs"]
    assert first["network"] == "net" and [run["simulated"] for run in first["runs"]] == [0.001, 0.001]
    assert first["runs"][1]["outcome"] == "found in memory" and first["cache"]["why"]
    (sweep,) = [sweep for sweep in first["sweeps"] if sweep["kind"].startswith("snn.map")]
    assert sweep["flops"] > 0 and sweep["read"] == 8 and first["sizes"][sweep["size"]] == 100
    assert second["runs"][0]["outcome"]


class Tags(HTMLParser):
    """Tells whether the tags of a page are closed, and what it loads."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "link", "br", "input"):
            self.open.append(tag)
        self.loaded += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_needs_nothing_else(report: Path) -> None:
    text, tags = report.read_text(encoding="utf-8"), Tags()
    tags.feed(text)
    assert not tags.open and tags.loaded == ["#view"] and "{{" not in text.partition("<script>")[0]
    assert report.stat().st_size < 1 << 20


def test_a_page_that_cannot_be_written_is_told_and_loses_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    traced(tmp_path / "file" / "report.html", monkeypatch)
    warnings: list[str] = []
    monkeypatch.setattr(tracing._logger, "warn", lambda text, *_: warnings.append(text))
    assert float(run_network().t) == pytest.approx(0.001)
    assert len(warnings) == 1 and "cannot be written" in warnings[0] and "RANVIER_TRACE" in warnings[0]


def test_a_process_that_a_script_starts_writes_no_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    traced(tmp_path / "report.html", monkeypatch)
    monkeypatch.setenv("RANVIER_TRACE_PROCESS", "1")
    assert tracing.current() is None and not list(tmp_path.iterdir())


BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


VIEWS = {
    "follow": "dv/dt",
    "diff&text=8": "before: ",
    "graph": 'class="node',
    "cost": "Roofline",
    "decisions": "Decisions",
    "cache": "found in memory",
}


@pytest.mark.long
@pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")
@pytest.mark.parametrize("view", VIEWS)
def test_the_views_are_drawn(report: Path, view: str) -> None:
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=4000", "--dump-dom"]
    command = [str(BROWSER), *options, f"file://{report}#view={view}"]
    page = subprocess.run(command, capture_output=True, text=True, timeout=longest()).stdout
    assert 'data-ready="yes"' in page
    assert VIEWS[view] in page.partition('<section id="view"')[2].partition("</section>")[0]


KEYBOARD = """
<script>
const seen = [];
const press = (key, on = document.activeElement || document.body) =>
  on.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
const state = () => Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
const note = (what, more = {}) => seen.push([what, { ...state(), ...more }]);
function walk() {
  note("begin");
  const program = app.data.programs[1], equations = program.chain[0];
  const links = linked(program, equations, equations.lines.findIndex((line) => line.includes("drive = v*v*0.3")));
  const named = [...links].map(([number, lines]) => [program.texts[number], lines]);
  note("links", Object.fromEntries(named.map(([text, lines]) =>
    [text.stage || text.name, [...lines].map((line) => text.lines[line])])));
  press("1"); note("1");
  const snn = program.texts.find((text) => text.name === "snn");
  const difference = snn.spans.findIndex((spans, line) => spans.length && snn.lines[line].includes("arith.subf"));
  const spans = [...linked(program, snn, difference).spans];
  const cut = ([line, parts]) => parts.map(([from, to]) => equations.lines[line].slice(from, to));
  note("span", { parts: spans.flatMap(cut) });
  press("2"); note("2");
  press("j"); press("j"); note("jj");
  press("k"); note("k");
  press("n"); press("u"); note("nu", { rows: document.querySelectorAll("#view .row").length > 0 });
  press("]"); note("]");
  press("["); note("[");
  press("f"); note("f");
  const listing = document.querySelector("#view .listing");
  listing.focus();
  press("End"); note("End");
  press("Home"); note("Home");
  press("ArrowDown"); note("Down", { marked: document.querySelectorAll("#view .row[aria-selected=true]").length });
  press("ArrowUp"); note("Up");
  press("/");
  const find = document.querySelector(".find");
  find.value = "v > 1";
  press("2", find); press("Enter", find); note("find", { detail: document.getElementById("detail").textContent });
  press("Escape", find);
  note("found", { open: document.querySelectorAll(".find").length });
  document.activeElement.blur();
  press("Escape"); note("Escape", { hidden: document.getElementById("detail").hidden });
  const before = document.documentElement.dataset.theme;
  press("t"); note("t", { changed: document.documentElement.dataset.theme !== before });
  press("?"); press("1"); note("?", { open: document.getElementById("help").open });
  document.getElementById("help").close();
  press("3"); note("3", { nodes: document.querySelectorAll("#view .node[tabindex]").length });
  for (const number of "456") { press(number); note(number); }
}
const wait = setInterval(() => {
  if (document.body.dataset.ready !== "yes") return;
  clearInterval(wait);
  try { walk(); } catch (error) { note(`error: ${error.stack}`); }
  document.body.append(Object.assign(document.createElement("pre"), { id: "seen", textContent: JSON.stringify(seen) }));
}, 20);
</script>
"""


@pytest.mark.long
@pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")
def test_the_page_is_used_from_the_keyboard(report: Path, tmp_path: Path) -> None:
    path = tmp_path / "keys.html"
    before, end, after = report.read_text(encoding="utf-8").rpartition("</body>")
    path.write_text(f"{before}{KEYBOARD}{end}{after}", encoding="utf-8")
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=8000", "--dump-dom"]
    page = subprocess.run(
        [str(BROWSER), *options, f"file://{path}"], capture_output=True, text=True, timeout=longest()
    ).stdout
    found = re.search(r'<pre id="seen">(.*?)</pre>', page)
    assert found is not None
    seen: dict[str, dict[str, Any]] = dict(json.loads(unescape(found[1])))
    assert not [what for what in seen if what.startswith("error")]
    assert [seen[key]["view"] for key in ("begin", "1", "2", "jj", "f", "3", "4", "5", "6")] == [
        "follow", "diff", "follow", "diff", "follow", "graph", "cost", "decisions", "cache",
    ]  # fmt: skip
    assert seen["]"]["program"] == "1" and seen["["]["program"] == "0" and seen["nu"]["rows"]
    assert int(seen["End"]["line"]) > int(seen["Down"]["line"]) > int(seen["Home"]["line"])
    assert seen["Up"]["line"] == seen["Home"]["line"] and seen["Down"]["marked"] >= 1
    assert "v > 1" in seen["find"]["detail"] and seen["find"]["view"] == "follow" and seen["found"]["open"] == 0
    assert seen["Escape"]["hidden"] and "line" not in seen["Escape"]
    assert seen["t"]["changed"] and seen["?"]["open"] and seen["?"]["view"] == "follow"
    assert seen["3"]["nodes"] > 0
    assert seen["span"]["parts"] == ["1.5 - v"]
    links = seen["links"]
    assert [op.split()[2] for op in links["snn"]] == ["arith.mulf", "arith.constant", "arith.mulf"]
    assert links["plan"] == ["  _new__w = w + dt*((v*v*0.3 - w)/(5*0.001))"] and any("mul" in op for op in links["asm"])
