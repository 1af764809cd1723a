"""Back ends: what makes a program of loops in place of Ranvier's own code generator.

A back end is a function of a lowered module (`func`, `scf`, `arith`, `math`, `memref` ops with one function `@run`), of
what stands in each slot of the table that programs are called with (`ranvier.ir.slots`), and of options. It gives
something with an `entry`. The built-in ones are a literal table; others are registered, or are entry points of the
group `ranvier.backends` of an installed package.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from ranvier.codegen.artifact import Artifact, Notes
from ranvier.codegen.errors import CodegenError
from ranvier.codegen.load import LoadedProgram
from ranvier.codegen.options import CodegenOptions
from ranvier.codegen.programs import Build
from ranvier.codegen.target import host
from ranvier.ir.offers import BACKENDS, load_offer, note_bringer, offers
from ranvier.ir.slots import Slot

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

OWN = "llvm"
"""The name of Ranvier's own code generator, which keeps programs on disk."""

PLACES: Mapping[str, tuple[str, str]] = {
    "mlir": ("ranvier.codegen.stock_mlir", "STOCK"),
    "mlir-openmp": ("ranvier.codegen.stock_mlir", "OPENMP"),
}
"""The other built-in back ends: module and name of a `Backend`."""

KEPT = 16
"""How many programs of back ends stay loaded."""


@dataclass(frozen=True, slots=True)
class BackendOptions:
    """What a back end is told besides the program.

    Attributes:
        codegen: The user's choices.
        symbols: The addresses of the functions outside that the program calls, such as `ranvier_call`.
    """

    codegen: CodegenOptions = field(default_factory=CodegenOptions)
    symbols: Mapping[str, int] = field(default_factory=dict[str, int])


class Runnable(Protocol):
    """What a back end makes of a program. It is kept for as long as the program may run."""

    @property
    def entry(self) -> Callable[[int], int]:
        """Runs the program on the table of slots at an address; returns a code of `ranvier.ir.slots`."""
        ...


@dataclass(frozen=True, slots=True)
class Backend:
    """A back end.

    Attributes:
        compile: Makes something with an `entry` of a module, its slots, and options. It may change the module. It
            raises `CodegenError` where it cannot.
        divides: Whether it divides the work of `scf.parallel` ops among threads that it has itself: then programs of
            the pass `partition` come to it. Programs for one thread come to all others.
    """

    compile: Callable[[ModuleOp, Sequence[Slot], BackendOptions], Runnable]
    divides: bool = False


class ForeignProgram(LoadedProgram):
    """A program that a back end has made."""

    __slots__ = ("_runnable",)

    def __init__(self, runnable: Runnable, slots: Sequence[Slot], notes: Notes) -> None:  # pyright: ignore[reportMissingSuperCall]
        """Takes what the back end has made; there is no object code of ours."""
        self.artifact = Artifact(b"", tuple(slots), host().triple, notes=notes)
        self.timings = {}
        self.address = 0
        self._runnable = runnable

    @property
    def entry(self) -> Callable[[int], int]:
        """Runs the program on the table at an address; returns a code of `ranvier.ir.slots`."""
        return self._runnable.entry

    @property
    def work(self) -> None:
        """Nothing: a back end has its own threads, if it has any."""


_registered: dict[str, Backend] = {}
_programs: OrderedDict[str, ForeignProgram] = OrderedDict()
_lock = threading.RLock()
_versions = itertools.count()
_version: dict[str, int] = {}


def register_backend(
    name: str, compile: Callable[[ModuleOp, Sequence[Slot], BackendOptions], Runnable], *, divides: bool = False
) -> Backend:
    """Lets programs be made by a back end, `prefs.codegen.backend = name`.

    Args:
        name: Its name; it takes the place of one that was registered before.
        compile: See `Backend`.
        divides: See `Backend`.

    Raises:
        ValueError: The name is that of a built-in back end, or empty.
    """
    if not name or name == OWN or name in PLACES:
        raise ValueError(f"{name!r} is no name for another back end: it is empty, or that of a built-in one")
    _registered[name] = Backend(compile, divides)
    _version[name] = next(_versions)
    note_bringer(compile)
    return _registered[name]


def unregister_backend(name: str) -> None:
    """Forgets a back end that was registered.

    Raises:
        KeyError: No such back end was registered.
    """
    del _registered[name]


def backend_names() -> list[str]:
    """Returns the names of all back ends."""
    return list(dict.fromkeys((OWN, *PLACES, *_registered, *offers(BACKENDS))))


def backend_of(name: str) -> Backend:
    """Returns the back end of a name.

    Raises:
        ValueError: There is none, or its package does not give one.
    """
    if name in PLACES:
        module, attribute = PLACES[name]
        return getattr(import_module(module), attribute)
    if name in _registered:
        return _registered[name]
    if name not in offers(BACKENDS):
        raise ValueError(f"There is no back end {name!r}; there are {', '.join(backend_names())}.")
    found, where = load_offer(BACKENDS, name)
    if not isinstance(found, Backend):
        raise ValueError(f"{where} is no ranvier.codegen.backends.Backend, but {found!r}")
    return found


def program_of(
    name: str, key: str, build: Build, options: CodegenOptions, symbols: Mapping[str, int]
) -> ForeignProgram:
    """Returns the program that a back end makes of loops; the last `KEPT` ones are kept.

    Args:
        name: The back end.
        key: Says all that the loops depend on.
        build: Makes the loops.
        options: The user's choices.
        symbols: The addresses of the functions outside that the program calls.

    Raises:
        ValueError: There is no such back end.
        CodegenError: It cannot compile the program.
    """
    backend = backend_of(name)
    known = f"{name} {_version.get(name)} {options} {sorted(symbols.items())} {key}"
    with _lock:
        program = _programs.pop(known, None)
        if program is None:
            program = _made(name, backend, build, BackendOptions(options, symbols))
        _programs[known] = program
        while len(_programs) > KEPT:
            _programs.popitem(last=False)
        return program


def _made(name: str, backend: Backend, build: Build, options: BackendOptions) -> ForeignProgram:
    began = time.perf_counter()
    module, slots, *notes = build()
    built = time.perf_counter()
    runnable = backend.compile(module, tuple(slots), options)
    if not callable(getattr(runnable, "entry", None)):
        raise CodegenError(f"the back end {name!r} gives {runnable!r}, which has no function `entry`")
    program = ForeignProgram(runnable, slots, *notes) if notes else ForeignProgram(runnable, slots, ())
    program.timings = {"build": built - began, name: time.perf_counter() - built}
    return program
