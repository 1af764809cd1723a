"""Machine code says which lines of the equations it computes, to tools that ask."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from chosen_target import longest

from ranvier import Network, NeuronGroup, ms, prefs
from ranvier.codegen.artifact import Artifact
from ranvier.codegen.compile import compile_text
from ranvier.codegen.elf import ObjectFile
from ranvier.codegen.errors import LoadError
from ranvier.codegen.registered import register
from ranvier.stages import Lowered, build_loops, compile_plan
from ranvier.stages.instance_programs import compile_batch

MODEL = "dv/dt = (1.5 - v)/tau : 1\ndw/dt = -w/tau : 1"

linux = pytest.mark.skipif(sys.platform != "linux", reason="objects are ELF files on Linux only")


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Lowered]:
    """A small network's program with debug information, kept in a cache of its own."""
    prefs.codegen.cache_dir, prefs.codegen.debug_info = str(tmp_path), True
    try:
        cells = NeuronGroup(8, MODEL, threshold="v > 1", reset="v = 0", method="euler", name="cells")
        yield Network(cells).lower(namespace={"ms": ms, "tau": 9 * ms})
    finally:
        prefs.codegen.cache_dir, prefs.codegen.debug_info = None, False


@pytest.fixture
def object_path(program: Lowered, tmp_path: Path) -> Path:
    """The object file of that program."""
    path = tmp_path / "cells.o"
    path.write_bytes(compile_plan(program.plan, program.options).artifact.object_code)
    return path


def output(tool: str, *arguments: object) -> str:
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
    done = subprocess.run([tool, *map(str, arguments)], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@linux
def test_lines_of_equations_are_in_the_object(program: Lowered, object_path: Path) -> None:
    """As objdump shows them, and as perf is told."""
    lines = ObjectFile(object_path.read_bytes()).lines()
    equations = {(Path(line.file).name, line.line) for line in lines if line.line and not line.is_end}
    assert {("cells_stateupdater", 1), ("cells_stateupdater", 2), ("cells_spike_thresholder", 1)} <= equations
    assert Path(lines[0].file).parent == Path(program.options.codegen.debug_info)
    assert Path(program.options.codegen.debug_info, "cells_stateupdater").read_text() == MODEL
    shown = output("objdump", "-dl", object_path)
    assert "cells_stateupdater:2" in shown and "cells_spike_thresholder:1" in shown


@linux
def test_lines_of_equations_are_in_programs_of_several_instances(program: Lowered) -> None:
    own = [number for number, entry in enumerate(program.plan.inputs) if entry.label == "tau"]
    batch = compile_batch(program.plan, own, program.options)
    assert any(slot.own for slot in batch.slots)
    lines = ObjectFile(batch.artifact.object_code).lines()
    equations = {(Path(line.file).name, line.line) for line in lines if line.line and not line.is_end}
    assert {("cells_stateupdater", 1), ("cells_stateupdater", 2), ("cells_spike_thresholder", 1)} <= equations


@linux
def test_debug_information_is_as_dwarf_demands(object_path: Path) -> None:
    shown = output("llvm-dwarfdump", "--verify", object_path)
    assert "No errors" in shown


@linux
def test_names_of_functions_are_those_of_sweeps(object_path: Path) -> None:
    functions = [function.name for function in ObjectFile(object_path.read_bytes()).functions()]
    assert "run" in functions and any("cells_stateupdater" in name for name in functions)


def test_llvm_keeps_names_and_places(program: Lowered) -> None:
    text = program.as_text("llvm")
    assert "%_new__v." in text and "!DILocation(line: 2, column: " in text
    assert 'name: "cells_stateupdater"' not in text and "cells_stateupdater" in text


def test_without_being_asked_there_is_none() -> None:
    cells = NeuronGroup(8, MODEL, threshold="v > 1", reset="v = 0", method="euler", name="cells")
    program = Network(cells).lower(namespace={"tau": 9 * ms})
    assert program.options.codegen.debug_info == "" and "!dbg" not in program.as_text("llvm")


def test_key_of_programs_follows_the_texts(program: Lowered) -> None:
    """Plans with other texts share their key, programs with debug information name other files."""
    cells = NeuronGroup(8, f"# moved\n{MODEL}", threshold="v > 1", reset="v = 0", method="euler", name="cells")
    other = Network(cells).lower(namespace={"tau": 9 * ms})
    assert other.plan.key == program.plan.key
    assert other.options.codegen.debug_info != program.options.codegen.debug_info


@linux
def test_missing_functions_are_an_error(program: Lowered) -> None:
    call = "%r = call i64 @no_such_function()"
    entry = f"define i64 @ranvier_entry(ptr %t) {{\n  {call}\n  ret i64 %r\n}}"
    compiled = compile_text(f"declare i64 @no_such_function()\n{entry}\n")
    artifact = Artifact(compiled.object_code, (), compiled.target.triple)
    with pytest.raises(LoadError, match="there is no function 'no_such_function'"):
        register(artifact, {})
    assert build_loops(program.plan, program.options).slots


SCRIPT = f'''
import os, signal
from ranvier import *
cells = NeuronGroup(8, """{MODEL}""", threshold="v > 1", reset="v = 0", method="euler", name="cells")
Network(cells).run(1*ms, namespace={{"tau": 9*ms}})
os.kill(os.getpid(), signal.SIGTRAP)
'''


@linux
@pytest.mark.long
def test_gdb_and_perf_know_the_program(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    if shutil.which("gdb") is None:
        pytest.skip("gdb is not installed")
    ask = ["-ex", "run", "-ex", "info line cells_stateupdater:2", "-ex", "info inferiors"]
    environment = {**os.environ, "RANVIER_DEBUG_INFO": "1", "RANVIER_CACHE": str(tmp_path / "cache")}
    environment["TMPDIR"] = str(tmp_path)
    command = ["gdb", "-q", "-batch", *ask, "--args", sys.executable, str(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=longest())
    if "SIGTRAP" not in done.stdout:
        pytest.skip(f"gdb cannot run programs here: {done.stderr[-200:]}")
    assert "Line 2 of" in done.stdout and "starts at address" in done.stdout
    names = "".join(path.read_text() for path in tmp_path.glob("perf-*.map"))
    assert "cells_stateupdater" in names
    (dump,) = tmp_path.glob("ranvier-perf-*/jit-*.dump")
    assert dump.read_bytes().startswith(b"DTiJ") and b"cells_stateupdater" in dump.read_bytes()
