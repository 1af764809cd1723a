"""What an exported program has left behind: values of arrays, and what monitors recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ranvier.ir.text_files import read_object
from ranvier.runtime.arrow import pyarrow


@dataclass(frozen=True)
class Results:
    """What a run of an exported program has left behind.

    Attributes:
        time: The simulated time in seconds.
        arrays: The values of variables in base units, by the names that the header gives: "neurongroup.v".
        tables: What monitors recorded, by their names: Arrow tables, as `monitor.to_arrow()` gives them.
    """

    time: float
    arrays: Mapping[str, npt.NDArray[Any]]
    tables: Mapping[str, Any]


def read_results(directory: str | Path, results: str | Path = "results") -> Results:
    """Returns what a run of an exported program has left behind.

    Args:
        directory: Where the network was exported to.
        results: Where the program has written to (its option -o); relative to `directory`.

    Raises:
        FileNotFoundError: Nothing was exported there, or the program has not run.
        ValueError: The files are not those of this network.
    """
    directory = Path(directory)
    manifest = read_manifest(directory)
    results = directory / results
    path = results / f"{manifest['name']}.bin"
    if not path.is_file():
        raise FileNotFoundError(
            f"There is no {path}: run the exported program first (in {directory}: ./{manifest['name']} -o "
            f"{results.name})"
        )
    data = np.fromfile(path, dtype=np.uint8)
    if data.size != manifest["bytes"]:
        raise ValueError(f"{path} has {data.size} bytes, but the arrays of '{manifest['name']}' {manifest['bytes']}")
    arrays = {one["name"]: np.frombuffer(data, one["dtype"], one["count"], one["offset"]) for one in manifest["arrays"]}
    tables = {name: _read_table(results / f"{name}.arrows") for name in manifest["tables"]}
    return Results(float(data[:8].view("<f8")[0]), arrays, tables)


def read_manifest(directory: Path) -> dict[str, Any]:
    """Returns what the exported directory says of itself.

    Raises:
        FileNotFoundError: Nothing was exported there.
        ValueError: The file that says it is damaged.
    """
    found = sorted(path for path in directory.glob("*.json") if path.with_suffix(".h").exists())
    if not found:
        raise FileNotFoundError(
            f"There is no exported network in {directory}: ranvier export and Network.export write one"
        )
    manifest = read_object(found[0])
    try:
        _check_manifest(manifest)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{found[0]} is damaged, or of another version ({type(error).__name__}: {error}): export the network again"
        ) from None
    return manifest


def _check_manifest(manifest: Mapping[str, Any]) -> None:
    """Checks that all arrays are numbers within the block, and that names are names of files in the directory."""
    size = int(manifest["bytes"])
    if size < 8:
        raise ValueError("'bytes' is less than 8")
    for name in (manifest["name"], *manifest["tables"]):
        if not isinstance(name, str) or Path(name).name != name:
            raise ValueError(f"{name!r} is no name")
    for one in manifest["arrays"]:
        kind, count, offset = np.dtype(one["dtype"]), one["count"], one["offset"]
        if kind.hasobject or count < 0 or offset < 0 or offset + count * kind.itemsize > size:
            raise ValueError(f"the array {one['name']!r} is not within the {size} bytes")


def _read_table(path: Path) -> Any:
    if not path.is_file():
        raise FileNotFoundError(f"There is no {path}: run the exported program first")
    pa = pyarrow()
    try:
        with pyarrow("ipc").open_stream(pa.memory_map(str(path))) as reader:
            return reader.read_all()
    except (pa.ArrowException, OSError) as error:
        if getattr(error, "errno", None) is not None:
            raise
        raise ValueError(f"{path} is damaged ({error}): run the exported program again") from None
