"""The table of what differs from Brian on purpose (docs/brian.md): the code of each row does what the row says."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ranvier import restore_initial_state, set_device

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "docs"))
from book.differences import BEGIN, DIFFERENCES, Difference, difference_table


@pytest.fixture(autouse=True)
def as_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    yield
    set_device("runtime")
    restore_initial_state()


def run_row(row: Difference) -> None:
    """Runs the code of a row, which is to end as the row says."""
    kind, _, text = row.raises.partition(": ")
    script = compile(BEGIN + row.code, row.what, "exec")
    try:
        exec(script, {"__name__": "script"})
    except Exception as error:
        assert kind in [each.__name__ for each in type(error).__mro__], f"{row.what}: {error!r}"
        assert text in f"{error} {error.__cause__ or ''}", row.what
        return
    assert not kind, f"{row.what}: no {kind}"


@pytest.mark.parametrize("row", DIFFERENCES, ids=lambda row: row.what[:30])
def test_rows(row: Difference) -> None:
    run_row(row)


CELLS = 'cells = NeuronGroup(2, "v : 1")\n'
OTHER_FORMS = {
    "n = p": (CELLS + "Synapses(cells, cells).connect(p=np.nan)", "ValueError: "),
    "i": (CELLS + 'cells.run_regularly("i = 1")\nrun(1*ms)', "Exception: 'i'"),
    "N": (CELLS + 'cells.run_regularly("N = 1")\nrun(1*ms)', "Exception: 'N'"),
    "a = 1": ('cells = NeuronGroup(2, "a = 1 : boolean")\nrun(1*ms)', "BrianObjectException: "),
    "b*b": ('cells = NeuronGroup(2, "b : boolean\\na = b*b : boolean")\nrun(1*ms)', "BrianObjectException: "),
    "contract": ('prefs.codegen.fast_math = "contract"\nprefs.codegen.fast_math = "fast"', ""),
}
"""What rows name besides their example: a script, and how it ends."""


@pytest.mark.parametrize("form", OTHER_FORMS)
def test_other_forms(form: str) -> None:
    code, raises = OTHER_FORMS[form]
    run_row(Difference(form, "", "", code, raises))


def test_rows_that_are_not_true_are_found() -> None:
    for row in (Difference("", "", "", "assert 2 == 3"), Difference("", "", "", "a = 1", raises="ValueError: a")):
        with pytest.raises(AssertionError):
            run_row(row)


def test_every_row_shows_something() -> None:
    assert len({row.what for row in DIFFERENCES}) == len(DIFFERENCES) > 25
    assert [row.what for row in DIFFERENCES if not row.raises and "assert " not in row.code] == []
    assert "|" not in "".join(row.what + row.brian + row.ranvier for row in DIFFERENCES)
    assert difference_table() in (ROOT / "docs/brian.md").read_text(encoding="utf-8"), "run `python docs/write.py`"
