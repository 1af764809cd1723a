"""Measuring sweeps as they run: clocks around each call of a function from the program, and the bytes that it moves.

Nothing is taken apart for it: the functions are those of a program that is not measured, and so are their loops. Each
function counts the bytes that its loads and stores of arrays name, once for each loop, from the number of its
iterations; what stands under a condition counts as if it held. The numbers are in `ranvier_profile`, three for each
call in the text: clock ticks, calls, bytes. The first three are those of the whole program, with nanoseconds instead of
bytes, which say how long a tick is. `ranvier_sweeps` says in JSON what the calls are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Protocol

from xdsl.dialects.func import CallOp, FuncOp
from xdsl.dialects.memref import AllocaOp, CastOp
from xdsl.ir import Block, Operation, SSAValue

from ranvier.codegen.llvm.types import element_type, llvm_type, memory_type
from ranvier.codegen.load import PROFILE, SWEEPS
from ranvier.ir.locations import sites

_ACCESSES = {"memref.load": 0, "memref.store": 1, "memref.atomic_rmw": 1, "vector.load": 0, "vector.store": 1}
"""The ops that reach arrays, and the number of the operand that is the array."""

_LOOPS = ("scf.for", "scf.while", "scf.parallel")
"""Ops that count what is in them themselves."""


class Writing(Protocol):
    """What is needed of the walk that writes a module."""

    def line(self, text: str) -> None:
        """Writes one instruction."""
        ...

    def temporary(self, expression: str) -> str:
        """Writes an instruction and returns the name of its result."""
        ...

    def at_entry(self, expression: str) -> str:
        """Writes an instruction at the top of the function and returns the name of its result."""
        ...

    def line_at_entry(self, text: str) -> None:
        """Writes an instruction without result at the top of the function."""
        ...


class Profile:
    """What is measured of a module.

    Args:
        functions: Its functions.
        x86: Whether the processor is one of Intel's kind; others have a clock that is read otherwise.

    Attributes:
        bytes: In a function that counts bytes, the name of the number; "" elsewhere.
    """

    def __init__(self, functions: Sequence[FuncOp], x86: bool) -> None:
        self.bytes = ""
        self._x86 = x86
        self._functions = {op.sym_name.data: op for op in functions}
        self._sweeps: list[dict[str, object]] = []

    def counts(self, name: str) -> bool:
        """Tells whether a function counts the bytes that it moves, and returns them: one that is a sweep."""
        op = self._functions.get(name)
        return op is not None and bool(op.body.blocks) and not op.function_type.outputs.data

    def begin(self, w: Writing, op: FuncOp) -> None:
        """Begins a function that counts bytes."""
        self.bytes = w.at_entry("alloca i64")
        w.line_at_entry(f"store i64 {bytes_of(op.body.block, None)}, ptr {self.bytes}")

    def end(self, w: Writing) -> None:
        """Ends a function that counts bytes."""
        w.line(f"ret i64 {w.temporary(f'load i64, ptr {self.bytes}')}")
        self.bytes = ""

    def add(self, w: Writing, number: str) -> None:
        """Adds to the bytes of the current function."""
        total = w.temporary(f"add i64 {w.temporary(f'load i64, ptr {self.bytes}')}, {number}")
        w.line(f"store i64 {total}, ptr {self.bytes}")

    def add_loop(self, w: Writing, body: Block, bounds: tuple[str, str, str]) -> None:
        """Adds the bytes of a loop before it begins; its bounds are 64-bit values."""
        size = bytes_of(body, body)
        if not self.bytes or not size:
            return
        lower, upper, step = bounds
        count = w.temporary(f"sub i64 {upper}, {lower}")
        if step != "1":
            less = w.temporary(f"sub i64 {step}, 1")
            count = w.temporary(f"sdiv i64 {w.temporary(f'add i64 {count}, {less}')}, {step}")
        count = w.temporary(f"call i64 @llvm.smax.i64(i64 {count}, i64 0)")
        self.add(w, w.temporary(f"mul i64 {count}, {size}"))

    def add_iteration(self, w: Writing, body: Block) -> None:
        """Adds the bytes of one iteration within it."""
        size = bytes_of(body, body)
        if self.bytes and size:
            self.add(w, str(size))

    def call(self, w: Writing, op: CallOp, name: str, call: str) -> None:
        """Writes the call of a function from the program between two looks at the clock.

        Args:
            w: The walk.
            op: The call.
            name: The function.
            call: The call as text; it has no result but bytes.
        """
        number = len(self._sweeps) + 1
        about: dict[str, object] = {"name": name, "objects": _files(op), "counted": self.counts(name)}
        self._sweeps.append({**about, "places": self._places(op, name)})
        began = self._clock(w)
        moved = w.temporary(call) if self.counts(name) else ""
        if not moved:
            w.line(call)
        ticks = w.temporary(f"sub i64 {self._clock(w)}, {began}")
        for k, value in enumerate((ticks, "1", moved)):
            if value:
                _add_to(w, 3 * number + k, value)

    def whole(self, w: Writing, call: str) -> str:
        """Writes the call of the program, and returns the name of its result."""
        memory = w.at_entry("alloca [2 x i64]")
        before, began = _nanoseconds(w, memory), self._clock(w)
        result = w.temporary(call)
        ticks = w.temporary(f"sub i64 {self._clock(w)}, {began}")
        passed = w.temporary(f"sub i64 {_nanoseconds(w, memory)}, {before}")
        for k, value in enumerate((ticks, "1", passed)):
            _add_to(w, k, value)
        return result

    def definitions(self) -> list[str]:
        """Returns the numbers and what they are, as lines of the module."""
        text = json.dumps(self._sweeps, separators=(",", ":")).encode() + b"\0"
        shown = "".join(chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\{byte:02X}" for byte in text)
        return [
            f"@{PROFILE} = global [{3 * (len(self._sweeps) + 1)} x i64] zeroinitializer, align 64",
            f'@{SWEEPS} = constant [{len(text)} x i8] c"{shown}"',
            "",
        ]

    def _clock(self, w: Writing) -> str:
        """Reads a clock that takes few nanoseconds to read."""
        if self._x86:
            return w.temporary("call i64 @llvm.readcyclecounter()")
        return w.temporary('call i64 asm sideeffect "mrs $0, cntvct_el0", "=r"()')  # the other may not be read there

    def _places(self, op: CallOp, name: str) -> list[tuple[str, int, str]]:
        """Returns the parts of equations in a function, of its caller's objects if it serves several."""
        function = self._functions[name]
        inner = (site for one in function.walk() for site in sites(one.location) if site.column)
        found = dict.fromkeys((site.file, site.line, site.name) for site in inner)
        own = _files(op)
        mine = [place for place in found if any(place[0] == file or place[0].startswith(f"{file}-") for file in own)]
        return sorted(mine or found)


def bytes_of(block: Block, loop: Block | None) -> int:
    """Returns the bytes of arrays that ops name once each time they are run, without those of loops within.

    Args:
        block: The ops.
        loop: The body of the loop around them: what is at one place for all iterations does not count. None: it does.
    """
    total = 0
    for op in block.ops:
        place = _ACCESSES.get(op.name)
        if place is not None:
            array = op.operands[place]
            if not _is_on_stack(array) and (loop is None or _moves(op.operands[place + 1 :], loop)):
                total += _size(op, array) * (2 if op.name == "memref.atomic_rmw" else 1)
        elif op.name not in _LOOPS:
            total += sum(bytes_of(inner, loop) for region in op.regions for inner in region.blocks)
    return total


def _size(op: Operation, array: SSAValue) -> int:
    if op.name.startswith("vector."):
        value = op.results[0] if op.results else op.operands[0]
        lanes = llvm_type(value.type)[1:].split(" x ")[0]
        return int(lanes) * _width(memory_type(element_type(array.type)))
    return _width(memory_type(element_type(array.type)))


def _width(name: str) -> int:
    return {"double": 8, "float": 4}.get(name) or (int(name[1:]) + 7) // 8


def _is_on_stack(array: SSAValue) -> bool:
    while isinstance(array.owner, CastOp):
        array = array.owner.operands[0]
    return isinstance(array.owner, AllocaOp)


def _moves(indices: Sequence[SSAValue], loop: Block) -> bool:
    return any(loop in _around(index) for index in indices)


def _around(value: SSAValue) -> Iterator[Block]:
    block = value.owner if isinstance(value.owner, Block) else value.owner.parent
    while block is not None:
        yield block
        parent = block.parent_op()
        block = None if parent is None else parent.parent


def _files(op: CallOp) -> list[str]:
    return list(dict.fromkeys(site.file for site in sites(op.location)))


def _nanoseconds(w: Writing, memory: str) -> str:
    w.line(f"call i32 @clock_gettime(i32 1, ptr {memory})")
    second = w.temporary(f"load i64, ptr {memory}")
    place = w.temporary(f"getelementptr inbounds i64, ptr {memory}, i64 1")
    whole = w.temporary(f"mul i64 {second}, 1000000000")
    return w.temporary(f"add i64 {whole}, {w.temporary(f'load i64, ptr {place}')}")


def _add_to(w: Writing, number: int, value: str) -> None:
    """Adds to a number that other threads may add to at the same time."""
    place = f"getelementptr inbounds (i64, ptr @{PROFILE}, i64 {number})"
    w.line(f"atomicrmw add ptr {place}, i64 {value} monotonic")


__all__ = ["Profile", "bytes_of"]
