"""All forms of refractoriness, thresholds, resets and custom events."""

from brian.replay import Case

LIF = """
tau = 10*ms
G = NeuronGroup(4, '''dv/dt = (2 + 0.3*i - v)/tau : 1 {flag}
                      dw/dt = -w/(5*ms) : 1
                      ref : second
                      hold : 1''',
                threshold='v > 1', reset='v = 0; w += 1; hold += 1', refractory={refractory}{more})
G.ref = '(1 + 1.5*i)*ms'
S = SpikeMonitor(G, ['v', 'w'])
M = StateMonitor(G, ['v', 'w'{state}], record=True)
run(40*ms)
keep(S=S, at_spike=S.w, v_at_spike=S.v, v=M.v[:, ::7], w=M.w[:, ::7], hold=G.hold[:], last=G.v[:])
"""

FORMS = {
    "none": "False",
    "quantity": "5*ms",
    "quantity_between_steps": "0.35*ms",
    "quantity_below_dt": "0.05*ms",
    "quantity_one_step": "0.1*ms",
    "string_of_time": "'ref'",
    "string_expression": "'2*ms + ref*0.5'",
    "string_of_variable": "'(1 + w)*2*ms'",
    "condition_on_v": "'v > 0.5'",
    "condition_on_w": "'w > 0.4'",
    "condition_on_lastspike": "'t - lastspike < 3*ms'",
    "condition_always": "'v > -100'",
}


def forms() -> tuple[Case, ...]:
    """Return one case per form, with and without the flag, for several methods where the flag is set."""
    cases = []
    for form, text in FORMS.items():
        state = "" if form == "none" else ", 'not_refractory'"
        for label, flag in (("suppressed", ""), ("frozen", "(unless refractory)")):
            if form == "none" and flag:
                continue
            script = LIF.format(flag=flag, refractory=text, more="", state=state)
            script += "" if form == "none" else "keep(free=M.not_refractory[:, ::7])\n"
            cases.append(Case(f"{form}-{label}", script))
    for method in ("exact", "euler", "rk2", "rk4", "exponential_euler", "heun", "milstein"):
        script = LIF.format(flag="(unless refractory)", refractory="2*ms", more=f", method='{method}'", state="")
        cases.append(Case(f"frozen-{method}", script))
    return tuple(cases)


OTHERS = (
    Case(
        "always_above_threshold",
        """
results = {}
for k, R in enumerate([0.05, 0.1, 0.15, 0.2, 0.3, 0.35, 0.5, 0.7]):
    G = NeuronGroup(1, 'v : 1', threshold='True', refractory=R*ms)
    S = SpikeMonitor(G)
    net = Network(G, S)
    net.run(5*ms)
    results['r%d' % k] = S.t[:]
keep(**results)
""",
    ),
    Case(
        "from_the_spec",
        """
tau = 10*ms
G = NeuronGroup(1, 'dv/dt = (1 - v)/tau : 1 (unless refractory)', threshold='v > 0.8', reset='v = 0', refractory=5*ms)
H = NeuronGroup(1, 'x : 1', threshold='sin(2*pi*500*Hz*t) > 0.5', refractory='sin(2*pi*500*Hz*t) > 0.5')
S, T = SpikeMonitor(G), SpikeMonitor(H)
M = StateMonitor(H, 'not_refractory', record=True)
run(60*ms)
keep(S=S, T=T, free=M.not_refractory[0][:60])
""",
    ),
    Case(
        "legacy_timing",
        """
prefs['legacy.refractory_timing'] = True
G = NeuronGroup(3, '''dv/dt = (2 + i - v)/(10*ms) : 1 (unless refractory)''',
                threshold='v > 1', reset='v = 0', refractory=0.7*ms)
H = NeuronGroup(1, 'x : 1', threshold='True', refractory=0.3*ms)
T = SpikeMonitor(H)
S = SpikeMonitor(G)
run(30*ms)
keep(S=S, v=G.v[:], T=T)
""",
    ),
    Case(
        "lastspike_and_not_refractory_are_accessible",
        """
G = NeuronGroup(4, '''dv/dt = (3 - v)/(10*ms) : 1 (unless refractory)
                      since = t - lastspike : second''', threshold='v > 1', reset='v = 0', refractory=3*ms)
keep(first_last=G.lastspike[:], first_free=G.not_refractory[:])
G.v = 'i*0.3'
run(6*ms)
keep(last=G.lastspike[:], free=G.not_refractory[:], since=G.since[:])
G.lastspike = 't - 1*ms'
G.not_refractory = False
run(4*ms)
keep(v=G.v[:], free2=G.not_refractory[:], last2=G.lastspike[:])
G.lastspike[2] = -1*second
run(4*ms)
keep(v3=G.v[:], last3=G.lastspike[:])
""",
    ),
    Case(
        "run_regularly_and_protection",
        """
G = NeuronGroup(2, '''dv/dt = (2 + i - v)/(10*ms) : 1 (unless refractory)
                      dw/dt = 0.1/ms : 1''', threshold='v > 1', reset='v = 0', refractory=3*ms, method='euler')
G.run_regularly('v += 0.05; w -= 0.5', dt=1*ms)
M = StateMonitor(G, ['v', 'w'], record=True)
S = SpikeMonitor(G)
run(30*ms)
keep(S=S, v=M.v, w=M.w)
""",
    ),
    Case(
        "refractory_in_reset_and_assignment",
        """
G = NeuronGroup(2, 'dv/dt = (2 + i - v)/(10*ms) : 1 (unless refractory)', threshold='v > 1', reset='v -= 0.9',
                refractory=3*ms)
S = SpikeMonitor(G)
run(8.5*ms)
G.v += 0.25
keep(v=G.v[:])
run(8*ms)
keep(S=S, end=G.v[:])
""",
    ),
    Case(
        "refractory_constant_changes_between_runs",
        """
R = 2*ms
G = NeuronGroup(2, 'dv/dt = (2 + i - v)/(10*ms) : 1 (unless refractory)', threshold='v > 1',
                reset='v = 0', refractory='R')
S = SpikeMonitor(G)
run(20*ms)
R = 5*ms
run(20*ms)
keep(S=S, v=G.v[:])
""",
    ),
    Case(
        "refractory_with_coupled_equations",
        """
G = NeuronGroup(3, '''dv/dt = (ge + 1.5 - v)/(10*ms) : 1 (unless refractory)
                      dge/dt = (0.5*v - ge)/(5*ms) : 1''', threshold='v > 1', reset='v = 0.1*i', refractory=2*ms,
                method='euler')
M = StateMonitor(G, ['v', 'ge'], record=True)
S = SpikeMonitor(G)
G.ge = 'i'
run(30*ms)
keep(S=S, v=M.v[:, ::5], ge=M.ge[:, ::5])
""",
    ),
    Case(
        "threshold_without_reset_is_a_level",
        """
G = NeuronGroup(2, 'v : 1', threshold='sin(2*pi*200*Hz*t + i) > 0.5')
S = SpikeMonitor(G)
run(8*ms)
keep(S=S)
""",
    ),
    Case(
        "threshold_and_reset_expressions",
        """
vt = 1.0
G = NeuronGroup(6, '''dv/dt = (1.5 + i*0.2)/(10*ms) : 1
                      vth : 1
                      n : integer
                      on : boolean
                      last : second''',
                threshold='on and (v > vth or (v > 2*vt and not (i == 3)))',
                reset='''v_old = v - vth
                         v = 0.25*v_old
                         vth += 0.1
                         n += 1
                         last = t
                         on = n < 4''')
G.vth = 0.8; G.on = 'i != 2'
S = SpikeMonitor(G, 'vth')
run(40*ms)
keep(S=S, vth_at=S.vth, v=G.v[:], vth=G.vth[:], n=G.n[:], on=G.on[:], last=G.last[:])
""",
    ),
    Case(
        "nan_never_spikes",
        """
G = NeuronGroup(3, 'v : 1', threshold='v > 0', reset='')
G.v = [nan, 1, -1]
S = SpikeMonitor(G)
run(0.3*ms)
keep(S=S)
""",
    ),
    Case(
        "custom_events",
        """
G = NeuronGroup(4, '''dv/dt = (2 + 0.5*i - v)/(10*ms) : 1
                      x : 1
                      above : integer''', threshold='v > 1', reset='v = 0',
                events={'half': 'v > 0.5 and v < 0.6', 'late': 't > 12*ms and v > 0.9'}, refractory=1*ms)
G.run_on_event('half', 'x += 1; above += 1')
G.run_on_event('late', 'v -= 0.4')
E = EventMonitor(G, 'half', 'v')
L = EventMonitor(G, 'late')
S = SpikeMonitor(G)
run(30*ms)
keep(E=E, L=L, S=S, v_at=E.v, x=G.x[:], above=G.above[:], counts=E.count[:], v=G.v[:])
""",
    ),
    Case(
        "event_schedule",
        """
G = NeuronGroup(2, 'dv/dt = 1/ms : 1', threshold='v > 0.45', reset='v = 0', events={'high': 'v > 0.35'}, method='euler')
G.set_event_schedule('high', when='resets', order=1)
E = EventMonitor(G, 'high')
S = SpikeMonitor(G)
run(2*ms)
keep(E=E, S=S)
""",
    ),
    Case(
        "thresholder_and_resetter_places",
        """
G = NeuronGroup(2, 'dv/dt = (1 + i)/ms : 1', threshold='v > 0.45', reset='v = 0', method='euler')
G.thresholder['spike'].when = 'start'
G.resetter['spike'].when = 'after_end'
S = SpikeMonitor(G)
M = StateMonitor(G, 'v', record=True, when='end')
run(2*ms)
keep(S=S, v=M.v)
""",
    ),
    Case(
        "run_on_spike_event",
        """
G = NeuronGroup(2, 'dv/dt = (1 + i)/ms : 1\\nc : 1', threshold='v > 0.45', method='euler')
G.run_on_event('spike', 'c += 1 + v', when='before_resets')
run(3*ms)
keep(c=G.c[:], v=G.v[:])
""",
    ),
    Case(
        "population_with_different_refractoriness",
        """
G = NeuronGroup(200, '''dv/dt = (I - v)/(20*ms) : volt (unless refractory)
                        I : volt (constant)
                        tau_ref : second (constant)''', threshold='v > 15*mV', reset='v = 0*mV', refractory='tau_ref')
G.I = '(14 + 0.1*i)*mV'
G.tau_ref = '(i % 7)*ms'
S = SpikeMonitor(G)
run(200*ms)
keep(counts=S.count[:], last=S.t[-20:], v=G.v[:])
""",
    ),
    Case(
        "values_given_to_refractory_neurons",
        """
def tried(what, when=2*ms):
    G = NeuronGroup(4, '''dv/dt = 0/ms : 1 (unless refractory)
                          x : 1''', threshold='(i == 1 or i == 2) and t < 0.05*ms', refractory=2*ms, method='euler')
    G.x = [1, 2, 3, 4]
    P, S = G[1:], Synapses(G, G)
    S.connect(j='i')
    Network(G, S).run(when)
    what(G, P, S)
    return G.v[:]

def attribute(name, value, index=None):
    def given(G, P, S):
        owner = {'G': G, 'P': P, 'S': S}[name[0]]
        if index is None:
            setattr(owner, name[1:], value)
        else:
            getattr(owner, name[1:])[index] = value
    return given

keep(text=tried(attribute('Gv', '3 + x')), later=tried(attribute('Gv', '3 + x'), 2.2*ms))
keep(chosen=tried(attribute('Gv', 7, 'i > 0')), text_chosen=tried(attribute('Gv', 'x', 'i > 0')))
keep(one=tried(attribute('Gv', 'x', 1)), several=tried(attribute('Gv', 'x', [0, 1])))
keep(slice=tried(attribute('Gv', 'x', slice(None, 2))), whole=tried(attribute('Gv', 'x', slice(None))))
keep(true=tried(attribute('Gv', '3', 'True')), without_unit=tried(attribute('Gv_', '3')))
keep(number=tried(attribute('Gv', 3)), numbers=tried(attribute('Gv', [5, 6], slice(1, 3))))
keep(part=tried(attribute('Pv', 'x')), part_number=tried(attribute('Pv', 8)), free=tried(attribute('Gx', '9')))
keep(synapses=tried(attribute('Sv_post', '3')), synapses_chosen=tried(attribute('Sv_post', 4, 'i > 0')))
""",
    ),
)

CASES = forms() + OTHERS
