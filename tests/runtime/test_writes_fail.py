"""Each call of the system that writes a snapshot, the cache or a recording fails once: what was there before is whole.

The files of recordings themselves are the subject of `test_stream_faults`.
"""

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from ranvier import Network, NeuronGroup, StateMonitor, ms
from ranvier.codegen import cache as cache_module
from ranvier.codegen import programs
from ranvier.objects.networks import snapshot as snapshot_module
from ranvier.runtime import ipc_stream, parquet_stream
from ranvier.runtime.stream import StreamError

REASONS = (errno.EIO, errno.ENOSPC, errno.EDQUOT)


class Faulty:
    """The module `os`, one call of which fails; before a failing write half of it is written.

    Attributes:
        calls: The number of calls so far of all functions that may fail.
    """

    NAMES = ("open", "write", "pwrite", "fsync", "replace", "makedirs", "unlink", "utime", "ftruncate", "rename")

    def __init__(self, fail_at: int, reason: int) -> None:
        self.fail_at, self.reason, self.calls = fail_at, reason, 0

    def __getattr__(self, name: str) -> Any:
        function = getattr(os, name)
        if name not in self.NAMES:
            return function

        def maybe(*args: Any, **kwds: Any) -> Any:
            self.calls += 1
            if self.calls - 1 != self.fail_at:
                return function(*args, **kwds)
            if name in ("write", "pwrite"):
                function(args[0], args[1][: len(args[1]) // 2], *args[2:])
            raise OSError(self.reason, os.strerror(self.reason))

        return maybe


def failures(monkeypatch: pytest.MonkeyPatch, reason: int, *modules: ModuleType) -> Iterator[Faulty]:
    """Yields `os` for modules, failing at another call each time; the last one does not fail."""
    for number in range(1000):
        faulty = Faulty(number, reason)
        for module in modules:
            monkeypatch.setattr(module, "os", faulty)
        yield faulty
        for module in modules:
            monkeypatch.setattr(module, "os", os)
        if faulty.calls <= number:
            assert number > 0
            return


def model() -> tuple[Network, NeuronGroup, StateMonitor]:
    group = NeuronGroup(5, "dv/dt = 1/ms : 1", method="euler", name="group")
    trace = StateMonitor(group, "v", record=True, name="trace")
    return Network(group, trace), group, trace


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("first", [True, False], ids=["new", "replaced"])
def test_a_snapshot_is_the_old_or_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: int, first: bool
) -> None:
    net, group, trace = model()
    path = tmp_path / "state"
    net.run(1 * ms)
    if not first:
        net.store(filename=str(path))
    old = None if first else path.read_bytes()
    net.run(1 * ms)
    for faulty in failures(monkeypatch, reason, snapshot_module):
        try:
            net.store(filename=str(path))
            failed = False
        except OSError as error:
            failed = True
            assert error.errno == reason and error.filename == str(path) and "cannot be written" in str(error)
        if failed:
            assert (path.read_bytes() if path.exists() else None) == old
            assert list(tmp_path.iterdir()) == ([] if first else [path])
        else:
            assert faulty.calls == faulty.fail_at
    np.testing.assert_allclose(group.v, 2)
    assert len(trace.t) == 20
    net.run(1 * ms)
    net.restore(filename=str(path))
    np.testing.assert_allclose(group.v, 2)
    assert trace.v.shape == (5, 20)


@pytest.mark.parametrize("reason", [REASONS[0], *(pytest.param(each, marks=pytest.mark.long) for each in REASONS[1:])])
def test_the_cache_survives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: int) -> None:
    directory = tmp_path / "parent" / "cache"
    monkeypatch.setenv("RANVIER_CACHE", str(directory))
    try:
        for number, _ in enumerate(failures(monkeypatch, reason, cache_module)):
            cache_module._cache_in.cache_clear()
            programs.forget_loaded()
            group = NeuronGroup(5, f"dv/dt = {number}.5/ms : 1", method="euler")
            Network(group).run(1 * ms)
            np.testing.assert_allclose(group.v, number + 0.5)
            assert [each for each in directory.glob("*") if each.suffix != ".rvp"] == []
            programs.forget_loaded()
            monkeypatch.setattr(cache_module, "os", os)
            again = NeuronGroup(5, f"dv/dt = {number}.5/ms : 1", method="euler")
            Network(again).run(1 * ms)
            np.testing.assert_allclose(again.v, number + 0.5)
        assert cache_module.info().hits >= 1
    finally:
        cache_module._cache_in.cache_clear()
        programs.forget_loaded()


@pytest.mark.parametrize("suffix", ["arrows", "parquet"])
@pytest.mark.parametrize("reason", REASONS)
def test_a_run_whose_recording_cannot_be_written_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: int, suffix: str
) -> None:
    """Also where the file fails at the end of the run: the time has passed, and nothing is simulated twice."""
    for faulty in failures(monkeypatch, reason, ipc_stream, parquet_stream):
        net, group, trace = model()
        trace.table._next_bytes = 2000
        folder = tmp_path / str(faulty.fail_at)
        folder.mkdir()
        for _ in range(2):
            try:
                if not trace.table.is_streamed:
                    trace.stream_to(folder / f"v.{suffix}", memory_budget=20_000)
                break
            except StreamError:
                continue
        for _ in range(3):
            try:
                net.run(20 * ms - net.t)
            except StreamError:
                assert trace.v.shape == (5, round(net.t / (0.1 * ms)))
                np.testing.assert_allclose(group.v, net.t / ms)
        for _ in range(2):
            try:
                trace.close()
                break
            except StreamError:
                continue
        np.testing.assert_allclose(group.v, 20)
        np.testing.assert_allclose(trace.v[0], np.arange(200) / 10, atol=1e-9)
