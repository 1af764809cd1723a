"""Looks on while one program is made, and prints what its flags ask for."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import TextIO

from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.passes import ModulePass

from ranvier.codegen import LoadedProgram
from ranvier.codegen.compile import timing_passes
from ranvier.passes.observe import Timing
from ranvier.passes.pipeline import Observer
from ranvier.passes.remarks import Remark, remarking
from ranvier.passes.statistics import counting
from ranvier.pipeline.stage_table import OPTIMISED_LLVM
from ranvier.watching.flags import Flags
from ranvier.watching.printing import PrintIR, Texts
from ranvier.watching.tables import Counted, Timed, longest, statistics_table, timing_table

NATIVE = {
    "llvm": "write LLVM IR",
    "parse": "LLVM: read",
    "optimise": "LLVM: passes",
    "emit": "LLVM: machine code",
    "load": "load",
}
"""What the times of a native program are called in tables."""


@dataclass
class Watch:
    """What looks on while a program is made; `ranvier.pipeline.options.Watcher` says how it is called.

    Attributes:
        flags: What is shown.
        name: What the program is called.
        rewrites: Those in front of the passes, for the pipeline.
        programs: The programs that this process has made under watch, by their keys.
        file: Where, by default standard error.
    """

    flags: Flags
    name: str = ""
    rewrites: tuple[str, ...] = ()
    programs: dict[str, LoadedProgram] = field(default_factory=dict[str, LoadedProgram])
    file: TextIO | None = None
    times: list[Timed] = field(default_factory=list[Timed])
    _counted: list[Counted] = field(default_factory=list[Counted])
    _running: Timing = field(default_factory=Timing)
    _texts: Texts = field(default_factory=Texts)
    _printing: PrintIR | None = None

    @contextmanager
    def passes(self, module: ModuleOp, others: Sequence[Observer] = ()) -> Generator[Observer]:
        """Gives the observer of passes that run on a module meanwhile; where one fails, prints what it has left.

        Args:
            module: The module.
            others: What else looks on.
        """
        last: list[ModulePass] = []
        if self._printing is None:
            self._printing = PrintIR(self.flags, self._texts, self.name or _name_of(module), self.file)
        printing = self._printing
        with (
            counting() if self.flags.statistics else nullcontext(dict[str, int]()) as counts,
            remarking() if self.flags.remarks else nullcontext(list[Remark]()) as remarks,
        ):
            ops = 0

            def observe(before: ModulePass | None, module: ModuleOp, after: ModulePass | None) -> None:
                nonlocal ops
                self._running(before, module, after)
                last[:] = [] if after is None else [after]
                if self.flags.texts and (before is not None or self._texts.new is None):
                    self._texts.look(module)
                if self.flags.statistics:
                    old, ops = ops, sum(1 for _ in module.walk())
                    if before is not None:
                        self._counted.append(Counted(before, self._texts.changed, (old, ops), dict(counts)))
                    counts.clear()
                if before is not None and remarks:
                    self._print("\n".join(one.line(before.name) for one in remarks))
                remarks.clear()
                printing(before, module, after)
                for one in others:
                    one(before, module, after)
                self._running.restart(before, module, after)

            try:
                yield observe
            except Exception:
                if last:
                    printing.failed(last[-1], module)
                raise

    def stage(self, name: str, seconds: float) -> None:
        """Takes in that a stage was made; it took as long as its passes, if it has any."""
        parts = tuple(Timed(*one) for one in self._running.seconds)
        self._running.seconds.clear()
        self.times.append(Timed(name, sum(part.seconds for part in parts) if parts else seconds, parts))

    def program(self, key: str, pipeline: str, compiled: Callable[[], LoadedProgram]) -> LoadedProgram:
        """Returns the native program of a key, which is compiled anew, but once only."""
        with _lock:
            found = self.programs.get(key)
            if found is None:
                self.pipeline(pipeline)
                with timing_passes() if self.flags.timing else nullcontext(list[tuple[str, float]]()) as parts:
                    found = self.programs[key] = compiled()
                self.native(found, parts)
                self.finish()
            return found

    def native(self, program: LoadedProgram, parts: Sequence[tuple[str, float]]) -> None:
        """Takes in how long the machine code took, and LLVM's passes."""
        for key, name in NATIVE.items():
            if key in program.timings:
                self.times.append(Timed(name, program.timings[key], longest(parts) if key == "optimise" else ()))

    @contextmanager
    def llvm_passes(self) -> Generator[None]:
        """Takes in how long LLVM's passes take meanwhile: they are parts of the last stage that has them."""
        with timing_passes() if self.flags.timing else nullcontext(list[tuple[str, float]]()) as parts:
            yield
        for number, one in enumerate(self.times):
            if parts and one.name == OPTIMISED_LLVM.name:
                self.times[number] = Timed(one.name, one.seconds, longest(parts))

    def pipeline(self, passes: str) -> None:
        """Prints a pipeline, if that is asked for."""
        if self.flags.pipeline:
            self._print(",".join((*self.rewrites, f"builtin.module({passes})")))

    def finish(self) -> None:
        """Prints the tables that are asked for."""
        if self.flags.statistics:
            self._print(statistics_table(self._counted, self.name))
        if self.flags.timing:
            self._print(timing_table(self.times, self.name))

    def _print(self, text: str) -> None:
        print(text, file=self.file or sys.stderr)


def _name_of(module: ModuleOp) -> str:
    """Returns the name of the first op of a module that has one."""
    names = (op.get_attr_or_prop("sym_name") for op in module.ops)
    return next((name.data for name in names if isinstance(name, StringAttr)), "module")


_lock = threading.RLock()
"""Programs under watch are made one after another, so that what is printed of one stands together."""
