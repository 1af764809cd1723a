"""`Synapses`: connections between groups, with equations of their own."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier.equations import Equations
from ranvier.objects.connecting.collecting import Ends, check_number
from ranvier.objects.connecting.connect import Request, make_ends
from ranvier.objects.connections.counts import Number, SynapticCounts, multisynaptic_numbers
from ranvier.objects.connections.index import SynapticSubgroup, synapse_numbers
from ranvier.objects.connections.variables import (
    SynapticVariables,
    is_synaptic,
    outer_names,
    outer_reference,
)
from ranvier.objects.connections.view import SynapticView
from ranvier.objects.groups.group import Group
from ranvier.objects.memory.lazy import SynapticEnds, UniformStorage
from ranvier.objects.neurons.checks import check_equations, check_links, first_not_finite, warn_of_bad_values
from ranvier.objects.neurons.state_updater import Method
from ranvier.objects.pathways.arguments import PathwayArguments, pathway_arguments
from ranvier.objects.pathways.pathway import SynapticPathway
from ranvier.objects.synapses import model as models
from ranvier.objects.synapses.matrices import MatrixConversions
from ranvier.objects.synapses.summed import SummedVariableUpdater
from ranvier.objects.synapses.updaters import SynapticStateUpdater, SynapticSubexpressionUpdater
from ranvier.objects.traces.event_driven import LASTUPDATE
from ranvier.objects.traces.shared_traces import new_traces
from ranvier.objects.variables.from_equations import add_clock_variables, add_equation_variables
from ranvier.objects.variables.indexing import Array
from ranvier.objects.variables.links import LinkRequest
from ranvier.objects.variables.variables import ArrayVariable, Reference, Variable
from ranvier.objects.variables.view import VariableView
from ranvier.session.clocks import Clock
from ranvier.session.logger import get_logger
from ranvier.session.namespaces import caller_namespace
from ranvier.units import Quantity

if TYPE_CHECKING:
    from ranvier.objects.networks.memory_plan import MemoryPlan

logger = get_logger("ranvier.synapses.synapses")


class Synapses(MatrixConversions, Group):  # pyright: ignore[reportIncompatibleVariableOverride]
    """Synapses between the neurons of two groups.

    Args:
        source: The presynaptic group.
        target: The postsynaptic group; None for the same.
        model: The equations.
        on_pre: Statements for spikes of the source, or name of a pathway → statements.
        pre: Old name of `on_pre`.
        on_post: Statements for spikes of the target, or name of a pathway → statements.
        post: Old name of `on_post`.
        connect: Not possible any more.
        delay: One delay for all synapses of the pathway `pre`, or name of a pathway → delay.
        on_event: The event that counts as a spike, or name of a pathway → event.
        multisynaptic_index: Name for the number of a synapse among those of the same pair.
        namespace: Names for the texts, before those of the script.
        dtype: Type of float variables, or name of a variable → type.
        codeobj_class: Accepted for compatibility.
        dt: Step length of a clock of its own.
        clock: The clock; neither means `defaultclock`.
        order: Place among objects of the same slot.
        method: Name of an integration method for clock-driven equations, or names to choose from; or a method.
        method_options: Options of the method.
        name: The name.

    Attributes:
        source: The presynaptic group.
        target: The postsynaptic group.
        connections: The ends of the synapses.
        equations: The equations as they are stored.
        user_equations: The clock-driven equations, subexpressions and parameters.
        event_driven: The event-driven equations.
        multisynaptic_index: Name of the number of a synapse among those of the same pair, None if there is none.
        events: Name of a pathway → the event that it waits for, as `on_event` maps them; empty if it does not.
        state_updater: The object that integrates clock-driven equations, or None.
        subexpression_updater: The object that computes (constant over dt) subexpressions, or None.
        summed_updaters: Name of a summed variable → the object that computes it.
        version: Grows with each change of the connections.
        is_connected: Whether `connect` has been called.

    Raises:
        TypeError, ValueError, EquationError, SyntaxError, DimensionMismatchError: What is wrong with the arguments.
    """

    add_to_magic_network = True

    def __init__(
        self,
        source: Any,
        target: Any = None,
        model: str | Equations | None = None,
        on_pre: str | Mapping[str, str] | None = None,
        pre: str | Mapping[str, str] | None = None,
        on_post: str | Mapping[str, str] | None = None,
        post: str | Mapping[str, str] | None = None,
        connect: object = None,
        delay: Quantity | Mapping[str, Quantity] | None = None,
        on_event: str | Mapping[str, str] = "spike",
        multisynaptic_index: str | None = None,
        namespace: Mapping[str, Any] | None = None,
        dtype: Any = None,
        codeobj_class: object = None,
        dt: Quantity | None = None,
        clock: Clock | None = None,
        order: int = 0,
        method: Method = ("exact", "euler", "heun"),
        method_options: Mapping[str, Any] | None = None,
        name: str = "synapses*",
    ) -> None:
        if connect is not None:
            raise TypeError(
                "The connect keyword argument is no longer supported, call the connect method instead: "
                "S = Synapses(...); S.connect(...)."
            )
        super().__init__(dt=dt, clock=clock, when="start", order=order, namespace=namespace, name=name)
        self.source = models.checked_end(source, "source")
        self.target = self.source if target is None else models.checked_end(target, "target")
        for end in (self.source, self.target):
            self.add_dependency(end.holder())
        split = models.split_model(models.parsed_model(model), self.source, self.target)
        self.equations = split.shown
        self.user_equations = split.stepped
        self.event_driven = split.event_driven
        self.method_choice = method
        self.method_options = dict(method_options or {})
        self.multisynaptic_index = multisynaptic_index
        self.version = 0
        self.is_connected = False
        self.is_refractory = False
        self._make_variables(dtype)
        self._make_parts(split, pathway_arguments(on_pre, pre, on_post, post, delay, on_event))
        self._fix_attributes()

    # ------------------------------------------------------------------ construction

    def _make_variables(self, dtype: Any) -> None:
        sizes = self.source.element_count, self.target.element_count
        self.connections: SynapticEnds = SynapticEnds(self.name, *sizes, self.element_population)  # pyright: ignore[reportIncompatibleVariableOverride]
        self.synaptic_counts = SynapticCounts(self.name, self.connections, *sizes)
        self.variables: SynapticVariables = SynapticVariables(self._outer)  # pyright: ignore[reportIncompatibleVariableOverride]
        variables = self.variables
        variables["N"] = self._count = models.constant(self, "N", 0)
        variables["N_pre"] = models.constant(self, "N_pre", self.source.element_count)
        variables["N_post"] = models.constant(self, "N_post", self.target.element_count)
        variables["i"] = models.index_variable(self, "i", self.connections.sources)
        variables["j"] = models.index_variable(self, "j", self.connections.targets)
        add_clock_variables(self, self.clock)
        variables["N_incoming"] = models.index_variable(self, "N_incoming", self.synaptic_counts.incoming)
        variables["N_outgoing"] = models.index_variable(self, "N_outgoing", self.synaptic_counts.outgoing)
        add_equation_variables(self, self.equations, 0, dtype, protect=False)
        for variable in (variables[name] for name in self.equations):
            if isinstance(variable, ArrayVariable) and is_synaptic(variable):
                plain = variable.storage
                variable.storage = UniformStorage(plain.label, 0, plain.dtype, plain.dim, self.element_population)
        if self.event_driven:
            variables[LASTUPDATE] = models.lastupdate_variable(self)
        self.shared_traces = new_traces(self) if self.event_driven else None
        if self.multisynaptic_index is not None:
            models.check_free(self.multisynaptic_index, variables)
            storage = UniformStorage(
                f"{self.name}.{self.multisynaptic_index}", 0, np.int32, population=self.element_population
            )
            variables[self.multisynaptic_index] = models.index_variable(self, self.multisynaptic_index, storage)
            self.equations = models.with_index(self.equations, self.multisynaptic_index)

    def _make_parts(self, split: models.SplitModel, arguments: PathwayArguments) -> None:
        parts = self._contained_objects
        self.pathways: dict[str, SynapticPathway] = {}
        self.events = dict(arguments.events)
        for made in arguments.pathways:
            if hasattr(type(self), made.name) or made.name in self.__dict__:
                raise ValueError(
                    f"'{made.name}' cannot be the name of a pathway: synapses have an attribute of this name."
                )
            pathway = SynapticPathway(self, made.code, made.prepost, made.name, made.delay, made.event)
            self.pathways[made.name] = pathway
            self.__dict__[made.name] = pathway
        parts += self.pathways.values()
        if "pre" in self.pathways:
            self.variables["delay"] = self.pathways["pre"].delay_variable
        group: Any = self  # the updaters of neuron groups, which find what they need here as well
        self.state_updater = SynapticStateUpdater(group, self.method_choice) if split.stepped.diff_eq_names else None
        self.subexpression_updater = SynapticSubexpressionUpdater(group) if split.has_stored else None
        self.summed_updaters = {
            name: SummedVariableUpdater(self, equation, self.source if name.endswith("_pre") else self.target)
            for name, equation in split.summed.items()
        }
        models.check_targets_differ(self.summed_updaters.values())
        parts += [part for part in (self.state_updater, self.subexpression_updater) if part is not None]
        parts += self.summed_updaters.values()

    # ------------------------------------------------------------------ names

    def _outer(self, name: str) -> Reference | None:
        return outer_reference(name, self.source, self.target, self.connections.sources, self.connections.targets)

    @property
    def outer_names(self) -> list[str]:
        """Names of the variables of the groups, as texts of these synapses use them."""
        return list(outer_names(self.source, self.target))

    def reference(self, name: str) -> Reference | None:
        """Returns what a name stands for: of the synapses, `x_pre` of the source, `x_post` or `x` of the target."""
        if self.variables.own(name) is None:
            return self._outer(name)
        if name in ("N_incoming", "N_outgoing"):
            index = self.connections.targets if name == "N_incoming" else self.connections.sources
            return self.synaptic_counts.reference(name, index, self)
        return super().reference(name)

    @property
    def N(self) -> Number:  # noqa: N802
        """Number of synapses."""
        return Number(self.element_count)

    @property
    def N_incoming_post(self) -> Array:  # noqa: N802
        """Number of synapses that end at each postsynaptic neuron."""
        return self.synaptic_counts.incoming.array.copy()

    @property
    def N_outgoing_pre(self) -> Array:  # noqa: N802
        """Number of synapses that begin at each presynaptic neuron."""
        return self.synaptic_counts.outgoing.array.copy()

    def __getattr__(self, name: str) -> Any:
        if name in ("delay", "delay_") and "pathways" in self.__dict__ and "pre" not in self.pathways:
            raise AttributeError(f"Synapses do not have a 'pre' pathway, do not know what '{name}' refers to.")
        return super().__getattr__(name)

    def _set_variable(self, name: str, value: Any, *, use_units: bool) -> None:
        if isinstance(value, LinkRequest) and self.variables.own(name) is None:
            raise TypeError(f"'{name}' belongs to a group that '{self.name}' connects: link it there.")
        super()._set_variable(name, value, use_units=use_units)

    def state(self, name: str, use_units: bool = True, level: int = 0) -> VariableView:
        """Returns the view of a variable.

        Raises:
            KeyError: If there is none of this name.
        """
        view = super().state(name, use_units, level)
        reference = self.reference(name)
        assert reference is not None
        return SynapticView(name, reference, self, view.dim if use_units else None)

    def check_settable(self, name: str) -> None:
        """Checks that a variable can be set now.

        Raises:
            TypeError: If `connect` has not been called.
        """
        if not self.is_connected and (name == "delay" or self.variables.own(name) is not None):
            raise TypeError(f"Cannot write to synaptic variable '{name}', you need to call connect(...) first")

    def _exported_names(self, subexpressions: bool, read_only_variables: bool) -> Iterator[str]:
        own = super()._exported_names(subexpressions, read_only_variables)
        yield from (name for name in own if name != "delay")  # that of a pathway
        for name in outer_names(self.source, self.target):
            if self.variables.own(name) is None and not name.startswith("_"):
                if read_only_variables or self._is_settable(self.variables[name]):
                    yield name

    def _is_settable(self, variable: Variable) -> bool:
        return isinstance(variable, ArrayVariable) and not variable.read_only

    # ------------------------------------------------------------------ connecting

    def connect(
        self,
        condition: str | bool | None = None,
        i: Any = None,
        j: Any = None,
        p: float | str = 1.0,
        n: int | str = 1,
        skip_if_invalid: bool = False,
        namespace: Mapping[str, Any] | None = None,
        level: int = 0,
    ) -> None:
        """Adds synapses.

        Args:
            condition: For which pairs (i, j): text with a condition, True for all, False for none.
            i: Presynaptic neurons: numbers, or text of a generator that gives some for each j.
            j: Postsynaptic neurons: numbers, or text of a generator that gives some for each i.
            p: Probability with which each of these synapses is made; a number, or text.
            n: Number of synapses for each pair; a number, or text.
            skip_if_invalid: Whether numbers that do not exist are left out.
            namespace: Names for the texts instead of those that the calling script sees.
            level: Frames to skip to find the names of the script.

        Raises:
            TypeError, ValueError, SyntaxError, KeyError, DimensionMismatchError: What is wrong with the arguments.
            IndexError: If a neuron does not exist.
        """
        names = caller_namespace(level) if namespace is None else namespace
        ends = make_ends(self, Request(condition, i, j, p, n, skip_if_invalid), names)
        self.is_connected = True
        self._append(ends)

    def _append(self, ends: Ends) -> None:
        old = self.element_count
        if not ends.size:
            self._renew()
            return
        if self.shared_traces is not None:
            self.shared_traces.spread()
        self.connections.targets.extend(ends.targets)
        self.connections.sources.extend(ends.pointers, ends.sources)
        self._resize(old + ends.size)
        self._renew()

    def _resize(self, size: int) -> None:
        for storage in self._uniform_storages():
            storage.resize(size)
        self._count.value = size

    def _uniform_storages(self) -> Iterator[UniformStorage]:
        for variable in self.variables.values():
            if isinstance(variable, ArrayVariable) and isinstance(variable.storage, UniformStorage):
                yield variable.storage
        for name, pathway in self.pathways.items():
            if name != "pre" and isinstance(pathway.delay_variable.storage, UniformStorage):
                yield pathway.delay_variable.storage

    @property
    def is_sorted_by_source(self) -> bool:
        """Whether no synapse begins at an earlier neuron than the one made before it."""
        return self.connections.sources.pointers is not None

    def _renew(self) -> None:
        """Brings up to date what depends on all connections."""
        self.version += 1
        self.synaptic_counts.renew()
        if self.multisynaptic_index is not None:
            variable = self.variables[self.multisynaptic_index]
            assert isinstance(variable, ArrayVariable) and isinstance(variable.storage, UniformStorage)
            variable.storage.set_values(
                multisynaptic_numbers(self.connections.sources.take(slice(None)), self.connections.targets.readable)
            )

    def memory_plan(
        self,
        connections: int | None = None,
        *,
        p: float | None = None,
        delays: int = 1,
        longest: Quantity | None = None,
    ) -> "MemoryPlan":
        """Returns how much memory the synapses take, and what a run adds; or would, if there were more of them.

        Args:
            connections: A number of synapses; None for those that have been made.
            p: Instead: the probability of a `connect(p=...)`.
            delays: How many different delays these synapses would have (in steps).
            longest: The longest of them; `delays` steps if it is not given.

        Raises:
            ValueError: If the number is negative, or too large for one object.
        """
        from ranvier.objects.networks.memory_plan import MemoryPlan, planned_rows, synapses_rows

        if p is not None:
            connections = int(self.source.element_count * self.target.element_count * min(max(p, 0.0), 1.0))
        if connections is None:
            return MemoryPlan(row for row in synapses_rows(self) if row.bytes)
        if connections < 0 or delays < 1:
            raise ValueError(f"There cannot be {connections} synapses with {delays} delays.")
        check_number(connections, self.name)
        steps = delays if longest is None else int(float(longest) / float(self.source.clock.dt_) + 0.5)
        return MemoryPlan(row for row in planned_rows(self, connections, delays, steps) if row.bytes)

    # ------------------------------------------------------------------ elements

    def elements(self, item: Any, names: Any = caller_namespace) -> Array:
        """Returns the numbers of the synapses that an index means; see `synapse_numbers`."""
        return synapse_numbers(self, item, names)

    def __getitem__(self, item: Any) -> SynapticSubgroup:
        return SynapticSubgroup(self, self.elements(item, caller_namespace))

    # ------------------------------------------------------------------ running

    @property
    def single_precision(self) -> bool:
        """Whether code for these synapses computes in single precision: all their float variables are stored so."""
        kinds = {
            variable.dtype
            for name, variable in self.variables.items()
            if is_synaptic(variable) and variable.dtype.kind == "f" and name not in (LASTUPDATE, "delay")
        }
        return kinds == {np.dtype(np.float32)} or (not kinds and bool(self.target.single_precision))

    def before_run(self, run_namespace: Mapping[str, Any]) -> None:
        """Checks links and equations, those too that nothing uses."""
        check_links(self)  # type: ignore[arg-type]
        self.check_equations(self.user_equations, run_namespace)
        for name, pathway in self.pathways.items():
            if pathway.clock.dt_ != self.clock.dt_:
                logger.warn(
                    f"The group '{pathway.source.name}' of the pathway '{name}' has another time step than "
                    f"'{self.name}' itself: {pathway.clock.dt} and {self.clock.dt}.",
                    "synapses_dt_mismatch",
                    once=True,
                )

    def check_equations(self, equations: Equations, run_namespace: Mapping[str, Any]) -> None:
        """Checks equations with the names of these synapses."""
        check_equations(self, equations, run_namespace)  # type: ignore[arg-type]
        if equations is self.user_equations:
            check_equations(self, self.event_driven, run_namespace)  # type: ignore[arg-type]
            summed = Equations([part.equation for part in self.summed_updaters.values()])
            check_equations(self, summed, run_namespace)  # type: ignore[arg-type]

    def after_run(self) -> None:
        """Warns of values that show that the integration failed."""
        warn_of_bad_values(self)  # type: ignore[arg-type]
        if self.shared_traces is not None:
            self.shared_traces.forget()

    def check_finite(self, network: Any) -> None:
        """Checks that the variables of clock-driven equations have finite values.

        Raises:
            FloatingPointError: Naming the variable, the synapse and the time.
        """
        found = first_not_finite(self)  # type: ignore[arg-type]
        if found is not None:
            name, element, value = found
            raise FloatingPointError(
                f"The variable '{name}' of '{self.name}' became {value} in synapse {element} before t = {self.clock.t}."
            )

    # ------------------------------------------------------------------ store and restore

    def state_arrays(self) -> dict[str, Array]:
        """Returns the connections and the values of all variables of the synapses themselves."""
        arrays = {"connected": np.array([self.is_connected])}
        for name, variable in self.variables.items():
            if isinstance(variable, ArrayVariable) and name != "delay" and name not in self.synaptic_counts.NAMES:
                arrays[name] = variable.storage.take(slice(None))
        if self.shared_traces is not None:
            arrays |= self.shared_traces.state_arrays()
        return arrays

    def set_state_arrays(self, arrays: Mapping[str, Array]) -> None:
        """Sets connections and values back; the number of synapses may differ."""
        if self.shared_traces is not None:
            self.shared_traces.clear()
        self.connections.targets.set_copies(arrays["j"])
        self.connections.sources.set_copies(arrays["i"])
        for pathway in self.pathways.values():
            pathway.forget_delays(arrays["i"].size)
        self._resize(arrays["i"].size)
        self.is_connected = bool(arrays["connected"][0])
        for name, values in arrays.items():
            variable = self.variables.own(name)
            if isinstance(variable, ArrayVariable) and name not in ("i", "j"):
                variable.set_value(values)
        if self.shared_traces is not None:
            self.shared_traces.set_state_arrays(arrays)
        self._renew()
