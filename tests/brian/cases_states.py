"""Reading and writing states: all kinds of indices and values, subgroups, store and restore, monitors, timed arrays."""

from brian.replay import Case

CASES = (
    Case(
        "values_and_indices",
        """
G = NeuronGroup(10, '''v : volt
                       x : 1
                       k : integer
                       b : boolean
                       s : amp (shared)''')
G.v = -70*mV
keep(scalar=G.v[:])
G.v = arange(10)*mV
keep(array=G.v[:])
G.v[3] = 5*mV
G.v[-1] = 55*mV
keep(single=G.v[:])
G.v[2:5] = [1, 2, 3]*mV
G.v[::4] = 8*mV
keep(slices=G.v[:])
G.v[[1, 6]] = 17*mV
G.v[array([7, 8])] = [18, 19]*mV
keep(indices=G.v[:])
G.x = 'i**2/N'
G.x[5:] = 'i + 0.5'
G.x[:2] = '-x - 1'
keep(x=G.x[:])
G.x['i % 2 == 0'] = 100
G.x['v > 10*mV and x < 50'] = 'x*2 + v/mV'
keep(conditions=G.x[:], chosen=G.x['v > 10*mV'], some=G.v['i > 6'], counted=len(G.x['x > 0']))
G.k = 'i//3'
G.k[4:] += 2
G.k['k == 1'] = -1
G.b = 'k > 0'
G.b[0] = True
keep(k=G.k[:], b=G.b[:])
G.x += 1
G.x *= 2
G.x[1:3] -= 0.25
G.x /= 4
keep(inplace=G.x[:])
G.s = 3*nA
keep(s=G.s[:])
G.x = 'k + b + s/nA'
keep(mixed=G.x[:])
""",
    ),
    Case(
        "mask_and_unitless_access",
        """
G = NeuronGroup(6, 'v : volt\\nx : 1')
G.v_ = arange(6)*0.001
keep(v=G.v[:], v_=G.v_[:], one=[float(G.v[2]), G.v_[3]])
G.x[:] = 2
G.x_[2:4] = 7
G.v[G.x > 3] = 1*mV
keep(x=G.x[:], v2=G.v[:], above=(G.v > 0.5*mV)[:], computed=(G.v + 1*mV)[:]/mV, mean=[mean(G.v)/mV, max(G.x)])
""",
    ),
    Case(
        "order_of_assignments",
        """
G = NeuronGroup(3, 'x : 1\\ny : 1')
G.x = 'i'; G.y = 'x*2'; G.x = 'y + x'
keep(x=G.x[:], y=G.y[:])
""",
    ),
    Case(
        "strings_with_constants_and_namespace",
        """
offset = 3*mV
def inside():
    factor = 2
    G.v = 'factor*offset*i'
G = NeuronGroup(4, 'v : volt\\nw : volt', namespace={'own': 1*mV})
inside()
G.w = 'own*(i + 1) + v'
G.set_states({'w': G.w[:]*2})
keep(v=G.v[:], w=G.w[:])
""",
    ),
    Case(
        "subexpressions_read",
        """
G = NeuronGroup(4, '''v : volt
                      y = v**2 : volt**2
                      above = v > 1.5*mV : boolean
                      twice = 2*k : integer
                      k : integer''')
G.v = 'i*mV'; G.k = 'i'
keep(y=G.y[:], part=G.y[1:3], above=G.above[:], twice=G.twice[:], chosen=G.y['above'], y_=G.y_[:])
""",
    ),
    Case(
        "subgroups",
        """
G = NeuronGroup(10, '''dv/dt = (I - v)/(5*ms) : 1
                       I : 1
                       label : integer''', threshold='v > 1', reset='v = 0', method='exact')
A, B, one = G[:4], G[4:9], G[9:]
A.I = 'i + 0.5'
B.I = 'N + i*0.1'
one.I = 20
B.label = 'i'
A.v = [0.1, 0.2, 0.3, 0.4]
inner = B[1:3]
inner.I = 1.7
SA, SB, SG = SpikeMonitor(A), SpikeMonitor(B), SpikeMonitor(G)
MB = StateMonitor(B, 'v', record=[0, 2])
RB = PopulationRateMonitor(B)
B.run_regularly('v = v + 0.01*i', dt=1*ms)
run(6*ms)
keep(I=G.I[:], label=G.label[:], inner=inner.i[:], sizes=[len(A), len(B), len(one), len(inner)])
keep(SA=SA, SB=SB, SG=SG, v=MB.v, rate=RB.rate[:], iv=G.v[:], relative=B.v['i > 2'], bi=B.i[:])
""",
    ),
    Case(
        "get_and_set_states",
        """
G = NeuronGroup(3, '''v : volt
                      x : 1
                      k : integer
                      b : boolean
                      double = 2*x : 1
                      s : 1 (shared)''')
G.v = 'i*mV'; G.x = 'i*0.5'; G.k = 'i'; G.b = 'i == 1'; G.s = 4
states = G.get_states()
keep(names=sorted(len(name) for name in states), v=states['v'], k=states['k'], b=states['b'])
more = G.get_states(['x', 'double'], subexpressions=True, units=False)
keep(x=more['x'], double=more['double'])
G.set_states({'v': [7, 8, 9]*mV, 'x': array([1., 2., 3.])})
keep(v2=G.v[:], x2=G.x[:], double2=G.double[:])
G.set_states({'v': array([1., 2., 3.])}, units=False)
keep(v3=G.v[:])
""",
    ),
    Case(
        "store_and_restore",
        """
G = NeuronGroup(3, 'dv/dt = (2 + i - v)/(5*ms) : 1 (unless refractory)', threshold='v > 1',
                reset='v = 0', refractory=1*ms)
S, M = SpikeMonitor(G), StateMonitor(G, 'v', record=True)
run(3*ms)
store()
keep(v0=G.v[:], n0=[S.num_spikes], t0=defaultclock.t)
run(3*ms)
store('later')
keep(v1=G.v[:], n1=[S.num_spikes], S1=S)
restore()
keep(v2=G.v[:], n2=[S.num_spikes], t2=defaultclock.t, m2=M.v)
G.v = 0.5
run(2*ms)
keep(v3=G.v[:], S3=S, m3=M.v, last=G.lastspike[:])
restore('later')
run(1*ms)
keep(v4=G.v[:], S4=S, t4=M.t[:])
""",
    ),
    Case(
        "store_restore_loop",
        """
G = NeuronGroup(5, '''dv/dt = (drive*(i + 1) - v)/(5*ms) : 1''', threshold='v > 1', reset='v = 0', method='exact')
S = SpikeMonitor(G)
store()
counts = []
for drive in (0.2, 0.5, 1.0, 2.0):
    restore()
    run(20*ms)
    counts.append(array(S.count[:]))
keep(counts=counts)
""",
    ),
    Case(
        "state_monitor_forms",
        """
G = NeuronGroup(5, '''dv/dt = -v/(5*ms) : volt
                      x = v/mV + i : 1
                      k : integer
                      b = v > 1.5*mV : boolean''', method='exact')
G.v = 'i*mV'; G.k = '10*i'
everything = StateMonitor(G, ['v', 'x', 'k', 'b'], record=True)
one = StateMonitor(G, 'v', record=2)
chosen = StateMonitor(G, ('v', 'x'), record=[4, 0])
sliced = StateMonitor(G[1:4], 'v', record=[0, 2])
slow = StateMonitor(G, 'v', record=True, dt=0.5*ms)
late = StateMonitor(G, 'v', record=True, when='end')
all_variables = StateMonitor(G, True, record=[1])
run(1.3*ms)
keep(v=everything.v, x=everything.x, k=everything.k, b=everything.b, one=one.v, chosen=chosen.v, cx=chosen.x)
keep(sliced=sliced.v, slow=slow.v, st=slow.t[:], late=late.v, t=everything.t[:], every=all_variables.x)
keep(of_four=chosen[4].v, of_zero=chosen[0].x, v_=one.v_, part=everything[[1, 3]].v, length=[len(everything.t)])
one.record_single_timestep()
keep(more=one.v, more_t=one.t[:])
""",
    ),
    Case(
        "spike_monitor_forms",
        """
G = NeuronGroup(6, '''dv/dt = (1 + 0.5*i - v)/(5*ms) : 1
                      x : 1
                      label : integer''', threshold='v > 0.9', reset='v = 0; x += 1', method='exact')
G.label = '10*i'
plain = SpikeMonitor(G)
counting = SpikeMonitor(G, record=False)
wide = SpikeMonitor(G, variables=['v', 'x', 'label'])
late = SpikeMonitor(G, variables='v', when='end', order=1)
part = SpikeMonitor(G[2:5])
rate = PopulationRateMonitor(G)
run(20*ms)
keep(plain=plain, count=plain.count[:], n=[plain.num_spikes, counting.num_spikes, wide.num_spikes])
keep(only=counting.count[:])
keep(wv=wide.v, wx=wide.x, wl=wide.label, late=late.v, part=part, rate=rate.rate[:], rt=rate.t[:])
trains = plain.spike_trains()
keep(trains=concatenate([trains[k] for k in range(6)]), lengths=[len(trains[k]) for k in range(6)])
i, t = plain.it
keep(i=i, t=t, values=wide.values('x')[5], every=wide.all_values()['v'][4], t_=plain.t_[:])
keep(flat=rate.smooth_rate(window='flat', width=2.1*ms), gaussian=rate.smooth_rate(window='gaussian', width=1*ms))
keep(own=rate.smooth_rate(window=array([1., 2., 1.])))
""",
    ),
    Case(
        "timed_arrays",
        """
A = TimedArray([1, 5, -2, 4]*mV, dt=0.3*ms)
B = TimedArray(arange(12).reshape(4, 3)*nA, dt=0.25*ms)
C = TimedArray([0., 1., 2., 3., 4., 5., 6., 7.], dt=0.1*ms)
G = NeuronGroup(3, '''v = A(t) : volt
                      I = B(t, i) : amp
                      late = A(t - 0.5*ms) : volt
                      cyclic = C(t % (0.4*ms)) : 1''')
M = StateMonitor(G, ['v', 'I', 'late', 'cyclic'], record=True)
run(2*ms)
keep(v=M.v, I=M.I, late=M.late, cyclic=M.cyclic)
keep(called=A(array([0, 0.29, 0.3, 0.31, 0.95, 5])*ms), single=[float(A(0.4*ms))], table=B(0.6*ms, array([0, 2])))
""",
    ),
    Case(
        "timed_array_with_a_small_dt",
        """
defaultclock.dt = 1/(48*kHz)
C = TimedArray(sin(arange(200)*0.3), dt=defaultclock.dt)
G = NeuronGroup(1, 'dx/dt = (C(t) - x)/(1*ms) : 1', method='exact')
M = StateMonitor(G, 'x', record=0)
run(3*ms)
keep(x=M.x, t=M.t[:])
""",
    ),
    Case(
        "timed_array_as_threshold_and_in_statements",
        """
drive = TimedArray([0, 0, 1, 0, 1, 1, 0], dt=0.2*ms)
G = NeuronGroup(2, 'x : 1\\ny : 1', threshold='drive(t) > 0.5 and i == 1', reset='x += drive(t)')
G.run_regularly('y = y + drive(t)*(i + 1)', dt=0.3*ms)
S = SpikeMonitor(G)
run(1.5*ms)
keep(S=S, x=G.x[:], y=G.y[:])
""",
    ),
    Case(
        "spike_generator",
        """
P = SpikeGeneratorGroup(4, [0, 2, 1, 3, 2, 0], [0.09, 0.15, 0.1, 0.1, 0.7, 1.0]*ms)
Q = SpikeGeneratorGroup(2, [0, 1], [0, 0.2]*ms, period=0.5*ms)
S, T = SpikeMonitor(P), SpikeMonitor(Q)
run(1.5*ms)
keep(S=S, T=T)
P.set_spikes([1, 3], [1.6, 2.0]*ms)
run(1*ms)
keep(S2=S)
""",
    ),
    Case(
        "user_functions",
        """
@check_units(a=volt, b=1, result=volt)
def bend(a, b):
    return a*b*0.5
bend_numpy = Function(lambda x: x**3 + 1, arg_units=[1], return_unit=1)
G = NeuronGroup(3, '''dv/dt = (bend(w, x) - v)/(5*ms) : volt
                      w : volt
                      x : 1''', method='euler')
G.w = 'i*mV'; G.x = 'bend_numpy(i)'
keep(x=G.x[:])
run(1*ms)
keep(v=G.v[:])
""",
    ),
    Case(
        "integer_and_boolean_dynamics",
        """
G = NeuronGroup(5, '''dv/dt = rate*on/ms : 1
                      rate : 1
                      on : boolean
                      k : integer
                      parity = k % 2 : integer
                      odd = parity == 1 : boolean''', threshold='v > 0.5', reset='''v = 0
                   k += 1
                   on = k < 3''', method='euler')
G.rate = '1 + i'; G.on = 'i != 0'
M = StateMonitor(G, ['v', 'k', 'on', 'odd', 'parity'], record=True)
run(3*ms)
keep(v=M.v, k=M.k, on=M.on, odd=M.odd, parity=M.parity)
""",
    ),
    Case(
        "dtype_of_variables",
        """
G = NeuronGroup(3, 'x : 1\\ny : 1\\nk : integer', dtype={'x': float32})
G.x = 'i/3.0'; G.y = 'i/3.0'
keep(x=G.x[:]*1.0, y=G.y[:], sizes=[G.x_[:].dtype.itemsize, G.y_[:].dtype.itemsize])
""",
        rtol=1e-7,
    ),
    Case(
        "single_precision",
        """
prefs['core.default_float_dtype'] = float32
G = NeuronGroup(4, '''dv/dt = (I - v)/(10*ms) : 1
                      dw/dt = v*(1 - w)/(5*ms) : 1
                      I = 0.5*i + sin(2*pi*50*Hz*t) : 1''', method='rk4')
H = NeuronGroup(4, 'dv/dt = (2*volt - v)/(10*ms) : volt', threshold='v > 1.5*volt', reset='v = i*0.1*volt',
                method='exact')
M, S = StateMonitor(G, 'v', record=True), SpikeMonitor(H)
run(20*ms)
keep(v=G.v[:]*1.0, w=G.w[:]*1.0, trace=M.v[:, ::10]*1.0, hv=H.v[:]*1.0, S=S, sizes=[G.v_[:].dtype.itemsize])
""",
        rtol=2e-5,
    ),
    Case(
        "strings_for_shared_variables",
        """
G = NeuronGroup(3, '''s : volt (shared)
                      k : integer (shared)
                      double = 2*s : volt (shared)
                      x : volt''')
base = 2*mV
G.s = 'base*3'
G.k = '7//2'
G.x = 'double + s*i'
keep(s=G.s[:], k=G.k[:], double=G.double[:], x=G.x[:])
G.s += 1*mV
keep(more=G.s[:], s_=G.s_[:])
""",
    ),
    Case(
        "attributes_of_groups",
        """
G = NeuronGroup(5, 'dv/dt = -v/ms : volt', threshold='v > 1*volt', reset='v = 0*volt', refractory=1*ms)
keep(n=[len(G), G.N, G[2:].N], i=G.i[:], dt=G.dt/ms)
run(0.3*ms)
keep(t2=G.t/ms, last=G.lastspike[:])
""",
    ),
    Case(
        "numbers_as_conditions",
        """
G = NeuronGroup(4, '''x : 1
                      k : integer
                      half : 1''')
H = NeuronGroup(4, '')
S = Synapses(H, H, 'w : 1')
S.connect(j='i')
G.k = [2, 0, 2, 1]
G.half = [0, 0.5, 0, -1]
for text in ('i', 'k', 'i % 2', '(i + 1) % 4', 'k*i', 'half', 'half*i'):
    G.x = 0
    G.x[text] = 7
    keep(**{'value of ' + text: G.x[:]})
    G.x[text] = '3 + i'
    keep(**{'text of ' + text: G.x[:]})
S.w['i'] = 7
keep(synapses=S.w[:])
P = G[1:]
G.x = 0
P.x['i'] = '1 + i'
keep(part=G.x[:])
G.x = [10, 11, 12, 13]
keep(read=G.x['k'])
""",
    ),
    Case(
        "the_text_true_as_index",
        """
G = NeuronGroup(4, '''x : 1
                      s : 1 (shared)''')
G.x['True'] = [4, 3, 2, 1]
keep(values=G.x[:])
G.x['True'] += 2
keep(in_place=G.x[:])
G.x['True'] = 'i'
G.s['True'] = 5
keep(text=G.x[:], shared=G.s[:])
""",
    ),
)
