"""The public names and where they come from: `from ranvier import ...`, and Brian's module paths.

Nothing is imported before it is used: `import ranvier` costs next to nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from ranvier.public import submodule

_BY_MODULE: Mapping[str, str] = {
    "ranvier.objects.neurons.neurongroup": "NeuronGroup",
    "ranvier.objects.groups.subgroup": "SpikeSource Subgroup",
    "ranvier.objects.inputs.poissongroup": "PoissonGroup",
    "ranvier.objects.inputs.poissoninput": "PoissonInput",
    "ranvier.objects.inputs.spikegeneratorgroup": "SpikeGeneratorGroup",
    "ranvier.objects.groups.group": "Group VariableOwner",
    "ranvier.objects.groups.brianobject": "BrianObject BrianObjectException",
    "ranvier.session.names": "Nameable Trackable",
    "ranvier.session.namespaces": "get_local_namespace",
    "ranvier.objects.monitors.statemonitor": "StateMonitor",
    "ranvier.objects.monitors.spikemonitor": "EventMonitor SpikeMonitor",
    "ranvier.objects.monitors.ratemonitor": "PopulationRateMonitor",
    "ranvier.objects.inputs.timedarray": "TimedArray",
    "ranvier.objects.synapses.synapses": "Synapses",
    "ranvier.objects.groups.linked_var": "linked_var",
    "ranvier.objects.morphology.morphology": "Morphology",
    "ranvier.objects.morphology.sections": "Cylinder Section Soma",
    "ranvier.objects.morphology.spatialneuron": "SpatialNeuron",
    "ranvier.objects.networks.networkoperation": "NetworkOperation network_operation",
    "ranvier.session.clocks": "Clock EventClock defaultclock",
    "ranvier.objects.networks.network": "Network stop",
    "ranvier.objects.networks.sweeping": "sweep",
    "ranvier.objects.networks.magic": (
        "MagicError MagicNetwork collect magic_network profiling_summary restore run scheduling_summary start_scope "
        "store"
    ),
    "ranvier.objects.networks.initial_state": "restore_initial_state",
    "ranvier.session.randomness": "seed",
    "ranvier.objects.networks.devices": "all_devices device get_device set_device",
    "ranvier.session.preferences": "BrianPreference PreferenceError brian_prefs prefs",
    "ranvier.session.logger": "BrianLogger get_logger std_silent",
    "ranvier.objects.variables.formats": "ImportExport",
    "ranvier.units.default_units": "DEFAULT_UNITS",
    "ranvier.objects.groups.coderunner": "CodeRunner",
    "ranvier.objects.networks.unsupported": ("CythonCodeObject NumpyCodeObject check_cache clear_cache test"),
    "ranvier.equations": (
        "BinomialFunction DEFAULT_CONSTANTS DEFAULT_FUNCTIONS Equations Expression Function Statements declare_types "
        "implementation"
    ),
    "ranvier.integrators.explicit": "ExplicitStateUpdater",
    "ranvier.integrators.method": "StateUpdateMethod",
    "ranvier.numpy_": "sum",
    "ranvier.units": (
        "DimensionMismatchError Quantity Unit arange arccos arccosh arcsin arcsinh arctan arctanh check_units concat "
        "concatenate cos cosh diagonal dot exp expm1 exprel get_dimensions get_or_create_dimension get_unit "
        "have_same_dimensions in_best_unit in_unit is_dimensionless is_scalar_type linspace log log10 log1p ones_like "
        "ptp ravel register_new_unit sin sinh tan tanh trace where zeros_like"
    ),
}
"""Module → names that it gives."""

_METHODS = "exact euler exponential_euler heun independent milstein rk2 rk4"
"""Methods of integration; each is in the module of its name."""

_GSL = "gsl_rk2 gsl_rk4 gsl_rkf45 gsl_rkck gsl_rk8pd"

NAMES: Mapping[str, str] = {
    **{name: module for module, names in _BY_MODULE.items() for name in names.split()},
    **{name: f"ranvier.integrators.{name}" for name in _METHODS.split()},
    **dict.fromkeys(_GSL.split(), "ranvier.integrators.gsl"),
    "linear": "ranvier.integrators.exact:exact",
}
"""Name → module, or module and name there."""

PACKAGES = (
    "codegen core devices equations groups importexport input memory monitors only parsing spatialneuron stateupdaters "
    "synapses tests units utils"
).split()
"""Brian's subpackages, which the star import gives, and what they are here."""

_TEXT_TOOLS = (
    "SpellChecker code_representation deindent get_identifiers indent replace strip_empty_leading_and_trailing_lines "
    "strip_empty_lines stripped_deindented_lines word_substitute"
).split()

_VARIABLES = (
    "ArrayVariable AuxiliaryVariable Constant DynamicArrayVariable LinkedVariable Subexpression Variable"
).split()

MODULES: Mapping[str, str] = {
    "only": "*",
    "core": "",
    "core.network": (
        "Network profiling_summary scheduling_summary TextReport=ranvier.objects.networks.report "
        "ProfilingSummary=ranvier.objects.networks.profiling SchedulingSummary=ranvier.objects.networks.schedule"
    ),
    "core.functions": (
        "DEFAULT_CONSTANTS=ranvier.equations DEFAULT_FUNCTIONS Function implementation declare_types "
        "timestep=ranvier.equations ArgumentCountError=ranvier.analysis.failures "
        "NotCalledError=ranvier.analysis.failures UnknownUnitError=ranvier.analysis.failures"
    ),
    "core.clocks": "Clock EventClock defaultclock BaseClock=ranvier.session.clocks",
    "core.magic": "MagicError MagicNetwork collect magic_network restore run start_scope stop store",
    "core.base": (
        "BrianObject BrianObjectException BrianObjectIndexError=ranvier.objects.groups.failing_texts "
        "BrianObjectZeroDivisionError=ranvier.objects.groups.failing_texts"
    ),
    "core.core_preferences": "prefs",
    "core.names": "Nameable",
    "core.spikesource": "SpikeSource",
    "core.tracking": "Trackable",
    "core.namespace": "DEFAULT_CONSTANTS DEFAULT_FUNCTIONS DEFAULT_UNITS get_local_namespace",
    "core.operations": "NetworkOperation network_operation",
    "core.preferences": (
        "BrianPreference PreferenceError brian_prefs prefs BrianGlobalPreferences=ranvier.session.preferences "
        "BrianGlobalPreferencesView=ranvier.session.preferences"
    ),
    "core.variables": (
        "linked_var VariableView=ranvier.objects.variables.view Variables=ranvier.objects.variables.adding "
        + " ".join(f"{name}=ranvier.objects.variables.variables" for name in _VARIABLES)
    ),
    "devices": (
        "all_devices device get_device set_device reset_device=ranvier.objects.networks.devices "
        "device_module=ranvier.devices.device: reinit_devices=ranvier.objects.networks.devices "
        "reinit_and_delete=ranvier.objects.networks.devices"
    ),
    "devices.device": (
        "all_devices device get_device set_device reset_device=ranvier.objects.networks.devices "
        "reinit_devices=ranvier.objects.networks.devices Device=ranvier.objects.networks.devices "
        "RuntimeDevice=ranvier.objects.networks.devices reinit_and_delete=ranvier.objects.networks.devices "
        "seed runtime_device=ranvier.objects.networks.devices Dummy=ranvier.objects.networks.devices "
        "CurrentDeviceProxy=ranvier.objects.networks.devices"
    ),
    "groups": "CodeRunner Group NeuronGroup SpatialNeuron Subgroup VariableOwner",
    "groups.group": (
        "CodeRunner Group VariableOwner Indexing=ranvier.objects.variables.indexing "
        "ConditionError=ranvier.objects.variables.indexing "
        "get_dtype=ranvier.objects.variables.from_equations"
    ),
    "groups.neurongroup": (
        "NeuronGroup Resetter=ranvier.objects.neurons.resetter StateUpdater=ranvier.objects.neurons.state_updater "
        "SubexpressionUpdater=ranvier.objects.neurons.subexpression_updater "
        "Thresholder=ranvier.objects.neurons.thresholder get_dtype=ranvier.objects.variables.from_equations "
        "to_start_stop=ranvier.objects.groups.subgroup"
    ),
    "groups.subgroup": "Subgroup",
    "importexport": "ImportExport",
    "importexport.importexport": "ImportExport",
    "input": "BinomialFunction PoissonGroup PoissonInput SpikeGeneratorGroup TimedArray",
    "input.binomial": "BinomialFunction",
    "input.poissongroup": "PoissonGroup",
    "input.poissoninput": "PoissonInput",
    "input.spikegeneratorgroup": "SpikeGeneratorGroup",
    "input.timedarray": "TimedArray",
    "memory": "",
    "monitors": (
        "EventMonitor PopulationRateMonitor SpikeMonitor StateMonitor RateMonitor=ranvier.objects.monitors.rates"
    ),
    "monitors.ratemonitor": "PopulationRateMonitor RateMonitor=ranvier.objects.monitors.rates",
    "monitors.spikemonitor": "EventMonitor SpikeMonitor",
    "monitors.statemonitor": "StateMonitor StateMonitorView=ranvier.objects.monitors.statemonitor",
    "parsing": "TextError=ranvier.equations.source",
    "spatialneuron.morphology": (
        "Cylinder Morphology Section Soma Children=ranvier.objects.morphology.views "
        "SubMorphology=ranvier.objects.morphology.views Topology=ranvier.objects.morphology.views"
    ),
    "spatialneuron.spatialneuron": (
        "SpatialNeuron FlatMorphology=ranvier.objects.morphology.flat "
        "SpatialStateUpdater=ranvier.objects.morphology.update SpatialSubgroup=ranvier.objects.morphology.parts"
    ),
    "spatialneuron": "Cylinder Morphology Section Soma SpatialNeuron",
    "stateupdaters": f"ExplicitStateUpdater StateUpdateMethod linear {_METHODS} {_GSL}",
    "stateupdaters.GSL": f"{_GSL} IntegrationError=ranvier.integrators.gsl",
    "stateupdaters.base": ("StateUpdateMethod UnsupportedEquationsException=ranvier.integrators.system"),
    "stateupdaters.exact": "exact=ranvier.integrators.exact independent linear",
    "stateupdaters.explicit": "ExplicitStateUpdater euler heun milstein rk2 rk4",
    "stateupdaters.exponential_euler": "exponential_euler",
    "synapses": "Synapses SpikeQueue=ranvier.objects.networks.unsupported",
    "synapses.spikequeue": "SpikeQueue=ranvier.objects.networks.unsupported",
    "synapses.synapses": (
        "Synapses StateUpdater=ranvier.objects.synapses.updaters:SynapticStateUpdater "
        "SynapticStateUpdater=ranvier.objects.synapses.updaters "
        "SummedVariableUpdater=ranvier.objects.synapses.summed SynapticPathway=ranvier.objects.pathways.pathway "
        "SynapticSubgroup=ranvier.objects.connections.index get_dtype=ranvier.objects.variables.from_equations"
    ),
    "tests": "",
    "utils": "BrianLogger get_logger std_silent",
    "utils.stringtools": " ".join(f"{name}=ranvier.inner.text_tools" for name in _TEXT_TOOLS),
    "parsing.sympytools": "str_to_sympy=ranvier.equations.sympy_form sympy_to_str=ranvier.equations.sympy_form",
    "utils.logger": (
        "BrianLogger catch_logs=ranvier.session.logger get_logger std_silent LOG_LEVELS=ranvier.session.logger"
    ),
}
"""Brian's modules that scripts import from → names there. A name is public, or `name=module`; `name=module:` is the
module itself.
"""


UNUSABLE = "!"
"""Mark of a name in a table that belongs to Brian's code generator: it can be imported, not used."""


def find(name: str) -> Any:
    """Returns what a public name stands for.

    Raises:
        KeyError: If it is not public.
    """
    module, _, other = NAMES[name].partition(":")
    return getattr(import_module(module), other or name)


class AliasModule(ModuleType):
    """A module under the path that it has in Brian.

    Args:
        path: The path below the package.
        names: What it gives, as in `MODULES`.
        package: The name of the package.
    """

    def __init__(self, path: str, names: str, package: str = "ranvier") -> None:
        super().__init__(f"{package}.{path}", f"The names of Brian's module `{path}`.")
        self.__path__ = []
        self._names = names

    @cached_property
    def _where(self) -> dict[str, str]:
        if self._names == "*":
            return {**NAMES, **dict.fromkeys(_unit_names(), "ranvier.units")}
        return dict(_where(name) for name in self._names.split())

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            return sorted(self._where)
        if name.startswith("__") or name not in self._where:
            return submodule(self.__name__, name)
        module, colon, other = self._where[name].partition(":")
        if module == UNUSABLE:
            value = import_module("ranvier.inner.unusable").unusable(self.__name__, name)
        else:
            value = import_module(module)
            if other or not colon:
                value = getattr(value, other or name)
        setattr(self, name, value)
        return value

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._where})


def _where(entry: str) -> tuple[str, str]:
    name, _, module = entry.partition("=")
    if name.endswith(UNUSABLE):
        return name[:-1], UNUSABLE
    return name, module or NAMES[name]


def _unit_names() -> list[str]:
    from ranvier.units import UNIT_NAMES

    return list(UNIT_NAMES)


# scripts look at the type of `input`, the module that hides the builtin function
class DeviceModule(AliasModule):
    """The module of devices: worker processes choose one by setting `active_device`."""

    @property
    def active_device(self) -> Any:
        """The device in use."""
        return find("get_device")()

    @active_device.setter
    def active_device(self, device: Any) -> None:
        import_module("ranvier.objects.networks.devices").use_device(device)


AliasModule.__name__ = AliasModule.__qualname__ = "module"


def alias_module(path: str) -> ModuleType:
    """Returns one of Brian's modules; it is made when it is asked for first.

    Args:
        path: The path below the package, a key of `MODULES`.
    """
    return import_module(f"ranvier.{path}")


class _Finder:
    """Finds the modules of Brian's paths that are no files here: the last one to be asked."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Returns how a module is made, None if it is none of Brian's."""
        package, _, below = fullname.partition(".")
        if package != "ranvier" or not below:
            return None
        names = MODULES.get(below)
        if names is None:
            names = import_module("ranvier.inner.modules").INNER_MODULES.get(below)
        if names is None:
            names = import_module("ranvier.brian.earlier_paths").EARLIER.get(below)
        if names is None:
            return None
        loader: Any = _Loader(below, names)  # deriving from importlib's class would cost its import
        return ModuleSpec(fullname, loader, is_package=True)


class _Loader:
    """Makes a module from a row of a table."""

    def __init__(self, path: str, names: str) -> None:
        self._path = path
        self._names = names

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Returns the module."""
        kind = DeviceModule if self._path == "devices.device" else AliasModule
        return kind(self._path, self._names)

    def exec_module(self, module: ModuleType) -> None:
        """Does nothing: the names of the module are looked up when they are used."""


def register_modules() -> None:
    """Makes Brian's module paths importable."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())


def look_up(name: str) -> Any:
    """Returns what a name of the star import, or a module of this package, stands for.

    Raises:
        KeyError: If there is no such name.
    """
    if name in NAMES:
        return find(name)
    if name in MODULES:
        return alias_module(name)
    if find_spec(f"ranvier.{name}") is not None:
        return import_module(f"ranvier.{name}")
    if name in _unit_names():
        return getattr(import_module("ranvier.units"), name)
    return star_names()[name]


def star_names() -> dict[str, Any]:
    """Returns everything that `from ranvier import *` gives: pylab's names, and Brian's over them."""
    import signal

    from ranvier import units
    from ranvier.brian.matplotlib_modules import give_matplotlib_modules
    from ranvier.brian.pylab_names import pylab_namespace

    give_matplotlib_modules()
    names = dict(pylab_namespace())
    for gone in ("x", "f", "rate"):
        names.pop(gone, None)
    names |= {name: getattr(units, name) for name in units.UNIT_NAMES}
    names |= {name: find(name) for name in NAMES}
    names |= {path: _package(path) for path in PACKAGES}
    names |= {"logger": find("get_logger")("ranvier"), "signal": signal, "numpy_": import_module("ranvier.numpy_")}
    return names


def _package(path: str) -> ModuleType:
    return alias_module(path) if path in MODULES else import_module(f"ranvier.{path}")
