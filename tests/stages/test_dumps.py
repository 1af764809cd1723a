"""Dumps that can be run again, and edited: `RANVIER_DUMP`, `RANVIER_OVERRIDE`, `ranvier run FILE --inputs FILE.npz`."""

from __future__ import annotations

import atexit
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ranvier import (
    Network,
    NeuronGroup,
    SpikeMonitor,
    Synapses,
    defaultclock,
    ms,
    network_operation,
    prefs,
    seed,
    start_scope,
)
from ranvier.commands import opt
from ranvier.commands.cli import main as ranvier
from ranvier.commands.opt import read_file
from ranvier.ir.diagnostics import IRFileError
from ranvier.ir.dialect import new_context
from ranvier.meaning.given import given_of
from ranvier.pipeline import edited_stages
from ranvier.pipeline.dumps import RUNNABLE, heading_of, read_inputs, write_inputs
from ranvier.pipeline.edited_stages import OVERRIDE_VARIABLE, OverrideError
from ranvier.text.program import InputError, TextProgram

NAMES = {"tau": 10 * ms, "ms": ms}
MLIR = (r"constant 1\.3125\S*", "constant 1.75")
EDITS = {"snn": MLIR, "optimised": MLIR, "loops": MLIR, "llvm": ("0x3FF5000000000000", "0x3FFC000000000000")}
"""What makes another drive of a stage's text."""


@pytest.fixture(autouse=True)
def one_thread() -> Any:
    start_scope()
    prefs.codegen.threads = 1
    seed(4)
    yield
    prefs.codegen.threads = "auto"


def made(drive: float = 1.3125) -> Network:
    model = f"dv/dt = ({drive} - v)/tau + 0.1*xi/tau**0.5 : 1"
    cells = NeuronGroup(7, model, threshold="v > 1", reset="v = 0", method="euler", name="cells")
    cells.v = "i/10.0"
    synapses = Synapses(cells, cells, "w : 1", on_pre="v_post += w", delay=0.3 * ms, name="synapses")
    synapses.connect()
    synapses.w = "0.01 + 0.001*i"
    return Network(cells, synapses, SpikeMonitor(cells, name="spikes"))


def outcome(network: Network) -> bytes:
    return np.array(network["cells"].v_).tobytes()


def dumped(directory: Path, stage: str, number: int = 1) -> Path:
    names = f"{number:03d}-[0-9a-f]{{16}}-{stage}[.].*"
    (found,) = (path for path in directory.iterdir() if re.fullmatch(names, path.name))
    return found


def edit(path: Path, stage: str) -> Path:
    text = path.read_text()
    changed = re.sub(*EDITS[stage], text)
    assert changed != text
    path.write_text(changed)
    return path


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dump of a script that runs a network twice."""
    directory = tmp_path_factory.mktemp("dumps") / "dump"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RANVIER_DUMP", str(directory))
        prefs.codegen.threads = 1
        seed(4)
        network = made()
        network.run(2 * ms, namespace=NAMES)
        network.run(3 * ms, namespace=NAMES)
    (directory / "expected").write_bytes(outcome(network))
    return directory


@pytest.fixture
def dump(written: Path, tmp_path: Path) -> Path:
    """A copy of the dump, to be edited."""
    return shutil.copytree(written, tmp_path / "dump")


def test_stages_are_dumped_once_and_inputs_for_each_run(dump: Path) -> None:
    names = sorted(path.name for path in dump.iterdir())
    keys = {name.split("-")[1] for name in names if "-" in name}
    assert len(keys) == 1 and re.fullmatch("[0-9a-f]{16}", *keys)
    assert [name.split("-", 2)[2] for name in names if name.startswith("002")] == ["inputs.npz"]
    heading = heading_of(dumped(dump, "snn").read_text())
    assert heading is not None and {heading.key} == keys and heading.fits(dumped(dump, "snn").read_text())


@pytest.mark.parametrize("stage", RUNNABLE)
def test_each_stage_does_again_what_the_run_did(stage: str, dump: Path) -> None:
    program = TextProgram.read(dumped(dump, stage))
    run = program.start(read_inputs(dumped(dump, "inputs", 2)))
    assert run.time == pytest.approx(0.002) and run.has_end
    run.advance()
    assert run.time == pytest.approx(0.005)
    assert run.states["cells.v"].tobytes() == (dump / "expected").read_bytes()


def test_the_command_that_a_dump_says(dump: Path, monkeypatch: Any, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(dump)
    command = dumped(dump, "optimised").read_text().splitlines()[1].removeprefix("// ranvier ").split()
    assert ranvier(command) == 0
    assert capsys.readouterr().out.startswith("simulated 0.002 s")
    assert ranvier([*command, "--duration", "0.001", "--set", "cells.v=0"]) == 0
    assert capsys.readouterr().out.startswith("simulated 0.001 s")


@pytest.mark.parametrize("stage", RUNNABLE)
def test_an_edited_stage_takes_the_place_of_the_stage(stage: str, dump: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, other = made(), made(1.75)
    for network in (plain, other):
        seed(4)
        network.run(2 * ms, namespace=NAMES)
    monkeypatch.setenv(OVERRIDE_VARIABLE, str(dump))
    for _ in range(2):
        for edited, expected in ((False, plain), (True, other)):
            if edited:
                text = dumped(dump, stage).read_text()
                edit(dumped(dump, stage), stage)
            network = made()
            seed(4)
            network.run(2 * ms, namespace=NAMES)
            assert outcome(network) == outcome(expected)  # never what was compiled before
            if edited:
                assert EDITS[stage][1] in made().lower(namespace=NAMES).as_text(stage)
        dumped(dump, stage).write_text(text)
    monkeypatch.delenv(OVERRIDE_VARIABLE)
    network = made()
    seed(4)
    network.run(2 * ms, namespace=NAMES)
    assert outcome(network) == outcome(plain)


def refused(dump: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception] = IRFileError) -> str:
    monkeypatch.setenv(OVERRIDE_VARIABLE, str(dump))
    with pytest.raises(error) as caught:
        made().run(2 * ms, namespace=NAMES)
    return str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("snn.threshold", "snn.thresold", "did you mean snn.threshold"),
        (r"(%synapses_w = snn.state .*)\n", r'\1\n%more = snn.param "more" "" : f64\n', "is param 'more' f64 here"),
    ],
)
def test_what_does_not_fit_is_named_with_file_and_line(
    old: str, new: str, message: str, dump: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = dumped(dump, "snn")
    path.write_text(re.sub(old, new, path.read_text()))
    text = refused(dump, monkeypatch)
    assert message in text and re.search(rf"{path}:\d+:\d+", text)


def test_loops_and_llvm_with_other_inputs_are_refused(dump: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loops = dumped(dump, "loops")
    text = loops.read_text()
    loops.write_text(text.replace('label = "tau", type = "f64"', 'label = "tau", type = "i64"'))
    assert re.search(rf"should be i64, but is f64\n.*{loops}:\d+", refused(dump, monkeypatch))
    loops.write_text(text)
    llvm = dumped(dump, "llvm")
    llvm.write_text(llvm.read_text().replace(r"\22f64\22,\22dim\22", r"\22f32\22,\22dim\22", 1))
    assert f"{llvm}:" in refused(dump, monkeypatch)


def test_llvm_that_is_not_accepted_is_named_with_its_line(dump: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = dumped(dump, "llvm")
    path.write_text(path.read_text().replace(" fsub ", " fsubb ", 1))
    line = next(k for k, text in enumerate(path.read_text().splitlines(), 1) if "fsubb" in text)
    assert f"{path}:{line}:" in refused(dump, monkeypatch)


def test_llvm_that_is_not_valid_is_named_with_its_line(dump: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is read, so that only LLVM's verifier sees it; its code generator would end the process."""
    path = dumped(dump, "llvm")
    lines = path.read_text().splitlines()
    place = next(k for k, line in enumerate(lines) if " = fsub " in line)
    name = lines[place].split()[0]
    use = next(k for k in range(place + 1, len(lines)) if re.search(rf"= .*{name}\b", lines[k]))
    lines.insert(place, lines.pop(use))
    path.write_text("\n".join(lines))
    text = refused(dump, monkeypatch)
    assert "LLVM does not accept this: Instruction does not dominate all uses" in text
    assert re.search(rf"{path}:({place + 1}|{place + 2}):1", text)


def test_arrays_that_are_too_short_are_refused_before_the_run(dump: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = dumped(dump, "snn")
    changed = re.sub(r"(cells_stateupdater\" on\(%defaultclock\) \[)%cells_N", r"\1%synapses_w_N", path.read_text())
    size = re.search(r"%(\w+) = snn.param \"synapses(?:\.w)?\.N\"", changed)
    assert size is not None
    path.write_text(changed.replace("%synapses_w_N", f"%{size[1]}"))
    text = refused(dump, monkeypatch, OverrideError)
    assert re.search(rf"{path}:\d+: .*cells_stateupdater.* needs .* to have 49 elements or more, it has 7", text)


def test_two_edited_stages_of_one_program_are_refused(dump: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for stage in ("snn", "loops"):
        edit(dumped(dump, stage), stage)
    assert "are edited stages of one program" in refused(dump, monkeypatch, OverrideError)
    assert "change or unset it" in refused(dump / "nowhere", monkeypatch, OverrideError)


def test_an_edited_stage_that_no_program_takes_is_said_at_the_end(dump: Path) -> None:
    path = dumped(dump, "snn")
    edit(path, "snn").rename(path.with_name(f"{'0' * 16}-snn.mlir"))
    script = (
        "from ranvier import *\nprefs.codegen.cache_dir = 'off'\n"
        "Network(NeuronGroup(1, 'dv/dt = 1/ms : 1', method='euler')).run(1*ms, namespace={'ms': ms})\n"
    )
    command = f"import os; os.environ['{OVERRIDE_VARIABLE}'] = {str(dump)!r}\n{script}"
    said = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True)
    assert "took no place" in said.stderr and "0000-snn.mlir" in said.stderr


def test_inputs_are_arrays_and_never_objects(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inputs = {"file": np.arange(3), "a/b": np.array(1.5), "allow_pickle": np.array([True])}
    write_inputs(tmp_path / "x.npz", inputs)
    found = read_inputs(tmp_path / "x.npz")
    assert found.keys() == inputs.keys() and all(np.array_equal(found[name], inputs[name]) for name in inputs)
    np.savez(tmp_path / "y.npz", x=np.array([object()]))
    with pytest.raises(ValueError, match="no file of arrays with names"):
        read_inputs(tmp_path / "y.npz")
    (tmp_path / "z.npz").write_bytes(b"nothing")
    lif = Path(__file__).resolve().parents[1] / "ir" / "lif.mlir"
    assert ranvier(["run", str(lif), "--inputs", str(tmp_path / "z.npz")]) == 2
    assert "no file of arrays with names" in capsys.readouterr().err


def test_events_and_clocks_begin_where_the_inputs_say(dump: Path) -> None:
    program = TextProgram.read(dumped(dump, "optimised"))
    inputs = dict(read_inputs(dumped(dump, "inputs")))
    run = program.start({**inputs, "cells.spike": [2, 5], "defaultclock": [1e-4, 3, 3]})
    run.advance()
    assert run.events["cells.spike"].tolist() == [2, 5] and run.time == pytest.approx(3e-4)
    for label, value, message in (
        ("cells.spike", [7], "numbers of elements from 0 to 6"),
        ("cells.spike", [0.5], "numbers of elements"),
        ("defaultclock", [1e-4, 3, 2], "two whole numbers that ascend"),
    ):
        with pytest.raises(InputError, match=message):
            program.start({**inputs, label: value})
    with pytest.raises(InputError, match="do not say when the run ends"):
        program.start({**inputs, "defaultclock": 1e-4}).advance()


def test_the_dump_of_a_sweep_names_no_inputs_that_are_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANVIER_DUMP", str(tmp_path))
    cells = NeuronGroup(3, "dv/dt = -v/tau : 1", method="exact", name="cells")
    Network(cells).sweep(1 * ms, {"tau": [1 * ms, 2 * ms]}, measure={"v": "mean(cells.v)"})
    assert not list(tmp_path.glob("*-inputs.npz"))
    for path in (path for path in tmp_path.iterdir() if path.suffix in (".mlir", ".ll")):
        assert "-inputs.npz" not in path.read_text().splitlines()[1]
    assert " --set LABEL=VALUE" in dumped(tmp_path, "snn").read_text().splitlines()[1]


def test_a_dump_that_calls_python_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    @network_operation(dt=defaultclock.dt)
    def operation() -> None:
        pass

    monkeypatch.setenv("RANVIER_DUMP", str(tmp_path))
    Network(NeuronGroup(1, "v : 1", name="cells"), operation).run(0.2 * ms)
    run = TextProgram.read(dumped(tmp_path, "snn")).start(read_inputs(dumped(tmp_path, "inputs")))
    with pytest.raises(InputError, match="calls Python"):
        run.advance()


def random_network(synapses: int, name: str = "cells") -> Network:
    start_scope()
    cells = NeuronGroup(100, "dv/dt = (1.5 - v)/tau : 1", threshold="v > 1", reset="v = 0", method="exact", name=name)
    wires = Synapses(cells, cells, on_pre="v += 0.25", name="wires")
    wires.connect(i=np.arange(synapses) // 20, j=np.arange(synapses) % 20)
    return Network(cells, wires, name=name)


def test_an_edited_stage_is_for_networks_with_a_few_synapses_more_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scripts without `seed` connect otherwise each time: their programs choose by sizes, and have other keys."""
    few, many = 400, 1900
    assert random_network(few).lower(namespace=NAMES).plan.key != random_network(many).lower(namespace=NAMES).plan.key
    random_network(few).lower(namespace=NAMES).save(tmp_path)
    (path,) = tmp_path.glob("*-optimised.mlir")
    path.write_text(path.read_text().replace("2.500000e-01", "7.500000e-01"))
    monkeypatch.setenv(OVERRIDE_VARIABLE, str(tmp_path))

    def takes_it(network: Network) -> bool:
        return "7.500000e-01" in network.lower(namespace=NAMES).as_text("optimised")

    assert takes_it(random_network(many)) and takes_it(random_network(few))
    more = random_network(few)
    more["wires"].connect(i=[0, 0], j=[0, 0])  # pairs that are connected twice: a pass may rely on there being none
    assert not takes_it(more)


def test_a_dump_of_another_program_is_no_dump_of_this_one(dump: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = dumped(dump, "optimised")
    random_network(50).lower(namespace=NAMES).save(dump / "other")
    (other,) = (dump / "other").glob("*-optimised.mlir")
    path.write_text(other.read_text())
    assert " here, the network has " in refused(dump, monkeypatch)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("ranvier_entry", "another", "the function @ranvier_entry, by which the program is called, is not there"),
        (r"= fmul ", "= fmil ", "LLVM does not accept this: expected instruction opcode"),
        (r"!ranvier.table = .*", "", "has no metadata !ranvier.table, which says its inputs"),
    ],
)
def test_llvm_that_cannot_run_is_named_with_its_file(
    old: str, new: str, message: str, dump: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = dumped(dump, "llvm")
    path.write_text(re.sub(old, new, path.read_text()))
    text = refused(dump, monkeypatch)
    assert message in text and text.count(str(path)) in (1, 2)


def test_a_file_that_ends_too_early_says_so(dump: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = dumped(dump, "snn")
    path.write_text("\n".join(path.read_text().splitlines()[:12]))
    text = refused(dump, monkeypatch)
    assert "the text ends here, within a region that is not closed" in text and f"{path}:12:" in text


def test_a_directory_in_which_nothing_was_edited_is_said_at_the_end(
    dump: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(edited_stages, "_read", {})
    monkeypatch.setattr(edited_stages, "_looked_in", set())
    monkeypatch.setattr(atexit, "register", lambda function: said.append(function.__name__))
    monkeypatch.setattr(edited_stages._logger, "warn", lambda text, _: said.append(text))  # pyright: ignore
    monkeypatch.setenv(OVERRIDE_VARIABLE, str(dump))
    made().lower(namespace=NAMES).as_text("optimised")
    made().lower(namespace=NAMES).as_text("optimised")
    assert said == ["_warn_of_unused"]
    edited_stages._warn_of_unused()
    assert said[1].endswith(f"no file in {dump} takes the place of a stage: all are as they were dumped.")


def test_passes_are_checked_with_the_inputs_of_a_dump(dump: Path, tmp_path: Path) -> None:
    """Clocks and events begin where the run began that was dumped."""
    inputs = str(dumped(dump, "inputs", 2))
    module = read_file(str(dumped(dump, "snn")), new_context()).module
    assert given_of(module, read_inputs(inputs)).clocks["defaultclock"].n == 20
    command = [str(dumped(dump, "snn")), "--check-meaning", "--inputs", inputs, "--steps", "2"]
    assert opt.main([*command, "-p", "fold-constants,fuse-maps", "-o", str(tmp_path / "out.mlir")]) == 0
    assert ranvier(["bisect", *command[:1], *command[2:], "-p", "fuse-maps", "--no-lower"]) == 0
