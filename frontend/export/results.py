"""What an exported program has left behind: values of arrays, and what monitors recorded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

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
    """
    found = sorted(path for path in directory.glob("*.json") if path.with_suffix(".h").exists())
    if not found:
        raise FileNotFoundError(
            f"There is no exported network in {directory}: ranvier export and Network.export write one"
        )
    manifest: dict[str, Any] = json.loads(found[0].read_text(encoding="utf-8"))
    return manifest


def _read_table(path: Path) -> Any:
    with pyarrow("ipc").open_stream(pyarrow().memory_map(str(path))) as reader:
        return reader.read_all()
