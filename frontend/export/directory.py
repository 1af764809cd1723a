"""From a prepared network to a directory with all that a C compiler makes a program of."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from ranvier.actions.actions import Action
from ranvier.codegen.target import Target
from ranvier.export.c_text import header_text, source_text
from ranvier.export.image import Image, image_of
from ranvier.export.refused import check_exportable
from ranvier.stages.road import Options, build_loops, current_options, make_plan

if TYPE_CHECKING:
    from ranvier.pipeline.stage_table import Loops
    from ranvier.session.clocks import BaseClock

RUN_TIME = ("ranvier.h", "ranvier.c")
"""The files of the C run time, which are the same for all networks."""

_KEYWORDS = frozenset({"main", "int", "double", "float", "long", "short", "char", "void", "const", "static", "ranvier"})


@dataclass(frozen=True)
class Exported:
    """A network that was exported.

    Attributes:
        directory: Where it was written to.
        name: Its name, with which its files begin.
        target: The machine that it was compiled for.
        files: The files that were written.
    """

    directory: Path
    name: str
    target: Target
    files: tuple[Path, ...]

    def __str__(self) -> str:
        size = sum(path.stat().st_size for path in self.files)
        return f"{len(self.files)} files ({size / 1e6:.2f} MB) for {self.target.triple} in {self.directory}"


@dataclass(frozen=True)
class Request:
    """What is exported.

    Attributes:
        actions: What happens in a step.
        clocks: The clocks of the network.
        key: The key of its random numbers.
        start: The simulated time at which it begins, in seconds.
        duration: How long it runs if it is not told otherwise, in seconds.
    """

    actions: Sequence[Action]
    clocks: Sequence[BaseClock]
    key: int
    start: float
    duration: float


def export(request: Request, directory: Path, name: str, target: Target, options: Options | None = None) -> Exported:
    """Writes object file, header, sources and arrays of a network.

    Args:
        request: What is exported.
        directory: Where to; it is made if it does not exist.
        name: The name of the network, an identifier of C.
        target: The machine that it is compiled for.
        options: How to compile; by default what the preferences say.

    Raises:
        ValueError: The name cannot be one in C.
        NotImplementedError: The network needs Python in its steps; the message names the objects.
    """
    if not re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII) or name in _KEYWORDS:
        raise ValueError(f"The name of an exported network is one in C, such as 'network', not {name!r}")
    options = _for_one_thread(options or current_options())
    plan, arguments = make_plan(request.actions, request.clocks, options=options)
    check_exportable(arguments.actions, plan)
    arguments.values[0] = request.key
    loops = build_loops(plan, options)
    image = image_of(plan, loops.slots, arguments.values, request.start)
    directory.mkdir(parents=True, exist_ok=True)
    code = directory / f"{name}_code.o"
    code.write_bytes(_object_code(loops, f"{name}_entry", target, options))
    image.write(directory / f"{name}.bin")
    written = [code, directory / f"{name}.bin", *_write_texts(request, image, directory, name, target)]
    return Exported(directory, name, target, tuple(written))


def _for_one_thread(options: Options) -> Options:
    return replace(options.on_device, target="cpu")


def _object_code(loops: Loops, symbol: str, target: Target, options: Options) -> bytes:
    # only what is exported is compiled without the cache: both load xDSL
    from ranvier.codegen.compile import object_file
    from ranvier.codegen.llvm.emitter import emit_module

    text = emit_module(loops.module, target=target, options=options.code, slots=loops.slots)
    return object_file(text, symbol, target=target, options=options.code)


def _write_texts(request: Request, image: Image, directory: Path, name: str, target: Target) -> list[Path]:
    about = f"The network '{name}' for {target.triple}, exported by Ranvier."
    texts = {
        f"{name}.h": header_text(name, image, about),
        f"{name}.c": source_text(name, image, start=request.start, duration=request.duration, about=about),
        f"{name}.json": json.dumps(_manifest(request, image, name, target), indent=1) + "\n",
        "main.c": _packaged("main.c").replace("@NAME@", name),
        "Makefile": _packaged("Makefile").replace("@NAME@", name),
    }
    for file, text in texts.items():
        (directory / file).write_text(text, encoding="utf-8")
    for file in RUN_TIME:
        (directory / file).write_text(_packaged(file), encoding="utf-8")
    return [directory / file for file in (*texts, *RUN_TIME)]


def _packaged(file: str) -> str:
    return (files("ranvier.export") / "c" / file).read_text(encoding="utf-8")


def _manifest(request: Request, image: Image, name: str, target: Target) -> dict[str, object]:
    """Returns what programs that read results have to know."""
    arrays = [
        {
            "name": one.name,
            "unit": one.unit,
            "dtype": one.array.dtype.newbyteorder("<").str,
            "offset": one.offset,
            "count": int(one.array.size),
        }
        for one in image.arrays
        if one.name
    ]
    return {
        "name": name,
        "target": target.triple,
        "cpu": target.cpu,
        "start": request.start,
        "duration": request.duration,
        "bytes": image.size,
        "tables": [table.name for table in image.tables if table.messages is not None],
        "arrays": arrays,
    }
