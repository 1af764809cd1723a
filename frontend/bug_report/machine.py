"""What a fault may depend on: versions, processor, system, and what of the environment is meant for Ranvier."""

from __future__ import annotations

import os
import platform
import sys
from importlib import metadata

import llvmlite  # pyright: ignore[reportMissingTypeStubs]
from llvmlite import binding  # pyright: ignore[reportMissingTypeStubs]

from ranvier.codegen.target import host

PACKAGES = (
    "numpy llvmlite xdsl sympy networkx pyarrow matplotlib pandas polars scipy xarray distributed nir libneuroml "
    "cuda-bindings brian2 brian2tools brian2hears brian2modelfitting pynn jupyter-core ipython"
).split()
"""Packages whose versions a report has if they are there."""


def facts(version: str) -> list[tuple[str, str]]:
    """Returns names and values: what is installed, and on what.

    Args:
        version: The version of Ranvier.
    """
    target = host()
    parts: tuple[int, ...] = binding.llvm_version_info  # pyright: ignore
    return [
        ("ranvier", version),
        ("Python", f"{sys.version.split()[0]} ({platform.python_implementation()}, {8 * _pointer_bytes()} bits)"),
        ("LLVM", f"{'.'.join(map(str, parts))} (llvmlite {llvmlite.__version__})"),
        *((name, found) for name in PACKAGES if (found := _version(name)) is not None),
        ("system", platform.platform()),
        ("processor", f"{target.cpu} ({target.triple}), {os.cpu_count()} processors"),
        ("memory", _memory()),
    ]


def _pointer_bytes() -> int:
    return 8 if sys.maxsize > 2**32 else 4


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _memory() -> str:
    try:
        return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.1f} GiB"
    except (AttributeError, ValueError, OSError):  # Windows has no such question
        return "unknown"


def environment() -> list[tuple[str, str]]:
    """Returns the environment variables that Ranvier and its libraries of threads obey."""
    prefixes = ("RANVIER_", "OMP_", "OPENBLAS_", "MKL_", "PYTHONHASHSEED", "CUDA_VISIBLE")
    return sorted((name, value) for name, value in os.environ.items() if name.startswith(prefixes))
