"""Tries random models: `python -m tests.fuzz --cases 1000 --seed 1 --kind assigned connected`."""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from fuzz.workers import KINDS, Finding, check, outcomes


def main() -> int:
    """Runs cases of each kind and prints how many there were, and the seeds that failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=1000, help="cases of each kind (default 1000)")
    parser.add_argument("--seed", type=int, default=1, help="the first seed of each kind (default 1)")
    parser.add_argument("--kind", nargs="+", choices=list(KINDS), default=list(KINDS), help="default: all")
    parser.add_argument("--here", action="store_true", help="do the one seed in this process, for a debugger")
    parser.add_argument("--full", action="store_true", help="print where failures come from")
    options = parser.parse_args()
    if options.here:
        for kind in options.kind:
            print(f"{kind}: {check(kind, options.seed)} cases")
        return 0
    failed = 0
    for kind in options.kind:
        failed += _one_kind(kind, options.seed, options.cases, options.full)
    return 1 if failed else 0


def _one_kind(kind: str, seed: int, cases: int, full: bool) -> int:
    began, done, seeds, failed = time.monotonic(), 0, 0, 0
    try:
        for outcome in outcomes(kind, seed, cases):
            seeds += 1
            if isinstance(outcome, Finding):
                failed += 1
                print(f"  {outcome.kind} seed {outcome.seed}: {outcome.what}", flush=True)
                if full:
                    print(outcome.details, flush=True)
            else:
                done += outcome
    except KeyboardInterrupt:
        print("  interrupted", flush=True)
    seconds = time.monotonic() - began
    print(f"{kind}: {done} cases of {seeds} seeds from {seed}, {failed} seeds failed, {seconds:.0f} s", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
