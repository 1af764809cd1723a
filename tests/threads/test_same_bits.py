"""Any number of threads gives the results of one, to the last bit, wherever their parts begin."""

import pytest
from threads.networks import KINDS
from threads.outcome import check_same, run_with

from ranvier.runtime.team import dividing_at


@pytest.mark.parametrize("build", KINDS, ids=lambda build: build.__name__)
def test_any_number_of_threads_gives_the_results_of_one(build) -> None:
    expected = run_with(1, build)
    for threads in (2, 3, 8):
        check_same(run_with(threads, build), expected)
    for threads, shares in ((2, (0.8,)), (3, (0.1, 0.2)), (3, (0.0, 0.6))):
        with dividing_at(*shares):
            check_same(run_with(threads, build), expected)
