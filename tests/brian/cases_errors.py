"""Common mistakes, and the class of the exception each one raises."""

from brian.replay import Case

MISTAKES = {
    "unit_of_equation": "G = NeuronGroup(1, 'dv/dt = -v : volt')\nrun(1*ms)",
    "unit_of_term": "I = 3*nA\nG = NeuronGroup(1, 'dv/dt = (I - v)/ms : volt')\nrun(1*ms)",
    "unit_of_subexpression": "G = NeuronGroup(1, 'x = 3*mV : amp')\nrun(1*ms)",
    "unit_of_noise": "G = NeuronGroup(1, 'dv/dt = -v/ms + xi : 1')\nrun(1*ms)",
    "unit_of_initial_value": "G = NeuronGroup(1, 'v : volt')\nG.v = 3",
    "unit_of_initial_string": "G = NeuronGroup(1, 'v : volt')\nG.v = '3*nA'",
    "unit_of_zero_in_a_string": "G = NeuronGroup(1, 'v : volt')\nG.v = '0'",
    "unit_of_threshold": "G = NeuronGroup(1, 'v : volt', threshold='v > 1')\nrun(1*ms)",
    "unit_of_reset": "G = NeuronGroup(1, 'v : volt', threshold='v > 1*mV', reset='v = 0')\nrun(1*ms)",
    "unit_of_refractory": "G = NeuronGroup(1, 'v : volt', threshold='v > 1*mV', refractory=5*mV)\nrun(1*ms)",
    "unit_of_refractory_string": "G = NeuronGroup(1, 'v : volt', threshold='v > 1*mV', refractory='v')\nrun(1*ms)",
    "refractory_number": "G = NeuronGroup(1, 'v : volt', threshold='v > 1*mV', refractory=5)\nrun(1*ms)",
    "unit_of_dt": "G = NeuronGroup(1, 'v : volt', dt=0.1)",
    "unit_of_duration": "G = NeuronGroup(1, 'v : volt')\nrun(10)",
    "unit_of_clock": "defaultclock.dt = 0.1",
    "unit_of_rates": "P = PoissonGroup(1, rates=10)",
    "quantities_added": "x = 3*mV + 2*nA",
    "quantities_compared": "x = 3*mV > 2",
    "exponential_of_quantity": "x = exp(3*mV)",
    "unknown_name": "G = NeuronGroup(1, 'dv/dt = (I_ext - v)/ms : 1')\nrun(1*ms)",
    "unknown_name_in_reset": "G = NeuronGroup(1, 'v : 1', threshold='v > 1', reset='v = v_rest')\nrun(1*ms)",
    "unknown_name_in_threshold": "G = NeuronGroup(1, 'v : 1', threshold='v > limit')\nrun(1*ms)",
    "unknown_name_in_assignment": "G = NeuronGroup(1, 'v : 1')\nG.v = 'nothing'",
    "unknown_name_in_condition": "G = NeuronGroup(1, 'v : 1')\nG.v['w > 1'] = 3",
    "unknown_name_in_statement": "G = NeuronGroup(1, 'v : 1')\nG.run_regularly('v = nothing')\nrun(1*ms)",
    "array_as_constant": "I = [1, 2]\nG = NeuronGroup(2, 'dv/dt = (I - v)/ms : 1')\nrun(1*ms)",
    "numpy_array_as_constant": "I = array([1., 2.])\nG = NeuronGroup(2, 'dv/dt = (I - v)/ms : 1')\nrun(1*ms)",
    "string_as_constant": "I = 'abc'\nG = NeuronGroup(2, 'dv/dt = (I - v)/ms : 1')\nrun(1*ms)",
    "function_without_units": "f = lambda x: x\nG = NeuronGroup(2, 'dv/dt = f(v)/ms : 1')\nrun(1*ms)",
    "equation_syntax": "G = NeuronGroup(1, 'dv/dt = -v/ms')",
    "equation_unit_missing": "G = NeuronGroup(1, 'v')",
    "equation_unit_unknown": "G = NeuronGroup(1, 'v : nonsense')",
    "equation_unit_scaled": "G = NeuronGroup(1, 'v : mV')",
    "equation_twice": "G = NeuronGroup(1, 'v : 1\\nv : 1')",
    "equation_expression_syntax": "G = NeuronGroup(1, 'dv/dt = -v/*ms : 1')\nrun(1*ms)",
    "equation_not_text": "G = NeuronGroup(1, 3)",
    "equation_cycle": "G = NeuronGroup(1, 'x = y : 1\\ny = x : 1')",
    "equation_bool": "G = NeuronGroup(1, 'x : bool')",
    "reserved_t": "G = NeuronGroup(1, 't : second')",
    "reserved_i": "G = NeuronGroup(1, 'i : 1')",
    "reserved_xi": "G = NeuronGroup(1, 'xi : 1')",
    "reserved_function": "G = NeuronGroup(1, 'exp : 1')",
    "reserved_unit": "G = NeuronGroup(1, 'mV : 1')",
    "reserved_keyword": "G = NeuronGroup(1, 'lambda : 1')",
    "suffix_pre": "G = NeuronGroup(1, 'v_pre : 1')",
    "flag_unknown": "G = NeuronGroup(1, 'v : 1 (fixed)')",
    "flag_misplaced": "G = NeuronGroup(1, 'v : 1 (unless refractory)')",
    "flag_event_driven": "G = NeuronGroup(1, 'dv/dt = -v/ms : 1 (event-driven)')",
    "flags_incompatible": "G = NeuronGroup(1, 'v : 1 (linked, constant)')",
    "shared_of_unshared": "G = NeuronGroup(2, 'v : 1\\ns = v*2 : 1 (shared)')\nrun(1*ms)",
    "xi_in_parameter": "G = NeuronGroup(1, 'x = xi : 1')",
    "no_size": "G = NeuronGroup('v : 1')",
    "size_zero": "G = NeuronGroup(0, 'v : 1')",
    "size_negative": "G = NeuronGroup(-3, 'v : 1')",
    "threshold_quantity": "G = NeuronGroup(1, 'v : volt', threshold=3*mV)\nrun(1*ms)",
    "threshold_not_boolean": "G = NeuronGroup(1, 'v : 1', threshold='v')\nrun(1*ms)",
    "reset_quantity": "G = NeuronGroup(1, 'v : volt', threshold='v > 3*mV', reset=3*mV)\nrun(1*ms)",
    "reset_without_threshold": "G = NeuronGroup(1, 'v : 1', reset='v = 0')\nrun(1*ms)",
    "reset_not_a_statement": "G = NeuronGroup(1, 'v : 1', threshold='v > 1', reset='v')\nrun(1*ms)",
    "reset_writes_subexpression": "G = NeuronGroup(1, 'v : 1\\nx = v : 1', threshold='v>1', reset='x = 0')\nrun(1*ms)",
    "statement_writes_subexpression": "G = NeuronGroup(1, 'v : 1\\nx = v : 1')\nG.run_regularly('x = 0')\nrun(1*ms)",
    "reset_writes_shared": "G = NeuronGroup(2, 's : 1 (shared)\\nv : 1', threshold='v > 1', reset='s = 0')\nrun(1*ms)",
    "write_subexpression": "G = NeuronGroup(1, 'v : 1\\nx = v : 1')\nG.x = 3",
    "write_i": "G = NeuronGroup(2, 'v : 1')\nG.i = [1, 0]",
    "write_n": "G = NeuronGroup(2, 'v : 1')\nG.N = 3",
    "write_t": "G = NeuronGroup(2, 'v : 1')\nG.t = 3*ms",
    "write_unknown": "G = NeuronGroup(2, 'v : 1')\nG.w = 3",
    "read_unknown": "G = NeuronGroup(2, 'v : 1')\nG.w",
    "wrong_length": "G = NeuronGroup(3, 'v : 1')\nG.v = [1, 2]",
    "index_out_of_range": "G = NeuronGroup(3, 'v : 1')\nG.v[5] = 1",
    "subgroup_empty": "G = NeuronGroup(3, 'v : 1')\nH = G[3:]",
    "subgroup_step": "G = NeuronGroup(6, 'v : 1')\nH = G[::2]",
    "method_unknown": "G = NeuronGroup(1, 'dv/dt = -v/ms : 1', method='unheard_of')\nrun(1*ms)",
    "method_exact_non_linear": "G = NeuronGroup(1, 'dv/dt = -v**2/ms : 1', method='exact')\nrun(1*ms)",
    "method_rk4_noise": "G = NeuronGroup(1, 'dv/dt = -v/ms + xi/sqrt(ms) : 1', method='rk4')\nrun(1*ms)",
    "method_exponential_euler": "G = NeuronGroup(1, 'dv/dt = -v**3/ms : 1', method='exponential_euler')\nrun(1*ms)",
    "spike_monitor_no_threshold": "G = NeuronGroup(1, 'v : 1')\nS = SpikeMonitor(G)",
    "rate_monitor_no_threshold": "G = NeuronGroup(1, 'v : 1')\nS = PopulationRateMonitor(G)",
    "event_unknown": "G = NeuronGroup(1, 'v : 1', threshold='v > 1')\nS = EventMonitor(G, 'custom')",
    "event_code_unknown": "G = NeuronGroup(1, 'v : 1', threshold='v > 1')\nG.run_on_event('custom', 'v = 0')",
    "event_named_spike_twice": "G = NeuronGroup(1, 'v : 1', threshold='v > 1', events={'spike': 'v > 2'})",
    "monitor_unknown_variable": "G = NeuronGroup(1, 'v : 1')\nM = StateMonitor(G, 'w', record=True)",
    "monitor_index": "G = NeuronGroup(2, 'v : 1')\nM = StateMonitor(G, 'v', record=[5])",
    "monitor_unrecorded": "G = NeuronGroup(3, 'v : 1')\nM = StateMonitor(G, 'v', record=[0])\nrun(1*ms)\nM[1].v",
    "spike_monitor_variable": "G = NeuronGroup(1, 'v : 1', threshold='v > 1')\nS = SpikeMonitor(G, 'w')",
    "link_not_set": "G = NeuronGroup(2, 'v : 1 (linked)')\nrun(1*ms)",
    "link_to_a_number": "G = NeuronGroup(2, 'v : 1 (linked)')\nG.v = 3",
    "link_wrong_unit": "A = NeuronGroup(2, 'x : volt')\nG = NeuronGroup(2, 'v : 1 (linked)')\nG.v = linked_var(A, 'x')",
    "link_wrong_size": "A = NeuronGroup(3, 'x : 1')\nG = NeuronGroup(2, 'v : 1 (linked)')\nG.v = linked_var(A, 'x')",
    "link_of_unlinked": "A = NeuronGroup(2, 'x : 1')\nG = NeuronGroup(2, 'v : 1')\nG.v = linked_var(A, 'x')",
    "name_invalid": "G = NeuronGroup(1, 'v : 1', name='my group')",
    "name_twice": (
        "G = NeuronGroup(1, 'v : 1', name='same')\nH = NeuronGroup(1, 'v : 1', name='same')\nNetwork(G, H).run(1*ms)"
    ),
    "slot_unknown": "G = NeuronGroup(1, 'v : 1')\nM = StateMonitor(G, 'v', record=True, when='sometime')\nrun(1*ms)",
    "schedule_invalid": "net = Network()\nnet.schedule = ['start', 'before_groups']",
    "network_monitor_without_source": (
        "G = NeuronGroup(1, 'v : 1')\nM = StateMonitor(G, 'v', record=0)\nNetwork(M).run(1*ms)"
    ),
    "network_twice": "G = NeuronGroup(1, 'v : 1')\nNetwork(G).run(1*ms)\nNetwork(G).run(1*ms)",
    "magic_mix": ("G = NeuronGroup(1, 'v : 1')\nrun(1*ms)\nH = NeuronGroup(1, 'v : 1')\nrun(1*ms)"),
    "restore_unknown": "G = NeuronGroup(1, 'v : 1')\nstore()\nrestore('other')",
    "restore_before_store": "G = NeuronGroup(1, 'v : 1')\nrestore()",
    "preference_unknown": "prefs['codegen.nothing'] = 3",
    "preference_value": "prefs['core.default_float_dtype'] = 'text'",
    "dt_and_clock": "G = NeuronGroup(1, 'v : 1', dt=1*ms, clock=Clock(1*ms))",
    "duration_negative": "G = NeuronGroup(1, 'v : 1')\nrun(-1*ms)",
    "timed_array_units": "A = TimedArray([1, 2]*mV, dt=1*ms)\nG = NeuronGroup(1, 'dv/dt = (A(t) - v)/ms:1')\nrun(1*ms)",
    "timed_array_argument": "A = TimedArray([1, 2], dt=1*ms)\nG = NeuronGroup(1, 'v = A(i) : 1')\nrun(1*ms)",
    "timed_array_arguments_missing": (
        "A = TimedArray([[1, 2], [3, 4]], dt=1*ms)\nG = NeuronGroup(1, 'dv/dt = (A(t) - v)/ms : 1')\nrun(1*ms)"
    ),
    "timed_array_three_dimensions": "A = TimedArray(zeros((2, 2, 2)), dt=1*ms)",
    "timed_array_dt": "A = TimedArray([1, 2], dt=1)",
    "generator_index": "P = SpikeGeneratorGroup(2, [0, 2], [1, 2]*ms)",
    "generator_lengths": "P = SpikeGeneratorGroup(2, [0, 1], [1]*ms)",
    "generator_negative_time": "P = SpikeGeneratorGroup(2, [0, 1], [-1, 2]*ms)",
    "generator_two_in_a_step": "P = SpikeGeneratorGroup(2, [0, 0], [1, 1.02]*ms)\nrun(3*ms)",
    "generator_period": "P = SpikeGeneratorGroup(2, [0, 1], [1, 2]*ms, period=1*ms)",
    "poisson_input_target": "G = NeuronGroup(1, 'v : 1')\nP = PoissonInput(G, 'w', 10, 10*Hz, 1)",
    "poisson_input_weight": "G = NeuronGroup(1, 'v : volt')\nP = PoissonInput(G, 'v', 10, 10*Hz, 1)\nrun(1*ms)",
    "operation_arguments": "@network_operation\ndef op(a, b):\n    pass\nrun(1*ms)",
    "operation_raises": "@network_operation\ndef op():\n    raise ZeroDivisionError('mine')\nrun(1*ms)",
    "smooth_rate_width": (
        "G = NeuronGroup(1, 'v : 1', threshold='v > 1')\nR = PopulationRateMonitor(G)\nrun(1*ms)\n"
        "R.smooth_rate(window='flat')"
    ),
    "smooth_rate_window": (
        "G = NeuronGroup(1, 'v : 1', threshold='v > 1')\nR = PopulationRateMonitor(G)\nrun(1*ms)\n"
        "R.smooth_rate(window='round', width=1*ms)"
    ),
    "check_units_argument": "@check_units(a=volt, result=volt)\ndef f(a):\n    return a\nf(3*nA)",
    "check_units_result": "@check_units(a=volt, result=amp)\ndef f(a):\n    return a\nf(3*mV)",
    "set_states_unknown": "G = NeuronGroup(1, 'v : 1')\nG.set_states({'w': [1]})",
    "get_states_unknown": "G = NeuronGroup(1, 'v : 1')\nG.get_states(['w'])",
    "in_unit": "(3*mV).in_unit(nA)",
    "quantity_in_place": "x = [1, 2]*mV\nx += 3",
    **{
        f"{name}_in_an_assignment": f"G = NeuronGroup(1, 'v : 1')\nG.v = {text!r}"
        for name, text in {
            "open": "(1 + i",
            "closed": "i)",
            "empty": "",
            "statements": "1; 2",
            "two_words": "i i",
        }.items()
    },
    **{
        f"{name}_in_a_statement": f"G = NeuronGroup(1, 'v : 1')\nG.run_regularly({text!r})\nrun(1*ms)"
        for name, text in {
            "increment": "v ++ 1",
            "equality": "v == 1",
            "walrus": "v := 1",
            "nothing": "v =",
            "open": "v = (1",
            "item": "v[0] = 1",
            "name": "v",
        }.items()
    },
    "unit_in_a_floor_division": "G = NeuronGroup(1, 'v : volt\\nk : 1')\nG.run_regularly('k = v//mV')\nrun(1*ms)",
    "unit_in_an_assigned_floor_division": "G = NeuronGroup(1, 'v : volt\\nk : 1')\nG.k = 'v//mV'",
    "subgroup_by_a_subgroup": "G = NeuronGroup(4, 'v : 1')\nG[G[1:3]]",
    "subgroup_by_lists": "G = NeuronGroup(4, 'v : 1')\nG[[[0, 1], [2]]]",
    "unit_of_an_operand_of_and": "G = NeuronGroup(1, 'v : 1')\nG.v['2*mV and True'] = 3",
}

ACCIDENTAL = (
    "equation_expression_syntax",
    "rate_monitor_no_threshold",
    "unit_of_refractory_string",
    "reset_not_a_statement",
    "link_not_set",
)
"""Mistakes that Brian notices by stumbling."""

EARLY = ("unit_of_refractory", "refractory_number", "threshold_quantity", "reset_quantity")
"""Mistakes that Brian notices at `run` and that can be told when the object is made."""

CASES = tuple(
    Case(name, text + "\n", any_error=name in ACCIDENTAL, early=name in EARLY) for name, text in MISTAKES.items()
)
