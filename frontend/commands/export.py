"""`ranvier export`: writes the network that a script runs as a program that needs no Python."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ranvier.brian import run_script
from ranvier.codegen.target import Target, target_of
from ranvier.session.overrides import Overrides

if TYPE_CHECKING:
    from ranvier.export.directory import Exported
    from ranvier.units import Quantity


class Exportable(Protocol):
    """A network."""

    def export(
        self,
        directory: str,
        duration: Quantity,
        *,
        name: str,
        target: str | None,
        cpu: str | None,
        features: str | None,
        namespace: Mapping[str, object],
    ) -> Exported:
        """Writes it as a program."""
        ...


class ScriptEnded(SystemExit):
    """Ends a script whose network has been exported; what it does after the run is no part of the program."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit status: 0, 1 if nothing can be exported, 2 for wrong arguments."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    end = given.index("--") if "--" in given else len(given)
    found = parser()
    options, of_script = found.parse_args(given[:end]), given[end + 1 :]
    if options.script is None and options.runtime_ll is None:
        found.error("name a script, or write the runtime functions alone with --runtime-ll FILE")
    if options.script is not None and options.output is None:
        found.error("the following arguments are required: -o/--output")
    if options.run < 1:
        print(f"ranvier export: --run counts from 1, not {options.run}", file=sys.stderr)
        return 2
    try:
        target = target_of(options.target, options.cpu, options.features)
    except ValueError as error:
        print(f"ranvier export: {error}", file=sys.stderr)
        return 2
    if options.runtime_ll is not None and not _wrote_library(options.runtime_ll, target):
        return 1
    return 0 if options.script is None else _exported(options, of_script)


def _wrote_library(path: str, target: Target) -> bool:
    """Writes the runtime functions as LLVM IR ("-": to standard output); tells whether it could."""
    from ranvier.codegen.runtime_library import library_text  # exports of networks have what they call inside

    text = library_text(target)
    if path == "-":
        print(text)
        return True
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        print(f"ranvier export: cannot write {path}: {error.strerror}", file=sys.stderr)
        return False
    print(f"wrote {path} for {target.triple}")
    return True


def _exported(options: argparse.Namespace, of_script: Sequence[str]) -> int:
    """Runs the script up to the run that is exported, and returns the exit status."""
    exporter = _Exporter(options)
    Overrides.runner = exporter.take
    try:
        status = run_script.main([options.script, *of_script])
    except ScriptEnded:
        return exporter.report()
    finally:
        Overrides.runner = None
    if status == 0:
        runs = f"{exporter.runs or 'no'} run{'s' * (exporter.runs != 1)}"
        print(f"ranvier export: {options.script} has {runs}, so run {options.run} cannot be exported", file=sys.stderr)
        status = 1
    return status


def parser() -> argparse.ArgumentParser:
    """Returns what reads the arguments of the command."""
    found = argparse.ArgumentParser(
        "ranvier export",
        description=__doc__,
        epilog="Arguments of the script follow after --. The script is run up to its first run(...), or the one that "
        "--run says. That run becomes the program; what stands after it is not done.",
    )
    found.add_argument("script", nargs="?", help="the Python script; it may import brian2")
    found.add_argument("-o", "--output", metavar="DIR", help="where to write the files of the script's network")
    found.add_argument(
        "--runtime-ll",
        metavar="FILE",
        help="write the runtime functions that loops call (rv.exp.f64, ...) as LLVM IR that can be linked; "
        "without a script nothing else is written",
    )
    found.add_argument("--name", default="network", help="the name of the network in C, and of its files (network)")
    found.add_argument(
        "--target",
        metavar="TRIPLE",
        help="the machine: aarch64, riscv64, x86_64, or one of LLVM's triples (this machine)",
    )
    found.add_argument(
        "--cpu", help="LLVM's name of the processor (any of the target; of this machine: the one it has)"
    )
    found.add_argument("--features", help="what the processor has besides, such as +avx2,+fma")
    found.add_argument(
        "--run",
        metavar="N",
        type=int,
        default=1,
        help="export the Nth run of the script; those before it are done here (1)",
    )
    return found


@dataclass
class _Exporter:
    """Counts the runs of a script, and takes the one that is exported."""

    options: argparse.Namespace
    runs: int = 0
    exported: Exported | None = None
    refusal: str = ""

    def take(self, network: Exportable, duration: Quantity, namespace: Mapping[str, object]) -> bool:
        """Exports a network in place of a run, if this is the run; returns whether it was."""
        self.runs += 1
        if self.runs < self.options.run:
            return False
        names = {"name": self.options.name, "target": self.options.target, "cpu": self.options.cpu}
        try:
            self.exported = network.export(
                self.options.output, duration, features=self.options.features, namespace=namespace, **names
            )
        except (NotImplementedError, ValueError, OSError) as error:
            self.refusal = str(error)
        raise ScriptEnded(0)

    def report(self) -> int:
        if self.exported is None:
            print(f"ranvier export: {self.refusal}", file=sys.stderr)
            return 1
        print(f"run {self.runs} of {self.options.script}: {self.exported}")
        print(f"make -C {self.options.output} builds it")
        return 0
