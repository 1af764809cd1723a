"""Recordings in files when something goes wrong: nothing that was recorded is lost."""

import errno
import mmap
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from recorded_tables import check, fill, new_table

from ranvier.runtime import claims, ipc_stream, parquet_stream
from ranvier.runtime.stream import StreamError, read_stream

FORMATS = ["arrows", "parquet"]
ROWS = 300


def in_file(path):
    """Returns all rows that are in the files of a recording."""
    if path.suffix == ".arrows":
        return pa.ipc.open_stream(pa.memory_map(str(path))).read_all()
    parts = sorted(path.parent.glob(f"{path.stem}*.parquet"), key=lambda part: (len(part.name), part.name))
    return pa.concat_tables([pa.parquet.read_table(str(part)) for part in parts])


# ---------------------------------------------------------------- each write fails once


ERRORS = (errno.EIO, errno.ENOSPC, errno.EDQUOT)


class Faulty:
    """A module one function of which fails at one call, each time for another reason."""

    def __init__(self, module, name, call):
        self.module, self.name, self.call, self.calls = module, name, call, 0

    def __getattr__(self, name):
        function = getattr(self.module, name)
        if name != self.name:
            return function

        def failing(*args, **kwds):
            self.calls += 1
            if self.calls == self.call:
                reason = ERRORS[self.call % len(ERRORS)]
                raise OSError(reason, os.strerror(reason))
            return function(*args, **kwds)

        return failing


def record(path, attempts):
    """Records with two runs; after an error does what the message says, and checks that nothing is lost."""
    table = new_table(chunk_bytes=20_000)
    fill(table, 0, 30)

    def again(action):
        for _ in range(2):
            try:
                action()
                return
            except StreamError as error:
                attempts.append(str(error))
                assert (str(path.parent) in str(error) and "stream_to(" in str(error)) or "close()" in str(error)
                check(table, table.rows)
        action()

    def begin():
        if not table.is_streamed:
            table.stream_to(path)

    again(begin)
    for stop in (ROWS // 2, ROWS):
        again(lambda stop=stop: fill(table, table.rows, stop))
        again(table.close)
        check(table, stop)
    return table


FUNCTIONS = [
    *((claims, name) for name in ("open", "stat", "unlink", "rename")),
    *((ipc_stream, name) for name in ("stat", "unlink", "pwrite", "ftruncate", "fstat")),
    *((parquet_stream, name) for name in ("unlink", "fsync", "replace")),
]


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize(("module", "name"), FUNCTIONS, ids=lambda each: getattr(each, "__name__", each)[-6:])
def test_each_call_of_the_system_fails_once(tmp_path, monkeypatch, module, name, suffix):
    monkeypatch.setattr(parquet_stream, "GROUP_BYTES", 20_000)
    call = 0
    while True:
        call += 1
        path = tmp_path / str(call) / f"v.{suffix}"
        path.parent.mkdir()
        path.write_bytes(b"of an earlier run")
        faulty = Faulty(os, name, call)
        monkeypatch.setattr(module, "os", faulty)
        attempts = []
        record(path, attempts)
        assert in_file(path)["t"].to_pylist() == [k * 0.1 for k in range(ROWS)]
        assert any(each.read_bytes() == b"of an earlier run" for each in path.parent.glob("_v.*"))
        if faulty.calls < call:
            assert not attempts
            break


@pytest.mark.parametrize("method", ["__init__", "write_table", "close"])
@pytest.mark.parametrize("error", [OSError("no"), pa.ArrowInvalid("Operation on closed file")])
def test_pyarrow_fails_once(tmp_path, monkeypatch, method, error):
    original = getattr(pa.parquet.ParquetWriter, method)
    failures = [error]

    def failing(self, *args, **kwds):
        if failures:
            raise failures.pop()
        return original(self, *args, **kwds)

    monkeypatch.setattr(pa.parquet.ParquetWriter, method, failing)
    attempts = []
    record(tmp_path / "v.parquet", attempts)
    assert len(attempts) == 1 and "_v.parquet.arrows and can still be read from the monitor" in attempts[0]
    assert in_file(tmp_path / "v.parquet").num_rows == ROWS


def test_without_locks_recording_goes_on(tmp_path, monkeypatch):
    def no_locks(fd, operation):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(claims.fcntl, "flock", no_locks)
    record(tmp_path / "v.arrows", [])
    assert in_file(tmp_path / "v.arrows").num_rows == ROWS


# ---------------------------------------------------------------- quotas and kills, in processes of their own


def run_script(code, *arguments):
    code = f"import os, signal, sys\nsys.path.insert(0, {str(Path(__file__).parents[1])!r})\n{code}"
    return subprocess.run([sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True)


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_quota_loses_nothing(tmp_path, suffix):
    code = """
import resource
import pytest
from recorded_tables import *
from ranvier.runtime.stream import StreamError
path, other = sys.argv[1:]
table = new_table(chunk_bytes=20_000)
table.stream_to(path)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
for _ in range(2):
    with pytest.raises(StreamError, match=r"'statemonitor' cannot be written to .*File too large"):
        fill(table, table.rows, table.rows + 1000)
    check(table, table.rows)
    with pytest.raises(StreamError, match="go on in another file"):
        table.close()
    check(table, table.rows)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
if other == "-":
    fill(table, table.rows, 3000)
else:
    table.stream_to(other)
    with pytest.raises(ValueError, match="call close"):
        table.stream_to(other + "2")
    fill(table, table.rows, 3000)
table.close()
check(table, 3000)
"""
    path, other = tmp_path / f"v.{suffix}", tmp_path / f"w.{suffix}"
    done = run_script(code, path, "-")
    assert done.returncode == 0, done.stderr
    assert in_file(path).num_rows == 3000
    path.unlink()
    done = run_script(code, path, other)
    assert done.returncode == 0, done.stderr
    assert in_file(path).num_rows + in_file(other).num_rows == 3000
    assert in_file(path).num_rows > 100


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_killed_process_leaves_a_complete_stream(tmp_path, suffix):
    code = """
from recorded_tables import fill, new_table
table = new_table(chunk_bytes=20_000)
table.stream_to(sys.argv[1])
fill(table, 0, 1000)
print(table.rows - int(table.control[0]), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    path = tmp_path / f"v.{suffix}"
    result = run_script(code, path)
    assert result.returncode == -signal.SIGKILL
    rows = int(result.stdout)
    assert rows > 500
    left = path if suffix == "arrows" else tmp_path / "_v.parquet.arrows"
    assert in_file(left).num_rows == read_stream(left).num_rows == rows
    table = new_table()
    kept = table.stream_to(path)  # the script is run again
    assert [read_stream(each).num_rows for each in kept] == [rows]
    with open(kept[0], "r+b") as file:
        file.truncate(kept[0].stat().st_size - 100)  # an end that did not reach the disk
    cut = read_stream(kept[0])
    assert 500 < cut.num_rows < rows
    assert cut["t"].to_pylist()[500] == 50.0


def test_whenever_a_process_is_killed_the_stream_is_complete(tmp_path, monkeypatch):
    """The file as it is after each write, and after half of it."""
    path = tmp_path / "v.arrows"
    rows = []

    class Watching:
        def __getattr__(self, name):
            return self.pwrite if name == "pwrite" else getattr(os, name)

        def pwrite(self, fd, data, position):
            written = os.pwrite(fd, data[: max(len(data) // 2, 8)], position)
            if path.exists() and position:
                rows.append(in_file(path).num_rows)
            return written

    table = new_table(chunk_bytes=20_000)
    table.stream_to(path)
    monkeypatch.setattr(ipc_stream, "os", Watching())
    fill(table, 0, ROWS)
    assert len(rows) > 20 and rows == sorted(rows)


# ---------------------------------------------------------------- one name, two writers


@pytest.mark.parametrize("suffix", FORMATS)
def test_two_monitors_cannot_write_to_one_file(tmp_path, suffix):
    path = tmp_path / f"v.{suffix}"
    (tmp_path / "link").symlink_to(tmp_path)
    first, second = new_table(), new_table()
    first.stream_to(path)
    fill(first, 0, 10)
    for name in (path, tmp_path / "link" / path.name):
        for overwrite in (False, True):
            with pytest.raises(StreamError, match="another monitor is writing to it"):
                second.stream_to(name, overwrite=overwrite)
    fill(second, 0, 20)
    check(second, 20)  # in memory
    first.end_stream()
    assert [each.name for each in second.stream_to(path)] == [f"_v.{suffix}.1"]
    second.close()
    fill(first, 10, 30)
    check(first, 30)
    check(second, 20)
    assert in_file(path).num_rows == 20


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_monitor_whose_file_makes_way_goes_on(tmp_path, suffix):
    path = tmp_path / f"v.{suffix}"
    first, second = new_table(), new_table()
    first.stream_to(path)
    fill(first, 0, 10)
    first.close()  # the run has ended; the script makes a new monitor, the old network is still there
    second.stream_to(path, overwrite=True)
    for stop in (20, 30):
        fill(second, second.rows, stop)
        fill(first, first.rows, stop)
        second.close()
        first.close()
        check(second, stop)
        check(first, stop)


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("ended", [False, True])
def test_two_processes_cannot_write_to_one_file(tmp_path, suffix, ended):
    path = tmp_path / f"v.{suffix}"
    table = new_table()
    table.stream_to(path)
    fill(table, 0, 10)
    if ended:
        table.close()
    code = """
from recorded_tables import fill, new_table
new_table().stream_to(sys.argv[1])
"""
    refused = run_script(code, path)
    assert "another process is writing to it. Give each process a file of its own" in refused.stderr
    fill(table, 10, 20)
    table.close()
    check(table, 20)
    table.end_stream()
    assert run_script(code, path).returncode == 0
    assert list(tmp_path.glob(f"_v.{suffix}.1"))


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_forked_process_does_not_write_to_the_file(tmp_path, suffix):
    path = tmp_path / f"v.{suffix}"
    table = new_table(chunk_bytes=20_000)
    table.stream_to(path)
    fill(table, 0, 100)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        said = "nothing"
        try:
            fill(table, 100, 300)
        except StreamError as error:
            check(table, table.rows)
            said = str(error)
            try:
                table.close()
            except StreamError:
                table.stream_to(path.with_stem("w"))  # as the message says
                fill(table, table.rows, 300)
                table.close()
                check(table, 300)
                said += " and gone on"
        finally:
            os.write(writing, said.encode())
            os._exit(0)
    fill(table, 100, 200)
    table.close()
    check(table, 200)
    os.waitpid(child, 0)
    said = os.read(reading, 10_000).decode()
    os.close(reading)
    os.close(writing)
    assert "belongs to the process that this one was forked from" in said and said.endswith("and gone on")
    check(table, 200)


def test_something_else_in_the_place_of_the_file(tmp_path):
    path = tmp_path / "v.arrows"
    table = new_table(chunk_bytes=20_000)
    table.stream_to(path, keep=True)
    fill(table, 0, 100)
    path.rename(tmp_path / "moved.arrows")
    path.write_bytes(b"")
    with pytest.raises(StreamError, match="another program has put something else in its place"):
        table.flush()
    check(table, 100)
    assert path.read_bytes() == b""
    (tmp_path / "folder.arrows").mkdir()
    with pytest.raises(StreamError, match="there is a directory or a device of this name"):
        new_table().stream_to(tmp_path / "folder.arrows")


# ---------------------------------------------------------------- earlier files


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_run_leaves_the_files_of_earlier_runs(tmp_path, suffix):
    path = tmp_path / f"v.{suffix}"
    for number in (1, 2, 3):
        table = new_table()
        kept = table.stream_to(path)
        fill(table, 0, 10 * number)
        table.end_stream()
        assert len(kept) == (number > 1)
    assert in_file(path).num_rows == 30
    assert in_file(path.rename(tmp_path / f"x.{suffix}")).num_rows == 30
    assert [in_file((tmp_path / f"_v.{suffix}.{n}").rename(tmp_path / f"y{n}.{suffix}")).num_rows for n in (1, 2)] == [
        10,
        20,
    ]


def test_overwriting_and_files_without_rows(tmp_path):
    path = tmp_path / "v.arrows"
    for _ in range(2):  # the first run was never begun
        table = new_table()
        assert table.stream_to(path) == []
        del table
    table = new_table()
    table.stream_to(path)
    fill(table, 0, 10)
    table.end_stream()
    del table
    assert new_table().stream_to(path, overwrite=True) == []
    assert [each.name for each in tmp_path.iterdir()] == ["v.arrows"]


def test_parts_of_an_earlier_run_are_not_taken_for_parts_of_this_one(tmp_path):
    for runs in (3, 1):
        table = new_table()
        table.stream_to(tmp_path / "v.parquet")
        for _ in range(runs):
            fill(table, table.rows, table.rows + 10)
            table.close()
    assert in_file(tmp_path / "v.parquet").num_rows == 10
    assert pa.parquet.read_table(str(tmp_path)).num_rows == 10  # the folder as a whole
    assert len(list(tmp_path.glob("_v*"))) == 3


def test_who_has_a_file_mapped_keeps_it(tmp_path):
    path = tmp_path / "v.arrows"
    table = new_table()
    table.stream_to(path)
    fill(table, 0, 500)
    table.end_stream()
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapped:
        whole = bytes(mapped)
        del table
        new_table().stream_to(path)
        assert mapped[:] == whole
        new_table().stream_to(tmp_path / "w.arrows", overwrite=True)
        assert mapped[:] == whole


# ---------------------------------------------------------------- time


def test_rows_do_not_wait_longer_than_they_may(tmp_path, monkeypatch):
    now = [100.0]
    monkeypatch.setattr("ranvier.runtime.table_files.time.monotonic", lambda: now[0])
    table = new_table()
    table.stream_to(tmp_path / "v.arrows", flush_seconds=5)
    room = table.control[1]
    for k in range(20):
        fill(table, k, k + 1)
        assert not table.full
        now[0] += 5.0
        assert table.full
        table.turn_over()
        assert in_file(tmp_path / "v.arrows").num_rows == k + 1
    assert table.control[1] == room  # early writes do not make chunks grow
    for wrong in (0, -1, np.nan):
        with pytest.raises(ValueError, match="must be greater than 0 s"):
            new_table().stream_to(tmp_path / "w.arrows", flush_seconds=wrong)


def test_flush_while_compiled_code_has_the_buffers(tmp_path):
    table = new_table()
    table.stream_to(tmp_path / "v.arrows")
    fill(table, 0, 3)
    before = table.buffers
    table.lent = True
    table.flush()
    assert table.buffers is before and table.full
    table.lent = False
    table.turn_over()
    assert not table.full and in_file(tmp_path / "v.arrows").num_rows == 3


def test_an_ended_recording_goes_on_in_memory_and_in_a_further_file(tmp_path):
    table = new_table()
    for number, keep in enumerate([False, True, False]):
        start = table.rows
        table.stream_to(tmp_path / f"{number}.arrows", keep=keep)
        fill(table, start, start + 10)
        table.end_stream()
        table.end_stream()
        fill(table, start + 10, start + 15)
        table.close()
        check(table, start + 15)
    assert [in_file(tmp_path / f"{k}.arrows").num_rows for k in range(3)] == [10, 15, 30]
