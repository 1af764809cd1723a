"""What a kernel does, counted from its PTX: a static model, in which the body of a loop counts once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields

SPECIAL = ("div", "rcp", "sqrt", "rsqrt", "ex2", "lg2", "sin", "cos", "tanh")
"""Instructions of floats that take many times as long as an addition."""

_HEAD = re.compile(r"^(?:\.visible |\.weak |\.extern )*\.(entry|func)\b(.*)$")
_FUNCTION_NAME = re.compile(r"^\s*(?:\(.*?\))?\s*([\w$]+)")
_WIDTH = re.compile(r"(\d+)$")


@dataclass(frozen=True, slots=True)
class Counts:
    """Instructions of one thread.

    Attributes:
        loads: From global memory.
        loaded: Their bytes.
        stores: To global memory.
        stored: Their bytes.
        shared: Loads and stores of the memory that a block shares.
        floats: Additions, multiplications and fused ones of floats.
        special: Divisions, roots and the like (see `SPECIAL`).
        atomics: Atomic operations.
        barriers: Barriers.
        other: All others.
    """

    loads: int = 0
    loaded: int = 0
    stores: int = 0
    stored: int = 0
    shared: int = 0
    floats: int = 0
    special: int = 0
    atomics: int = 0
    barriers: int = 0
    other: int = 0

    def __add__(self, other: Counts) -> Counts:
        """Returns the sums."""
        return Counts(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


def count_ptx(text: str) -> dict[str, Counts]:
    """Returns what each kernel of a PTX text does, with the functions that it calls, by its name."""
    bodies, kernels = _bodies(text)
    known: dict[str, Counts] = {}
    return {name: _count(name, bodies, known) for name in kernels}


def _bodies(text: str) -> tuple[dict[str, list[str]], list[str]]:
    """Returns the lines of the functions by name, and the names of the kernels."""
    bodies: dict[str, list[str]] = {}
    kernels: list[str] = []
    name = ""
    for line in text.splitlines():
        if head := _HEAD.match(line):
            found = _FUNCTION_NAME.match(head[2])
            name = found[1] if found else ""
            bodies[name] = []
            if head[1] == "entry":
                kernels.append(name)
        elif line.startswith("}"):
            name = ""
        elif name and line.startswith("\t"):
            bodies[name].append(line.strip())
    return bodies, kernels


def _count(name: str, bodies: Mapping[str, list[str]], known: dict[str, Counts]) -> Counts:
    if name in known:
        return known[name]
    known[name] = Counts()  # what calls itself counts once
    total = Counts()
    for line in bodies.get(name, ()):
        words = line.split()
        if words and words[0].startswith("@"):
            words = words[1:]
        if not words or words[0].startswith((".", "//", "{", "}")) or words[0].endswith(":"):
            continue
        total += _instruction(words[0].rstrip(";"))
        if words[0].startswith("call"):
            for callee in re.findall(r"[A-Za-z_$][\w$]*", line):
                if callee in bodies and callee != name:
                    total += _count(callee, bodies, known)
    known[name] = total
    return total


def _instruction(full: str) -> Counts:
    """Returns what one instruction is, from its name with all endings."""
    parts = full.split(".")
    kind, width = parts[0], _WIDTH.search(parts[-1])
    size = int(width[1]) // 8 if width else 1
    for part in parts[1:]:
        if part in ("v2", "v4"):
            size *= int(part[1])
    if kind in ("ld", "st", "ldu"):
        if "shared" in parts:
            return Counts(shared=1)
        if "param" in parts or "local" in parts or "const" in parts:
            return Counts(other=1)
        return Counts(loads=1, loaded=size) if kind != "st" else Counts(stores=1, stored=size)
    if kind in ("atom", "red"):
        return Counts(atomics=1)
    if kind in ("bar", "barrier"):
        return Counts(barriers=1)
    if parts[-1] in ("f32", "f64") and kind in SPECIAL:
        return Counts(special=1)
    if parts[-1] in ("f32", "f64") and kind in ("add", "sub", "mul", "fma", "mad"):
        return Counts(floats=1)
    return Counts(other=1)
