"""`SpatialNeuron`: one neuron with many compartments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np

from ranvier.equations import Equations
from ranvier.equations.models import as_equations
from ranvier.objects.groups.subgroup import Subgroup
from ranvier.objects.morphology.equations import spatial_equations
from ranvier.objects.morphology.morphology import Morphology
from ranvier.objects.morphology.update import SpatialStateUpdater
from ranvier.objects.morphology.views import SubMorphology, is_length
from ranvier.objects.neurons.neurongroup import NeuronGroup
from ranvier.objects.neurons.refractory import Refractory
from ranvier.objects.neurons.state_updater import Method
from ranvier.objects.variables.inner_steps import may_choose_steps
from ranvier.objects.variables.variables import ArrayVariable
from ranvier.public import public, public_in
from ranvier.session.clocks import Clock
from ranvier.units import Quantity, cm, ohm, uF

GEOMETRY = ("area", "diameter", "distance", "length", "r_length_1", "r_length_2", "volume")


@public
class SpatialNeuron(NeuronGroup):
    """One neuron with a morphology: its elements are the compartments.

    The model defines the membrane current, `Im = ... : amp/meter**2`, by the membrane potential `v` and other
    variables. Variables with the flag (point current) are currents into a compartment. `SpatialStateUpdater` says what
    a step does.

    Args:
        morphology: The morphology; a copy of it is kept.
        model: The equations.
        threshold: Condition for a spike.
        refractory: A time, text that means a time, or a condition.
        reset: Statements executed for compartments that spiked.
        events: Further events: name → condition.
        threshold_location: The only compartment in which the threshold is applied: its number, or a part of the
            morphology that is a single compartment. None: all.
        dt: Step length of a clock of its own.
        clock: The clock; neither means `defaultclock`.
        order: Place among objects of the same slot.
        Cm: Capacitance of the membrane, one value or one for each compartment.
        Ri: Resistivity of the inside.
        name: The name.
        dtype: Type of float variables, or name of a variable → type.
        namespace: Names for the texts of the neuron, before those of the script.
        method: Name of an integration method for the other equations, or names to choose from; or a method.
        method_options: Options of the method.

    Attributes:
        morphology: The morphology.
        diffusion_state_updater: The object that integrates the membrane potential.

    Raises:
        TypeError, ValueError, EquationError, SyntaxError, AttributeError: What is wrong with the arguments.
    """

    def __init__(
        self,
        morphology: Morphology | None = None,
        model: str | Equations | None = None,
        threshold: str | None = None,
        refractory: Refractory = False,
        reset: str | None = None,
        events: Mapping[str, str] | None = None,
        threshold_location: int | SubMorphology | Morphology | None = None,
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
    ) -> None:
        if may_choose_steps(method):
            raise NotImplementedError(
                f"SpatialNeuron cannot be integrated with the method '{getattr(method, 'name', method)}': methods that "
                "choose their own steps would not see the currents between compartments change. Use "
                "'exponential_euler', or 'rk4' with a smaller dt."
            )
        equations = as_equations(model)
        if not isinstance(morphology, Morphology):
            raise TypeError(f"morphology has to be a Soma, Cylinder or Section, is '{type(morphology)}' instead.")
        self.morphology = morphology.copy()
        sections = [*self.morphology.sections()]
        self._first = dict(zip(sections, np.cumsum([0, *(section.n for section in sections)]).tolist(), strict=False))
        placed = all(section.has_coordinates for section in sections)
        if threshold_location is not None:
            threshold = _located(threshold, threshold_location, self.morphology.total_compartments)
        NeuronGroup.__init__(
            self,
            self.morphology.total_compartments,
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
            self._fill(quantity, np.concatenate([np.asarray(getattr(section, quantity)) for section in sections]))
        for what, value in (("Cm", Cm), ("Ri", Ri)):
            wrong = [
                each for each in np.ravel(np.asarray(value)) if not isinstance(value, str) and not 0 < each < np.inf
            ]
            if wrong:
                raise ValueError(f"{what} of '{self.name}' has to be positive and finite, not {wrong[0]} (SI units).")
        self.Cm, self.Ri = Cm, Ri
        self.add_attribute("diffusion_state_updater")
        self.diffusion_state_updater = SpatialStateUpdater(self)
        self._contained_objects.append(self.diffusion_state_updater)

    def _fill(self, name: str, values: object) -> None:
        variable = self.variables[name]
        assert isinstance(variable, ArrayVariable)
        variable.set_value(values)

    # ------------------------------------------------------------------ parts of the neuron

    def part(self, section: Morphology, *, alone: bool = False) -> SpatialSubgroup:
        """Returns the compartments of a section of this neuron's morphology.

        Args:
            section: The section.
            alone: Whether the sections behind it are left out.
        """
        start = self._first[section]
        return SpatialSubgroup(self, start, start + (section.n if alone else section.total_compartments), section)

    @property
    def main(self) -> SpatialSubgroup:
        """The compartments of the first section alone."""
        return self.part(self.morphology, alone=True)

    def __getattr__(self, name: str) -> Any:
        section = _child_of(self.__dict__.get("morphology"), self, name)
        return super().__getattr__(name) if section is None else self.part(section)

    def __getitem__(self, item: object) -> Subgroup:
        return _selected(self, self, self.morphology, item) or super().__getitem__(item)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.morphology.children.names()})


@public_in("ranvier.spatialneuron.spatialneuron")
class SpatialSubgroup(Subgroup):
    """The compartments of a section and those behind it.

    Args:
        source: The neuron.
        start: The first compartment.
        stop: One past the last.
        section: The section, in the neuron's morphology.

    Attributes:
        section: The section.
    """

    source: SpatialNeuron

    def __init__(self, source: SpatialNeuron, start: int, stop: int, section: Morphology) -> None:
        object.__setattr__(self, "section", section)
        super().__init__(source, start, stop)

    section: Morphology

    @property
    def main(self) -> SpatialSubgroup:
        """The compartments of the section alone."""
        return self.source.part(self.section, alone=True)

    def __getattr__(self, name: str) -> Any:
        section = _child_of(self.__dict__.get("section"), self, name)
        return super().__getattr__(name) if section is None else self.source.part(section)

    def __getitem__(self, item: object) -> Subgroup:
        return _selected(self, self.source, self.section, item) or super().__getitem__(item)

    def __repr__(self) -> str:
        return f"<SpatialSubgroup '{self.name}' of '{self.source.name}' from {self.start} to {self.stop}>"


def _child_of(section: Morphology | None, group: object, name: str) -> Morphology | None:
    """Returns the section behind another one that a name means, unless it means a variable; None if nothing."""
    if section is None or name.startswith("_") or name in group.__dict__.get("variables", ()):
        return None
    try:
        return section[name]
    except AttributeError:
        return None


def _selected(group: Any, neuron: SpatialNeuron, section: Morphology, item: Any) -> Subgroup | None:
    """Returns the part of a neuron that a part of a morphology, or lengths in a section, mean; else None."""
    if isinstance(item, (Morphology, SubMorphology, Subgroup)):
        numbers = np.atleast_1d(item.element_indices(neuron))
    elif is_length(item) or (isinstance(item, slice) and _has_lengths(cast("slice[object, object, object]", item))):
        numbers = section[item].indices[:]
    else:
        return None
    if not numbers.size:
        raise IndexError(f"There are no compartments of '{group.name}' in this range.")
    return Subgroup(neuron, int(numbers[0]), int(numbers[-1]) + 1)


def _has_lengths(item: slice[object, object, object]) -> bool:
    return is_length(item.start) or is_length(item.stop)


def _located(threshold: str | None, location: object, size: int) -> str:
    """Returns the threshold with the condition that the compartment is the one of `threshold_location`."""
    if threshold is None:
        raise ValueError("threshold_location says where the threshold is applied, but there is no threshold.")
    if isinstance(location, (Morphology, SubMorphology)):
        numbers = np.atleast_1d(location.indices[:])
        if numbers.size != 1:
            raise AttributeError("Threshold can only be applied on a single location")
        location = int(numbers[0])
    if np.size(np.asarray(location)) > 1:
        raise AttributeError(f"Threshold can only be applied on a single location, not on {location}.")
    if not isinstance(location, (int, np.integer)):
        raise TypeError(f"threshold_location has to be a number or a part of the morphology, not {location!r}.")
    if not 0 <= location < size:
        raise IndexError(f"threshold_location is {location}, but the neuron has the compartments 0 to {size - 1}.")
    return f"({threshold}) and (i == {location})"
