"""From the key of a model to code that runs: from memory, from disk, or compiled."""

from __future__ import annotations

import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from ranvier.codegen.artifact import Artifact, DevicePart, Notes
from ranvier.codegen.cache import ProgramCache, default_cache
from ranvier.codegen.errors import LoadError
from ranvier.codegen.fingerprint import program_key
from ranvier.codegen.load import LoadedProgram, load
from ranvier.codegen.options import CodegenOptions
from ranvier.codegen.target import Target, host
from ranvier.ir.slots import Slot

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

    from ranvier.codegen.compile import Compilation

Build = Callable[[], "tuple[ModuleOp, Sequence[Slot]] | tuple[ModuleOp, Sequence[Slot], Notes]"]
"""Makes the loops of a model and says what stands in each slot of their table, perhaps with notes for its users."""

KEPT = 64
"""How many programs stay loaded although nobody uses them."""


def program_for(
    key: str,
    build: Build,
    *,
    options: CodegenOptions | None = None,
    symbols: Mapping[str, int] | None = None,
    target: Target | None = None,
    cache: ProgramCache | None = None,
) -> LoadedProgram:
    """Returns the program of a model, ready to run; compiles it only if it is neither in memory nor on disk.

    The same model gives the same object each time: it holds no state, so that several networks can share it.

    Args:
        key: Says everything about the model that the machine code depends on, such as the digest of its plan.
        build: Makes the loops; called only if they must be compiled.
        options: The user's choices.
        symbols: The addresses of the functions outside that the program calls.
        target: The machine, by default this one; it must be able to run the code.
        cache: Programs on disk, by default those of `default_cache()`.

    Raises:
        CodegenError: The loops cannot be compiled.
        LoadError: A function that the program calls does not exist.
    """
    target, options = target or host(), options or CodegenOptions()
    symbols = symbols or {}
    content = program_key(key, target, options)
    name = (content, *sorted(symbols.items()))
    with _programs.lock_of(name):
        if (program := _programs.get(name)) is not None:
            return program
        program = _load_or_compile(content, build, options, symbols, target, cache or default_cache())
        _programs.put(name, program)
        return program


def program_of_text(
    text: str,
    slots: Sequence[Slot],
    *,
    options: CodegenOptions | None = None,
    symbols: Mapping[str, int] | None = None,
    cache: ProgramCache | None = None,
    file: str = "",
) -> LoadedProgram:
    """Returns the program in LLVM IR text, which is compiled only if it is neither in memory nor on disk.

    Args:
        text: What `emit_module` wrote, or something like it.
        slots: What each slot of its table holds.
        options: The user's choices.
        symbols: See `program_for`.
        cache: See `program_for`.
        file: The file in which somebody wrote it, see `parsed`; "": it is emitted.

    Raises:
        CodegenError: LLVM does not accept the text.
        LoadError: A function that the program calls does not exist.
    """
    # Imported here: a program that is in the cache is loaded without it.
    from ranvier.codegen.compile import compile_text

    target, options = host(), options or CodegenOptions()
    key = program_key(f"text {slots}\0{text}", target, options)
    start = time.perf_counter()
    artifact = (cache or default_cache()).get(key)
    timings = {"read": time.perf_counter() - start}
    if artifact is None:
        compilation = compile_text(text, target=target, options=options, file=file)
        timings = dict(compilation.timings)
        artifact = Artifact(compilation.object_code, tuple(slots), target.triple, target.cpu, key)
        (cache or default_cache()).put(key, artifact)
    return _timed_load(artifact, symbols or {}, timings)


def _load_or_compile(
    content: str,
    build: Build,
    options: CodegenOptions,
    symbols: Mapping[str, int],
    target: Target,
    cache: ProgramCache,
) -> LoadedProgram:
    program = _from_disk(content, symbols, cache)
    if program is not None:
        return program
    with cache.turn(content):
        if cache.has(content):  # another process has compiled it meanwhile
            program = _from_disk(content, symbols, cache)
        return program or _compile_and_keep(content, build, options, symbols, target, cache)


def _from_disk(content: str, symbols: Mapping[str, int], cache: ProgramCache) -> LoadedProgram | None:
    start = time.perf_counter()
    artifact = cache.get(content)
    if artifact is None:
        return None
    try:
        return _timed_load(artifact, symbols, {"read": time.perf_counter() - start})
    except LoadError:
        # Whole, but it does not fit this process: compiling shows whether the file or the model is at fault.
        cache.discard(content)
        return None


def _compile_and_keep(
    content: str,
    build: Build,
    options: CodegenOptions,
    symbols: Mapping[str, int],
    target: Target,
    cache: ProgramCache,
) -> LoadedProgram:
    start = time.perf_counter()
    module, slots, *notes = build()
    timings = {"build": time.perf_counter() - start}
    compilation, device = _compile(module, slots, target, options, timings)
    said = notes[0] if notes else ()
    artifact = Artifact(compilation.object_code, tuple(slots), target.triple, target.cpu, content, said, device)
    program = _timed_load(artifact, symbols, timings)
    cache.put(content, artifact)
    return program


def _compile(
    module: ModuleOp, slots: Sequence[Slot], target: Target, options: CodegenOptions, timings: dict[str, float]
) -> tuple[Compilation, DevicePart | None]:
    # Imported here: xDSL costs more time than all of a run whose program is on disk.
    from ranvier.codegen.compile import compile_text
    from ranvier.codegen.llvm.emitter import emit_module

    start = time.perf_counter()
    device = None
    if "gpu.container_module" in module.attributes:
        from ranvier.codegen.device_program import device_program  # only programs for a device need it

        made = device_program(module, slots, target, options)
        text, device = made.host, made.device
    else:
        text = emit_module(module, target=target, options=options, slots=slots)
    timings["llvm"] = time.perf_counter() - start
    compilation = compile_text(text, target=target, options=options)
    timings.update(compilation.timings)
    return compilation, device


def _timed_load(artifact: Artifact, symbols: Mapping[str, int], timings: dict[str, float]) -> LoadedProgram:
    start = time.perf_counter()
    program = load(artifact, symbols)
    program.timings = {**timings, "load": time.perf_counter() - start}
    return program


class _LoadedPrograms:
    """The programs of this process: the last `KEPT` used, and all that somebody holds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._locks: weakref.WeakValueDictionary[object, _Lock] = weakref.WeakValueDictionary()
        self._held: weakref.WeakValueDictionary[object, LoadedProgram] = weakref.WeakValueDictionary()
        self._recent: OrderedDict[object, LoadedProgram] = OrderedDict()

    def lock_of(self, name: object) -> _Lock:
        """Returns the lock under which one thread compiles the program `name` while the others wait for it."""
        with self._lock:
            lock = self._locks.get(name)
            if lock is None:
                lock = self._locks[name] = _Lock()
            return lock

    def get(self, name: object) -> LoadedProgram | None:
        with self._lock:
            program = self._held.get(name)
            if program is not None:
                self._keep(name, program)
            return program

    def put(self, name: object, program: LoadedProgram) -> None:
        with self._lock:
            self._held[name] = program
            self._keep(name, program)

    def clear(self) -> None:
        """Forgets all programs; those in use stay loaded for their users."""
        with self._lock:
            self._held.clear()
            self._recent.clear()

    def _keep(self, name: object, program: LoadedProgram) -> None:
        self._recent[name] = program
        self._recent.move_to_end(name)
        while len(self._recent) > KEPT:
            self._recent.popitem(last=False)


class _Lock:
    """A lock that can be referred to weakly."""

    __slots__ = ("__weakref__", "_lock")

    def __init__(self) -> None:
        self._lock = threading.RLock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


_programs = _LoadedPrograms()


def forget_loaded() -> None:
    """Makes the next use of each model read it from disk again; programs in use stay loaded."""
    _programs.clear()
