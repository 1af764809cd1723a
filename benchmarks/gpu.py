"""What GPUs do with networks: counted without one, checked and timed where there is one.

    python benchmarks/gpu.py cuba hh             # launch plans and instructions of each kernel
    python benchmarks/gpu.py --work              # what a step does, counted from PTX, beside what devices can do
    python benchmarks/gpu.py --assemble FILE     # registers, spills, shared memory of all examples and models, by ptxas
    python benchmarks/gpu.py --check FILE        # all checks and benchmarks, within ten minutes: send back the file

Only `--check` runs anything; without a GPU it runs the kernels on the CPU, in small sizes.
"""

import argparse
import json
import sys
from pathlib import Path

import gpu_check
import gpu_tables
from gpu_models import SHAPES, build

from ranvier.kernels import launch_plan, step_costs

RECORDED = Path(__file__).parent / "recorded" / "ptxas.json"
"""Where the table of `ptxas` is kept."""


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = ("lif", *SHAPES)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names)}, examples or items")
    parser.add_argument("--work", action="store_true", help="count what a step does")
    parser.add_argument("--assemble", nargs="?", type=Path, const=RECORDED, metavar="FILE", help="use ptxas")
    parser.add_argument("--check", type=Path, metavar="FILE", help="do all checks and benchmarks")
    parser.add_argument("--target", choices=gpu_check.TARGETS, help="of --check; default: a GPU if there is one")
    parser.add_argument("--minutes", type=float, default=10.0, help="of --check: when it has to end")
    parser.add_argument("--full", action="store_true", help="of --check: large sizes although there is no GPU")
    options = parser.parse_args()
    if options.check:
        target = gpu_check.chosen_target(options.target)
        small = target != gpu_check.CUDA and not options.full
        return gpu_check.check(options.check, target, small, options.minutes, options.names)
    if options.assemble:
        return assemble(options.assemble, options.names)
    if options.work:
        print(gpu_tables.work_text([gpu_tables.work(name) for name in options.names or SHAPES]))
        return 0
    for name in options.names or names:
        program = build(SHAPES[name].model if name in SHAPES else name, 1_000).network.lower()
        print(f"\n==== {name} ====\n\n{launch_plan(program)}\n\n{step_costs(program)}")
    return 0


def assemble(path: Path, names: list[str]) -> int:
    """Print what `ptxas` makes of kernels, keep it, and return 1 if registers are spilled."""
    rows = []
    for row in gpu_tables.registers(names):
        rows.append(row)
        lines = ",\n".join(json.dumps(one) for one in rows)
        path.write_text(f'{{"ptxas": "{gpu_tables.tool_version()}", "rows": [\n{lines}\n]}}\n')
    print(gpu_tables.registers_text(rows))
    return int(any(map(gpu_tables.spills, rows)))


if __name__ == "__main__":
    sys.exit(main())
