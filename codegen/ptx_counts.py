"""What a kernel does, counted from its PTX: a static model, in which the body of a loop counts once.

`count_levels` keeps apart what stands outside of loops, in one, in two within each other, and so on: whoever knows how
often a loop is gone through can multiply.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

SPECIAL = ("div", "rcp", "sqrt", "rsqrt", "ex2", "lg2", "sin", "cos", "tanh")
"""Instructions of floats that take many times as long as an addition."""

_HEAD = re.compile(r"^(?:\.visible |\.weak |\.extern )*\.(entry|func)\b(.*)$")
_FUNCTION_NAME = re.compile(r"^\s*(?:\(.*?\))?\s*([\w$]+)")
_LABEL = re.compile(r"^([$%\w.]+):")
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
    return {name: sum(levels, Counts()) for name, levels in count_levels(text).items()}


def count_levels(text: str) -> dict[str, tuple[Counts, ...]]:
    """Returns what each kernel does outside of loops, within one, within two, and so on, by its name."""
    bodies, kernels = _bodies(text)
    known: dict[str, tuple[Counts, ...]] = {}
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
        elif name and _LABEL.match(line):
            bodies[name].append(line)
    return bodies, kernels


def _count(name: str, bodies: Mapping[str, list[str]], known: dict[str, tuple[Counts, ...]]) -> tuple[Counts, ...]:
    if name in known:
        return known[name]
    known[name] = (Counts(),)  # what calls itself counts once
    total: dict[int, Counts] = {0: Counts()}
    for line, depth in _with_depths(bodies.get(name, ())):
        words = _words(line)
        total[depth] = total.get(depth, Counts()) + _instruction(words[0].rstrip(";"))
        if words[0].startswith("call"):
            for callee in re.findall(r"[A-Za-z_$][\w$]*", line):
                if callee in bodies and callee != name:
                    for inner, counts in enumerate(_count(callee, bodies, known)):
                        total[depth + inner] = total.get(depth + inner, Counts()) + counts
    known[name] = tuple(total.get(depth, Counts()) for depth in range(max(total) + 1))
    return known[name]


def _words(line: str) -> list[str]:
    """Returns the words of an instruction without its predicate; none of a directive, a label or a comment."""
    words = line.split()
    if words and words[0].startswith("@"):
        words = words[1:]
    return [] if not words or words[0].startswith((".", "//", "{", "}")) or words[0].endswith(":") else words


# ---- loops


@dataclass(slots=True)
class _Block:
    """Instructions that follow one another, and the numbers of the blocks that may be next."""

    lines: list[str]
    next: list[int]


def _with_depths(lines: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Yields the instructions of a function, each with the number of loops that it stands in."""
    blocks = _blocks(lines)
    depths = [0] * len(blocks)
    _deepen(blocks, set(range(len(blocks))), set(), depths)
    for block, depth in zip(blocks, depths, strict=True):
        for line in block.lines:
            yield line, depth


def _blocks(lines: Sequence[str]) -> list[_Block]:
    """Returns the parts of a function between labels and branches."""
    found, numbers, jumps = [_Block([], [])], dict[str, int](), list[tuple[int, str]]()
    goes_on = True
    for line in lines:
        if label := _LABEL.match(line):
            if goes_on:
                found[-1].next.append(len(found))
            numbers[label[1]] = len(found)
            found.append(_Block([], []))
            goes_on = True
        elif words := _words(line):
            found[-1].lines.append(line)
            if words[0].startswith("bra"):
                jumps.append((len(found) - 1, words[-1].rstrip(";")))
            if words[0].startswith(("bra", "ret", "exit", "trap")):
                goes_on = line.startswith("@")
                if goes_on:
                    found[-1].next.append(len(found))
                found.append(_Block([], []))
    for number, label in jumps:
        found[number].next.append(numbers[label])
    return found


def _deepen(blocks: Sequence[_Block], among: set[int], without: set[int], depths: list[int]) -> None:
    """Adds one to the depth of the blocks of each loop, and of those within it, which appear without its entries."""
    for part in _circles(blocks, among, without):
        for number in part:
            depths[number] += 1
        entries = {n for k in range(len(blocks)) if k not in part for n in blocks[k].next if n in part}
        _deepen(blocks, part, without | (entries or {min(part)}), depths)


def _circles(blocks: Sequence[_Block], among: set[int], without: set[int]) -> list[set[int]]:
    """Returns the sets of blocks that all reach each other; nothing goes to a block in `without`."""
    ahead = {k: [n for n in blocks[k].next if n in among and n not in without] for k in among}
    back: dict[int, list[int]] = {k: [] for k in among}
    for k, targets in ahead.items():
        for n in targets:
            back[n].append(k)
    found: list[set[int]] = []
    left = set(among)
    while left:
        start = min(left)
        part = _reached(start, ahead) & _reached(start, back)
        if len(part) > 1 or start in ahead[start]:
            found.append(part)
        left -= part
    return found


def _reached(start: int, steps: Mapping[int, Sequence[int]]) -> set[int]:
    found, todo = {start}, [start]
    while todo:
        for n in steps[todo.pop()]:
            if n not in found:
                found.add(n)
                todo.append(n)
    return found


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
