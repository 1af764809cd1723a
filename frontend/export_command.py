"""`ranvier export`: writes the network that a script runs as a program that needs no Python."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ranvier import run_script
from ranvier.codegen.target import target_of
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
    options, of_script = parser().parse_args(given[:end]), given[end + 1 :]
    if options.run < 1:
        print(f"ranvier export: --run counts from 1, not {options.run}", file=sys.stderr)
        return 2
    try:
        target_of(options.target, options.cpu, options.features)
    except ValueError as error:
        print(f"ranvier export: {error}", file=sys.stderr)
        return 2
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
        epilog="Arguments of the script follow after --. The script is run up to its first run(...), which becomes the "
        "program; what stands after it is not done.",
    )
    found.add_argument("script", help="the Python script; it may import brian2")
    found.add_argument("-o", "--output", metavar="DIR", required=True, help="where to write the files")
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
