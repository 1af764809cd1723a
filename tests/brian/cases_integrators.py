"""Every integrator with every class of deterministic equations, including which combinations are refused."""

from brian.replay import Case

METHODS = {
    "automatic": "",
    "exact": ", method='exact'",
    "linear": ", method='linear'",
    "independent": ", method='independent'",
    "euler": ", method='euler'",
    "rk2": ", method='rk2'",
    "rk4": ", method='rk4'",
    "exponential_euler": ", method='exponential_euler'",
    "milstein": ", method='milstein'",
    "heun": ", method='heun'",
    "explicit": ", method=ExplicitStateUpdater('k = dt*f(x, t)\\nl = dt*f(x + k, t + dt)\\nx_new = x + (k + l)/2')",
}
"""The text that gives the `method` argument; `explicit` is Heun's deterministic method, written out."""

MODELS = {
    "linear_1d": """
        dv/dt = (v0 - v)/tau : 1
        v0 : 1
        """,
    "chain": """
        dv/dt = (ge - v)/(10*ms) : 1
        dge/dt = -ge/(5*ms) : 1
        """,
    "coupled_2d": """
        dv/dt = (-v - w)/(10*ms) : 1
        dw/dt = (0.2*v - w)/(100*ms) : 1
        """,
    "oscillating_2d": """
        dv/dt = (-v - 2*w)/(10*ms) : 1
        dw/dt = (2*v - w)/(10*ms) : 1
        """,
    "alpha_chain": """
        dv/dt = (g - v)/(10*ms) : 1
        dg/dt = (w - g)/(5*ms) : 1
        dw/dt = -w/(5*ms) : 1
        """,
    "conditionally_linear": """
        dv/dt = (ge*(3 - v) + 0.5 - v)/tau : 1
        dge/dt = -ge/(5*ms) : 1
        """,
    "conditionally_linear_by_parameter": """
        dv/dt = (ge*(3 - v) + 0.5 - v)/(2*tau) : 1
        ge : 1
        """,
    "non_linear": "dv/dt = v*(1 - v)/tau : 1",
    "non_linear_2d": """
        dv/dt = (v - v**3/3 - w + 0.5)/tau : 1
        dw/dt = 0.08*(v + 0.7 - 0.8*w)/tau : 1
        """,
    "time_dependent_linear": "dv/dt = (sin(2*pi*100*Hz*t) - v)/tau : 1",
    "time_dependent_non_linear": "dv/dt = (v*(1 - v) + sin(2*pi*100*Hz*t))/ms : 1",
    "gate_of_parameter": """
        dv/dt = alpha*(1 - v) - beta*v : 1
        alpha = 0.1*exp(0.5*w)/ms : Hz
        beta = 0.125*exp(-0.25*w)/ms : Hz
        w : 1
        """,
    "gate_of_variable": """
        dv/dt = alpha*(1 - v) - beta*v : 1
        alpha = 0.1*exp(0.5*w)/ms : Hz
        beta = 0.125*exp(-0.25*w)/ms : Hz
        dw/dt = (1 - w)/tau : 1
        """,
    "per_element_tau": """
        dv/dt = -v/tau_i : volt
        tau_i = (i + 1)*2*ms : second
        """,
    "shared_and_subexpression": """
        dv/dt = (I - v)/tau : 1
        I = s*0.25*(1 + i) : 1
        s : 1 (shared)
        """,
    "timed_array": "dv/dt = (drive(t) - v)/tau : 1",
    "timed_array_2d": "dv/dt = (drive_2d(t, i) - v)/tau : 1",
    "timed_array_odd_dt": "dv/dt = (odd_drive(t) - v)/tau : 1",
}

WITHOUT_OWN_TERM = {
    "constant_slope": "dv/dt = (1 + i)/tau : 1",
    "singular": """
        dv/dt = w/tau : 1
        dw/dt = -w/tau : 1
        """,
}
"""Systems that Brian's exact solution does not cover, and ours may."""

SOLVED_ALONE = (
    "linear_1d",
    "chain",
    "coupled_2d",
    "oscillating_2d",
    "alpha_chain",
    "conditionally_linear",
    "conditionally_linear_by_parameter",
    "non_linear",
    "time_dependent_linear",
    "gate_of_parameter",
    "gate_of_variable",
    "per_element_tau",
    "shared_and_subexpression",
)
"""The models to compare the method `independent` on."""

SCRIPT = """
tau = 4*ms
drive = TimedArray([0.0, 1.0, -0.5, 2.0], dt=0.2*ms)
drive_2d = TimedArray([[0.0, 1.0, 2.0], [1.0, -0.5, 0.25], [3.0, 2.0, 1.0]], dt=0.3*ms)
odd_drive = TimedArray([0.0, 1.0, -0.5, 2.0, 1.5], dt=0.25*ms)
G = NeuronGroup(3, '''{model}'''{method})
start = dict(v=[0.2, 0.5, -0.3], w=[1.0, 0.4, 0.1], ge=[1.0, 0.0, 2.5], g=[0.3, 0.0, 0.6], v0=[1.0, 2.0, 3.0])
for name, values in start.items():
    if name in G.equations.names:
        G.state(name)[:] = values * get_unit(G.variables[name].dim)
if 's' in G.equations.names:
    G.s = 2
M = StateMonitor(G, sorted(G.equations.diff_eq_names), record=True)
run(1.2*ms)
for name in sorted(G.equations.diff_eq_names):
    keep(**{{name: getattr(G, name + '_')[:], name + '_trace': getattr(M, name + '_')}})
"""


BETTER_HERE = (
    ("oscillating_2d", "exact"),
    ("oscillating_2d", "linear"),
    ("non_linear", "exponential_euler"),
)
"""Brian refuses complex eigenvalues, which have a real solution, and loses the term -v**2 of v*(1 - v)."""

QUICK_METHODS = ("automatic", "exact", "euler", "rk4", "exponential_euler")
"""The methods that every model is tried with by default; the others only in long runs."""


def integrator_cases() -> tuple[Case, ...]:
    """Return one case per model and method."""
    cases = [
        _case(model, method, MODELS[model])
        for model in MODELS
        for method in METHODS
        if (method != "independent" or model in SOLVED_ALONE) and (model, method) not in BETTER_HERE
    ]
    cases += [
        _case(model, method, WITHOUT_OWN_TERM[model])
        for model in WITHOUT_OWN_TERM
        for method in METHODS
        if method not in ("exact", "linear", "independent")
    ]
    return tuple(cases)


def _case(model: str, method: str, equations: str) -> Case:
    script = SCRIPT.format(model=equations, method=METHODS[method])
    return Case(f"{model}-{method}", script, long=method not in QUICK_METHODS and model != "chain")


OTHERS = (
    Case(
        "method_objects",
        """
E = NeuronGroup(2, 'dv/dt = (2 - v)/(10*ms) : 1', method=euler)
F = NeuronGroup(2, 'dv/dt = (2 - v)/(10*ms) : 1', method=rk4)
G = NeuronGroup(2, 'dv/dt = (2 - v)/(10*ms) : 1', method=exact)
H = NeuronGroup(2, 'dv/dt = (2 - v)/(10*ms) : 1', method=('euler', 'heun'))
E.v = F.v = G.v = H.v = 'i'
run(2*ms)
keep(e=E.v[:], f=F.v[:], g=G.v[:], h=H.v[:])
""",
    ),
    Case(
        "exact_with_constants_and_units",
        """
C = 200*pF; gL = 10*nS; EL = -70*mV; I0 = 0.3*nA
G = NeuronGroup(4, '''dv/dt = (gL*(EL - v) + I)/C : volt
                      dI/dt = -I/(5*ms) : amp''', method='exact')
G.v = 'EL + i*mV'
G.I = 'I0*i'
run(5*ms)
keep(v=G.v[:], I=G.I[:])
""",
    ),
    Case(
        "constants_change_between_runs",
        """
tau = 10*ms; a = 1.0
G = NeuronGroup(3, 'dv/dt = (a*(i + 1) - v)/tau : 1', method='exact')
run(1*ms)
keep(first=G.v[:])
tau = 3*ms
run(1*ms)
keep(second=G.v[:])
a = -2
run(1*ms)
keep(third=G.v[:])
""",
    ),
    Case(
        "alpha_chain_from_the_spec",
        """
tau = 5*ms; taum = 10*ms
G = NeuronGroup(1, '''dv/dt = (g - v)/taum : 1
                      dg/dt = (x - g)/tau : 1
                      dx/dt = -x/tau : 1''')
G.x = 1
run(1*ms)
keep(v=G.v[:], g=G.g[:], x=G.x[:])
""",
    ),
    Case(
        "parameter_exact_changes_during_the_run",
        """
G = NeuronGroup(3, '''dv/dt = (I - v)/tau_v : 1
                      I : 1
                      tau_v : second''', method='exact')
G.tau_v = '(2 + i)*ms'
G.run_regularly('I += 0.5; tau_v = tau_v*1.1', dt=0.5*ms)
M = StateMonitor(G, 'v', record=True)
run(3*ms)
keep(v=M.v)
""",
    ),
    Case(
        "unknown_method",
        """
G = NeuronGroup(1, 'dv/dt = -v/ms : 1', method='quick')
run(1*ms)
""",
    ),
    Case(
        "frozen_equation",
        """
G = NeuronGroup(2, '''dv/dt = 0/second : 1
                      dw/dt = -w/(5*ms) : 1''')
G.v = 'i'; G.w = 'i'
run(1*ms)
keep(v=G.v[:], w=G.w[:])
""",
    ),
    Case(
        "long_run_of_a_decay",
        """
G = NeuronGroup(2, 'dv/dt = -v/tau_v : 1\\ntau_v : second', method='exact')
G.v = 1
G.tau_v = [10, 1000]*ms
run(100*ms)
keep(v=G.v[:])
""",
    ),
)

CASES = integrator_cases() + OTHERS
