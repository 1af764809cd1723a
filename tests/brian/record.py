"""Run the cases under Brian and write what comes of them to `data/`.

    python tests/brian/record.py [FILE ...]     (with any Python that has brian2)

A FILE is the end of a module's name, `integrators` for `cases_integrators.py`. Cases whose text is unchanged keep
their record unless `--all` is given.
"""

import argparse
import sys
from pathlib import Path

import numpy

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).parent]

from brian.replay import (  # noqa: E402  (the path to this folder's parent has to be known first)
    CASE_FILES,
    DATA,
    SEEDS,
    Case,
    Record,
    load_cases,
    load_records,
    run_case,
    save_records,
)


def record(case: Case) -> Record:
    """Run one case under Brian, a stochastic one for each seed."""
    outcomes = [run_case(case, "brian2", seed) for seed in (SEEDS if case.stochastic else SEEDS[:1])]
    first = outcomes[0]
    if any(outcome.raised != first.raised for outcome in outcomes):
        raise RuntimeError(f"{case.name}: raises for some seeds only")
    if not first.raised and not first.arrays:
        raise RuntimeError(f"{case.name}: keeps nothing")
    arrays = first.arrays
    if case.stochastic:
        arrays = {name: numpy.array([outcome.arrays[name] for outcome in outcomes]) for name in first.arrays}
    print(f"{case.name}: {first.text.splitlines()[-1:] or ', '.join(first.arrays)}", flush=True)
    return Record(case.digest, first.raised, arrays)


def main() -> None:
    """Record the files named on the command line, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", default=CASE_FILES)
    parser.add_argument("--all", action="store_true", help="record unchanged cases again")
    arguments = parser.parse_args()
    for stem in arguments.files:
        cases = load_cases(stem)
        if len({case.name for case in cases}) != len(cases):
            raise RuntimeError(f"{stem}: two cases of one name")
        known = load_records(stem) if (DATA / f"{stem}.json").exists() and not arguments.all else {}
        records = {}
        for case in cases:
            old = known.get(case.name)
            records[case.name] = old if old and old.digest == case.digest else record(case)
        save_records(stem, records)


if __name__ == "__main__":
    main()
