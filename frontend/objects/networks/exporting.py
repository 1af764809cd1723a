"""`Network.export`: a network as a program for another machine."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ranvier.actions.actions import Action
from ranvier.objects.networks.running import RunCall, checked_seconds
from ranvier.objects.networks.sweeping import Sweeping
from ranvier.public.argument_names import explains_arguments
from ranvier.session.namespaces import get_local_namespace, names_given
from ranvier.units import Quantity

if TYPE_CHECKING:
    from ranvier.export.directory import Exported
    from ranvier.stages.road import Options

NAME = "network"
"""The name of an exported network that is given none."""


class Exporting(Sweeping):
    """A collection of objects that can be written as a program."""

    @abstractmethod
    def examine(self, call: RunCall) -> list[Action]:
        """Prepares all objects for a run that comes later and returns what happens in a step."""

    @explains_arguments
    def export(
        self,
        directory: str | os.PathLike[str],
        duration: Quantity,
        *,
        name: str = NAME,
        target: str | None = None,
        cpu: str | None = None,
        features: str | None = None,
        namespace: Mapping[str, object] | None = None,
        options: Options | None = None,
        level: int = 0,
    ) -> Exported:
        """Writes the network as a program that needs no Python: an object file, a C header, sources, and its arrays.

        The program begins with the present state of the network and computes what `run(duration)` would, to the last
        bit, with the same random numbers. `make` in the directory builds it (docs/export.md). The network stays as it
        is.

        Args:
            directory: Where to; it is made if it does not exist, and files of these names are replaced.
            duration: How long the program runs if it is not told otherwise.
            name: The name of the network in C; its files begin with it.
            target: The machine that it is for: LLVM's target triple, or an architecture ("x86_64", "aarch64",
                "riscv64"), for which Linux is meant. None: this machine.
            cpu: LLVM's name of the processor, such as "cortex-a72"; None: any of the target, of this machine the one
                it has.
            features: What the processor has besides, such as "+avx2,+fma".
            namespace: Names for the objects' texts instead of those that the calling script sees.
            options: How to compile, see `ranvier.stages.Options`.
            level: Number of frames to skip to find the names of the script.

        Returns:
            What was written; `print` says where.

        Raises:
            NotImplementedError: If something in the network calls Python in its steps; the message names it.
            ValueError: If there is no such machine, the name cannot be one in C, or the duration is negative.
            DimensionMismatchError: If duration is no time.
            BrianObjectException: If an object cannot be run; the reason is `__cause__`.
            OSError: If the files cannot be written.
        """
        # most scripts export nothing, and need not load it
        from ranvier.codegen.target import target_of
        from ranvier.export.directory import Request, export

        self._collect(level)
        length = checked_seconds(duration, "duration")
        machine = target_of(target, cpu, features)
        namespace = get_local_namespace(level=level) if namespace is None else names_given(namespace)
        actions = self.examine(RunCall(length, None, 1.0, namespace, False, False))
        request = Request(actions, self.clocks, self.random.key(), self.t_, length)
        return export(request, Path(directory), name, machine, options)
