"""Every integrator with additive and multiplicative noise: what is refused, and the distribution of what comes out."""

from brian.cases_integrators import METHODS
from brian.replay import Case

MODELS = {
    "additive": "dv/dt = (0.5 - v)/tau + 0.7*sqrt(2/tau)*xi : 1",
    "additive_of_parameter": """
        dv/dt = -v/tau + sigma*sqrt(2/tau)*xi : 1
        sigma : 1
        """,
    "additive_two_noises": """
        dv/dt = -v/tau + 0.5*sqrt(1/tau)*xi_a + 0.25*sqrt(1/tau)*xi_b : 1
        dw/dt = -w/(2*tau) + 0.5*sqrt(1/tau)*xi_a : 1
        """,
    "additive_non_linear": "dv/dt = v*(1 - v)/tau + 0.2*sqrt(1/tau)*xi : 1",
    "multiplicative": "dv/dt = -v/tau + 0.5*v*sqrt(1/tau)*xi : 1",
    "multiplicative_by_other": """
        dv/dt = -v/tau + w*sqrt(1/tau)*xi_v : 1
        dw/dt = (1 - w)/tau + 0.3*w*sqrt(1/tau)*xi_w : 1
        """,
    "multiplicative_non_linear": "dv/dt = (0.5 - v)/tau + 0.4*sqrt(clip(v, 0.01, inf))*sqrt(1/tau)*xi : 1",
    "time_dependent_factor": "dv/dt = -v/tau + (1 + sin(2*pi*t/tau))*sqrt(1/tau)*xi : 1",
}

QUICK_MODELS = ("additive", "multiplicative")

SCRIPT = """
tau = 2*ms
G = NeuronGroup(4000, '''{model}'''{method})
G.v = 0.8
if 'w' in G.equations.names:
    G.w = 0.6
if 'sigma' in G.equations.names:
    G.sigma = '0.5 + 1.0*(i % 2)'
run(2.5*ms)
v = G.v_[:]
keep(mean=v.mean(), variance=v.var(), third=((v - v.mean())**3).mean(), neighbours=corrcoef(v[:-1], v[1:])[0, 1])
keep(halves=[v[::2].var(), v[1::2].var()])
if 'w' in G.equations.names:
    w = G.w_[:]
    keep(w_mean=w.mean(), w_variance=w.var(), correlation=corrcoef(v, w)[0, 1])
"""

OTHERS = (
    Case(
        "steps_are_independent",
        """
G = NeuronGroup(20, 'dv/dt = xi/sqrt(ms) : 1', method='euler')
M = StateMonitor(G, 'v', record=True)
run(200*ms)
d = diff(M.v, axis=1)
keep(mean=d.mean(), variance=d.var(), fourth=(d**4).mean(), lag=corrcoef(d[:, 1:].ravel(), d[:, :-1].ravel())[0, 1])
keep(neurons=corrcoef(d[0], d[1])[0, 1])
""",
        stochastic=True,
    ),
    Case(
        "groups_are_independent",
        """
G = NeuronGroup(4000, 'dv/dt = xi/sqrt(ms) : 1', method='euler')
H = NeuronGroup(4000, 'dv/dt = xi/sqrt(ms) : 1', method='euler')
run(1*ms)
keep(correlation=corrcoef(G.v_[:], H.v_[:])[0, 1], variances=[G.v_[:].var(), H.v_[:].var()])
""",
        stochastic=True,
    ),
    Case(
        "lif_with_noise",
        """
tau = 10*ms
G = NeuronGroup(200, 'dv/dt = (1.2 - v)/tau + 0.3*sqrt(2/tau)*xi : 1 (unless refractory)',
                threshold='v > 1', reset='v = 0', refractory=2*ms, method='euler')
S = SpikeMonitor(G)
run(300*ms)
isi = concatenate([diff(train/ms) for train in S.spike_trains().values()])
keep(spikes=S.num_spikes, isi_mean=isi.mean(), isi_std=isi.std(), counts=std(S.count[:]))
""",
        stochastic=True,
    ),
    Case(
        "random_functions_in_statements",
        """
G = NeuronGroup(5000, 'x : 1\\ny : 1\\nz : 1\\nk : 1')
G.run_regularly('x = rand()\\ny = randn()\\nz = 2*rand() - 1\\nk = poisson(3.0)')
run(0.1*ms)
x, y, z, k = G.x_[:], G.y_[:], G.z_[:], G.k_[:]
keep(means=[x.mean(), y.mean(), z.mean(), k.mean()], variances=[x.var(), y.var(), z.var(), k.var()])
keep(correlation=corrcoef(x, z)[0, 1], fourth=(y**4).mean(), quantiles=percentile(x, [5, 25, 50, 75, 95]))
keep(normal=percentile(y, [5, 25, 50, 75, 95]), zeros=(k == 0).mean(), whole=(k == floor(k)).mean())
""",
        stochastic=True,
    ),
    Case(
        "random_initial_values",
        """
G = NeuronGroup(5000, 'x : volt\\ny : 1\\nk : integer\\nb : boolean')
G.x = '-60*mV + 10*mV*rand()'
G.y = 'randn()*0.5 + i/1000.0'
G.k = 'int(rand()*7)'
G.b = 'rand() < 0.3'
y = G.y_[:] - arange(5000)/1000.0
keep(x=[G.x_[:].mean(), G.x_[:].std()], y=[y.mean(), y.std()], k=bincount(G.k[:], minlength=7), b=mean(G.b[:]))
""",
        stochastic=True,
    ),
    Case(
        "threshold_with_rand",
        """
G = NeuronGroup(100, '', threshold='rand() < 50*Hz*dt')
S = SpikeMonitor(G)
run(400*ms)
keep(spikes=S.num_spikes, spread=var(S.count[:]), coincidences=sum(diff(S.t/ms) == 0))
""",
        stochastic=True,
    ),
    Case(
        "poisson_group",
        """
P = PoissonGroup(200, rates='(i % 2)*40*Hz + 20*Hz')
S = SpikeMonitor(P)
R = PopulationRateMonitor(P)
run(500*ms)
keep(even=sum(S.count[::2]), odd=sum(S.count[1::2]), spread=var(S.count[1::2]), rate=mean(R.rate/Hz))
""",
        stochastic=True,
    ),
    Case(
        "poisson_input",
        """
G = NeuronGroup(2000, 'dv/dt = -v/(5*ms) : volt', method='exact')
P = PoissonInput(G, 'v', 50, 100*Hz, weight=0.1*mV)
run(15*ms)
v = G.v_[:]*1e3
keep(mean=v.mean(), variance=v.var(), third=((v - v.mean())**3).mean())
""",
        stochastic=True,
    ),
    Case(
        "same_seed_same_numbers",
        """
G = NeuronGroup(10, 'dv/dt = xi/sqrt(ms) : 1', method='euler')
store()
seed(5)
run(1*ms)
first = G.v_[:].copy()
restore()
seed(5)
run(1*ms)
keep(equal=[(first == G.v_[:]).all()], spread=[first.std() > 0.1])
""",
    ),
    Case(
        "plain_xi_twice",
        """
G = NeuronGroup(2, 'dv/dt = xi/sqrt(ms) : 1\\ndw/dt = xi/sqrt(ms) : 1')
run(1*ms)
""",
    ),
    Case(
        "same_named_noise_in_two_equations_milstein",
        """
G = NeuronGroup(2, 'dv/dt = v*xi_a/sqrt(ms) : 1\\ndw/dt = w*xi_a/sqrt(ms) : 1', method='milstein')
run(1*ms)
""",
    ),
    Case(
        "same_stateful_function_twice",
        """
G = NeuronGroup(2, 'x : 1')
G.run_regularly('x = rand() + rand()')
run(1*ms)
""",
    ),
    Case(
        "stateful_function_in_a_subexpression",
        """
G = NeuronGroup(2, 'dx/dt = (y - x)/ms : 1\\ny = rand() : 1')
run(1*ms)
""",
    ),
)

CASES = (
    tuple(
        Case(
            f"{model}-{method}",
            SCRIPT.format(model=MODELS[model], method=METHODS[method]),
            stochastic=True,
            long=model not in QUICK_MODELS,
        )
        for model in MODELS
        for method in METHODS
    )
    + OTHERS
)
