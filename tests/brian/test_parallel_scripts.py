"""Scripts of Brian's ways to do many runs: standalone programs, pools of processes, joblib; each runs as it is."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from chosen_target import longest

RUNS_OF_A_PROGRAM = r'''
import os
from ranvier import *
set_device('cpp_standalone', build_on_run=False)
tau = 10*ms
stim = TimedArray([1.5, 0.5, 2.0], dt=5*ms)
group = NeuronGroup(5, """dv/dt = (gain*stim(t) - v)/tau : 1
                          gain : 1 (constant)""", threshold='v > 1', reset='v = 0', method='euler')
group.v = 'rand()*0.1'
group.gain = 1
mon = SpikeMonitor(group)
net = Network(group, mon)
net.run(15*ms)
device.build(run=False, directory=None)
counts = []
for k, gain in enumerate([1, 5, 10]):
    device.run(run_args={group.gain: gain, group.v: 0}, results_directory=f'results_{k}')
    counts.append(mon.num_spikes)
assert counts[0] <= counts[1] < counts[2]
device.run(run_args={stim: [20.0, 20.0, 20.0]})
more = mon.num_spikes
device.run()
assert more > mon.num_spikes
assert sorted(os.listdir(device.project_dir)) == ['results_0', 'results_1', 'results_2']
device.reinit(); device.activate(build_on_run=False, directory=None)
start_scope()
G = NeuronGroup(2, 'dv/dt = -v/(10*ms) : 1', method='exact'); G.v = 1
run(10*ms)
device.build(directory=None)
assert abs(G.v[0] - exp(-1)) < 1e-9
device.delete(force=True)
'''
"""One program, run with other values, a directory of results for each run."""

VALUES_OF_ALL_KINDS = r'''
from ranvier import *
set_device('cpp_standalone', build_on_run=False)
inp = SpikeGeneratorGroup(2, [0, 1, 0], [1, 2, 6]*ms)
G = NeuronGroup(2, """dv/dt = -v/tau_m : volt
                      tau_m : second
                      label : integer (constant)
                      on : boolean (constant)""", method='exact', name='neurons')
G.tau_m = 'i*5*ms + 5*ms'
S = Synapses(inp, G, 'w : volt', on_pre='v_post += w', name='syn')
S.connect(j='i'); S.w = 1*mV; S.delay = '1*ms'
M = StateMonitor(G, 'v', record=True)
run(5*ms)
G.v = 'v + 10*mV'
run(5*ms)
device.build(run=False, directory=None)
device.run()
base = M.v[:].copy()
device.run(run_args=['neurons.tau_m=0.001', 'syn.w=0.002', 'neurons.label=3', 'neurons.on=true'])
other = M.v[:].copy()
assert not np.allclose(asarray(base), asarray(other)) and all(G.label == 3) and all(G.on)
device.run(run_args={S.w: [1, 2]*mV, S.delay: 0*ms, G.v: [5, 6]*mV})
assert abs(M.v[0][0] - 5*mV) < 1e-9*mV
device.run()
assert np.array_equal(M.v[:], base) and base.shape == (2, 100)
for wrong, kind in (({G.tau_m: 5*mV}, DimensionMismatchError), ({G.tau_m: [1, 2, 3]*ms}, ValueError),
                    ({'x': 3}, KeyError), ({G.tau_m: '5*ms'}, TypeError)):
    try:
        device.run(run_args=wrong)
    except kind:
        pass
    else:
        raise AssertionError(wrong)
device.reinit(); device.activate(build_on_run=True, directory=None, run_args={})
start_scope()
H = NeuronGroup(1, 'dx/dt = k : 1\nk : Hz', method='euler'); H.k = 100*Hz
run(10*ms)
assert abs(H.x[0] - 1) < 1e-9
device.run(run_args={H.k: 200*Hz})
assert abs(H.x[0] - 2) < 1e-9
set_device('runtime')
start_scope()
H = NeuronGroup(1, 'dx/dt = k : 1\nk : Hz', method='euler'); H.k = 100*Hz
run(10*ms)
assert abs(H.x[0] - 1) < 1e-9
'''
"""Arguments of runs: texts, arrays, weights, delays; wrong ones."""

PROGRAMS_ONE_AFTER_ANOTHER = r"""
import os, tempfile
from ranvier import *
base = tempfile.mkdtemp()
found = []
for n in (1, 2):
    set_device('cpp_standalone', build_on_run=False)
    device.reinit(); device.activate(build_on_run=False)
    start_scope()
    G = NeuronGroup(n, 'dv/dt = (1.1 - v)/(10*ms) : 1', threshold='v > 1', reset='v = 0', method='exact')
    M = SpikeMonitor(G)
    R = PopulationRateMonitor(G)
    run(100*ms, report='text')
    G.v = 0
    run(50*ms)
    device.build(directory=os.path.join(base, str(n)), compile=True, run=True, debug=False, clean=False)
    found.append((M.num_spikes, len(R.rate), float(defaultclock.t/ms)))
    assert device.has_been_run
assert found[1][0] == 2*found[0][0] > 0 and found[0][1] == 1500
"""
"""Each program is built in a directory of its own."""

POOL = r"""
import multiprocessing
import numpy as np
from ranvier import *

def sim(tau):
    group = NeuronGroup(10, 'dv/dt = (2 - v)/tau : 1', threshold='v > 1', reset='v = 0', method='exact')
    counter = SpikeMonitor(group)
    run(50*ms)
    return counter.num_spikes

def sim_trace(args):
    k, rate = args
    seed(k)
    P = PoissonGroup(10, rates=rate)
    M = SpikeMonitor(P)
    net = Network(P, M)
    net.run(100*ms)
    return k, M.t/ms, np.array(M.i)

if __name__ == '__main__':
    with multiprocessing.Pool(2) as p:
        results = p.map(sim, np.arange(1, 6)*10*ms)
        traces = p.map(sim_trace, [(0, 50*Hz), (1, 100*Hz), (0, 50*Hz)])
    assert results == sorted(results, reverse=True) and results[0] > results[-1] > 0
    assert np.array_equal(traces[0][1], traces[2][1]) and len(traces[1][1]) != len(traces[0][1])
    alone = sim(10*ms)
    assert alone == results[0]
    with multiprocessing.get_context('spawn').Pool(1) as p:
        assert p.map(sim, [10*ms]) == [alone]
"""
"""A pool over a function that builds and runs a network, forked and spawned."""

EXECUTOR = r"""
from concurrent.futures import ProcessPoolExecutor, as_completed
import functools, multiprocessing
from ranvier import *
tau = 10*ms
eqs = 'dv/dt = (I - v)/tau + sigma*xi*tau**-0.5 : 1'
G = NeuronGroup(20, eqs, threshold='v > 1', reset='v = 0', method='euler')
M = SpikeMonitor(G)
net = Network(G, M)
I, sigma = 0.9, 0.3
net.store()
def one(sigma, I=0.9, duration=50*ms):
    net.restore()
    seed(4)
    net.run(duration, namespace={'I': I, 'sigma': sigma, 'tau': tau})
    return sigma, M.num_spikes
if __name__ == '__main__':
    here = [one(s) for s in (0.1, 0.5)]
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context('fork')) as pool:
        futures = [pool.submit(functools.partial(one, I=0.9), s) for s in (0.1, 0.5)]
        there = sorted(f.result() for f in as_completed(futures))
    assert here == there, (here, there)
"""
"""A network that is restored in the processes of an executor."""

STANDALONE_IN_A_POOL = r"""
import os, multiprocessing, tempfile
from ranvier import *
set_device('cpp_standalone', directory=None)
base = tempfile.mkdtemp()

def simulate(tau, directory):
    pid = os.getpid()
    device.reinit()
    device.activate(build_on_run=True, directory=os.path.join(directory, f'standalone{pid}'))
    G = NeuronGroup(1, 'dv/dt = -v/tau : 1', method='euler')
    G.v = 1
    mon = StateMonitor(G, 'v', record=0)
    net = Network(G, mon)
    net.run(10*ms)
    res = (mon.t/ms, mon.v[0])
    device.reinit()
    return res

class Sim:
    def __init__(self, directory): self.directory = directory
    def __call__(self, tau): return simulate(tau, self.directory)

if __name__ == '__main__':
    tau_values = np.arange(10)*ms + 5*ms
    with multiprocessing.Pool(2) as p:
        results = p.map(Sim(base), tau_values)
    assert len(results) == 10
    for tau, (t, v) in zip(tau_values, results):
        assert abs(v[-1] - exp(-9.9*ms/tau)) < 0.05
    with multiprocessing.Pool(2) as p:
        results = p.starmap(simulate, [(5*ms, base), (8*ms, base)])
    assert len(results) == 2
"""
"""Each process builds its own programs, in a directory of its own."""

PROGRAM_IN_A_POOL = r'''
import os, multiprocessing
from ranvier import *
from ranvier.devices import device_module

class Simulation:
    def __init__(self):
        start = 1
        self.target = target = NeuronGroup(3, """dv/dt = (drive - v)/tau : 1
                                 tau : second (shared, constant)
                                 drive : 1""", threshold='v > 1', reset='v = 0', method='euler', name='target')
        target.drive = 1.5
        target.tau = 10*ms
        self.spikes = SpikeMonitor(target)
        self.rates = PopulationRateMonitor(target)
        spikes, rates = self.spikes, self.rates
        run(40*ms)
        device.build(run=False, directory=None)
        self.device = get_device()

    def run_sim(self, tau):
        device_module.active_device = self.device
        result_dir = f'result_{tau/ms:.0f}'
        self.device.run(run_args={self.target.tau: tau}, results_directory=result_dir)
        return self.spikes.t/ms, self.rates.rate/Hz

if __name__ == '__main__':
    set_device('cpp_standalone', build_on_run=False)
    sim = Simulation()
    taus = np.linspace(5, 20, 4)*ms
    with multiprocessing.Pool(2) as pool:
        out = pool.map(sim.run_sim, taus)
    lengths = [len(t) for t, r in out]
    assert lengths == sorted(lengths, reverse=True) and lengths[0] > lengths[-1]
    device.delete()
'''
"""One program, whose runs with other values are divided among processes."""

JOBLIB = r"""
from ranvier import *
from joblib import Parallel, delayed
import numpy as np

def sim(i0):
    start_scope(); tau = 10*ms
    G = NeuronGroup(10, 'dv/dt = (I - v)/tau : 1\nI : 1', threshold='v > 1', reset='v = 0', method='exact')
    G.I = i0
    M = SpikeMonitor(G)
    run(100*ms)
    return float(i0), M.num_spikes, {k: v/ms for k, v in M.spike_trains().items()}
def sim_quantity(mu):
    return NeuronGroup(1, 'v : volt').v[:] + mu
if __name__ == '__main__':
    for backend in ('loky', 'multiprocessing'):
        res = Parallel(n_jobs=2, backend=backend)(delayed(sim)(i) for i in (0.5, 1.5, 3.0))
        assert [r[0] for r in res] == [0.5, 1.5, 3.0] and res[0][1] == 0 < res[1][1] < res[2][1], res
        q = Parallel(n_jobs=2, backend=backend)(delayed(sim_quantity)(m*mV) for m in (1, 2))
        assert q[1] == 2*mV and get_dimensions(q[0]) is volt.dim
"""
"""joblib around a function, with its own processes and with those of multiprocessing."""

SCRIPTS = {
    name.lower(): text
    for name, text in globals().copy().items()
    if name.isupper() and isinstance(text, str) and text.startswith("\n")
}


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
@pytest.mark.parametrize("name", SCRIPTS)
def test_the_script_runs(name: str, tmp_path: Path) -> None:
    if name == "joblib" and importlib.util.find_spec("joblib") is None:
        pytest.skip("joblib is not installed")
    script = tmp_path / f"script_{name}.py"
    script.write_text(SCRIPTS[name], encoding="utf-8")
    done = subprocess.run(
        [sys.executable, script], cwd=tmp_path, capture_output=True, text=True, timeout=longest(), check=False
    )
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "output").exists()  # no directory but those that are asked for
