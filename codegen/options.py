"""What the user may choose about code generation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FastMath = Literal["off", "contract", "fast"]
"""How freely floating-point arithmetic may be rearranged; see `CodegenOptions`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodegenOptions:
    """Choices that change the machine code; all of them are part of the cache key.

    Attributes:
        fast_math: "off": every operation is rounded by itself, as written. "contract": a multiplication and an addition
            may become one fused operation, which is rounded once. "fast": sums may also be reordered, divisions become
            multiplications with the reciprocal, the sign of zero is ignored. Infinities and NaN keep their meaning in
            all three: models use them (`lastspike` starts at minus infinity).
        optimise: LLVM's optimisation level, 0 to 3.
        locations: Write the place in the source beside the instructions of the LLVM text.
        debug_info: The directory with the texts that source locations name: machine code then says which of their lines
            each instruction computes; "" for code that does not.
        profile: Whether the program measures the time and the bytes of each of its sweeps.
    """

    fast_math: FastMath = "contract"
    optimise: int = 2
    locations: bool = False
    debug_info: str = ""
    profile: bool = False

    def __post_init__(self) -> None:
        """Raises `ValueError` for values that do not exist."""
        if self.fast_math not in ("off", "contract", "fast"):
            raise ValueError(f"fast_math must be 'off', 'contract' or 'fast', not {self.fast_math!r}")
        if self.optimise not in (0, 1, 2, 3):
            raise ValueError(f"optimise must be 0, 1, 2 or 3, not {self.optimise!r}")
