"""Plasticity rules of the literature, as they are usually written."""

from brian.replay import Case

TRAINS = """
N, M = 6, 4
pre_times = [(i, 3.1*k*(1 + 0.13*i) + 1.7*i) for i in range(N) for k in range(12)]
post_times = [(j, 4.3*k*(1 + 0.21*j) + 2.3*j + 0.4) for j in range(M) for k in range(9)]
G = SpikeGeneratorGroup(N, [i for i, _ in pre_times], array([t for _, t in pre_times])*ms, name='pre_trains')
T = SpikeGeneratorGroup(M, [i for i, _ in post_times], array([t for _, t in post_times])*ms, name='post_trains')
"""

DRIVEN = """
N, M = 8, 3
times = [(i, 2.3*k*(1 + 0.17*i) + 0.9*i + 0.1) for i in range(N) for k in range(18)]
G = SpikeGeneratorGroup(N, [i for i, _ in times], array([t for _, t in times])*ms, name='trains')
"""

PAIR = """
taupre, taupost, wmax = 20*ms, 18*ms, 1.0
Apre, Apost = 0.011, -0.0115
"""

CASES = (
    Case(
        "pair_additive",
        TRAINS
        + PAIR
        + """
S = Synapses(G, T, '''w : 1
                      dapre/dt = -apre/taupre : 1 (event-driven)
                      dapost/dt = -apost/taupost : 1 (event-driven)''',
             on_pre='''apre += Apre
                       w = clip(w + apost, 0, wmax)''',
             on_post='''apost += Apost
                        w = clip(w + apre, 0, wmax)''')
S.connect()
S.w = '0.4 + 0.02*i + 0.05*j'
S.delay = '0.3*ms*i'
S.post.delay = '0.7*ms*j'
M1 = StateMonitor(S, 'w', record=[0, 7, 23], dt=1*ms)
run(60*ms)
keep(w=S.w[:], apre=S.apre[:], apost=S.apost[:], trace=M1.w)
""",
    ),
    Case(
        "pair_multiplicative",
        TRAINS
        + PAIR
        + """
S = Synapses(G, T, '''w : 1
                      dapre/dt = -apre/taupre : 1 (event-driven)
                      dapost/dt = -apost/taupost : 1 (event-driven)''',
             on_pre='apre += Apre; w += apost*w', on_post='apost += Apost; w += apre*(wmax - w)')
S.connect('i != j')
S.w = '0.2 + 0.1*j'
run(60*ms)
keep(w=S.w[:])
""",
    ),
    Case(
        "pair_power_law",
        TRAINS
        + PAIR
        + """
mu = 0.4
S = Synapses(G, T, '''w : 1
                      dapre/dt = -apre/taupre : 1 (event-driven)
                      dapost/dt = -apost/taupost : 1 (event-driven)''',
             on_pre='apre += 1; w = clip(w - 0.012*w**mu*apost, 0, 1)',
             on_post='apost += 1; w = clip(w + 0.01*(1 - w)**mu*apre, 0, 1)')
S.connect()
S.w = 0.5
run(60*ms)
keep(w=S.w[:])
""",
    ),
    Case(
        "pair_nearest_neighbour",
        TRAINS
        + PAIR
        + """
S = Synapses(G, T, '''w : 1
                      dapre/dt = -apre/taupre : 1 (event-driven)
                      dapost/dt = -apost/taupost : 1 (event-driven)''',
             on_pre='apre = Apre; w = clip(w + apost, 0, wmax)',
             on_post='apost = Apost; w = clip(w + apre, 0, wmax)')
S.connect()
S.w = 0.5
run(60*ms)
keep(w=S.w[:], apre=S.apre[:])
""",
    ),
    Case(
        "pair_nearest_neighbour_by_times",
        TRAINS
        + PAIR
        + """
S = Synapses(G, T, '''w : 1
                      tp : second
                      tq : second''',
             on_pre='tp = t; w = clip(w + Apost*exp((tq - t)/taupost), 0, wmax)',
             on_post='tq = t; w = clip(w + Apre*exp((tp - t)/taupre), 0, wmax)')
S.connect()
S.w = 0.5
S.tp = -1*second; S.tq = -1*second
run(60*ms)
keep(w=S.w[:], last=S.tq[:])
""",
    ),
    Case(
        "pair_clock_driven",
        TRAINS
        + PAIR
        + """
S = Synapses(G, T, '''w : 1
                      dapre/dt = -apre/taupre : 1 (clock-driven)
                      dapost/dt = -apost/taupost : 1 (clock-driven)
                      plastic : boolean (shared)''',
             on_pre='apre += Apre; w = clip(w + apost*int(plastic), 0, wmax)',
             on_post='apost += Apost; w = clip(w + apre*int(plastic), 0, wmax)', method='exact')
S.connect()
S.w = 0.5
S.plastic = True
run(30*ms)
S.plastic = False
run(30*ms)
keep(w=S.w[:], apre=S.apre[:])
""",
    ),
    Case(
        "traces_of_neurons",
        DRIVEN
        + PAIR
        + """
P = NeuronGroup(N, 'dx/dt = -x/taupre : 1', method='exact')
copy = Synapses(G, P, on_pre='x_post += Apre')
copy.connect(j='i')
H = NeuronGroup(M, '''dv/dt = -v/(5*ms) : 1
                      dx/dt = -x/taupost : 1''', threshold='v > 0.9', reset='v = 0; x += Apost',
                method='exact')
S = Synapses(P, H, 'w : 1', on_post='w = clip(w + x_pre, 0, wmax)')
S.connect()
F = Synapses(G, H, 'w : 1', on_pre='v_post += w; w = clip(w + x_post, 0, wmax)')
F.connect()
S.w = F.w = 0.3
spikes = SpikeMonitor(H)
run(60*ms)
keep(w=S.w[:], fw=F.w[:], spikes=spikes)
""",
    ),
    Case(
        "song_with_conductance",
        DRIVEN
        + """
taum, taue, taupre = 10*ms, 5*ms, 20*ms
gmax, dApre = .3, .01
dApost = -dApre*1.05
dApost *= gmax; dApre *= gmax
El, Ee, vt, vr = -74*mV, 0*mV, -54*mV, -60*mV
H = NeuronGroup(M, '''dv/dt = (ge*(Ee - v) + El - v)/taum : volt
                      dge/dt = -ge/taue : 1''', threshold='v > vt', reset='v = vr', method='euler')
H.v = vr
S = Synapses(G, H, '''w : 1
                      dApre/dt = -Apre/taupre : 1 (event-driven)
                      dApost/dt = -Apost/taupre : 1 (event-driven)''',
             on_pre='''ge += w
                       Apre += dApre
                       w = clip(w + Apost, 0, gmax)''',
             on_post='''Apost += dApost
                        w = clip(w + Apre, 0, gmax)''', namespace={'dApre': 0.003, 'dApost': -0.00315})
S.connect()
S.w = '(0.2 + 0.1*i)*gmax'
spikes = SpikeMonitor(H)
run(60*ms)
keep(w=S.w[:], spikes=spikes, ge=H.ge[:])
""",
        rtol=1e-8,
    ),
    Case(
        "triplets",
        TRAINS
        + """
tau_plus, tau_minus, tau_x, tau_y = 16.8*ms, 33.7*ms, 101*ms, 125*ms
A2_plus, A2_minus, A3_plus, A3_minus = 7.5e-10*1e7, 7e-3, 9.3e-3, 2.3e-4
S = Synapses(G, T, '''w : 1
                      dr1/dt = -r1/tau_plus : 1 (event-driven)
                      dr2/dt = -r2/tau_x : 1 (event-driven)
                      do1/dt = -o1/tau_minus : 1 (event-driven)
                      do2/dt = -o2/tau_y : 1 (event-driven)''',
             on_pre='''w = clip(w - o1*(A2_minus + A3_minus*r2), 0, 1)
                       r1 += 1
                       r2 += 1''',
             on_post='''w = clip(w + r1*(A2_plus + A3_plus*o2), 0, 1)
                        o1 += 1
                        o2 += 1''')
S.connect()
S.w = 0.5
run(60*ms)
keep(w=S.w[:], r2=S.r2[:], o2=S.o2[:])
""",
    ),
    Case(
        "short_term_event_driven",
        DRIVEN
        + """
U, tau_f, tau_d = 0.2, 150*ms, 60*ms
H = NeuronGroup(M, 'dg/dt = -g/(3*ms) : 1', method='exact')
S = Synapses(G, H, '''w : 1
                      du/dt = -u/tau_f : 1 (event-driven)
                      dx/dt = (1 - x)/tau_d : 1 (event-driven)''',
             on_pre='''u += U*(1 - u)
                       r = u*x
                       x -= r
                       g_post += w*r''')
S.connect()
S.x = 1
S.w = '1 + 0.1*j'
V = StateMonitor(H, 'g', record=True)
run(50*ms)
keep(u=S.u[:], x=S.x[:], g=V.g)
""",
    ),
    Case(
        "short_term_of_markram",
        DRIVEN
        + """
U, tau_f, tau_d = 0.45, 20*ms, 750*ms
H = NeuronGroup(M, '''dv/dt = (-v + I)/(20*ms) : 1
                      dI/dt = -I/(3*ms) : 1''', threshold='v > 1', reset='v = 0', method='exact')
S = Synapses(G, H, '''A : 1
                      du/dt = (U - u)/tau_f : 1 (clock-driven)
                      dx/dt = (1 - x)/tau_d : 1 (clock-driven)''',
             on_pre='''u = u + U*(1 - u)
                       I_post += A*u*x
                       x = x*(1 - u)''', method='euler')
S.connect()
S.u = U; S.x = 1; S.A = '0.5 + i*0.1'
run(50*ms)
keep(u=S.u[:], x=S.x[:], I=H.I[:], v=H.v[:])
""",
    ),
    Case(
        "short_term_of_neurons",
        """
tau_f, tau_d, U = 100*ms, 80*ms, 0.3
G = NeuronGroup(5, '''dv/dt = (1.3 + 0.1*i - v)/(5*ms) : 1
                      du/dt = (U - u)/tau_f : 1
                      dx/dt = (1 - x)/tau_d : 1
                      I : 1
                      r : 1''', threshold='v > 1', reset='v = 0; r = u*x; u += U*(1 - u); x -= r', method='euler')
G.x = 1; G.u = U
H = NeuronGroup(2, 'dg/dt = -g/(5*ms) : 1', method='exact')
S = Synapses(G, H, 'w : 1', on_pre='g_post += w*u_pre*x_pre')
S.connect()
S.w = 'i + j'
run(40*ms)
keep(g=H.g[:], u=G.u[:], x=G.x[:])
""",
    ),
    Case(
        "scaling_by_run_regularly",
        DRIVEN
        + """
eta, target = 0.02, 0.8
H = NeuronGroup(M, '''dv/dt = -v/(5*ms) : 1
                      drate/dt = -rate/(50*ms) : 1
                      total : 1''', threshold='v > 1.2', reset='v = 0; rate += 0.2', method='exact')
S = Synapses(G, H, '''w : 1
                      total_post = w : 1 (summed)''', on_pre='v_post += w')
S.connect()
S.w = '0.2 + 0.05*i + 0.02*j'
S.run_regularly('w += eta*w*(target - rate_post)', dt=5*ms)
S.run_regularly('w = w/total_post*2.5', dt=10*ms, when='end')
W = StateMonitor(H, ['rate', 'total'], record=True, dt=1*ms)
run(60*ms)
keep(w=S.w[:], rate=W.rate, total=W.total)
""",
    ),
    Case(
        "scaling_in_the_equations",
        DRIVEN
        + """
H = NeuronGroup(M, '''dv/dt = -v/(5*ms) : 1
                      drate/dt = -rate/(50*ms) : 1''', threshold='v > 1.2', reset='v = 0; rate += 0.2', method='exact')
S = Synapses(G, H, '''dw/dt = (kappa*(0.5 - rate_post)*w**2 + mu*F)/second : 1 (clock-driven)
                      F = past - 0.1*rate_post : 1
                      dpast/dt = -past/(20*ms) : 1 (clock-driven)
                      kappa : 1 (shared, constant)
                      mu : 1 (shared, constant)''', on_pre='v_post += w; past += 0.1', method='rk2')
S.connect()
S.w = '0.2 + 0.05*i'
S.kappa = 3; S.mu = 5
run(60*ms)
keep(w=S.w[:], past=S.past[:])
""",
    ),
    Case(
        "normalisation_of_incoming_weights",
        DRIVEN
        + """
H = NeuronGroup(M, 'dv/dt = -v/(5*ms) : 1\\nwtotal : 1', threshold='v > 1', reset='v = 0', method='exact')
S = Synapses(G, H, '''w : 1
                      wtotal_post = w : 1 (summed)
                      dA/dt = -A/(20*ms) : 1 (event-driven)''', on_pre='v_post += w; A += 0.02', on_post='w += A')
S.connect('(i + j) % 3 != 0')
S.w = 0.3
S.summed_updaters['wtotal_post'].when = 'start'
S.run_regularly('w *= 1.5/wtotal_post', dt=8*ms, when='before_groups')
run(60*ms)
keep(w=S.w[:], total=H.wtotal[:])
""",
    ),
    Case(
        "clopath",
        DRIVEN
        + """
C, gL, DeltaT, EL, VT = 281*pF, 30*nS, 2*mV, -70.6*mV, -50.4*mV
tau_w, a, b = 144*ms, 4*nS, 0.0805*nA
tau_m, tau_p, tau_x, tau_hom = 10*ms, 7*ms, 15*ms, 100*ms
A_LTD, A_LTP = 14e-5, 8e-5/mV
theta_m, theta_p, u_ref = -70.6*mV, -45.3*mV, 60*mV**2
H = NeuronGroup(M, '''dv/dt = (-gL*(v - EL) + gL*DeltaT*exp((v - VT)/DeltaT) - w_ad + I)/C : volt
                      dw_ad/dt = (a*(v - EL) - w_ad)/tau_w : amp
                      dI/dt = -I/(5*ms) : amp
                      du_m/dt = (v - u_m)/tau_m : volt
                      du_p/dt = (v - u_p)/tau_p : volt
                      dhom/dt = ((v - EL)**2*int(v > EL) - hom)/tau_hom : volt**2''',
                threshold='v > 20*mV', reset='v = EL; w_ad += b', method='euler')
H.v = H.u_m = H.u_p = EL
S = Synapses(G, H, '''dw/dt = A_LTP*x_trace*(v_post - theta_p)*(u_p_post - theta_m)
                              *int(v_post > theta_p)*int(u_p_post > theta_m)/(mV*ms) : 1 (clock-driven)
                      dx_trace/dt = -x_trace/tau_x : 1 (clock-driven)''',
             on_pre='''I_post += (0.3 + w)*nA
                       w = clip(w - A_LTD*hom_post/u_ref*(u_m_post - theta_m)/mV*int(u_m_post > theta_m), 0, 1)
                       x_trace += 1''', method='euler')
S.connect()
S.w = 0.5
S.run_regularly('w = clip(w, 0, 1)', dt=1*ms, when='end')
spikes = SpikeMonitor(H)
run(50*ms)
keep(w=S.w[:], trace=S.x_trace[:], spikes=spikes, hom=H.hom[:])
""",
        rtol=1e-7,
    ),
    Case(
        "vogels_inhibitory",
        """
eta, tau_stdp, alpha = 0.05, 20*ms, 3*Hz*20*ms*2
gl, El, Vt, memc, tau_gaba, tau_ampa = 10*nS, -60*mV, -50*mV, 200*pF, 10*ms, 5*ms
G = NeuronGroup(20, '''dv/dt = (-gl*(v - El) - (g_ampa*v + g_gaba*(v + 80*mV)) + I)/memc : volt (unless refractory)
                       dg_ampa/dt = -g_ampa/tau_ampa : siemens
                       dg_gaba/dt = -g_gaba/tau_gaba : siemens
                       I : amp''', threshold='v > Vt', reset='v = El', refractory=5*ms, method='euler')
G.v = 'El + 9*mV*((7*i) % 20)/20'
G.I = '(150 + 10*i)*pA'
Pe, Pi = G[:16], G[16:]
E = Synapses(Pe, G, on_pre='g_ampa += 0.3*nS')
E.connect('(3*i + 5*j) % 4 == 0 and i != j')
I1 = Synapses(Pi, Pi, on_pre='g_gaba += 3*nS')
I1.connect('i != j')
S = Synapses(Pi, Pe, '''w : 1
                        dApre/dt = -Apre/tau_stdp : 1 (event-driven)
                        dApost/dt = -Apost/tau_stdp : 1 (event-driven)''',
             on_pre='''Apre += 1.
                       w = clip(w + (Apost - alpha)*eta, 0, 10)
                       g_gaba += w*nS''',
             on_post='''Apost += 1.
                        w = clip(w + Apre*eta, 0, 10)''')
S.connect('(i + j) % 2 == 0')
S.w = 1e-10
spikes = SpikeMonitor(G)
run(80*ms)
keep(w=S.w[:], spikes=spikes)
""",
        rtol=1e-7,
    ),
    Case(
        "reward_clock_driven",
        TRAINS
        + PAIR
        + """
taud, tauc = 20*ms, 100*ms
reward = SpikeGeneratorGroup(1, [0, 0], [20, 41]*ms, name='reward')
S = Synapses(G, T, '''mode : 1
                      dc/dt = -c/tauc : 1 (clock-driven)
                      dd/dt = -d/taud : 1 (clock-driven)
                      ds/dt = mode*c*d/ms : 1 (clock-driven)
                      dApre/dt = -Apre/taupre : 1 (event-driven)
                      dApost/dt = -Apost/taupost : 1 (event-driven)''',
             on_pre='Apre += 0.011; c = clip(c + mode*Apost, -1, 1); s = clip(s, -0.1, 2)',
             on_post='Apost += -0.0115; c = clip(c + mode*Apre, -1, 1)', method='euler')
S.connect()
S.mode = 1; S.s = 0.5
R = Synapses(reward, S, on_pre='d_post += 0.3')
R.connect()
run(60*ms)
keep(s=S.s[:], c=S.c[:], d=S.d[:])
""",
    ),
    Case(
        "reward_event_driven",
        TRAINS
        + PAIR
        + """
taud, tauc = 20*ms, 100*ms
reward = SpikeGeneratorGroup(1, [0, 0], [20, 41]*ms, name='reward')
S = Synapses(G, T, '''w : 1
                      dc/dt = -c/tauc : 1 (event-driven)
                      dApre/dt = -Apre/taupre : 1 (event-driven)
                      dApost/dt = -Apost/taupost : 1 (event-driven)''',
             on_pre={'pre': 'Apre += 0.011; c += Apost'}, on_post='Apost -= 0.0115; c += Apre')
S.connect()
S.w = 0.5
R = Synapses(reward, S, on_pre='w_post = clip(w_post + 0.2*c_post, 0, 1)')
R.connect()
run(60*ms)
keep(w=S.w[:], c=S.c[:])
""",
    ),
    Case(
        "reward_of_a_population",
        DRIVEN
        + PAIR
        + """
D = NeuronGroup(1, 'dlevel/dt = -level/(20*ms) : 1\\nshown = 2*level : 1', method='exact', name='dopamine')
reward = SpikeGeneratorGroup(1, [0, 0], [12, 31]*ms, name='reward')
give = Synapses(reward, D, on_pre='level += 0.4')
give.connect()
H = NeuronGroup(M, '''dv/dt = -v/(5*ms) : 1
                      da : 1''', threshold='v > 0.8', reset='v = 0', method='exact', name='h')
level = Synapses(D, H, 'da_post = level_pre : 1 (summed)')
level.connect()
S = Synapses(G, H, '''dw/dt = da_post*c/(10*ms) : 1 (clock-driven)
                      dc/dt = -c/(50*ms) : 1 (clock-driven)
                      dpast/dt = -past/taupre : 1 (event-driven)
                      dback/dt = -back/taupost : 1 (event-driven)''',
             on_pre='v_post += w; past += 0.1; c += back*(1 + da_post)', on_post='back -= 0.05; c += past',
             method='euler')
S.connect()
S.w = 0.35
run(50*ms)
keep(w=S.w[:], c=S.c[:], level=D.level[:])
""",
    ),
    Case(
        "reward_of_a_shared_variable",
        TRAINS
        + PAIR
        + """
S = Synapses(G, T, '''w : 1
                      dopamine : 1 (shared)
                      dc/dt = -c/(80*ms) : 1 (clock-driven)
                      dApre/dt = -Apre/taupre : 1 (event-driven)
                      dApost/dt = -Apost/taupost : 1 (event-driven)''',
             on_pre='Apre += 0.1; c += Apost', on_post='Apost -= 0.09; c += Apre', method='exact')
S.connect()
S.w = 0.5
S.run_regularly('dopamine = exp(-t/(20*ms)); w = clip(w + 0.05*dopamine*c, 0, 1)', dt=1*ms)
run(60*ms)
keep(w=S.w[:], c=S.c[:], dopamine=S.dopamine[:])
""",
    ),
    Case(
        "bcm_rates",
        """
G = NeuronGroup(5, 'r : 1\\ndphase/dt = (1 + i)/(30*ms) : 1', method='euler')
H = NeuronGroup(3, '''dr/dt = (-r + clip(total, 0, 5))/(5*ms) : 1
                      dtheta/dt = (r**2 - theta)/(40*ms) : 1
                      total : 1''', method='rk4')
G.run_regularly('r = 1 + sin(2*pi*phase)')
H.theta = 0.5
S = Synapses(G, H, '''dw/dt = eta*r_pre*r_post*(r_post - theta_post)/ms : 1 (clock-driven)
                      total_post = w*r_pre : 1 (summed)
                      eta : 1 (shared, constant)''', method='euler')
S.connect()
S.w = '0.3 + 0.05*i - 0.04*j'
S.eta = 0.002
W = StateMonitor(H, ['r', 'theta'], record=True, dt=1*ms)
run(60*ms)
keep(w=S.w[:], r=W.r, theta=W.theta)
""",
        rtol=1e-8,
    ),
    Case(
        "oja_rates",
        """
G = NeuronGroup(5, 'r = 1 + sin(2*pi*t*(1 + i)/(30*ms)) : 1')
H = NeuronGroup(2, 'r : 1')
S = Synapses(G, H, '''dw/dt = eta*r_post*(r_pre - r_post*w)/ms : 1 (clock-driven)
                      r_post = w*r_pre : 1 (summed)''', method='rk2')
eta = 0.01
S.connect()
S.w = '0.1*(i + 1) + 0.05*j'
run(40*ms)
keep(w=S.w[:], r=H.r[:])
""",
    ),
    Case(
        "diehl_and_cook",
        DRIVEN
        + """
tc_pre, tc_post1, tc_post2, nu_pre, nu_post, wmax = 20*ms, 20*ms, 40*ms, 0.01, 0.1, 1.0
H = NeuronGroup(M, '''dv/dt = ((-65*mV - v) + (ge*(0*mV - v) + gi*(-100*mV - v))/nS)/(30*ms) : volt (unless refractory)
                      dge/dt = -ge/(2*ms) : siemens
                      dgi/dt = -gi/(4*ms) : siemens
                      dtheta/dt = -theta/(1000*ms) : volt
                      timer : second''', threshold='v > (theta - 57*mV)', refractory=5*ms,
                reset='v = -65*mV; theta += 1*mV', method='euler')
H.v = -65*mV
S = Synapses(G, H, '''w : 1
                      post2before : 1
                      dxp/dt = -xp/tc_pre : 1 (event-driven)
                      dpost1/dt = -post1/tc_post1 : 1 (event-driven)
                      dpost2/dt = -post2/tc_post2 : 1 (event-driven)''',
             on_pre='ge_post += 3*w*nS; xp = 1.; w = clip(w - nu_pre*post1, 0, wmax)',
             on_post='post2before = post2; w = clip(w + nu_post*xp*post2before, 0, wmax); post1 = 1.; post2 = 1.')
S.connect()
S.w = '0.2 + 0.08*i + 0.01*j'
L = Synapses(H, H, on_pre='gi_post += 2*nS')
L.connect('i != j')
spikes = SpikeMonitor(H)
run(60*ms)
keep(w=S.w[:], before=S.post2before[:], spikes=spikes, theta=H.theta[:])
""",
        rtol=1e-7,
    ),
    Case(
        "calcium",
        TRAINS
        + """
tau_ca, Cpre, Cpost, theta_d, theta_p, gamma_d, gamma_p, tau_w = 20*ms, 1., 2., 1., 1.3, 200., 321., 3*second
S = Synapses(G, T, '''dca/dt = -ca/tau_ca : 1 (clock-driven)
                      drho/dt = (-rho*(1 - rho)*(0.5 - rho) + gamma_p*(1 - rho)*int(ca > theta_p)
                                 - gamma_d*rho*int(ca > theta_d))/tau_w : 1 (clock-driven)''',
             on_pre='ca += Cpre', on_post='ca += Cpost', method='euler')
S.connect()
S.rho = '0.1*(i + 1)'
S.delay = 1.3*ms
run(60*ms)
keep(rho=S.rho[:], ca=S.ca[:])
""",
    ),
    Case(
        "structural_by_threshold_of_weight",
        TRAINS
        + PAIR
        + """
S = Synapses(G, T, '''w : 1
                      alive : boolean
                      dapre/dt = -apre/taupre : 1 (event-driven)
                      dapost/dt = -apost/taupost : 1 (event-driven)''',
             on_pre='apre += Apre; w = (w + 4*apost)*int(alive); alive = alive and w > 0.2',
             on_post='apost += Apost; w = (w + apre)*int(alive)')
S.connect()
S.w = '0.25 + 0.01*i'
S.alive = True
run(60*ms)
keep(w=S.w[:], alive=S.alive[:])
""",
    ),
)  # fmt: skip
