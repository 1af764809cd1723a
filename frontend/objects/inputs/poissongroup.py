"""`PoissonGroup`: elements that spike by chance, independently, at given rates."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import Any

import numpy as np

from ranvier.actions.actions import EventSpace
from ranvier.objects.groups.group import Group
from ranvier.objects.groups.subgroup import SpikeSource, Subgroup, checked_size, to_start_stop
from ranvier.objects.memory.event_space import new_event_space
from ranvier.objects.memory.new_storage import new_storage
from ranvier.objects.neurons.thresholder import Thresholder
from ranvier.objects.variables.adding import Variables
from ranvier.objects.variables.from_equations import add_clock_variables, add_index_variables
from ranvier.objects.variables.scope import Scope
from ranvier.objects.variables.variables import ArrayVariable, Subexpression, Variable
from ranvier.public import public
from ranvier.session.clocks import Clock
from ranvier.session.given import is_text, text_of
from ranvier.session.namespaces import checked_namespace
from ranvier.units import DimensionMismatchError, Quantity, check_units, hertz, second

CONDITION = "rand() < rates * dt"
"""When an element spikes: at most once in a step."""


@public
class PoissonGroup(SpikeSource, Group):
    """Elements that spike in each step with the probability rate*dt.

    Args:
        N: Number of elements.
        rates: One rate, or one for each element: then `rates` can be set; or a text, computed at each step, which may
            use `i`, `t` and names of the script.
        dt: Step length of a clock of its own.
        clock: The clock; neither means `defaultclock`.
        when: Accepted for compatibility: as in Brian, the spikes are drawn in the slot "thresholds".
        order: Place among objects of the same slot.
        namespace: Names for the text, before those of the script.
        name: The name.
        codeobj_class: Accepted for compatibility.

    Attributes:
        thresholder: "spike" → the object that draws.

    Raises:
        DimensionMismatchError: If `rates` are no rates.
        ValueError: If the number of elements is negative, or the number of rates is not that of the elements.
    """

    add_to_magic_network = True
    needs_dt = True
    is_refractory = False

    @check_units(rates=hertz, dt=second)
    def __init__(
        self,
        N: int,  # noqa: N803
        rates: object,
        dt: Quantity | None = None,
        clock: Clock | None = None,
        when: str = "thresholds",
        order: int = 0,
        namespace: Mapping[str, object] | None = None,
        name: str = "poissongroup*",
        codeobj_class: object = None,
    ) -> None:
        Group.__init__(
            self, dt=dt, clock=clock, when=when, order=order, namespace=checked_namespace(namespace), name=name
        )
        if is_text(N):
            raise TypeError(f"The first argument of PoissonGroup is the number of elements, not the text {N!r}.")
        size = checked_size(N, "PoissonGroup")
        self._rates = rates = text_of(rates)
        self.variables = Variables(self)
        add_index_variables(self, size)
        add_clock_variables(self, self.clock)
        self.variables["rates"] = self._rates_variable(rates, size)
        self.events = {"spike": CONDITION}
        self.event_spaces: Mapping[str, EventSpace] = {
            "spike": new_event_space(f"{self.name}.spike", size, self.element_population)
        }
        self.thresholder = {"spike": Thresholder(self, "spike", when="thresholds")}
        self._contained_objects.append(self.thresholder["spike"])
        self._start, self._stop, self._N = 0, size, size
        self._fix_attributes()

    def _rates_variable(self, rates: object, size: int) -> Variable:
        common: dict[str, Any] = {"name": "rates", "dim": hertz.dim, "owner_ref": weakref.ref(self)}
        if isinstance(rates, str):
            return Subexpression(**common, read_only=True, expr=rates)
        if rates is None:
            raise TypeError(f"'{self.name}' has no rates: give one for all, one for each element, or a text.")
        storage = new_storage(f"{self.name}.rates", size, np.float64, hertz.dim, self.element_population)
        values = np.asarray(rates, dtype=np.float64)
        if values.size not in (1, size):
            raise ValueError(
                f"'{self.name}' has {size} elements, but {values.size} rates were given. Give one rate for all, or as "
                "many as there are elements."
            )
        storage.array[:] = values.ravel()
        return ArrayVariable(**common, storage=storage)

    def before_run(self, run_namespace: Mapping[str, object]) -> None:
        """Checks the unit of a text.

        Raises:
            DimensionMismatchError: If it is no rate.
        """
        if not isinstance(self._rates, str):
            return
        _, dim, _ = Scope(self, run_namespace).expression(self._rates)
        if dim is not hertz.dim:
            raise DimensionMismatchError(
                f"The expression provided for the 'rates' of '{self.name}', '{self._rates}', has to have units of Hz",
                dim,
            )

    def __getitem__(self, item: object) -> Subgroup:
        start, stop = to_start_stop(item, self.element_count)
        return Subgroup(self, start, stop)

    def __repr__(self) -> str:
        return f"PoissonGroup({self.element_count}, rates={self._rates!r})"
