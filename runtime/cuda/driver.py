"""NVIDIA's driver, as far as runs need it: one device, kernels, memory, one queue; and what goes wrong, in a sentence.

`cuda.bindings.driver` has a function for each of the driver's, which returns a code and results. `Driver` takes that
module, or something with the same functions: `ranvier.gpu.cuda_stand_in`, which runs kernels on the CPU.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from typing import Any, ClassVar, Protocol

from ranvier.runtime.state import Layout

LEAST_CAPABILITY = (7, 5)
"""The oldest GPUs that kernels are written for: Turing, of 2018."""
LEAST_VERSION = 11080
"""The oldest driver that reads them, as the driver says it: that of CUDA 11.8."""
OUT_OF_MEMORY = 2
"""The driver's code where memory of the device cannot be had."""
MAPPED = 2
"""The driver's flag for memory of the host that the device sees."""
_APART = 1
"""The driver's flag for a queue that waits for no other."""
_WITHOUT_TIME = 2
"""The driver's flag for marks in a queue that keep no time."""
_OF_THREAD = 1
"""The driver's mode of recording a queue in which other threads are free."""
_MAJOR, _MINOR = 75, 76
"""The numbers of the two parts of the compute capability among the attributes of a device."""
_PROCESSORS, _COOPERATIVE = 16, 95
"""And of the number of multiprocessors, and whether the blocks of a kernel can wait for each other."""
LATER = "Nothing was simulated. prefs.codegen.target = 'auto' simulates on the CPU."


class DeviceError(RuntimeError):
    """A GPU, or what is needed to use one, is not there, or gave up."""


class Binding(Protocol):
    """Makes what has the functions of the driver."""

    def __call__(self) -> Any: ...


class Driver:
    """The driver, with the first GPU chosen.

    Attributes:
        name: What the GPU is called.
        stream: The queue of kernels.
        copies: The queue of copies to the host, which goes on beside it.
        launch: The address of the function that launches kernels.
    """

    stand_in: ClassVar[Binding | None] = None
    """Makes what takes the place of the driver, where one is asked for."""
    _of_process: ClassVar[Driver | None] = None

    def __init__(self, binding: Any) -> None:
        """Begins to use the first GPU.

        Args:
            binding: `cuda.bindings.driver`, or a stand-in.

        Raises:
            DeviceError: There is no driver, no GPU, or one of them is too old.
        """
        self._binding = binding
        self._process = os.getpid()
        self.is_lost = False
        self._begin()
        device = self._checked_device()
        self.context = self._do("cuDevicePrimaryCtxRetain", device)
        self.enter()
        self.stream = int(self._do("cuStreamCreate", 0))
        self.copies = int(self._do("cuStreamCreate", _APART))
        self.launch = int(self._do("cuGetProcAddress", b"cuLaunchKernel", LEAST_VERSION, 0))

    @classmethod
    def of_process(cls) -> Driver:
        """Returns the driver of this process, which is begun with at the first call.

        Raises:
            DeviceError: See `Driver`; the package is not installed; or the process was forked from one that uses a GPU.
        """
        with Layout.lock:
            driver = cls._of_process
            if driver is None or driver.is_lost:
                driver = cls._of_process = cls(binding())
            driver.check_process()
            return driver

    @classmethod
    def forget(cls) -> None:
        """Lets the next run begin anew with the driver."""
        cls._of_process = None

    def check_process(self) -> None:
        """Checks that this process is the one that began to use the GPU.

        Raises:
            DeviceError: It is a child of that.
        """
        if os.getpid() != self._process:
            raise DeviceError(
                "This process was forked from one that uses the GPU already, which a child cannot. Begin runs on a GPU "
                f"in the child only, or use threads. {LATER}"
            )

    # ---- beginning

    def _begin(self) -> None:
        try:
            self._do("cuInit", 0)
            version = int(self._do("cuDriverGetVersion"))
        except DeviceError as error:
            raise DeviceError(f"There is no NVIDIA GPU that this process can use: {error} {LATER}") from None
        except (RuntimeError, OSError, AttributeError) as error:  # the package is there, the driver's library is not
            raise DeviceError(
                "The target 'cuda' needs the driver of NVIDIA's GPUs, which is not installed on this machine, or "
                f"cannot be found: install it (for CUDA 11.8 or later). {LATER}"
            ) from error
        if version < LEAST_VERSION:
            raise DeviceError(
                f"The driver of the GPU is too old: it is for CUDA {version // 1000}.{version % 1000 // 10}, and 11.8 "
                f"or later is needed. Install a newer driver. {LATER}"
            )

    def _checked_device(self) -> Any:
        if int(self._do("cuDeviceGetCount")) < 1:
            visible = os.environ.get("CUDA_VISIBLE_DEVICES")
            why = "" if visible is None else f" (the environment variable CUDA_VISIBLE_DEVICES is {visible!r})"
            raise DeviceError(f"There is no NVIDIA GPU that this process can use{why}. {LATER}")
        device = self._do("cuDeviceGet", 0)
        text = self._do("cuDeviceGetName", 100, device)
        self.name = (text if isinstance(text, bytes) else bytes(text)).partition(b"\0")[0].decode()
        has = tuple(int(self._do("cuDeviceGetAttribute", self._attribute(k), device)) for k in (_MAJOR, _MINOR))
        if has < LEAST_CAPABILITY:
            raise DeviceError(
                f"The GPU {self.name} is too old: its compute capability is {has[0]}.{has[1]}, and 7.5 or later is "
                f"needed (GPUs from 2018 on). {LATER}"
            )
        return device

    def _attribute(self, number: int) -> Any:
        kinds = getattr(self._binding, "CUdevice_attribute", None)
        return number if kinds is None else kinds(number)

    def enter(self) -> None:
        """Lets this thread use the GPU."""
        self._do("cuCtxSetCurrent", self.context)

    # ---- kernels

    def load(self, image: bytes) -> Any:
        """Returns kernels, loaded; the driver translates them for its GPU."""
        return self._do("cuModuleLoadData", image + b"\0")

    def function(self, module: Any, name: str) -> int:
        """Returns what the driver calls a kernel."""
        return int(self._do("cuModuleGetFunction", module, name.encode()))

    def blocks_at_once(self, function: int, threads: int) -> int:
        """Returns how many blocks of a kernel the GPU runs at once, so that they can wait for each other.

        Raises:
            DeviceError: It cannot run kernels of that kind.
        """
        device = self._do("cuDeviceGet", 0)
        has = [int(self._do("cuDeviceGetAttribute", self._attribute(k), device)) for k in (_COOPERATIVE, _PROCESSORS)]
        if not has[0]:
            raise DeviceError("The blocks of a kernel cannot wait for each other.")
        return has[1] * int(self._do("cuOccupancyMaxActiveBlocksPerMultiprocessor", function, threads, 0))

    def launch_at_once(self, function: int, blocks: int, threads: int, given: int) -> None:
        """Launches a kernel whose blocks wait for each other.

        Args:
            function: The kernel.
            blocks: The number of its blocks.
            threads: The threads of a block.
            given: The address of addresses of what it is given.
        """
        self._do("cuLaunchCooperativeKernel", function, blocks, 1, 1, threads, 1, 1, 0, self.stream, given)

    def unload(self, module: Any) -> None:
        """Gives kernels back."""
        self._quietly("cuModuleUnload", module)

    def synchronize(self) -> None:
        """Waits until all that was launched has been computed."""
        self._do("cuStreamSynchronize", self.stream)

    # ---- memory

    def free_memory(self) -> tuple[int, int]:
        """Returns the free bytes of the GPU, and all that it has."""
        free, total = self._do("cuMemGetInfo")
        return int(free), int(total)

    def allocate(self, size: int) -> int:
        """Returns the address of so many bytes of the GPU.

        Raises:
            MemoryError: There are not so many.
        """
        return int(self._do("cuMemAlloc", max(size, 1), size=size))

    def free(self, address: int) -> None:
        """Gives memory of the GPU back."""
        self._quietly("cuMemFree", address)

    def allocate_shared(self, size: int) -> int:
        """Returns the address of so many bytes of the host that the GPU sees at the same address."""
        return int(self._do("cuMemHostAlloc", max(size, 1), MAPPED, size=size))

    def free_shared(self, address: int) -> None:
        """Gives memory of the host back that the GPU saw."""
        self._quietly("cuMemFreeHost", address)

    def upload(self, to: int, source: int, size: int) -> None:
        """Copies bytes to the GPU."""
        if size:
            self._do("cuMemcpyHtoD", to, source, size)

    def download(self, to: int, source: int, size: int) -> None:
        """Copies bytes from the GPU."""
        if size:
            self._do("cuMemcpyDtoH", to, source, size)

    def copy(self, to: int, source: int, size: int) -> None:
        """Copies bytes within the GPU, after the kernels that were launched before."""
        self._do("cuMemcpyDtoDAsync", to, source, size, self.stream)

    # ---- copies beside the kernels

    def begin_download(self, to: int, source: int, size: int) -> None:
        """Begins to copy bytes from the GPU to memory of `allocate_shared`; a mark tells when they are there."""
        self._do("cuMemcpyDtoHAsync", to, source, size, self.copies)

    def mark_copies(self) -> Any:
        """Returns a mark behind the copies that were begun."""
        mark = self._do("cuEventCreate", _WITHOUT_TIME)
        self._do("cuEventRecord", mark, self.copies)
        return mark

    def wait_for(self, mark: Any) -> None:
        """Waits until the GPU has come to a mark, which is given back."""
        self._do("cuEventSynchronize", mark)
        self._quietly("cuEventDestroy", mark)

    def hold_kernels(self, mark: Any) -> None:
        """Lets kernels that are launched from now on wait until the GPU has come to a mark."""
        self._do("cuStreamWaitEvent", self.stream, mark, 0)

    # ---- graphs: kernels that are launched together

    def record(self, launch: Callable[[], None]) -> Any:
        """Returns the kernels that a function launches, as one thing to launch; they do not run meanwhile."""
        self._do("cuStreamBeginCapture", self.stream, self._mode(_OF_THREAD))
        try:
            launch()
        except BaseException:
            self._binding.cuStreamEndCapture(self.stream)
            raise
        graph = self._do("cuStreamEndCapture", self.stream)
        try:
            return self._do("cuGraphInstantiate", graph, 0)
        finally:
            self._quietly("cuGraphDestroy", graph)

    def replay(self, graph: Any) -> None:
        """Launches what was recorded."""
        self._do("cuGraphLaunch", graph, self.stream)

    def drop(self, graph: Any) -> None:
        """Gives back what was recorded."""
        self._quietly("cuGraphExecDestroy", graph)

    def _mode(self, number: int) -> Any:
        kinds = getattr(self._binding, "CUstreamCaptureMode", None)
        return number if kinds is None else kinds(number)

    # ---- codes

    def _do(self, name: str, *arguments: Any, size: int | None = None) -> Any:
        code, *results = getattr(self._binding, name)(*arguments)
        if int(code):
            raise self.error(int(code), size)
        return results[0] if len(results) == 1 else tuple(results) if name == "cuMemGetInfo" else (*results, None)[0]

    def _quietly(self, name: str, *arguments: Any) -> None:
        """Gives something back; where the GPU is lost, so is that."""
        if os.getpid() == self._process and not self.is_lost:
            getattr(self._binding, name)(*arguments)

    def error(self, code: int, size: int | None = None) -> Exception:
        """Returns the error for a code of the driver: one sentence on what happened, one on what is left."""
        if code == OUT_OF_MEMORY:
            return MemoryError(self.shortage(size or 0))
        name = self._name_of(code)
        if code not in _HARMLESS:
            self.is_lost = True
        return DeviceError(f"{_MEANINGS.get(name, 'The GPU, or its driver, gave up')} ({name}).")

    def _name_of(self, code: int) -> str:
        kinds = getattr(self._binding, "CUresult", None)
        try:
            return f"code {code}" if kinds is None else str(kinds(code).name)
        except ValueError:
            return f"code {code}"

    def shortage(self, size: int) -> str:
        """Returns the message where memory of the GPU cannot be had."""
        try:
            code, free, total = self._binding.cuMemGetInfo()
        except Exception:
            code, free, total = 1, 0, 0
        there = "" if int(code) else f", and {_in_bytes(int(free))} of its {_in_bytes(int(total))} are free"
        return (
            f"The GPU has not enough memory: another {_in_bytes(size)} are needed{there}. Simulate fewer elements or "
            "synapses, or dtype=float32; Network.memory_plan(target='cuda') says what a network takes. " + LATER
        )


_HARMLESS = frozenset({3, 100, 101, 200, 201, 209, 218, 222, 500, 720, 801, *range(900, 910)})
"""Codes after which the GPU can still be used: nothing had begun."""

_MEANINGS = {
    "CUDA_ERROR_NO_DEVICE": "the driver finds none",
    "CUDA_ERROR_ILLEGAL_ADDRESS": "The GPU stopped, since code read or wrote outside of its memory",
    "CUDA_ERROR_LAUNCH_TIMEOUT": "The GPU stopped, since something took longer than the system allows for one step",
    "CUDA_ERROR_ECC_UNCORRECTABLE": "The memory of the GPU is damaged",
    "CUDA_ERROR_CONTEXT_IS_DESTROYED": "The GPU was taken away from this process",
    "CUDA_ERROR_NO_BINARY_FOR_GPU": "The driver cannot translate the program for this GPU",
    "CUDA_ERROR_INVALID_PTX": "The driver cannot translate the program",
    "CUDA_ERROR_UNSUPPORTED_PTX_VERSION": "The driver is too old to translate the program",
}


def binding() -> Any:
    """Returns the functions of the driver: those of the package, or of a stand-in.

    Raises:
        DeviceError: The package is not installed.
    """
    if Driver.stand_in is not None:
        return Driver.stand_in()
    try:
        from cuda.bindings import (  # pyright: ignore[reportMissingImports]
            driver,  # pyright: ignore[reportUnknownVariableType]
        )
    except ImportError as error:
        raise DeviceError(
            "The target 'cuda' needs the package cuda-bindings, which is not installed: "
            f"pip install cuda-bindings (Ranvier's extra 'cuda'). {LATER}"
        ) from error
    return driver  # pyright: ignore[reportUnknownVariableType]


def _in_bytes(number: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000 or unit == "GB":
            break
        number /= 1000
    return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"


def address_of(function: Any) -> int:
    """Returns the address of a function of ctypes."""
    return ctypes.cast(function, ctypes.c_void_p).value or 0


__all__ = ["DeviceError", "Driver", "address_of", "binding"]
