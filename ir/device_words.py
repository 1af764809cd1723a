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
"""The attribute of `@run` that says how kernels are launched: "steps" of a graph, "calls", and "why"."""
LEAST_STEPS = 4
"""Fewer steps are not worth a graph."""
