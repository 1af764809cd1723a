"""Well-known neuron models, with the integrators their authors use."""

from brian.replay import Case

HODGKIN_HUXLEY = """
area = 20000*umetre**2
Cm = 1*ufarad*cm**-2*area; gl = 5e-5*siemens*cm**-2*area; El = -65*mV; EK = -90*mV; ENa = 50*mV
g_na = 100*msiemens*cm**-2*area; g_kd = 30*msiemens*cm**-2*area; VT = -63*mV
G = NeuronGroup(5, '''dv/dt = (gl*(El - v) - g_na*(m*m*m)*h*(v - ENa) - g_kd*(n*n*n*n)*(v - EK) + I)/Cm : volt
    dm/dt = 0.32*(mV**-1)*4*mV/exprel((13.*mV - v + VT)/(4*mV))/ms*(1 - m)
            - 0.28*(mV**-1)*5*mV/exprel((v - VT - 40.*mV)/(5*mV))/ms*m : 1
    dn/dt = 0.032*(mV**-1)*5*mV/exprel((15.*mV - v + VT)/(5*mV))/ms*(1.-n) - .5*exp((10.*mV - v + VT)/(40.*mV))/ms*n : 1
    dh/dt = 0.128*exp((17.*mV - v + VT)/(18.*mV))/ms*(1.-h) - 4./(1 + exp((40.*mV - v + VT)/(5.*mV)))/ms*h : 1
    I : amp''', threshold='v > -40*mV', refractory='v > -40*mV', method='{method}', dt={dt}*ms)
G.v = El
G.I = '0.7*nA*i/N'
S, M = SpikeMonitor(G), StateMonitor(G, ['v', 'm', 'h', 'n'], record=True, dt=0.5*ms)
run({duration}*ms)
keep(S=S, v=M.v, m=M.m, h=M.h, n=M.n)
"""

CASES = (
    Case("hodgkin_huxley-exponential_euler", HODGKIN_HUXLEY.format(method="exponential_euler", dt=0.05, duration=30)),
    Case("hodgkin_huxley-rk4", HODGKIN_HUXLEY.format(method="rk4", dt=0.02, duration=15)),
    Case("hodgkin_huxley-rk2", HODGKIN_HUXLEY.format(method="rk2", dt=0.02, duration=15)),
    Case("hodgkin_huxley-euler", HODGKIN_HUXLEY.format(method="euler", dt=0.01, duration=15)),
    Case(
        "hodgkin_huxley_printed_rates",
        """
Cm = 1*uF/cm**2; gL = 0.3*msiemens/cm**2
G = NeuronGroup(3, '''
    dv/dt = (I - gL*(v + 54.4*mV) - gNa*m**3*h*(v - 50*mV) - gK*n**4*(v + 77*mV))/Cm : volt
    dm/dt = alpha_m*(1 - m) - beta_m*m : 1
    dh/dt = alpha_h*(1 - h) - beta_h*h : 1
    dn/dt = alpha_n*(1 - n) - beta_n*n : 1
    alpha_m = 0.1/mV*(v + 40.1*mV)/(1 - exp(-(v + 40.1*mV)/(10*mV)))/ms : Hz
    beta_m = 4*exp(-(v + 65*mV)/(18*mV))/ms : Hz
    alpha_h = 0.07*exp(-(v + 65*mV)/(20*mV))/ms : Hz
    beta_h = 1/(1 + exp(-(v + 35*mV)/(10*mV)))/ms : Hz
    alpha_n = 0.01/mV*(v + 55.1*mV)/(1 - exp(-(v + 55.1*mV)/(10*mV)))/ms : Hz
    beta_n = 0.125*exp(-(v + 65*mV)/(80*mV))/ms : Hz
    gNa : siemens/metre**2
    gK = 36*msiemens/cm**2 : siemens/metre**2
    I = (i + 1)*5*uA/cm**2*int(t > 2*ms) : amp/metre**2''', threshold='v > 0*mV', refractory=3*ms,
    method='exponential_euler', dt=0.02*ms)
G.v = -65*mV; G.m = 0.05; G.h = 0.6; G.n = 0.32
G.gNa = 120*msiemens/cm**2
S, M = SpikeMonitor(G), StateMonitor(G, ['v', 'alpha_m', 'I'], record=True, dt=0.3*ms)
run(20*ms)
keep(S=S, v=M.v, alpha=M.alpha_m, I=M.I)
""",
    ),
    Case(
        "adaptive_threshold",
        """
tau = 10*ms; tau_th = 15*ms
G = NeuronGroup(4, '''dv/dt = (I - v)/tau : volt (unless refractory)
                      dvth/dt = (20*mV - vth)/tau_th : volt
                      I : volt''', threshold='v > vth', reset='v = 0*mV; vth += 5*mV', refractory=2*ms, method='exact')
G.vth = 20*mV
G.I = '(20 + 10*i)*mV'
S, M = SpikeMonitor(G), StateMonitor(G, True, record=True, dt=1*ms)
run(100*ms)
keep(S=S, v=M.v, vth=M.vth)
""",
    ),
    Case(
        "izhikevich",
        """
G = NeuronGroup(5, '''dv/dt = (0.04/ms/mV)*v**2 + (5/ms)*v + 140*mV/ms - u + I : volt
                      du/dt = a*(b*v - u) : volt/second
                      a : 1/second
                      b : 1/second
                      c : volt
                      d : volt/second
                      I : volt/second''', threshold='v > 30*mV', reset='v = c; u += d', method='euler', dt=0.2*ms)
G.a = [0.02, 0.02, 0.1, 0.02, 0.02]/ms
G.b = [0.2, 0.2, 0.2, 0.25, 0.2]/ms
G.c = [-65, -50, -65, -65, -55]*mV
G.d = [8, 2, 2, 2, 4]*mV/ms
G.I = 10*mV/ms
G.v = -65*mV
G.u = 'b*v'
S, M = SpikeMonitor(G), StateMonitor(G, ['v', 'u'], record=True, dt=1*ms)
run(60*ms)
keep(S=S, v=M.v, u=M.u)
""",
    ),
    Case(
        "adaptive_exponential",
        """
C = 281*pF; gL = 30*nS; EL = -70.6*mV; VT = -50.4*mV; DeltaT = 2*mV; Vcut = VT + 5*DeltaT
tauw = 144*ms; a = 4*nS; b = 0.0805*nA; Vr = -70.6*mV
G = NeuronGroup(4, '''dvm/dt = (gL*(EL - vm) + gL*DeltaT*exp((vm - VT)/DeltaT) + I - w)/C : volt
                      dw/dt = (a*(vm - EL) - w)/tauw : amp
                      I : amp''', threshold='vm > Vcut', reset='vm = Vr; w += b', method='{method}')
G.vm = EL
G.I = '(0.6 + 0.3*i)*nA'
S, M = SpikeMonitor(G), StateMonitor(G, ['vm', 'w'], record=True, dt=1*ms)
run(80*ms)
keep(S=S, vm=M.vm, w=M.w)
""".replace("{method}", "euler"),
    ),
    Case(
        "morris_lecar",
        """
C = 20*uF/cm**2; gL = 2*msiemens/cm**2; gCa = 4.4*msiemens/cm**2; gK = 8*msiemens/cm**2
EL = -60*mV; ECa = 120*mV; EK = -84*mV; V1 = -1.2*mV; V2 = 18*mV; V3 = 2*mV; V4 = 30*mV; phi = 0.04/ms
G = NeuronGroup(3, '''dv/dt = (-gL*(v - EL) - gCa*minf*(v - ECa) - gK*n*(v - EK) + I)/C : volt
                      dn/dt = phi*(ninf - n)*cosh((v - V3)/(2*V4)) : 1
                      minf = 0.5*(1 + tanh((v - V1)/V2)) : 1
                      ninf = 0.5*(1 + tanh((v - V3)/V4)) : 1
                      I : amp/metre**2''', threshold='v > 0*mV', refractory='v > 0*mV', method='rk4')
G.v = -60*mV
G.I = [50, 90, 130]*uA/cm**2
S, M = SpikeMonitor(G), StateMonitor(G, ['v', 'n', 'minf'], record=True, dt=2*ms)
run(150*ms)
keep(S=S, v=M.v, n=M.n, minf=M.minf)
""",
    ),
    Case(
        "fitzhugh_nagumo",
        """
G = NeuronGroup(4, '''dv/dt = (v - v**3/3 - w + I)/ms : 1
                      dw/dt = (v + 0.7 - 0.8*w)/(12.5*ms) : 1
                      I : 1''', threshold='v > 1', refractory='v > 0', method='{method}')
G.I = '0.2*i'
S, M = SpikeMonitor(G), StateMonitor(G, ['v', 'w'], record=True, dt=2*ms)
run(100*ms)
keep(S=S, v=M.v, w=M.w)
""".replace("{method}", "rk2"),
    ),
    Case(
        "quadratic_and_exponential_integrate_and_fire",
        """
G = NeuronGroup(3, 'dv/dt = (v**2 + I)/ms : 1\\nI : 1', threshold='v > 10', reset='v = -5', method='rk4')
G.I = '0.1 + 0.3*i'
H = NeuronGroup(3, 'dv/dt = (-v + exp((v - 1)/0.2)*0.2 + I)/(5*ms) : 1\\nI : 1', threshold='v > 2', reset='v = 0',
                refractory=1*ms, method='rk2')
H.I = '0.8 + 0.4*i'
S, T = SpikeMonitor(G), SpikeMonitor(H)
run(40*ms)
keep(S=S, T=T, v=G.v[:], w=H.v[:])
""",
    ),
    Case(
        "lif_with_conductances",
        """
taum = 20*ms; taue = 5*ms; taui = 10*ms; Vt = -50*mV; Vr = -60*mV; El = -49*mV; Ee = 60*mV; Ei = -80*mV
G = NeuronGroup(6, '''dv/dt = (ge*(Ee - v) + gi*(Ei - v) - (v - El))/taum : volt (unless refractory)
                      dge/dt = -ge/taue : 1
                      dgi/dt = -gi/taui : 1''', threshold='v > Vt', reset='v = Vr', refractory=5*ms{method})
G.v = 'Vr + i*1.5*mV'; G.ge = '0.2*i'; G.gi = '0.3*(5 - i)'
S, M = SpikeMonitor(G), StateMonitor(G, ['v', 'ge'], record=True, dt=1*ms)
run(60*ms)
keep(S=S, v=M.v, ge=M.ge)
""".replace("{method}", ""),
    ),
    Case(
        "lif_with_currents",
        """
taum = 20*ms; taue = 5*ms; taui = 10*ms; Vt = -50*mV; Vr = -60*mV; El = -49*mV
G = NeuronGroup(6, '''dv/dt = (ge + gi - (v - El))/taum : volt (unless refractory)
                      dge/dt = -ge/taue : volt
                      dgi/dt = -gi/taui : volt''', threshold='v > Vt', reset='v = Vr', refractory=5*ms, method='exact')
G.v = 'Vr + i*1.5*mV'; G.ge = '2*i*mV'; G.gi = '-3*(5 - i)*mV'
S, M = SpikeMonitor(G), StateMonitor(G, ['v', 'ge'], record=True, dt=1*ms)
run(60*ms)
keep(S=S, v=M.v, ge=M.ge)
""",
    ),
    Case(
        "current_from_a_timed_array",
        """
steps = TimedArray([0, 0.3, 0, 0.6, 0.2]*nA, dt=10*ms)
C = 200*pF; gL = 10*nS; EL = -70*mV
G = NeuronGroup(3, 'dv/dt = (gL*(EL - v) + steps(t)*(1 + 0.2*i))/C : volt', threshold='v > -50*mV', reset='v = EL',
                method='{method}')
G.v = EL
S, M = SpikeMonitor(G), StateMonitor(G, 'v', record=True, dt=1*ms)
run(60*ms)
keep(S=S, v=M.v)
""".replace("{method}", "exact"),
    ),
    Case(
        "bursting_hindmarsh_rose",
        """
G = NeuronGroup(2, '''dx/dt = (y - x**3 + 3*x**2 - z + I)/ms : 1
                      dy/dt = (1 - 5*x**2 - y)/ms : 1
                      dz/dt = 0.005*(4*(x + 1.6) - z)/ms : 1
                      I = 2 + 1.25*i : 1''', threshold='x > 1', refractory='x > 0.5', method='rk4', dt=0.05*ms)
G.x = -1.5; G.y = -10; G.z = 2
S, M = SpikeMonitor(G), StateMonitor(G, ['x', 'z'], record=True, dt=2*ms)
run(100*ms)
keep(S=S, x=M.x, z=M.z)
""",
        rtol=1e-7,
    ),
    Case(
        "rate_model",
        """
G = NeuronGroup(2, '''dr/dt = (-r + tanh(w*r + 0.5*sin(2*pi*20*Hz*t)))/(10*ms) : 1
                      w : 1 (constant)''', method='rk4')
G.w = [0.5, 1.5]; G.r = 0.1
M = StateMonitor(G, 'r', record=True, dt=1*ms)
run(50*ms)
keep(r=M.r)
""",
    ),
)
