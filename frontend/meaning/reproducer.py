"""Reproducers: one file with a program, the passes to run on it, and what it is given.

They are IR files, in whose metadata is what MLIR's tools write there, and the inputs of a run:

    snn.program @p { ... }

    {-#
      external_resources: {
        mlir_reproducer: {
          pipeline: "builtin.module(fuse-maps)",
          disable_threading: true,
          verify_each: true
        },
        ranvier: { fault: "meaning", steps: "100", native: false, load: "[]" },
        params: { "cells.N": "3" }, states: { "cells.v": "[0.0, 0.5, 1.0]" }, events: {}, clocks: { ... }
      }
    #-}

Numbers and arrays are JSON; long arrays are the bytes, compressed and in base 64, behind "base64:".
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

from ranvier.ir.diagnostics import Diagnostic, IRFileError, PlacingParser, Resource, parse_module
from ranvier.ir.dialect import new_context
from ranvier.ir.interpret import ClockInput
from ranvier.meaning.check import STEPS
from ranvier.meaning.faults import Fault
from ranvier.meaning.given import Array, Given, entries_of, table_of
from ranvier.passes.pipeline import print_pipeline
from ranvier.pipeline.stage_table import module_text
from ranvier.text.run import DTYPES

LONG = 64
"""Arrays of more elements are written as bytes."""


@dataclass(frozen=True)
class Reproducer:
    """A program, passes and inputs that show a fault.

    Attributes:
        module: The program.
        pipeline: The passes, as text.
        given: What it begins with; None: it need not be run.
        fault: What is wrong, see `ranvier.meaning.faults.Kind`; "" if that is not known.
        steps: How many instants are compared.
        native: Whether native code is run.
        load: Files and modules that the passes come from.
    """

    module: ModuleOp
    pipeline: str
    given: Given | None = None
    fault: str = ""
    steps: int = STEPS
    native: bool = False
    load: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Returns the file."""
        entries: dict[str, Resource] = {
            "mlir_reproducer": {
                "pipeline": f"builtin.module({self.pipeline})",
                "disable_threading": True,
                "verify_each": True,
            },
            "ranvier": {
                "fault": self.fault,
                "steps": str(self.steps),
                "native": self.native,
                "load": json.dumps(list(self.load)),
            },
        }
        if self.given is not None:
            entries |= _given_entries(self.given)
        return f"{module_text(self.module)}\n{{-#\n  external_resources: {_written(entries, '  ')}\n#-}}\n"

    def write(self, path: str | Path) -> None:
        """Writes the file.

        Raises:
            OSError: It cannot be written.
        """
        Path(path).write_text(str(self), encoding="utf-8")


def reproducer_of(fault: Fault, *, native: bool = False, load: Sequence[str] = ()) -> Reproducer:
    """Returns the reproducer of a fault that was found: the program before the pass, and the instant that differs.

    Args:
        fault: What was found.
        native: Whether native code was run.
        load: Files and modules that the passes come from.
    """
    steps = 1 if fault.kind == "meaning" else STEPS
    return Reproducer(fault.begun, print_pipeline(fault.passes), fault.given, fault.kind, steps, native, tuple(load))


_LOAD = re.compile(r'^\s*load: ("(?:[^"\\]|\\.)*")', re.M)


def passes_in(text: str) -> tuple[str, ...]:
    """Returns where the passes of a reproducer come from: they may bring dialects, without which it cannot be read."""
    found = _LOAD.search(text, text.rfind("{-#"))
    try:
        return () if found is None or "{-#" not in text else tuple(json.loads(json.loads(found[1])))
    except (ValueError, TypeError):
        return ()  # `read_reproducer` says what is wrong


def read_reproducer(
    text: str,
    name: str = "<text>",
    context: Context | None = None,
    *,
    parser: type[PlacingParser] = PlacingParser,
    check: Callable[[ModuleOp], None] = lambda module: None,
) -> Reproducer:
    """Returns the reproducer in a file; one without metadata has no passes and no inputs.

    Args:
        text: The file.
        name: Its name, for messages.
        context: The dialects.
        parser: The parser of the module.
        check: Further checks of the module.

    Raises:
        IRFileError: It cannot be read, or breaks a rule.
    """
    kept: list[PlacingParser] = []

    class Keeping(parser):
        def __init__(self, context: Context, text: str, name: str) -> None:
            super().__init__(context, text, name)
            kept.append(self)

    module = parse_module(text, name, context or new_context(), parser=Keeping, check=check)
    try:
        return _of_resources(module, kept[0].resources)
    except (ValueError, KeyError, TypeError, AttributeError, zlib.error) as error:
        raise IRFileError(Diagnostic(f"the metadata of {name} cannot be read: {error}", name)) from None


def _of_resources(module: ModuleOp, found: Mapping[str, Resource]) -> Reproducer:
    mlir, ours = (cast("dict[str, Any]", found.get(key, {})) for key in ("mlir_reproducer", "ranvier"))
    pipeline = str(mlir.get("pipeline", ""))
    if pipeline.startswith("builtin.module(") and pipeline.endswith(")"):
        pipeline = pipeline.removeprefix("builtin.module(").removesuffix(")")
    return Reproducer(
        module,
        pipeline,
        _read_given(module, found) if "params" in found else None,
        str(ours.get("fault", "")),
        int(ours.get("steps", STEPS)),
        bool(ours.get("native", False)),
        tuple(json.loads(ours.get("load", "[]"))),
    )


# ---- values


def _given_entries(given: Given) -> dict[str, Resource]:
    return {
        "params": {label: json.dumps(np.asarray(value).item()) for label, value in given.params.items()},
        "states": {label: array_text(array) for label, array in given.states.items()},
        "events": {label: array_text(array) for label, array in given.events.items()},
        "clocks": {label: json.dumps([clock.n, clock.n_end, clock.dt]) for label, clock in given.clocks.items()},
    }


def array_text(array: Array) -> str:
    """Returns what the file says of an array."""
    if array.size <= LONG:
        return json.dumps(array.tolist())
    little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    return f"base64:{base64.b64encode(zlib.compress(little.tobytes())).decode()}"


def _array_of(text: str, dtype: str) -> Array:
    if text.startswith("base64:"):
        raw = zlib.decompress(base64.b64decode(text.removeprefix("base64:")))
        return np.frombuffer(raw, np.dtype(dtype).newbyteorder("<")).astype(dtype)
    return np.array(json.loads(text), dtype)


def _read_given(module: ModuleOp, found: Mapping[str, Resource]) -> Given:
    params, states, events, clocks = (
        cast("dict[str, str]", found.get(key, {})) for key in ("params", "states", "events", "clocks")
    )
    entries = entries_of(table_of(module))
    types = {entry.label: DTYPES[declared.type] for declared, entry in entries if entry.kind == "state"}
    given = Given(
        {label: json.loads(text) for label, text in params.items()},
        {label: _array_of(text, types[label]) for label, text in states.items() if label in types},
        {label: _array_of(text, "i4") for label, text in events.items()},
        {label: ClockInput(*json.loads(text)) for label, text in clocks.items()},
    )
    for declared, entry in entries:
        if entry.kind == "event_clock":
            given.clocks[entry.label].times = given.states[entries[declared.times][1].label]
    return given


# ---- MLIR's notation


def _written(value: Resource, margin: str) -> str:
    if isinstance(value, dict):
        inner = ",\n".join(f"{margin}  {_key(key)}: {_written(one, f'{margin}  ')}" for key, one in value.items())
        return f"{{\n{inner}\n{margin}}}" if value else "{}"
    if isinstance(value, bool):
        return "true" if value else "false"
    return _quoted(str(value))


def _key(key: str) -> str:
    return key if key.isidentifier() else _quoted(key)


def _quoted(text: str) -> str:
    text = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{text}"'
