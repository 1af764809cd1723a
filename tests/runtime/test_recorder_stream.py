"""Tables that go to files while they are recorded: bounded memory, ends of runs, damage, full disks."""

import shutil
import subprocess
import sys

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet
import pytest
from recorded_tables import WIDTH, check, fill, new_table

from ranvier.runtime import stream_faults
from ranvier.runtime.recorder import Table
from ranvier.runtime.stream import StreamError, read_stream


@pytest.mark.parametrize("suffix", ["arrows", "parquet"])
def test_ten_times_the_budget_goes_through(tmp_path, suffix):
    table = new_table()
    budget = 400_000
    table.stream_to(tmp_path / f"v.{suffix}", memory_budget=budget)
    table.reserve(1)
    rows = 10 * budget // (8 * (WIDTH + 1)) + 1
    most = 0
    for start in range(0, rows, 100):
        fill(table, start, min(start + 100, rows))
        most = max(most, table.memory_bytes)
    assert most <= budget // 2
    table.close()
    check(table, rows)


@pytest.mark.long
def test_resident_memory_stays_bounded(tmp_path):
    code = """
import resource, sys
import pyarrow.parquet
sys.path.insert(0, {tests!r})
from recorded_tables import fill, new_table
table = new_table(1000)
table.stream_to({path!r}, memory_budget=8_000_000)
fill(table, 0, 1500)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
fill(table, 1500, 30000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
table.close()
"""
    code = code.format(tests=str(__import__("pathlib").Path(__file__).parents[1]), path=str(tmp_path / "v.arrows"))
    grown = int(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)
    assert grown * 1024 < 16_000_000  # 240 MB were written


@pytest.mark.parametrize("suffix", ["arrows", "parquet"])
@pytest.mark.parametrize("keep", [False, True])
def test_runs_continue_a_recording(tmp_path, suffix, keep):
    table = new_table(chunk_bytes=20_000)
    fill(table, 0, 100)  # before streaming: goes to the file too
    table.stream_to(tmp_path / f"v.{suffix}", keep=keep)
    for stop in (250, 400, 1000):
        fill(table, table.rows, stop)
        table.close()
        table.close()
        check(table, stop)
    if suffix == "arrows":
        on_disk = pa.ipc.open_stream(pa.memory_map(str(tmp_path / "v.arrows"))).read_all()
    else:
        names = ["v.parquet", "v-2.parquet", "v-3.parquet"]
        on_disk = pa.concat_tables([pa.parquet.read_table(str(tmp_path / name)) for name in names])
    assert on_disk.num_rows == 1000
    assert on_disk.schema.metadata[b"monitor"] == b"statemonitor"
    assert on_disk.schema.field("v").metadata[b"unit"] == b"V"


def test_an_open_stream_can_be_read_at_any_time(tmp_path):
    table = new_table(chunk_bytes=20_000)
    table.stream_to(tmp_path / "v.arrows")
    fill(table, 0, 333)
    check(table, 333)
    fill(table, 333, 500)
    check(table, 500)
    table.flush()
    assert read_stream(tmp_path / "v.arrows").num_rows == 500
    fill(table, 500, 510)
    check(table, 510)


def test_a_parquet_recording_can_be_read_before_its_file_is_there(tmp_path):
    table = new_table(chunk_bytes=20_000)
    table.stream_to(tmp_path / "v.parquet")
    fill(table, 0, 333)
    check(table, 333)
    assert not (tmp_path / "v.parquet").exists()
    table.close()
    check(table, 333)
    assert [path.name for path in tmp_path.iterdir()] == ["v.parquet"]


@pytest.mark.parametrize("suffix", ["arrows", "parquet"])
def test_a_full_disk_loses_nothing(tmp_path, monkeypatch, suffix):
    table = new_table(chunk_bytes=20_000)
    path = tmp_path / f"v.{suffix}"
    table.stream_to(path)
    usage = shutil.disk_usage(tmp_path)
    free = iter([10**9] * 5)
    monkeypatch.setattr(stream_faults.shutil, "disk_usage", lambda _: usage._replace(free=next(free, 1000)))
    with pytest.raises(
        StreamError, match=r"the disk is full \(\d+ bytes are free\)\. The first \d+ rows are in the file"
    ):
        fill(table, 0, 2000)
    rows = table.rows
    with pytest.raises(StreamError, match="disk is full"):
        table.close()
    check(table, rows)
    monkeypatch.undo()
    table.close()
    check(table, rows)


def test_a_file_that_was_removed_is_named(tmp_path):
    table = new_table(chunk_bytes=20_000)
    table.stream_to(tmp_path / "v.arrows")
    fill(table, 0, 500)
    table.close()
    (tmp_path / "v.arrows").unlink()
    with pytest.raises(StreamError, match=r"was written to .*v\.arrows, which cannot be read any more"):
        table.values("v")


def test_what_is_in_a_file_cannot_be_taken_back(tmp_path):
    table = new_table(chunk_bytes=20_000)
    fill(table, 0, 10)
    before = table.snapshot()
    table.stream_to(tmp_path / "v.arrows")
    fill(table, 10, 490)
    for action in (lambda: table.restore(before), table.clear):
        with pytest.raises(ValueError, match=r"its data were written to .*v\.arrows already"):
            action()
    now = table.snapshot()
    fill(table, 490, 491)
    table.restore(now)
    check(table, 490)


def test_wrong_arguments_say_what_to_give(tmp_path):
    table = new_table()
    with pytest.raises(ValueError, match="say format='ipc' or format='parquet'"):
        table.stream_to(tmp_path / "v.csv")
    with pytest.raises(ValueError, match="are 'ipc' and 'parquet', not 'csv'"):
        table.stream_to(tmp_path / "v.csv", format="csv")
    with pytest.raises(ValueError, match="give at least 1632 bytes"):
        table.stream_to(tmp_path / "v.arrows", memory_budget=1000)
    with pytest.raises(ValueError, match="all data stay in memory"):
        table.stream_to(tmp_path / "v.arrows", keep=True, memory_budget=10**6)
    with pytest.raises(StreamError, match=r"cannot be written to .*nowhere"):
        table.stream_to(tmp_path / "nowhere" / "v.arrows")
    table.stream_to(tmp_path / "v.ipc", memory_budget=10**6)
    with pytest.raises(ValueError, match="is being written to"):
        table.stream_to(tmp_path / "w.ipc")
    with pytest.raises(ValueError, match="memory budget of 1000000 bytes is too small for statemonitor"):
        table.reserve(1000)
    with pytest.raises(ValueError, match="records nothing"):
        Table([], name="spikemonitor").stream_to(tmp_path / "s.ipc")


def test_importing_the_recorder_is_cheap():
    code = "import sys, ranvier.runtime.recorder; print([m for m in ('pyarrow', 'pandas', 'xdsl') if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert result.stdout.strip() == "[]"
