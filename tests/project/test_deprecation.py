"""What will go works until the version that it names, and says what to use; nothing is there longer than promised."""

import ast
from pathlib import Path

import pytest

import ranvier
from ranvier.session.deprecation import deprecated, warn_deprecated
from ranvier.session.logger import catch_logs

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("frontend", "ir", "passes", "codegen", "runtime")


@deprecated("old()", instead="new()", since="0.2", until="0.4")
def old(first: int, *, second: int = 1) -> int:
    """Returns a sum."""
    return first + second


def test_what_will_go_works_and_warns_once() -> None:
    with catch_logs() as logs:
        assert old(1, second=2) + old(1) == 5
    assert logs == [
        (
            "WARNING",
            "ranvier.deprecated.old()",
            "old() is deprecated since version 0.2 and goes with version 0.4: use new() instead.",
        )
    ]
    assert old.__name__ == "old"
    assert old.__doc__ == "Returns a sum.\n\nDeprecated since version 0.2, goes with version 0.4: use new() instead.\n"


def test_arguments_warn_too() -> None:
    with catch_logs() as logs:
        warn_deprecated("the argument 'old' of run", instead="'new'", since="0.2", until="0.4")
    assert "the argument 'old' of run is deprecated since version 0.2" in logs[0][2]


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def broken_promises(text: str, version: str) -> list[str]:
    """The deprecations in a file that are overdue, too short, or do not say until when."""
    found: list[str] = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in ("deprecated", "warn_deprecated"):
            given = {each.arg: each.value.value for each in node.keywords if isinstance(each.value, ast.Constant)}
            if not given:
                continue  # the helper itself passes on what it was given
            since, until = numbers(str(given["since"])), numbers(str(given["until"]))
            two_later = (since[0], since[1] + 2) if since[0] == 0 else (since[0] + 1, 0)
            if until < two_later or numbers(version) >= until:
                found.append(f"line {node.lineno}: since {since}, until {until}")
    return found


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_is_overdue_is_gone(folder: str) -> None:
    paths = [path for path in (ROOT / folder).rglob("*.py") if "deprecated(" in path.read_text(encoding="utf-8")]
    wrong = {str(path): broken_promises(path.read_text(encoding="utf-8"), ranvier.__version__) for path in paths}
    assert not {path: lines for path, lines in wrong.items() if lines}


def test_broken_promises_are_found() -> None:
    text = """@deprecated("a", instead="b", since="0.2", until="0.4")\ndef a(): ..."""
    assert not broken_promises(text, "0.3.9")
    assert broken_promises(text, "0.4.0")
    assert broken_promises(text.replace("0.4", "0.3"), "0.2.0")
    assert broken_promises(text.replace("0.2", "1.3").replace("0.4", "1.9"), "1.3.0")
