"""`device.build(results_directory=...)`: the values after a run as files that numpy reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ranvier.objects.groups.group import VariableOwner
from ranvier.objects.memory.new_storage import dimension_text
from ranvier.objects.monitors.monitor import Monitor
from ranvier.objects.variables.variables import ArrayVariable, Variable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ranvier.objects.groups.brianobject import BrianObject

INDEX = "run.json"
"""The file that says what is in the others."""

NO_RESULTS = frozenset({"N", "dt", "t_in_timesteps"})
"""Variables that are no results."""


def write_results(directory: Path, objects: Mapping[str, BrianObject], facts: Mapping[str, object]) -> list[Path]:
    """Writes a file `object.variable.npy` for each variable, in unscaled units, and an index; returns their paths.

    Args:
        directory: Where; it is made if it does not exist.
        objects: The objects that were run.
        facts: What the index says of the run.

    Raises:
        OSError: If a file cannot be written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    units: dict[str, str] = {}
    for obj in objects.values():
        if not isinstance(obj, VariableOwner):
            continue
        states = obj.get_states(units=False, subexpressions=False, read_only_variables=True)
        for name, values in states.items():
            variable = obj.variables.get(name)
            if _is_result(obj, name, variable):
                file = f"{obj.name}.{name}.npy"
                np.save(directory / file, values, allow_pickle=False)
                units[file] = "" if variable is None else dimension_text(variable.dim)
    index = directory / INDEX
    index.write_text(json.dumps({**facts, "files": units}, indent=1), encoding="utf-8")
    return [*(directory / file for file in units), index]


def _is_result(obj: VariableOwner, name: str, variable: Variable | None) -> bool:
    if isinstance(obj, Monitor):
        return name not in NO_RESULTS
    return isinstance(variable, ArrayVariable) and variable.owner is obj
