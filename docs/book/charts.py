"""The charts of the page of benchmarks, drawn from the record: each once for light pages and once for dark ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from book.recorded import MODES, NETWORKS, POPULATIONS, Model, Record, Who, number, table_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Look:
    """The colours of a page.

    Attributes:
        text: Of letters and axes.
        grid: Of the lines behind.
        series: Of the simulators, in the order of `SERIES`.
    """

    text: str
    grid: str
    series: tuple[str, str, str, str]


LOOKS: Mapping[str, Look] = {
    "light": Look("#1f2328", "#d8dee4", ("#6e7781", "#0969da", "#bc4c00", "#8250df")),
    "dark": Look("#e6edf3", "#3d444d", ("#9198a1", "#58a6ff", "#f0883e", "#d2a8ff")),
}
"""The two looks; neither has a background of its own."""

SERIES: Sequence[str] = ("C by hand", "Ranvier", *(f"Brian, {mode}" for mode in MODES.values()))
"""What is compared."""

MARKS = ("D", "o", "s", "^")
"""Their marks, so that colours are not needed to tell them apart."""


@dataclass(frozen=True)
class Chart:
    """A chart of models by simulators.

    Attributes:
        models: The models by name, from above.
        label: What the axis shows.
        value: Gives the value of a simulator; None if there is none.
        spread: Whether lines show the fastest and the slowest run.
        alt: What a reader sees who does not see the picture.
    """

    models: Mapping[str, str]
    label: str
    value: Callable[[Who], float | None]
    alt: str
    spread: bool = False


CHARTS: Mapping[str, Chart] = {
    "speed-networks": Chart(
        NETWORKS, "CPU seconds for a simulated second (less is better)", lambda who: who.cost,
        "Time of eight networks with synapses, in C, Ranvier, and Brian's two modes; the table has the numbers.", True,
    ),
    "speed-populations": Chart(
        POPULATIONS, "CPU seconds for a simulated second (less is better)", lambda who: who.cost,
        "Time of four populations of cells, in C, Ranvier, and Brian's two modes; the table has the numbers.", True,
    ),
    "memory": Chart(
        NETWORKS, "peak memory of a process (MB, less is better)", lambda who: who.peak,
        "Peak memory of eight networks; the table has the numbers.",
    ),
    "synapse": Chart(
        NETWORKS, "memory of a synapse (bytes, less is better)", lambda who: who.per_synapse,
        "Bytes for each synapse in eight networks; the table has the numbers.",
    ),
    "ready": Chart(
        {**NETWORKS, **POPULATIONS}, "CPU seconds until a network is ready (less is better)", lambda who: who.ready,
        "Time to import, build and compile twelve models; the table has the numbers.",
    ),
    "preparation": Chart(
        NETWORKS, "CPU seconds of a further run before its first step (less is better)", lambda who: who.preparation,
        "Time from the call of a run to its first step; the table has the numbers.",
    ),
}  # fmt: skip
"""The charts by name."""


def simulators(model: Model) -> Sequence[Who]:
    """Returns what was measured of a model, in the order of `SERIES`."""
    return [model.limit, model.ranvier, *(model.brian[mode] for mode in MODES)]


def put_charts(source: Path, record: Record) -> None:
    """Draws the charts for the site, and puts them in their places on the page of benchmarks.

    Args:
        source: What the site is built from.
        record: The numbers.
    """
    write_charts(source / "charts", record)
    page = source / "benchmarks.md"
    text = re.sub(r"<!-- chart ([\w-]+) -->", lambda found: chart_text(found[1]), page.read_text(encoding="utf-8"))
    page.write_text(text, encoding="utf-8")


def write_charts(folder: Path, record: Record) -> None:
    """Draws all charts.

    Args:
        folder: Where `speed-networks-light.svg` and so on are written; it is made.
        record: The numbers.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, chart in CHARTS.items():
        for look, colours in LOOKS.items():
            draw(chart, record, colours, folder / f"{name}-{look}.svg")


def draw(chart: Chart, record: Record, look: Look, path: Path) -> None:
    """Draws one chart.

    Args:
        chart: What it shows.
        record: The numbers.
        look: The colours.
        path: The file, SVG.
    """
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    settings = {"svg.fonttype": "none", "svg.hashsalt": "ranvier", "font.size": 10, "font.family": "sans-serif"}
    with matplotlib.rc_context(settings):
        figure = Figure(figsize=(7.2, 1.4 + 0.36 * len(chart.models)), layout="constrained")
        axes = figure.add_subplot()
        _points(axes, chart, record, look)
        _frame(axes, chart, look)
        legend = figure.legend(loc="outside upper center", ncols=len(SERIES), frameon=False, labelcolor=look.text)
        legend.set_in_layout(True)
        FigureCanvasSVG(figure).print_svg(path, metadata={"Date": None, "Title": chart.alt})


def _points(axes: Axes, chart: Chart, record: Record, look: Look) -> None:
    for place, (series, mark, colour) in enumerate(zip(SERIES, MARKS, look.series, strict=True)):
        who = [simulators(record.models[name])[place] for name in chart.models]
        found = [(row, value, each) for row, each in enumerate(who) if (value := chart.value(each)) is not None]
        if not found:
            continue
        rows, values, measured = zip(*found, strict=True)
        axes.plot(values, rows, mark, color=colour, label=series, markersize=6)
        if chart.spread:
            axes.hlines(rows, [each.lowest for each in measured], [each.highest for each in measured], color=colour)


def _frame(axes: Axes, chart: Chart, look: Look) -> None:
    axes.set_xscale("log")
    axes.set_yticks(range(len(chart.models)), list(chart.models))
    axes.invert_yaxis()
    axes.set_xlabel(chart.label, color=look.text)
    axes.grid(visible=True, color=look.grid, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(colors=look.text, which="both")
    axes.patch.set_alpha(0)
    axes.figure.patch.set_alpha(0)
    for side in axes.spines.values():
        side.set_edgecolor(look.grid)


def chart_text(name: str) -> str:
    """Returns a chart as the site shows it: the picture for light pages, and that for dark ones."""
    alt = CHARTS[name].alt
    looks = [f"```{{image}} charts/{name}-{look}.svg\n:alt: {alt}\n:class: only-{look}\n```" for look in LOOKS]
    return "\n\n".join(looks)


def chart_table(record: Record, name: str) -> str:
    """Returns the numbers of a chart as a table.

    Args:
        record: The numbers.
        name: The chart.
    """
    chart = CHARTS[name]
    rows: list[Sequence[str]] = [["model", *SERIES], ["---", *["--:"] * len(SERIES)]]
    for model, about in chart.models.items():
        values = [chart.value(who) for who in simulators(record.models[model])]
        rows.append([f"`{model}`, {about}", *map(number, values)])
    return table_text(rows)


def slower_table(record: Record) -> str:
    """Returns where Ranvier takes more than another: what is measured, the model, and how many times as much."""
    rows: list[Sequence[str]] = [["what", "than", "in", "times as much"], ["---", "---", "---", "--:"]]
    for what, value in SLOWER.items():
        for number_of, peer in enumerate(SERIES):
            if peer != "Ranvier" and (found := _more(record, value, number_of)):
                names = ", ".join(f"`{name}`" for name in found)
                rows.append([what, peer, names, _range(list(found.values()))])
    return table_text(rows)


SLOWER: Mapping[str, Callable[[Who], float | None]] = {
    "time of a run": lambda who: who.cost,
    "peak memory of a process": lambda who: who.peak,
    "memory of a synapse": lambda who: who.per_synapse,
    "making the synapses": lambda who: who.connect if who.per_synapse else None,
    "import, build, compile": lambda who: who.ready,
    "a further run, before its first step": lambda who: who.preparation,
}
"""What is measured, for the table of what is slower."""


def _more(record: Record, value: Callable[[Who], float | None], number_of: int) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, model in record.models.items():
        own, other = value(model.ranvier), value(simulators(model)[number_of])
        if own is not None and other and own > other:
            found[name] = own / other
    return found


def _range(ratios: Sequence[float]) -> str:
    low, high = number(min(ratios)), number(max(ratios))
    return low if low == high else f"{low} to {high}"
