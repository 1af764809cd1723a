"""The type in which a `StateMonitor` keeps values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ranvier import Network, NeuronGroup, Quantity, StateMonitor, ms, mV

MODEL = "dv/dt = 10*mV/ms + 0*v/ms : volt\nk : integer\nb : boolean\nw = 2*v : volt"


def recorded(dtype: Any, variables: Any = ("v", "k", "b", "w")) -> StateMonitor:
    group = NeuronGroup(2, MODEL, method="euler")
    monitor = StateMonitor(group, variables, record=True, dtype=dtype)
    group.run_regularly("k += 1")
    Network(group, monitor).run(0.3 * ms)
    return monitor


def test_one_type_for_all() -> None:
    monitor = recorded(np.float32, ["v", "w"])
    assert monitor.v.dtype == monitor[0].v.dtype == monitor.w_.dtype == np.float32 and monitor.t.dtype == np.float64
    assert isinstance(monitor.v, Quantity)
    np.testing.assert_allclose(monitor.v[1] / mV, [0, 1, 2], rtol=1e-6)
    assert recorded(None, "v").v.dtype == np.float64
    assert 2 * monitor.row_bytes() - 8 == recorded(None, ["v", "w"]).row_bytes()


def test_types_by_name() -> None:
    monitor = recorded({"v": "float32", "k": np.int64, "other": bool})
    types = [getattr(monitor, name).dtype for name in "vkbw"]
    assert types == ["float32", "int64", "bool", "float64"] and list(monitor.k[0]) == [1, 2, 3]


@pytest.mark.parametrize(
    ("dtype", "message"),
    [
        (np.float32, r"k' has values of type int32 and cannot be recorded as float32"),
        ({"v": np.int32}, r"v' has values of type float64 and cannot be recorded as int32"),
        ({"b": np.int32}, r"b' has values of type bool"),
        ({"k": np.uint8}, r"k' cannot be recorded as uint8; .* kept as int64, int32"),
        ({"v": np.float16}, r"v' cannot be recorded as float16; .* kept as float64, float32"),
    ],
)
def test_types_that_do_not_fit(dtype: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        recorded(dtype)
