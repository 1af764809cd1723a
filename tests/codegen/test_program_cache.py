"""Programs on disk and in memory: hits, damage, several processes, full disks, eviction."""

import errno
import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from ranvier.codegen import cache as cache_module
from ranvier.codegen import compile_turns, fingerprint, programs
from ranvier.codegen.artifact import Artifact
from ranvier.codegen.cache import ENVIRONMENT, ProgramCache, default_cache, user_cache_directory
from ranvier.codegen.fingerprint import compiler_fingerprint, program_key
from ranvier.codegen.options import CodegenOptions
from ranvier.codegen.programs import forget_loaded, program_for
from ranvier.codegen.target import Target, host
from ranvier.ir.slots import Slot, SlotKind

ADD = """
func.func @run(%a: i64, %b: i64) -> i64 {
  %r = arith.addi %a, %b : i64
  func.return %r : i64
}"""
SLOTS = (Slot(SlotKind.PARAM, 0, "i64", "a"), Slot(SlotKind.PARAM, 1, "i64", "b"))


def parse(text):
    from xdsl.parser import Parser

    from ranvier.ir.dialect import new_context

    return Parser(new_context(), text).parse_module()


class Builder:
    """Builds the module and counts how often."""

    def __init__(self, text=ADD, slots=SLOTS):
        self.calls = 0
        self.text = text
        self.slots = slots

    def __call__(self):
        self.calls += 1
        return parse(self.text), self.slots


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """No program of another test is in memory, and no test touches the user's cache."""
    forget_loaded()
    monkeypatch.setenv(ENVIRONMENT, "off")


@pytest.fixture
def cache(tmp_path):
    return ProgramCache(tmp_path / "cache")


def add(program, a=40, b=2):
    table = np.array([a, b], np.int64)
    return program.entry(table.ctypes.data)


def files(cache):
    return sorted(path.name for path in cache.directory.iterdir())


# -- the road through memory and disk -------------------------------------------------------------------------------


def test_a_program_is_compiled_once(cache):
    build = Builder()
    first = program_for("model", build, cache=cache)
    assert add(first) == 42 and first.slots == SLOTS
    assert program_for("model", build, cache=cache) is first
    assert build.calls == 1
    assert set(first.timings) == {"build", "llvm", "parse", "optimise", "emit", "load"}


def test_a_second_process_reads_it_from_disk(cache):
    build = Builder()
    program_for("model", build, cache=cache)
    forget_loaded()
    program = program_for("model", build, cache=cache)
    assert add(program) == 42 and program.slots == SLOTS
    assert build.calls == 1 and set(program.timings) == {"read", "load"}
    assert cache.info().hits == 1 and cache.info().misses == 1


def test_without_a_directory_everything_works(tmp_path):
    build = Builder()
    for _ in range(2):
        assert add(program_for("model", build)) == 42
        forget_loaded()
    assert build.calls == 2
    assert default_cache().info().directory is None


def test_other_models_options_and_symbols_are_other_programs(cache):
    build = Builder()
    all_programs = [
        program_for("model", build, cache=cache),
        program_for("another", build, cache=cache),
        program_for("model", build, cache=cache, options=CodegenOptions(fast_math="off")),
        program_for("model", build, cache=cache, symbols={"ranvier_call": 4096}),
    ]
    assert len(set(map(id, all_programs))) == 4
    # Symbols are bound when loading: the code on disk is the same.
    assert build.calls == 3 and len(files(cache)) == 3


def test_keys_tell_everything_apart(monkeypatch):
    target, options = host(), CodegenOptions()
    keys = [
        program_key("m", target, options),
        program_key("n", target, options),
        program_key("m", Target("cpu", target.triple, "x86-64", ""), options),
        program_key("m", Target("cpu", target.triple, target.cpu, target.features + ",+x"), options),
        program_key("m", target, CodegenOptions(optimise=1)),
    ]
    monkeypatch.setattr(fingerprint, "compiler_fingerprint", lambda: "changed")
    keys.append(program_key("m", target, options))
    monkeypatch.setattr("llvmlite.__version__", "0.0.0")
    keys.append(program_key("m", target, options))
    assert len(set(keys)) == len(keys)
    assert all(len(key) == 64 for key in keys)


def test_the_fingerprint_follows_the_sources(tmp_path, monkeypatch):
    package = tmp_path / "fingerprinted_package"
    (package / "inner").mkdir(parents=True)
    for name in ("__init__.py", "a.py", "inner/b.py"):
        (package / name).write_text("x = 1\n")
    (package / "notes.txt").write_text("not code")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(fingerprint, "SOURCES", ("fingerprinted_package",))

    def now():
        return compiler_fingerprint.__wrapped__()

    first = now()
    assert now() == first
    (package / "notes.txt").write_text("still not code")
    assert now() == first
    status = (package / "inner/b.py").stat()
    (package / "inner/b.py").write_text("x = 2\n")
    os.utime(package / "inner/b.py", ns=(status.st_atime_ns, status.st_mtime_ns))
    second = now()
    assert second != first
    (package / "a.py").rename(package / "c.py")
    assert now() not in (first, second)


def test_the_warm_road_imports_neither_xdsl_nor_sympy(cache):
    program_for("model", Builder(), cache=cache)
    script = """
    import sys
    from pathlib import Path
    from ranvier.codegen import program_for
    from ranvier.codegen.cache import ProgramCache

    program = program_for("model", None, cache=ProgramCache(Path(sys.argv[1])))
    import ctypes
    print(program.entry(ctypes.addressof((ctypes.c_int64 * 2)(40, 2))))
    heavy = ("xdsl", "sympy", "numpy", "pyarrow", "networkx", "ranvier.codegen.llvm")
    print([name for name in heavy if name in sys.modules])
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), str(cache.directory)], capture_output=True, text=True
    )
    assert done.stdout.split("\n")[:2] == ["42", "[]"], done.stderr
    assert done.returncode == 0 and not done.stderr


def test_threads_wait_for_one_compilation(cache):
    build = Builder()
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(program_for("model", build, cache=cache))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert build.calls == 1 and len(set(map(id, results))) == 1


def test_only_programs_in_use_or_used_lately_stay_loaded(cache, monkeypatch):
    monkeypatch.setattr(programs, "KEPT", 2)
    build = Builder()
    held = program_for("0", build, cache=cache)
    for k in range(1, 5):
        program_for(str(k), build, cache=cache)
    assert program_for("0", build, cache=cache) is held
    assert program_for("4", build, cache=cache).timings.keys() >= {"build"}
    assert set(program_for("1", build, cache=cache).timings) == {"read", "load"}


def test_an_error_while_building_leaves_nothing_behind(cache):
    def fail():
        raise ValueError("no such variable")

    with pytest.raises(ValueError, match="no such variable"):
        program_for("model", fail, cache=cache)
    assert cache.info().programs == 0
    assert add(program_for("model", Builder(), cache=cache)) == 42


# -- damage ---------------------------------------------------------------------------------------------------------


def only_file(cache):
    (path,) = cache.directory.iterdir()
    return path


def overwrite(path, data):
    path.write_bytes(data)


DAMAGE = {
    "empty": lambda path: overwrite(path, b""),
    "truncated": lambda path: overwrite(path, path.read_bytes()[:-100]),
    "flipped": lambda path: overwrite(path, path.read_bytes()[:200] + b"\xff\x00" + path.read_bytes()[202:]),
    "foreign": lambda path: overwrite(path, b"this is a text file\n" * 100),
    "pickle": lambda path: overwrite(path, b"\x80\x04K\x01."),
    "older version": lambda path: overwrite(path, b"RANVIER\x00" + path.read_bytes()[8:]),
    "another program": lambda path: overwrite(path, Artifact(b"code", (), host().triple, "", "other key").to_bytes()),
    "no machine code": lambda path: overwrite(path, Artifact(b"code", (), host().triple, "", path.stem).to_bytes()),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_files_are_replaced(cache, damage, capfd):
    build = Builder()
    program_for("model", build, cache=cache)
    good = only_file(cache).read_bytes()
    DAMAGE[damage](only_file(cache))
    forget_loaded()
    assert add(program_for("model", build, cache=cache)) == 42
    assert build.calls == 2
    assert Artifact.from_bytes(only_file(cache).read_bytes()).slots == SLOTS
    assert len(only_file(cache).read_bytes()) == len(good)
    capfd.readouterr()


def test_a_directory_in_the_place_of_a_program(cache, caplog):
    build = Builder()
    program_for("model", build, cache=cache)
    path = only_file(cache)
    path.unlink()
    path.mkdir()
    forget_loaded()
    assert add(program_for("model", build, cache=cache)) == 42
    assert len(warnings_of(caplog)) == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("thing", ["pipe", "link", "device"])
def test_something_else_in_the_place_of_a_program_neither_hangs_nor_counts(cache, caplog, thing, tmp_path):
    build = Builder()
    program_for("model", build, cache=cache)
    path = only_file(cache)
    path.rename(tmp_path / "elsewhere")
    if thing == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero" if thing == "device" else tmp_path / "elsewhere")
    forget_loaded()
    assert add(program_for("model", build, cache=cache)) == 42
    assert build.calls == 2


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="this system has no owners of files")
@pytest.mark.parametrize("others", ["write", "own"])
def test_machine_code_that_others_may_have_written_is_not_loaded(cache, caplog, monkeypatch, others):
    build = Builder()
    program_for("model", build, cache=cache)
    if others == "write":
        only_file(cache).chmod(0o666)
    elif os.geteuid() == 0:
        os.chown(only_file(cache), 65534, 65534)
    else:
        monkeypatch.setattr(cache_module.os, "geteuid", lambda: 65533)
    forget_loaded()
    assert add(program_for("model", build, cache=cache)) == 42
    assert build.calls == 2
    (warning,) = warnings_of(caplog)
    assert "other" in warning.getMessage()


def test_a_directory_of_an_unknown_user(caplog, monkeypatch):
    monkeypatch.setenv(ENVIRONMENT, "~no_such_user/x")
    assert cache_module.default_cache().directory is None
    (warning,) = warnings_of(caplog)
    assert "no_such_user" in warning.getMessage()


def warnings_of(caplog):
    return [r for r in caplog.records if r.name == "ranvier.cache" and r.levelno >= logging.WARNING]


# -- disks that do not take anything --------------------------------------------------------------------------------


def refusing(number):
    def refuse(*args, **kwargs):
        raise OSError(number, os.strerror(number))

    return refuse


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EDQUOT, errno.EIO])
@pytest.mark.parametrize("function", ["replace", "open"])
def test_a_disk_that_refuses_gives_one_warning(cache, caplog, monkeypatch, number, function):
    monkeypatch.setattr(cache_module.os, function, refusing(number))
    # The sources are read through os.open as well, which is not what is tested.
    monkeypatch.setattr(fingerprint, "compiler_fingerprint", lambda: "")
    build = Builder()
    for key in ("a", "b", "c"):
        assert add(program_for(key, build, cache=cache)) == 42
    (warning,) = warnings_of(caplog)
    assert os.strerror(number) in warning.getMessage()
    assert str(cache.directory) in warning.getMessage() and ENVIRONMENT in warning.getMessage()
    monkeypatch.undo()
    assert files(cache) == []


def test_a_disk_that_fills_up_while_writing(cache, caplog, monkeypatch):
    real = os.write

    def full(descriptor, data):
        real(descriptor, data[:100])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(cache_module.os, "write", full)
    assert add(program_for("model", Builder(), cache=cache)) == 42
    assert len(warnings_of(caplog)) == 1
    assert files(cache) == []


def test_a_directory_that_cannot_be_made(tmp_path, caplog):
    (tmp_path / "file").write_text("in the way")
    cache = ProgramCache(tmp_path / "file" / "cache")
    assert add(program_for("model", Builder(), cache=cache)) == 42
    assert len(warnings_of(caplog)) == 1
    assert cache.info().programs == 0 and cache.clear() == 0


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_directory(cache, caplog):
    build = Builder()
    program_for("model", build, cache=cache)
    cache.directory.chmod(0o500)
    try:
        forget_loaded()
        assert add(program_for("model", build, cache=cache)) == 42
        assert build.calls == 1
        assert add(program_for("other", build, cache=cache)) == 42
        assert len(warnings_of(caplog)) == 1
    finally:
        cache.directory.chmod(0o700)


# -- several processes ----------------------------------------------------------------------------------------------


def work(directory, start, results):
    start.wait()
    cache = ProgramCache(Path(directory))
    answers = []
    for round_ in range(6):
        forget_loaded()
        answers.append(add(program_for(f"model {round_ % 3}", Builder(), cache=cache)))
        if round_ == 3:
            cache.discard(sorted(files(cache))[0].removesuffix(".rvp"))
    results.put(answers)


def test_several_processes_share_a_directory(cache):
    context = multiprocessing.get_context("spawn")
    start, results = context.Event(), context.Queue()
    workers = [context.Process(target=work, args=(str(cache.directory), start, results)) for _ in range(3)]
    for worker in workers:
        worker.start()
    start.set()
    answers = [results.get(timeout=300) for _ in workers]
    for worker in workers:
        worker.join(300)
    assert answers == [[42] * 6] * 3
    assert all(name.endswith(".rvp") for name in files(cache))
    for path in cache.directory.iterdir():
        assert Artifact.from_bytes(path.read_bytes()).key == path.stem


class SlowBuilder(Builder):
    """Takes a while, and notes each call in a file."""

    def __init__(self, note, ending=None):
        super().__init__()
        self.note, self.ending = note, ending

    def __call__(self):
        with self.note.open("a") as file:
            file.write("x")
        time.sleep(0.2)
        if self.ending is not None:
            os.kill(os.getpid(), self.ending)
        return super().__call__()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_processes_that_need_a_model_at_once_compile_it_once(cache, tmp_path, monkeypatch):
    context, note = multiprocessing.get_context("fork"), tmp_path / "note"

    def use(ending=None):
        assert add(program_for("model", SlowBuilder(note, ending), cache=cache)) == 42

    dying = context.Process(target=use, args=(signal.SIGKILL,))
    dying.start()
    while not note.exists():
        time.sleep(0.005)
    crew = [context.Process(target=use) for _ in range(3)]
    for each in [*crew, dying]:
        each.start() if each is not dying else each.join()
    for each in crew:
        each.join(300)
        assert each.exitcode == 0
    assert note.read_text() == "xx"  # the one that was killed, and one of the others
    assert [name for name in files(cache) if not name.endswith(".rvp")] == []


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such locks")
def test_where_nothing_can_be_locked_each_process_compiles(cache, monkeypatch):
    def no_locks(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(compile_turns.fcntl, "flock", no_locks)
    assert add(program_for("model", Builder(), cache=cache)) == 42


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such locks")
def test_a_process_that_is_halted_is_not_waited_for_for_ever(cache, monkeypatch):
    monkeypatch.setattr(compile_turns, "MOST_SECONDS", 0.05)
    with cache.turn(program_key("model", host(), CodegenOptions())):
        assert add(program_for("model", Builder(), cache=cache)) == 42


# -- size -----------------------------------------------------------------------------------------------------------


def artifact(key, size=1000):
    return Artifact(bytes(size), (), "triple", "", key)


def age(cache, key, seconds):
    when = time.time() - seconds
    os.utime(cache.directory / f"{key}.rvp", (when, when))


def test_what_was_used_longest_ago_goes_first(tmp_path):
    size = len(artifact("0").to_bytes())
    cache = ProgramCache(tmp_path, limit=size * 4)
    for k in range(4):
        cache.put(str(k), artifact(str(k)))
        age(cache, str(k), 100 - k)
    assert len(files(cache)) == 4
    assert cache.get("0") == artifact("0")
    cache.put("4", artifact("4"))
    # A tenth of the limit must become free: two of the five go, but not "0", which was just used.
    assert files(cache) == ["0.rvp", "3.rvp", "4.rvp"]
    assert cache.info().size == 3 * size and cache.info().limit == 4 * size


def test_a_program_larger_than_the_limit_is_not_kept(tmp_path):
    cache = ProgramCache(tmp_path, limit=500)
    assert add(program_for("model", Builder(), cache=cache)) == 42
    assert files(cache) == []


def test_unfinished_files_of_dead_processes_go(tmp_path):
    cache = ProgramCache(tmp_path)
    old, new = tmp_path / "k.123.0.tmp", tmp_path / "k.124.0.tmp"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    cache.put("a", artifact("a"))
    assert files(cache) == ["a.rvp", new.name]


def test_clearing_leaves_other_files_alone(tmp_path):
    cache = ProgramCache(tmp_path)
    (tmp_path / "thesis.pdf").write_bytes(b"years of work")
    for key in ("a", "b"):
        cache.put(key, artifact(key))
    assert cache.info().programs == 2
    assert cache.clear() == 2
    assert files(cache) == ["thesis.pdf"]
    assert ProgramCache(tmp_path / "nothing").clear() == 0


# -- where ----------------------------------------------------------------------------------------------------------


def test_the_environment_names_the_directory(tmp_path, monkeypatch):
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path / "here"))
    assert default_cache().directory == tmp_path / "here"
    assert default_cache() is default_cache()
    program_for("model", Builder())
    assert cache_module.info().programs == 1
    assert cache_module.clear() == 1
    assert (tmp_path / "here").stat().st_mode & 0o077 == 0 or sys.platform == "win32"


@pytest.mark.parametrize(
    ("platform", "variable", "expected"),
    [
        ("linux", "XDG_CACHE_HOME", "ranvier"),
        ("win32", "LOCALAPPDATA", "ranvier/cache"),
    ],
)
def test_the_users_own_directory(tmp_path, monkeypatch, platform, variable, expected):
    monkeypatch.setattr(cache_module.sys, "platform", platform)
    monkeypatch.setenv(variable, str(tmp_path))
    assert user_cache_directory() == tmp_path / expected


def test_the_users_own_directory_without_settings(tmp_path, monkeypatch):
    monkeypatch.setattr(cache_module.Path, "home", lambda: tmp_path)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    for platform, expected in (("linux", ".cache/ranvier"), ("darwin", "Library/Caches/ranvier")):
        monkeypatch.setattr(cache_module.sys, "platform", platform)
        assert user_cache_directory() == tmp_path / expected
