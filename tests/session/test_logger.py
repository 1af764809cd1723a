"""Messages: where they go, how they are switched off, the file of messages."""

import gc
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ranvier.session import logger as module
from ranvier.session.logger import BrianLogger, catch_logs, get_logger, std_silent
from ranvier.session.preferences import prefs


@pytest.fixture(autouse=True)
def usual_state(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every test begins and ends with the usual settings."""
    gc.collect()  # objects that earlier tests left behind speak while the filter for them is still there
    state = module._State
    for name in ("level", "shown_once", "console", "file", "log_file"):
        monkeypatch.setattr(state, name, getattr(state, name))
    state.level = None
    state.shown_once = set()
    state.console, state.file = module._Filter(), module._Filter()
    state.log_file = module.LogFile()
    monkeypatch.setattr(BrianLogger, "tmp_log", None)
    yield
    state.log_file.keep = False
    state.log_file.close()
    prefs.reset_to_defaults()


def say_all(logger: BrianLogger) -> None:
    for level in ("diagnostic", "debug", "info", "warn", "warning", "error"):
        getattr(logger, level)(level)


def test_form_of_messages(capsys: pytest.CaptureFixture[str]) -> None:
    say_all(get_logger("ranvier.part"))
    get_logger("ranvier.part").warn("text", "name")
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines() == [
        "INFO       info [ranvier.part]",
        "WARNING    warn [ranvier.part]",
        "WARNING    warning [ranvier.part]",
        "ERROR      error [ranvier.part]",
        "WARNING    text [ranvier.part.name]",
    ]


@pytest.mark.parametrize(("level", "count"), [("diagnostic", 6), ("debug", 5), ("info", 4), ("warn", 3), ("error", 1)])
def test_levels(level: str, count: int, capsys: pytest.CaptureFixture[str]) -> None:
    getattr(BrianLogger, f"log_level_{level}")()
    say_all(get_logger())
    assert len(capsys.readouterr().err.splitlines()) == count
    BrianLogger.initialize()
    say_all(get_logger())
    assert len(capsys.readouterr().err.splitlines()) == 4


def test_level_of_the_preference(capsys: pytest.CaptureFixture[str]) -> None:
    prefs.logging.console_log_level = "critical"
    say_all(get_logger())
    assert not capsys.readouterr().err
    prefs.logging.console_log_level = "DIAGNOSTIC"
    say_all(get_logger())
    assert len(capsys.readouterr().err.splitlines()) == 6
    BrianLogger.log_level_error()
    say_all(get_logger())
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_suppressed_names(capsys: pytest.CaptureFixture[str]) -> None:
    logger = get_logger("ranvier.part")
    BrianLogger.suppress_name("silly")
    logger.warn("not shown", "silly")
    logger.warn("not shown", "a.silly")
    get_logger("ranvier.silly").warn("not shown")
    logger.warn("shown 1", "sillyname")
    get_logger("ranvier.silly").warn("shown 2", "other")
    assert [line.split()[1:3] for line in capsys.readouterr().err.splitlines()] == [["shown", "1"], ["shown", "2"]]


@pytest.mark.parametrize("head", ["ranvier", "brian2"])
def test_suppressed_hierarchies(head: str, capsys: pytest.CaptureFixture[str]) -> None:
    BrianLogger.suppress_hierarchy(f"{head}.part")
    get_logger("ranvier.part").warn("not shown")
    get_logger("ranvier.part.inner").error("not shown", "x")
    get_logger("ranvier.parts").warn("shown")
    get_logger("ranvier").warn("shown")
    assert capsys.readouterr().err.count("WARNING    shown") == 2
    BrianLogger.suppress_hierarchy(head)
    get_logger("ranvier").warn("not shown")
    assert not capsys.readouterr().err


def test_once(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        get_logger("ranvier.part").warn("a", once=True)
        get_logger("ranvier.part").warn("a", "name", once=True)
        get_logger("ranvier.part").warn("b", once=True)
    assert len(capsys.readouterr().err.splitlines()) == 3


def test_names_of_loggers() -> None:
    assert get_logger().name == get_logger("ranvier").name == "ranvier"
    assert get_logger("foo").name == "ranvier.foo"
    assert get_logger("ranvier.foo").name == "ranvier.foo"
    assert get_logger("my.own").name == "my.own"


# ---------------------------------------------------------------------- catching


def test_catching(capsys: pytest.CaptureFixture[str]) -> None:
    logger = get_logger("ranvier.part")
    BrianLogger.suppress_name("quiet")
    with catch_logs() as caught:
        say_all(logger)
        logger.warn("suppressed ones, too", "quiet")
    assert caught == [
        ("WARNING", "ranvier.part", "warn"),
        ("WARNING", "ranvier.part", "warning"),
        ("ERROR", "ranvier.part", "error"),
        ("WARNING", "ranvier.part.quiet", "suppressed ones, too"),
    ]
    assert not capsys.readouterr().err
    logger.warn("shown")
    assert capsys.readouterr().err
    assert len(caught) == 4


def test_catching_other_levels_and_nested() -> None:
    logger = get_logger("ranvier.part")
    with catch_logs(log_level=logging.DEBUG) as outer:
        logger.debug("a")
        with catch_logs() as inner:
            logger.debug("b")
            logger.warn("c")
        logger.diagnostic("d")
    assert [message for _, _, message in outer] == ["a"]
    assert [message for _, _, message in inner] == ["c"]


def test_catching_what_is_said_once_again_and_again() -> None:
    for _ in range(2):
        with catch_logs() as caught:
            get_logger().warn("once", once=True)
            get_logger().warn("once", once=True)
        assert len(caught) == 1


def test_catching_ends_with_errors() -> None:
    with pytest.raises(ZeroDivisionError), catch_logs():
        _ = 1 / 0
    assert not module._State.catchers


def test_catching_from_one_package_only(capsys: pytest.CaptureFixture[str]) -> None:
    with catch_logs(only_from=["my"]) as caught:
        get_logger("my.own").warn("caught")
        get_logger("ranvier.part").warn("shown")
    assert [message for _, _, message in caught] == ["caught"]
    assert "shown" in capsys.readouterr().err


def test_messages_of_pythons_logging(capsys: pytest.CaptureFixture[str]) -> None:
    logging.getLogger("ranvier.cache").warning("full: %s", "disk")
    assert capsys.readouterr().err == "WARNING    full: disk [ranvier.cache]\n"
    with catch_logs() as caught:
        logging.getLogger("ranvier.cache").error("again")
    assert caught == [("ERROR", "ranvier.cache", "again")]


# ---------------------------------------------------------------------- the file


def file_text() -> str:
    assert BrianLogger.tmp_log is not None
    return Path(BrianLogger.tmp_log).read_text()


def test_the_file_has_more_than_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    say_all(get_logger("ranvier.part"))
    lines = file_text().splitlines()
    assert [line.split(maxsplit=3)[2:] for line in lines[1:]] == [
        ["DEBUG", "ranvier.part: debug"],
        ["INFO", "ranvier.part: info"],
        ["WARNING", "ranvier.part: warn"],
        ["WARNING", "ranvier.part: warning"],
        ["ERROR", "ranvier.part: error"],
    ]
    assert sys.executable in lines[0]


def test_suppressed_messages_are_in_the_file_unless_asked(capsys: pytest.CaptureFixture[str]) -> None:
    BrianLogger.suppress_name("a")
    BrianLogger.suppress_name("b", filter_log_file=True)
    BrianLogger.suppress_hierarchy("ranvier.c", filter_log_file=True)
    get_logger().warn("message A", "a")
    get_logger().warn("message B", "b")
    get_logger("ranvier.c").warn("message C")
    assert not capsys.readouterr().err
    assert "message A" in file_text() and "message B" not in file_text() and "message C" not in file_text()


def test_no_file_without_messages_or_with_the_preference(capsys: pytest.CaptureFixture[str]) -> None:
    get_logger().diagnostic("below the file's level")
    prefs.logging.file_log = False
    get_logger().error("not written")
    assert BrianLogger.tmp_log is None
    assert "not written" in capsys.readouterr().err


def test_the_file_is_rotated(capsys: pytest.CaptureFixture[str]) -> None:
    prefs.logging.file_log_max_size = 300
    for number in range(6):
        get_logger().warn(f"message {number} " + "x" * 150)
    assert "message 5" in file_text()
    older = Path(BrianLogger.tmp_log + ".1").read_text()
    assert "message 0" not in older + file_text() and "message 3" in older + file_text()
    module._State.log_file.close()
    assert not Path(BrianLogger.tmp_log).exists() and not Path(BrianLogger.tmp_log + ".1").exists()


def test_a_temporary_directory_that_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nothing"))
    get_logger().warn("shown all the same")
    get_logger().warn("and again")
    assert len(capsys.readouterr().err.splitlines()) == 2
    assert BrianLogger.tmp_log is None


def run_script(tmp_path: Path, script: str) -> tuple[subprocess.CompletedProcess[str], list[Path]]:
    """Runs a script with a temporary directory of its own; returns what it left there."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    path = tmp_path / "script.py"
    path.write_text(f"import tempfile; tempfile.tempdir = {str(temporary)!r}\n{script}")
    done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, check=False)
    return done, sorted(temporary.iterdir())


SAY = "from ranvier.session.logger import get_logger\nget_logger().warn('hello')\n"


def test_the_file_is_gone_after_a_script_that_went_well(tmp_path: Path) -> None:
    done, left = run_script(tmp_path, SAY)
    assert done.returncode == 0 and done.stderr == "WARNING    hello [ranvier]\n" and not left


FAIL = "from ranvier.units import get_dimensions\nget_dimensions('text')\n"
"""An error of ours ends the script."""


def test_a_mistake_of_the_script_alone_keeps_nothing(tmp_path: Path) -> None:
    done, left = run_script(tmp_path, SAY + "1/0\n")
    assert done.returncode == 1 and not left
    assert done.stderr.splitlines()[-1] == "ZeroDivisionError: division by zero"


def test_the_file_and_the_script_stay_after_an_error_of_ours(tmp_path: Path) -> None:
    done, left = run_script(tmp_path, SAY + FAIL)
    assert done.returncode == 1
    log, script = left
    assert "hello" in log.read_text() and "TypeError" in log.read_text()
    assert script.read_text() == (tmp_path / "script.py").read_text()
    assert done.stderr.splitlines()[-2].startswith("TypeError: Object of type")
    assert str(log) in done.stderr.splitlines()[-1] and str(script) in done.stderr.splitlines()[-1]


def test_preferences_of_what_stays(tmp_path: Path) -> None:
    quiet = "from ranvier.session.preferences import prefs\nprefs.logging.save_script = False\n"
    quiet += "prefs.logging.display_brian_error_message = False\n"
    done, left = run_script(tmp_path, quiet + SAY + FAIL)
    assert len(left) == 1 and done.stderr.splitlines()[-1].startswith("TypeError: Object of type")


def test_keeping_the_file(tmp_path: Path) -> None:
    keep = "from ranvier.session.preferences import prefs\nprefs.logging.delete_log_on_exit = False\n"
    done, left = run_script(tmp_path, keep + SAY)
    assert done.returncode == 0 and len(left) == 1 and "hello" in left[0].read_text()


def test_interrupting_or_leaving_a_script_keeps_nothing(tmp_path: Path) -> None:
    _, left = run_script(tmp_path, SAY + "raise KeyboardInterrupt\n")
    assert not left


def test_loading_the_file_takes_over_nothing(tmp_path: Path) -> None:
    script = (
        "import logging, sys\n"
        "from ranvier.session import logger\n"
        "handlers = logging.getLogger('ranvier').handlers\n"
        "assert sys.excepthook is sys.__excepthook__ and not handlers\n"
        "logger.get_logger(), logger.get_logger('ranvier.part')\n"
        "assert sys.excepthook is not sys.__excepthook__ and len(handlers) == 1\n"
    )
    done, _ = run_script(tmp_path, script)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("imported", ["*", "NeuronGroup", "run", "defaultclock"])
def test_what_scripts_import_reports_errors(tmp_path: Path, imported: str) -> None:
    done, left = run_script(tmp_path, f"from ranvier import {imported}\n{FAIL}")
    assert len(left) == 2 and "A file with all messages is kept in" in done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_child_processes_leave_the_file_alone(tmp_path: Path) -> None:
    fork = SAY + "from ranvier.session.logger import BrianLogger\nimport os\n"
    fork += "if (child := os.fork()) == 0:\n    get_logger().warn('child')\n    raise SystemExit\n"
    fork += "os.waitpid(child, 0)\nprint(open(BrianLogger.tmp_log).read())\n"
    done, left = run_script(tmp_path, fork)
    assert "hello" in done.stdout and "child" not in done.stdout and not left


# ---------------------------------------------------------------------- silence


def test_std_silent(capfd: pytest.CaptureFixture[str]) -> None:

    with std_silent():
        print("hidden")
        os.write(1, b"hidden, too\n")
        os.write(2, b"hidden, too\n")
    print("shown")
    assert capfd.readouterr() == ("shown\n", "")
    with pytest.raises(ZeroDivisionError), std_silent():
        os.write(1, b"what was said before the error\n")
        _ = 1 / 0
    assert "before the error" in capfd.readouterr().err
    with std_silent(alwaysprint=True):
        print("shown")
    assert capfd.readouterr().out == "shown\n"


def test_handlers_of_brian_set_the_levels(capsys: pytest.CaptureFixture[str]) -> None:
    BrianLogger.console_handler.setLevel(logging.ERROR)
    get_logger("ranvier.test").warn(msg="not now", name_suffix="topic")
    BrianLogger.log_level_info()
    assert BrianLogger.console_handler.level == logging.INFO and BrianLogger.initialized
    get_logger("ranvier.test").info(msg="but now")
    assert "not now" not in (shown := capsys.readouterr().err) and "but now" in shown
    BrianLogger.file_handler.setLevel(logging.WARNING)
    assert prefs.logging.file_log_level == "WARNING"


def test_messages_of_a_scripts_own_logger_are_caught_and_hidden_by_brians_name() -> None:
    with catch_logs() as caught:
        get_logger("brian2.mine").warn("hello", "topic")
    assert caught == [("WARNING", "brian2.mine.topic", "hello")]
    with catch_logs(only_from=("brian2.groups",)) as caught:
        for name in ("brian2.groups.x", "ranvier.groups.y"):
            get_logger(name).warn("hello")
    assert [name for _, name, _ in caught] == ["brian2.groups.x", "ranvier.groups.y"]
