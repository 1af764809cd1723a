"""A few seeds of each kind of random model; `python -m tests.fuzz` tries as many as wanted, in other processes."""

from collections.abc import Iterator

import pytest
from fuzz.workers import KINDS, check

import ranvier as rv

FEW = {"assigned": 6, "compiled": 1, "indexed": 6, "connected": 6, "mistaken": 2, "simulated": 4, "interpreted": 2,
       "chunked": 1, "optimised": 1, "changed": 1}  # fmt: skip
"""Seeds of each kind: all together take a few seconds."""


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
@pytest.mark.parametrize("kind", list(KINDS))
def test_a_few(kind: str) -> None:
    assert sum(check(kind, seed) for seed in range(1, FEW[kind] + 1)) > 0


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", list(KINDS))
def test_many(kind: str) -> None:
    assert sum(check(kind, seed) for seed in range(100, 100 + 12 * FEW[kind])) > 0
