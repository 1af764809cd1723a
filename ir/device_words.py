"""How a host program finds the driver of a device: words of 64 bits that both agree on, behind the control block.

Word `DRIVER` of the control block is the address of a table:

| word | what |
|---|---|
| `LAUNCH` | the address of the driver's function that launches a kernel |
| `STREAM` | the queue in which kernels are put |
| `ERROR` | the first code that a launch returned and that is not 0: nothing is launched after it |
| `FAILED` | the number of that kernel, from 1 on |
| `ALLOCATE` | the address of a function that gives memory of the device, by number and bytes, or 0 |
| `PREPARED` | 1 where what is launched before the first step need not be again |
| `HANDLES` + k | what the driver calls kernel k |
"""

from __future__ import annotations

DRIVER = 13
"""The word of the control block; threads of the CPU use others."""
LAUNCH, STREAM, ERROR, FAILED, ALLOCATE, PREPARED, HANDLES = range(7)
"""The words of the table."""
LAUNCHING = "ranvier.launching"
"""The attribute of `@run` that says how kernels are launched: "form", "steps" at once, "calls", and "why"."""
SINGLE, GRAPH, COOPERATIVE = "single", "graph", "cooperative"
"""The forms: each by the host; those of some steps as a graph; all by one kernel whose blocks wait for each other."""
LEAST_STEPS = 4
"""Fewer steps are not launched together."""

STEPS = "rv_steps"
"""The name of the kernel that does steps by a table. It is given the table, the number of its rows, how often it is
gone through, the place where blocks are counted as they come to wait, and how far that has come."""
KERNEL, BLOCKS, FIRST, WAIT, GIVEN, ROW = range(6)
"""The words of a row of the table, and how many there are: a launch.

| word | what |
|---|---|
| `KERNEL` | the number of the kernel |
| `BLOCKS` | how many blocks it has; they are shared out among those that there are |
| `FIRST` | the block that has the first of them |
| `WAIT` | 1 where all blocks wait for each other before |
| `GIVEN` | the word of the table from which on stands what the kernel is given, a word each |
"""
