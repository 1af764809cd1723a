"""A stand-in of NVIDIA's driver: the same functions, on the CPU. It records calls, and fails where it is told to.

Kernels are machine code of the CPU (see `ranvier.codegen.device_program`), run when they are launched. Memory of the
device is memory of its own: what was not copied is not there, and what lies on the device is never seen by Python.
Copies beside the kernels are done as late as can be: when somebody waits for them. Kernels of a graph are recorded with
their arguments, and run when it is launched.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable
from typing import Any, cast

from ranvier.codegen.load import load_object
from ranvier.ir.device_words import BLOCKS, FIRST, GIVEN, KERNEL, ROW, STEPS, WAIT
from ranvier.runtime.cuda.driver import address_of

_LAUNCH = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, *[ctypes.c_uint] * 7, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p
)
_KERNEL = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)
_COUNT = ctypes.CFUNCTYPE(ctypes.c_int64)
_PART = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_int64)
NOT_FOUND, INVALID, ILLEGAL, UNSUPPORTED, TOO_LARGE = 500, 1, 700, 900, 720
"""Codes of the driver: no such function; a value that cannot be; an address outside of memory; not while recording;
more blocks than can wait for each other."""
_PROCESSORS, _RESIDENT = 3, 2
"""The multiprocessors, and the blocks that each runs at once."""
COPIES = 2
"""The queue of copies."""


class _Launch:
    """A launch that was recorded: the kernel, and its arguments as they were then."""

    def __init__(self, function: int, blocks: int, params: int, number: int) -> None:
        self.function, self.blocks = function, blocks
        given = (ctypes.c_void_p * number).from_address(params)
        self.values = (ctypes.c_int64 * number)(*[ctypes.c_int64.from_address(place or 0).value for place in given])
        first = ctypes.addressof(self.values)
        self.params = (ctypes.c_void_p * number)(*[first + 8 * k for k in range(number)])


class StandIn:
    """The functions of `cuda.bindings.driver` that runs use; each returns a code, and results.

    Attributes:
        calls: The names of the functions that were called, in order; launches as "cuLaunchKernel".
        memory: The bytes of each piece of memory of the device, by address.
        size: The bytes that the device has.
        most: The most bytes that were taken at a time.
        fails: By the name of a function: after how many calls it fails, and with which code.
    """

    def __init__(
        self,
        *,
        size: int = 1 << 34,
        capability: tuple[int, int] = (9, 0),
        version: int = 12080,
        devices: int = 1,
        cooperative: bool = True,
        fails: dict[str, tuple[int, int]] | None = None,
    ) -> None:
        self.calls: list[str] = []
        self.memory: dict[int, ctypes.Array[ctypes.c_char]] = {}
        self.size, self.fails, self.most = size, dict(fails or {}), 0
        self.is_lost = 0
        self._version, self._devices = version, devices
        self._attributes = {75: capability[0], 76: capability[1], 16: _PROCESSORS, 95: int(cooperative)}
        self._parts: dict[int, Callable[[int], int]] = {}
        self._names: dict[int, str] = {}
        self._launch = _LAUNCH(self._launched)
        self._kernels: dict[int, Callable[[int, int], None]] = {}
        self._arguments: dict[int, int] = {}
        self._under_way: list[tuple[int, int, int]] = []
        self._begun = self._done = 0
        self._marks: dict[int, int] = {}
        self._recorded: list[_Launch] | None = None
        self._graphs: dict[int, list[_Launch]] = {}
        self._number = 1

    def _note(self, name: str) -> int:
        """Notes a call, and returns the code that it fails with, 0 if it does not."""
        self.calls.append(name)
        if self.is_lost:
            return self.is_lost
        if name not in self.fails:
            return 0
        left, code = self.fails[name]
        if left:
            self.fails[name] = left - 1, code
            return 0
        if code == ILLEGAL:
            self.is_lost = code
        return code

    def __getattr__(self, name: str) -> Callable[..., tuple[Any, ...]]:
        if not name.startswith("cu"):
            raise AttributeError(name)
        work = getattr(self, "_" + re.sub(r"(?=[A-Z])", "_", name).lower())

        def called(*arguments: Any) -> tuple[Any, ...]:
            code = self._note(name)
            if code:
                if name == "cuStreamEndCapture":  # even then nothing is recorded any more
                    self._recorded = None
                return (code, *[None] * 3)
            result: Any = work(*arguments)
            return cast("tuple[Any, ...]", result) if isinstance(result, tuple) else (0, result)

        return called

    # ---- beginning

    def _cu_init(self, flags: int) -> None: ...

    def _cu_driver_get_version(self) -> int:
        return self._version

    def _cu_device_get_count(self) -> int:
        return self._devices

    def _cu_device_get(self, number: int) -> int:
        return number

    def _cu_device_get_name(self, length: int, device: int) -> bytes:
        return b"stand-in of a GPU\0"

    def _cu_device_get_attribute(self, attribute: int, device: int) -> int:
        return self._attributes[attribute]

    def _cu_device_primary_ctx_retain(self, device: int) -> int:
        return 1

    def _cu_ctx_set_current(self, context: int) -> None: ...

    def _cu_stream_create(self, flags: int) -> int:
        return 2 if flags else 1

    def _cu_stream_synchronize(self, stream: int) -> Any:
        if self._recorded is not None:
            return UNSUPPORTED, None
        if stream == COPIES:
            self._copy_up_to(self._begun)
        return None

    def _cu_get_proc_address(self, name: bytes, version: int, flags: int) -> int:
        return address_of(self._launch)

    # ---- kernels

    def _cu_module_load_data(self, image: bytes) -> Any:
        return load_object(image)

    def _cu_module_get_function(self, module: Any, name: bytes) -> Any:
        if name.decode() == STEPS:
            found: int = module[f"ranvier_kernel_{STEPS}"]
            self._parts[found] = _PART(found)
            return found
        try:
            found = module[f"ranvier_kernel_{name.decode()}"]
        except KeyError:
            return NOT_FOUND, None
        self._names[found] = name.decode()
        self._kernels[found] = _KERNEL(found)
        self._arguments[found] = _COUNT(module[f"ranvier_arguments_{name.decode()}"])()
        return found

    def _cu_module_unload(self, module: Any) -> None: ...

    def _launched(self, function: int, *rest: int) -> int:
        code = self._note("cuLaunchKernel")
        if code:
            return code
        blocks, params = rest[0], rest[8]
        if not 0 < blocks < 1 << 31:
            return INVALID
        if self._recorded is not None:
            self._recorded.append(_Launch(function, blocks, params, self._arguments[function]))
        else:
            self._kernels[function](params, blocks)
        return 0

    # ---- many steps by one kernel

    def _cu_occupancy_max_active_blocks_per_multiprocessor(self, function: int, threads: int, size: int) -> int:
        return _RESIDENT

    def _cu_launch_cooperative_kernel(self, function: int, blocks: int, *rest: int) -> Any:
        if blocks > _RESIDENT * _PROCESSORS:
            return TOO_LARGE, None
        given = (ctypes.c_void_p * 5).from_address(rest[-1])
        table, rows, times, place, come = (ctypes.c_int64.from_address(at or 0).value for at in given)
        counted = ctypes.c_int64.from_address(place)
        if counted.value != come or not self._is_inside(table, 8 * ROW * rows):
            return INVALID, None
        sections = self._sections(function, table, rows, blocks)
        for _ in range(times):
            for section in sections:
                for kernel, params, number in reversed(section):  # those that do not wait may run in any order
                    kernel(ctypes.addressof(params), number)
        counted.value += times * len(sections) * blocks
        return None

    def _sections(self, function: int, table: int, rows: int, blocks: int) -> list[list[tuple[Any, Any, int]]]:
        """Returns the launches of a table, up to each wait: kernels, what they are given, and their blocks."""
        words = (ctypes.c_int64 * (ROW * rows)).from_address(table)
        found: list[list[tuple[Any, Any, int]]] = []
        for row in (words[k * ROW : (k + 1) * ROW] for k in range(rows)):
            part = self._parts[function](row[KERNEL])
            number = self._arguments[part]
            given = (ctypes.c_void_p * number)(*[table + 8 * (row[GIVEN] + k) for k in range(number)])
            assert 0 <= row[FIRST] < blocks
            if row[WAIT]:
                found.append([])
            found[-1].append((self._kernels[part], given, row[BLOCKS]))
        return found

    # ---- graphs

    def _cu_stream_begin_capture(self, stream: int, mode: int) -> Any:
        if self._recorded is not None or stream == COPIES:
            return INVALID, None
        self._recorded = []
        return None

    def _cu_stream_end_capture(self, stream: int) -> Any:
        recorded, self._recorded = self._recorded, None
        if recorded is None:
            return INVALID, None
        return self._numbered(recorded)

    def _numbered(self, launches: list[_Launch]) -> int:
        self._number += 1
        self._graphs[self._number] = launches
        return self._number

    def _cu_graph_instantiate(self, graph: int, flags: int) -> int:
        return self._numbered(list(self._graphs[graph]))

    def _cu_graph_launch(self, graph: int, stream: int) -> Any:
        if self._recorded is not None or graph not in self._graphs:
            return INVALID, None
        for each in self._graphs[graph]:
            self._kernels[each.function](ctypes.addressof(each.params), each.blocks)
        return None

    def _cu_graph_destroy(self, graph: int) -> None:
        del self._graphs[graph]

    _cu_graph_exec_destroy = _cu_graph_destroy

    # ---- copies beside the kernels

    def _cu_memcpy_dto_h_async(self, to: int, source: int, size: int, stream: int) -> Any:
        if not self._is_inside(source, size) or not self._is_inside(to, size) or stream != COPIES:
            return INVALID, None
        self._under_way.append((to, source, size))
        self._begun += 1
        return None

    def _copy_up_to(self, number: int) -> None:
        while self._done < number:
            ctypes.memmove(*self._under_way.pop(0))
            self._done += 1

    def _cu_event_create(self, flags: int) -> int:
        self._number += 1
        return self._number

    def _cu_event_record(self, mark: int, stream: int) -> None:
        self._marks[mark] = self._begun

    def _cu_event_synchronize(self, mark: int) -> None:
        self._copy_up_to(self._marks[mark])

    def _cu_stream_wait_event(self, stream: int, mark: int, flags: int) -> None:
        self._copy_up_to(self._marks[mark])

    def _cu_event_destroy(self, mark: int) -> None:
        del self._marks[mark]

    # ---- memory

    def _cu_mem_get_info(self) -> tuple[int, int, int]:
        return 0, self.size - sum(len(block) for block in self.memory.values()), self.size

    def _cu_mem_alloc(self, size: int) -> Any:
        if size > self._cu_mem_get_info()[1]:
            return 2, None
        if self._recorded is not None:
            return UNSUPPORTED, None
        block = ctypes.create_string_buffer(b"\xa5" * (size + 64), size + 64)
        start = -(-ctypes.addressof(block) // 64) * 64
        self.memory[start] = block
        self.most = max(self.most, self.size - self._cu_mem_get_info()[1])
        return start

    def _cu_mem_free(self, address: int) -> None:
        del self.memory[address]

    _cu_mem_free_host = _cu_mem_free

    def _cu_mem_host_alloc(self, size: int, flags: int) -> Any:
        return self._cu_mem_alloc(size)

    def _cu_memcpy_dto_d_async(self, to: int, source: int, size: int, stream: int) -> Any:
        return self._copied(to, source, size, source) if self._is_inside(to, size) else (INVALID, None)

    def _cu_memcpy_hto_d(self, to: int, source: int, size: int) -> Any:
        return self._copied(to, source, size, to)

    def _cu_memcpy_dto_h(self, to: int, source: int, size: int) -> Any:
        return self._copied(to, source, size, source)

    def _copied(self, to: int, source: int, size: int, of_device: int) -> Any:
        if not self._is_inside(of_device, size):
            return INVALID, None
        if self._recorded is not None:
            return UNSUPPORTED, None
        ctypes.memmove(to, source, size)
        return None

    def _is_inside(self, place: int, size: int) -> bool:
        return any(start <= place and place + size <= start + len(block) for start, block in self.memory.items())


__all__ = ["StandIn"]
