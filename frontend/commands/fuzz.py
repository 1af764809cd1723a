"""`ranvier fuzz`: random programs, which must mean the same with random passes as without, interpreted and compiled."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from ranvier.commands.arguments import add_load_option, at_least_one, seconds

AT_ONCE = 500
"""Cases that one process does, so that what a process keeps does not grow, and a crash costs few."""

LONGEST = 300.0
"""Seconds that one case may take, with making it smaller."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit status: 0, 1 if something differs, 2 for wrong arguments."""
    from ranvier.passes.pipeline import PipelineError, parse_pipeline

    options = parser().parse_args(arguments)
    try:
        _load(options.load)
        parse_pipeline(",".join(options.passes))
    except (OSError, PipelineError) as error:
        print(f"ranvier fuzz: {error}", file=sys.stderr)
        return 2
    began, done, found = time.monotonic(), 0, 0
    try:
        for cases, finding in _outcomes(options):
            done += cases
            if finding:
                found += 1
                _show(finding, found, options)
            if options.seconds is not None and time.monotonic() - began > options.seconds:
                break
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
    print(f"{done} cases from seed {options.seed}, {found} differ, {time.monotonic() - began:.0f} s", flush=True)
    return 1 if found else 0


def parser() -> argparse.ArgumentParser:
    """Returns what reads the arguments of the command."""
    found = argparse.ArgumentParser("ranvier fuzz", description=__doc__)
    found.add_argument("--cases", type=at_least_one, default=1000, help="how many programs with passes (1000)")
    found.add_argument("--seed", type=int, default=1, help="the first random program (1)")
    found.add_argument("--seconds", type=seconds, metavar="S", help="end after so long")
    found.add_argument(
        "-p", "--passes", metavar="PASS", action="append", default=[], help="a pass that each pipeline has; several"
    )
    add_load_option(found)
    found.add_argument("--interpreted", action="store_true", help="compile nothing")
    found.add_argument("--inexact", action="store_true", help="only programs with divisions and functions, which round")
    found.add_argument("-o", "--output", metavar="DIR", help="write the smallest programs that differ to DIR")
    return found


def _load(places: Sequence[str]) -> None:
    from ranvier.passes.own import load_passes

    for where in places:
        load_passes(where)


def _show(finding: str, number: int, options: argparse.Namespace) -> None:
    print(f"{finding}\n", flush=True)
    if options.output is not None:
        directory = Path(options.output)
        directory.mkdir(parents=True, exist_ok=True)
        text = "\n".join(
            line if line[:1] in " }" or line.startswith("snn.") else f"// {line}" for line in finding.splitlines()
        )
        (directory / f"finding-{number:03d}.mlir").write_text(f"{text}\n", encoding="utf-8")


def _outcomes(options: argparse.Namespace) -> Iterator[tuple[int, str]]:
    """Yields, as they come, a number of cases that were done, and a text if something is wrong."""
    from ranvier.fuzzing.campaign import PIPELINES

    context = multiprocessing.get_context("spawn")
    done, seed = 0, options.seed
    while done < options.cases:
        cases = min(AT_ONCE, options.cases - done)
        ours, theirs = context.Pipe(duplex=False)
        worker = context.Process(target=_work, args=(options, seed, cases, theirs), daemon=True)
        worker.start()
        theirs.close()
        try:
            for finding in _listen(ours):
                done += 1
                cases -= 1
                yield 1, finding
            done += max(cases, 0)  # a process that ended early
        finally:
            worker.kill()
            worker.join()
        seed += AT_ONCE // PIPELINES


def _listen(pipe: Connection) -> Iterator[str]:
    """Yields, for each case of a process, what is wrong, "" for nothing."""
    trial = ""
    while pipe.poll(LONGEST):
        try:
            what, text = pipe.recv()
        except EOFError:
            if trial:
                yield f"the process ended in {trial}"
            return
        if what == "begins":
            if trial:
                yield ""
            trial = text
        elif what == "found":
            yield text
            trial = ""
        else:
            if trial:
                yield ""
            return
    yield f"took more than {LONGEST:g} s: {trial}"


def _work(options: argparse.Namespace, seed: int, cases: int, pipe: Connection) -> None:
    from ranvier.fuzzing.campaign import fuzz

    _load(options.load)
    fuzz(
        cases=cases,
        seed=seed,
        always=options.passes,
        native=False if options.interpreted else None,
        exact=False if options.inexact else None,
        begun=lambda trial: pipe.send(("begins", repr(trial))),
        found=lambda finding: pipe.send(("found", str(finding))),
    )
    pipe.send(("end", ""))
