"""A few seeds of each kind of random model; `python -m tests.fuzz` tries as many as wanted, in other processes."""

from collections.abc import Iterator

import pytest
from fuzz.workers import KINDS, check

import ranvier as rv

FEW = {"assigned": 5, "compiled": 1, "indexed": 5, "connected": 5, "mistaken": 2, "timed": 1,
       "simulated": 2, "interpreted": 1, "emulated": 1, "swept": 0,
       "chunked": 1, "optimised": 0, "changed": 0, "switched": 0, "divided": 0, "resumed": 1}  # fmt: skip
"""Seeds of each kind: all together take a few seconds. What compiles a network many times is in the long version."""


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    mode, dt = rv.prefs["codegen.fast_math"], rv.defaultclock.dt
    yield
    rv.prefs["codegen.fast_math"] = mode
    rv.defaultclock.dt = dt
    rv.start_scope()


def test_every_kind_is_tried() -> None:
    assert FEW.keys() == KINDS.keys()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", [kind for kind, seeds in FEW.items() if seeds])
def test_a_few(kind: str) -> None:
    assert sum(check(kind, seed) for seed in range(1, FEW[kind] + 1)) > 0


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", list(KINDS))
def test_many(kind: str) -> None:
    assert sum(check(kind, seed) for seed in range(100, 106 + 10 * FEW[kind])) > 0
