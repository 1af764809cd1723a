"""Mistakes that scientists make, as scripts; what Brian 2.9 raises for each, observed by running it.

Each entry: name → (class of the exception, class of its cause or "", script). The scripts run with both simulators.
"""

MISTAKES = {
    "wrong_unit_in_equation": (
        "BrianObjectException",
        "DimensionMismatchError",
        """
tau = 10*ms
neurons = NeuronGroup(10, '''dv/dt = (I - v)/tau : volt
                             I : amp''', name='neurons')
run(1*ms)
""",
    ),
    "forgotten_time_constant": (
        "BrianObjectException",
        "DimensionMismatchError",
        """
neurons = NeuronGroup(10, 'dv/dt = -v : 1', name='neurons')
run(1*ms)
""",
    ),
    "unknown_name_in_equation": (
        "BrianObjectException",
        "KeyError",
        """
tau_m = 10*ms
neurons = NeuronGroup(10, 'dv/dt = -v/tau_n : volt', name='neurons')
run(1*ms)
""",
    ),
    "name_of_a_function_of_the_star_import": (
        "BrianObjectException",
        "KeyError",
        """
neurons = NeuronGroup(10, 'dn/dt = alpha*(1 - n) - beta*n : 1', name='neurons')
alpha = 0.1/ms
run(1*ms)
""",
    ),
    "name_without_a_value": (
        "BrianObjectException",
        "KeyError",
        """
neurons = NeuronGroup(10, 'dv/dt = (E_L - v)/(10*ms) : volt', name='neurons')
run(1*ms)
""",
    ),
    "unknown_name_in_threshold": (
        "BrianObjectException",
        "KeyError",
        """
neurons = NeuronGroup(10, 'v : volt', threshold='v > v_tresh', reset='v = 0*mV', name='neurons')
v_thresh = -50*mV
run(1*ms)
""",
    ),
    "misspelt_flag": (
        "ValueError",
        "",
        """
neurons = NeuronGroup(10, 'dv/dt = -v/(10*ms) : volt (unless refractry)', refractory=5*ms, threshold='v > 0*mV')
""",
    ),
    "threshold_with_other_unit": (
        "BrianObjectException",
        "DimensionMismatchError",
        """
neurons = NeuronGroup(10, 'v : volt', threshold='v > -50', reset='v = -70*mV', name='neurons')
run(1*ms)
""",
    ),
    "threshold_is_a_number": (
        "BrianObjectException",
        "TypeError",
        """
neurons = NeuronGroup(10, 'v : 1', threshold='v - 1', reset='v = 0', name='neurons')
run(1*ms)
""",
    ),
    "reset_with_other_unit": (
        "BrianObjectException",
        "DimensionMismatchError",
        """
neurons = NeuronGroup(10, 'v : volt', threshold='v > -50*mV', reset='v = -70', name='neurons')
run(1*ms)
""",
    ),
    "reset_is_no_statement": (
        "BrianObjectException",
        "ValueError",
        """
neurons = NeuronGroup(10, 'v : volt', threshold='v > -50*mV', reset='v == -70*mV', name='neurons')
run(1*ms)
""",
    ),
    "run_regularly_with_other_unit": (
        "BrianObjectException",
        "DimensionMismatchError",
        """
neurons = NeuronGroup(10, '''v : volt
                             u : 1''', name='neurons')
neurons.run_regularly('''u = 3
                         v = u*mA''')
run(1*ms)
""",
    ),
    "assignment_with_other_unit": (
        "DimensionMismatchError",
        "",
        """
neurons = NeuronGroup(10, 'v : volt', name='neurons')
neurons.v = -70
""",
    ),
    "assignment_of_text_with_other_unit": (
        "DimensionMismatchError",
        "",
        """
neurons = NeuronGroup(10, 'v : volt', name='neurons')
neurons.v = '-70*mV + 5*rand()'
""",
    ),
    "unknown_variable_of_group": (
        "AttributeError",
        "",
        """
neurons = NeuronGroup(10, 'voltage : volt', name='neurons')
neurons.volatge = -70*mV
""",
    ),
    "too_many_values": (
        "ValueError",
        "",
        """
neurons = NeuronGroup(10, 'v : volt', name='neurons')
neurons.v = arange(9)*mV
""",
    ),
    "index_out_of_range": (
        "IndexError",
        "",
        """
neurons = NeuronGroup(10, 'v : volt', name='neurons')
neurons.v[12] = -70*mV
""",
    ),
    "circular_subexpressions": (
        "ValueError",
        "",
        """
neurons = NeuronGroup(10, '''a = 2*b : 1
                             b = c + 1 : 1
                             c = a/3 : 1''', name='neurons')
""",
    ),
    "refractory_without_unit": (
        "BrianObjectException",
        "TypeError",
        """
neurons = NeuronGroup(10, 'v : 1', threshold='v > 1', reset='v = 0', refractory=5, name='neurons')
run(1*ms)
""",
    ),
    "refractory_with_other_unit": (
        "BrianObjectException",
        "TypeError",
        """
neurons = NeuronGroup(10, 'v : 1', threshold='v > 1', reset='v = 0', refractory='5*mV', name='neurons')
run(1*ms)
""",
    ),
    "unknown_method": (
        "BrianObjectException",
        "ValueError",
        """
neurons = NeuronGroup(10, 'dv/dt = -v/(10*ms) : volt', method='eular', name='neurons')
run(1*ms)
""",
    ),
    "method_that_does_not_suit": (
        "BrianObjectException",
        "UnsupportedEquationsException",
        """
neurons = NeuronGroup(10, 'dv/dt = -v**2/(10*ms) : 1', method='exact', name='neurons')
run(1*ms)
""",
    ),
    "noise_with_method_without_noise": (
        "BrianObjectException",
        "UnsupportedEquationsException",
        """
neurons = NeuronGroup(10, 'dv/dt = -v/(10*ms) + xi/sqrt(10*ms) : 1', method='rk4', name='neurons')
run(1*ms)
""",
    ),
    "linked_variable_not_linked": (
        "BrianObjectException",
        "KeyError",
        """
neurons = NeuronGroup(10, '''dv/dt = (x - v)/(10*ms) : 1
                             x : 1 (linked)''', name='neurons')
run(1*ms)
""",
    ),
    "linked_variable_of_other_unit": (
        "DimensionMismatchError",
        "",
        """
source = NeuronGroup(10, 'y : volt', name='source')
neurons = NeuronGroup(10, 'x : amp (linked)', name='neurons')
neurons.x = linked_var(source, 'y')
""",
    ),
    "linked_variable_of_other_size": (
        "ValueError",
        "",
        """
source = NeuronGroup(7, 'y : volt', name='source')
neurons = NeuronGroup(10, 'x : volt (linked)', name='neurons')
neurons.x = linked_var(source, 'y')
""",
    ),
    "monitor_of_unknown_variable": (
        "KeyError",
        "",
        """
neurons = NeuronGroup(10, 'v : volt', name='neurons')
monitor = StateMonitor(neurons, 'w', record=True)
""",
    ),
    "monitor_of_missing_index": (
        "IndexError",
        "",
        """
neurons = NeuronGroup(10, 'v : volt', name='neurons')
monitor = StateMonitor(neurons, 'v', record=[3, 11])
run(1*ms)
""",
    ),
    "unknown_event": (
        "ValueError",
        "",
        """
neurons = NeuronGroup(10, 'v : volt', name='neurons')
monitor = SpikeMonitor(neurons)
""",
    ),
    "object_missing_in_network": (
        "ValueError",
        "",
        """
neurons = NeuronGroup(10, 'v : 1', threshold='v > 1', reset='v = 0', name='neurons')
monitor = SpikeMonitor(neurons, name='monitor')
network = Network(monitor)
network.run(1*ms)
""",
    ),
    "same_names": (
        "ValueError",
        "",
        """
first = NeuronGroup(10, 'v : 1', name='neurons')
second_group = NeuronGroup(10, 'v : 1', name='neurons')
Network(first, second_group).run(1*ms)
""",
    ),
    "object_of_another_network": (
        "RuntimeError",
        "",
        """
neurons = NeuronGroup(10, 'v : 1', name='neurons')
Network(neurons, name='one').run(1*ms)
Network(neurons, name='two').run(1*ms)
""",
    ),
    "changed_dt": (
        "ValueError",
        "",
        """
neurons = NeuronGroup(10, 'v : 1', name='neurons', dt=0.5*ms)
network = Network(neurons)
network.run(1*ms)
neurons.clock.dt = 0.3*ms
network.run(1*ms)
""",
    ),
    "array_as_constant": (
        "BrianObjectException",
        "KeyError",
        """
weights = array([1, 2, 3])
neurons = NeuronGroup(3, 'dv/dt = weights/(10*ms) : 1', name='neurons')
run(1*ms)
""",
    ),
    "list_as_function": (
        "BrianObjectException",
        "KeyError",
        """
stimulus = [1, 2, 3]
neurons = NeuronGroup(3, 'dv/dt = stimulus(t)/(10*ms) : 1', name='neurons')
run(1*ms)
""",
    ),
    "function_without_units": (
        "BrianObjectException",
        "KeyError",
        """
def double(x):
    return 2*x

neurons = NeuronGroup(3, 'dv/dt = double(v)/(10*ms) : 1', name='neurons')
run(1*ms)
""",
    ),
    "duration_without_unit": (
        "DimensionMismatchError",
        "",
        """
neurons = NeuronGroup(3, 'v : 1', name='neurons')
run(100)
""",
    ),
    "syntax_error_in_equation": (
        "SyntaxError",
        "",
        """
neurons = NeuronGroup(3, '''dv/dt = (I - v/tau : volt
                            I : volt''', name='neurons')
""",
    ),
    "missing_unit_in_equation": (
        "EquationError",
        "",
        """
neurons = NeuronGroup(3, 'dv/dt = -v/(10*ms)', name='neurons')
""",
    ),
}

RANVIER_ONLY = {
    "not_a_number_with_check_values": (
        "FloatingPointError",
        "",
        """
neurons = NeuronGroup(3, 'dv/dt = v**3/ms : 1', method='euler', name='neurons')
neurons.v = 'i*1.0'
run(5*ms, check_values=True)
""",
    ),
    "noise_without_square_root_of_a_time": (
        "BrianObjectException",
        "DimensionMismatchError",
        """
tau, sigma = 10*ms, 2*mV
neurons = NeuronGroup(3, 'dv/dt = -v/tau + sigma*xi : volt', method='euler', name='neurons')
run(1*ms)
""",
    ),
    "constant_of_a_function_that_makes_the_model": (
        "BrianObjectException",
        "KeyError",
        """
def model():
    tau_m = 10*ms
    return NeuronGroup(3, 'dv/dt = -v/tau_m : 1', method='exact', name='neurons')

neurons = model()
run(1*ms)
""",
    ),
    "forgotten_times_sign": (
        "BrianObjectException",
        "TypeError",
        """
neurons = NeuronGroup(3, 'dv/dt = -v(1 - v)/(10*ms) : 1', method='euler', name='neurons')
run(1*ms)
""",
    ),
    "size_is_set": (
        "TypeError",
        "",
        """
neurons = NeuronGroup(3, 'v : 1', name='neurons')
neurons.N = 20
""",
    ),
}
"""Mistakes that Brian does not tell of, or whose errors there were not recorded."""
