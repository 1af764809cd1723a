"""A kernel that does many steps by itself: it goes through a table of launches, and its blocks wait for each other.

Each kernel of a step is a function there, its part, which is told its block. The blocks of a part are shared out among
those that run, which take one after another. Where a part needs what others have written, all blocks wait: each counts
itself in memory of the device when it comes, and goes on when all are there. That is no deadlock, since the driver
begins such a kernel only where all of its blocks fit on the device at once. `ranvier.ir.device_words` has the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ranvier.codegen.llvm.func import quoted as symbol
from ranvier.ir.device_words import BLOCKS, FIRST, GIVEN, KERNEL, ROW, STEPS, WAIT

GLOBAL = 1
"""The address space of the memory of the device."""
PART = "rv_part_"
"""What stands before the name of a kernel in that of its part."""
_NEEDS = "convergent nounwind"


@dataclass(frozen=True)
class Part:
    """A kernel of a step.

    Attributes:
        name: Its name.
        number: Its number.
        types: LLVM's types of what it is given.
        threads: The threads of its blocks: 1, or as many as all others have.
    """

    name: str
    number: int
    types: Sequence[str]
    threads: int


def kernel_by_part(name: str, header: str, arguments: Sequence[str], types: Sequence[str]) -> str:
    """Returns a kernel that is one block of a part, launched by itself.

    Args:
        name: The name of the kernel.
        header: What stands before its name, and behind its arguments, with `{}` for name and arguments.
        arguments: Its arguments, as they are declared.
        types: Their types.
    """
    given = [f"{one} {text.split()[-1]}" for one, text in zip(types, arguments, strict=True)]
    call = f"  call void {symbol(PART + name)}({', '.join([*given, 'i64 %block'])})"
    lines = [
        f"define {header.format(symbol(name), ', '.join(arguments))} {{",
        *_number("block", "ctaid"),
        call,
        "  ret void",
        "}",
    ]
    return "\n".join([*lines, ""])


def steps_kernel(parts: Sequence[Part], threads: int, bounds: str) -> str:
    """Returns the kernel that goes through a table, and the function in which blocks wait.

    Args:
        parts: The kernels of a step.
        threads: The threads of a block.
        bounds: The attribute that says so.
    """
    arguments = "ptr %rows, i64 %number, i64 %times, ptr %place, i64 %come"
    lines = [_WAITING, f"define ptx_kernel void @{STEPS}({arguments}) #0{bounds} {{", "entry:"]
    lines += [
        f"  %{new} = addrspacecast ptr %{old} to ptr addrspace(1)" for new, old in (("t", "rows"), ("c", "place"))
    ]
    lines += _number("block", "ctaid") + _number("grid", "nctaid") + _number("thread", "tid")
    lines += [_WALK]
    lines += [f"    i64 {part.number}, label %k{part.number}" for part in parts]
    lines += ["  ]"]
    for part in parts:
        lines += _case(part, threads)
    return "\n".join([*lines, _END])


def _number(name: str, register: str) -> list[str]:
    """Returns what reads the number of a block or thread, or how many blocks there are."""
    return [
        f"  %{name}.narrow = call i32 @llvm.nvvm.read.ptx.sreg.{register}.x()",
        f"  %{name} = zext nneg i32 %{name}.narrow to i64",
    ]


_WAITING = f"""\
define internal void @rv_wait_for_all(ptr addrspace({GLOBAL}) %place, i64 %all) alwaysinline {_NEEDS} {{
entry:
  call void @llvm.nvvm.barrier0()
  %thread = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %is.first = icmp eq i32 %thread, 0
  br i1 %is.first, label %come, label %done
come:
  fence syncscope("device") acq_rel
  %before = atomicrmw add ptr addrspace({GLOBAL}) %place, i64 1 syncscope("device") monotonic
  br label %look
look:
  %now = load atomic i64, ptr addrspace({GLOBAL}) %place syncscope("device") acquire, align 8
  %is.early = icmp slt i64 %now, %all
  br i1 %is.early, label %look, label %on
on:
  fence syncscope("device") acq_rel
  br label %done
done:
  call void @llvm.nvvm.barrier0()
  ret void
}}
"""


def _word(name: str, at: int) -> list[str]:
    return [
        f"  %{name}.at = getelementptr inbounds i64, ptr addrspace({GLOBAL}) %row, i64 {at}",
        f"  %{name} = load i64, ptr addrspace({GLOBAL}) %{name}.at, align 8",
    ]


_WALK = "\n".join(
    [
        "  br label %time",
        "time:",
        "  %n = phi i64 [ 0, %entry ], [ %n.next, %again ]",
        "  %come.time = phi i64 [ %come, %entry ], [ %come.row, %again ]",
        "  %is.more = icmp slt i64 %n, %times",
        "  br i1 %is.more, label %rows.begin, label %end",
        "rows.begin:",
        "  br label %row.begin",
        "row.begin:",
        "  %k = phi i64 [ 0, %rows.begin ], [ %k.next, %row.end ]",
        "  %come.row = phi i64 [ %come.time, %rows.begin ], [ %come.run, %row.end ]",
        "  %is.row = icmp slt i64 %k, %number",
        "  br i1 %is.row, label %row.read, label %again",
        "row.read:",
        f"  %word = mul i64 %k, {ROW}",
        f"  %row = getelementptr inbounds i64, ptr addrspace({GLOBAL}) %t, i64 %word",
        *(line for name, at in (("kernel", KERNEL), ("blocks", BLOCKS), ("shift", FIRST)) for line in _word(name, at)),
        *(line for name, at in (("wait", WAIT), ("given", GIVEN)) for line in _word(name, at)),
        f"  %a = getelementptr inbounds i64, ptr addrspace({GLOBAL}) %t, i64 %given",
        "  %from = sub i64 %block, %shift",
        "  %is.below = icmp slt i64 %from, 0",
        "  %wrapped = add i64 %from, %grid",
        "  %first = select i1 %is.below, i64 %wrapped, i64 %from",
        "  %is.wait = icmp ne i64 %wait, 0",
        "  br i1 %is.wait, label %row.wait, label %row.run",
        "row.wait:",
        "  %all = add i64 %come.row, %grid",
        f"  call void @rv_wait_for_all(ptr addrspace({GLOBAL}) %c, i64 %all)",
        "  br label %row.run",
        "row.run:",
        "  %come.run = phi i64 [ %come.row, %row.read ], [ %all, %row.wait ]",
        "  switch i64 %kernel, label %row.none [",
    ]
)
"""The loops over times and rows of the table, up to the choice of the part."""

_END = """\
row.none:
  br label %row.end
row.end:
  %k.next = add i64 %k, 1
  br label %row.begin
again:
  %n.next = add i64 %n, 1
  br label %time
end:
  ret void
}
"""


def _case(part: Part, threads: int) -> list[str]:
    """Returns what reads what a part is given, and does those of its blocks that are this block's."""
    k, lines, given = part.number, [f"k{part.number}:"], list[str]()
    for j, one in enumerate(part.types):
        at = f"%k{k}.a{j}"
        lines.append(f"  {at}.at = getelementptr inbounds i64, ptr addrspace({GLOBAL}) %a, i64 {j}")
        match one:
            case "ptr":  # which is known to be memory of the device
                lines.append(f"  {at}.g = load ptr addrspace({GLOBAL}), ptr addrspace({GLOBAL}) {at}.at, align 8")
                lines.append(f"  {at} = addrspacecast ptr addrspace({GLOBAL}) {at}.g to ptr")
            case "i1":
                lines.append(f"  {at}.b = load i8, ptr addrspace({GLOBAL}) {at}.at, align 8")
                lines.append(f"  {at} = trunc i8 {at}.b to i1")
            case _:
                lines.append(f"  {at} = load {one}, ptr addrspace({GLOBAL}) {at}.at, align 8")
        given.append(f"{one} {at}")
    call = f"  call void {symbol(PART + part.name)}({', '.join([*given, f'i64 %k{k}.block'])})"
    lines += [
        f"  br label %b{k}",
        f"b{k}:",
        f"  %k{k}.block = phi i64 [ %first, %k{k} ], [ %k{k}.next, %d{k} ]",
        f"  %k{k}.is = icmp slt i64 %k{k}.block, %blocks",
        f"  br i1 %k{k}.is, label %r{k}, label %row.end",
        f"r{k}:",
    ]
    if part.threads == threads:
        lines += [call, f"  br label %d{k}"]
    else:
        assert part.threads == 1
        lines += [f"  %k{k}.one = icmp eq i64 %thread, 0", f"  br i1 %k{k}.one, label %o{k}, label %d{k}"]
        lines += [f"o{k}:", call, f"  br label %d{k}"]
    return [
        *lines,
        f"d{k}:",
        "  call void @llvm.nvvm.barrier0()",  # memory that a block shares is the next one's
        f"  %k{k}.next = add i64 %k{k}.block, %grid",
        f"  br label %b{k}",
    ]


__all__ = ["PART", "Part", "kernel_by_part", "steps_kernel"]
