"""What tests of packages for Brian compare with: `brian2.tests.utils`."""

from __future__ import annotations

from typing import Any

import numpy as np

from ranvier.public import public_in
from ranvier.session.preferences import prefs
from ranvier.units import DimensionMismatchError, Quantity, get_dimensions, have_same_dimensions

TOLERANCE = 4.5e8
"""Relative difference that is allowed, in units of the precision of float variables: 1e-7 in double precision."""


@public_in("ranvier.tests.utils")
def assert_allclose(actual: Any, desired: Any, rtol: float = TOLERANCE, atol: float = 0, **kwds: Any) -> None:
    """Checks that values have the same unit, and differ by little.

    Args:
        actual: The values.
        desired: What they should be.
        rtol: Relative difference that is allowed, in units of the precision of float variables.
        atol: Absolute difference that is allowed, in SI units.
        **kwds: As for `numpy.testing.assert_allclose`.

    Raises:
        AssertionError: They differ.
        DimensionMismatchError: The units do.
    """
    _check_units(actual, desired)
    precision = np.finfo(prefs["core.default_float_dtype"]).eps
    np.testing.assert_allclose(_plain(actual), _plain(desired), rtol=rtol * precision, atol=float(atol), **kwds)


@public_in("ranvier.tests.utils")
def assert_equal(actual: Any, desired: Any, *args: Any, **kwds: Any) -> None:
    """Checks that values are equal and have the same unit.

    Raises:
        AssertionError: They differ.
        DimensionMismatchError: The units do.
    """
    _check_units(actual, desired)
    np.testing.assert_equal(_plain(actual), _plain(desired), *args, **kwds)


@public_in("ranvier.tests.utils")
def exc_isinstance(exc_info: Any, expected_exception: type[BaseException], raise_not_implemented: bool = False) -> bool:
    """Tells whether an error, or one that it was raised from, is of a class.

    Args:
        exc_info: The error, or what `pytest.raises` gives.
        expected_exception: The class.
        raise_not_implemented: Whether a `NotImplementedError` in the chain is raised instead.
    """
    error: BaseException | None = getattr(exc_info, "value", exc_info)
    while error is not None:
        if isinstance(error, expected_exception):
            return True
        if raise_not_implemented and isinstance(error, NotImplementedError):
            raise error
        error = error.__cause__
    return False


def _check_units(actual: Any, desired: Any) -> None:
    if not isinstance(actual, str) and not have_same_dimensions(actual, desired):
        raise DimensionMismatchError(
            "The values differ in their units", get_dimensions(actual), get_dimensions(desired)
        )


def _plain(value: Any) -> Any:
    return np.asarray(value) if isinstance(value, Quantity) or hasattr(value, "get_item") else value
