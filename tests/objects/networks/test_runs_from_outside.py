"""Corners that an audit of the whole met: methods as network operations, places of dumps."""

from pathlib import Path

import pytest

from ranvier import Network, NeuronGroup, ms, network_operation

pytestmark = pytest.mark.filterwarnings("error")


def test_a_decorated_method_says_how_to_use_methods() -> None:
    with pytest.raises(TypeError, match=r"'step' is 'self'.*NetworkOperation\(obj\.step\)"):

        class Holder:
            @network_operation(dt=1 * ms)
            def step(self, t: object) -> None: ...


def test_a_dump_that_cannot_be_written_names_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RANVIER_DUMP", str(tmp_path / "file" / "dump"))
    with pytest.raises(OSError, match="environment variable RANVIER_DUMP"):
        Network(NeuronGroup(1, "dv/dt = 1/ms : 1", method="euler")).run(0.1 * ms, namespace={"ms": ms})


def test_dumps_beyond_the_thousandth_are_numbered_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "1000-plan.txt").write_text("")
    monkeypatch.setenv("RANVIER_DUMP", str(tmp_path))
    Network(NeuronGroup(1, "dv/dt = 1/ms : 1", method="euler")).run(0.1 * ms, namespace={"ms": ms})
    (plan,) = tmp_path.glob("1001-*-plan.txt")
    assert plan.stat().st_size and not (tmp_path / "1000-plan.txt").stat().st_size
