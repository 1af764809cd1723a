"""Compiled code that cannot get memory says so: every allocation is made to fail once, and nothing is lost."""

import ctypes
from collections.abc import Iterator

import numpy as np
import pytest

from ranvier import Network, NeuronGroup, SpikeMonitor, StateMonitor, Synapses, ms, seed
from ranvier.codegen import programs
from ranvier.codegen.load import load

LIBC = ctypes.CDLL(None)
LIBC.malloc.restype = ctypes.c_void_p
LIBC.malloc.argtypes = (ctypes.c_size_t,)
LIBC.free.argtypes = (ctypes.c_void_p,)


class Allocator:
    """Stands for `malloc` and `free`: counts, and fails where it is told to."""

    def __init__(self) -> None:
        self.count = 0
        self.fail_at = -1
        self.held: set[int] = set()
        self._malloc = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_size_t)(self.malloc)
        self._free = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(self.free)

    def malloc(self, size: int) -> int | None:
        self.count += 1
        if self.count - 1 == self.fail_at:
            return None
        address = LIBC.malloc(size)
        self.held.add(address)
        return address

    def free(self, address: int) -> None:
        self.held.remove(address)
        LIBC.free(address)

    @property
    def symbols(self) -> dict[str, int]:
        return {
            "malloc": ctypes.cast(self._malloc, ctypes.c_void_p).value or 0,
            "free": ctypes.cast(self._free, ctypes.c_void_p).value or 0,
        }


@pytest.fixture
def allocator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Allocator]:
    """The memory of all programs that are loaded in the test."""
    one = Allocator()
    monkeypatch.setattr(
        programs, "load", lambda artifact, symbols=None: load(artifact, {**(symbols or {}), **one.symbols})
    )
    programs.forget_loaded()
    yield one
    programs.forget_loaded()


def network() -> Network:
    seed(5)
    group = NeuronGroup(
        600, "dv/dt = (1.2 - v)/(10*ms) + 0.1*xi*(5*ms)**-0.5 : 1", threshold="v > 1", reset="v = 0", method="euler"
    )
    synapses = Synapses(group, group, "w : 1", on_pre="v_post += w", delay=1 * ms)
    synapses.connect(p=0.05)
    synapses.w = "0.001*rand()"
    synapses.delay = "rand()*3*ms"
    return Network(
        group, synapses, SpikeMonitor(group, name="spikes"), StateMonitor(group, "v", record=[0], name="trace")
    )


def recorded(net: Network) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return np.array(net["spikes"].i), np.array(net["spikes"].t_), np.array(net["trace"].v_[0])


def test_each_allocation_may_fail(allocator: Allocator) -> None:
    whole = network()
    whole.run(10 * ms)
    whole.run(10 * ms)
    expected = recorded(whole)
    assert not allocator.held
    allocator.count = 0
    first = network()
    first.run(10 * ms)
    most = allocator.count
    assert most >= 1
    for number in range(most):
        net = network()
        allocator.fail_at = -1
        net.run(10 * ms)
        before = recorded(net)
        allocator.count, allocator.fail_at = 0, number
        with pytest.raises(MemoryError, match="all that was recorded is still there"):
            net.run(10 * ms)
        assert not allocator.held
        assert all(np.array_equal(a, b[: len(a)]) for a, b in zip(before, recorded(net), strict=True))
        allocator.fail_at = -1
        net.run(20 * ms - net.t)
        assert all(np.array_equal(a, b) for a, b in zip(expected, recorded(net), strict=True))
