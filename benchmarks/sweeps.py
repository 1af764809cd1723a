"""Measure sweeps: sets per second in lanes and turns, against the same network set by set, one big group, Brian, and C.

    python benchmarks/sweeps.py [CASE ...] [--repeats 3] [--brian-python PATH] [--share 1.0] [--json FILE]

Cases: `lif` and `adex` (10,000 sets of one cell), `noisy` (1,000 sets of 100 cells with noise), `cuba` (200 sets of
CUBA with 4,000 cells), each a set of 1 s, `memory` (100,000 sets of one cell, in one process). All ways of a case are
started and warmed up, then they take turns; slow ways do fewer sets. Numbers are medians. Two processes at once, with
half of the sets each, show what two threads could gain on this machine.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contestants import C_FLAGS, HERE, SINGLE_THREAD

SETS = {"lif": 10_000, "adex": 10_000, "noisy": 1_000, "cuba": 200, "memory": 100_000}
AT_ONCE = "2 processes at once"
WAYS = [
    ("sweep, 1 thread", "ranvier", "sweep", 1, 1.0),
    ("sweep, 2 threads", "ranvier", "sweep", 2, 1.0),
    (AT_ONCE, "ranvier", "sweep", 1, 0.5),
    ("loop of runs", "ranvier", "loop", 1, 0.05),
    ("one big group", "ranvier", "group", 1, 1.0),
    ("Brian, loop of runs", "brian2", "loop", 1, 0.002),
    ("Brian, one big group", "brian2", "group", 1, 0.2),
    ("Brian, standalone", "brian2", "standalone", 1, 0.002),
]
"""What it is called, module, way, threads, and which share of the sets it does (each of its processes)."""


@dataclass
class Way:
    """One way to do the sets of a case, in a process of its own, or in several at once.

    Attributes:
        name: What it is called.
        sets: How many sets each process does in a turn.
        processes: The processes.
        told: What it has told of each turn.
        failure: Why it takes no further part.
    """

    name: str
    sets: int
    processes: list[subprocess.Popen[str]]
    told: list[dict[str, Any]] = field(default_factory=list)
    failure: str = ""

    def turn(self) -> None:
        """Does the sets once."""
        if self.failure:
            return
        answers: list[dict[str, Any]] = []
        try:
            for process in self.processes:
                assert process.stdin is not None
                process.stdin.write(f"{self.sets}\n")
                process.stdin.flush()
        except BrokenPipeError:
            pass  # its answer is missing, too
        for process in self.processes:
            assert process.stdout is not None
            answer = process.stdout.readline()
            if not answer:
                process.wait()
                self.failure = f"ended with code {process.returncode}"
                return
            answers.append(json.loads(answer))
        self.told.append(
            {what: sum(each[what] for each in answers) for what in ("cpu", "sets", "MB")}
            | {"wall": max(each["wall"] for each in answers)}
        )

    def per_set(self, what: str) -> float:
        """Returns the median of what a set takes, in milliseconds."""
        return 1e3 * statistics.median(each[what] / each["sets"] for each in self.told)


def ways_of(case: str, brian: str | None, share: float, logs: Path) -> list[Way]:
    """Returns the ways of a case, started."""
    found: list[Way] = []
    name = "lif" if case == "memory" else case
    for title, module, way, threads, part in WAYS:
        if (module == "brian2" and not brian) or (name == "cuba" and way in ("group", "standalone")):
            continue
        if case == "memory" and (way, threads) != ("sweep", 1):
            continue
        part = max(part, 0.1) if name == "cuba" and module == "ranvier" else part
        part = max(part, 0.02) if name == "cuba" else part
        python = sys.executable if module == "ranvier" else str(brian)
        command = [python, str(HERE / "models" / "sweeps.py"), module, name, way, str(threads)]
        log = (logs / f"{case}-{title}.log").open("w")
        processes = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
            for _ in range(2 if title == AT_ONCE else 1)
        ]
        found.append(Way(title, max(int(SETS[case] * part * share), 2), processes))
    return found


def c_milliseconds(case: str, sets: int, folder: Path) -> float | None:
    """Returns what a set takes in C, the cells of all sets in one sweep; None without a compiler or a program."""
    compiler = shutil.which("cc")
    if compiler is None or case not in ("lif", "cuba"):
        return None
    program = folder / case
    source = str(HERE / "c" / f"{case}.c")
    subprocess.run([compiler, *C_FLAGS, "-DREAL=double", source, "-o", str(program), "-lm"], check=True)
    size, count = (sets, sets) if case == "lif" else (4000, 1)
    done = subprocess.run([str(program), str(size), "10000"], capture_output=True, text=True, check=True,
                          env=SINGLE_THREAD)  # fmt: skip
    return 1e3 * float(json.loads(done.stdout)["cpu"]) / count


def measure(case: str, options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Measures a case, prints it, and returns the numbers."""
    ways = ways_of(case, options.brian_python, options.share, folder)
    in_c: list[float] = []
    for _ in range(options.repeats):
        for way in ways:
            way.turn()
        value = c_milliseconds(case, max(int(SETS[case] * options.share), 2), folder)
        in_c += [] if value is None else [value]
    print(f"\n{case}: {int(SETS[case] * options.share)} sets of 1 s")
    print(f"{'':24} {'ms CPU a set':>13} {'ms wall a set':>14} {'of the loop':>12} {'peak MB':>9} {'sets':>8}")
    loop = next((way.per_set("cpu") for way in ways if way.name == "loop of runs" and way.told), None)
    rows: dict[str, Any] = {}
    for way in ways:
        if way.failure or not way.told:
            print(f"{way.name:24} {way.failure or 'did nothing'}; see {folder}")
            continue
        cpu, wall, memory = way.per_set("cpu"), way.per_set("wall"), max(each["MB"] for each in way.told)
        ratio = "" if loop is None else f"{loop / cpu:.2f}"
        print(f"{way.name:24} {cpu:13.4f} {wall:14.4f} {ratio:>12} {memory:9.0f} {way.told[-1]['sets']:8}")
        rows[way.name] = {"turns": way.told, "cpu_ms": cpu, "wall_ms": wall, "MB": memory}
    if in_c:
        print(f"{'C':24} {statistics.median(in_c):13.4f}")
        rows["C"] = {"cpu_ms": statistics.median(in_c)}
    for process in (process for way in ways for process in way.processes):
        process.kill()
    return rows


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="*", default=["lif", "adex", "noisy", "cuba", "memory"])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--brian-python", help="a Python that has Brian 2")
    parser.add_argument("--share", type=float, default=1.0, help="the share of the sets that is done")
    parser.add_argument("--json", type=Path, help="write the numbers to this file")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="sweeps-"))
    results = {case: measure(case, options, folder) for case in options.cases}
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
