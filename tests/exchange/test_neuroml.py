"""Point neurons of NeuroML."""

import numpy as np
import pytest

from ranvier import Network, NeuronGroup, SpikeMonitor, defaultclock, ms, mV, nS, pA, second
from ranvier.neuroml import from_neuroml

FILE = """<neuroml xmlns="http://www.neuroml.org/schema/neuroml2" id="cells">
  <iafCell id="iaf" leakReversal="-60mV" thresh="-55mV" reset="-65 mV" C="1.0nF" leakConductance="0.05uS"/>
  <iafRefCell id="iafRef" leakReversal="-60mV" thresh="-55mV" reset="-65mV" C="1nF" leakConductance="0.05uS"
     refract="5ms"/>
  <iafTauCell id="iafTau" leakReversal="-50mV" thresh="-55mV" reset="-70mV" tau="30ms"/>
  <iafTauRefCell id="iafTauRef" leakReversal="-50mV" thresh="-55mV" reset="-70mV" tau="30ms" refract="5ms"/>
  <izhikevichCell id="izh" v0="-70mV" thresh="30mV" a="0.02" b="0.2" c="-65.0" d="6"/>
  <izhikevich2007Cell id="izh2007" v0="-60mV" C="100 pF" k="0.7 nS_per_mV" vr="-60mV" vt="-40mV" vpeak="35mV"
     a="0.03per_ms" b="-2nS" c="-50mV" d="100pA"/>
  <adExIaFCell id="adex" C="281pF" gL="30nS" EL="-70.6mV" reset="-48.5mV" VT="-50.4mV" thresh="-40.4mV" refract="0ms"
     delT="2mV" tauw="40ms" a="4nS" b="0.08nA"/>
  <fitzHughNagumoCell id="fn" I="0.8"/>
  <fitzHughNagumo1969Cell id="fn1969" a="0.7" b="0.08" I="1.0" phi="0.08" V0="0.1" W0="0.2"/>
  <cell id="detailed"/>
</neuroml>"""


@pytest.fixture
def known(tmp_path):
    (tmp_path / "cells.nml").write_text(FILE)
    return from_neuroml(tmp_path / "cells.nml")


def test_all_cells_run(known):
    kinds = "iaf iafRef iafTau iafTauRef izh izh2007 adex fn fn1969"
    assert list(known) == kinds.split()
    groups = {name: cell.group(2) for name, cell in known.items()}
    monitors = {name: SpikeMonitor(group) for name, group in groups.items() if "thresh" in repr(known[name].kwargs)}
    groups["iaf"].I, groups["iafRef"].I = 500 * pA, 500 * pA
    groups["izh"].I, groups["izh2007"].I, groups["adex"].I = 10, 100 * pA, 1000 * pA
    Network(groups, monitors).run(300 * ms)
    counts = {name: monitor.count[0] for name, monitor in monitors.items()}
    assert all(count > 0 for count in counts.values())
    assert counts["iafRef"] < counts["iaf"] and counts["iafTauRef"] < counts["iafTau"]


def test_parameters_and_initial_values(known):
    cell = known["izh2007"]
    assert cell.type == "izhikevich2007Cell" and float(cell.kwargs["namespace"]["k"]) == pytest.approx(0.7e-6)
    assert cell.kwargs["namespace"]["a"] == 30 / second and cell.kwargs["namespace"]["b"] == -2 * nS
    group = known["izh"].group(3, name="mine", method="rk4")
    assert group.name == "mine" and np.allclose(group.v / mV, -70) and np.allclose(group.U, -14)
    assert NeuronGroup(2, **known["iafRef"].kwargs).refractory == 5 * ms
    assert known["fn1969"].group(1).W[0] == 0.2


def test_izhikevich_is_what_numpy_integrates(known):
    defaultclock.dt = 0.1 * ms
    group = known["izh"].group(1)
    group.I = 10
    monitor = SpikeMonitor(group)
    Network(group, monitor).run(200 * ms)
    v, u, spikes = -70.0, -14.0, []
    for k in range(2000):
        v, u = v + 0.1 * (0.04 * v * v + 5 * v + 140 - u + 10), u + 0.1 * 0.02 * (0.2 * v - u)
        if v > 30:
            v, u = -65.0, u + 6
            spikes.append(k)
    assert len(spikes) > 3 and np.allclose(monitor.t / (0.1 * ms), spikes)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ('<iafTauCell id="a" thresh="1mV" tau="1ms"/>', ValueError, "The iafTauCell 'a' has no 'leakReversal'"),
        ('<fitzHughNagumoCell id="a" I="fast"/>', ValueError, "no number with a unit"),
        ('<fitzHughNagumoCell id="a" I="1 foo"/>', ValueError, "unit 'foo' is not known"),
        ('<pinskyRinzelCA3Cell id="pr"/>', NotImplementedError, "pinskyRinzelCA3Cell 'pr'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(tmp_path, text, error, message):
    (tmp_path / "cells.nml").write_text(f"<neuroml>{text}</neuroml>")
    with pytest.raises(error, match=message):
        from_neuroml(tmp_path / "cells.nml")


def test_documents_of_libneuroml(known):
    neuroml = pytest.importorskip("neuroml", reason="the extra 'neuroml' is not installed")
    document = neuroml.NeuroMLDocument(id="document")
    iaf = {"leak_reversal": "-60mV", "thresh": "-55mV", "reset": "-65mV", "C": "1nF", "leak_conductance": "0.05uS"}
    document.iaf_cells.append(neuroml.IafCell(id="iaf", **iaf))
    izh = {"v0": "-70mV", "thresh": "30mV", "a": "0.02", "b": "0.2", "c": "-65.0", "d": "6"}
    document.izhikevich_cells.append(neuroml.IzhikevichCell(id="izh", **izh))
    adex = {"C": "281pF", "g_l": "30nS", "EL": "-70.6mV", "reset": "-48.5mV", "VT": "-50.4mV", "thresh": "-40.4mV",
            "refract": "0ms", "del_t": "2mV", "tauw": "40ms", "a": "4nS", "b": "0.08nA"}  # fmt: skip
    document.ad_ex_ia_f_cells.append(neuroml.AdExIaFCell(id="adex", **adex))
    cells = from_neuroml(document)
    assert {name: cells[name].kwargs for name in cells} == {name: known[name].kwargs for name in ("iaf", "izh", "adex")}
    assert from_neuroml(document.iaf_cells[0])["iaf"].type == "iafCell"
