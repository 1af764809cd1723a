"""The command line: what this installation is, and whether it works; or a script of Brian's that runs unchanged."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from ranvier import __version__

COMMANDS = {
    "SCRIPT.py ...": "runs a script that imports brian2, with Ranvier in its place",
    "run FILE.mlir ...": "runs a program that is written as text",
    "export SCRIPT.py -o DIR": "writes what a script runs as a program in C",
    "profile SCRIPT.py ...": "runs a script, and says what each of its sweeps has cost",
    "report SCRIPT.py ...": "runs a script, and writes a page that shows what the compiler made of it",
    "bug-report SCRIPT.py": "puts all that is needed to understand a fault into one file",
    "ablate SCRIPT.py ...": "says what each pass is worth for a script",
    "bisect FILE ...": "finds the pass and the rewrite that change what a script or a program computes",
    "reduce FILE.mlir ...": "makes a program smaller that shows a fault",
    "fuzz ...": "tries passes on random programs",
}
"""What can stand behind `ranvier`, and what it does; each has a `--help` of its own."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints version, targets, cache and a self-check, or runs a script or a program; returns 0 if all is well."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["run"]:
        from ranvier import run_command

        return run_command.main(given[1:])
    if given[:1] == ["bisect"]:
        from ranvier import bisect_command

        return bisect_command.main(given[1:])
    if given[:1] == ["reduce"]:
        from ranvier import reduce_command

        return reduce_command.main(given[1:])
    if given[:1] == ["export"]:
        from ranvier import export_command

        return export_command.main(given[1:])
    if given[:1] == ["profile"]:
        from ranvier import sweep_profile

        return sweep_profile.main(given[1:])
    if given[:1] == ["report"]:
        from ranvier import report_command

        return report_command.main(given[1:])
    if given[:1] == ["ablate"]:
        from ranvier import ablate_command

        return ablate_command.main(given[1:])
    if given[:1] == ["fuzz"]:
        from ranvier import fuzz_command

        return fuzz_command.main(given[1:])
    if given[:1] == ["bug-report"]:
        from ranvier import bug_report_command

        return bug_report_command.main(given[1:])
    if given and not given[0].startswith("-"):
        from ranvier import run_script

        return run_script.main(given)
    options = parser().parse_args(given)
    _print_installation()
    if options.clear_cache:
        _clear_cache()
    return 0 if _self_check() else 1


def parser() -> argparse.ArgumentParser:
    """Returns what reads the options of `ranvier`; with a script, `run` or `report` first, others read them."""
    found = argparse.ArgumentParser(
        prog="ranvier",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(("commands:", *(f"  ranvier {call:<23} {about}" for call, about in COMMANDS.items()))),
    )
    found.add_argument("--version", action="version", version=f"ranvier {__version__}")
    found.add_argument("--clear-cache", action="store_true", help="remove all compiled programs from the cache")
    return found


def _print_installation() -> None:
    import llvmlite  # pyright: ignore[reportMissingTypeStubs]
    import numpy
    from llvmlite import binding  # pyright: ignore[reportMissingTypeStubs]

    import ranvier
    from ranvier.codegen.cache import default_cache
    from ranvier.codegen.target import host

    target = host()
    parts: tuple[int, ...] = binding.llvm_version_info  # pyright: ignore
    version = ".".join(str(part) for part in parts)
    print(f"ranvier {ranvier.__version__} (Python {sys.version.split()[0]}, numpy {numpy.__version__})")
    print(f"compiler: LLVM {version} through llvmlite {llvmlite.__version__}")
    print(f"targets:  cpu ({target.triple}, {target.cpu})")
    info = default_cache().info()
    print(f"cache:    {info.directory} ({info.programs} programs, {info.size / 1e6:.1f} MB)")


def _clear_cache() -> None:
    from ranvier.codegen.cache import default_cache

    default_cache().clear()
    print("cache:    cleared")


def _self_check() -> bool:
    """Simulates a cell whose spike times are known in closed form."""
    from ranvier import Network, NeuronGroup, Quantity, SpikeMonitor, ms

    began = time.perf_counter()
    group = NeuronGroup(2, "dv/dt = (1.25 - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0", method="exact")
    spikes = SpikeMonitor(group)
    Network(group, spikes).run(Quantity(0.05, dim=ms.dim), namespace={"ms": ms})
    # v = 1.25*(1 - exp(-t/10 ms)) reaches 1 after 10 ms * ln 5 = 16.09 ms, at the step that begins at 16.0 ms
    expected = [16.0, 16.0, 32.1, 32.1, 48.2, 48.2]
    found = [round(float(t), 6) for t in spikes.t / ms]
    good = found == expected
    outcome = "passed" if good else f"FAILED: spikes at {found} ms instead of {expected} ms"
    print(f"check:    {outcome} ({time.perf_counter() - began:.2f} s to compile and run a small model)")
    return good
