"""What was measured and recorded (`benchmarks/recorded`), for the first page and the page of benchmarks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from book.pages import ROOT

RECORD = "benchmarks/recorded/2026-11-30-xeon.json"
"""The record that the pages show, from the top of the repository."""

NETWORKS: Mapping[str, str] = {
    "cuba-4k": "CUBA, currents",
    "cuba-100k": "CUBA, larger",
    "coba": "COBA, conductances",
    "cobahh": "COBA, Hodgkin-Huxley",
    "brunel": "Brunel, one delay",
    "brunel-delays": "Brunel, many delays",
    "stdp-4k": "STDP, all plastic",
    "stdp-10k": "STDP, larger",
}
"""The models with synapses, by what they are."""

POPULATIONS: Mapping[str, str] = {
    "lif-4k": "integrate-and-fire cells",
    "lif-1m": "integrate-and-fire cells, a million",
    "ou": "cells driven by noise",
    "hh": "Hodgkin-Huxley cells",
}
"""The models without synapses."""

MODES: Mapping[str, str] = {"brian cython": "Cython", "brian cpp_standalone": "C++ standalone"}
"""Brian's modes, by their names in the record."""

CELLS: Mapping[str, int] = {
    "cuba-4k": 4_000, "cuba-100k": 100_000, "coba": 4_000, "cobahh": 4_000, "brunel": 10_000, "brunel-delays": 10_000,
    "stdp-4k": 4_000, "stdp-10k": 10_000, "hh": 100_000, "lif-4k": 4_000, "lif-1m": 1_000_000, "ou": 100_000,
}  # fmt: skip
"""How many cells a model has; a test compares it with `benchmarks/cases.py`."""


@dataclass(frozen=True)
class Who:
    """What one simulator took for a model.

    Attributes:
        cost: CPU seconds for each simulated second, the median of the runs.
        lowest: Of the fastest run.
        highest: Of the slowest run.
        peak: The peak memory in MB: with synapses, of a fresh process that compiles nothing; of populations, of the
            process that was measured.
        per_synapse: Bytes for each synapse; None without synapses.
        connect: CPU seconds of making the synapses.
        ready: CPU seconds from the start of the script to a compiled network; None where it was not measured.
        preparation: CPU seconds of a run before its first step; None where it was not measured.
    """

    cost: float
    lowest: float
    highest: float
    peak: float
    per_synapse: float | None
    connect: float
    ready: float | None
    preparation: float | None


@dataclass(frozen=True)
class Model:
    """What was measured of one model in double precision.

    Attributes:
        name: Its name in the record.
        cells: How many cells.
        synapses: How many synapses; 0 for a population.
        limit: The program in C for this model; the fastest of several.
        ranvier: Ranvier.
        brian: Brian's modes, by their names.
    """

    name: str
    cells: int
    synapses: int
    limit: Who
    ranvier: Who
    brian: Mapping[str, Who]

    @property
    def best_mode(self) -> str:
        """The mode in which Brian is faster."""
        return min(self.brian, key=lambda mode: self.brian[mode].cost)

    @property
    def gain(self) -> float:
        """How many times as fast as Brian's faster mode Ranvier is."""
        return self.brian[self.best_mode].cost / self.ranvier.cost


@dataclass(frozen=True)
class Record:
    """A recorded run of the benchmarks.

    Attributes:
        machine: The processor, the number of its cores, and the compiler.
        date: The day.
        models: The models by name.
    """

    machine: str
    date: str
    models: Mapping[str, Model]

    @property
    def spread(self) -> float:
        """How many times as long as the fastest run of a simulator its slowest one took, at most."""
        measured = [
            who for model in self.models.values() for who in (model.limit, model.ranvier, *model.brian.values())
        ]
        return max(who.highest / who.lowest for who in measured)


def read_record(path: Path = ROOT / RECORD) -> Record:
    """Returns what a file of `benchmarks/run.py --json` says.

    Args:
        path: The file.
    """
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    about = found.pop("machine")
    processor = about["cpu"].replace("(R)", "").replace("(TM)", "")
    machine = f"{' '.join(processor.split())}, {about['cores']} cores, {about['compiler'].split(' (')[0]}"
    machine += f" {about['compiler'].split()[-1]}"
    models = {key.split()[0]: _model(key.split()[0], each) for key, each in found.items()}
    return Record(machine, about["at"].split()[0], models)


def _model(name: str, measured: Mapping[str, Any]) -> Model:
    synapses = int(next((each["synapses"] for each in measured.values() if each.get("synapses")), 0))
    who = {key: _who(key, each, synapses) for key, each in measured.items()}
    limit = min((each for key, each in who.items() if key[0] == "C"), key=lambda each: each.cost)
    return Model(name, CELLS[name], synapses, limit, who["ranvier"], {mode: who[mode] for mode in MODES})


def _who(key: str, measured: Mapping[str, Any], synapses: int) -> Who:
    info, memory = measured["info"], measured.get("memory")
    peak, alone = memory or (measured["peak_mb"], None)
    per_synapse = None if alone is None else (peak - alone) * 2**20 / synapses
    ready = None if "compile_cpu" not in info else info["compile_cpu"] + info["import_cpu"]
    costs = measured["cost"], measured["lowest"], measured["highest"]
    return Who(*costs, peak, per_synapse, measured["connect_cpu"], ready, measured["preparation"])


def speed_table(record: Record) -> str:
    """Returns the table of the first page: CPU seconds for each simulated second of the eight networks."""
    heading = ["network", "faster by", "Ranvier", "Brian 2.9", "C by hand", "cells", "synapses"]
    rows: list[Sequence[str]] = [heading, ["---", *["--:"] * 6]]
    for name, about in NETWORKS.items():
        model = record.models[name]
        peer = number(model.brian[model.best_mode].cost)
        costs = f"**{model.gain:.1f}**", number(model.ranvier.cost), peer, number(model.limit.cost)
        rows.append([about, *costs, f"{model.cells:,}", rounded(model.synapses)])
    return table_text(rows)


def speed_note(record: Record) -> str:
    """Returns the sentences below that table."""
    cython = [NETWORKS[name] for name in NETWORKS if record.models[name].best_mode == "brian cython"]
    return (
        "CPU seconds for each simulated second on one core, double precision, the median of three alternating runs "
        f"(less is better); Brian in its faster mode, C++ standalone or Cython ({'; '.join(cython)}). "
        f"{record.machine}; {record.date}. It is a virtual machine on a shared host: read the ratios, not the seconds."
    )


def table_text(rows: Sequence[Sequence[str]]) -> str:
    """Returns a table in Markdown; the second row is the line below the heading."""
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def number(value: float | None) -> str:
    """Returns a number with three digits; nothing for None."""
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:#.3g}".rstrip(".")


def rounded(count: int) -> str:
    """Returns a number of synapses as one says it: 320,000, 8.0 M."""
    return f"{count / 1e6:.1f} M" if count >= 1e6 else f"{round(count, -4):,}"
