"""What differs from Brian on purpose: the table of docs/brian.md, and for each of its rows code that shows it.

`docs/write.py` writes the page from here, and tests/book/test_differences.py runs the code of each row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

BEGIN = "import numpy as np\nfrom ranvier import *\n"
"""What stands above the code of each row."""


@dataclass(frozen=True)
class Difference:
    """A row of the table.

    Attributes:
        what: What is written, or done.
        brian: What Brian makes of it.
        ranvier: What is made of it here.
        code: A script that shows it; its assertions hold here.
        raises: How the script ends where it is to fail: the class of the error, a colon, and a part of its text.
    """

    what: str
    brian: str
    ranvier: str
    code: str
    raises: str = ""


DIFFERENCES: Sequence[Difference] = (
    Difference(
        "`2**-1` in strings (integers)",
        "0",
        "0.5",
        """\
cells = NeuronGroup(2, "v : 1")
cells.v = "2**-1"
assert cells.v[0] == 0.5
""",
    ),
    Difference(
        "integers beyond 32 bits",
        "overflow",
        "computed with 64 bits, stored with 32",
        """\
cells = NeuronGroup(2, "v : 1")
cells.v = "100000*100000*(i + 1)"
assert cells.v[0] == 1e10
""",
    ),
    Difference(
        "`v **= 2`, `v //= 2` in statements",
        "refused",
        "accepted",
        """\
cells = NeuronGroup(2, "v : 1\\nk : integer")
cells.v, cells.k = 3, 7
cells.run_regularly("v **= 2; k //= 2", when="start")
run(defaultclock.dt)
assert cells.v[0] == 9 and cells.k[0] == 3
""",
    ),
    Difference(
        "`v /= 2 + w`, `v *= a + b`, `v %= 2*mV`, `v` with a unit",
        "refused: units are checked as of `v / 2 + w`",
        "accepted",
        """\
cells = NeuronGroup(2, "v : volt\\nw : 1")
cells.v, cells.w = 6*mV, 1
cells.run_regularly("v /= 2 + w", when="start")
run(defaultclock.dt)
assert cells.v[0] == 2*mV
""",
    ),
    Difference(
        "`v = u; u += 1` in statements",
        "`v` is the new `u` with numpy, the old one with Cython and C++",
        "the old one",
        """\
cells = NeuronGroup(2, "v : 1\\nu : 1", threshold="True", reset="v = u; u += 1")
run(defaultclock.dt)
assert cells.v[0] == 0 and cells.u[0] == 1
""",
    ),
    Difference(
        "statements that assign to `t`, `i` or `N`",
        "accepted, with odd effects",
        "refused",
        """\
cells = NeuronGroup(2, "v : 1")
cells.run_regularly("t = 1*ms")
run(1*ms)
""",
        "BrianObjectException: 't'",
    ),
    Difference(
        "removable singularities, `x/(exp(x) - 1)` at `x = 0`",
        "NaN or not, depending on the target",
        "the limit",
        """\
cells = NeuronGroup(2, "dv/dt = (x/(exp(x) - 1))/ms : 1\\nx : 1", method="euler")
run(1*ms)
assert abs(cells.v[0] - 1) < 1e-9
""",
    ),
    Difference(
        "`mS`, `uS` and such in strings",
        "must be imported",
        "known",
        """\
cells = NeuronGroup(2, "g : siemens")
cells.g = "2*mS"
assert cells.g_[0] == 0.002
""",
    ),
    Difference(
        "code of synapses that changes a variable at both ends (`v_pre -= 1; v_post += 1`), where both are one neuron",
        "one change is lost with Cython and C++, none with numpy",
        "none is lost",
        """\
cell = NeuronGroup(1, "v : 1", threshold="t < 0.05*ms")
own = Synapses(cell, cell, on_pre="v_pre -= 1; v_post += 1")
own.connect()
cell.v = 5
run(1*ms)
assert cell.v[0] == 5
""",
    ),
    Difference(
        "boolean arrays as index of variables of synapses",
        "taken as the numbers 0 and 1",
        "a selection, as of neurons",
        """\
cells = NeuronGroup(2, "v : 1")
synapses = Synapses(cells, cells, "w : 1")
synapses.connect()
synapses.w = "i*2 + j"
assert list(synapses.w[np.array([True, False, False, True])]) == [0, 3]
""",
    ),
    Difference(
        "`k = 3e10` in a reset, `k` an integer",
        "OverflowError with numpy, wraps else",
        "refused before the run if the number is known; numbers that are computed wrap",
        """\
cells = NeuronGroup(2, "k : integer", threshold="True", reset="k = 3e10")
run(1*ms)
""",
        "BrianObjectException: 'k' of",
    ),
    Difference(
        '`j = "i//0"` in `connect`',
        "ZeroDivisionError",
        "ZeroDivisionError that names the synapses (a BrianObjectException, too); in a run `k//0` is 0",
        """\
cells = NeuronGroup(2, "v : 1")
Synapses(cells, cells, name="wires").connect(j="i//0")
""",
        "ZeroDivisionError: wires",
    ),
    Difference(
        '`connect(i=[1, 2], j=[1, 2], n="i")`',
        "TypeError",
        "the text says how many synapses each pair gets",
        """\
cells = NeuronGroup(3, "v : 1")
synapses = Synapses(cells, cells)
synapses.connect(i=[1, 2], j=[1, 2], n="i")
assert len(synapses) == 3
""",
    ),
    Difference(
        '`connect(i="k for k in range(j)")`, `connect(j="i", n="j")`',
        "ValueError; IndexError",
        "the synapses",
        """\
cells = NeuronGroup(3, "v : 1")
synapses = Synapses(cells, cells)
synapses.connect(i="k for k in range(j)")
assert list(zip(synapses.i, synapses.j)) == [(0, 1), (0, 2), (1, 2)]
synapses.connect(j="i", n="j")
assert len(synapses) == 6
""",
    ),
    Difference(
        '`StateMonitor(synapses, "x", record=True)`, `x` a subexpression with `v_pre`',
        "TypeError",
        "recorded",
        """\
cells = NeuronGroup(2, "v : 1")
synapses = Synapses(cells, cells, "x = 2*v_pre : 1")
synapses.connect(j="i")
cells.v = "i"
monitor = StateMonitor(synapses, "x", record=True)
Network(cells, synapses, monitor).run(defaultclock.dt)
assert list(monitor.x[:, 0]) == [0, 2]
""",
    ),
    Difference(
        '`connect(n="-1")`, `connect(p=nan)`',
        "an obscure error; no synapses",
        "ValueError",
        """\
cells = NeuronGroup(2, "v : 1")
Synapses(cells, cells).connect(n="-1")
""",
        "ValueError: -1",
    ),
    Difference(
        '`connect(n="1 + i/2")`, a number of synapses with a fraction',
        "does not compile with Cython and C++; TypeError, or its whole part, with numpy",
        "TypeError: write `int(1 + i/2)`",
        """\
cells = NeuronGroup(2, "v : 1")
synapses = Synapses(cells, cells)
synapses.connect(n="int(1 + i/2)")
assert len(synapses) == 4
synapses.connect(n="1 + i/2")
""",
        "TypeError: int(...)",
    ),
    Difference(
        "`a = 1 : boolean`, `b*b : boolean`, `not v` of a number",
        "accepted",
        "refused: compare with something",
        """\
cells = NeuronGroup(2, "v : 1\\na = not v : boolean")
run(1*ms)
""",
        "BrianObjectException: ",
    ),
    Difference(
        "Python keywords as names of variables",
        "accepted (2.9)",
        "refused",
        """\
NeuronGroup(2, "lambda : 1")
""",
        "SyntaxError: lambda",
    ),
    Difference(
        "`PoissonGroup(0, ...)`",
        "accepted (2.9)",
        "refused",
        """\
PoissonGroup(0, rates=1*Hz)
""",
        "ValueError: ",
    ),
    Difference(
        "warnings about names that the script uses otherwise",
        "for each object",
        "once for each model and name; not where both have the same value, nor of `i`, `j` in `connect`",
        """\
from ranvier.utils.logger import catch_logs

v = 3
with catch_logs() as warnings:
    cells = [NeuronGroup(1, "dv/dt = -v/ms : 1", method="euler") for _ in range(3)]
    Network(cells).run(1*ms)
assert len([text for _, _, text in warnings if "'v'" in text]) == 1
""",
    ),
    Difference(
        "events, thresholds and resets that are no text",
        "an error when run",
        "TypeError that names the event, when made",
        """\
NeuronGroup(2, "v : 1", events={"fired": 5})
""",
        "TypeError: fired",
    ),
    Difference(
        'arguments that are misspelt: `NeuronGroup(2, modle="v : 1")`',
        "Python's TypeError",
        "TypeError with the argument that is meant, or all there are",
        """\
NeuronGroup(2, modle="v : 1")
""",
        "TypeError: NeuronGroup() got an unexpected keyword argument 'modle'. Did you mean \"model\"?",
    ),
    Difference(
        "messages about names, refused units",
        "`m^2 kg s^-4 A^-1`",
        "`V/s`",
        """\
1*volt/second + 1*amp
""",
        "DimensionMismatchError: V/s",
    ),
    Difference(
        "warnings of objects that were never run",
        "in `catch_logs()`",
        "there only if `logging.warn_for_unused_objects` was set; monitors, too",
        """\
from ranvier.utils.logger import catch_logs

with catch_logs() as warnings:
    NeuronGroup(2, "dv/dt = 1/ms : 1", method="euler")
assert not warnings
prefs.logging.warn_for_unused_objects = True
with catch_logs() as warnings:
    NeuronGroup(2, "dv/dt = 1/ms : 1", method="euler")
assert len(warnings) == 1
""",
    ),
    Difference(
        "`np.array(group.I)`, `plot(group.I)`: `I` uses constants of the script",
        "KeyError",
        "the values",
        """\
scale = 3
cells = NeuronGroup(2, "I = scale*i : 1")
assert list(np.array(cells.I)) == [0, 3]
""",
    ),
    Difference(
        "`synapses.delay[:]`, and `[:]` of what scripts cannot set (`synapses.i[:]`)",
        "the memory itself, as `group.w[:]` is: `synapses.delay[:][3] = 0*ms` sets a value",
        "a copy, as from `np.array(synapses.delay)`; write `synapses.delay[3] = 0*ms`",
        """\
cells = NeuronGroup(2, "v : 1", threshold="v > 1", reset="v = 0")
synapses = Synapses(cells, cells, "w : 1", on_pre="v_post += w")
synapses.connect()
synapses.delay[:][0] = 1*ms
synapses.w[:][0] = 3
assert list(synapses.delay_[:]) == [0]*4 and list(synapses.w[:]) == [3, 0, 0, 0]
""",
    ),
    Difference(
        "functions of numpy of a variable with a unit (`np.abs(group.v)`, `np.max(group.v)`)",
        "numbers, their unit lost; `np.mean(group.v)` has it",
        "values with their unit",
        """\
cells = NeuronGroup(2, "v : volt")
cells.v = "-(i + 1)*volt"
assert np.max(np.abs(cells.v)) == 2*volt
""",
    ),
    Difference(
        "`[1*mV, 2*mV]*nA`",
        "the unit of the list is lost",
        "`pW`",
        """\
product = [1*mV, 2*mV]*nA
assert product.dim == watt.dim and np.allclose(product/pwatt, [1, 2])
""",
    ),
    Difference(
        "two spikes of a neuron within a time step, in a `SpikeGeneratorGroup`",
        "refused, but taken where another neuron spikes between them",
        "refused",
        """\
spikes = SpikeGeneratorGroup(2, [0, 1, 0], [1, 1.02, 1.04]*ms)
Network(spikes).run(1*ms)
""",
        raises="BrianObjectException: more than once",
    ),
    Difference(
        "a `TimedArray` whose dt is a multiple of that of the group but for rounding (`0.3*ms` and `0.1*ms`)",
        "a warning that the grids are not aligned",
        "no warning",
        """\
from ranvier.utils.logger import catch_logs

stimulus = TimedArray([1, 2], dt=0.3*ms)
with catch_logs() as warnings:
    cells = NeuronGroup(1, "dv/dt = stimulus(t)/ms : 1", method="euler", dt=0.1*ms)
    Network(cells).run(1*ms)
assert not warnings
""",
    ),
    Difference(
        "`(v - v)/v` in differential equations, `v = 0`",
        "simplified to 0",
        "NaN, and a warning",
        """\
cells = NeuronGroup(1, "dv/dt = (v - v)/v/ms : 1", method="euler")
Network(cells).run(1*ms)
assert np.isnan(cells.v[0])
""",
    ),
    Difference(
        "the method `independent`, a formula of sympy that does not solve the equation (`v**2/(1 + v**2) - v`)",
        "used",
        "refused; at once where sympy would look for minutes",
        """\
cells = NeuronGroup(1, "dv/dt = (v**2/(1 + v**2) - v)/ms : 1", method="independent")
run(1*ms)
""",
        raises="BrianObjectException: finds no formula",
    ),
    Difference(
        "`SpikeGeneratorGroup` with `active = False`",
        "the spikes of its last step, in each step",
        "no spikes",
        """\
spikes = SpikeGeneratorGroup(1, [0, 0], [0.1, 0.5]*ms)
monitor = SpikeMonitor(spikes)
network = Network(spikes, monitor)
network.run(0.2*ms)
spikes.active = False
network.run(0.6*ms)
assert monitor.num_spikes == 1
""",
    ),
    Difference(
        "the method `exact`, equations that oscillate (`dv/dt = -w/ms; dw/dt = v/ms`)",
        "refused: their solution has complex numbers",
        "solved",
        """\
cells = NeuronGroup(1, "dv/dt = -w/ms : 1\\ndw/dt = v/ms : 1", method="exact")
cells.v = 1
Network(cells).run(1*ms)
assert abs(cells.v[0] - np.cos(1)) < 1e-9
""",
    ),
    Difference(
        "dt made longer between two runs, spikes under way that then arrive in one step",
        "one of them is lost",
        "all arrive",
        """\
cells = NeuronGroup(1, "v : 1", threshold="t < 0.15*ms", reset="")
own = Synapses(cells, cells, on_pre="v_post += 1", delay=0.5*ms)
own.connect()
network = Network(cells, own)
network.run(0.4*ms)
defaultclock.dt = 0.4*ms
network.run(1.2*ms)
assert cells.v[0] == 2
""",
    ),
    Difference(
        "negative delays",
        "the spikes arrive at odd times",
        "refused",
        """\
cells = NeuronGroup(2, "v : 1", threshold="True", reset="")
wires = Synapses(cells, cells, on_pre="v_post += 1")
wires.connect()
wires.delay = "(i - 1)*ms"
Network(cells, wires).run(1*ms)
""",
        raises="BrianObjectException: not negative",
    ),
    Difference(
        "sums of random numbers in `on_pre` (`v_post += rand()`), a sum and a product (`v_post += w; v_post *= 2`)",
        "a warning that the order may matter; none",
        "none, since each synapse has its own number whatever the order; a warning",
        """\
from ranvier.utils.logger import catch_logs

for code, count in (("v_post += rand()", 0), ("v_post += w; v_post *= 2", 1)):
    cells = NeuronGroup(2, "v : 1", threshold="v > 1", reset="v = 0")
    synapses = Synapses(cells, cells, "w : 1", on_pre=code)
    synapses.connect()
    with catch_logs() as warnings:
        Network(cells, synapses).run(0*ms)
    assert len([text for _, _, text in warnings if "order" in text]) == count
""",
    ),
    Difference(
        "`EventMonitor(group[1:], 'event')`, the event no spike",
        "records each event a step late",
        "records it in its step",
        """\
cells = NeuronGroup(3, "v : 1", events={"event": "t < 0.05*ms"})
seen = EventMonitor(cells[1:], "event")
Network(cells, seen).run(0.2*ms)
assert list(seen.i) == [0, 1] and list(seen.t_) == [0, 0]
""",
    ),
    Difference(
        "`network.add(group)`, the group run by this network before",
        "refused",
        "accepted: it goes on",
        """\
cells = NeuronGroup(1, "dv/dt = 1/ms : 1", method="euler")
network = Network(cells)
network.run(1*ms)
network.remove(cells)
network.add(cells)
network.run(1*ms)
assert abs(cells.v[0] - 2) < 1e-9
""",
    ),
    Difference(
        "`smooth_rate('flat', width=...)`, the width not an odd number of steps",
        "one of the odd numbers beside it: 5.4 steps are 5, 6.1 are 7",
        "the next odd number: never narrower than the width",
        """\
cells = NeuronGroup(1, "v : 1", threshold="t == 10*ms", reset="", dt=1*ms)
rate = PopulationRateMonitor(cells)
Network(cells, rate).run(21*ms)
assert np.count_nonzero(rate.smooth_rate("flat", width=5.4*ms)) == 7
""",
    ),
    Difference(
        "numbers for the last index of synapses with `multisynaptic_index` (`S.w[2, 1, 0]`)",
        "the synapse of some pairs only",
        "the synapse",
        """\
cells = NeuronGroup(3, "v : 1")
synapses = Synapses(cells, cells, "w : 1", multisynaptic_index="k")
synapses.connect(n=2)
synapses.w = "i + 10*j + 100*k"
assert list(synapses.w[2, 1, 0]) == [12] and list(synapses.w[2, 2, 1]) == [122]
""",
    ),
    Difference(
        "subexpressions of synapses in `on_pre`, `on_post` (`y = x + 1 : 1`; `x = 5; w = y`, or `x` event-driven)",
        "computed from what variables of the synapse were before the code, and before they decayed",
        "computed where they are used, as in groups",
        """\
source = SpikeGeneratorGroup(1, [0], [1]*ms)
cells = NeuronGroup(1, "v : 1")
model = "w : 1\\nseen : 1\\ndx/dt = -x/ms : 1 (event-driven)\\ny = x + 1 : 1"
synapses = Synapses(source, cells, model, on_pre="seen = y; x = 5; w = y")
synapses.connect()
synapses.x = 1
Network(source, cells, synapses).run(2*ms)
assert abs(synapses.seen[0] - (1 + np.exp(-1))) < 1e-12 and synapses.w[0] == 6  # with Brian 2 and 2
""",
    ),
    Difference(
        "subexpressions with `(shared, constant over dt)` beside some with `(constant over dt)` only, and in synapses",
        "refused",
        "computed, one value for all neurons",
        """\
cells = NeuronGroup(2, "one = all + i : 1 (constant over dt)\\nall = t/ms : 1 (shared, constant over dt)")
Network(cells).run(1*ms)
assert abs(cells.one[1] - 1.9) < 1e-12 and abs(cells.all[:] - 0.9) < 1e-12
""",
    ),
    Difference(
        "`SpatialNeuron` with a `Soma` as root",
        "what v changes by in a step is wrong in the eighth digit",
        "right to the last digits",
        """\
model = "Im = 1*siemens/metre**2*(-70*mV - v) : amp/metre**2\\nI : amp (point current)"
neuron = SpatialNeuron(Soma(diameter=30*umetre), model, Cm=0.01*farad/metre**2)
neuron.v, neuron.I = -70*mV, 0.02*nA
Network(neuron).run(0.1*ms)
change = 0.02e-9/neuron.area_[0]/(0.01/1e-4 + 1)
assert abs(neuron.v_[0] - (-0.07 + change)) < 1e-15
""",
    ),
    Difference(
        "lengths beyond the end of a section, `neuron[10*um:50*um]`, `neuron.dendrite[100*um:120*um]`",
        "the first compartment of the next section, too",
        "compartments of the section only; an IndexError if there are none",
        """\
cell = Soma(diameter=20*umetre)
cell.dendrite = Cylinder(diameter=1*umetre, length=100*umetre, n=10)
neuron = SpatialNeuron(cell, "Im = 0*amp/metre**2 : amp/metre**2")
assert len(neuron[10*umetre:50*umetre].v) == 1
neuron.dendrite[100*umetre:120*umetre]
""",
        "IndexError: There are no compartments",
    ),
    Difference(
        "`synapses.N_incoming_post`, `synapses.N_outgoing_pre`, the neurons a part of a group",
        "zeros for the neurons before the part, too",
        "a number for each neuron of the part",
        """\
cells = NeuronGroup(5, "v : 1")
synapses = Synapses(cells, cells[3:])
synapses.connect()
assert list(synapses.N_incoming_post[:]) == [5, 5]
""",
    ),
    Difference(
        "`group.x[:]`, `x` a subexpression that is the same for all neurons (`x = 2*mV : volt`)",
        "one value, without axis",
        "a value for each neuron",
        """\
cells = NeuronGroup(3, "x = 2*mV : volt")
assert cells.x[:].shape == (3,)
""",
    ),
    Difference(
        '`part.x[[0, 1]] = "i"`, `part.x[1:] = "i"`, `part` a part of a group that begins at another element than 0',
        "elements that lie as much farther on, or IndexError",
        "the elements that are meant",
        """\
cells = NeuronGroup(6, "x : 1")
cells[1:].x[[1, 2]] = "10*i"
assert list(cells.x) == [0, 0, 10, 20, 0, 0]
""",
    ),
    Difference(
        "`StateMonitor(group[4:], 'i', ...)`",
        "numbers that begin at -4",
        "numbers that begin at 0, as `group[4:].i` has them",
        """\
cells = NeuronGroup(6, "v : 1")
seen = StateMonitor(cells[4:], "i", record=True)
run(0.1*ms)
assert list(seen.i[:, 0]) == [0, 1]
""",
    ),
    Difference(
        "`print(spike_monitor)`",
        "its own name: `recording from 'spikemonitor'`",
        "the name of what it records from",
        """\
cells = NeuronGroup(3, "v : 1", threshold="v > 1", reset="", name="cells")
assert str(SpikeMonitor(cells)) == "<SpikeMonitor, recording from 'cells'>"
""",
    ),
    Difference(
        "`print(synapses.N)`, `int(synapses.N)`, `spike_monitor.num_spikes`",
        "`<synapses.N: 3>`; TypeError; a number of numpy with 32 bits",
        "numbers of Python",
        """\
cells = NeuronGroup(3, "v : 1", threshold="True", reset="")
synapses, spikes = Synapses(cells, cells, name="synapses"), SpikeMonitor(cells)
synapses.connect(j="i")
run(0.2*ms)
assert str(synapses.N) == "3" and int(synapses.N) == 3 and type(spikes.num_spikes) is int
""",
    ),
    Difference(
        "`view[0]` of a variable linked to a group of one element",
        "AttributeError",
        "the value",
        """\
source = NeuronGroup(1, "x : 1")
source.x = 4
cells = NeuronGroup(3, "v : 1 (linked)")
cells.v = linked_var(source, "x")
assert cells.v[0] == 4
""",
    ),
    Difference(
        "linked variables of neurons in synapses (`x_pre`)",
        "unknown",
        "usable",
        """\
source = NeuronGroup(2, "x : 1")
source.x = [3, 4]
cells = NeuronGroup(2, "x : 1 (linked)\\nv : 1")
cells.x = linked_var(source, "x")
synapses = Synapses(cells, cells, "w : 1")
synapses.connect(j="i")
synapses.w = "x_pre"
assert list(synapses.w) == [3, 4]
""",
    ),
    Difference(
        "`S.run_regularly`, statements that change neurons, order of synapses",
        "each statement for all synapses with numpy",
        "one synapse after another",
        """\
cells = NeuronGroup(2, "v : 1")
cells.v = 1
synapses = Synapses(cells, cells, "w : 1")
synapses.connect(i=[0, 1], j=[0, 0])
synapses.run_regularly("v_post *= 2; v_post += 1")
run(defaultclock.dt)
assert cells.v[0] == (1*2 + 1)*2 + 1
""",
    ),
    Difference(
        '`set_device("cpp_standalone")`, `build()`',
        "writes, compiles and runs a C++ program",
        "compiles and runs in this process, see [the guide](guide/programs.md#scripts-for-standalone-devices)",
        """\
set_device("cpp_standalone", build_on_run=False)
cells = NeuronGroup(2, "dv/dt = 1/ms : 1", method="euler")
run(1*ms)
device.build()
assert abs(cells.v[0] - 1) < 1e-9
""",
    ),
    Difference(
        "values set by texts with `rand()`, and `connect(p=...)`, before a program is run again",
        "drawn anew",
        "as they were",
        """\
set_device("cpp_standalone", build_on_run=False)
cells = NeuronGroup(2, "v : 1")
cells.v = "rand()"
run(1*ms)
device.build()
first = cells.v[0]
device.run()
assert cells.v[0] == first
""",
    ),
    Difference(
        '`set_device("exporter")`, `set_device("markdown")`',
        "with brian2tools: describes the model",
        "the same, built in ([how](exchange.md))",
        """\
set_device("exporter")
cells = NeuronGroup(2, "v : 1", name="cells")
run(1*ms)
assert device.runs[0]["components"]["neurongroup"][0]["name"] == "cells"
""",
    ),
    Difference(
        "network operations with `cpp_standalone`",
        "ignored",
        "run",
        """\
set_device("cpp_standalone")
seen = []

@network_operation(dt=1*ms)
def look(t):
    seen.append(t)

cells = NeuronGroup(2, "v : 1")
run(3*ms)
assert len(seen) == 3
""",
    ),
    Difference(
        "an error in a network operation, caught, and another `run()`",
        "the step is broken off where the error is, and done again by the next run",
        "the step is completed: the next run goes on with the next one",
        """\
cells = NeuronGroup(2, "dv/dt = 1/ms : 1", method="euler")

@network_operation
def fails(t):
    if t > 0.15*ms:
        raise ValueError("at 0.2 ms")

net = Network(cells, fails)
try:
    net.run(1*ms)
except ValueError:
    pass
assert abs(net.t/ms - 0.3) < 1e-9 and abs(cells.v[0] - 0.3) < 1e-9
""",
    ),
    Difference(
        "`t` of clocks and network operations (`def operation(t)`) that is kept, `before = defaultclock.t`",
        "goes on with the simulation",
        "the time when it was read",
        """\
cells = NeuronGroup(2, "dv/dt = 1/ms : 1", method="euler", dt=0.2*ms)
before = cells.clock.t
run(1*ms)
assert abs((cells.clock.t - before)/ms - 1) < 1e-9
""",
    ),
    Difference(
        "the dt of a clock, changed while a network runs with it",
        "changes the time",
        "refused",
        """\
cells = NeuronGroup(2, "dv/dt = -v/ms : 1", method="euler", dt=0.1*ms)

@network_operation
def change():
    cells.clock.dt = 0.2*ms

run(1*ms)
""",
        "RuntimeError: cannot be changed",
    ),
    Difference(
        "`codegen.target` and compiler preferences",
        "choose a target",
        "accepted; everything is native code",
        """\
prefs.codegen.target = "numpy"
cells = NeuronGroup(2, "dv/dt = 1/ms : 1", method="euler")
run(1*ms)
assert abs(cells.v[0] - 1) < 1e-9
""",
    ),
    Difference(
        "`codegen.fast_math`",
        "always `-ffast-math`",
        '`"contract"`, `"off"` or `"fast"`, see [compiler.md](compiler.md)',
        """\
prefs.codegen.fast_math = "off"
prefs.codegen.fast_math = "-ffast-math"
""",
        "PreferenceError: ",
    ),
)
"""The rows, in the order of the page."""


def difference_table() -> str:
    """Returns the table of the page."""
    rows = "\n".join(f"| {each.what} | {each.brian} | {each.ranvier} |" for each in DIFFERENCES)
    return f"| | Brian | Ranvier |\n|---|---|---|\n{rows}"


def difference_code() -> str:
    """Returns the code of all rows as one block, each below a line with its first cell."""
    shown = (f"# {each.what.replace('`', '')}\n{each.code}{_ending(each)}" for each in DIFFERENCES)
    return f"```python\n{BEGIN}\n" + "\n".join(shown) + "```"


def _ending(each: Difference) -> str:
    kind, _, text = each.raises.partition(": ")
    return f"# {kind}: ... {text} ...\n" if text else f"# {kind}\n" if kind else ""
