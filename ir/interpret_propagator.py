"""The exponential of small matrices, for the interpreter's `snn.propagator`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

TERMS = 18
"""Terms of the Taylor series; enough for double precision at a norm of 1/2 (0.5**19/19! < 2e-23)."""


def matrix_exponential(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns exp of a stack of matrices of shape (..., n, n) by scaling and squaring of the Taylor series.

    The matrix is halved until its norm is at most 1/2; the result is squared as often (Moler & Van Loan 2003, SIAM
    Review 45, method 3). A matrix that is not finite gives NaN.
    """
    norm = np.abs(matrix).sum(axis=-1).max(axis=-1, initial=0.0)
    finite = np.isfinite(norm)
    halvings = np.where(finite & (norm > 0.5), np.ceil(np.log2(np.where(finite & (norm > 0), norm, 1.0)) + 1), 0)
    squarings = int(halvings.max(initial=0))
    identity = np.eye(matrix.shape[-1])
    scaled = np.where(finite[..., None, None], matrix, 0.0) / 2.0 ** halvings[..., None, None]
    result: NDArray[Any] = np.broadcast_to(identity, matrix.shape)
    for k in range(TERMS, 0, -1):  # Horner: 1 + A/1 (1 + A/2 (1 + ...))
        result = identity + scaled @ result / k
    for k in range(squarings):
        squared = result @ result
        result = np.where((k < halvings)[..., None, None], squared, result)
    return np.where(finite[..., None, None], result, np.nan)
