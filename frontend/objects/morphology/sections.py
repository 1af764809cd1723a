"""The kinds of sections: a sphere, a cylinder, a sequence of truncated cones."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ranvier.objects.memory.arrays import Array
from ranvier.objects.morphology.morphology import Morphology, in_metres
from ranvier.public import public
from ranvier.units import Quantity, check_units, meter

NO_LENGTH = "No length specified, need to specify at least one out of x, y, or z."


def _plain(values: object, what: str = "coordinates") -> Array:
    try:
        if np.asarray(values).dtype.kind in "US":  # numpy makes a number of "10"
            raise TypeError(values)
        return np.array(values, dtype=float)
    except (TypeError, ValueError):
        raise TypeError(f"The {what} of a section are numbers with a unit, e.g. 30*um, not {values!r}.") from None


def _same_point(x: object, y: object, z: object) -> Array | None:
    """Coordinates of a sphere's centre, as start and end; None if there are none."""
    if x is None and y is None and z is None:
        return None
    values = [_plain(0.0 if k is None else k) for k in (x, y, z)]
    if any(k.ndim for k in values):
        raise TypeError("Coordinates have to be scalar values.")
    return np.array([values, values])


def _points(x: object, y: object, z: object, count: int, message: str) -> Array:
    """Coordinates of `count` points, missing ones zero: an array of `count` rows."""
    if x is None and y is None and z is None:
        raise TypeError(NO_LENGTH)
    columns: list[Array] = []
    for name, values in (("x", x), ("y", y), ("z", z)):
        column = np.zeros(count) if values is None else _plain(values)
        if column.shape != (count,):
            raise TypeError(message.format(name))
        columns.append(column)
    return np.stack(columns, axis=1)


@public
class Soma(Morphology):
    """A spherical soma: one compartment, practically without axial resistance.

    Args:
        diameter: Its diameter.
        x: Coordinate of its centre, relative to the end of the parent, if there is one.
        y: Likewise.
        z: Likewise.
        type: What it is.
    """

    _path = 0.0

    @check_units(diameter=meter, x=meter, y=meter, z=meter)
    def __init__(
        self, diameter: object, x: object = None, y: object = None, z: object = None, type: str | None = "soma"
    ) -> None:
        Morphology.__init__(self, 1, type)
        size = _plain(diameter, "diameter")
        if size.size != 1 or size.ndim:
            raise TypeError("Diameter has to be a scalar value.")
        self._diameter = float(size)
        if not 0 < self._diameter < np.inf:
            raise ValueError(f"The diameter of a soma has to be positive and finite, not {self._diameter} m.")
        self._length = np.array([self._diameter])
        self._relative = _same_point(x, y, z)

    def _geometry(self) -> dict[str, Array]:
        d = self._length
        one = np.ones(1)
        return {
            "area": math.pi * d**2,
            "volume": math.pi / 6 * d**3,
            "diameter": d,
            "r_length_1": one,
            "r_length_2": one,
        }

    def copy_section(self) -> Soma:
        """Returns a copy of the soma alone."""
        x, y, z = (None, None, None) if self._relative is None else (in_metres(k) for k in self._relative[0])
        return Soma(in_metres(self._diameter), x, y, z, type=self.type)

    def __repr__(self) -> str:
        text = f"Soma(diameter={in_metres(self._diameter)!r}"
        if self._relative is not None:
            for axis, value in zip("xyz", self._relative[0], strict=True):
                text += f", {axis}={in_metres(value)!r}"
        return text + (f", type={self.type!r})" if self.type != "soma" else ")")


@public
class Section(Morphology):
    """An unbranched sequence of truncated cones.

    Args:
        diameter: Diameters at the n + 1 ends of compartments.
        n: Number of compartments.
        length: Lengths of the compartments; or else coordinates.
        x: Coordinates of the n + 1 ends of compartments, relative to the end of the parent, if there is one.
        y: Likewise.
        z: Likewise.
        start_diameter: Accepted for compatibility: the first of the diameters.
        origin: Accepted for compatibility: coordinates are relative to the end of the parent.
        type: What it is.

    Raises:
        TypeError: If sizes do not fit, or length and coordinates are both given, or neither.
        ValueError: If n is less than 1.
    """

    @check_units(diameter=meter, length=meter, x=meter, y=meter, z=meter, start_diameter=meter, origin=meter)
    def __init__(
        self,
        diameter: object,
        n: int = 1,
        length: object = None,
        x: object = None,
        y: object = None,
        z: object = None,
        start_diameter: object = None,
        origin: object = None,
        type: str | None = None,
    ) -> None:
        Morphology.__init__(self, n, type)
        self._diameters = _plain(diameter, "diameters")
        if self._diameters.shape != (self.n + 1,):
            raise TypeError(
                f"The diameters of {self.n} compartments are those at their ends: {self.n + 1} values, not of shape "
                f"{self._diameters.shape}."
            )
        self._set_lengths(length, x, y, z)

    def _set_lengths(self, length: object, x: object, y: object, z: object) -> None:
        if length is None:
            message = f"'{{}}' needs to be a 1-dimensional array of length {self.n + 1}."
            self._set_points(_points(x, y, z, self.n + 1, message))
            return
        if not (x is None and y is None and z is None):
            raise TypeError("Give the length, or the coordinates x, y, z, not both.")
        self._length = _plain(length, "lengths")
        if self._length.shape != (self.n,):
            raise TypeError(
                f"The lengths of {self.n} compartments are {self.n} values, not of shape {self._length.shape}."
            )
        self._relative = None
        self._path = float(self._length.sum())

    def _set_points(self, points: Array) -> None:
        self._relative = points
        self._length = np.linalg.norm(np.diff(points, axis=0), axis=1)
        self._path = float(self._length.sum())

    @property
    def start_diameter(self) -> Quantity:
        """Diameter at the start of each compartment."""
        return in_metres(self._diameters[:-1])

    @property
    def end_diameter(self) -> Quantity:
        """Diameter at the end of each compartment."""
        return in_metres(self._diameters[1:])

    def _geometry(self) -> dict[str, Array]:
        d1, d2, length = self._diameters[:-1], self._diameters[1:], self._length
        middle = (d1 + d2) / 2
        with np.errstate(divide="ignore", invalid="ignore"):  # points that coincide: a neuron refuses them
            per_length = math.pi / 2 * middle / length
        return {
            "area": math.pi / 2 * (d1 + d2) * np.sqrt((d1 - d2) ** 2 / 4 + length**2),
            "volume": math.pi * length * (d1**2 + d1 * d2 + d2**2) / 12,
            "diameter": middle,
            "r_length_1": d1 * per_length,
            "r_length_2": d2 * per_length,
        }

    def _arguments(self) -> dict[str, Any]:
        """Returns the arguments that make a section like this one, without diameter and n."""
        if self._relative is None:
            return {"length": in_metres(self._length), "type": self.type}
        return {**{k: in_metres(v) for k, v in zip("xyz", self._relative.T, strict=True)}, "type": self.type}

    def copy_section(self) -> Section:
        """Returns a copy of the section alone."""
        return Section(in_metres(self._diameters), self.n, **self._arguments())

    def _shown_diameter(self) -> Quantity:
        return in_metres(self._diameters)

    def __repr__(self) -> str:
        arguments = self._arguments()
        if self._relative is None:
            arguments["length"] = in_metres(self._path)
        if self.type is None:
            del arguments["type"]
        count = {} if self.n == 1 else {"n": self.n}
        shown = {"diameter": self._shown_diameter(), **count, **arguments}
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in shown.items())})"


@public
class Cylinder(Section):
    """A cylinder of n equal compartments.

    Args:
        diameter: Its diameter.
        n: Number of compartments.
        length: Its whole length; or else coordinates.
        x: Coordinates of start and end, relative to the end of the parent, if there is one.
        y: Likewise.
        z: Likewise.
        type: What it is.

    Raises:
        TypeError: If a value is no single one, or length and coordinates are both given, or neither.
        ValueError: If n is less than 1.
    """

    @check_units(diameter=meter, length=meter, x=meter, y=meter, z=meter)
    def __init__(
        self,
        diameter: object,
        n: int = 1,
        length: object = None,
        x: object = None,
        y: object = None,
        z: object = None,
        type: str | None = None,
    ) -> None:
        Morphology.__init__(self, n, type)
        size = _plain(diameter, "diameter")
        if size.ndim:
            raise TypeError("The diameter argument has to be a single value.")
        self._diameters = np.full(self.n + 1, float(size))
        self._set_lengths(length, x, y, z)

    def _set_lengths(self, length: object, x: object, y: object, z: object) -> None:
        if length is None:
            message = "{} needs to be a 1-dimensional array of length 2 (start and end point)"
            start, end = _points(x, y, z, 2, message)
            parts = np.arange(self.n + 1)[:, np.newaxis] / self.n
            self._set_points(start + parts * (end - start))
            return
        total = _plain(length, "length")
        if total.ndim:
            raise TypeError("The length argument has to be a single value.")
        super()._set_lengths(in_metres(np.full(self.n, total / self.n)), x, y, z)

    def copy_section(self) -> Cylinder:
        """Returns a copy of the cylinder alone."""
        arguments = self._arguments()
        if self._relative is None:
            arguments["length"] = in_metres(self._path)
        return Cylinder(self._shown_diameter(), self.n, **arguments)

    def _arguments(self) -> dict[str, Any]:
        arguments = super()._arguments()
        return {k: v[[0, -1]] if k in ("x", "y", "z") else v for k, v in arguments.items()}

    def _shown_diameter(self) -> Quantity:
        return in_metres(self._diameters[0])
