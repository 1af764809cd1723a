"""Sweeps in processes that were there before: those of executors, and of clusters of Dask."""

import concurrent.futures
import multiprocessing
import os
import signal
import threading
import time
import types
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from objects.networks import swept_models

from ranvier import (
    Network,
    NetworkOperation,
    NeuronGroup,
    SpikeMonitor,
    defaultclock,
    float32,
    ms,
    prefs,
    second,
    seed,
    sweep,
)
from ranvier.objects.networks.sweeps import progress, senders, shipping
from ranvier.objects.networks.sweeps.network_work import NetworkWork
from ranvier.passes import unregister_pass
from ranvier.runtime import mapped

cloudpickle = pytest.importorskip("cloudpickle", reason="functions of scripts are sent with cloudpickle")

TAU = 7 * ms
"""Only texts of equations use it."""

LIMIT = 0.9

HERE = os.getpid()


def builder() -> Any:
    """Returns a function that cannot be imported, as those of a notebook."""

    def build(N: int, mu: float) -> dict[str, object]:
        cells = NeuronGroup(
            N, "dv/dt = (mu - v)/TAU + 0.2*xi*TAU**-0.5 : 1", threshold="v > LIMIT", reset="v = 0", method="euler"
        )
        spikes = SpikeMonitor(cells)
        Network(cells, spikes).run(20 * ms)
        return {"v": np.mean(cells.v[:]), "dtype": str(cells.v[:].dtype), "spikes": spikes, "pid": os.getpid()}

    return build


def same(found: Any, alone: Any) -> None:
    assert not found.failures and len(found.done) == len(alone)
    assert found.table("spikes").equals(alone.table("spikes")) and alone.table("spikes").num_rows
    for name in ("v", "dtype", "seed"):
        assert found.to_arrow()[name].equals(alone.to_arrow()[name])


OVER = {"N": [4, 10], "mu": [0.9, 2.0]}


# ---------------------------------------------------------------- executors


class Early:
    """An executor with nothing but `submit`, whose processes are there before the sweep."""

    def __init__(self, pool: concurrent.futures.Executor) -> None:
        self._pool = pool
        self.sent: list[int] = []
        self.submit(os.getpid).result()

    def submit(self, fn: Any, /, *args: Any) -> concurrent.futures.Future[Any]:
        self.sent.append(len(cloudpickle.dumps(args)))
        return self._pool.submit(fn, *args)


@pytest.fixture
def early() -> Iterator[Early]:
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool:
        yield Early(pool)


def test_a_function_is_sent_by_value_with_the_names_of_its_texts(early: Early) -> None:
    seed(3)
    alone = sweep(builder(), over=OVER)
    seed(3)
    found = sweep(builder(), over=OVER, workers=early)
    same(found, alone)
    assert os.getpid() not in found.to_pandas()["pid"].tolist()


def test_what_is_large_is_sent_once_to_each_process(early: Early, monkeypatch: pytest.MonkeyPatch) -> None:
    data = np.arange(50_000.0)
    found = sweep(lambda k: data[k], over={"k": range(20)}, workers=early)
    assert [each.result for each in found] == list(range(20))
    large = [size for size in early.sent if size > data.nbytes]
    assert 1 <= len(large) <= 4 < len(early.sent) / 2  # four are on their way when the first one asks for it


def test_what_cannot_be_sent(early: Early) -> None:
    lock = threading.Lock()
    with pytest.raises(RuntimeError, match=r"cannot be sent to other processes .*lock.*workers='all'"):
        sweep(lambda k: lock, over={"k": [1, 2]}, workers=early)
    found = sweep(lambda k: (k for _ in range(3)) if k else k, over={"k": [0, 1]}, workers=early)
    assert found[0].result == 0 and "cannot leave the worker process" in found.failures[0].error
    cells = NeuronGroup(1, "v : 1")
    cells.run_regularly("v += 1")
    called = NetworkOperation(lambda: None)
    with pytest.raises(RuntimeError, match=r"a network cannot be sent.*sweep\(function"):
        Network(cells, called).sweep(1 * ms, {"seed": [1, 2]}, workers=early)


def test_an_executor_computes_sets_of_a_network(early: Early) -> None:
    seed(5)
    alone = swept_models.sweep("recurrent", form="one after another")
    seed(5)
    swept_models.check_same(swept_models.sweep("recurrent", workers=early), alone)
    assert len(early.sent) > 1
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        seed(5)
        swept_models.check_same(swept_models.sweep("recurrent", workers=threads), alone)


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="this system has no files without a name")
@pytest.mark.parametrize(("form", "is_near"), [("turns", True), ("lanes", True), ("turns", False)])
def test_large_arrays_are_mapped_where_that_is_possible(
    form: str, is_near: bool, early: Early, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed(5)
    alone = swept_models.sweep("plastic", form="one after another")
    files, sizes = len(os.listdir("/proc/self/fd")), list[int]()
    with monkeypatch.context() as patch:
        patch.setattr(mapped, "LARGE", 1)
        if not is_near:  # as if the process were on another machine
            patch.setattr(mapped.Memory, "__getstate__", lambda memory: {**memory.__dict__, "process": 2**22 + 1})
        seed(5)
        swept_models.check_same(swept_models.sweep("plastic", workers=early, form=form), alone)
        sizes += early.sent[1:]
    assert (max(sizes) < 10_000) is is_near, "only the numbers of the sets, and where the rest is found, travel"
    assert len(os.listdir("/proc/self/fd")) == files


PASS = """
from dataclasses import dataclass
from xdsl.passes import ModulePass

@dataclass(frozen=True)
class LeaveAlone(ModulePass):
    name = "leave-alone"

    def apply(self, ctx, op):
        pass
"""


def test_processes_load_the_passes_of_the_script(early: Early, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "leaving.py").write_text(PASS)
    monkeypatch.chdir(tmp_path)  # the processes work in another folder
    monkeypatch.setenv("RANVIER_PASS_MODULES", "leaving.py")
    monkeypatch.setenv("RANVIER_PIPELINE", "default,leave-alone")
    try:
        seed(5)
        alone = swept_models.sweep("lif", form="one after another")
        monkeypatch.setattr(NetworkWork, "compute", None)  # sets that fail elsewhere would be computed here
        seed(5)
        swept_models.check_same(swept_models.sweep("lif", workers=early), alone)
    finally:
        unregister_pass("leave-alone")


def test_another_version_is_refused(early: Early, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipping, "stamp", lambda: "9.9 (code 00)")
    with pytest.raises(RuntimeError, match=r"another Ranvier, .*than the script, 9\.9 .*install the same version"):
        sweep(lambda k: k, over={"k": [1, 2]}, workers=early)


def test_an_executor_whose_process_dies_gives_failures_that_are_tried_again(early: Early) -> None:
    found = sweep(lambda k: os.kill(os.getpid(), signal.SIGKILL), over={"k": [1, 2, 3]}, workers=early)
    assert len(found.failures) == 3 and "BrokenExecutor" in found.failures[0].error


def test_processes_of_loky() -> None:
    loky = pytest.importorskip("joblib.externals.loky", reason="joblib is not installed")
    executor = loky.get_reusable_executor(1)
    try:
        found = sweep(lambda k: (k, os.getpid() != HERE), over={"k": [1, 2]}, workers=executor)
        assert [tuple(each.result) for each in found] == [(1, True), (2, True)]
        found = sweep(lambda k: os.kill(os.getpid(), signal.SIGKILL), over={"k": [1, 2]}, workers=executor)
        assert len(found.failures) == 2 and "BrokenExecutor" in found.failures[0].error
    finally:
        executor.shutdown(kill_workers=True)


def test_each_set_begins_with_the_clock_of_the_script() -> None:
    def step(k: int) -> float:
        found = float(defaultclock.dt / ms)
        defaultclock.dt = 0.5 * ms
        return found

    assert [each.result for each in sweep(step, over={"k": [1, 2]})] == [0.1, 0.1] and defaultclock.dt == 0.1 * ms


# ---------------------------------------------------------------- Dask


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    distributed = pytest.importorskip("distributed", reason="Dask is not installed: pip install ranvier[dask]")
    import dask

    settings = {"distributed.scheduler.allowed-failures": 1, "distributed.logging.distributed": "critical"}
    with (
        dask.config.set({**settings, "temporary-directory": str(tmp_path_factory.mktemp("dask"))}),
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50) as cluster,
        distributed.Client(cluster) as connected,
    ):
        yield connected


@pytest.mark.parametrize("name", ["lif", "plastic"])
def test_a_cluster_computes_sets_of_a_network(name: str, client: Any, tmp_path: Any) -> None:
    seed(5)
    alone = swept_models.sweep(name, form="one after another")
    seed(5)
    swept_models.check_same(swept_models.sweep(name, workers=client, out=tmp_path / "out"), alone)
    seed(5)
    plan = swept_models.sweep(name, workers=client, plan=True)
    assert (plan.form, plan.workers) == ("Dask", 2) and "there: " in plan.reason


def test_a_set_of_a_network_that_fails_on_a_cluster(client: Any) -> None:
    cells = NeuronGroup(1, "dv/dt = v*k/ms : 1", method="euler", name="cells")
    cells.v = 1
    network = Network(cells)
    found = network.sweep(
        20 * ms, {"k": [0, 1e30, float("nan"), -1]}, measure="mean(v)", workers=client, check_values=True
    )
    assert [each.index for each in found.failures] == [1, 2] and "'v' of 'cells' became" in found.failures[0].error
    assert len(found.done) == 4


def test_a_cluster_gives_what_one_process_gives(client: Any, tmp_path: Any) -> None:
    defaultclock.dt = 0.05 * ms
    prefs["core.default_float_dtype"] = float32
    try:
        seed(3)
        alone = sweep(builder(), over=OVER)
        seed(3)
        found = sweep(builder(), over=OVER, workers=client, out=tmp_path / "out", report=lambda _: None)
    finally:
        prefs.reset_to_defaults()
        defaultclock.dt = 0.1 * ms
    same(found, alone)
    assert found[0].dtype == "float32" and os.getpid() not in found.to_pandas()["pid"].tolist()
    assert list(client.run(lambda: float(defaultclock.dt / ms)).values()) == [0.1, 0.1]
    seed(3)
    plan = sweep(builder(), over={"N": [1], "mu": [2]}, workers=client, plan=True)
    assert (plan.form, plan.workers) == ("Dask", 2)


def test_many_small_sets_go_out_in_chunks(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes, send = list[int](), senders.DaskSender.send
    monkeypatch.setattr(senders.DaskSender, "send", lambda self, sets: sizes.append(len(sets)) or send(self, sets))
    found = sweep(lambda k: k, over={"k": range(3000)}, workers=client)
    assert [each.result for each in found][::500] == list(range(0, 3000, 500))
    assert sum(sizes) == 3000 and len(sizes) < 1000
    end = time.monotonic() + 300
    while client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks)):  # nothing is kept there
        assert time.monotonic() < end
        time.sleep(0.05)


def test_ctrl_c_keeps_what_is_done_and_ends_what_is_computed(
    client: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr(progress, "BAR_SECONDS", 0.0)

    def run(k: int) -> int:
        cells = NeuronGroup(1, "dv/dt = -v/ms : 1", method="euler", name="cells")
        is_long = len(list(tmp_path.iterdir())) >= 3
        Network(cells).run(1e7 * second if is_long else 1 * ms)
        (tmp_path / str(k)).touch()
        return k

    told: list[int] = []

    def interrupt(state: Any) -> None:
        told.append(state.done)
        if state.done == 3 and told.count(3) == 1:
            os.kill(os.getpid(), signal.SIGINT)

    found = sweep(run, over={"k": range(8)}, workers=client, report=interrupt)
    assert found.was_stopped and 3 <= len(found.done) <= 5 and not found.failures
    again = sweep(lambda k: k, over={"k": range(4)}, workers=client)
    assert len(again.done) == 4


def test_what_a_cluster_cannot_do(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    cells, called = NeuronGroup(1, "v : 1"), NetworkOperation(lambda: None)
    with pytest.raises(TypeError, match=r"network cannot be sent.*sweep\(function, over=\.\.\., workers=client\)"):
        Network(cells, called).sweep(1 * ms, {"seed": [1, 2]}, workers=client)
    with pytest.raises(TypeError, match=r"Connect to the cluster: Client\(cluster\)"):
        sweep(lambda k: k, over={"k": [1]}, workers=client.cluster)
    with __import__("distributed").Client(client.cluster) as gone:
        pass
    with pytest.raises(TypeError, match="The client is closed: connect to the cluster again"):
        sweep(lambda k: k, over={"k": [1]}, workers=gone)
    lock = threading.Lock()
    with pytest.raises(TypeError, match=r"cannot be done by a cluster.*lock"):
        sweep(lambda k: lock, over={"k": [1, 2]}, workers=client)
    module = types.ModuleType("only_here")
    exec("def f(k): return k", module.__dict__)
    monkeypatch.setitem(__import__("sys").modules, "only_here", module)
    with pytest.raises(RuntimeError, match=r"cannot import 'only_here'.*upload_file\('only_here\.py'\)"):
        sweep(module.f, over={"k": [1, 2]}, workers=client)
    monkeypatch.setattr(shipping, "stamp", lambda: "9.9 (code 00)")
    with pytest.raises(RuntimeError, match=r"another Ranvier"):
        sweep(lambda k: k, over={"k": [1, 2]}, workers=client)


def test_a_cluster_that_goes_away_gives_failures_that_are_tried_again(client: Any, tmp_path: Any) -> None:
    mine, gone = type(client)(client.cluster), tmp_path / "gone"

    def wait(k: int) -> int:
        try:
            os.close(os.open(tmp_path / "first", os.O_CREAT | os.O_EXCL))  # one of them is done at once
        except FileExistsError:
            while not gone.exists():
                time.sleep(0.01)
        return k

    def close(state: Any) -> None:
        if state.done == 1 and not gone.exists():
            mine.close()
            gone.touch()

    progress_seconds, progress.BAR_SECONDS = progress.BAR_SECONDS, 0.0
    try:
        found = sweep(wait, over={"k": range(6)}, workers=mine, report=close, out=tmp_path / "out")
    finally:
        progress.BAR_SECONDS = progress_seconds
    assert len(found.done) == 6 and 3 <= len(found.failures) <= 5
    assert all("the cluster was closed" in each.error for each in found.failures)
    assert sweep(wait, over={"k": range(6)}, out=tmp_path / "out")[5].result == 5


def test_a_set_that_kills_its_workers_is_a_failure_and_the_others_go_on(client: Any) -> None:
    """The last test of the module: Dask takes its time to start workers again."""

    def die(k: int) -> int:
        if k == 5:
            os.kill(os.getpid(), signal.SIGKILL)
        return k

    found = sweep(die, over={"k": range(9)}, workers=client)
    assert [each.index for each in found.failures] == [5] and "KilledWorker" in found.failures[0].error
    assert [each.result for each in found if each.index != 5] == [0, 1, 2, 3, 4, 6, 7, 8]
