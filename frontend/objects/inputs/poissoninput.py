"""`PoissonInput`: many equal Poisson spike trains summed onto a variable, without simulating each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ranvier.actions.actions import Action, Constant, MapCode
from ranvier.equations.assignments import Assign
from ranvier.equations.expressions import Binary, Call, Expr, Name
from ranvier.equations.source import one_of_variables
from ranvier.objects.groups.brianobject import BrianObject
from ranvier.objects.groups.group import Group
from ranvier.objects.memory.new_storage import dimension_text
from ranvier.objects.variables.scope import Scope
from ranvier.objects.variables.variables import ArrayVariable
from ranvier.public import public
from ranvier.session.given import is_text, text_of
from ranvier.units import DimensionMismatchError, Quantity, check_units, get_dimensions, hertz
from ranvier.units.dimensions import Dimension

NORMAL_FROM = 5
"""Where n*p and n*(1-p) exceed this, the number of spikes is drawn from a normal distribution, as Brian does."""


@public
class PoissonInput(BrianObject):
    """Adds, at each step and for each element, `weight` times the number of spikes of `N` Poisson processes.

    The number is binomial, with `N` trials of probability rate*dt; a normal distribution of the same mean and variance
    stands for it where both N*rate*dt and N*(1 - rate*dt) exceed 5.

    Args:
        target: The group, or a part of one.
        target_var: Name of the variable that is added to.
        N: Number of processes for each element.
        rate: The rate of each process.
        weight: What each spike adds: a value, or a text computed for each element at each step.
        when: Slot of the schedule.
        order: Place among objects of the same slot.

    Raises:
        KeyError: If the target has no such variable.
        TypeError: If the variable cannot be added to.
        DimensionMismatchError: If the weight has not the unit of the variable, or the rate is no rate.
        ValueError: If N is no whole number, 0 or more, or the rate negative or more than one spike per step.
    """

    add_to_magic_network = True

    @check_units(N=1, rate=hertz)
    def __init__(
        self,
        target: Group,
        target_var: str,
        N: int,  # noqa: N803
        rate: Quantity,
        weight: Any,
        when: str = "synapses",
        order: int = 0,
    ) -> None:
        BrianObject.__init__(self, clock=target.clock, when=when, order=order, name="poissoninput*")
        self._group = target
        weight = text_of(weight)
        self._target_var, self._count, self._rate, self._weight = target_var, N, rate, weight
        self._dt = target.clock.dt_
        self._dim = _dimension_of(target, target_var)
        if not isinstance(weight, str):
            self._check_weight(get_dimensions(weight))
            if np.ndim(weight):
                raise TypeError(
                    f"The weight of '{self.name}' is one value, not {np.size(weight)}: store them in a parameter of "
                    "the target and give its name as text."
                )
        self._check_numbers()
        # no dependency: like in Brian, an input may be run without its target, whose variables then change by it alone

    # ------------------------------------------------------------------ what was given

    @property
    def is_part_of(self) -> BrianObject:
        """The target: there is no input without one."""
        return self._group

    @property
    def group(self) -> Group:
        """The target."""
        return self._group

    @property
    def target_var(self) -> str:
        """Name of the variable that is added to."""
        return self._target_var

    @property
    def N(self) -> int:  # noqa: N802
        """Number of processes for each element."""
        return self._count

    @property
    def rate(self) -> Quantity:
        """The rate of each process."""
        return self._rate

    @property
    def weight(self) -> Any:
        """What each spike adds."""
        return self._weight

    # ------------------------------------------------------------------ checks

    def _check_weight(self, dim: Dimension) -> None:
        if dim is not self._dim:
            raise DimensionMismatchError(
                f"The provided weight does not have the same unit as the target variable '{self.target_var}'",
                dim,
                self._dim,
            )

    def _check_numbers(self) -> None:
        if isinstance(self.rate, str) or np.ndim(self.rate):
            raise TypeError(
                f"The rate of '{self.name}' is one value, e.g. 10*Hz, not {self.rate!r}; use a PoissonGroup for rates "
                "that differ or change."
            )
        if is_text(self.N) or np.ndim(self.N):
            raise TypeError(f"The number of processes N of '{self.name}' is one number, not {self.N!r}.")
        if int(self.N) != self.N or self.N < 0:
            raise ValueError(
                f"The number of processes N of '{self.name}' has to be a whole number, 0 or more, not {self.N}."
            )
        if not 0 <= float(self.rate) * self._dt <= 1:
            raise ValueError(
                f"The rate of '{self.name}' has to lie between 0 and one spike per step, 1/dt = {1 / self._dt:g} Hz, "
                f"but it is {self.rate}."
            )

    def before_run(self, run_namespace: Mapping[str, object]) -> None:
        """Checks that the step length is still the one that the numbers are made for.

        Raises:
            NotImplementedError: If it is not.
        """
        if self.group.clock.dt_ != self._dt:
            raise NotImplementedError(
                f"The dt used for simulating {self.group.name} changed after the PoissonInput source was created. "
                "Set the dt before creating it."
            )

    # ------------------------------------------------------------------ what happens in a step

    def actions(self, run_namespace: Mapping[str, object]) -> Sequence[Action]:
        """Returns the addition to the variable."""
        group = self.group
        scope = group.scope(run_namespace, relative=True)
        target = scope.lower(Name(self.target_var))
        assert isinstance(target, Name)
        added = Binary("*", self._number_of_spikes(scope), self._weight_in(scope))
        start, _ = group.extent
        return (
            MapCode(
                label=self.name,
                clock=self.clock,
                kind="poisson_input",
                size=group.element_count,
                code=(Assign(target.id, Binary("+", target, added)),),
                bindings=scope.bindings,
                offset=start,
                protected=group.protected_names(scope),
                float32=group.single_precision,
            ),
        )

    def _weight_in(self, scope: Scope) -> Expr:
        if isinstance(self.weight, str):
            expr, dim, _ = scope.expression(self.weight)
            self._check_weight(dim)
            return expr
        return self._constant(scope, "weight", float(self.weight), dimension_text(self._dim))

    def _number_of_spikes(self, scope: Scope) -> Expr:
        """Returns what draws the number of spikes."""
        n, p = int(self.N), float(self.rate) * self._dt
        if n * p <= NORMAL_FROM or n * (1 - p) <= NORMAL_FROM:
            return Call("_binomial", (self._constant(scope, "N", n), self._constant(scope, "p", p)))
        mean = self._constant(scope, "mean", n * p)
        spread = self._constant(scope, "spread", math.sqrt(n * p * (1 - p)))
        return Binary("+", mean, Binary("*", spread, Call("randn", ())))

    def _constant(self, scope: Scope, what: str, value: float, dim: str = "") -> Name:
        """Returns a name for a number that is an argument of the compiled code."""
        name = f"_input_{what}"  # not its own name: equal inputs share their compiled code
        scope.bindings[name] = Constant(value, f"{self.name}.{what}", dim)
        return Name(name)


def _dimension_of(target: Group, name: str) -> Dimension:
    """Returns the dimension of a variable that can be added to."""
    reference = target.reference(name)
    if reference is None:
        raise KeyError(f"{name} is not a variable of {target.name}.{one_of_variables(target.variables, name)}")
    variable = reference.variable
    if not isinstance(variable, ArrayVariable) or variable.read_only:
        raise TypeError(
            f"A PoissonInput cannot add to '{name}' of '{target.name}': it is no variable that can be changed."
        )
    if variable.is_boolean:
        raise TypeError(f"A PoissonInput cannot add to the boolean variable '{name}' of '{target.name}'.")
    return variable.dim
