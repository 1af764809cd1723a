"""How the tests run: the whole check begins with the README's command, and each way of calling pytest runs the same."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from chosen_target import longest
from tries import VARIABLE, tries

ROOT = Path(__file__).resolve().parents[2]


def test_the_whole_check_begins_with_the_command_of_the_readme() -> None:
    found = re.search(r"python -m pytest [^\n`#]*", (ROOT / "README.md").read_text("utf-8"))
    lines = [line for line in (ROOT / ".ci/run").read_text("utf-8").splitlines() if "pytest" in line]
    assert found and f"{found[0].strip()} #" in lines[0] and ".ci/setup" in lines[0]


def test_other_processes_find_the_functions_of_tests_without_the_current_folder_on_the_path() -> None:
    """`pytest` does not put it there, `python -m pytest` does."""
    chosen = ["tests/codegen/test_program_cache.py", "-k", "test_several_processes_share_a_directory"]
    command = [sys.executable, "-P", "-m", "pytest", "-p", "no:cacheprovider", *chosen]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=longest(), check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_files_of_few_tests_are_not_left_to_the_end(pytestconfig: pytest.Config) -> None:
    """Scripts and pages take most of the time and are a few files: the last processor would be alone with them."""
    if not pytestconfig.pluginmanager.has_plugin("xdist"):
        pytest.skip("pytest-xdist is not installed")
    assert pytestconfig.option.loadscopereorder is False


def test_a_share_of_the_seeds_or_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for value, found in (("", 3), ("all", 9)):
        monkeypatch.setenv(VARIABLE, value)
        assert tries(3, 9) == found
    monkeypatch.setenv(VARIABLE, "9")
    with pytest.raises(ValueError, match="RANVIER_TRIES is 'all' or not set, not '9'"):
        tries(3, 9)
