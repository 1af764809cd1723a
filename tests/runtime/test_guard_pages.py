"""The guard pages of the tests do guard: what touches them is ended, what writes up to them is found."""

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="guard pages are made with Linux's mmap and mprotect")

TESTS = Path(__file__).resolve().parents[1]

PROBE = """
import sys
sys.path.insert(0, {tests!r})
import ctypes, guard_pages
from ranvier.runtime import state
state.memory = guard_pages.GuardedMemory({where!r})
found = state.allocate(100, "f8")
assert not found.any() and state.address(found) % 64 == 0
ctypes.c_double.from_address(state.address(found) + {place}).value
print("read")
"""


@pytest.mark.parametrize(
    "where, place, is_read",
    [("over", 0, True), ("over", 127 * 8, True), ("over", 128 * 8, False), ("under", 0, True), ("under", -8, False)],
)
def test_reading_beyond_an_array_ends_the_process(where: str, place: int, is_read: bool) -> None:
    code = PROBE.format(tests=str(TESTS), where=where, place=place)
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == ((0, "read\n") if is_read else (-11, ""))


def test_writing_between_an_array_and_the_page_is_found() -> None:
    import guard_pages

    found = guard_pages.GuardedMemory("over").empty(100)
    ctypes.c_ubyte.from_address(found.__array_interface__["data"][0] + 100).value = 1
    del found
    assert len(guard_pages.overruns) == 1
    guard_pages.overruns.clear()


def test_the_option(pytestconfig: pytest.Config) -> None:
    from ranvier.runtime import state

    where = pytestconfig.getoption("--guard-pages")
    assert type(state.memory).__name__ == ("GuardedMemory" if where else "Memory")
