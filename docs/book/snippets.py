"""A short example for each name of the reference; tests run all of them, each for itself.

`from ranvier import *` stands above each. Names that are used alike share an example.
"""

from __future__ import annotations

from collections.abc import Mapping

CELLS = """cells = NeuronGroup(3, "dv/dt = (1.2 - v)/(10*ms) : 1", threshold="v > 1",
                    reset="v = 0", method="exact")
"""
"""The beginning of many examples."""

_SHAPE = "shape = Soma(diameter=20*um)\nshape.axon = Cylinder(length=100*um, diameter=1*um, n=5)\n"

SNIPPETS: Mapping[str, str] = {
    "NeuronGroup": CELLS
    + """cells.v = "i/3.0"
run(5*ms)
print(cells.v)
""",
    "Group VariableOwner": CELLS
    + """cells.set_states({"v": [0.1, 0.2, 0.3]})
assert cells.get_states(["v"])["v"][1] == 0.2
""",
    "Subgroup SpikeSource": CELLS
    + """part = cells[1:]
part.v = 0.5
assert isinstance(part, Subgroup) and isinstance(part, SpikeSource)
assert list(cells.v) == [0, 0.5, 0.5]
""",
    "linked_var": CELLS
    + """followers = NeuronGroup(3, "x : 1 (linked)")
followers.x = linked_var(cells, "v")
cells.v = 0.3
assert followers.x[2] == 0.3
""",
    "CodeRunner": CELLS
    + """doubled = CodeRunner(cells, "stateupdate", code="v = 2*v", when="end")
cells.v = 0.1
Network(cells, doubled).run(0.1*ms)
assert cells.v[0] > 0.2
""",
    "VariableView": CELLS
    + """cells.v = [0.1, 0.2, 0.3]
cells.v["i > 0"] = 0
cells.v[0] += 0.5
assert list(cells.v) == [0.6, 0, 0]
""",
    "Synapses": CELLS
    + """synapses = Synapses(cells, cells, "w : 1", on_pre="v_post += w", delay=1*ms)
synapses.connect(condition="i != j")
synapses.w = "0.1*rand()"
assert len(synapses) == 6
""",
    "SynapticPathway": CELLS
    + """synapses = Synapses(cells, cells, on_pre={"fast": "v_post += 0.1", "late": "v_post -= 0.1"})
synapses.connect()
synapses.late.delay = 5*ms
assert synapses.late.delay[0] == 5*ms and synapses.fast.delay[0] == 0*ms
""",
    "PoissonGroup": """sources = PoissonGroup(10, rates="10*Hz*(i + 1)")
spikes = SpikeMonitor(sources)
run(1*second)
assert spikes.count[9] > spikes.count[0]
""",
    "PoissonInput": """cells = NeuronGroup(3, "dv/dt = -v/(10*ms) : 1", method="exact")
bath = PoissonInput(cells, "v", N=100, rate=50*Hz, weight=0.01)
run(50*ms)
assert cells.v[0] > 0
""",
    "SpikeGeneratorGroup": """pattern = SpikeGeneratorGroup(3, indices=[0, 2], times=[1, 3]*ms)
spikes = SpikeMonitor(pattern)
run(5*ms)
assert list(spikes.i) == [0, 2]
""",
    "TimedArray": """current = TimedArray([0, 1, 0], dt=5*ms)
cells = NeuronGroup(1, "dv/dt = (current(t) - v)/(2*ms) : 1", method="euler")
run(10*ms)
assert cells.v[0] > 0.8 and current(7*ms) == 1
""",
    "BinomialFunction": """drawn = BinomialFunction(n=100, p=0.1)
cells = NeuronGroup(3, "k : 1")
cells.run_regularly("k = drawn()")
run(0.1*ms)
assert 0 <= cells.k[0] <= 100
""",
    "SpikeMonitor": CELLS
    + """spikes = SpikeMonitor(cells, variables="v")
run(50*ms)
assert spikes.num_spikes == len(spikes.t) and spikes.v[0] > 1
table = spikes.to_arrow()
""",
    "EventMonitor": """cells = NeuronGroup(2, "dv/dt = 1/(10*ms) : 1", events={"half": "v > 0.5"}, method="exact")
halves = EventMonitor(cells, "half")
run(6*ms)
assert halves.num_events > 0
""",
    "StateMonitor": CELLS
    + """states = StateMonitor(cells, "v", record=[0, 2], dt=1*ms)
run(10*ms)
assert states.v.shape == (2, 10)
""",
    "StateMonitorView": CELLS
    + """states = StateMonitor(cells, "v", record=[0, 2])
run(10*ms)
assert (states[2].v == states.v[1]).all()
""",
    "PopulationRateMonitor": CELLS
    + """rate = PopulationRateMonitor(cells)
run(100*ms)
smooth = rate.smooth_rate(width=5*ms)
assert len(smooth) == len(rate.t) == 1000
""",
    "SpatialNeuron Morphology Soma Cylinder": _SHAPE
    + """neuron = SpatialNeuron(shape, "Im = -v*siemens/meter**2 : amp/meter**2", method="exponential_euler")
neuron.axon.v = 10*mV
run(1*ms)
assert 0*mV < neuron.v[0] < 10*mV and isinstance(shape, Morphology)
""",
    "Section": """shape = Section(diameter=[2, 1, 0.5]*um, length=[30, 20]*um, n=2)
assert shape.n == 2 and shape.length[1] == 20*um
""",
    "Network": CELLS
    + """network = Network(cells)
network.run(10*ms)
network.run(5*ms)           # goes on
assert abs(network.t - 15*ms) < 1*us
""",
    "run": CELLS
    + """run(10*ms, report="text")   # all objects that the script sees
assert cells.v[0] > 0.7
""",
    "store restore": CELLS
    + """run(5*ms)
store()
run(20*ms)
restore()
assert magic_network.t == 5*ms
""",
    "start_scope collect": CELLS
    + """assert cells in collect()
start_scope()
assert cells not in collect()
""",
    "MagicNetwork magic_network": CELLS
    + """run(2*ms)
assert magic_network.t == 2*ms and isinstance(magic_network, MagicNetwork)
""",
    "MagicError": CELLS
    + """run(1*ms)
more = NeuronGroup(1, "v : 1")
try:
    run(1*ms)               # a mix of new objects and of those of an earlier run
except MagicError as error:
    print(error)
""",
    "NetworkOperation network_operation": CELLS
    + """seen = []

@network_operation(dt=1*ms)
def look(t):
    seen.append(cells.v[0])

run(5*ms)
assert len(seen) == 5 and isinstance(look, NetworkOperation)
""",
    "stop": CELLS
    + """@network_operation
def enough(t):
    if t > 2*ms:
        stop()

run(1*second)
assert magic_network.t < 3*ms
""",
    "Clock defaultclock": """slow = Clock(dt=1*ms)
cells = NeuronGroup(2, "dv/dt = -v/(10*ms) : 1", method="exact", clock=slow)
run(5*ms)
assert cells.dt == 1*ms and defaultclock.dt == 0.1*ms
""",
    "EventClock": CELLS
    + """states = StateMonitor(cells, "v", record=0, clock=EventClock([1.05, 3.2]*ms))
run(5*ms)
assert [round(float(t/ms), 2) for t in states.t] == [1.05, 3.2]
""",
    "seed": """seed(3)
cells = NeuronGroup(5, "v : 1")
cells.v = "rand()"
first = cells.v[:]
seed(3)
cells.v = "rand()"
assert all(cells.v == first)
""",
    "profiling_summary": CELLS
    + """run(10*ms, profile=True)
print(profiling_summary(show=2))
""",
    "scheduling_summary": CELLS
    + """run(0*ms)
print(scheduling_summary())
""",
    "restore_initial_state": """defaultclock.dt = 1*ms
restore_initial_state()
assert defaultclock.dt == 0.1*ms
""",
    "BrianObject Nameable Trackable": """class Counter(BrianObject):
    add_to_magic_network = True

counter = Counter(dt=1*ms, name="counter")
assert counter.name == "counter" and isinstance(counter, Nameable) and isinstance(counter, Trackable)
""",
    "BrianObjectException": """cells = NeuronGroup(1, "dv/dt = unknown/ms : 1", method="euler", name="cells")
try:
    run(1*ms)
except BrianObjectException as error:
    assert "cells" in str(error) and isinstance(error.__cause__, KeyError)
""",
    "MemoryPlan": CELLS
    + """plan = Network(cells).memory_plan()
print(plan)
assert plan.total > 0
""",
    "sweep SweepResult": """def simulate(mu):
    cells = NeuronGroup(1, "dv/dt = (mu - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0", method="exact")
    spikes = SpikeMonitor(cells)
    Network(cells, spikes).run(100*ms)
    return {"count": spikes.num_spikes}

result = sweep(simulate, over={"mu": [0.5, 2]})
assert list(result["count"]) == [0, 14]
""",
    "Equations": """equations = Equations("dv/dt = (rest - v)/tau : volt", tau=10*ms)
assert equations.diff_eq_names == {"v"} and "rest" in equations.identifiers
""",
    "Expression": """slope = Expression("-v/tau")
assert slope.identifiers == {"v", "tau"}
""",
    "Statements": """reset = Statements("v = 0; n += 1")
assert {"v", "n"} <= reset.identifiers
""",
    "Function": """square = Function(lambda x: x**2, arg_units=[1], return_unit=1)
cells = NeuronGroup(2, "y = square(0.5*i) : 1")
assert cells.y[1] == 0.25
""",
    "implementation": """@implementation("expression", "x**2")
@check_units(x=1, result=1)
def square(x): ...

cells = NeuronGroup(1, "dx/dt = -square(x)/ms : 1", method="euler")
cells.x = 1
run(1*ms)
assert 0 < cells.x[0] < 1
""",
    "declare_types": """@declare_types(n="integer", result="boolean")
@check_units(n=1, result=bool)
def odd(n):
    return n % 2 == 1

cells = NeuronGroup(4, "b = odd(i) : boolean")
assert list(cells.b) == [False, True, False, True]
""",
    "check_units": """@check_units(v=volt, result=1)
def share(v):
    return v/(10*mV)

assert share(5*mV) == 0.5
""",
    "DEFAULT_FUNCTIONS DEFAULT_CONSTANTS DEFAULT_UNITS": """assert "exprel" in DEFAULT_FUNCTIONS
assert "pi" in DEFAULT_CONSTANTS and DEFAULT_UNITS["mV"] == mV
""",
    "get_local_namespace": """tau = 10*ms
assert get_local_namespace()["tau"] == 10*ms
""",
    "exact linear exponential_euler euler rk2 rk4 heun milstein gsl_rk2 gsl_rk4 gsl_rkf45 gsl_rkck gsl_rk8pd": """\
cells = NeuronGroup(1, "dv/dt = -v/(10*ms) : 1", method={name})
cells.v = 1
run(10*ms)
assert abs(cells.v[0] - exp(-1)) < 0.01
""",
    "independent": """# each equation is solved as if the others stood still: rarely the right method
assert repr(independent) == repr(StateUpdateMethod.stateupdaters["independent"])
""",
    "ExplicitStateUpdater": """midpoint = ExplicitStateUpdater(\"\"\"
    k = dt*f(x, t)
    x_new = x + dt*f(x + k/2, t + dt/2)
    \"\"\")
cells = NeuronGroup(1, "dv/dt = -v/(10*ms) : 1", method=midpoint)
""",
    "StateUpdateMethod": """assert "rk4" in StateUpdateMethod.stateupdaters
""",
    "Quantity": """current = Quantity([1, 2], dim=amp.dim)*1e-9
assert current.mean() == 1.5*nA and (current/nA)[1] == 2
""",
    "Unit": """assert isinstance(mV, Unit) and mV*nA == 1e-12*watt
""",
    "DimensionMismatchError": """try:
    3*mV + 2*ms
except DimensionMismatchError as error:
    print(error)
""",
    "get_dimensions get_unit get_or_create_dimension": """assert get_dimensions(3*mV) is volt.dim
assert get_unit(volt.dim) == volt
assert get_or_create_dimension(length=1, time=-1) is (meter/second).dim
""",
    "have_same_dimensions is_dimensionless is_scalar_type": """assert have_same_dimensions(3*mV, 2*volt)
assert is_dimensionless(3*mV/volt) and is_scalar_type(3.0) and not is_scalar_type(3*mV)
""",
    "in_unit in_best_unit": """assert in_unit(0.003*volt, mV) == "3. mV"
assert in_best_unit(0.003*volt) == "3. mV"
""",
    "register_new_unit": """register_new_unit(pfarad/mmeter**2)     # values of its dimension are shown in it
print(0.003*farad/meter**2)
""",
    "exp expm1 log log10 log1p sin cos tan sinh cosh tanh arcsin arccos arctan arcsinh arctanh exprel": """\
value = {name}(0.5*mV/mV)            # of what has no unit
try:
    {name}(0.5*mV)
except DimensionMismatchError as error:
    print(error)
""",
    "arccosh": """value = arccosh(1.5*mV/mV)           # of what has no unit
try:
    arccosh(1.5*mV)
except DimensionMismatchError as error:
    print(error)
""",
    "arange linspace": """times = arange(0*ms, 3*ms, 1*ms)
assert len(times) == 3 and linspace(0*mV, 10*mV, 3)[1] == 5*mV
""",
    "concat concatenate": """both = concatenate([[1, 2]*mV, [3]*mV])
assert both[2] == 3*mV
""",
    "ones_like zeros_like": """potentials = [1, 2]*mV
assert zeros_like(potentials)[0] == 0*mV and ones_like(potentials).shape == (2,)
""",
    "diagonal trace dot": """matrix = [[1, 2], [3, 4]]*mV
assert trace(matrix) == 5*mV and diagonal(matrix)[1] == 4*mV
assert abs(dot([1, 2]*mV, [3, 4]*nA) - 11*pwatt) < 1e-6*pwatt
""",
    "ptp ravel sum": """matrix = [[1, 2], [3, 4]]*mV
assert ptp(matrix) == 3*mV and len(ravel(matrix)) == 4 and sum(matrix) == 10*mV
""",
    "where": """v = [-70, -50]*mV
assert where(v > -60*mV, v, 0*mV)[0] == 0*mV
""",
    "set_device get_device device all_devices": """set_device("cpp_standalone", build_on_run=False)
cells = NeuronGroup(1, "dv/dt = -v/(10*ms) : 1", method="exact")
cells.v = 1
run(10*ms)
device.build()
assert abs(cells.v[0] - exp(-1)) < 1e-9 and get_device() is all_devices["cpp_standalone"]
""",
    "from_nir to_nir Imported": """import numpy as np
import nir
from ranvier.nir import from_nir, to_nir

leaky = nir.LIF(tau=np.array([0.01]), r=np.array([1.0]), v_leak=np.array([0.0]), v_threshold=np.array([1.0]))
graph = nir.NIRGraph({"input": nir.Input({"input": np.array([1])}), "lif": leaky,
                      "output": nir.Output({"output": np.array([1])})}, [("input", "lif"), ("lif", "output")])
model = from_nir(graph)
print(model)
""",
    "from_neuroml Cell": """from ranvier.neuroml import from_neuroml

with open("cells.nml", "w") as file:
    file.write('''<neuroml xmlns="http://www.neuroml.org/schema/neuroml2" id="cells"><izhikevichCell id="bursting"
        v0="-70mV" thresh="30mV" a="0.02" b="0.2" c="-50.0" d="2"/></neuroml>''')
group = from_neuroml("cells.nml")["bursting"].group(10)
assert len(group) == 10
""",
    "to_lems": CELLS.replace("(1.2 - v)/(10*ms)", "(1.2 - v)/tau").replace("method", "namespace={'tau': 10*ms}, method")
    + """from ranvier.neuroml import to_lems

text = to_lems(Network(cells), duration=10*ms)
""",
    "as_brian2": """import ranvier

ranvier.as_brian2()
import brian2
assert brian2.NeuronGroup is NeuronGroup
""",
    "raster rates traces": CELLS
    + """from ranvier import plots

spikes, states, rate = SpikeMonitor(cells), StateMonitor(cells, "v", record=True), PopulationRateMonitor(cells)
run(100*ms)
plots.raster(spikes)
plots.traces(states, "v")
plots.rates(rate, width=5*ms)
""",
    "connectivity weights": CELLS
    + """from ranvier import plots

synapses = Synapses(cells, cells, "w : 1")
synapses.connect()
synapses.w = "rand()"
plots.connectivity(synapses, "w")
plots.weights(synapses, "w")
""",
    "morphology dendrogram": _SHAPE
    + """from ranvier import plots

plots.morphology(shape.generate_coordinates())
plots.dendrogram(shape)
""",
    "prefs brian_prefs": """prefs.codegen.fast_math = "off"
assert prefs["codegen.fast_math"] == "off"
try:
    brian_prefs.codegen             # its name in the first versions of Brian 2
except AttributeError as error:
    print(error)
""",
    "BrianPreference PreferenceError": """prefs.register_preferences("mylab", "What my lab sets.",
                           gain=BrianPreference(default=1.0, docs="How strong."))
assert prefs.mylab.gain == 1.0
try:
    prefs.mylab.gain = "much"
except PreferenceError as error:
    print(error)
""",
    "BrianLogger get_logger std_silent": """logger = get_logger("ranvier.mylab")
logger.info("Begins.")
BrianLogger.suppress_name("only_threshold")
""",
    "ImportExport": CELLS
    + """frame = cells.get_states(["v"], units=False, format="pandas")
assert "pandas" in ImportExport.methods
""",
    "Traced LoweredNetwork Lowered Compiled": CELLS
    + """traced = Network(cells).trace()
lowered = traced.lower()
print(lowered.as_text("optimised"))
lowered.compile().run(1*ms)
""",
    "timings": CELLS
    + """import ranvier

run(1*ms)
print(ranvier.timings())
""",
    "Options set_default_options current_options": CELLS
    + """from ranvier.stages import Options, current_options

plain = Network(cells).lower(options=Options(pipeline="fold-constants"))
print(plain.as_text("optimised"), current_options().pipeline)
""",
}
"""Names, separated by blanks → code; `{name}` in it is the name."""

USED_ELSEWHERE: Mapping[str, str] = {
    "test check_cache clear_cache CythonCodeObject NumpyCodeObject": "scripts for Brian import them; they do nothing",
    "Difference same_bits why_no_lanes SweepProfile Costs Cost Counts costs_of": "docs/compiler.md",
    "read_inputs write_inputs": "docs/compiler.md",
}
"""Names, separated by blanks → where there is an example instead, or why there is none."""


def example_of(name: str) -> str | None:
    """Returns the example of a name; None if it has none."""
    found = next((code for names, code in SNIPPETS.items() if name in names.split()), None)
    return None if found is None else found.replace("{name}", name)


def shown_example(name: str) -> str:
    """Returns what the reference shows as the example of a name: nothing if there is none."""
    code = example_of(name)
    return "" if code is None else f"\n**Example**\n\n```python\n{code}```\n"
