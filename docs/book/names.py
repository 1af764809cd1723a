"""The pages of the reference and which names each of them has; every public name is on one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Page:
    """A page of the reference.

    Attributes:
        place: The file's name without its ending.
        title: Its title.
        about: What the names have in common.
        names: Public names of the package, separated by blanks.
        further: What the star import does not give, "module:name": classes that scripts get but do not make, names
            of modules of their own.
    """

    place: str
    title: str
    about: str
    names: str
    further: str = ""


PAGES: tuple[Page, ...] = (
    Page(
        "groups",
        "Groups of neurons",
        "Neurons with equations, parts of them, and what their variables are when a script reads or sets them.",
        "NeuronGroup Subgroup linked_var Group VariableOwner SpikeSource CodeRunner",
        "ranvier.objects.variables.view:VariableView",
    ),
    Page(
        "synapses",
        "Synapses",
        "Connections between two groups: their equations, what a spike does, delays, and how they are made.",
        "Synapses",
        "ranvier.objects.pathways.pathway:SynapticPathway",
    ),
    Page(
        "inputs",
        "Inputs",
        "What drives a network: Poisson spikes, spikes at given times, functions of time.",
        "PoissonGroup PoissonInput SpikeGeneratorGroup TimedArray BinomialFunction",
    ),
    Page(
        "monitors",
        "Monitors",
        "What records: spikes and other events, variables, rates. [Recorded data](../data.md) says how to read them.",
        "SpikeMonitor EventMonitor StateMonitor PopulationRateMonitor",
        "ranvier.objects.monitors.statemonitor:StateMonitorView",
    ),
    Page(
        "morphology",
        "Neurons with compartments",
        "Cells with a shape: the sections, and the group that computes their potentials.",
        "SpatialNeuron Morphology Soma Section Cylinder",
    ),
    Page(
        "networks",
        "Networks and runs",
        "What is simulated, for how long, and what happens on the way.",
        "Network run stop store restore start_scope collect MagicNetwork magic_network MagicError NetworkOperation "
        "network_operation Clock EventClock defaultclock seed profiling_summary scheduling_summary "
        "restore_initial_state BrianObject BrianObjectException",
        "ranvier.objects.memory.plan:MemoryPlan",
    ),
    Page(
        "sweeps",
        "Sweeps",
        "Many runs with other values; [the guide](../sweeps.md) has examples. `Network.sweep` and `Network.batched` "
        "are with [Network](networks.md).",
        "sweep",
        "ranvier.objects.networks.sweeps.result:SweepResult",
    ),
    Page(
        "equations",
        "Equations and functions",
        "The texts of models as objects, and functions that texts may call.",
        "Equations Expression Statements Function implementation declare_types check_units DEFAULT_FUNCTIONS "
        "DEFAULT_CONSTANTS DEFAULT_UNITS get_local_namespace",
    ),
    Page(
        "integrators",
        "Methods of integration",
        "What `method` of a group may be: these, or their names as text. "
        "[The guide](../guide/neurons.md#methods-of-integration) compares them.",
        "exact linear independent exponential_euler euler heun milstein rk2 rk4 gsl_rk2 gsl_rk4 gsl_rkf45 gsl_rkck "
        "gsl_rk8pd ExplicitStateUpdater",
    ),
    Page(
        "units",
        "Units",
        "Numbers with units. The units themselves (`ms`, `mV`, `nS`, ...) are names of the star import, too.",
        "Quantity Unit DimensionMismatchError get_dimensions get_or_create_dimension get_unit have_same_dimensions "
        "in_best_unit in_unit is_dimensionless is_scalar_type register_new_unit",
    ),
    Page(
        "functions",
        "Functions of arrays with units",
        "Functions of numpy that keep units, or refuse values whose units make no sense.",
        "exp expm1 exprel log log10 log1p sin cos tan sinh cosh tanh arcsin arccos arctan arcsinh arccosh arctanh "
        "arange linspace concat concatenate diagonal dot ones_like zeros_like ptp ravel sum trace where",
    ),
    Page(
        "devices",
        "Devices",
        "Scripts written for Brian's standalone devices run unchanged; "
        "[the guide](../guide/programs.md#scripts-for-standalone-devices) says how.",
        "set_device get_device device all_devices",
    ),
    Page(
        "exchange",
        "NIR, LEMS, and programs for Brian",
        "Modules that a script imports by themselves; [the guide](../exchange.md) has examples.",
        "",
        "ranvier.nir:from_nir ranvier.nir:to_nir ranvier.nir:Imported ranvier.neuroml:from_neuroml "
        "ranvier.neuroml:Cell ranvier.neuroml:to_lems ranvier:as_brian2",
    ),
    Page(
        "plots",
        "Pictures",
        "What `from ranvier import plots` gives; [the guide](../guide/pictures.md) has examples.",
        "",
        "ranvier.plots:raster ranvier.plots:traces ranvier.plots:rates ranvier.plots:connectivity "
        "ranvier.plots:weights ranvier.plots:morphology ranvier.plots:dendrogram ranvier.plots:sweep",
    ),
    Page(
        "stages",
        "Stages of the compiler",
        "What `network.lower()` gives, and what scripts ask of the compiler; [the stages](../compiler.md) shows it.",
        "",
        "ranvier.stages.staged:Traced ranvier.stages.staged:LoweredNetwork ranvier.stages.staged:Compiled "
        "ranvier.stages:Lowered ranvier.pipeline.stage_views:Difference ranvier.pipeline.dumps:read_inputs "
        "ranvier.pipeline.dumps:write_inputs "
        "ranvier.passes.facts.costs:Costs ranvier.passes.facts.costs:Cost ranvier.passes.facts.costs:Counts "
        "ranvier.passes.facts.costs:costs_of ranvier.stages:Options ranvier.stages:set_default_options "
        "ranvier.stages:current_options ranvier.stages:timings ranvier.stages.instance_programs:same_bits "
        "ranvier.stages.instance_programs:why_no_lanes ranvier.sweep_profile:SweepProfile",
    ),
    Page(
        "messages",
        "Preferences and messages",
        "How the package behaves and what it says; all preferences are in [a table of their own](preferences.md).",
        "prefs brian_prefs BrianPreference PreferenceError BrianLogger get_logger std_silent",
    ),
    Page(
        "rare",
        "For packages that extend Brian",
        "Base classes, and names that scripts written for Brian import and that do nothing here.",
        "Nameable Trackable ImportExport StateUpdateMethod test check_cache clear_cache CythonCodeObject "
        "NumpyCodeObject",
    ),
)
"""The pages, in the order in which they are listed."""

_INNER_STEPS = "Each element advances by inner steps of its own within a time step; their length follows the error."

ABOUT: Mapping[str, str] = {
    "DEFAULT_FUNCTIONS": "The functions that texts of models know, by name.",
    "DEFAULT_CONSTANTS": "The constants that texts of models know, by name.",
    "DEFAULT_UNITS": "All units that texts of models know, by name.",
    "all_devices": "The devices by name.",
    "defaultclock": "The clock of objects that are given none; `defaultclock.dt` is 0.1 ms unless a script sets it.",
    "gsl_rk2": f"Runge-Kutta of orders 2 and 3. {_INNER_STEPS}",
    "gsl_rk4": f"Classical Runge-Kutta, whose error is found by halving the step. {_INNER_STEPS}",
    "gsl_rkf45": f"Runge-Kutta-Fehlberg of orders 4 and 5; `gsl` is another name. {_INNER_STEPS}",
    "gsl_rkck": f"Cash-Karp of orders 4 and 5. {_INNER_STEPS}",
    "gsl_rk8pd": f"Prince-Dormand of orders 7 and 8. {_INNER_STEPS}",
    "magic_network": "The network that `run()` simulates: all objects that the calling script sees.",
}
"""What objects are that have no docstring of their own."""

INNER = frozenset(
    (
        "single_precision before_run forget_code is_parameter event_finder check_equations after_run check_finite "
        "check_variable_write holder state_arrays check_state memory_rows extent scope statement_actions code_for_all "
        "protected_names outer_names element_population element_count reference elements see_variable advice_on "
        "resolve_all is_in_scope is_unused has_network may_join set_network fall_silent actions acts_itself "
        "check_integrated close_files unmade_elements has_state state_table is_private may_resize set_state assign_id "
        "put_array recorded record_all held_bytes row_bytes scope_of_source prepare binding code_values has_python "
        "declared_dimension declared_result argument_dimension shares_unit_with result_dimension on_arrays "
        "check_settable is_sorted_by_source first_index element_indices extent_of places_of is_point part timestep "
        "event_times advance same_time perform examine rejoin gather forget remark_in_passing initialize of_tree tree "
        "creation_place update_abstract_code variables integrate check_options "
        "apply_stateupdater checked_spikes take_spikes list_of"
    ).split()
)
"""Methods and properties of public classes that objects use among themselves; the reference leaves them out."""
