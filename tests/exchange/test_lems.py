"""Networks of point neurons as LEMS documents."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from ranvier import (
    Network,
    NeuronGroup,
    PoissonGroup,
    SpikeMonitor,
    StateMonitor,
    defaultclock,
    ms,
)
from ranvier.neuroml import to_lems

pylems = pytest.mark.skipif(find_spec("lems") is None, reason="PyLEMS, which runs the documents, is not installed")


def adapting(n=2, **kwds):
    model = """dv/dt = (El - v + R*I*(1 + 0.1*sin(t/ms)))/tau : volt (unless refractory)
               dw/dt = -w/tau : 1
               El : volt
               jumps : 1
               R = 100*Mohm : ohm
               I : amp"""
    options = {"refractory": 2 * ms, "threshold": "v > -50*mV and w < 50", "reset": "v = El; w += 1; jumps += i + 1"}
    group = NeuronGroup(n, model, method="euler", name="cells", **{**options, **kwds})
    group.El, group.I = "-70*mV - i*mV", "0.3*nA + 0.1*i*nA"
    group.v = group.El
    return group


@pytest.fixture(autouse=True)
def step():
    defaultclock.dt = 0.1 * ms


def run_pylems(directory: Path, name: str) -> np.ndarray:
    """Runs model.xml in a process of its own, since PyLEMS writes where it stands and warns of much."""
    code = "from lems.run import run; run('model.xml', nogui=True)"
    done = subprocess.run([sys.executable, "-c", code], cwd=directory, capture_output=True, text=True, env=os.environ)
    assert done.returncode == 0, done.stdout + done.stderr
    return np.loadtxt(directory / name)


@pylems
def test_pylems_computes_the_same(tmp_path: Path) -> None:
    tau = 10 * ms
    cells = adapting(refractory=False)
    states, spikes = StateMonitor(cells, ["v", "w", "jumps"], record=True, name="states"), SpikeMonitor(cells)
    network = Network(cells, states, spikes)
    to_lems(network, 20 * ms, tmp_path / "model.xml")
    network.run(20 * ms)
    found = run_pylems(tmp_path, "states.dat")
    assert spikes.num_spikes >= 3 and tau
    count = 150  # its rows are the values at the end of a step
    for column, values in enumerate([*states.v_, *states.w, *states.jumps], 1):
        first = np.nonzero(np.diff(states.v_[(column - 1) % 2]) < -0.005)[0][0]
        assert np.allclose(found[:first, column], values[1 : first + 1], rtol=1e-6, atol=1e-9)
    for k in range(2):
        ours = np.nonzero(np.diff(states.v_[k, :count]) < -0.005)[0]
        theirs = np.nonzero(np.diff(found[:count, k + 1]) < -0.005)[0]
        assert len(ours) == len(theirs) and np.all(np.abs(ours - theirs) <= 2)


@pylems
def test_refractory_periods_are_regimes(tmp_path: Path) -> None:
    """PyLEMS takes a step for a change of regime: spikes come later by one step for each."""
    tau = 10 * ms
    cells = adapting()
    states = StateMonitor(cells, "v", record=True, name="states")
    network = Network(cells, states)
    text = to_lems(network, 30 * ms, tmp_path / "model.xml")
    regimes = ElementTree.fromstring(text.encode()).findall(".//Regime")
    assert [regime.get("name") for regime in regimes] == ["integrating", "refractory"] and tau
    assert [k.get("variable") for k in regimes[1].findall("TimeDerivative")] == ["w"]
    network.run(30 * ms)
    found = run_pylems(tmp_path, "states.dat")
    for k in range(2):
        ours = np.nonzero(np.diff(states.v_[k]) < -0.005)[0]
        theirs = np.nonzero(np.diff(found[:, k + 1]) < -0.005)[0]
        assert len(ours) == len(theirs) >= 2 and np.all(np.abs(ours - theirs) <= 2)


def test_the_document_has_dimensions_populations_and_outputs() -> None:
    tau = 10 * ms  # noqa: F841
    cells = adapting(3)
    same = NeuronGroup(3, "dx/dt = -x/tau : metre**2*kilogram", name="same", method="euler")
    spikes = SpikeMonitor(cells[1:], name="spikes")
    root = ElementTree.fromstring(to_lems(Network(cells, same, spikes), 5 * ms).encode())
    populations = {k.get("id"): k.get("size") for k in root.findall("network/population")}
    assert populations == {"cells_0": "1", "cells_1": "1", "cells_2": "1", "same": "3"}
    units = {k.get("symbol") for k in root.findall("Unit")}
    assert {"s", "V", "A", "ohm"} <= units
    odd = next(k for k in root.findall("Dimension") if k.get("l") == "2" and k.get("t") is None)
    assert (odd.get("m"), odd.get("name")) == ("1", "dim_l2_m1")
    selected = [k.get("select") for k in root.findall(".//EventSelection")]
    assert selected == ["cells_1[0]", "cells_2[0]"]
    simulation = root.find("Simulation")
    assert simulation is not None and (simulation.get("length"), simulation.get("step")) == ("0.005s", "0.0001s")
    assert root.find("Component").get("El") == "-0.07V"


def cells(model="dv/dt = -v/(10*ms) : 1", **kwds):
    options = {"threshold": "v > 1", "reset": "v = 0", "method": "euler", "name": "cells"} | kwds
    return NeuronGroup(2, model, **options)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: [cells("dv/dt = (xi*sqrt(ms) - v)/ms : 1")], "'cells' cannot be exported to LEMS: .* have noise"),
        (lambda: [cells(threshold="v > rand()")], "no function 'rand'"),
        (lambda: [cells("dv/dt = -(v // 2)/ms : 1")], "no operator '//'"),
        (lambda: [cells(refractory="v > 0.5")], "is no constant time"),
        (lambda: [cells(events={"high": "v > 0.5"})], "events other than spikes"),
        (lambda: [PoissonGroup(2, 10 / ms, name="noise")], "'noise' cannot be exported to LEMS: it is a PoissonGroup"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(make, message) -> None:
    with pytest.raises(NotImplementedError, match=message):
        to_lems(Network(make()), 1 * ms)


def test_a_network_without_neurons() -> None:
    with pytest.raises(ValueError, match="nothing to export"):
        to_lems(Network(name="empty"), 1 * ms)
