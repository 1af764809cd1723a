"""A stand-in of NVIDIA's driver: the same functions, on the CPU. It records calls, and fails where it is told to.

Kernels are machine code of the CPU (see `ranvier.codegen.device_program`), run when they are launched. Memory of the
device is memory of its own: what was not copied is not there, and what lies on the device is never seen by Python.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable
from typing import Any, cast

from ranvier.codegen.load import load_object
from ranvier.runtime.cuda.driver import address_of

_LAUNCH = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, *[ctypes.c_uint] * 7, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p
)
_KERNEL = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)
NOT_FOUND, INVALID, ILLEGAL = 500, 1, 700
"""Codes of the driver: no such function; a value that cannot be; an address outside of memory."""


class StandIn:
    """The functions of `cuda.bindings.driver` that runs use; each returns a code, and results.

    Attributes:
        calls: The names of the functions that were called, in order; launches as "cuLaunchKernel".
        memory: The bytes of each piece of memory of the device, by address.
        size: The bytes that the device has.
        fails: By the name of a function: after how many calls it fails, and with which code.
    """

    def __init__(
        self,
        *,
        size: int = 1 << 34,
        capability: tuple[int, int] = (9, 0),
        version: int = 12080,
        devices: int = 1,
        fails: dict[str, tuple[int, int]] | None = None,
    ) -> None:
        self.calls: list[str] = []
        self.memory: dict[int, ctypes.Array[ctypes.c_char]] = {}
        self.size, self.fails = size, dict(fails or {})
        self.is_lost = 0
        self._capability, self._version, self._devices = capability, version, devices
        self._names: dict[int, str] = {}
        self._launch = _LAUNCH(self._launched)
        self._kernels: dict[int, Callable[[int, int], None]] = {}

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
        return self._capability[attribute - 75]

    def _cu_device_primary_ctx_retain(self, device: int) -> int:
        return 1

    def _cu_ctx_set_current(self, context: int) -> None: ...

    def _cu_stream_create(self, flags: int) -> int:
        return 1

    def _cu_stream_synchronize(self, stream: int) -> None: ...

    def _cu_get_proc_address(self, name: bytes, version: int, flags: int) -> int:
        return address_of(self._launch)

    # ---- kernels

    def _cu_module_load_data(self, image: bytes) -> Any:
        return load_object(image)

    def _cu_module_get_function(self, module: Any, name: bytes) -> Any:
        try:
            found: int = module[f"ranvier_kernel_{name.decode()}"]
        except KeyError:
            return NOT_FOUND, None
        self._names[found] = name.decode()
        self._kernels[found] = _KERNEL(found)
        return found

    def _cu_module_unload(self, module: Any) -> None: ...

    def _launched(self, function: int, *rest: int) -> int:
        code = self._note("cuLaunchKernel")
        if code:
            return code
        blocks, params = rest[0], rest[8]
        if not 0 < blocks < 1 << 31:
            return INVALID
        self._kernels[function](params, blocks)
        return 0

    # ---- memory

    def _cu_mem_get_info(self) -> tuple[int, int, int]:
        return 0, self.size - sum(len(block) for block in self.memory.values()), self.size

    def _cu_mem_alloc(self, size: int) -> Any:
        if size > self._cu_mem_get_info()[1]:
            return 2, None
        block = ctypes.create_string_buffer(b"\xa5" * (size + 64), size + 64)
        start = -(-ctypes.addressof(block) // 64) * 64
        self.memory[start] = block
        return start

    def _cu_mem_free(self, address: int) -> None:
        del self.memory[address]

    _cu_mem_free_host = _cu_mem_free

    def _cu_mem_host_alloc(self, size: int, flags: int) -> Any:
        return self._cu_mem_alloc(size)

    def _cu_memcpy_hto_d(self, to: int, source: int, size: int) -> Any:
        return self._copied(to, source, size, to)

    def _cu_memcpy_dto_h(self, to: int, source: int, size: int) -> Any:
        return self._copied(to, source, size, source)

    def _copied(self, to: int, source: int, size: int, of_device: int) -> Any:
        inside = any(start <= of_device and of_device + size <= start + len(b) for start, b in self.memory.items())
        if not inside:
            return INVALID, None
        ctypes.memmove(to, source, size)
        return None


__all__ = ["StandIn"]
