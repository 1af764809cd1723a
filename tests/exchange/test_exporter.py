"""The devices that describe a model: `exporter` and `markdown`."""

from pathlib import Path

import numpy as np
import pytest

import ranvier
from ranvier import (
    Cylinder,
    EventMonitor,
    Hz,
    NetworkOperation,
    NeuronGroup,
    PoissonGroup,
    PoissonInput,
    PopulationRateMonitor,
    SpatialNeuron,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    device,
    ms,
    mV,
    run,
    second,
    set_device,
    siemens,
    start_scope,
    um,
    volt,
)
from ranvier.devices.device import get_device, reset_device
from ranvier.exchange.markdown import MdExpander
from ranvier.objects.networks.devices import runtime_device


@pytest.fixture(autouse=True)
def exporter():
    start_scope()
    set_device("exporter")
    yield
    while get_device() is not runtime_device:  # a test that failed may have chosen another one
        reset_device()


def leaky(n=100, name="cells"):
    return NeuronGroup(
        n,
        "dv/dt = (v_rest - v)/tau : volt (unless refractory)\nv_rest : volt",
        threshold="v > v_th",
        reset="v = v_rest",
        refractory=5 * ms,
        method="euler",
        name=name,
    )


def test_a_run_is_described_and_not_done():
    tau, v_th = 10 * ms, 1 * volt  # noqa: F841
    cells = leaky()
    cells.v = 0 * mV
    cells.v_rest = "rand()*20*mV*i/(N - 1)"
    states, spikes = StateMonitor(cells, "v", record=True), SpikeMonitor(cells, record=False)
    run(1 * second)
    (described,) = device.runs
    assert described["duration"] == 1 * second and "inactive" not in described
    (neurons,) = described["components"]["neurongroup"]
    place = {"dt": 0.1 * ms, "order": 0}
    assert neurons == {
        "name": "cells",
        "N": 100,
        "user_method": "euler",
        "equations": {
            "v": {
                "type": "differential equation",
                "unit": volt,
                "var_type": "float",
                "expr": "(v_rest - v)/tau",
                "flags": ["unless refractory"],
            },
            "v_rest": {"type": "parameter", "unit": volt, "var_type": "float"},
        },
        "events": {
            "spike": {
                "threshold": {"code": "v > v_th", "when": "thresholds", **place},
                "reset": {"code": "v = v_rest", "when": "resets", **place},
                "refractory": 5 * ms,
            }
        },
        "identifiers": {"tau": 10 * ms, "v_th": 1 * volt},
        "when": "groups",
        "order": 0,
    }
    assert described["initializers_connectors"] == [
        {"type": "initializer", "source": "cells", "variable": "v", "index": True, "value": 0 * mV},
        {
            "type": "initializer",
            "source": "cells",
            "variable": "v_rest",
            "index": "True",
            "value": "rand()*20*mV*i/(N - 1)",
            "identifiers": {"N": 100},
        },
    ]
    assert described["components"]["statemonitor"][0]["record"] is True
    assert described["components"]["spikemonitor"][0]["source_size"] == 100
    assert spikes.num_spikes == 0 and states.v.shape == (100, 0) and list(cells.v_rest) == [0] * 100


def test_synapses_their_pathways_and_connections():
    gmax, tau = 0.01, 20 * ms  # noqa: F841
    source, target = PoissonGroup(10, 15 * Hz, name="input"), NeuronGroup(5, "s : 1\nv : 1", name="cells")
    synapses = Synapses(
        source,
        target[1:],
        "w : 1\ndapre/dt = -apre/tau : 1 (event-driven)\ns_post = w*gmax : 1 (summed)",
        on_pre={"pre": "v_post += w; apre += gmax", "late": "v_post -= w"},
        delay={"late": 2 * ms},
        name="synapses",
    )
    synapses.connect(j="k for k in range(i, 4) if k != i", p=0.5)
    synapses.connect(condition="i == j", n=2)
    synapses.w = "rand()*gmax"
    synapses.delay = 1 * ms
    run(1 * ms)
    (described,) = device.runs[0]["components"]["synapses"]
    assert described["source"] == "input" and described["target"] == {"group": "cells", "start": 1, "stop": 5}
    assert described["equations"].keys() == {"w", "apre"} and described["identifiers"] == {"gmax": 0.01, "tau": tau}
    assert [(k["name"], k["prepost"], k.get("delay")) for k in described["pathways"]] == [
        ("synapses_pre", "pre", None),
        ("synapses_late", "pre", 2 * ms),
    ]
    assert described["summed_variables"][0]["code"] == "w*gmax"
    first, second_, weights, delays = device.runs[0]["initializers_connectors"]
    assert (first["j"], first["probability"], first["synapses"]) == (
        "k for k in range(i, 4) if k != i",
        0.5,
        "synapses",
    )
    assert (second_["condition"], second_["n_connections"]) == ("i == j", 2)
    assert weights["identifiers"] == {"gmax": 0.01} and delays["value"] == 1 * ms and delays["variable"] == "delay"
    assert device.runs[0]["components"]["poissongroup"] == [{"name": "input", "N": 10, "rates": 15 * Hz}]
    assert len(synapses) == 0


def test_every_kind_of_object():
    drive = TimedArray([1.0, 2.0], dt=1 * ms)  # noqa: F841
    cells = NeuronGroup(3, "dv/dt = (drive(t) - v)/(5*ms) : 1", events={"high": "v > 2"}, name="cells")
    cells.run_on_event("high", "v = 0")
    cells.run_regularly("v += 1", dt=2 * ms)
    neuron = SpatialNeuron(
        Cylinder(length=10 * um, diameter=1 * um, n=3), "Im = g*v : amp/meter**2\ng : siemens/meter**2"
    )
    neuron.g = 1 * siemens / ranvier.meter**2
    rates = PoissonGroup(2, rates="10*Hz*i", name="rates")
    objects = [
        cells,
        neuron,
        rates,
        SpikeGeneratorGroup(3, [0, 1], [1, 2] * ms, period=5 * ms),
        PoissonInput(cells, "v", 5, 10 * Hz, "0.1*v"),
        EventMonitor(cells, "high"),
        PopulationRateMonitor(rates),
        NetworkOperation(lambda: None, dt=1 * ms),
    ]
    network = ranvier.Network(objects)
    rates.active = False
    network.run(1 * ms)
    network.run(2 * ms)
    first, again = device.runs
    assert first["components"].keys() == {
        "neurongroup", "spatialneuron", "poissongroup", "spikegeneratorgroup", "poissoninput", "eventmonitor",
        "populationratemonitor", "networkoperation",
    }  # fmt: skip
    assert first["inactive"] == ["rates"]
    (described,) = first["components"]["neurongroup"]
    assert described["events"]["high"]["reset"]["code"] == "v = 0" and described["user_method"] is None
    assert described["run_regularly"][0]["code"] == "v += 1" and described["identifiers"]["drive"]["dt"] == 1 * ms
    assert np.allclose(first["components"]["spikegeneratorgroup"][0]["times"] / ms, [1, 2])
    assert first["components"]["spatialneuron"][0]["morphology"][0]["n"] == 3
    assert "initializers_connectors" in first and "initializers_connectors" not in again
    device.build(expander=MdExpander(include_monitors=True, keep_initializer_order=True, author="A. Hodgkin"))
    text = device.md_text
    for part in ("## Run 2", "A. Hodgkin", "is a timed array", "**Inactive:** rates", "with compartments", "1. Of *"):
        assert part in text


def test_values_are_those_of_their_time():
    cells = NeuronGroup(3, "v : volt", threshold="v > 1*mV", reset="v = 0*mV", name="cells")
    synapses = Synapses(cells, cells, name="synapses")
    values, ends = [1, 2, 3] * mV, np.array([0, 1, 2])
    cells.v = values
    synapses.connect(i=ends, j=ends)
    values[:], ends[:] = 0 * mV, 0
    run(1 * ms)
    first, second_ = device.runs[0]["initializers_connectors"]
    assert np.allclose(first["value"] / mV, [1, 2, 3]) and second_["i"].tolist() == [0, 1, 2]


def test_names_without_meaning_are_reported():
    cells = NeuronGroup(1, "dv/dt = -v/tua : 1", name="cells")  # noqa: F841
    with pytest.raises(ranvier.BrianObjectException, match="tua"):
        run(1 * ms)


def test_markdown_is_written_to_a_file(tmp_path: Path, capsys):
    set_device("markdown", filename=str(tmp_path / "model"), debug=True)
    tau, v_th = 10 * ms, 1 * volt  # noqa: F841
    cells = leaky(1)
    cells.v[0] = 1 * mV
    synapses = Synapses(cells, cells, on_pre="v += 3*mV", on_post="v -= 1*mV", name="synapses")
    synapses.connect(condition="i != j")
    synapses.post.delay = "2*ms"
    run(2 * second)
    text = (tmp_path / "model.md").read_text()
    assert text == device.md_text and capsys.readouterr().out.strip() == text.strip()
    for part in (
        "Group **cells**, consisting of **1** neuron.",
        r"$\frac{\mathrm{d}v}{\mathrm{d}t}$ = $\frac{v_{rest} - v}{\tau}$ (unless refractory)",
        "If $v > v_{th}$, a **spike** event is triggered and $v$ ← $v_{rest}$. Refractory period: 5. ms.",
        "Variable $v$ = 1. mV for the elements 0.",
        r"Synapses where $i \neq j$.",
        r"For each **pre-synaptic** spike: Increase $v$ by $3 \mathrm{mV}$.",
        "(in synapses_post)",
        "The simulation was run for **2. s**.",
    ):
        assert part in text
    reset_device()


def test_build_runs_of_several_calls_and_options():
    set_device("exporter", build_on_run=False)
    cells = NeuronGroup(1, "v : 1")  # noqa: F841
    run(1 * ms)
    run(1 * ms)
    device.build()
    assert len(device.runs) == 2
    with pytest.raises(TypeError, match="no option 'colour'"):
        device.build(colour=1)
    reset_device()
