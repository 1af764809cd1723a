"""Print what `run.py --json FILE` measured as the tables of README.md: python benchmarks/table.py FILE"""

import json
import sys
from pathlib import Path
from typing import Any

from cases import BENCHMARKS

CYTHON, STANDALONE = "brian cython", "brian cpp_standalone"


def costs(results: dict[str, Any]) -> list[list[str]]:
    """Return the table of CPU seconds per simulated second, heading first."""
    table = [["name", "numbers", "C", "ranvier", "ranvier / C", CYTHON, STANDALONE, "Brian / ranvier", "aim", "Hz"]]
    for name, dtype, measured in _measurements(results):
        programs = [result["cost"] for who, result in measured.items() if who[0] == "C" and "cost" in result]
        limit = min(programs, default=None)
        own, *peers = (measured.get(who, {}).get("cost") for who in ("ranvier", CYTHON, STANDALONE))
        aim = BENCHMARKS[name].aim if dtype == "float64" else None
        best = peers[1] if aim else min((peer for peer in peers if peer), default=None)
        ratios = [_ratio(own, limit), *map(_number, peers), _ratio(best, own), _number(aim)]
        rates = [measured[who].get("rate") for who in ("C", "ranvier", STANDALONE) if who in measured]
        hertz = " / ".join(_number(rate) for rate in rates)
        table.append([f"`{name}`", dtype, _number(limit), _number(own), *ratios, hertz])
    return table


def memory(results: dict[str, Any]) -> list[list[str]]:
    """Return the table of memory and of the time of making synapses, heading first."""
    who = ("C", "ranvier", CYTHON, STANDALONE)
    table = [["name", "synapses", *(f"{each}: B a synapse, MB, s to connect" for each in who)]]
    for name, _, measured in _measurements(results):
        synapses = next((result["synapses"] for result in measured.values() if result.get("synapses")), None)
        told = [measured.get(each, {}) for each in who]
        if synapses and any(result.get("memory") for result in told):
            table.append([f"`{name}`", f"{synapses:,.0f}", *(_memory_of(result, synapses) for result in told)])
    return table


def variants(results: dict[str, Any]) -> list[list[str]]:
    """Return the table of the hand-written programs where a model has several, heading first."""
    table = [["name", "numbers", "program", "cost"]]
    for name, dtype, measured in _measurements(results):
        programs = {BENCHMARKS[name].programs[who]: r for who, r in measured.items() if who[0] == "C" and "cost" in r}
        if len(programs) > 1:
            table += [[f"`{name}`", dtype, f"`{file}.c`", _number(r["cost"])] for file, r in programs.items()]
    return table


def _measurements(results: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(*key.split(), measured) for key, measured in results.items() if key != "machine"]


def _memory_of(result: dict[str, Any], synapses: float) -> str:
    if not result.get("memory"):
        return ""
    peak, alone = result["memory"]
    return f"{(peak - alone) * 2**20 / synapses:.3g}, {peak:.4g}, {_number(result.get('connect_cpu'))}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"


def _ratio(above: float | None, below: float | None) -> str:
    return f"{above / below:.2f}" if above and below else ""


def main() -> None:
    """Print the tables."""
    results = json.loads(Path(sys.argv[1]).read_text())
    print(", ".join(f"{key}: {value}" for key, value in results["machine"].items()))
    for table in (costs(results), memory(results), variants(results)):
        print()
        for number, row in enumerate(table):
            print("| " + " | ".join(row) + " |")
            if number == 0:
                print("|" + "---|" * len(row))


if __name__ == "__main__":
    main()
