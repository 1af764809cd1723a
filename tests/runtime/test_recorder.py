"""Tables of monitors in memory: growth, reading, Arrow layouts, store and restore."""

import pickle

import numpy as np
import pytest

from ranvier.runtime.columns import Column
from ranvier.runtime.recorder import Table

F8, I4, B1 = np.dtype(np.float64), np.dtype(np.int32), np.dtype(np.bool_)


def spikes(**options):
    return Table([Column("t", F8, unit="s"), Column("i", I4)], name="spikemonitor", **options)


def states(width=3, **options):
    columns = [Column("t", F8, unit="s"), Column("v", F8, width, "V"), Column("on", B1, width)]
    return Table(columns, name="statemonitor", indices=range(10, 10 + width), **options)


def append(table, *row):
    """Does what native code does, and what the host does when it says that the table is full."""
    if table.control[0] + 1 > table.control[1]:
        table.turn_over()
    k = table.control[0]
    for column, buffer, value in zip(table.columns, table.buffers, row, strict=True):
        if column.width is None:
            buffer[k] = value
        else:
            buffer[k * column.width : (k + 1) * column.width] = value
    table.control[0] += 1


def fill(table, start, stop):
    for k in range(start, stop):
        if len(table.columns) == 2:
            append(table, k * 0.5, k % 7)
        else:
            width = table.columns[1].width
            append(table, k * 0.5, k + np.arange(width) / 10, (k + np.arange(width)) % 2 == 0)


def check(table, n):
    assert table.rows == n
    np.testing.assert_array_equal(table.values("t"), np.arange(n) * 0.5)
    if len(table.columns) == 2:
        np.testing.assert_array_equal(table.values("i"), np.arange(n) % 7)
        assert table.values("i").dtype == np.int32
    else:
        expected = np.arange(n)[:, None] + np.arange(table.columns[1].width) / 10
        np.testing.assert_array_equal(table.values("v"), expected)
        np.testing.assert_array_equal(table.values("on"), np.rint(expected * 10 - 9 * np.arange(n)[:, None]) % 2 == 0)


def test_an_empty_table_has_shapes_and_types():
    table = states()
    assert table.rows == 0
    assert table.values("v").shape == (0, 3) and table.values("v").dtype == np.float64
    assert table.values("t").shape == (0,)
    assert table.to_arrow().num_rows == 0


def test_many_chunks_concatenate():
    table = spikes(chunk_bytes=1000)
    fill(table, 0, 1000)
    assert len(table.chunks) > 10
    check(table, 1000)
    fill(table, 1000, 1100)
    check(table, 1100)


def test_chunks_grow_up_to_the_limit_and_stay_aligned():
    table = spikes(chunk_bytes=200_000)
    sizes = []
    for _ in range(8):
        assert all(buffer.ctypes.data % 64 == 0 for buffer in table.buffers)
        sizes.append(table.control[1] * 12)
        table.control[0] = table.control[1]
        table.turn_over()
    assert sizes[0] <= 16 * 1024
    assert sizes == sorted(sizes)
    assert 100_000 < sizes[-1] <= 200_000


def test_the_control_block_stays_where_it_is():
    table = spikes(chunk_bytes=1000)
    address = table.control.ctypes.data
    fill(table, 0, 500)
    table.clear()
    assert table.control.ctypes.data == address
    assert list(table.control) == [0, table.control[1]]


def test_reserve_makes_room_for_an_instant():
    table = spikes(chunk_bytes=1000)
    fill(table, 0, 50)
    table.reserve(100_000)
    assert table.control[1] - table.control[0] >= 100_000
    assert all(len(buffer) >= 100_000 for buffer in table.buffers)
    check(table, 50)
    fill(table, 50, 60)
    table.turn_over()
    assert table.control[1] >= 100_000
    check(table, 60)


def test_values_do_not_change_later_and_are_kept():
    table = spikes()
    fill(table, 0, 10)
    early = table.values("t")
    assert table.values("t") is early
    with pytest.raises(ValueError, match="read-only"):
        early[0] = 1
    fill(table, 10, 20)
    assert len(early) == 10
    assert len(table.values("t")) == 20
    buffer = table.buffers[0]
    buffer[:] = -1
    np.testing.assert_array_equal(early, np.arange(10) * 0.5)


def test_values_do_not_double_the_memory():
    table = spikes(chunk_bytes=1000)
    fill(table, 0, 10_000)
    before = table.memory_bytes
    table.values("t"), table.values("i")
    assert table.memory_bytes < before + 3000
    check(table, 10_000)


def test_room_that_no_row_has_been_in_is_no_memory():
    table = spikes(chunk_bytes=1000)
    table.make_room(100_000)
    assert table.control[1] >= 100_000 and table.memory_bytes == 0
    fill(table, 0, 1000)
    row = sum(column.row_bytes for column in table.columns)
    assert table.memory_bytes == 1000 * row
    table.begin_again()  # the same memory, which is not given back
    assert table.rows == 0 and table.memory_bytes == 1000 * row
    fill(table, 0, 10)
    table.values("t")
    assert table.memory_bytes == 1000 * row + table.values("t").nbytes


def test_a_chunk_lacks_room_where_no_stretch_of_instants_fits_any_more():
    """Native code would go through fewer and fewer instants at once; a new chunk has room for two stretches."""
    table = spikes(chunk_bytes=1000)
    table.reserve(10)
    table.make_room(300)
    capacity = int(table.control[1])
    assert capacity == 2 * 300 * 10
    table.control[0] = capacity - 3000
    assert not table.lacks_room(300)
    table.control[0] += 1
    assert table.lacks_room(300) and not table.lacks_room(299) and not table.full
    table.control[0] = capacity - 9
    assert table.lacks_room(1) and table.full


def test_a_chunk_with_little_room_is_used_up_to_its_half():
    """Where a whole stretch does not fit into an empty chunk, because memory is limited, that does not lack room."""
    table = spikes(chunk_bytes=1000)
    table.reserve(10)
    capacity = int(table.control[1])
    assert not table.lacks_room(10**9)
    table.control[0] = capacity // 2
    assert not table.lacks_room(10**9)
    table.control[0] += 1
    assert table.lacks_room(10**9)


def test_what_lies_in_buffers_that_are_lent_counts_once():
    table = spikes(chunk_bytes=100_000)
    table.lent = True
    fill(table, 0, 1000)
    table.turn_over()
    fill(table, 1000, 1100)
    assert len(table.chunks) == 2 and table.memory_bytes == 1100 * sum(column.row_bytes for column in table.columns)


def test_a_table_without_columns_takes_any_number_of_events():
    table = Table([])
    table.reserve(10**9)
    assert table.control[1] > 10**12
    assert table.rows == 0 and table.memory_bytes == 0


def test_unknown_columns_and_layouts_are_named():
    with pytest.raises(KeyError, match="spikemonitor has no column 'v'; it has t, i"):
        spikes().values("v")
    with pytest.raises(ValueError, match="layouts of recorded tables are nested, wide, long, not 'tidy'"):
        spikes().to_arrow("tidy")
    with pytest.raises(ValueError, match="different names"):
        Table([Column("t", F8), Column("t", F8)])


def test_clear_keeps_what_was_handed_out():
    table = spikes()
    fill(table, 0, 5)
    arrow = table.to_arrow()
    table.clear()
    fill(table, 100, 105)
    np.testing.assert_array_equal(arrow["t"].to_numpy(), np.arange(5) * 0.5)
    assert table.rows == 5
    np.testing.assert_array_equal(table.values("t"), np.arange(100, 105) * 0.5)


def test_snapshots_go_back_and_can_be_pickled():
    table = states(chunk_bytes=500)
    fill(table, 0, 30)
    snapshot = pickle.loads(pickle.dumps(table.snapshot()))
    shared = table.snapshot()
    fill(table, 30, 60)
    check(table, 60)
    for stored in (snapshot, shared):
        table.restore(stored)
        check(table, 30)
        fill(table, 30, 40)
        check(table, 40)
    other = states(chunk_bytes=500)
    other.restore(snapshot)
    check(other, 30)
    with pytest.raises(ValueError, match="other columns"):
        spikes().restore(snapshot)


def test_going_back_again_and_again_takes_no_more_memory():
    table = spikes()
    stored, sizes = table.snapshot(), []
    for _ in range(20):
        fill(table, 0, 5)
        table.restore(stored)
        sizes.append(sum(buffer.nbytes for buffer in table.buffers))
    assert len(set(sizes)) == 1


def test_nested_arrow_shares_the_memory():
    table = states(chunk_bytes=500)
    fill(table, 0, 20)
    arrow = table.to_arrow()
    assert arrow.schema.metadata == {b"monitor": b"statemonitor", b"indices": b"10,11,12"}
    assert arrow.schema.field("v").metadata == {b"unit": b"V"}
    assert arrow["v"].num_chunks > 1
    for chunk, part in zip(table.chunks, arrow["v"].chunks, strict=True):
        values = part.flatten().to_numpy()
        np.testing.assert_array_equal(values.reshape(-1, 3), chunk.arrays[1])
        assert np.shares_memory(values, chunk.arrays[1])
    assert arrow["on"].to_pylist()[1] == [False, True, False]
    arrow.validate(full=True)


def test_wide_and_long_arrow():
    table = states(chunk_bytes=500)
    fill(table, 0, 20)
    wide = table.to_arrow("wide")
    assert wide.column_names == ["t", "v[10]", "v[11]", "v[12]", "on[10]", "on[11]", "on[12]"]
    np.testing.assert_array_equal(wide["v[11]"].to_numpy(), table.values("v")[:, 1])
    long = table.to_arrow("long")
    assert long.column_names == ["t", "i", "v", "on"]
    assert long.slice(4, 1).to_pylist() == [{"t": 0.5, "i": 11, "v": 1.1, "on": True}]
    np.testing.assert_array_equal(long["v"].to_numpy(), table.values("v").ravel())
    for arrow in (wide, long):
        arrow.validate(full=True)


def test_nothing_recorded_of_a_variable():
    table = Table([Column("t", F8), Column("v", F8, 0)], name="statemonitor")
    append(table, 1.0, [])
    append(table, 2.0, [])
    assert table.values("v").shape == (2, 0)
    for layout in ("nested", "wide", "long"):
        assert table.to_arrow(layout).column_names == ["t"]


def test_data_frames():
    from ranvier.runtime.frames import to_pandas, to_polars

    table = states()
    fill(table, 0, 4)
    frame = to_pandas(table)
    assert list(frame.columns) == ["t", "i", "v", "on"] and len(frame) == 12
    assert frame[frame.i == 11].v.tolist() == [0.1, 1.1, 2.1, 3.1]
    assert to_polars(table, "wide")["v[12]"].to_list() == [0.2, 1.2, 2.2, 3.2]


def test_missing_data_frame_packages_name_the_extra(monkeypatch):
    from ranvier.runtime import frames

    monkeypatch.setitem(__import__("sys").modules, "polars", None)
    with pytest.raises(ImportError, match=r"pip install polars .*'frames'"):
        frames.to_polars(spikes())


def test_a_table_that_begins_again_uses_its_memory_and_keeps_what_was_given():
    table = spikes(chunk_bytes=64 * 1024)
    table.reserve(10)
    fill(table, 0, 3000)  # several chunks
    before = table.values("t")
    table.begin_again()
    assert table.rows == 0 and len(table.values("t")) == 0 and table.control[1] >= 3000
    fill(table, 0, 3000)
    buffers = [id(buffer) for buffer in table.buffers]
    table.begin_again()
    assert buffers == [id(buffer) for buffer in table.buffers], "there is room for as many rows"
    fill(table, 5000, 5003)
    assert table.rows == 3 and (table.values("t") == [2500, 2500.5, 2501]).all()
    assert len(before) == 3000 and before[-1] == 1499.5


def test_a_table_that_begins_again_stays_within_its_limit():
    table = spikes(chunk_bytes=1200)
    fill(table, 0, 1000)
    table.begin_again()
    assert table.control[1] == 100
    buffers = [id(buffer) for buffer in table.buffers]
    fill(table, 0, 50)
    table.begin_again()
    assert buffers == [id(buffer) for buffer in table.buffers]
