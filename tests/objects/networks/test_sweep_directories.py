"""Directories of sweeps: one writer at a time, shares, kills at any moment, disks that are full."""

import errno
import json
import multiprocessing
import os
import random
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ranvier import Network, NeuronGroup, SpikeMonitor, ms, mV, seed, sweep
from ranvier.objects.networks.sweeps import directory_store, store
from ranvier.runtime import directories, parts, writers
from ranvier.runtime.writers import BusyError, Lock, Owner

FORK = multiprocessing.get_context("fork")


def in_process(action: Callable[[], object]) -> Any:
    """Begins something in a process of its own."""
    process = FORK.Process(target=action)
    process.start()
    return process


def wait_for(what: Callable[[], object], seconds: float = 300.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "nothing happens"
        time.sleep(0.002)


def double(k: int) -> int:
    return 2 * k


def lock_of(out: Path, **changes: Any) -> Path:
    """Writes a lock of this process, with other facts."""
    out.mkdir(exist_ok=True)
    facts = {name: getattr(Owner.here(), name) for name in Owner.__dataclass_fields__} | changes
    (out / "_lock.json").write_text(json.dumps(facts))
    return out / "_lock.json"


# ---------------------------------------------------------------- one writer


def test_a_second_sweep_into_a_directory_waits_its_turn(tmp_path: Path) -> None:
    out, go = tmp_path / "out", tmp_path / "go"

    def slow(k: int) -> int:
        wait_for(go.exists)
        return 2 * k

    first = in_process(lambda: sweep(slow, over={"k": range(4)}, out=out))
    wait_for((out / "manifest.json").exists)
    for again in (slow, double):
        with pytest.raises((BusyError, ValueError)) as error:
            sweep(again, over={"k": range(4)}, out=out)
        assert str(first.pid) in str(error.value) or "another sweep" in str(error.value)
    go.touch()
    first.join()
    assert first.exitcode == 0 and not list(out.glob("_*"))
    assert [each.result for each in sweep(slow, over={"k": range(4)}, out=out)] == [0, 2, 4, 6]


def test_locks_of_processes_that_have_ended_are_taken_over(tmp_path: Path) -> None:
    def die() -> None:
        Lock(tmp_path / "killed" / "_lock.json").take()
        os.kill(os.getpid(), signal.SIGKILL)

    (tmp_path / "killed").mkdir()
    dead = in_process(die)
    wait_for(lambda: (tmp_path / "killed" / "_lock.json").exists())
    time.sleep(0.05)  # it has ended, but nobody has asked for its exit code yet
    assert sweep(double, over={"k": [1]}, out=tmp_path / "killed")[0].result == 2
    dead.join()
    old = writers.time.time() - 1e9
    for name, changes in {
        "number is used again": {"started": "1"},
        "no such process": {"pid": dead.pid, "started": ""},
        "before the machine was started": {"machine": "another start/pid:[1]"},
    }.items():
        lock = lock_of(tmp_path / name, **changes)
        os.utime(lock, (old, old))
        assert sweep(double, over={"k": [1]}, out=tmp_path / name)[0].result == 2
        assert not lock.exists()


def test_locks_of_others_are_respected(tmp_path: Path) -> None:
    for name, changes, said in (
        ("here", {}, "by this process, since .*Wait until it has ended"),
        ("elsewhere", {"host": "node17"}, r"of node17, since .*sign of life is .* old.*remove .*_lock\.json"),
        ("a container", {"machine": f"{writers._machine().partition('/')[0]}/pid:[1]"}, "If it does not run any more"),
        ("of this name", {"machine": "another start/pid:[1]"}, f"of {socket.gethostname()}"),
    ):
        lock = lock_of(tmp_path / name, **changes)
        with pytest.raises(BusyError, match=said):
            sweep(double, over={"k": [1]}, out=tmp_path / name)
        assert os.listdir(tmp_path / name) == ["_lock.json"]
        lock.unlink()
        assert len(sweep(double, over={"k": [1]}, out=tmp_path / name).done) == 1
    damaged = lock_of(tmp_path / "damaged")
    damaged.write_text("{")
    with pytest.raises(BusyError, match=r"unknown machine.*remove"):
        sweep(double, over={"k": [1]}, out=tmp_path / "damaged")


def test_what_is_done_can_be_read_where_nobody_may_write(tmp_path: Path) -> None:
    sweep(double, over={"k": [1, 2]}, out=tmp_path / "out")
    lock_of(tmp_path / "out", host="node17")
    assert [each.result for each in sweep(double, over={"k": [1, 2]}, out=tmp_path / "out")] == [2, 4]
    plan = sweep(double, over={"k": [1, 2]}, out=tmp_path / "out", plan=True)
    assert plan.done == 2
    sweep(double, over={"k": [1, 2]}, out=tmp_path / "new", plan=True)
    assert not (tmp_path / "new").exists()


def test_who_has_lost_the_lock_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory_store, "PART_SECONDS", 0.0)
    monkeypatch.setattr(writers, "ALIVE_SECONDS", 0.0)
    out = tmp_path / "out"

    def rob(k: int) -> int:
        if k == 1:
            (out / "_lock.json").unlink()  # a user who thinks that nobody writes; it is made again
        if k == 3:
            assert (out / "_lock.json").exists()
            lock_of(out, host="node17", token="another")
        return k

    with pytest.raises(BusyError, match="node17"):
        sweep(rob, over={"k": range(6)}, out=out)
    assert Lock(out / "_lock.json").owner().host == "node17"  # that of the other stays


def test_only_one_of_many_takes_a_lock_over(tmp_path: Path) -> None:
    lock_of(tmp_path, started="1")

    def take(name: str) -> None:
        wait_for((tmp_path / "go").exists)
        try:
            Lock(tmp_path / "_lock.json").take()
        except BusyError:
            return
        (tmp_path / name).touch()
        wait_for((tmp_path / "end").exists)

    crew = [in_process(lambda k=k: take(f"won{k}")) for k in range(6)]
    (tmp_path / "go").touch()
    wait_for(lambda: sum(not each.is_alive() for each in crew) == 5)
    assert len(list(tmp_path.glob("won*"))) == 1
    (tmp_path / "end").touch()
    for each in crew:
        each.join()


@pytest.mark.parametrize("links", [True, False])
def test_file_systems_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    def no_links(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    if not links:
        monkeypatch.setattr(os, "link", no_links)
    lock = Lock(tmp_path / "_lock.json")
    lock.take()
    with pytest.raises(BusyError):
        Lock(tmp_path / "_lock.json").take()
    lock.give_back()
    assert not os.listdir(tmp_path)
    assert sweep(double, over={"k": [1]}, out=tmp_path / "out")[0].result == 2
    assert sweep(double, over={"k": [1]}, out=tmp_path / "out")[0].result == 2


# ---------------------------------------------------------------- shares


def test_calls_with_a_share_each_fill_one_directory(tmp_path: Path) -> None:
    out, go = tmp_path / "out", tmp_path / "go"

    def slow(k: int) -> float:
        wait_for(go.exists)
        return 2 * k

    def share(k: int) -> None:
        found = sweep(slow, over={"k": range(10)}, out=out, part=(k, 3))
        assert set(range(k, 10, 3)) <= set(found.done)

    crew = [in_process(lambda k=k: share(k)) for k in range(3)]
    wait_for(lambda: len(list(out.glob("_lock-*.json"))) == 3)
    for arguments in ({}, {"part": (0, 2)}, {"part": (1, 3)}):
        with pytest.raises(BusyError):
            sweep(slow, over={"k": range(10)}, out=out, **arguments)
    go.touch()
    for each in crew:
        each.join()
        assert each.exitcode == 0
    found = sweep(slow, over={"k": range(10)}, out=out)
    assert [each.result for each in found] == list(range(0, 20, 2))
    seeds = [each.parameters["seed"] for each in found]
    assert len(set(seeds)) == 10 and not list(out.glob("_*"))


def test_networks_are_shared_out_too(tmp_path: Path) -> None:
    cells = NeuronGroup(1, "dv/dt = a/ms : 1", method="euler", name="cells")
    network, told = Network(cells), []
    for k in (1, 0):
        result = network.sweep(
            1 * ms, {"a": [1.0, 2.0, 3.0]}, measure="mean(v)", out=tmp_path / "out", part=(k, 2), report=told.append
        )
    assert [round(float(each.measures["mean(v)"])) for each in result] == [1, 2, 3]
    assert [(each.done, each.total) for each in told] == [(1, 1), (2, 2)]


@pytest.mark.parametrize(
    ("part", "out", "kind", "said"),
    [
        ((0, 2), None, ValueError, "say out="),
        ((2, 2), "out", ValueError, "counted from 0 to 1"),
        ((-1, 2), "out", ValueError, "counted from 0"),
        (3, "out", TypeError, r"part=\(0, 10\)"),
        ((0.5, 2), "out", TypeError, "k-th of n"),
    ],
)
def test_wrong_shares(part: Any, out: str | None, kind: type[Exception], said: str, tmp_path: Path) -> None:
    with pytest.raises(kind, match=said):
        sweep(double, over={"k": [1]}, out=out and tmp_path / out, part=part)


# ---------------------------------------------------------------- kills


class Swept:
    """A network with noise, and its sweep with two workers."""

    def __init__(self) -> None:
        seed(8)
        cells = NeuronGroup(
            3, "dv/dt = (mu - v)/(5*ms) + 0.3*xi*(5*ms)**-0.5 : 1", threshold="v > 1", reset="v = 0", method="euler"
        )
        self.spikes = SpikeMonitor(cells, name="spikes")
        self.network = Network(cells, self.spikes)
        self.done = 0

    def __call__(self, out: Path, seconds: float = 0.0, workers: int | None = None) -> Any:
        def pause(*_: object) -> None:
            self.done += 1
            time.sleep(seconds)

        return self.network.sweep(
            10 * ms, {"mu": [0.5 + 0.01 * k for k in range(200)]}, setup=pause, keep=[self.spikes],
            measure={"n": "count(spikes)"}, out=out, workers=workers, namespace={},
        )  # fmt: skip


def test_a_sweep_that_is_killed_at_any_moment_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    swept, moments = Swept(), random.Random(5)
    whole = swept(tmp_path / "whole")
    monkeypatch.setattr(directory_store, "PART_SECONDS", 0.0)
    out, counts = tmp_path / "out", [0]
    for kill in range(5):
        process = in_process(lambda kill=kill: swept(out, 0.004, workers=2 if kill % 2 else None))
        more = counts[-1] + moments.randrange(8)
        wait_for(lambda more=more: len(parts.parts_in(out / "sets")) >= more and (out / "manifest.json").exists())
        time.sleep(moments.uniform(0.0, 0.01))
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        counts.append(sum(parts.read_part(path).num_rows for path in parts.parts_in(out / "sets")))
    assert counts == sorted(counts) and 0 < counts[-1] < 200
    swept.done = 0
    (out / "spikes").mkdir(exist_ok=True)
    (out / "spikes" / "_part-000000199.parquet.7.tmp").write_text("the half of a table")
    monkeypatch.undo()
    found = swept(out)
    assert swept.done <= 200 - counts[-1] + 3  # the first set is looked at
    assert found.to_arrow().equals(whole.to_arrow()) and found.table("spikes").equals(whole.table("spikes"))
    assert not [path for path in out.rglob("_*") if path.is_file()]


def test_a_directory_in_which_nothing_was_begun(tmp_path: Path) -> None:
    """Killed between the lock and the manifest."""
    lock_of(tmp_path / "out", started="1")
    (tmp_path / "out" / "_manifest.json.1.tmp").write_text("{")
    assert sweep(double, over={"k": [1]}, out=tmp_path / "out")[0].result == 2


# ---------------------------------------------------------------- disks


def test_a_directory_of_another_format_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its sets may have other random numbers."""
    with monkeypatch.context() as patch:
        patch.setattr(directory_store, "FORMAT", directory_store.FORMAT - 1)
        sweep(double, {"k": [1, 2]}, out=tmp_path / "out")
    with pytest.raises(ValueError, match=r"written by another version; name another directory for out="):
        sweep(double, {"k": [1, 2]}, out=tmp_path / "out")


def failing(error: int, match: str) -> Callable[..., Any]:
    """Returns `os.open` on a disk where files of some names cannot be written."""
    real = os.open

    def fail(path: Any, flags: int, *args: Any, **kwds: Any) -> int:
        if match in str(path) and flags & os.O_CREAT:
            raise OSError(error, os.strerror(error))
        return real(path, flags, *args, **kwds)

    return fail


@pytest.mark.parametrize("what", ["_lock", "_manifest"])
@pytest.mark.parametrize(
    ("error", "said"),
    [
        (errno.ENOSPC, "No space left on device. Free some space and call it again"),
        (errno.EACCES, "Permission denied. Give yourself the right"),
        (errno.EIO, "Input/output error. Name another directory"),
    ],
)
def test_locks_and_manifests_that_cannot_be_written(
    what: str, error: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", failing(error, what))
        with pytest.raises(OSError, match=said) as found:
            sweep(double, over={"k": [1]}, out=tmp_path / "out")
    assert found.value.errno == error and what.removeprefix("_") in str(found.value)
    assert os.listdir(tmp_path / "out") == []
    assert sweep(double, over={"k": [1]}, out=tmp_path / "out")[0].result == 2


def test_parts_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory_store, "PART_SECONDS", 0.0)
    real = directories.write_part

    def full(path: Path, table: Any) -> None:
        if path.stem.endswith("3"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(path, table)

    with monkeypatch.context() as patch:
        patch.setattr(directories, "write_part", full)
        with pytest.raises(OSError, match=r"Results of a sweep cannot be written.*what was written before is kept"):
            sweep(double, over={"k": range(6)}, out=tmp_path / "out")
    found = sweep(double, over={"k": range(6)}, out=tmp_path / "out", plan=True)
    assert found.done == 3 and not list((tmp_path / "out").glob("_*"))
    assert len(sweep(double, over={"k": range(6)}, out=tmp_path / "out").done) == 6


def test_directories_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(FileExistsError, match="file exists and is no directory of a sweep"):
        sweep(double, over={"k": [1]}, out=tmp_path / "file")
    with pytest.raises(NotADirectoryError, match=r"cannot be written to .*file.below.*Name another directory"):
        sweep(double, over={"k": [1]}, out=tmp_path / "file" / "below")


@pytest.mark.parametrize("table", ["sets", "spikes"])
def test_a_damaged_part_is_named_and_its_sets_are_computed_anew(tmp_path: Path, table: str) -> None:
    cells = NeuronGroup(2, "dv/dt = k/ms : 1", threshold="v > 1", reset="v = 0", method="euler", name="damaged_cells")
    spikes = SpikeMonitor(cells, name="spikes")
    network = Network(cells, spikes)
    directory_store.MOST_IN_PART, most = 2, directory_store.MOST_IN_PART
    try:
        seed(1)

        def swept() -> Any:
            return network.sweep(
                3 * ms, over={"k": [1.0, 2.0, 3.0, 4.0]}, measure="count(spikes)", keep=[spikes], out=out
            )

        out = tmp_path / "out"
        whole = swept()
        expected = [whole.to_arrow(), whole.tables["spikes"]]
        part = sorted((out / table).iterdir())[1]
        part.write_bytes(part.read_bytes()[:50])
        with pytest.raises(ValueError, match=rf"{part} is damaged .*Remove all files of this name, {part.name}"):
            swept().table("spikes")
        for path in out.glob(f"*/{part.name}"):
            path.unlink()
        again = swept()
        assert [again.to_arrow(), again.tables["spikes"]] == expected
    finally:
        directory_store.MOST_IN_PART = most


# ---------------------------------------------------------------- what many sets cost


def test_measures_that_are_arrays_are_put_into_tables_part_by_part(tmp_path: Path, monkeypatch: Any) -> None:
    made: list[int] = []
    rows_of = store.rows_of
    monkeypatch.setattr(
        store, "rows_of", lambda outcomes, *facts: made.append(sum(map(len, outcomes))) or rows_of(outcomes, *facts)
    )
    cells = NeuronGroup(
        3, "dv/dt = (mu - v)/(5*ms) : 1", threshold="v > 1", reset="v = 0", method="exact", name="cells"
    )
    network = Network(cells, SpikeMonitor(cells, name="spikes"))
    measures = {"n": "counts(spikes)", "v": "cells.v", "over": "cells.v > 0.5", "one": "mean(v)"}
    result = network.sweep(5 * ms, {"mu": [0.5, 1.5, 2.5] * 20}, zip=True, measure=measures, out=tmp_path)
    assert sum(made) == len(result) == 60 and len(made) < 10
    assert result["n"].shape == result["v"].shape == result["over"].shape == (60, 3)


def test_a_sweep_is_the_same_however_its_numbers_are_given(tmp_path: Path) -> None:
    cells = NeuronGroup(1, "dv/dt = (mu*k - v)/tau : volt", method="exact", name="cells")
    network = Network(cells)
    names = {"tau": 5 * ms, "mu": 1 * mV, "k": 1}
    given = {"mu": np.array([1.0, 2, 3]) * mV, "k": np.array([1, 2])}
    first = network.sweep(1 * ms, given, measure="mean(v)", out=tmp_path, namespace=names)
    for mu, k in (([1 * mV, 2 * mV, 3 * mV], [1, 2]), (given["mu"], range(1, 3))):
        again = network.sweep(1 * ms, {"mu": mu, "k": k}, measure="mean(v)", out=tmp_path, namespace=names)
        assert again.to_arrow().equals(first.to_arrow())
    for other in ({"mu": [1, 2, 4] * mV, "k": [1, 2]}, {"mu": given["mu"], "k": [1.0, 2.0]}):
        with pytest.raises(ValueError, match="differs in: sets"):
            network.sweep(1 * ms, other, measure="mean(v)", out=tmp_path, namespace=names)
