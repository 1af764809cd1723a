"""Mistakes that scientists make with synapses, as scripts.

Each entry: name → (class of the exception, class of its cause or "", script). Brian 2.9 raises the same classes, but:
an index of a generator that is out of range comes wrapped in a BrianObjectException, negative delays run, and the cause
where synapses are not connected is another BrianObjectException.
"""

MISTAKES = {
    "weights_of_wrong_length": (
        "ValueError",
        "",
        """
neurons = NeuronGroup(10, 'v : 1', threshold='v > 1', reset='v = 0', name='neurons')
synapses = Synapses(neurons, neurons, 'w : 1', on_pre='v_post += w', name='synapses')
synapses.connect(j='i')
synapses.w = arange(9)
""",
    ),
    "weights_with_other_unit": (
        "DimensionMismatchError",
        "",
        """
neurons = NeuronGroup(10, 'v : volt', threshold='v > 1*mV', reset='v = 0*mV', name='neurons')
synapses = Synapses(neurons, neurons, 'w : volt', on_pre='v_post += w', name='synapses')
synapses.connect(j='i')
synapses.w = 0.5
""",
    ),
    "weight_text_with_other_unit": (
        "DimensionMismatchError",
        "",
        """
neurons = NeuronGroup(10, 'v : volt', threshold='v > 1*mV', reset='v = 0*mV', name='neurons')
synapses = Synapses(neurons, neurons, 'w : volt', on_pre='v_post += w', name='synapses')
synapses.connect(j='i')
synapses.w = 'rand()*nS'
""",
    ),
    "weights_before_connect": (
        "TypeError",
        "",
        """
neurons = NeuronGroup(10, 'v : 1', threshold='v > 1', reset='v = 0', name='neurons')
synapses = Synapses(neurons, neurons, 'w : 1', on_pre='v_post += w', name='synapses')
synapses.w = 0.5
""",
    ),
    "synapse_of_missing_neuron": (
        "IndexError",
        "",
        """
neurons = NeuronGroup(10, 'v : 1', threshold='v > 1', reset='v = 0', name='neurons')
synapses = Synapses(neurons, neurons, on_pre='v_post += 1', name='synapses')
synapses.connect(i=[0, 5, 10], j=[1, 2, 3])
""",
    ),
    "generated_index_out_of_range": (
        "IndexError",
        "",
        """
neurons = NeuronGroup(10, 'v : 1', threshold='v > 1', reset='v = 0', name='neurons')
synapses = Synapses(neurons, neurons, on_pre='v_post += 1', name='synapses')
synapses.connect(j='i + 1')
""",
    ),
    "negative_delay": (
        "BrianObjectException",
        "ValueError",
        """
neurons = NeuronGroup(10, 'v : 1', threshold='v > 1', reset='v = 0', name='neurons')
synapses = Synapses(neurons, neurons, on_pre='v_post += 1', name='synapses')
synapses.connect(j='i')
synapses.delay = '(i - 3)*ms'
run(1*ms)
""",
    ),
    "delay_without_unit": (
        "DimensionMismatchError",
        "",
        """
neurons = NeuronGroup(10, 'v : 1', threshold='v > 1', reset='v = 0', name='neurons')
synapses = Synapses(neurons, neurons, on_pre='v_post += 1', name='synapses')
synapses.connect(j='i')
synapses.delay = 2
""",
    ),
    "condition_with_unit": (
        "DimensionMismatchError",
        "",
        """
neurons = NeuronGroup(10, '''v : 1
                             x : meter''', threshold='v > 1', reset='v = 0', name='neurons')
synapses = Synapses(neurons, neurons, on_pre='v_post += 1', name='synapses')
synapses.connect(condition='abs(x_pre - x_post) < 100')
""",
    ),
    "probability_with_unit": (
        "DimensionMismatchError",
        "",
        """
neurons = NeuronGroup(10, '''v : 1
                             x : meter''', threshold='v > 1', reset='v = 0', name='neurons')
synapses = Synapses(neurons, neurons, on_pre='v_post += 1', name='synapses')
synapses.connect(p='exp(-x_pre/mm)*meter')
""",
    ),
    "ends_of_other_lengths": (
        "ValueError",
        "",
        """
neurons = NeuronGroup(10, 'v : 1', threshold='v > 1', reset='v = 0', name='neurons')
synapses = Synapses(neurons, neurons, on_pre='v_post += 1', name='synapses')
synapses.connect(i=[0, 1, 2], j=[1, 2])
""",
    ),
    "synapses_not_connected": (
        "BrianObjectException",
        "TypeError",
        """
neurons = NeuronGroup(10, 'v : 1', threshold='v > 1', reset='v = 0', name='neurons')
synapses = Synapses(neurons, neurons, on_pre='v_post += 1', name='synapses')
run(1*ms)
""",
    ),
    "too_many_synapses": (
        "ValueError",
        "",
        """
neurons = NeuronGroup(50000, 'v : 1', threshold='v > 1', reset='v = 0', name='neurons')
synapses = Synapses(neurons, neurons, on_pre='v_post += 1', name='synapses')
synapses.connect()
""",
    ),
}
