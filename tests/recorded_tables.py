"""Tables that are filled as compiled code fills them."""

import numpy as np

from ranvier.runtime.columns import Column
from ranvier.runtime.recorder import Table

WIDTH = 50


def new_table(width=WIDTH, **options):
    columns = [Column("t", np.dtype(np.float64), unit="s"), Column("v", np.dtype(np.float64), width, "V")]
    return Table(columns, name="statemonitor", indices=range(width), **options)


def fill(table, start, stop):
    """Appends rows in blocks as native code does, turning over when full."""
    width = table.columns[1].width
    while start < stop:
        if table.control[0] == table.control[1]:
            table.turn_over()
        first = int(table.control[0])
        n = min(stop - start, int(table.control[1]) - first)
        steps = np.arange(start, start + n)
        table.buffers[0][first : first + n] = steps * 0.1
        table.buffers[1][first * width : (first + n) * width] = (steps[:, None] + np.arange(width)).ravel()
        table.control[0] += n
        start += n


def check(table, n):
    assert table.rows == n
    np.testing.assert_array_equal(table.values("t"), np.arange(n) * 0.1)
    np.testing.assert_array_equal(table.values("v"), np.arange(n)[:, None] + np.arange(table.columns[1].width))
    arrow = table.to_arrow()
    assert arrow.num_rows == n
    assert arrow["v"].combine_chunks().flatten().to_numpy().reshape(n, -1)[-1, 0] == n - 1
