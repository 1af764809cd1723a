"""`Synapses`: connections between groups, with equations of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

import numpy as np

from ranvier.actions.actions import Action
from ranvier.actions.traces import LASTUPDATE
from ranvier.equations import Equations
from ranvier.equations.models import as_equations
from ranvier.objects.connecting.collecting import check_number
from ranvier.objects.connections.counts import SynapticCounts
from ranvier.objects.connections.ends import SynapticEnds
from ranvier.objects.connections.variables import Outside, SynapticVariables, is_synaptic
from ranvier.objects.memory.arrays import Array
from ranvier.objects.memory.lazy import UniformStorage
from ranvier.objects.memory.plan import MemoryPlan, MemoryRow
from ranvier.objects.memory.stored import ObjectState, check_lengths, check_range, holds, read_only
from ranvier.objects.neurons.checks import check_equations, check_links, first_not_finite, warn_of_bad_values
from ranvier.objects.neurons.state_updater import Method
from ranvier.objects.pathways.arguments import PathwayArguments, pathway_arguments
from ranvier.objects.pathways.each_synapse import changes_neurons, for_each_synapse
from ranvier.objects.pathways.pathway import SynapticPathway
from ranvier.objects.synapses import model as models
from ranvier.objects.synapses.matrices import MatrixConversions
from ranvier.objects.synapses.summed import SummedVariableUpdater
from ranvier.objects.synapses.updaters import SynapticStateUpdater, SynapticSubexpressionUpdater
from ranvier.objects.variables.from_equations import add_clock_variables, add_equation_variables
from ranvier.objects.variables.inner_steps import add_inner_step_variables
from ranvier.objects.variables.kept import Kept
from ranvier.objects.variables.scope import Scope
from ranvier.objects.variables.tables import OwnSizeVariable
from ranvier.objects.variables.variables import ArrayVariable
from ranvier.public import public
from ranvier.public.argument_names import explains_arguments
from ranvier.session.clocks import BaseClock, check_has_dt
from ranvier.session.logger import get_logger
from ranvier.session.namespaces import checked_dict
from ranvier.units import Quantity

logger = get_logger("ranvier.synapses.synapses")


@public
class Synapses(MatrixConversions):
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
        codeobj_class: Not used.
        dt: Step length of a clock of its own.
        clock: The clock (an `EventClock` only for summed variables); neither means `defaultclock`.
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
        source: object,
        target: object = None,
        model: str | Equations | None = None,
        on_pre: str | Mapping[str, str] | None = None,
        pre: str | Mapping[str, str] | None = None,
        on_post: str | Mapping[str, str] | None = None,
        post: str | Mapping[str, str] | None = None,
        connect: object = None,
        delay: Quantity | Mapping[str, Quantity] | None = None,
        on_event: str | Mapping[str, str] = "spike",
        multisynaptic_index: str | None = None,
        namespace: Mapping[str, object] | None = None,
        dtype: object = None,
        codeobj_class: object = None,
        dt: Quantity | None = None,
        clock: BaseClock | None = None,
        order: int = 0,
        method: Method = ("exact", "euler", "heun"),
        method_options: Mapping[str, object] | None = None,
        name: str = "synapses*",
    ) -> None:
        if connect is not None:
            raise TypeError(
                "The connect keyword argument is no longer supported, call the connect method instead: "
                "S = Synapses(...); S.connect(...)."
            )
        MatrixConversions.__init__(self, dt=dt, clock=clock, when="start", order=order, namespace=namespace, name=name)
        self.source = models.checked_end(source, "source")
        self.target = self.source if target is None else models.checked_end(target, "target")
        for end in (self.source, self.target):
            self.add_dependency(end.holder())
        split = models.split_model(as_equations("" if model is None else model), self.source, self.target)
        self.equations = split.shown
        self.user_equations = split.stepped
        self.event_driven = split.event_driven
        self.method_choice = method
        self.method_options = checked_dict("method_options", method_options)
        self.multisynaptic_index = multisynaptic_index
        self.version = 0
        self.is_connected = False
        self._make_variables(dtype)
        self._make_parts(split, pathway_arguments(on_pre, pre, on_post, post, delay, on_event))
        self._fix_attributes()

    # ------------------------------------------------------------------ construction

    def _make_variables(self, dtype: object) -> None:
        sizes = self.source.element_count, self.target.element_count
        self.connections = SynapticEnds(self.name, *sizes, self.element_population)
        self.synaptic_counts = SynapticCounts(self.name, self.connections, *sizes)
        self.variables = SynapticVariables(self, Outside(self.source, self.target, self.connections))
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
        for name in self.equations:
            variable = variables[name]
            if isinstance(variable, ArrayVariable) and is_synaptic(variable):
                variables[name] = models.growing(variable, self.element_population)
        add_inner_step_variables(
            self,
            self.method_choice,
            self.method_options,
            lambda label, kind, dim: UniformStorage(label, 0, kind, dim, self.element_population),
        )
        if self.event_driven:
            variables[LASTUPDATE] = models.lastupdate_variable(self)
        self.shared_traces = models.new_traces(self) if self.event_driven else None
        self.shared_states = models.new_states(self, self.user_equations.diff_eq_names)
        if self.multisynaptic_index is not None:
            models.check_free(self.multisynaptic_index, variables)
            label = f"{self.name}.{self.multisynaptic_index}"
            storage = UniformStorage(label, 0, np.int32, population=self.element_population)
            variables[self.multisynaptic_index] = models.index_variable(self, self.multisynaptic_index, storage)
            self.equations = models.with_index(self.equations, self.multisynaptic_index)

    def _make_parts(self, split: models.SplitModel, arguments: PathwayArguments) -> None:
        if arguments.pathways or split.stepped.diff_eq_names:
            check_has_dt(self.clock, self.name)
        parts = self._contained_objects
        self.pathways: dict[str, SynapticPathway] = {}
        self.events = dict(arguments.events)
        for made in arguments.pathways:
            if hasattr(type(self), made.name) or made.name in self.__dict__:
                raise ValueError(f"'{made.name}' cannot be the name of a pathway: synapses have such an attribute.")
            pathway = SynapticPathway(self, made.code, made.prepost, made.name, made.delay, made.event)
            self.pathways[made.name] = pathway
            self.__dict__[made.name] = pathway
        parts += self.pathways.values()
        if "pre" in self.pathways:
            self.variables["delay"] = self.pathways["pre"].delay_variable
        self.state_updater = SynapticStateUpdater(self, self.method_choice) if split.stepped.diff_eq_names else None
        self.subexpression_updater = SynapticSubexpressionUpdater(self) if split.has_stored else None
        self._checked: Kept[None] = Kept()
        self.summed_updaters = {
            name: SummedVariableUpdater(self, equation, self.source if name.endswith("_pre") else self.target)
            for name, equation in split.summed.items()
        }
        models.check_targets_differ(self.summed_updaters.values())
        parts += [part for part in (self.state_updater, self.subexpression_updater) if part is not None]
        parts += self.summed_updaters.values()

    def register_variable(self, variable: ArrayVariable) -> None:
        """Checks that an array of `variables.add_dynamic_array` grows with the number of synapses, which it does.

        Raises:
            TypeError: If it has a size of its own.
        """
        if isinstance(variable, OwnSizeVariable) or not isinstance(variable.storage, UniformStorage):
            raise TypeError(
                f"'{variable.name}' has {variable.size} values of its own. Add it before `connect` with "
                f"variables.add_dynamic_array('{variable.name}', size=0): it then has one value for each synapse."
            )

    # ------------------------------------------------------------------ names

    def __getattr__(self, name: str) -> Any:
        if name in ("delay", "delay_") and "pathways" in self.__dict__ and "pre" not in self.pathways:
            raise AttributeError(
                f"Synapses do not have a 'pre' pathway, do not know what '{name}' refers to.{self.advice_on('delay')}"
            )
        return super().__getattr__(name)

    def advice_on(self, name: str) -> str:
        """Returns where delays are found: they belong to pathways."""
        return models.whose_delays(self.name, self.pathways) if name.removesuffix("_") == "delay" else ""

    def _uniform_storages(self) -> Iterator[UniformStorage]:
        yield from super()._uniform_storages()
        for name, pathway in self.pathways.items():
            if name != "pre" and isinstance(pathway.delay_variable.storage, UniformStorage):
                yield pathway.delay_variable.storage

    # ------------------------------------------------------------------ memory

    @explains_arguments
    def memory_plan(
        self,
        connections: int | None = None,
        *,
        p: float | None = None,
        delays: int = 1,
        longest: Quantity | None = None,
    ) -> MemoryPlan:
        """Returns how much memory the synapses take, and what a run adds; or would, if there were more of them.

        Args:
            connections: A number of synapses; None for those that have been made.
            p: Instead: the probability of a `connect(p=...)`.
            delays: How many different delays these synapses would have (in steps).
            longest: The longest of them; `delays` steps if it is not given.

        Raises:
            ValueError: If the number is negative, or too large for one object.
        """
        from ranvier.objects.synapses.memory import planned_rows, synapses_rows

        if p is not None:
            connections = int(self.source.element_count * self.target.element_count * min(max(p, 0.0), 1.0))
        if connections is None:
            return MemoryPlan(row for row in synapses_rows(self) if row.bytes)
        if connections < 0 or delays < 1:
            raise ValueError(
                f"The number of synapses has to be 0 or more, and that of delays 1 or more, not {connections} and "
                f"{delays}."
            )
        check_number(connections, self.name)
        steps = delays if longest is None else int(float(longest) / float(self.source.clock.dt_) + 0.5)
        return MemoryPlan(row for row in planned_rows(self, connections, delays, steps) if row.bytes)

    # ------------------------------------------------------------------ running

    def statement_actions(self, label: str, clock: BaseClock, text: str, scope: Scope) -> Sequence[Action]:
        """Returns statements as code for all synapses, one after another where they change variables of neurons."""
        code = scope.code(text, all_elements=True)
        if changes_neurons(self, scope, code):
            return for_each_synapse(self, label, clock, scope, code, text)
        return (self.code_for_all(label, clock, scope, code),)

    def before_run(self, run_namespace: Mapping[str, object]) -> None:
        """Checks ends, links and equations, those too that nothing uses."""
        self._check_ends()
        check_links(self)
        summed = tuple(part.equation for part in self.summed_updaters.values())
        self._checked.result(
            (self.user_equations, self.event_driven, summed),
            run_namespace,
            lambda: self.scope(run_namespace),
            self._check_own,
        )
        models.tell_if_idle(self, self._contained_objects)
        for name, pathway in self.pathways.items():
            models.warn_of_other_step(self, name, pathway)

    def check_equations(self, equations: Equations, run_namespace: Mapping[str, object]) -> None:
        """Checks equations with the names of these synapses."""
        if equations is self.user_equations:
            self._check_own(lambda: self.scope(run_namespace))
        else:
            check_equations(self, equations, self.scope(run_namespace))

    def _check_own(self, new_scope: Callable[[], Scope]) -> None:
        summed = Equations([part.equation for part in self.summed_updaters.values()])
        for equations in (self.user_equations, self.event_driven, summed):
            check_equations(self, equations, new_scope())

    def forget_code(self) -> None:
        """Gives up what is known of names in equations: they may stand for variables of groups that are gone."""
        self._checked.forget()

    def after_run(self) -> None:
        """Warns of values that show that the integration failed."""
        warn_of_bad_values(self)
        for shared in filter(None, (self.shared_traces, self.shared_states)):
            shared.forget()

    @property
    def unmade_elements(self) -> int:
        """Number of synapses: their rows are made in the first run."""
        return self.element_count

    def memory_rows(self, *, exact: bool) -> Iterator[MemoryRow]:
        """Yields the memory of the synapses and of their pathways."""
        from ranvier.objects.synapses.memory import synapses_rows  # few scripts ask for it

        return synapses_rows(self, exact=exact)

    def check_finite(self, network: object) -> None:
        """Checks that the variables of clock-driven equations have finite values.

        Raises:
            FloatingPointError: Naming the variable, the synapse and the time.
        """
        found = first_not_finite(self)
        if found is not None:
            name, element, value = found
            raise FloatingPointError(
                f"The variable '{name}' of '{self.name}' became {value} in synapse {element} before t = {self.clock.t}."
            )

    # ------------------------------------------------------------------ store and restore

    _NOT_STORED = frozenset({"i", "j", "delay", *SynapticCounts.NAMES})

    def state_arrays(self) -> dict[str, Array]:
        """Returns the connections and the values of all variables of the synapses themselves."""
        arrays = {"connected": np.array([self.is_connected]), **cast("dict[str, Array]", self.connections.kept())}
        for name, variable in self.variables.items():
            if isinstance(variable, ArrayVariable) and name not in self._NOT_STORED:
                arrays[name] = read_only(variable.storage)
        if self.shared_traces is not None:
            arrays |= self.shared_traces.state_arrays()
        return arrays

    @property
    def has_state(self) -> bool:
        """Whether a stored state has anything of the object: always."""
        return True

    def may_resize(self, name: str) -> bool:
        """Returns whether there is a value for each synapse: a stored state may have another number of them."""
        variable = self.variables.own(name)
        return variable is None or (isinstance(variable, ArrayVariable) and not variable.scalar)

    def check_state(self, states: Mapping[str, ObjectState]) -> None:
        """Checks that a stored state can be set, and that its synapses are complete."""
        super().check_state(states)
        stored = states[self.name].arrays
        check_lengths(self.name, {"connected": stored["connected"]}, 1)
        of_synapses = {name: stored[name] for name in stored if self.variables.own(name) and self.may_resize(name)}
        check_lengths(self.name, of_synapses, stored["i"].size)
        check_range(self.name, "i", stored["i"], self.source.element_count)
        check_range(self.name, "j", stored["j"], self.target.element_count)

    def set_state(self, stored: ObjectState) -> None:
        """Sets connections and values back; the number of synapses may differ."""
        arrays, ends = stored.arrays, self.connections
        same_ends = holds(ends.sources, arrays["i"]) and holds(ends.targets, arrays["j"])
        for shared in filter(None, (self.shared_traces, self.shared_states)):
            shared.clear()
        if self.shared_traces is None and same_ends:
            return self._set_values(arrays)
        if not same_ends:
            ends.targets.set_copies(np.asarray(arrays["j"]))
            ends.sources.set_copies(np.asarray(arrays["i"]))
        for pathway in self.pathways.values():
            pathway.forget_delays(arrays["i"].size)
        self._resize(arrays["i"].size)
        self._set_values(arrays)
        if self.shared_traces is not None:
            self.shared_traces.set_state_arrays(arrays)
        self._renew(0)

    def _set_values(self, arrays: Mapping[str, Array]) -> None:
        self.is_connected = bool(arrays["connected"][0])
        for name, values in arrays.items():
            variable = self.variables.own(name)
            if isinstance(variable, ArrayVariable) and name not in ("i", "j") and not holds(variable.storage, values):
                variable.set_value(values)
