"""What a cached program depends on besides its model: our own sources, LLVM, the machine, the options.

Everything here runs before each simulation, also when nothing is compiled: it imports neither xDSL nor sympy.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from ranvier.codegen.options import CodegenOptions
from ranvier.codegen.target import Target, llvm_binding

SOURCES = ("ranvier.ir", "ranvier.passes", "ranvier.codegen", "ranvier.graph", "ranvier.plan", "ranvier.actions")
"""The packages whose code decides what machine code a plan becomes."""

LIBRARIES = ("xdsl",)
"""Other libraries that take part in it; their version is read from the file that states it."""


def program_key(key: str, target: Target, options: CodegenOptions) -> str:
    """Returns the name under which the program of a model is kept, as 64 hexadecimal digits.

    Args:
        key: Says everything about the model that the machine code depends on.
        target: The machine.
        options: The user's choices.
    """
    import llvmlite  # pyright: ignore[reportMissingTypeStubs]

    parts = (
        key,
        compiler_fingerprint(),
        llvmlite.__version__,
        ".".join(map(str, llvm_binding().llvm_version_info)),
        target.name,
        target.triple,
        target.cpu,
        target.features,
        repr(options),
    )
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode()
        digest.update(len(encoded).to_bytes(8, "little") + encoded)
    return digest.hexdigest()


@functools.cache
def compiler_fingerprint() -> str:
    """Returns a digest of the contents of the compiler's own sources."""
    digest = hashlib.sha256()
    for package in SOURCES:
        for name, path in _source_files(package):
            digest.update(f"{package}/{name}\0".encode())
            digest.update(_content(path))
    for library in LIBRARIES:
        digest.update(f"{library}\0".encode())
        digest.update(_stated_version(library))
    return digest.hexdigest()


def _source_files(package: str) -> Iterable[tuple[str, str]]:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return ()
    return sorted(_python_files(spec.submodule_search_locations[0], ""))


def _python_files(directory: str, prefix: str) -> Iterator[tuple[str, str]]:
    """Yields the name below the package, and the path, of every Python file."""
    with os.scandir(directory) as entries:
        for entry in entries:
            if entry.name.endswith(".py"):
                yield prefix + entry.name, entry.path
            elif entry.name != "__pycache__" and entry.is_dir():
                yield from _python_files(entry.path, f"{prefix}{entry.name}/")


def _content(path: str) -> bytes:
    # Plain system calls: a hundred files cost a millisecond this way, three times that through `open`.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        return os.read(descriptor, os.fstat(descriptor).st_size)
    finally:
        os.close(descriptor)


def _stated_version(library: str) -> bytes:
    spec = importlib.util.find_spec(library)
    if spec is None or spec.origin is None:
        return b""
    for name in ("_version.py", "__init__.py"):
        path = Path(spec.origin).with_name(name)
        if path.is_file():
            return path.read_bytes()
    return spec.origin.encode()
