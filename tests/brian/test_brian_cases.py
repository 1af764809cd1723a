"""Each case's outcome agrees with the one recorded from Brian.

RANVIER_TEST_MODULE names another simulator to run the cases with (`brian2` checks the cases themselves).
"""

import os
from collections.abc import Iterator

import pytest
from brian.replay import CASE_FILES, Case, differences, load_cases, load_records, raises_alike, run_case

MODULE = os.environ.get("RANVIER_TEST_MODULE", "ranvier")


def every_case() -> list:
    """Return all cases with the file they are in."""
    return [
        pytest.param(stem, case, id=f"{stem}/{case.name}", marks=list(marks_of(case)))
        for stem in CASE_FILES
        for case in load_cases(stem)
    ]


def marks_of(case: Case) -> Iterator[pytest.MarkDecorator]:
    """Yield what is special about a case."""
    if case.long:
        yield pytest.mark.long


def lineage_of(error_class: str) -> set[str]:
    """Return the names of a class and its ancestors, found among all exception classes that exist now."""
    found, unseen = set(), [BaseException]
    while unseen:
        candidate = unseen.pop()
        unseen += candidate.__subclasses__()
        if candidate.__name__ == error_class:
            found |= {ancestor.__name__ for ancestor in candidate.__mro__}
    return found


@pytest.mark.parametrize(("stem", "case"), every_case())
def test_outcome_is_brians(stem: str, case: Case) -> None:
    record = load_records(stem)[case.name]
    ours = run_case(case, MODULE)
    if record.raised or ours.raised:
        assert raises_alike(case, ours, record, lineage_of), f"Brian: {record.raised}, here: {ours.text}"
    assert not list(differences(case, ours, record))


@pytest.mark.parametrize("stem", CASE_FILES)
def test_records_belong_to_the_cases(stem: str) -> None:
    recorded = {name: record.digest for name, record in load_records(stem).items()}
    assert recorded == {case.name: case.digest for case in load_cases(stem)}
