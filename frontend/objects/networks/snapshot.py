"""`store` and `restore`: the state of a network, in memory and in files.

A file is a zip archive of plain arrays (numpy's .npz): it holds any number of states under their names, nothing in it
is executed when it is read, and it is replaced as a whole, so that an interrupted write leaves the old file.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import threading
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np

from ranvier.objects.memory.arrays import Array
from ranvier.objects.memory.stored import ObjectState, state_of
from ranvier.runtime.state import Layout
from ranvier.session.clocks import BaseClock, Clock, same_time
from ranvier.session.randomness import NetworkRandom, numpy_state

if TYPE_CHECKING:
    from ranvier.objects.groups.brianobject import BrianObject

FORMAT = 1


@dataclass
class NetworkState:
    """The state of a network.

    Attributes:
        time: Seconds.
        clocks: Name → (step, dt in seconds) of those with a dt.
        objects: Name → state.
        random_key: Of compiled code.
        numpy_random: Of numpy's global generator.
    """

    time: float
    clocks: dict[str, tuple[int, float]]
    objects: dict[str, ObjectState]
    random_key: tuple[int, int]
    numpy_random: Any


class Storable(Protocol):
    """A network, as far as its state goes."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    random: NetworkRandom
    is_half_restored: bool

    @property
    def t_(self) -> float:
        """Current time in seconds."""
        ...

    @t_.setter
    def t_(self, value: float) -> None: ...

    @property
    def clocks(self) -> Sequence[BaseClock]:
        """The clocks of all objects."""
        ...

    def __iter__(self) -> Iterator[BrianObject]:
        """Returns all objects."""
        ...


def take(network: Storable, lasting: Collection[tuple[str, str]] = ()) -> NetworkState:
    """Returns the present state of a network; what can change is copied.

    Args:
        network: The network.
        lasting: The objects and names of arrays that nobody changes as long as the state is used.
    """
    objects: dict[str, ObjectState] = {}
    for obj in network:
        if obj.has_state:
            objects[obj.name] = state_of(obj, [name for owner, name in lasting if owner == obj.name])
    return NetworkState(
        time=network.t_,
        clocks={clock.name: (int(clock.timestep), clock.dt_) for clock in network.clocks if isinstance(clock, Clock)},
        objects=objects,
        random_key=network.random.state(),
        numpy_random=numpy_state(),
    )


@contextlib.contextmanager
def _restoring(what: str) -> Generator[None, None, None]:
    """Lets arrays be asked for whose values are lost with a GPU: all of them are about to be set anew."""
    Layout.restoring = what
    try:
        yield
    finally:
        Layout.restoring = ""


def put_back(network: Storable, state: NetworkState, *, restore_random_state: bool, restore_numpy: bool = True) -> None:
    """Sets a network back to a state, all of it or nothing: each object is asked first whether it can.

    Args:
        network: The network.
        state: The state.
        restore_random_state: Whether the random numbers that follow are those that followed then.
        restore_numpy: Whether this is so for numpy's, too, which takes 50 us: not where a seed is set next.

    Raises:
        KeyError: If an object of the state is not in the network, or one of the network not in the state, or an object
            is not what it was. Then nothing has been changed.
        ValueError: If the state of an object does not fit together, or a monitor has other columns, or has written to a
            file what it would have to forget. Then nothing has been changed, either.
        MemoryError: There is too little memory; the network cannot be run until a state has been restored.
    """
    with _restoring("looking"):
        present = {obj.name: obj for obj in network if obj.has_state}
        _check_names(present, state.objects)
        for obj in present.values():
            obj.check_state(state.objects)
    network.is_half_restored = True
    if restore_random_state:
        if restore_numpy:
            np.random.set_state(state.numpy_random)
        network.random.set_state(state.random_key)
    else:
        network.random.renew()
    with _restoring("writing"):
        for name, obj in present.items():
            obj.set_state(state.objects[name])
    clocks = network.clocks
    for clock in clocks:
        if isinstance(clock, Clock) and clock.name in state.clocks:
            clock.set_state(*state.clocks[clock.name])
    for clock in clocks:
        if not isinstance(clock, Clock):  # what comes next follows from the time
            clock.set_interval(state.time, state.time, same_time(clocks))
    network.t_ = state.time
    network.is_half_restored = False


def check_whole(network: Storable) -> None:
    """Checks that the last `put_back` came to its end.

    Raises:
        RuntimeError: If it did not: some objects are in another state than the others.
    """
    if network.is_half_restored:
        raise RuntimeError(f"The last restore() of '{network.name}' did not come to its end: call restore() again.")


def _check_names(present: Collection[str], stored: Collection[str]) -> None:
    missing = sorted(set(stored) - set(present))
    new = sorted(set(present) - set(stored))
    if missing or new:
        raise KeyError(
            "The objects of the network have changed since it was stored: "
            + "; ".join(
                f"{what}: {', '.join(names)}" for what, names in (("gone", missing), ("not stored", new)) if names
            )
        )


# ---------------------------------------------------------------- files


def save(filename: str | os.PathLike[str], name: str, state: NetworkState) -> None:
    """Writes a state into a file, beside those that are there under other names.

    Raises:
        OSError: If the file cannot be written; one that is there stays as it was.
        ValueError: If there is a file, but not one of this kind.
    """
    path = Path(filename)
    states = _read_all(path) if path.exists() else {}
    states[name] = _flatten(state)
    buffer = io.BytesIO()
    arrays: dict[str, Any] = {}
    index: dict[str, Any] = {"format": FORMAT, "states": {}}
    for number, (label, (header, values)) in enumerate(states.items()):
        index["states"][label] = header
        for key, array in values.items():
            arrays[f"{number}/{key}"] = array
    arrays["index"] = np.frombuffer(json.dumps(index).encode(), dtype=np.uint8)
    np.savez_compressed(buffer, **arrays)
    _replace_file(path, buffer.getvalue())


def _replace_file(path: Path, data: bytes) -> None:
    """Writes a file that appears whole or not at all, with the access rights that writing in place would give.

    Raises:
        OSError: Naming the file and the reason.
    """
    temporary = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}.tmp")
    try:
        _write_to_disk(temporary, memoryview(data))
        if path.exists():
            shutil.copymode(path, temporary)
        os.replace(temporary, path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        if isinstance(error, OSError):
            raise OSError(error.errno, f"The state cannot be written ({error.strerror})", str(path)) from error
        raise


def _write_to_disk(path: Path, rest: memoryview) -> None:
    """Writes a file that is on the disk when this returns: the old one goes when the new one has its name."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o666)
    try:
        while rest:
            rest = rest[os.write(file, rest) :]
        os.fsync(file)
    finally:
        os.close(file)


def read(filename: str | os.PathLike[str], name: str) -> NetworkState:
    """Reads a state from a file.

    Raises:
        OSError: If there is no such file, or it cannot be read.
        KeyError: If there is no state of that name in it.
        ValueError: If the file is damaged or of another kind.
    """
    states = _read_all(Path(filename))
    if name not in states:
        raise KeyError(f"No stored state with name '{name}' in {filename}; there are: {', '.join(states) or 'none'}.")
    with _damage_of(filename):
        return _unflatten(*states[name])


Flat = tuple[dict[str, Any], "dict[str, Array]"]


def _read_all(path: Path) -> dict[str, Flat]:
    data = io.BytesIO(path.read_bytes())
    with _damage_of(path), np.load(data, allow_pickle=False) as file:
        index = json.loads(bytes(file["index"]))
        if index["format"] == FORMAT:
            return {
                label: (header, {k.removeprefix(f"{n}/"): file[k] for k in file if k.startswith(f"{n}/")})
                for n, (label, header) in enumerate(index["states"].items())
            }
    raise ValueError(f"{path} was written by another version of the simulator (format {index['format']}).")


@contextlib.contextmanager
def _damage_of(path: str | os.PathLike[str]) -> Generator[None, None, None]:
    """Makes whatever goes wrong while the content of a file is read a `ValueError` that names the file."""
    try:
        yield
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise ValueError(f"{path} is not a file of stored states, or it is damaged ({reason}).") from error


def _flatten(state: NetworkState) -> Flat:
    arrays: dict[str, Any] = {}
    objects: dict[str, Any] = {}
    for name, stored in state.objects.items():
        for key, array in stored.arrays.items():
            arrays[f"{name}/array/{key}"] = np.asarray(array)
        objects[name] = {"arrays": list(stored.arrays), "table": None}
        if stored.table is not None:
            columns, values = stored.table.as_arrays()
            objects[name]["table"] = columns
            for k, column in enumerate(values):
                arrays[f"{name}/column/{k}"] = column
    kind, keys, *rest = state.numpy_random
    arrays["numpy_random"] = np.asarray(keys)
    header = {
        "time": state.time,
        "clocks": state.clocks,
        "objects": objects,
        "random_key": list(state.random_key),
        "numpy_random": [kind, *(float(value) if isinstance(value, float) else int(value) for value in rest)],
    }
    return header, arrays


def _unflatten(header: Mapping[str, Any], arrays: Mapping[str, Array]) -> NetworkState:
    from ranvier.runtime.columns import TableSnapshot

    objects: dict[str, ObjectState] = {}
    for name, entry in header["objects"].items():
        table = None
        if entry["table"] is not None:
            columns = [arrays[f"{name}/column/{k}"] for k in range(len(entry["table"]))]
            table = TableSnapshot.from_arrays(entry["table"], columns)
        objects[name] = ObjectState({key: arrays[f"{name}/array/{key}"] for key in entry["arrays"]}, table)
    key, number = header["random_key"]
    state = NetworkState(
        time=float(header["time"]),
        clocks={name: (int(step), float(dt)) for name, (step, dt) in header["clocks"].items()},
        objects=objects,
        random_key=(int(key), int(number)),
        numpy_random=_numpy_state_of(header["numpy_random"], arrays["numpy_random"]),
    )
    if not 0 <= state.time < np.inf:
        raise ValueError(f"the time {state.time} s")
    for name, (step, dt) in state.clocks.items():
        if not (0 <= step < 2**63 and 0 < dt < np.inf):
            raise ValueError(f"the clock '{name}' at step {step} of {dt} s")
    return state


def _numpy_state_of(header: Sequence[object], keys: Array) -> tuple[object, ...]:
    """Returns a state of numpy's generator, which itself would read beyond its numbers if the position were wrong.

    Raises:
        ValueError: If it is none.
    """
    kind, position, has_gauss, gauss = header
    if kind != "MT19937" or keys.shape != (624,) or keys.dtype != np.uint32:
        raise ValueError("the state of numpy's random numbers")
    if type(position) is not int or not 0 <= position <= len(keys) or has_gauss not in (0, 1):
        raise ValueError(f"the position {position} in numpy's random numbers")
    return kind, keys, position, int(has_gauss == 1), float(cast(float, gauss))
