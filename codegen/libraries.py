"""Functions of scripts that are C++: compiled once into a shared library, which the cache keeps, and loaded.

The name of a library is a digest of all that goes in: the text, the files that it is compiled with, the options, and
the compiler's version. Programs know its function by a symbol with this name; its address is found when they are
loaded.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ranvier.codegen.cache import ProgramCache, default_cache
from ranvier.codegen.errors import CodegenError, CompilerMissing

COMPILERS = ("c++", "g++", "clang++")
"""The programs that are tried if the environment variable CXX names none."""

HEADERS = (".h", ".hpp", ".hh", ".hxx", ".inl")
"""Endings of the files in `include_dirs` that are part of a library's name."""

FLAGS = ("-std=c++17", "-O3", "-fPIC", "-shared", "-fno-math-errno", "-w")

_lock = threading.Lock()
_loaded: dict[str, Library] = {}
_seeds: dict[str, tuple[int, int]] = {}


@dataclass(frozen=True, slots=True)
class LibrarySource:
    """What a library is made of.

    Attributes:
        text: The C++ text, in which `@SYMBOL@` stands for the symbol of its function.
        sources: Further files to compile.
        include_dirs: Where headers are looked for.
        libraries: Names of libraries to link.
        library_dirs: Where these are looked for.
        runtime_library_dirs: Where these are looked for when the library is loaded.
        options: Further options of the compiler.
    """

    text: str
    sources: tuple[str, ...] = ()
    include_dirs: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    library_dirs: tuple[str, ...] = ()
    runtime_library_dirs: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    def arguments(self) -> list[str]:
        """Returns what the compiler is called with besides the text and the output."""
        return [
            *self.options,
            *self.sources,
            *(f"-I{directory}" for directory in self.include_dirs),
            *(f"-L{directory}" for directory in self.library_dirs),
            *(f"-Wl,-rpath,{directory}" for directory in self.runtime_library_dirs),
            *(f"-l{name}" for name in self.libraries),
        ]


@dataclass(frozen=True, slots=True)
class Library:
    """A loaded library, which stays for as long as the process lives.

    Attributes:
        symbol: The symbol of its function.
        address: Where this is.
        handle: The library.
    """

    symbol: str
    address: int
    handle: ctypes.CDLL


def library(source: LibrarySource, cache: ProgramCache | None = None) -> Library:
    """Returns the library of a source, loaded: from this process, from the cache, or compiled.

    Raises:
        CompilerMissing: There is no compiler.
        CodegenError: The compiler does not accept the text, or the library cannot be loaded.
    """
    compiler = compiler_path()
    symbol = f"ranvier_user_{_digest(source, compiler)[:40]}"
    with _lock:
        if symbol not in _loaded:
            _loaded[symbol] = _made(symbol, source, compiler, cache or default_cache())
        return _loaded[symbol]


def address_of(symbol: str) -> int:
    """Returns the address of the function of a loaded library."""
    return _loaded[symbol].address


def seed_all(key: int, generation: int) -> None:
    """Seeds the random numbers of all loaded libraries that were not seeded with this last.

    Args:
        key: The seed.
        generation: Tells equal seeds apart that are to begin anew.
    """
    for found in _loaded.values():
        if _seeds.get(found.symbol) != (key, generation):
            _seeds[found.symbol] = (key, generation)
            seed = getattr(found.handle, f"{found.symbol}_seed")
            seed.argtypes = [ctypes.c_uint64]
            seed(key & 0xFFFFFFFFFFFFFFFF)


def compiler_path() -> str:
    """Returns the path of the C++ compiler.

    Raises:
        CompilerMissing: There is none.
    """
    wanted = os.environ.get("CXX")
    for name in (wanted,) if wanted else COMPILERS:
        if found := shutil.which(name):
            return found
    raise CompilerMissing(f"the compiler '{wanted}' that CXX names is not found" if wanted else "there is none")


def _made(symbol: str, source: LibrarySource, compiler: str, cache: ProgramCache) -> Library:
    if (path := cache.library(symbol)) is not None:
        try:
            return _open(symbol, path)
        except CodegenError:
            cache.discard_library(symbol)  # whole, but it does not fit this process
    with tempfile.TemporaryDirectory(prefix="ranvier-") as directory:
        built = _compile(symbol, source, compiler, Path(directory))
        kept = cache.keep_library(symbol, built)
        return _open(symbol, built if kept is None else kept)


def _compile(symbol: str, source: LibrarySource, compiler: str, directory: Path) -> Path:
    text, result = directory / "function.cpp", directory / f"{symbol}.so"
    text.write_text(source.text.replace("@SYMBOL@", symbol), encoding="utf-8")
    command = [compiler, *FLAGS, "-o", str(result), str(text), *source.arguments()]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CodegenError(done.stderr.replace(f"{text}:", "").strip() or f"{compiler} failed")
    return result


def _open(symbol: str, path: Path) -> Library:
    try:
        handle = ctypes.CDLL(str(path))
        function = getattr(handle, symbol)
    except (OSError, AttributeError) as error:
        raise CodegenError(f"the compiled function cannot be loaded: {error}") from error
    address = ctypes.cast(function, ctypes.c_void_p).value
    assert address is not None
    return Library(symbol, address, handle)


def _digest(source: LibrarySource, compiler: str) -> str:
    digest = hashlib.sha256()
    for part in (compiler, _version(compiler), sys.platform, *FLAGS, source.text, *source.arguments()):
        encoded = part.encode()
        digest.update(len(encoded).to_bytes(8, "little") + encoded)
    for path in _files(source):
        try:
            content = path.read_bytes()
        except OSError as error:
            raise CodegenError(f"the file {path} cannot be read: {error.strerror}") from error
        digest.update(len(content).to_bytes(8, "little") + content)
    return digest.hexdigest()


def _files(source: LibrarySource) -> Iterator[Path]:
    """Yields the files whose contents decide about a library."""
    yield from map(Path, source.sources)
    for directory in source.include_dirs:
        found = Path(directory).glob("*") if Path(directory).is_dir() else ()
        yield from sorted(path for path in found if path.suffix in HEADERS and path.is_file())


@functools.cache
def _version(compiler: str) -> str:
    done = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=False)
    return done.stdout
