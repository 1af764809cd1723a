"""`ranvier ablate`: what each pass is worth for a script, by leaving it out."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ranvier.commands.arguments import (
    BEHIND,
    add_load_option,
    add_pipeline_option,
    at_least_one,
    script_last,
    seconds,
)
from ranvier.pipeline.output_files import check_output

if TYPE_CHECKING:
    from ranvier.commands.ablation import Ablation


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit status: 0, 2 for wrong arguments."""
    reader = parser()
    options = reader.parse_args(script_last(sys.argv[1:] if arguments is None else arguments, reader))
    from ranvier.commands.ablation import MODES, Ablation
    from ranvier.passes.default_pipeline import PipelineError

    modes, names = _listed(options.mode), _listed(options.passes)
    wrong = [mode for mode in modes if mode not in MODES]
    if wrong:
        print(f"ranvier ablate: there is no mode {wrong[0]!r}; there are {', '.join(MODES)}", file=sys.stderr)
        return 2
    try:
        check_output(options.json, "--json")
    except OSError as error:
        print(f"ranvier ablate: {error}", file=sys.stderr)
        return 2
    ablation = Ablation(modes, names, options.repetitions, options.shortest)
    try:
        status = _run_script(options, ablation)
    except PipelineError as error:
        print(f"ranvier ablate: {error}", file=sys.stderr)
        return 2
    if status:
        return status
    if not ablation.runs:
        print(f"ranvier ablate: {options.script} ran no network, or none for long enough", file=sys.stderr)
        return 2
    print(table(ablation))
    if options.json is not None:
        Path(options.json).write_text(json.dumps(as_json(ablation, options.script), indent=1), encoding="utf-8")
    return 0


def parser() -> argparse.ArgumentParser:
    """Returns what reads the arguments of the command."""
    found = argparse.ArgumentParser("ranvier ablate", description=__doc__, epilog=BEHIND)
    found.add_argument("--mode", default="out", metavar="out,only,pairs", help="leave one out, only one, leave two out")
    found.add_argument("--passes", default="", metavar="A,B", help="look at these passes (all of the pipeline)")
    add_pipeline_option(found, "the pipeline of the script (its own, else the default one)", names=())
    add_load_option(found)
    found.add_argument(
        "--repetitions", type=at_least_one, default=9, metavar="N", help="how often each is measured (9)"
    )
    found.add_argument("--shortest", type=seconds, default=0.0, metavar="S", help="measure runs of S seconds or more")
    found.add_argument("--json", metavar="FILE", help="write all measurements to FILE")
    found.add_argument("script", help="a Python script, for Ranvier or for Brian, which runs networks")
    found.add_argument("arguments", nargs=argparse.REMAINDER, help="what the script gets")
    return found


def _listed(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def _run_script(options: argparse.Namespace, ablation: Ablation) -> int:
    from ranvier.brian import run_script
    from ranvier.commands.script_passes import passes_of_script

    with passes_of_script(options), ablation.around():
        try:
            return run_script.main([options.script, *options.arguments])
        except SystemExit as end:
            return 0 if ablation.runs and end.code in (None, 0) else int(bool(end.code))


HEADING = ("variant", "time", "95 %", "", "ms a run", "compile ms", "code bytes", "spikes", "results")


def table(ablation: Ablation) -> str:
    """Returns what was measured as a table in Markdown.

    `time` is the CPU time of the native code over that with all passes: more than 1 says that what was left out makes
    the network faster. Beside it is the interval of the median over the repetitions, and a word if it is not noise.
    """
    rows = [HEADING, *map(tuple, _rows(ablation))]
    widths = [max(len(row[k]) for row in rows) for k in range(len(HEADING))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])


def _rows(ablation: Ablation) -> list[list[str]]:
    rows: list[list[str]] = []
    for name, one in ablation.measured.items():
        worth = ablation.worth(name)
        rows.append(
            [
                name,
                "1" if one.same_code else f"{worth.ratio:.3f}",
                "same code" if one.same_code else f"{worth.low:.3f} to {worth.high:.3f}",
                "" if one.same_code else worth.verdict(),
                f"{1e3 * min(one.seconds, default=0.0) / ablation.runs:.3g}",
                f"{1e3 * one.compile_seconds:.0f}",
                f"{one.code_size:,}",
                "" if one.spikes is None else f"{one.spikes:,}",
                one.agreement,
            ]
        )
    return rows


def as_json(ablation: Ablation, script: str) -> dict[str, object]:
    """Returns what was measured as plain data, with the seconds of every repetition."""
    variants: list[dict[str, object]] = []
    for name, one in ablation.measured.items():
        worth = ablation.worth(name)
        variants.append(
            {
                "variant": name,
                "left_out": list(one.variant.left_out),
                "pipeline": one.variant.spec,
                "ratio": worth.ratio,
                "low": worth.low,
                "high": worth.high,
                "verdict": "" if one.same_code else worth.verdict(),
                "same_code": one.same_code,
                "seconds": one.seconds,
                "compile_seconds": one.compile_seconds,
                "code_size": one.code_size,
                "spikes": one.spikes,
                "results": one.agreement,
            }
        )
    return {"script": script, "runs": ablation.runs, "repetitions": ablation.repetitions, "variants": variants}
