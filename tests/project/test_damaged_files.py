"""Files that are damaged, cut short, or of another kind: who reads one says so, names it, and runs nothing in it."""

from __future__ import annotations

import ast
import json
import random
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import ranvier as rv
from ranvier.codegen.errors import CodegenError
from ranvier.export import read_results
from ranvier.ir.diagnostics import IRFileError
from ranvier.meaning.reproducer import read_reproducer
from ranvier.neuroml import from_neuroml
from ranvier.pipeline.dumps import read_inputs, write_inputs
from ranvier.report.page import data_in
from ranvier.runtime.stream import read_stream
from ranvier.session.preference_table import PreferenceError
from ranvier.text.input_files import read_values
from ranvier.text_program import TextProgram

ROOT = Path(__file__).resolve().parents[2]
DAMAGES = 40
"""How many damaged files each reader is given."""

TOKENS = (b"-1", b"nan", b"1e400", b"9" * 30, b"null", b"{}", b'"', b"../../x", b"\xff\xfe", b"\0", b"(" * 2000)
"""What damaged files have in the place of something else."""


def damaged(whole: bytes, seed: int) -> Iterator[bytes]:
    """Yields damaged forms of a file: empty, cut short, with other bytes, more, fewer, and in another encoding."""
    choose = random.Random(seed)
    yield b""
    yield b"nothing of the kind"
    yield whole.decode("latin-1").encode("utf-16")
    for _ in range(DAMAGES):
        data, at = bytearray(whole), choose.randrange(len(whole))
        match choose.randrange(5):
            case 0:
                del data[at:]
            case 1:
                for place in range(at, min(at + 4, len(data))):
                    data[place] = choose.randrange(256)
            case 2:
                data[at : at + choose.randrange(8)] = choose.choice(TOKENS)
            case 3:
                del data[at : at + choose.randrange(1, 30)]
            case _:
                data[at:at] = data[at : at + 200]
        yield bytes(data)


@pytest.fixture
def model() -> tuple[rv.NeuronGroup, rv.SpikeMonitor, rv.Network]:
    equations = "dv/dt = (drive - v)/(10*ms) : 1"
    cells = rv.NeuronGroup(3, equations, threshold="v > 0.5", reset="v = 0", method="exact", name="damaged_cells")
    spikes = rv.SpikeMonitor(cells, name="damaged_spikes")
    return cells, spikes, rv.Network(cells, spikes)


def try_all(
    path: Path, whole: bytes, read: Callable[[], object], errors: tuple[type[Exception], ...], *, named: bool = True
) -> None:
    """Reads a file in its whole form and in damaged ones: each is read, or an error that names it says why not."""
    path.write_bytes(whole)
    read()
    wrong = 0
    for data in damaged(whole, seed=len(whole)):
        path.write_bytes(data)
        try:
            read()
        except errors as error:
            wrong += 1
            assert not named or path.name in str(error), error
    assert wrong > 3


def test_stored_states(tmp_path: Path, model: tuple[rv.NeuronGroup, rv.SpikeMonitor, rv.Network]) -> None:
    network, path = model[-1], tmp_path / "stored"
    network.run(2 * rv.ms, namespace={"drive": 1})
    network.store(filename=path)
    try_all(path, path.read_bytes(), lambda: network.restore(filename=path), (ValueError,))


def test_reconstructions(tmp_path: Path) -> None:
    path = tmp_path / "cell.swc"
    lines = [
        f"{k} {1 if k == 1 else 3} {k * 10} {k} 0 {3 if k == 1 else 1} {k - 1 if k > 1 else -1}" for k in range(1, 9)
    ]
    try_all(path, "\n".join(lines).encode(), lambda: rv.Morphology.from_file(path), (ValueError,), named=False)


def test_inputs_of_programs(tmp_path: Path) -> None:
    path = tmp_path / "inputs.npz"
    write_inputs(path, {"a": np.arange(100.0), "b": np.zeros(3, int)})
    try_all(path, path.read_bytes(), lambda: read_inputs(path), (ValueError,))
    np.savez_compressed(path, a=np.arange(100.0), b=np.zeros(3, int))
    try_all(path, path.read_bytes(), lambda: read_inputs(path), (ValueError,))
    path = tmp_path / "inputs.json"
    try_all(path, b'{"a": [1, 2, 3], "b": 0.5}', lambda: read_values(str(path)), (ValueError,))


def test_cells_of_neuroml(tmp_path: Path) -> None:
    path = tmp_path / "cells.nml"
    cell = '<iafTauCell id="c" leakReversal="-50mV" thresh="-55mV" reset="-70mV" tau="30ms"/>'
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<neuroml id="x">{cell}</neuroml>'
    try_all(path, text.encode(), lambda: from_neuroml(path), (ValueError, NotImplementedError), named=False)
    entity = cell.replace('"c"', '"&x;"')
    path.write_text(f'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]>\n<a>{entity}</a>')
    with pytest.raises(ValueError, match=r"cells.nml is no NeuroML file"):  # other files are not read
        from_neuroml(path)


def test_graphs_of_nir(tmp_path: Path) -> None:
    nir = pytest.importorskip("nir", reason="the extra 'nir' is not installed")
    from ranvier.nir import from_nir

    path = tmp_path / "graph.nir"
    nir.write(path, nir.NIRGraph.from_list(nir.Linear(np.ones((2, 3))), nir.I(np.ones(2))))
    try_all(path, path.read_bytes(), lambda: from_nir(path), (ValueError,))


def test_preference_files(tmp_path: Path) -> None:
    path = tmp_path / "preferences"
    text = "# mine\n[codegen]\nloop_invariant_optimisations = True\n"
    try_all(path, text.encode(), lambda: rv.prefs.read_preference_file(path), (PreferenceError,))
    rv.prefs.reset_to_defaults()


def test_preferences_of_a_folder_that_are_no_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("brian_preferences").write_text("[logging]\nfile_log = False\n", encoding="utf-16")
    with pytest.raises(PreferenceError, match="brian_preferences is no text file: byte 0 is not UTF-8"):
        rv.prefs.load_preferences()
    Path("brian_preferences").write_text("[logging]\nfile_log = False\n", encoding="utf-8-sig")
    rv.prefs.load_preferences()
    assert rv.prefs["logging.file_log"] is False


@pytest.mark.parametrize("stage", ["snn", "loops", "llvm"])
def test_programs_as_text(
    tmp_path: Path, model: tuple[rv.NeuronGroup, rv.SpikeMonitor, rv.Network], stage: str
) -> None:
    path = tmp_path / ("program.ll" if stage == "llvm" else "program.mlir")
    text = model[-1].lower(namespace={"drive": 1}).as_text(stage)
    try_all(path, text.encode(), lambda: TextProgram.read(path), (IRFileError, CodegenError), named=False)


@pytest.mark.parametrize("feature", ["avx", "", "+", "-"])
def test_a_feature_of_a_processor_without_a_sign_or_name(
    model: tuple[rv.NeuronGroup, rv.SpikeMonitor, rv.Network], feature: str
) -> None:
    """LLVM ends the process at one."""
    text = model[-1].lower(namespace={"drive": 1}).as_text("llvm")
    wrong = text.replace('"target-features"="', f'"target-features"="{feature},', 1)
    assert wrong != text
    with pytest.raises(
        CodegenError, match=f"x.ll: {re.escape(repr(feature))} in target-features is no feature of a processor"
    ):
        TextProgram(wrong, "x.ll")


def test_reproducers() -> None:
    program = (ROOT / "examples/ring.mlir").read_text(encoding="utf-8")
    meta = '{-#\n external_resources: { mlir_reproducer: { pipeline: "builtin.module(fuse-maps)" },\n'
    meta += '  ranvier: { steps: "3" }, params: { N: "3" }, states: { theta: "[0, 1, 2]" },\n'
    meta += '  clocks: { clk: "[0, 3, 0.1]" } } #-}'
    read_reproducer(program + meta)
    for data in damaged(meta.encode(), 1):
        try:
            read_reproducer(program + data.decode("utf-8", errors="replace"))
        except IRFileError as error:
            assert str(error)


def test_directories_of_sweeps(tmp_path: Path, model: tuple[rv.NeuronGroup, rv.SpikeMonitor, rv.Network]) -> None:
    _, spikes, network = model
    whole = tmp_path / "whole"
    rv.seed(3)

    def sweep(out: Path) -> int:
        result = network.sweep(
            2 * rv.ms, over={"drive": [0.5, 1.0, 1.5]}, measure={"n": lambda: spikes.num_spikes}, out=out
        )
        return len(result.to_pandas())

    assert sweep(whole) == 3
    for file in [path for path in whole.rglob("*") if path.is_file()]:
        given = file.read_bytes()
        forms = list(damaged(given, 2))[:20]
        if file.suffix == ".json":
            manifest = json.loads(given)
            forms += [
                json.dumps(one).encode() for one in ([], 3, {**manifest, "seeds": ["a", 1]}, {**manifest, "facts": 1})
            ]
        for data in forms:
            shutil.rmtree(tmp_path / "other", ignore_errors=True)
            shutil.copytree(whole, tmp_path / "other")
            (tmp_path / "other" / file.relative_to(whole)).write_bytes(data)
            try:
                assert sweep(tmp_path / "other") == 3
            except ValueError as error:
                assert "other" in str(error)


def test_parts_of_sweeps_that_do_not_belong_together(
    tmp_path: Path, model: tuple[rv.NeuronGroup, rv.SpikeMonitor, rv.Network]
) -> None:
    out, network = tmp_path / "out", model[-1]
    rv.seed(3)

    def sweep() -> object:
        return network.sweep(1 * rv.ms, over={"drive": [0.5, 1.0]}, measure={"n": lambda: 1}, out=out)

    sweep()
    part = next((out / "sets").iterdir())
    shutil.copy(part, part.with_name("part-000000009.parquet"))  # as when somebody merges two directories
    with pytest.raises(ValueError, match="do not belong together: 4 rows are about 2 sets"):
        sweep()


def test_results_of_exported_programs(
    tmp_path: Path, model: tuple[rv.NeuronGroup, rv.SpikeMonitor, rv.Network]
) -> None:
    network = model[-1]
    network.export(tmp_path, duration=1 * rv.ms, namespace={"drive": 1})
    with pytest.raises(FileNotFoundError, match="run the exported program first"):
        read_results(tmp_path)
    (manifest,) = tmp_path.glob("*.json")
    given = json.loads(manifest.read_text())
    given["tables"] = []
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / f"{given['name']}.bin").write_bytes(bytes(given["bytes"]))
    try_all(
        manifest,
        json.dumps(given).encode(),
        lambda: read_results(tmp_path),
        (ValueError, FileNotFoundError),
        named=False,
    )
    objects = {"name": "a", "dtype": "O", "count": 1, "offset": 0}
    beyond = {"name": "a", "dtype": "<f8", "count": 10**9, "offset": 0}
    for name, value in (
        ("tables", ["../../x"]), ("name", "../x"), ("bytes", 4), ("arrays", [objects]), ("arrays", [beyond])
    ):  # fmt: skip
        manifest.write_text(json.dumps({**given, name: value}))
        with pytest.raises(ValueError, match="is damaged, or of another version"):
            read_results(tmp_path)


def test_recordings(tmp_path: Path, model: tuple[rv.NeuronGroup, rv.SpikeMonitor, rv.Network]) -> None:
    cells, spikes, network = model
    path = tmp_path / "spikes.arrows"
    spikes.stream_to(path)
    cells.v = 1
    network.run(50 * rv.ms, namespace={"drive": 1})
    whole, damaged_file = path.read_bytes(), tmp_path / "damaged.arrows"
    assert read_stream(path).num_rows > 9
    for data in (b"", b"nothing of the kind", whole[:20]):
        damaged_file.write_bytes(data)
        with pytest.raises(ValueError, match=r"damaged.arrows is no IPC stream of Arrow, or it is damaged"):
            read_stream(damaged_file)
    damaged_file.write_bytes(whole[: len(whole) - 30])
    assert read_stream(damaged_file).num_rows <= read_stream(path).num_rows


def test_reports() -> None:
    mark = '<script type="application/octet-stream" id="data">'
    for text in ("", mark, f"{mark}%%%</script>", f"{mark}aGVsbG8=</script>", f"{mark}eJyLjgUAARUAuQ==</script>"):
        with pytest.raises(ValueError, match="report of Ranvier"):
            data_in(text)


# ---------------------------------------------------------------------------------------------------- who reads

UNPICKLING = {
    "frontend/objects/networks/sweeps/shipping.py": "what this process was sent by the one that started it",
    "frontend/sweep_profile.py": "what forked processes wrote into a directory that only this user can open",
    "runtime/mapped.py": "memory that the process that started this one gave it",
}
"""Who loads pickles, which may run any code, and where these come from: never from a file that a user names."""


def calls_of(names: set[str]) -> set[str]:
    """The files that call a function or method of one of these names."""
    found: set[str] = set()
    for package in ("frontend", "ir", "passes", "codegen", "runtime"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func) in names:
                    found.add(path.relative_to(ROOT).as_posix())
    return found


def test_pickles_come_from_processes_of_the_same_call_alone() -> None:
    assert calls_of({"pickle.loads", "pickle.load", "pickle.Unpickler", "marshal.loads", "cloudpickle.loads"}) == set(
        UNPICKLING
    )


def test_arrays_of_files_are_never_python_objects() -> None:
    for file in calls_of({"np.load", "numpy.load"}):
        text = (ROOT / file).read_text(encoding="utf-8")
        assert len(re.findall(r"np\.load\([^()]*, allow_pickle=False\)", text)) == text.count("np.load("), file


def test_who_reads_files_of_data_is_tried_here() -> None:
    readers = calls_of(
        {"np.load", "np.fromfile", "ElementTree.parse", "ElementTree.iterparse", "read_object", "nir.read", "read_text"}
    )
    assert readers == {
        "frontend/exchange/neuroml_cells.py",
        "frontend/exchange/nir_import.py",
        "frontend/export/results.py",
        "frontend/commands/opt.py",  # IR, as `TextProgram.read`
        "frontend/objects/networks/run_args.py",  # tests/objects/networks/test_standalone.py
        "frontend/objects/networks/snapshot.py",
        "frontend/pipeline/dumps.py",
        "frontend/pipeline/edited_stages.py",  # tests/stages/test_dumps.py
        "frontend/session/preference_files.py",
        "frontend/testing.py",  # IR, as `TextProgram.read`
        "frontend/text/input_files.py",
        "frontend/text/program.py",
        "ir/text_files.py",
        "runtime/directories.py",
    }  # fmt: skip
