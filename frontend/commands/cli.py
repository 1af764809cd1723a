"""The command line: what this installation is, and whether it works; or a script of Brian's that runs unchanged."""

from __future__ import annotations

import argparse
import difflib
import importlib
import os
import sys
import time
from collections.abc import Mapping, Sequence

from ranvier import __version__
from ranvier.commands.closed_output import leave_closed_output

COMMANDS: dict[str, tuple[str, str, str]] = {
    "run": ("commands.run", "FILE.mlir", "run a program that is written as text: a graph, loops, or LLVM IR"),
    "export": ("commands.export", "SCRIPT.py -o DIR", "write what a script runs as a program in C"),
    "bug-report": ("commands.bug_report", "SCRIPT.py", "put all that is needed to understand a fault into one file"),
    "profile": ("sweep_profile", "SCRIPT.py", "say what each sweep of a script has cost: time and bytes"),
    "report": ("commands.report", "SCRIPT.py", "write a page that shows what the compiler made of a script"),
    "ablate": ("commands.ablate", "SCRIPT.py", "say what each pass is worth for a script"),
    "bisect": ("commands.bisect", "FILE", "find the pass and the rewrite that change what is computed"),
    "reduce": ("commands.reduce", "FILE.mlir", "make a program smaller that shows a fault"),
    "fuzz": ("commands.fuzz", "", "try passes on random programs"),
}
"""The commands: the module of `ranvier` with each (its `main`), what it takes, and what it does."""

VARIABLES: dict[str, str] = {
    "RANVIER_CACHE=DIR": "where compiled programs are kept; off: nowhere",
    "RANVIER_TARGET=T": "cuda: a GPU runs what networks do; emulated: the CPU runs its kernels",
    "RANVIER_TRACE=FILE.html": "as `ranvier report`",
    "RANVIER_DUMP=DIR": "write every stage of every program, and its inputs",
    "RANVIER_OVERRIDE=DIR": "take edited stages from there",
    "RANVIER_FLAGS=OPTIONS": "show what passes do, as ranvier-opt: --print-ir-diff, --timing, ...",
    "RANVIER_PASS_MODULES=A.py": "files and modules with passes or rewrites of your own",
    "RANVIER_PIPELINE=PASSES": 'which passes run: "default,my-pass"',
    "RANVIER_BACKEND=NAME": "what makes machine code: llvm, mlir, mlir-openmp, or your own",
    "RANVIER_DEBUG_INFO=1": "tell debuggers and perf the equations",
}
"""The environment variables that change what `python SCRIPT.py` does."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints version, targets, cache and a self-check, or runs a script or a command; returns 0 if all is well."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given and given[0] not in COMMANDS and not given[0].startswith("-"):
        if not os.path.exists(given[0]) and os.sep not in given[0] and not given[0].endswith(".py"):
            return _tell_unknown(given[0])
        from ranvier.brian import run_script

        return run_script.main(given)
    try:
        status = _run_command(given)
        if sys.stdout is not None:  # pyright: ignore[reportUnnecessaryComparison]
            sys.stdout.flush()
    except BrokenPipeError:
        return leave_closed_output()
    return status


def _run_command(given: list[str]) -> int:
    if given and given[0] in COMMANDS:
        return importlib.import_module(f"ranvier.{COMMANDS[given[0]][0]}").main(given[1:])
    options = parser().parse_args(given)
    _print_installation()
    if options.clear_cache:
        _clear_cache()
    return 0 if _self_check() else 1


def _tell_unknown(name: str) -> int:
    guess = difflib.get_close_matches(name, COMMANDS, 1)
    meant = f"did you mean {guess[0]!r}? " if guess else ""
    print(
        f"ranvier: there is no command and no file {name!r}: {meant}The commands are {', '.join(COMMANDS)}; "
        "ranvier --help says what they do.",
        file=sys.stderr,
    )
    return 2


def parser() -> argparse.ArgumentParser:
    """Returns what reads the options of `ranvier`; with a script or a command first, others read them."""
    commands = {f"{name} {takes}".strip(): about for name, (_, takes, about) in COMMANDS.items()}
    found = argparse.ArgumentParser(
        prog="ranvier",
        usage="ranvier [-h] [--version] [--clear-cache]\n       ranvier SCRIPT.py [arguments]\n"
        "       ranvier COMMAND [options]",
        description="Without arguments: what this installation is, and whether it works. With a script: runs it; one "
        "of\nBrian's runs unchanged, with Ranvier in Brian's place.",
        epilog="\n\n".join(
            (
                _listed("commands (each has --help):", commands),
                _listed("environment variables:", VARIABLES),
                "ranvier-opt runs passes on a file of IR, in the manner of mlir-opt (ranvier-opt --help).",
            )
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    found.add_argument("--version", action="version", version=f"ranvier {__version__}")
    found.add_argument("--clear-cache", action="store_true", help="remove all compiled programs from the cache")
    return found


def _listed(title: str, rows: Mapping[str, str]) -> str:
    width = max(map(len, rows)) + 2
    return "\n".join((title, *(f"  {name:{width}}{about}" for name, about in rows.items())))


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
    if info.directory is None:
        print("cache:    none, each process compiles its models (the environment variable RANVIER_CACHE names a place)")
    else:
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
