"""`SpatialNeuron`: neurons with many compartments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np

from ranvier.equations import Equations
from ranvier.equations.definitions import EquationError
from ranvier.equations.models import as_equations
from ranvier.objects.groups.group import Group
from ranvier.objects.memory.arrays import Array
from ranvier.objects.morphology.equations import spatial_equations
from ranvier.objects.morphology.flat import FlatMorphology, section_values
from ranvier.objects.morphology.forest import given_cells
from ranvier.objects.morphology.morphology import Morphology
from ranvier.objects.morphology.parts import (
    Cells,
    Compartments,
    SpatialSubgroup,
    child_of,
    chosen,
    main_of,
    section_of,
    selected,
    with_sections,
)
from ranvier.objects.morphology.thresholds import Location, located
from ranvier.objects.morphology.update import SpatialStateUpdater
from ranvier.objects.neurons.neurongroup import NeuronGroup
from ranvier.objects.neurons.refractory import Refractory
from ranvier.objects.neurons.state_updater import Method
from ranvier.objects.variables.adding import Variables
from ranvier.objects.variables.inner_steps import may_choose_steps
from ranvier.objects.variables.variables import ArrayVariable
from ranvier.public import public
from ranvier.session.clocks import Clock
from ranvier.session.given import is_a
from ranvier.session.logger import get_logger
from ranvier.units import Quantity, cm, ohm, uF

logger = get_logger("ranvier.spatialneuron.spatialneuron")

CELL_NAMES = frozenset({"cell", "compartment"})
"""Variables that groups of many cells have."""

LOCATED = "located__private"
"""The variable that says whether a compartment is where the threshold is applied, if that differs between cells."""

GEOMETRY = ("area", "diameter", "distance", "length", "r_length_1", "r_length_2", "volume")


@public
class SpatialNeuron(NeuronGroup):
    """A neuron with a morphology, or many of them: its elements are the compartments.

    The model defines the membrane current, `Im = ... : amp/meter**2`, by the membrane potential `v` and other
    variables. Variables with the flag (point current) are currents into a compartment. `SpatialStateUpdater` says what
    a step does.

    With `N`, or with a list of morphologies, there are many cells that share the equations. The compartments of a cell
    lie one behind the other, those of the first cell first. Texts may use `cell`, the number of the cell of a
    compartment, and `compartment`, its number in the cell; `neuron.cell[3]` are the compartments of a cell, and
    `neuron.axon` those of the axon in all of them.

    Args:
        morphology: The morphology, or a list with one for each cell; copies are kept.
        model: The equations.
        threshold: Condition for a spike.
        refractory: A time, text that means a time, or a condition.
        reset: Statements executed for compartments that spiked.
        events: Further events: name → condition.
        threshold_location: The only compartment of a cell in which the threshold is applied: its number in the cell,
            or a part of the morphology that is a single compartment; or a list of these, one for each cell. None: all.
        dt: Step length of a clock of its own.
        clock: The clock; neither means `defaultclock`.
        order: Place among objects of the same slot.
        Cm: Capacitance of the membrane: one value, or one for each compartment (of all cells, or of the morphology).
        Ri: Resistivity of the inside.
        name: The name.
        dtype: Type of float variables, or name of a variable → type.
        namespace: Names for the texts of the neuron, before those of the script.
        method: Name of an integration method for the other equations, or names to choose from; or a method.
        method_options: Options of the method.
        N: Number of cells.

    Attributes:
        morphology: The morphology, if all cells have the same.
        morphologies: The morphology of each cell.
        flat_morphology: The morphology as arrays over its compartments, if all cells have the same.
        cell: The cells, each of them a part of the group.
        cells: Number of cells.
        diffusion_state_updater: The object that integrates the membrane potential.

    Raises:
        TypeError, ValueError, EquationError, SyntaxError, AttributeError: What is wrong with the arguments.
    """

    def __init__(
        self,
        morphology: Morphology | Sequence[Morphology] | None = None,
        model: str | Equations | None = None,
        threshold: str | None = None,
        refractory: Refractory = False,
        reset: str | None = None,
        events: Mapping[str, str] | None = None,
        threshold_location: Location | Sequence[Location] | None = None,
        dt: Quantity | None = None,
        clock: Clock | None = None,
        order: int = 0,
        Cm: Quantity = 0.9 * uF / cm**2,  # noqa: N803
        Ri: Quantity = 150 * ohm * cm,  # noqa: N803
        name: str = "spatialneuron*",
        dtype: object = None,
        namespace: Mapping[str, object] | None = None,
        method: Method = ("exact", "exponential_euler", "rk2", "heun"),
        method_options: Mapping[str, object] | None = None,
        N: int | None = None,  # noqa: N803
    ) -> None:
        _check_method(method)
        equations = as_equations(model)
        self.morphologies: Sequence[Morphology] = given_cells(morphology, N)
        self._numbered = N is not None or not is_a(morphology, Morphology)
        if self._is_uniform:
            self.morphology = self.morphologies[0]
        self._first = _first_compartments(self.morphologies)
        self.starts: Array = np.cumsum([0, *(self._sizes())])
        placed = self._has_coordinates()
        places = None
        if threshold_location is not None:
            places = located(self.morphologies, threshold, threshold_location)
            threshold = f"({threshold}) and ({_where(places)})"
        if self._numbered:
            _check_free(equations)
        NeuronGroup.__init__(
            self,
            int(self.starts[-1]),
            spatial_equations(equations, coordinates=placed),
            method,
            method_options,
            threshold=threshold,
            refractory=refractory,
            reset=reset,
            events=events,
            namespace=namespace,
            dtype=dtype,
            dt=dt,
            clock=clock,
            order=order,
            name=name,
        )
        self.quiet_names = frozenset(self.user_equations.names - equations.names - equations.identifiers)
        for quantity in (*GEOMETRY, *("xyz" if placed else "")):
            self._fill(quantity, self._geometry(quantity))
        self._number_cells(places)
        for what, value in (("Cm", Cm), ("Ri", Ri)):
            if not isinstance(value, str):
                self._check_positive(what, np.ravel(np.asarray(value)))
        self.Cm, self.Ri = self._for_all_cells(Cm), Ri
        self.add_attribute("diffusion_state_updater")
        self.diffusion_state_updater = SpatialStateUpdater(self)
        self._contained_objects.append(self.diffusion_state_updater)

    def _fill(self, name: str, values: object) -> None:
        variable = self.variables[name]
        assert isinstance(variable, ArrayVariable)
        variable.set_value(values)

    @property
    def _is_uniform(self) -> bool:
        """Whether all cells have the same morphology."""
        return all(one is self.morphologies[0] for one in self.morphologies)

    def _has_coordinates(self) -> bool:
        """Tells whether compartments have coordinates: those of some sections are enough."""
        known = {section.has_coordinates for section in self._first}
        if len(known) > 1:
            logger.info(
                "The morphology has sections with coordinates and others without: x, y and z of the compartments of "
                "the latter are NaN. Its method generate_coordinates() returns a copy in which all have some.",
                "mixed_coordinates",
            )
        return True in known

    def _sizes(self) -> list[int]:
        sizes = {one: one.total_compartments for one in dict.fromkeys(self.morphologies)}
        return [sizes[one] for one in self.morphologies]

    def _geometry(self, quantity: str) -> Array:
        values = {
            one: np.concatenate([section_values(section, quantity) for section in one.sections()])
            for one in dict.fromkeys(self.morphologies)
        }
        return np.concatenate([values[one] for one in self.morphologies])

    def _number_cells(self, places: Sequence[int] | None) -> None:
        """Adds the variables that tell compartments of many cells apart."""
        assert isinstance(self.variables, Variables)
        total, sizes = int(self.starts[-1]), np.diff(self.starts)
        cell = np.repeat(np.arange(sizes.size), sizes)
        if self._numbered:
            numbers = {"cell": cell, "compartment": np.arange(total) - self.starts[cell]}
            for name, values in numbers.items():
                self.variables.add_array(name, total, values=values, dtype=np.int32, constant=True, read_only=True)
        if places is not None and len(set(places)) > 1:
            where = np.isin(np.arange(total), self.starts[:-1] + places)
            self.variables.add_array(LOCATED, total, values=where, dtype=bool, constant=True, read_only=True)

    def _for_all_cells(self, values: Quantity) -> Quantity:
        """Returns values for each compartment, if there is one for each compartment of the morphology."""
        count = len(self.morphologies)
        is_row = self._is_uniform and np.ndim(values) == 1 and np.size(values) * count == self.starts[-1]
        return cast(Quantity, np.tile(values, count)) if is_row and count > 1 else values

    def _check_positive(self, name: str, values: Array) -> None:
        wrong = np.flatnonzero(~((values > 0) & (values < np.inf)))
        if wrong.size:
            place = f" in compartment {wrong[0]}" if values.size > 1 else ""
            raise ValueError(
                f"{name} of '{self.name}' has to be positive and finite, not {values[wrong[0]]}{place} (SI units)."
            )

    def before_run(self, run_namespace: Mapping[str, object]) -> None:
        """Checks equations, and that scripts have not set what the cable equation is divided by to zero.

        Raises:
            ValueError: If a capacitance, resistance or size of a compartment is not positive.
        """
        super().before_run(run_namespace)
        for name in ("Cm", "Ri", "diameter"):
            self._check_positive(name, np.ravel(self.state(name, use_units=False).get_item(slice(None))))

    # ------------------------------------------------------------------ parts of the neuron

    def part(self, section: Morphology, *, alone: bool = False, cell: int = 0) -> SpatialSubgroup:
        """Returns the compartments of a section of a cell's morphology.

        Args:
            section: The section.
            alone: Whether the sections behind it are left out.
            cell: The number of the cell.
        """
        return SpatialSubgroup(self, *self.extent_of(section, cell, alone=alone), section, cell)

    def extent_of(self, section: Morphology, cell: int, *, alone: bool = False) -> tuple[int, int]:
        """Returns the first compartment of a section of a cell and one past the last; see `part`."""
        start = int(self.starts[cell]) + self._first[section]
        return start, start + (section.n if alone else section.total_compartments)

    def places_of(self, numbers: Array, group: object) -> Array:
        """Returns the numbers that compartments of the morphology have in this group, or a part of it.

        Args:
            numbers: The numbers in the morphology.
            group: The group, or the part.

        Raises:
            IndexError: If they are not all in that part.
            TypeError: If its cells have different morphologies.
        """
        if isinstance(group, Compartments):
            return _positions(self.places_of(numbers, self), group)
        assert isinstance(group, Group), "other groups have no morphology"
        start, stop = group.extent
        first, last = np.searchsorted(self.starts, (start, stop - 1), side="right") - 1
        if len({id(one) for one in self.morphologies[first : last + 1]}) > 1:
            raise TypeError(
                f"The cells of '{group.name}' have different morphologies: take one of them, {self.name}.cell[k], for "
                "parts of its morphology."
            )
        places = (self.starts[first : last + 1, None] + numbers).reshape(-1)
        if places.size and not start <= places[0] <= places[-1] < stop:
            raise IndexError(f"The compartments {numbers[0]} to {numbers[-1]} are not in '{group.name}'.")
        return places - start

    @property
    def main(self) -> SpatialSubgroup | Compartments:
        """The compartments of the first section alone, of all cells."""
        if len(self.morphologies) == 1:
            return self.part(self.morphologies[0], alone=True)
        return main_of(self, range(len(self.morphologies)))

    def __getattr__(self, name: str) -> Any:
        known: Sequence[Morphology] = self.__dict__.get("morphologies", ())
        if name == "cell" and self.__dict__.get("_numbered"):
            return Cells(self)
        if len(known) == 1:
            section = child_of(known[0], self, name)
            if section is not None:
                return self.part(section)
        elif known and not name.startswith("_") and name not in self.__dict__.get("variables", ()):
            found = section_of(self, range(len(known)), name)
            if found is not None:
                return found
        if name in ("cell", "cells") and known and name not in self.variables:
            return Cells(self) if name == "cell" else len(known)
        if name == "flat_morphology" and known and self._is_uniform:
            return self.__dict__.setdefault(name, FlatMorphology(known[0]))
        if name in ("morphology", "flat_morphology") and known:
            flat = "" if name == "morphology" else f", FlatMorphology({self.name}.morphologies[k])"
            raise AttributeError(
                f"The cells of '{self.name}' have different morphologies: use {self.name}.morphologies[k]{flat}."
            )
        try:
            return super().__getattr__(name)
        except AttributeError as error:
            raise with_sections(error, known[0] if len(known) == 1 else None, name) from None

    def __getitem__(self, item: object) -> Any:
        if len(self.morphologies) == 1:
            return selected(self, self, self.morphologies[0], 0, item) or super().__getitem__(item)
        return chosen(self, self, range(len(self.morphologies)), item) or super().__getitem__(item)

    def __dir__(self) -> list[str]:
        names = {name for one in dict.fromkeys(self.morphologies) for name in one.children.names()}
        return sorted({*super().__dir__(), *names, "cell", "cells", "flat_morphology"})


def _positions(numbers: Array, group: Compartments) -> Array:
    places = np.searchsorted(group.numbers, numbers)
    if not np.isin(numbers, group.numbers).all():
        raise IndexError(f"The compartments {numbers[0]} to {numbers[-1]} are not all in '{group.name}'.")
    return places


def _check_method(method: Method) -> None:
    if may_choose_steps(method):
        raise NotImplementedError(
            f"SpatialNeuron cannot be integrated with the method '{getattr(method, 'name', method)}': methods that "
            "choose their own steps would not see the currents between compartments change. Use "
            "'exponential_euler', or 'rk4' with a smaller dt."
        )


def _first_compartments(morphologies: Sequence[Morphology]) -> dict[Morphology, int]:
    """Returns the number that the first compartment of each section has in its cell."""
    found: dict[Morphology, int] = {}
    for one in dict.fromkeys(morphologies):
        sections = [*one.sections()]
        found.update(zip(sections, np.cumsum([0, *(k.n for k in sections)]).tolist(), strict=False))
    return found


def _where(places: Sequence[int]) -> str:
    """Returns the condition that a compartment is the one of its cell in which the threshold is applied."""
    if len(places) == 1:
        return f"i == {places[0]}"
    return f"compartment == {places[0]}" if len(set(places)) == 1 else LOCATED


def _check_free(equations: Equations) -> None:
    for name in CELL_NAMES & set(equations):
        raise EquationError(
            f"Duplicate definition of variable '{name}': every SpatialNeuron of many cells has one of its own."
        )


__all__ = ["SpatialNeuron"]
