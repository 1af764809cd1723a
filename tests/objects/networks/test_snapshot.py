"""store() and restore() in memory and in files; seeds."""

import gc
import os
import pickle
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from ranvier.objects.groups.brianobject import BrianObject
from ranvier.objects.inputs.spikegeneratorgroup import SpikeGeneratorGroup
from ranvier.objects.monitors.spikemonitor import SpikeMonitor
from ranvier.objects.monitors.statemonitor import StateMonitor
from ranvier.objects.networks import snapshot
from ranvier.objects.networks.magic import start_scope
from ranvier.objects.networks.network import Network
from ranvier.objects.neurons.neurongroup import NeuronGroup
from ranvier.objects.synapses.synapses import Synapses
from ranvier.session.clocks import defaultclock
from ranvier.session.randomness import seed
from ranvier.units import ms


@pytest.fixture(autouse=True)
def own_scope() -> None:
    """Every test sees its own objects only."""
    start_scope()
    yield
    defaultclock.dt = 0.1 * ms


class Model:
    """Two neurons that spike, with monitors; v also takes random steps."""

    def __init__(self, noise: str = "0") -> None:
        self.group = NeuronGroup(
            2, "dv/dt = (1 + i)/ms : 1", method="euler", threshold="v > 0.45", reset="v = 0", refractory=0.2 * ms,
            namespace={"ms": ms}, name="cells",
        )  # fmt: skip
        self.group.run_regularly(f"v += 0.001*{noise}")
        self.states = StateMonitor(self.group, "v", record=True, name="states")
        self.spikes = SpikeMonitor(self.group, name="spikes")
        self.net = Network(self.group, self.states, self.spikes)

    def outcome(self) -> list[list[float]]:
        arrays = [self.group.v[:], self.group.lastspike[:] / ms, self.states.t / ms, self.states.v[0], self.states.v[1]]
        arrays += [self.spikes.t / ms, self.spikes.i[:], self.spikes.count[:], [self.net.t / ms, self.group.t / ms]]
        return [[round(float(value), 9) for value in array] for array in arrays]


# ---------------------------------------------------------------------- in memory


def test_all_comes_back() -> None:
    model = Model()
    model.net.store()
    begin = model.outcome()
    model.net.run(0.7 * ms)
    middle = model.outcome()
    model.net.store("middle")
    model.net.run(0.8 * ms)
    end = model.outcome()
    assert len(end[5]) > len(middle[5]) > 0
    for _ in range(2):
        model.net.restore("middle")
        assert model.outcome() == middle
        model.net.run(0.8 * ms)
        assert model.outcome() == end
    model.net.restore()
    assert model.outcome() == begin
    model.net.run(0.7 * ms)
    assert model.outcome() == middle


def test_values_changed_between_restoring_and_running() -> None:
    model = Model()
    model.net.store()
    for value in (0.1, 0.2):
        model.net.restore()
        model.group.v = value
        model.net.run(0.1 * ms)
        assert model.states.v[0, 0] == value
    assert model.states.v[:].shape == (2, 1)


def test_dt_comes_back() -> None:
    model = Model()
    model.net.run(0.2 * ms)
    model.net.store()
    defaultclock.dt = 0.05 * ms
    model.net.run(0.1 * ms)
    model.net.restore()
    assert float(defaultclock.dt) == 0.1e-3
    model.net.run(0.1 * ms)
    assert list(model.states.t / ms) == pytest.approx([0, 0.1, 0.2])


def test_a_state_is_replaced() -> None:
    model = Model()
    model.net.store()
    model.net.run(0.1 * ms)
    model.net.store()
    model.net.run(0.1 * ms)
    model.net.restore()
    assert float(model.net.t / ms) == pytest.approx(0.1)


def test_changed_networks_are_left_as_they_are() -> None:
    model = Model()
    model.net.store()
    model.net.run(0.3 * ms)
    before = model.outcome()
    with pytest.raises(KeyError, match=r"'nothing'.*default"):
        model.net.restore("nothing")
    model.net.add(NeuronGroup(1, "v : 1", name="latecomer"))
    with pytest.raises(KeyError, match="latecomer"):
        model.net.restore()
    model.net.remove(model.net["latecomer"], model.states)
    with pytest.raises(KeyError, match="states"):
        model.net.restore()
    assert model.outcome() == before


# ---------------------------------------------------------------------- files


def test_a_file_holds_several_states(tmp_path: Path) -> None:
    path = tmp_path / "states"
    model = Model()
    model.net.store(filename=path)
    model.net.run(0.5 * ms)
    middle = model.outcome()
    model.net.store("0/v ä", filename=str(path))
    model.net.run(0.5 * ms)
    model.net.restore("0/v ä", filename=path)
    assert model.outcome() == middle
    model.net.restore(filename=path)
    assert float(model.net.t) == 0 and model.group.v[0] == 0
    with pytest.raises(KeyError, match=r"'nothing'.*default"):
        model.net.restore("nothing", filename=path)
    with pytest.raises(KeyError):
        model.net.restore("0/v ä")  # not in memory
    assert [entry.name for entry in tmp_path.iterdir()] == ["states"]


SCRIPT = """
import sys
sys.path[:0] = {paths!r}
from objects.networks.test_snapshot import Model, ms, seed
model = Model("rand()")
model.net.restore(filename={path!r}, restore_random_state=True)
model.net.run(0.5*ms)
print(model.outcome())
"""


def test_another_process_goes_on_with_the_same_random_numbers(tmp_path: Path) -> None:
    path = tmp_path / "states"
    seed(7)
    model = Model("rand()")
    model.net.run(0.5 * ms)
    model.net.store(filename=path)
    model.net.run(0.5 * ms)
    script = SCRIPT.format(paths=[str(Path(__file__).parents[2])], path=str(path))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == f"{model.outcome()}\n"


def some_damage(data: bytes) -> list[bytes]:
    """Returns wrong contents: none, text, cut short, one byte changed at several places, other archives."""
    import io

    plain, other = io.BytesIO(), io.BytesIO()
    np.save(plain, np.zeros(3))
    np.savez(other, index=np.frombuffer(b'{"format": 1, "states": {"default": {}}}', np.uint8))
    flipped = [data[:k] + bytes([data[k] ^ 0x55]) + data[k + 1 :] for k in range(0, 200, 13)]
    return [
        b"",
        b"hello",
        b"PK\x03\x04",
        data[: len(data) // 2],
        data[:-30],
        plain.getvalue(),
        other.getvalue(),
        *flipped,
    ]


def test_damaged_files(tmp_path: Path) -> None:
    path = tmp_path / "states"
    model = Model()
    model.net.store(filename=path)
    model.net.run(0.3 * ms)
    before, good = model.outcome(), path.read_bytes()
    refused = 0
    for data in some_damage(good):
        path.write_bytes(data)
        try:
            model.net.restore(filename=path)
        except ValueError as error:
            assert str(path) in str(error) and "damaged" in str(error)
            assert model.outcome() == before
            refused += 1
        else:  # the changed byte was one that nothing depends on, such as a time stamp
            assert float(model.net.t) == 0 and not model.group.v[:].any()
            model = Model()
            model.net.run(0.3 * ms)
    assert refused >= 12
    with pytest.raises(ValueError, match="damaged"):
        path.write_bytes(b"precious data of another program")
        model.net.store(filename=path)
    assert path.read_bytes() == b"precious data of another program"


def test_files_that_cannot_be_read_or_written(tmp_path: Path) -> None:
    net = Model().net
    with pytest.raises(FileNotFoundError):
        net.restore(filename=tmp_path / "nothing")
    with pytest.raises(OSError, match="where"):
        net.store(filename=tmp_path / "nowhere" / "states")
    with pytest.raises(OSError, match="states"):
        (tmp_path / "states").mkdir()
        net.store(filename=tmp_path / "states")
    assert [entry.name for entry in tmp_path.iterdir()] == ["states"]


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    path = tmp_path / "states"
    model = Model()
    model.net.store(filename=path)
    good = path.read_bytes()
    model.net.run(0.3 * ms)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(good) // 2, limits[1]))  # files cannot grow beyond
    try:
        with pytest.raises(OSError, match=r"cannot be written.*states"):
            model.net.store("second", filename=path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == good and len(list(tmp_path.iterdir())) == 1


@pytest.mark.skipif(os.name == "nt", reason="access rights of another kind")
def test_access_rights(tmp_path: Path) -> None:
    path = tmp_path / "states"
    net = Model().net
    before = os.umask(0o027)
    try:
        net.store(filename=path)
        assert path.stat().st_mode & 0o777 == 0o640
        path.chmod(0o604)
        net.store(filename=path)
        assert path.stat().st_mode & 0o777 == 0o604
    finally:
        os.umask(before)


# ---------------------------------------------------------------------- seeds


def draws(value: int | None = None) -> list[float]:
    if value is not None:
        seed(value)
    group = NeuronGroup(4, "v : 1\nw : 1", name="drawing*")
    group.w = "rand()"
    group.run_regularly("v = rand()")
    Network(group).run(0.1 * ms)
    return [*group.w[:], *group.v[:]]


def test_seeds_reproduce_all() -> None:
    first = draws(1)
    again = draws()
    assert draws(1) == first and draws() == again
    assert draws(2) != first != again
    assert len({*first, *again}) == 16
    seed()
    assert draws() != draws(1) and draws(np.int64(1)) == first


def test_seeding_between_runs() -> None:
    group = NeuronGroup(1, "v : 1")
    group.run_regularly("v = rand()")
    net = Network(group)

    def two(value: int) -> list[float]:
        seed(value)
        net.run(0.1 * ms)
        first = group.v[0]
        net.run(0.1 * ms)
        return [first, group.v[0]]

    assert len({*two(1), *two(2)}) == 4


def test_numpy_is_seeded_too() -> None:
    seed(42)
    ours = np.random.rand(3)
    np.random.seed(42)
    assert list(ours) == list(np.random.rand(3))


def test_wrong_seeds() -> None:
    with pytest.raises(TypeError):
        seed("1")
    with pytest.raises(TypeError):
        seed(1.5)
    for value in (-1, 2**32):
        with pytest.raises(ValueError, match="Seed"):
            seed(value)


def test_random_states_are_restored_on_request() -> None:
    model = Model("rand()")
    model.net.store()
    outcomes = []
    for restored in (False, True, True, False):
        model.net.restore(restore_random_state=restored)
        model.net.run(0.5 * ms)
        outcomes.append((model.outcome(), np.random.rand()))
    assert outcomes[1] == outcomes[2]
    assert outcomes[0][0] != outcomes[1][0] != outcomes[3][0] != outcomes[0][0]


def test_results_do_not_depend_on_how_a_run_is_cut() -> None:
    seed(3)
    whole = Model("randn()")
    whole.net.run(2 * ms)
    seed(3)
    cut = Model("randn()")
    for _ in range(4):
        cut.net.run(0.5 * ms)
    assert whole.outcome() == cut.outcome()


def test_scripts_in_separate_processes_agree() -> None:
    script = textwrap.dedent(
        f"""
        import sys
        sys.path[:0] = {[str(Path(__file__).parents[2])]!r}
        from objects.networks.test_snapshot import draws
        print(draws(5))
        """
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == f"{draws(5)}\n"


# ---------------------------------------------------------------------- all or nothing


class Connected:
    """Two cells, synapses with weights and delays, and spikes from outside."""

    def __init__(self, weight: str = "1", dtype: type = np.float64, record: object = True) -> None:
        self.cells = NeuronGroup(
            3, "dv/dt = (2 - v)/ms : 1", method="euler", threshold="v > 1", reset="v = 0", name="cells", dtype=dtype
        )
        self.inputs = SpikeGeneratorGroup(2, [0, 1, 0], [0.1, 0.3, 0.7] * ms, name="inputs")
        self.synapses = Synapses(self.inputs, self.cells, f"w : {weight}", on_pre="v_post += w", name="synapses")
        self.synapses.connect()
        self.synapses.w = 1
        self.synapses.delay = "0.1*ms + 0.1*j*ms"
        self.states = StateMonitor(self.cells, "v", record=record, name="states")
        self.net = Network(self.cells, self.inputs, self.synapses, self.states)
        self.net.run(0.4 * ms)

    def outcome(self) -> list[object]:
        values = (self.cells.v[:], self.synapses.w[:], self.synapses.delay_[:], self.states.v[:])
        return [self.net.t / ms, self.inputs.spike_number[:].tolist(), *(np.asarray(k).tolist() for k in values)]


@pytest.mark.parametrize(
    ("now", "message"),
    [
        ({"record": [0, 1]}, "What was stored for 'states' has other columns"),
        ({"dtype": np.float32}, "What was stored for 'states' has other columns"),
        ({"weight": "integer"}, r"'synapses' has changed .*'w' \(stored as float64, now int32\)"),
        ({"weight": "1\nu : 1"}, r"'synapses' has changed .*'u' \(not stored\)"),
        ({"weight": "1 (shared)"}, r"'synapses' has changed .*'w' \(stored with 6 values, now 1\)"),
    ],
)
def test_states_of_other_models_change_nothing(tmp_path: Path, now: dict[str, object], message: str) -> None:
    path = tmp_path / "states"
    gc.collect()  # objects of other tests give their names back
    Connected().net.store(filename=path)
    gc.collect()
    model = Connected(**now)
    model.net.run(0.3 * ms)
    before = model.outcome()
    with pytest.raises((KeyError, ValueError), match=message):
        model.net.restore(filename=path)
    assert model.outcome() == before


def shortened(array: np.ndarray) -> np.ndarray:
    return array[:-1]


def beyond(array: np.ndarray) -> np.ndarray:
    return array + 1000


@pytest.mark.parametrize(
    ("key", "change"),
    [
        ("states/column/0", shortened),
        ("states/column/1", shortened),
        ("synapses/array/j", shortened),
        ("synapses/array/j", beyond),
        ("synapses/array/i", beyond),
        ("synapses/array/w", shortened),
        ("pathway/array/delay", shortened),
        ("pathway/array/due", shortened),
        ("pathway/array/synapses", beyond),
        ("inputs/array/spike_time", shortened),
        ("inputs/array/neuron_index", beyond),
        ("cells/array/events spike count", beyond),
        ("cells/array/v", shortened),
    ],
)
def test_arrays_that_do_not_fit_together_change_nothing(tmp_path: Path, key: str, change: object) -> None:
    path = tmp_path / "states"
    model = Connected()
    model.net.store(filename=path)
    with np.load(path) as file:
        arrays = dict(file)
    place = f"0/{key}".replace("pathway", model.synapses.pre.name)
    arrays[place] = change(arrays[place])
    with path.open("wb") as file:
        np.savez(file, **arrays)
    model.net.run(0.3 * ms)
    before = model.outcome()
    with pytest.raises((KeyError, ValueError), match=key.split("/")[0].replace("pathway", "synapses_pre")):
        model.net.restore(filename=path)
    assert model.outcome() == before


def test_rows_that_were_written_since_change_nothing(tmp_path: Path) -> None:
    model = Connected()
    model.net.store()
    model.states.stream_to(tmp_path / "v.arrows")
    model.net.run(0.3 * ms)
    before = model.cells.v[:]
    with pytest.raises(ValueError, match="written to"):
        model.net.restore()
    assert np.array_equal(model.cells.v[:], before) and float(model.net.t / ms) == pytest.approx(0.7)


def test_a_group_of_a_script_stores_what_it_owns() -> None:
    class Counter(BrianObject):
        add_to_magic_network = True

        def __init__(self) -> None:
            super().__init__(name="counter*")
            self.number = np.zeros(1, dtype=np.int64)

        def run(self) -> None:
            self.number += 1

        def state_arrays(self) -> dict[str, np.ndarray]:
            return {"number": self.number}

    counter = Counter()
    net = Network(counter)
    net.run(0.3 * ms)
    net.store()
    net.run(0.2 * ms)
    assert counter.number[0] == 5
    net.restore()
    assert counter.number[0] == 3


@pytest.mark.parametrize("is_sorted", [True, False])
def test_a_stored_state_holds_the_connections_themselves(is_sorted):
    start_scope()
    cells = NeuronGroup(50, "v : 1", threshold="v > 1")
    synapses = Synapses(cells, cells, "w : 1\nu : 1", on_pre="v += w")
    rng = np.random.default_rng(4)
    pre, post = rng.integers(0, 50, 400), rng.integers(0, 50, 400)
    synapses.connect(i=np.sort(pre) if is_sorted else pre, j=post)
    synapses.w, synapses.u = "rand()", 3
    net = Network(cells, synapses)
    before = {name: np.array(getattr(synapses, name)[:]) for name in ("i", "j", "w", "u")}
    state = snapshot.take(net).objects[synapses.name]
    for name, of in (("i", synapses.connections.sources), ("j", synapses.connections.targets)):
        assert state.arrays[name].held is of.basis and np.array_equal(state.arrays[name], before[name])
        assert (state.arrays[name].min(), state.arrays[name].max()) == (before[name].min(), before[name].max())
    assert state.arrays["u"].strides == (0,), "equal values have one element"
    assert pickle.loads(pickle.dumps(state)).arrays["i"].size == 400
    net.store()
    synapses.connect(i=[3, 49], j=[7, 0])
    synapses.w, synapses.u = 0, "i"
    net.restore()
    assert all(np.array_equal(getattr(synapses, name)[:], values) for name, values in before.items())
    synapses.connect(i=0, j=0)
    assert len(synapses) == 401 and synapses.i[400] == 0


def test_restoring_unchanged_connections_keeps_what_was_made_of_them():
    start_scope()
    cells = NeuronGroup(20, "v : 1", threshold="v > 1")
    synapses = Synapses(cells, cells, "w : 1", on_pre="v += w", delay=1 * ms)
    synapses.connect(p=0.4)
    net = Network(cells, synapses)
    net.run(1 * ms)
    net.store()
    net.run(1 * ms)
    held = synapses.connections.sources.basis, synapses.connections.targets.basis
    net.restore()
    assert held[0] is synapses.connections.sources.basis and held[1] is synapses.connections.targets.basis
