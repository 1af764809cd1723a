"""Looking on while programs are made: what each pass changes, counts and costs."""

from __future__ import annotations

FLAGS_VARIABLE = "RANVIER_FLAGS"
"""Environment variable: what is shown of the programs of a script, as options of `ranvier-opt`."""
