"""`NeuronGroup`: neurons that share their equations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ranvier.actions.actions import EventSpace, Storage
from ranvier.equations import Equations
from ranvier.equations.models import as_equations, check_shared, check_suffix
from ranvier.equations.single_equation import (
    DIFFERENTIAL_EQUATION,
    PARAMETER,
    SUBEXPRESSION,
    SingleEquation,
)
from ranvier.objects.groups.brianobject import BrianObject
from ranvier.objects.groups.group import Group
from ranvier.objects.groups.subgroup import SpikeSource, Subgroup, checked_size, to_start_stop
from ranvier.objects.memory.event_space import new_event_space
from ranvier.objects.neurons import refractory as refractoriness
from ranvier.objects.neurons.checks import check_equations, check_links, first_not_finite, warn_of_bad_values
from ranvier.objects.neurons.resetter import Resetter
from ranvier.objects.neurons.state_updater import Method, StateUpdater
from ranvier.objects.neurons.subexpression_updater import SubexpressionUpdater
from ranvier.objects.neurons.thresholder import Thresholder
from ranvier.objects.variables.adding import Variables
from ranvier.objects.variables.from_equations import add_clock_variables, add_equation_variables, add_index_variables
from ranvier.objects.variables.inner_steps import add_inner_step_variables
from ranvier.objects.variables.kept import Kept
from ranvier.objects.variables.scope import Scope
from ranvier.objects.variables.variables import ArrayVariable
from ranvier.public import public
from ranvier.public.argument_names import explains_arguments
from ranvier.runtime.state import allocate
from ranvier.session.clocks import Clock
from ranvier.session.given import is_a, is_text, text_of
from ranvier.session.logger import get_logger
from ranvier.session.names import is_identifier
from ranvier.session.namespaces import checked_dict, checked_namespace
from ranvier.units import Quantity, second
from ranvier.units.quantity import Quantity as QuantityClass

logger = get_logger("ranvier.groups.neurongroup")

ALLOWED_FLAGS: Mapping[str, Sequence[str]] = {
    DIFFERENTIAL_EQUATION: ("unless refractory",),
    SUBEXPRESSION: ("shared", "constant over dt"),
    PARAMETER: ("constant", "shared", "linked"),
}

DRAWING = ("rand(", "randn(")
"""A threshold with one of these spikes by chance: it needs neither reset nor refractoriness."""


@public
class NeuronGroup(SpikeSource, Group):
    """A number of neurons with the same equations, threshold and reset.

    Args:
        N: Number of neurons.
        model: The equations.
        method: Name of an integration method, or names to choose the first one from that is possible; or a method.
        method_options: Options of the method.
        threshold: Condition for a spike.
        reset: Statements executed for neurons that spiked.
        refractory: A time, text that means a time, or a condition.
        events: Further events: name → condition.
        namespace: Names for the texts of the group, before those of the script.
        dtype: Type of float variables, or name of a variable → type.
        dt: Step length of a clock of its own.
        clock: The clock; neither means `defaultclock`.
        order: Place among objects of the same slot.
        name: The name.
        codeobj_class: Accepted for compatibility.

    Attributes:
        equations: The equations as they are shown: with the variables that refractoriness adds, and the factor
            `int(not_refractory)` where it holds a variable. They say which variables there are.
        user_equations: The equations as they were given; these are integrated, see `StateUpdater`.
        events: Name of each event → condition.
        event_codes: Name of each event → statements.
        event_spaces: Name of each event → the neurons for which it happened in the last step.
        thresholder: Name of each event → the object that looks for it.
        resetter: Name of each event → the object that executes its statements.
        state_updater: The object that integrates the equations.
        subexpression_updater: The object that computes (constant over dt) subexpressions, or None.
        method_choice: The `method` argument.

    Raises:
        TypeError, ValueError, EquationError, SyntaxError: What is wrong with the arguments.
    """

    add_to_magic_network = True
    needs_dt = True

    def __init__(
        self,
        N: int,  # noqa: N803
        model: str | Equations,
        method: Method = ("exact", "euler", "heun"),
        method_options: Mapping[str, object] | None = None,
        threshold: str | None = None,
        reset: str | None = None,
        refractory: refractoriness.Refractory = False,
        events: Mapping[str, str] | None = None,
        namespace: Mapping[str, object] | None = None,
        dtype: object = None,
        dt: Quantity | None = None,
        clock: Clock | None = None,
        order: int = 0,
        name: str = "neurongroup*",
        codeobj_class: object = None,
    ) -> None:
        Group.__init__(
            self, dt=dt, clock=clock, when="start", order=order, namespace=checked_namespace(namespace), name=name
        )
        size = checked_size(N, "NeuronGroup")
        threshold, reset, refractory = text_of(threshold), text_of(reset), text_of(refractory)
        self.user_equations = _checked_equations(model)
        self._refractory = refractory
        self.equations = self._shown_equations()
        self.method_choice = method
        self.method_options = checked_dict("method_options", method_options)
        self.events: dict[str, str] = _checked_events(events, threshold)
        self.event_codes: dict[str, str] = {}
        self.variables = Variables(self)
        add_index_variables(self, size)
        add_clock_variables(self, self.clock)
        add_equation_variables(self, self.equations, size, dtype, protect=self.is_refractory)
        add_inner_step_variables(
            self,
            method,
            self.method_options,
            lambda label, kind, dim: Storage(label, allocate(size, kind), dim, population=self.element_population),
        )
        self._set_initial_values()
        self.event_spaces: Mapping[str, EventSpace] = {
            event: new_event_space(f"{self.name}.{event}", size, self.element_population) for event in self.events
        }
        self._make_parts(reset)
        self._warn_of_omissions(threshold, reset)
        self._start, self._stop, self._N = 0, size, size
        self._checked: Kept[None] = Kept()
        self._fix_attributes()

    # ------------------------------------------------------------------ construction

    @property
    def refractory(self) -> refractoriness.Refractory:
        """The `refractory` argument."""
        return self._refractory

    @property
    def is_refractory(self) -> bool:
        """Whether the group has refractoriness."""
        return self.refractory is not False

    def _shown_equations(self) -> Equations:
        if not self.is_refractory:
            return Equations([refractoriness.stored(equation) for equation in self.user_equations.values()])
        added = [
            SingleEquation(PARAMETER, "lastspike", second.dim),
            SingleEquation(PARAMETER, "not_refractory", QuantityClass(1.0).dim, "boolean"),
        ]
        shown = [refractoriness.displayed(refractoriness.stored(k)) for k in self.user_equations.values()]
        return Equations([*shown, *added])

    def _set_initial_values(self) -> None:
        if self.is_refractory:
            for name, value in (("lastspike", refractoriness.NEVER), ("not_refractory", True)):
                variable = self.variables[name]
                assert isinstance(variable, ArrayVariable)
                variable.set_value(value)

    def _make_parts(self, reset: str | None) -> None:
        """Makes the objects that act in a step.

        Nothing here calls them: `Network.before_run` goes through all objects of a network in the order of its
        schedule, `BrianObject.prepare` asks each for its `actions`, and these become the program of the run.
        """
        self.thresholder: dict[str, Thresholder] = {}
        for event in self.events:
            slot = "thresholds" if event == "spike" else "after_thresholds"
            self.thresholder[event] = Thresholder(self, event, when=slot)
            self._contained_objects.append(self.thresholder[event])
        self.resetter: dict[str, Resetter] = {}
        if reset is not None:
            self.run_on_event("spike", reset, when="resets")
        self.state_updater = StateUpdater(self, self.method_choice)
        self._contained_objects.append(self.state_updater)
        stored = any("constant over dt" in equation.flags for equation in self.user_equations.values())
        self.subexpression_updater = SubexpressionUpdater(self) if stored else None
        if self.subexpression_updater is not None:
            self._contained_objects.append(self.subexpression_updater)

    def _warn_of_omissions(self, threshold: str | None, reset: str | None) -> None:
        by_chance = threshold is not None and any(draw in threshold for draw in DRAWING)
        if threshold is not None and reset is None and not self.is_refractory and not by_chance:
            logger.warn(
                f"The NeuronGroup '{self.name}' sets a threshold but neither a reset condition nor a refractory "
                "condition. Did you forget either of those? If nothing is to change at a spike, say so with reset='' "
                "(an empty string).",
                "only_threshold",
            )
        unused = [k.varname for k in self.user_equations.values() if refractoriness.UNLESS_REFRACTORY in k.flags]
        if unused and not self.is_refractory:
            logger.warn(
                f"{', '.join(map(repr, unused))} of '{self.name}' {'has' if len(unused) == 1 else 'have'} the flag "
                "'unless refractory', but the group has no refractory period: give it one (refractory=5*ms), or leave "
                "the flag out.",
                "no_refractory",
            )

    # ------------------------------------------------------------------ events

    def _check_event(self, event: str) -> None:
        if event not in self.events:
            hint = " Did you forget to define a threshold?" if event == "spike" else ""
            raise ValueError(f"Unknown event '{event}'.{hint}")

    @explains_arguments
    def run_on_event(self, event: str, code: str, when: str = "after_resets", order: int | None = None) -> None:
        """Executes statements for the neurons for which an event happens.

        Args:
            event: Name of the event.
            code: The statements.
            when: Slot of the schedule.
            order: Place in the slot; None for the order of the group.

        Raises:
            ValueError: If there is no such event, or it has statements already.
        """
        self._check_event(event)
        if event in self.resetter:
            raise ValueError(f"Cannot add code for event '{event}', code for this event has already been added.")
        code = text_of(code)
        if not is_text(code):
            raise TypeError(f"The statements of the event '{event}' have to be text, e.g. 'v = 0*mV', not {code!r}.")
        self.event_codes[event] = code
        self.resetter[event] = Resetter(self, event, when=when, order=order)
        self._contained_objects.append(self.resetter[event])

    @explains_arguments
    def set_event_schedule(self, event: str, when: str = "after_thresholds", order: int | None = None) -> None:
        """Moves the search for an event to another place of the schedule.

        Raises:
            ValueError: If there is no such event.
        """
        self._check_event(event)
        self.thresholder[event].when = when
        if order is not None:
            self.thresholder[event].order = order

    # ------------------------------------------------------------------ parts of the group

    def __getitem__(self, item: object) -> Subgroup:
        start, stop = to_start_stop(item, self.element_count)
        return Subgroup(self, start, stop)

    # ------------------------------------------------------------------ running

    @property
    def single_precision(self) -> bool:
        """Whether the float variables are stored in single precision."""
        kinds = {
            variable.dtype
            for name, variable in self.variables.items()
            if isinstance(variable, ArrayVariable) and variable.dtype.kind == "f" and name != "lastspike"
        }
        return kinds == {np.dtype(np.float32)}

    def before_run(self, run_namespace: Mapping[str, object]) -> None:
        """Checks the equations, those too that nothing uses."""
        check_links(self)
        self._checked.result((self.user_equations,), run_namespace, lambda: self.scope(run_namespace), self._check)

    def _check(self, new_scope: Callable[[], Scope]) -> None:
        check_equations(self, self.user_equations, new_scope())

    def forget_code(self) -> None:
        """Gives up what is known of names in equations: they may stand for variables of groups that are gone."""
        self._checked.forget()

    def is_parameter(self, name: str) -> bool:
        """Returns whether a variable is a parameter of the equations."""
        return name in self.equations and self.equations[name].type == PARAMETER

    def event_finder(self, event: str) -> BrianObject:
        """Returns the object that finds an event."""
        return self.thresholder[event]

    def check_equations(self, equations: Equations, run_namespace: Mapping[str, object]) -> None:
        """Checks equations with the names of this group; see `Equations.check_units`."""
        check_equations(self, equations, self.scope(run_namespace))

    def after_run(self) -> None:
        """Warns of values that show that the integration failed."""
        warn_of_bad_values(self)

    def check_finite(self, network: object) -> None:
        """Checks that the variables of differential equations have finite values.

        Args:
            network: The network that is run.

        Raises:
            FloatingPointError: Naming the variable, the neuron and the time.
        """
        found = first_not_finite(self)
        if found is not None:
            name, element, value = found
            raise FloatingPointError(
                f"The variable '{name}' of '{self.name}' became {value} in neuron {element} before t = {self.clock.t}. "
                "Check the equation and its constants; try a smaller dt or another method."
            )

    def _repr_html_(self) -> str:
        from ranvier.equations.latex import equations_latex  # formulas are for notebooks only

        text = f"NeuronGroup <b>{self.name}</b> with {self.element_count} neurons.<br>"
        return f"{text}<b>Model:</b><br>{equations_latex(tuple(self.equations.values()))}"


def _checked_equations(model: object) -> Equations:
    equations = as_equations(model)
    equations.check_flags(ALLOWED_FLAGS)
    for name, equation in equations.items():
        if "linked" in equation.flags and len(equation.flags) > 1:
            raise SyntaxError(f"The flag 'linked' of '{name}' cannot be combined with other flags.")
        check_suffix(name)
    check_shared(equations, lambda name: name == "i")
    return equations


def _checked_events(events: Mapping[str, str] | None, threshold: object) -> dict[str, str]:
    found: dict[str, str] = {}
    if events is not None and not is_a(events, Mapping):
        raise TypeError(
            f"events takes a dictionary of names and conditions, e.g. {{'burst': 'v > 5'}}, not {events!r}. The "
            "condition of spikes is the argument threshold."
        )
    for event, condition in (events or {}).items():
        if not is_text(event) or not is_identifier(event):
            raise TypeError(f"The name '{event}' cannot be used as an event name.")
        found[event] = _condition(text_of(condition), f"The condition of the event '{event}'")
    if threshold is not None:
        if "spike" in found:
            raise ValueError("The NeuronGroup defines both a threshold and a 'spike' event")
        found["spike"] = _condition(threshold, "The threshold")
    return found


def _condition(condition: object, what: str) -> str:
    if not isinstance(condition, str):
        example = condition if isinstance(condition, (int, float)) else 1
        raise TypeError(f"{what} has to be text with a condition, e.g. 'v > {example}', not {condition!r}.")
    return condition
