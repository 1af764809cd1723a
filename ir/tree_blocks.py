"""The table that says which trees `snn.solve_forest` solves together."""

from __future__ import annotations

LANES = 8
"""The most trees that are solved together: as many doubles as the widest vectors hold."""

FIRST_NODE, NODES, FIRST_ELEMENT, ELEMENTS, TREES, STARTS = range(6)
"""The columns of a row; see `ranvier.ir.trees.SolveForestOp`. From `STARTS` on there are `LANES` of them."""

COLUMNS = STARTS + LANES
"""The numbers of a row."""
