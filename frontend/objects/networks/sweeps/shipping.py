"""How the work of a sweep gets to processes that did not begin with it: those of executors, and of clusters.

What is sent is a parcel: bytes that are read once in each process. Functions of a script or a notebook travel by value
(`cloudpickle`), and with them the names that the texts of their equations use.
"""

from __future__ import annotations

import contextlib
import pickle
import secrets
import socket
import sys
import threading
from collections import OrderedDict
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from types import ModuleType
from typing import cast

import numpy as np

from ranvier.codegen.fingerprint import compiler_fingerprint
from ranvier.objects.memory.arrays import Array
from ranvier.objects.networks.sweeps.stopping import runs_leave_ctrl_c
from ranvier.objects.networks.sweeps.work import Outcome, Packable, Shipped, Work, failed
from ranvier.runtime.mapped import Memory
from ranvier.session.given import is_a

SMALL = 100_000
"""A parcel of so many bytes is sent with each chunk; a larger one only to processes that ask for it."""

KEPT = 4
"""So many opened parcels are kept in a process."""

_held: dict[str, Work] = {}
"""The work of sweeps that are going on: processes that are forked now have it."""

_opened: OrderedDict[str, Shipped] = OrderedDict()
_stopped: set[str] = set()
_turn = threading.Lock()
"""Threads of one process share its seed and its clock: they compute one after another."""


@dataclass(frozen=True)
class Parcel:
    """Work that can be sent.

    Attributes:
        key: Differs for all sweeps.
        stamp: The Ranvier that has packed it.
        content: The work; None where it is left out.
        problem: Why it cannot be sent, "" if it can.
        memory: Where processes of this machine find the work, too.
    """

    key: str
    stamp: str
    content: bytes | None = field(repr=False)
    problem: str = ""
    memory: Memory | None = None

    @property
    def is_small(self) -> bool:
        """Whether it may be sent many times."""
        return self.content is not None and len(self.content) <= SMALL

    def without_content(self) -> Parcel:
        """Returns what is sent to processes that may have it already."""
        return replace(self, content=None)

    def with_content(self) -> Parcel:
        """Returns what is sent to processes that do not find the memory of the work."""
        if self.content is not None or self.memory is None:
            return self
        return replace(self, content=pickler().dumps(self.memory.read(), pickle.HIGHEST_PROTOCOL))

    def close(self) -> None:
        """Gives up the memory of the work."""
        if self.memory is not None:
            self.memory.close()


def stamp() -> str:
    """Returns which Ranvier this is: its version and its code."""
    package = sys.modules[__name__.partition(".")[0]]
    return f"{getattr(package, '__version__', '')} (code {compiler_fingerprint()[:8]})"


def packed(work: Packable, *, near: bool = False) -> Parcel:
    """Returns a parcel; it says if the work cannot be sent.

    Args:
        work: The work.
        near: Whether those who get it may be processes of this machine, for which large arrays need not be sent.
    """
    key = secrets.token_hex(8)
    shipped = work.ship()
    if shipped is None:
        return Parcel(key, stamp(), None, "a network cannot be sent to other processes")
    try:
        memory = Memory.write(key, shipped, pickler().dumps) if near else None
        content = None if memory is not None else pickler().dumps(shipped, pickle.HIGHEST_PROTOCOL)
        return Parcel(key, stamp(), content, memory=memory)
    except Exception as error:  # objects of all kinds say in their own ways that they cannot be sent
        problem = f"what the function needs cannot be sent to other processes ({type(error).__name__}: {error})"
        if pickler() is pickle:
            problem += "; functions of a script or a notebook can be with cloudpickle: pip install cloudpickle"
        return Parcel(key, stamp(), None, problem)


def pickler() -> ModuleType:
    """Returns cloudpickle, which sends functions by value; pickle if it is not installed."""
    try:
        return import_module("cloudpickle")
    except ImportError:
        return pickle


@contextlib.contextmanager
def held(work: Work) -> Generator[Parcel, None, None]:
    """Packs work, and keeps it where processes that are forked meanwhile find it."""
    parcel = packed(work)
    _held[parcel.key] = work
    try:
        yield parcel
    finally:
        del _held[parcel.key]


# ---------------------------------------------------------------- in the other process


def compute_chunk(parcel: Parcel, chunk: Sequence[int]) -> list[Outcome] | None:
    """Returns the outcomes of some sets, fewer if it was stopped; None if the content of the parcel is needed.

    Raises:
        RuntimeError: If this process has another Ranvier, or cannot have the work.
    """
    with _turn, runs_leave_ctrl_c():
        work = _held.get(parcel.key)
        if work is not None:  # forked from the process of the sweep
            with work.session():
                return _computed(parcel.key, map(work.compute, chunk))
        if parcel.key not in _opened and parcel.content is None and not parcel.problem and not _is_mapped(parcel):
            return None
        shipped = _open(parcel)
        with shipped.session():
            return _computed(parcel.key, shipped.compute_many(chunk))


def _computed(key: str, outcomes: Iterable[Outcome]) -> list[Outcome]:
    found: list[Outcome] = []
    if key in _stopped:
        return found
    with contextlib.suppress(KeyboardInterrupt):  # of the terminal: the process of the sweep decides what it means
        for outcome in outcomes:
            if key in _stopped:  # it was cut short
                break
            found.append(_sendable(outcome))
    return found


def stop_here(key: str) -> None:
    """Ends what this process computes of a sweep as soon as possible."""
    _stopped.add(key)
    shipped = _opened.get(key)
    if shipped is not None:
        shipped.stop()


def _open(parcel: Parcel) -> Shipped:
    shipped = _opened.get(parcel.key)
    if shipped is None:
        if parcel.stamp != stamp():
            raise RuntimeError(
                f"The worker on {socket.gethostname()} has another Ranvier, {stamp()}, than the script, "
                f"{parcel.stamp}. Results might differ: install the same version on all machines."
            )
        if parcel.content is None:
            raise RuntimeError(
                f"The workers do not have what they are to compute: {parcel.problem}, and their processes were not "
                "forked from this one after the sweep began. Use workers='all', or "
                "ProcessPoolExecutor(mp_context=multiprocessing.get_context('fork')) made just before the sweep, or "
                "sweep(function, ...) with a function that builds the network from values."
            )
        shipped = cast(Shipped, pickle.loads(parcel.content))
        _keep(parcel.key, shipped)
    _opened.move_to_end(parcel.key)
    return shipped


def _is_mapped(parcel: Parcel) -> bool:
    """Opens a parcel in the memory of the process that has packed it, and tells whether it is there."""
    shipped = parcel.memory.read() if parcel.memory is not None and parcel.stamp == stamp() else None
    if shipped is None:
        return False
    _keep(parcel.key, cast(Shipped, shipped))
    return True


def _keep(key: str, shipped: Shipped) -> None:
    _opened[key] = shipped
    while len(_opened) > KEPT:
        _opened.popitem(last=False)


def _sendable(outcome: Outcome) -> Outcome:
    """Returns an outcome that can be sent back: a failure if what was measured cannot be."""
    odd = [values for values in outcome.measures.values() if not all(map(_is_plain, values))]
    try:
        pickler().dumps(odd)
    except Exception as error:  # objects of all kinds say in their own ways that they cannot be sent
        reason = f"{type(error).__name__}: what was measured cannot leave the worker process: {error}"
        return failed(outcome.index, reason)
    return outcome


def _is_plain(value: object) -> bool:
    if is_a(value, np.ndarray):
        return not cast(Array, value).dtype.hasobject
    return value is None or isinstance(value, bool | int | float | str | np.generic)
