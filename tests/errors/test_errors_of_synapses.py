"""What scientists read when something is wrong with synapses; `UPDATE_GOLDEN=1 pytest` writes the files anew."""

import os
import re
from pathlib import Path

import pytest
from errors.mistakes_with_synapses import MISTAKES
from errors.test_run_time_errors import INTERNAL, failure_of, printed

GOLDEN = Path(__file__).parent / "golden_synapses"


@pytest.mark.parametrize("name", MISTAKES)
def test_message_about_synapses(name):
    expected_class, expected_cause, script = MISTAKES[name]
    error = failure_of(name, script)
    text = re.sub(r"'synapses_pre(_\d+)?'", "'synapses_pre'", printed(error))
    shown = f"{script.strip()}\n{'-' * 80}\n{text}"
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8")
    assert expected_class in {k.__name__ for k in type(error).__mro__}
    if expected_cause:
        assert expected_cause in {k.__name__ for k in type(error.__cause__).__mro__}
    assert not INTERNAL.search(text.partition("created here:")[2] or text)


def test_every_golden_file_of_synapses_is_used():
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(MISTAKES)
