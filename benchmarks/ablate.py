"""What each pass of the default pipeline is worth for the benchmarks: `python benchmarks/ablate.py [NAME ...]`.

Runs `ranvier ablate` on each model and prints one table: the CPU time without a pass, over that with all passes.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent

CASES: dict[str, tuple[str, int, float]] = {
    "hh": ("hh", 20_000, 0.03),
    "lif-4k": ("lif", 4_000, 5.0),
    "ou": ("ou", 20_000, 0.1),
    "cuba-4k": ("cuba", 4_000, 2.0),
    "cuba-100k": ("cuba", 100_000, 0.1),
    "cuba-dense": ("cuba_dense", 4_000, 1.0),
    "coba": ("coba", 4_000, 0.5),
    "cobahh": ("cobahh", 4_000, 0.1),
    "brunel": ("brunel", 10_000, 0.3),
    "brunel-delays": ("brunel_delays", 10_000, 0.1),
    "stdp-4k": ("stdp", 4_000, 0.1),
}
"""Model, cells, and simulated seconds: so many that a run takes some 50 ms."""


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(CASES)}; default: all")
    parser.add_argument("--mode", default="out", help="see ranvier ablate --help")
    parser.add_argument("--passes", default="", help="see ranvier ablate --help")
    parser.add_argument("-p", "--pass-pipeline", metavar="PIPELINE", help="the pipeline, instead of the default one")
    parser.add_argument("--load", metavar="FILE.py|MODULE", action="append", default=[], help="where its passes are")
    parser.add_argument("--repetitions", type=int, default=11)
    parser.add_argument("--dtype", choices=("float64", "float32"), default="float64")
    parser.add_argument(
        "--out", metavar="DIR", help="keep the measurements in DIR/NAME.json; those there are not repeated"
    )
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in CASES]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are {', '.join(CASES)}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(options.out or temporary)
        folder.mkdir(parents=True, exist_ok=True)
        found = {name: _measured(name, folder, options) for name in options.names or CASES}
    print(_table(found))
    return 0


def _measured(name: str, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    path = folder / f"{name}.json"
    if not path.exists():
        model, cells, seconds = CASES[name]
        command = [sys.executable, "-m", "ranvier", "ablate", "--mode", options.mode, "--passes", options.passes]
        command += ["--repetitions", str(options.repetitions), "--shortest", str(0.9 * seconds), "--json", str(path)]
        command += [str(HERE / "models" / f"{model}.py"), "--cells", str(cells), "--seconds", str(seconds)]
        command += ["--dtype", options.dtype, "--once"]
        command[4:4] = [word for where in options.load for word in ("--load", where)]
        command[4:4] = [] if options.pass_pipeline is None else ["-p", options.pass_pipeline]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        print(f"## {name}\n{done.stdout}", file=sys.stderr, flush=True)
    return json.loads(path.read_text(encoding="utf-8"))


def _table(found: dict[str, dict[str, Any]]) -> str:
    """Return a row for each variant, a column for each benchmark: ratios, in bold where they are no noise."""
    names = list(dict.fromkeys(one["variant"] for result in found.values() for one in result["variants"]))
    lines = [f"| | {' | '.join(found)} |", f"|---|{'---|' * len(found)}"]
    for name in names:
        cells: list[str] = []
        for result in found.values():
            one = next((each for each in result["variants"] if each["variant"] == name), None)
            cells.append("" if one is None else _cell(one))
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(one: dict[str, Any]) -> str:
    if one["same_code"]:
        return "="
    text = f"{one['ratio']:.2f}"
    return f"**{text}**" if one["verdict"] else text


if __name__ == "__main__":
    sys.exit(main())
