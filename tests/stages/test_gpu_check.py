"""`benchmarks/gpu.py`: the recorded table of `ptxas` is whole, the check ends in time and writes what it has."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch):
    """The modules of the benchmark."""
    path, known = sys.path[:], set(sys.modules)
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import gpu_check
    import gpu_tables

    yield gpu_check, gpu_tables
    sys.path[:] = path
    for name in set(sys.modules) - known:
        if name.startswith("gpu_") or name in ("protocol", "cuba", "sweeps"):
            del sys.modules[name]


def test_every_example_and_model_assembles_without_spills(gpu) -> None:
    _, tables = gpu
    rows = json.loads((ROOT / "benchmarks/recorded/ptxas.json").read_text())["rows"]
    examples = {path.stem for path in (ROOT / "examples").glob("*.py")}
    without = {"every_stage", "graph_by_hand", "small_pass", "edited_dump", "ablation"}
    assert {row["of"] for row in rows} >= (examples | set(tables.MODELS)) - without
    assert not [row for row in rows if tables.spills(row)]
    assert {row["of"] for row in rows if row.get("kernel") == "rv_steps"} >= set(tables.MODELS)
    assert {row["architecture"] for row in rows if "kernel" in row} == set(tables.ARCHITECTURES)
    assert all(0 < row["registers"] <= 255 for row in rows if "kernel" in row)
    assert "hh: integrate" in tables.registers_text(rows)


def test_what_a_step_does_is_counted(gpu) -> None:
    _, tables = gpu
    found = tables.work("hh")
    assert found.element.loaded >= 6 * 8 and found.element.floats > 100 and found.arrivals == (0, 0)
    text = tables.work_text([found])
    assert text.splitlines()[-1].startswith("hh ") and "1,000,000" in text and "H200" in text


def test_the_check_takes_ten_minutes_at_most(gpu) -> None:
    check, _ = gpu
    for small in (False, True):
        assert sum(check.seconds_of(name, small) for name in check.ITEMS) + check.RESERVE <= 600


def test_the_check_writes_one_file(gpu, tmp_path: Path, capsys) -> None:
    check, _ = gpu
    path = tmp_path / "check.json"
    assert check.check(path, "emulated", True, 10.0, ["device"]) == 0
    report = json.loads(path.read_text())
    assert report["target"] == "emulated" and report["small"] and report["machine"]["packages"]["llvmlite"]
    assert report["items"]["device"]["results"] == {"name": "none: the kernels run on the CPU"}
    assert f"send the file {path}" in capsys.readouterr().out


def test_the_check_stops_what_takes_too_long_and_goes_on(gpu, tmp_path: Path, capsys) -> None:
    check, _ = gpu
    path = tmp_path / "check.json"
    check.check(path, "emulated", True, 17 / 60, ["pd14", "device"])
    items = json.loads(path.read_text())["items"]
    assert items["pd14"]["ended"].startswith("it was stopped after") or "skipped" in items["pd14"]
    assert {"ended", "skipped", "results"} & items["device"].keys()


def test_what_differs_from_the_cpu_is_a_failure(gpu) -> None:
    check, _ = gpu
    right = {
        "items": {"models equal": {"results": {"lif": {"equal": True}}}, "pd14": {"ended": "it was stopped after 9 s"}}
    }
    assert check.is_right(right)
    assert not check.is_right({"items": {"models equal": {"results": {"lif": {"equal": False}}}}})
    assert not check.is_right({"items": {"random networks": {"results": {"different": [{"seed": 3}]}}}})
    assert not check.is_right({"items": {"sweep-10k": {"ended": "it ended with 1"}}})


@pytest.mark.long
def test_an_item_runs_to_its_end_on_the_emulated_target() -> None:
    command = [sys.executable, str(ROOT / "benchmarks/gpu_check.py"), "cuba-4k", "--small", "--target", "emulated"]
    done = subprocess.run([*command, "--seconds", "300"], capture_output=True, text=True, check=True)
    last = json.loads(done.stdout.splitlines()[-1])
    assert last["device"]["wall s"] and last["cpu"]["wall s"] and last["cells"] == 400
