"""Content that other processes map: large arrays are not copied, and nothing is left behind."""

import os
import pickle
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from ranvier.ir.slots import ALIGNMENT
from ranvier.runtime import mapped
from ranvier.runtime.mapped import Memory
from ranvier.runtime.stand_ins import PlainState, copy_of
from ranvier.runtime.state import address

pytestmark = pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="this system has no files without a name")


@pytest.fixture
def content():
    rng = np.random.default_rng(1)
    arrays = [rng.random(20_000), rng.integers(0, 99, 40_001).astype(np.int16), np.arange(5.0)]
    return {"name": "some", "states": [PlainState(copy_of(array), frozen=True) for array in arrays]}


def test_large_arrays_are_those_of_the_memory(content):
    memory = Memory.write("k" * 16, content, pickle.dumps)
    found = pickle.loads(pickle.dumps(memory)).read()
    assert found["name"] == "some"
    for old, new in zip(content["states"], found["states"], strict=True):
        assert np.array_equal(old.array, new.array) and address(new.array) % ALIGNMENT == 0
    large, narrow, small = (state.array for state in found["states"])
    assert not large.flags.writeable and not narrow.flags.writeable and small.flags.writeable
    memory.close()
    memory.close()
    assert np.array_equal(large, content["states"][0].array), "who has mapped it keeps it"
    assert memory.read() is None


def test_what_is_small_is_not_mapped(content):
    assert Memory.write("key", {"x": np.arange(10.0)}, pickle.dumps) is None


def test_a_file_of_the_same_number_elsewhere_is_not_taken_for_it(content, tmp_path):
    memory = Memory.write("first", content, pickle.dumps)
    assert Memory("other", memory.process, memory.file).read() is None
    assert Memory("first", memory.process, 10_000).read() is None
    assert Memory("first", 2**22 + 1, memory.file).read() is None
    with (tmp_path / "empty").open("w+") as file:
        assert Memory("first", os.getpid(), file.fileno()).read() is None
    memory.close()


def test_where_there_is_no_memory_content_is_sent(content, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    before = len(os.listdir("/proc/self/fd"))
    monkeypatch.setattr(os, "posix_fallocate", full)
    assert Memory.write("key", content, pickle.dumps) is None
    assert len(os.listdir("/proc/self/fd")) == before
    monkeypatch.delattr(os, "memfd_create")
    assert Memory.write("key", content, pickle.dumps) is None


def test_a_process_that_is_killed_leaves_nothing(tmp_path):
    script = f"""
        import pickle, sys, time
        import numpy as np
        from ranvier.runtime.mapped import Memory
        memory = Memory.write("key", [np.zeros({mapped.LARGE})], pickle.dumps)
        print(memory.file, flush=True)
        time.sleep(60)
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    shared = set(os.listdir("/dev/shm")) if os.path.isdir("/dev/shm") else set()
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as it:
        number = int(it.stdout.readline())
        memory = Memory("key", it.pid, number)
        (array,) = memory.read()
        os.kill(it.pid, signal.SIGKILL)
        it.wait()
    assert array.size == mapped.LARGE and not array.any() and memory.read() is None
    assert not os.listdir(tmp_path)
    assert not shared or not {name for name in {*os.listdir("/dev/shm")} - shared if "ranvier" in name}
