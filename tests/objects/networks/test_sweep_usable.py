"""Executors that cannot do anything, are shut down meanwhile, or never begin: said in words, and in time."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from ranvier import Network, NeuronGroup, ms, sweep
from ranvier.objects.networks.sweeps import senders, usable

FORK = multiprocessing.get_context("fork")
OVER = {"a": [1, 2, 3]}


def same(a: int) -> dict[str, int]:
    return {"x": a}


def of_network(workers: object) -> Any:
    cells = NeuronGroup(1, "dv/dt = -a*v/ms : 1", method="exact", name="cells")
    return Network(cells).sweep(1 * ms, over=OVER, measure="mean(v)", workers=workers, namespace={})


def shut_down() -> concurrent.futures.Executor:
    executor = concurrent.futures.ProcessPoolExecutor(1, mp_context=FORK)
    executor.shutdown()
    return executor


def threads() -> concurrent.futures.Executor:
    executor = concurrent.futures.ThreadPoolExecutor(1)
    executor.shutdown()
    return executor


def broken() -> concurrent.futures.Executor:
    executor = concurrent.futures.ProcessPoolExecutor(1, mp_context=FORK)
    with pytest.raises(concurrent.futures.BrokenExecutor):
        executor.submit(os._exit, 1).result()
    return executor


def loky() -> Any:
    executor = pytest.importorskip("joblib.externals.loky").ProcessPoolExecutor(1)
    executor.shutdown()
    return executor


class Full:
    def submit(self, function: Any, *args: Any) -> Any:
        raise ValueError("the queue is full")


class Awaited:
    async def submit(self, function: Any, *args: Any) -> Any:
        return None


@pytest.mark.parametrize(
    ("workers", "kind", "text"),
    [
        (shut_down, RuntimeError, "^The ProcessPoolExecutor was shut down. Make another one"),
        (threads, RuntimeError, "^The ThreadPoolExecutor was shut down"),
        (broken, RuntimeError, "^The ProcessPoolExecutor is broken: A child process terminated abruptly.*Make another"),
        (loky, RuntimeError, "^The ProcessPoolExecutor was shut down"),
        (lambda: concurrent.futures.ProcessPoolExecutor, TypeError, "is the class ProcessPoolExecutor, not one that"),
        (Full, RuntimeError, "^The Full takes no sets .ValueError: the queue is full.. Nothing was computed"),
        (Awaited, TypeError, "^The methods of Awaited are to be awaited"),
    ],
)
def test_an_executor_that_takes_nothing_is_said_to_be_so_at_once(workers: Any, kind: type, text: str) -> None:
    executor = workers()
    with pytest.raises(kind, match=text):
        sweep(same, over=OVER, workers=executor)
    with pytest.raises(kind, match=text):
        of_network(executor)


def test_what_is_done_is_read_with_any_executor(tmp_path: Path) -> None:
    sweep(same, over=OVER, out=tmp_path)
    assert sweep(same, over=OVER, out=tmp_path, workers=shut_down())["x"].tolist() == [1, 2, 3]


def in_daemonic_process(pipe: Any) -> None:
    try:
        sweep(same, over=OVER, workers=concurrent.futures.ProcessPoolExecutor(1, mp_context=FORK))
    except Exception as error:
        pipe.send(f"{type(error).__name__}: {error}")
    pipe.send(len(sweep(same, over=OVER, workers="all").done))


def test_a_worker_process_has_no_processes_of_its_own() -> None:
    here, there = multiprocessing.Pipe()
    process = FORK.Process(target=in_daemonic_process, args=(there,), daemon=True)
    process.start()
    assert "RuntimeError: This is a worker process of multiprocessing" in here.recv() and here.recv() == 3
    process.join()


def wrong() -> None:
    raise ValueError("no")


def test_a_wrong_initializer_is_named() -> None:
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=FORK, initializer=wrong) as executor:
        found = sweep(same, over=OVER, workers=executor)
    assert len(found.failures) == 3 and "Or the initializer=... of this executor has raised" in found.failures[0].error


class Later:
    """An executor that gives what it is asked for to another one, when it is told to."""

    def __init__(self) -> None:
        self.executor = concurrent.futures.ProcessPoolExecutor(1, mp_context=FORK)
        self.asked: list[concurrent.futures.Future[Any]] = []

    def submit(self, function: Any, *args: Any) -> Any:
        future: concurrent.futures.Future[Any] = concurrent.futures.Future()
        self.asked.append(future)
        return future


def test_an_executor_that_is_shut_down_meanwhile_gives_failures_that_are_tried_again(tmp_path: Path) -> None:
    later = Later()
    threading.Timer(0.3, lambda: [future.cancel() for future in later.asked]).start()
    found = sweep(same, over=OVER, out=tmp_path, workers=later)
    assert len(found.failures) == 3 and "was shut down while this set was" in found.failures[0].error
    assert sweep(same, over=OVER, out=tmp_path)["x"].tolist() == [1, 2, 3]


def test_an_executor_that_begins_nothing_is_told_of(monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    told: list[str] = []
    monkeypatch.setattr(senders, "PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr(senders.logger, "warn", lambda text, *_, **__: told.append(text))
    later = Later()
    threading.Timer(0.8, lambda: [future.cancel() for future in later.asked]).start()
    sweep(same, over=OVER, workers=later)
    assert len(told) == 1 and "has begun nothing of the sweep for 0 s; the sweep waits" in told[0]


class Client:
    """A client whose scheduler is gone."""

    asynchronous = False

    def __init__(self, status: str) -> None:
        self.status = status

    def nthreads(self) -> dict[str, int]:
        raise OSError("ConnectionPool closing.")


@pytest.mark.parametrize("status", ["connecting", "running"])
def test_a_client_whose_scheduler_is_gone(status: str) -> None:
    client = Client(status)
    with pytest.raises(
        ConnectionError, match=r"^The client has lost its connection to the scheduler.*Client\(address\)"
    ):
        usable.check_connected(client)
        usable.workers_there(client)
