"""Small tools that Brian's `utils` has: files, orders, remembered results."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Generator, Hashable, Iterable, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np

from ranvier.public import public_in

P = ParamSpec("P")
T = TypeVar("T")
Node = TypeVar("Node", bound=Hashable)


@public_in("ranvier.utils.topsort")
def topsort(graph: Mapping[Node, Iterable[Node]]) -> list[Node]:
    """Returns the keys of a mapping in an order in which each stands after those that it needs.

    Args:
        graph: Each key and the keys that it needs.

    Raises:
        ValueError: Some need each other in a circle.
    """
    left = {node: set(needs) for node, needs in graph.items()}
    ordered: list[Node] = []
    while left:
        free = [node for node, needs in left.items() if not needs & left.keys()]
        if not free:
            raise ValueError("Cannot sort: these need each other in a circle: " + ", ".join(str(node) for node in left))
        ordered += free
        for node in free:
            del left[node]
    return ordered


@public_in("ranvier.utils.filetools")
def ensure_directory(d: str) -> str:
    """Makes a directory unless there is one, and returns its name."""
    os.makedirs(d, exist_ok=True)
    return d


@public_in("ranvier.utils.filetools")
def ensure_directory_of_file(f: str) -> str:
    """Makes the directory of a file unless there is one, and returns its name."""
    return ensure_directory(os.path.dirname(os.path.abspath(f)))


@public_in("ranvier.utils.filetools")
@contextmanager
def in_directory(new_dir: str) -> Generator[None, None, None]:
    """Makes a directory the current one, as long as the block runs."""
    before = os.getcwd()
    os.chdir(new_dir)
    try:
        yield
    finally:
        os.chdir(before)


@public_in("ranvier.utils.filetools")
def copy_directory(source: str, target: str) -> list[str]:
    """Copies the files of a directory, and returns their names relative to it."""
    shutil.copytree(source, target, dirs_exist_ok=True)
    return [
        os.path.relpath(os.path.join(folder, name), source) for folder, _, names in os.walk(source) for name in names
    ]


@public_in("ranvier.utils.environment")
def running_from_ipython() -> bool:
    """Tells whether the script runs in IPython or in a notebook."""
    import builtins

    return hasattr(builtins, "get_ipython") or hasattr(builtins, "__IPYTHON__")


@public_in("ranvier.utils.caching")
def cached(func: Callable[P, T]) -> Callable[P, T]:
    """Makes a function remember its results; for arguments that cannot be remembered it is called each time."""
    known: dict[Any, T] = {}

    @wraps(func)
    def remembered(*args: P.args, **kwds: P.kwargs) -> T:
        key = (args, tuple(sorted(kwds.items())))
        try:
            if key not in known:
                known[key] = func(*args, **kwds)
            return known[key]
        except TypeError:
            return func(*args, **kwds)

    return remembered


@public_in("ranvier.utils.arrays")
def calc_repeats(delay: Any) -> Any:
    """Returns for each element of an array how often its value has occurred before it."""
    values = np.asarray(delay)
    seen: dict[Any, int] = {}
    repeats = np.zeros(values.size, dtype=int)
    for place, value in enumerate(values.tolist()):
        repeats[place] = seen.get(value, 0)
        seen[value] = repeats[place] + 1
    return repeats
