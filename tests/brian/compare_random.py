"""Runs random scripts under Ranvier and under Brian, and prints where they differ.

    python tests/brian/compare_random.py --brian-python PYTHON [--first 1] [--scripts 200] [--show SEED]

PYTHON is any Python that has brian2, in an environment of its own. Not each difference is a fault: Brian refuses some
scripts that make sense, and the last bits decide where `%`, `floor` or a threshold meets a number on the border.
"""

from __future__ import annotations

import argparse
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).parent]

from brian.random_scripts import random_script  # noqa: E402  (the path to this folder's parent has to be known first)
from brian.replay import Case, Outcome, Record, differences, run_case  # noqa: E402

RTOL = 1e-7


def main() -> int:
    """Compares the scripts and prints those that differ."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--brian-python", help="a Python that has brian2")
    parser.add_argument("--first", type=int, default=1, help="the first seed (default 1)")
    parser.add_argument("--scripts", type=int, default=200, help="how many (default 200)")
    parser.add_argument("--show", type=int, metavar="SEED", help="print this script and do nothing else")
    parser.add_argument("--outcomes", nargs=2, metavar=("MODULE", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    seeds = range(options.first, options.first + options.scripts)
    if options.show is not None:
        print(random_script(options.show), end="")
        return 0
    if options.outcomes:
        _write_outcomes(*options.outcomes, seeds)
        return 0
    if not options.brian_python:
        parser.error("--brian-python is needed: a Python that has brian2")
    return _compare(options.brian_python, seeds)


def _compare(brian_python: str, seeds: range) -> int:
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / "ranvier", Path(folder) / "brian2"]
        runs = [_start(python, file, seeds) for python, file in zip((sys.executable, brian_python), files, strict=True)]
        for run in runs:
            run.wait()
        ours, theirs = (dict(_outcomes(file)) for file in files)
    bad = 0
    for seed in seeds:
        lines = list(_differences(seed, ours.get(seed), theirs.get(seed)))
        bad += bool(lines)
        for line in lines[:3]:
            print(f"{seed}: {line}", flush=True)
    raised = sum(bool(outcome.raised) for outcome in theirs.values())
    print(f"{len(seeds)} scripts from {seeds.start}: {raised} raise in Brian, {bad} differ")
    return 1 if bad else 0


def _start(python: str, file: Path, seeds: range) -> subprocess.Popen[bytes]:
    numbers = ["--first", str(seeds.start), "--scripts", str(len(seeds))]
    command = [python, str(Path(__file__).resolve()), *numbers, "--outcomes", file.name, str(file)]
    return subprocess.Popen(command, cwd=file.parent, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _write_outcomes(module: str, file: str, seeds: range) -> None:
    with Path(file).open("wb") as stream:
        for seed in seeds:
            outcome = run_case(Case(f"random {seed}", random_script(seed), rtol=RTOL), module)
            pickle.dump((seed, outcome), stream)
            stream.flush()


def _outcomes(file: Path) -> Iterator[tuple[int, Outcome]]:
    """Yields what a run has written; one that crashed has written less."""
    with file.open("rb") as stream:
        while True:
            try:
                yield pickle.load(stream)
            except EOFError:
                return


def _differences(seed: int, ours: Outcome | None, theirs: Outcome | None) -> Iterator[str]:
    if ours is None or theirs is None:
        yield f"no outcome of {'Brian' if theirs is None else 'Ranvier'}"
        return
    case, record = Case(f"random {seed}", random_script(seed), rtol=RTOL), Record("", theirs.raised, theirs.arrays)
    if not ours.raised and not theirs.raised:
        yield from differences(case, ours, record)
        return
    if not ours.raised or not theirs.raised:
        yield f"{ours.text or 'no error'} | Brian: {theirs.text or 'no error'}"


if __name__ == "__main__":
    sys.exit(main())
