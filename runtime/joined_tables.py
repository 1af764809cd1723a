"""Tables that come in pieces as one: which columns go together, and as what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ranvier.runtime.arrow import pyarrow


def units_of(table: Any) -> dict[str, str]:
    """Returns the units of those columns that have one."""
    found: dict[str, str] = {}
    for field in table.schema:
        metadata: dict[bytes, bytes] = field.metadata or {}
        if b"unit" in metadata:
            found[field.name] = metadata[b"unit"].decode()
    return found


def joined(tables: Sequence[Any]) -> Any:
    """Returns one table of all rows.

    Where columns differ in type (all values missing, whole numbers, truth values) the wider one is taken. A column has
    the unit that it has in any of the tables: those in which all values are missing have none.

    Raises:
        ValueError: If values of a column are numbers here and texts there, or have several units.
    """
    pa = pyarrow()
    if len(tables) > 1 and not all(is_same_form(tables[0], each) for each in tables[1:]):
        tables = _alike(tables)
    return pa.concat_tables(tables, promote_options="permissive")


def is_same_form(one: Any, other: Any) -> bool:
    """Tells whether two tables have the same columns, types and units."""
    return bool(one.schema.equals(other.schema, check_metadata=True))


def are_alike(tables: Sequence[Any]) -> bool:
    """Tells whether the columns of tables hold values of the same kind and unit, as far as there are any."""
    known: dict[str, tuple[str, str]] = {}
    return all(known.setdefault(name, kind) == kind for table in tables for name, kind in kinds_in(table).items())


def kinds_in(table: Any) -> dict[str, tuple[str, str]]:
    """Returns what the values of each column are, numbers, texts or lists of them, and their units.

    Columns in which all values are missing are left out.
    """
    units, types = units_of(table), pyarrow("types")
    return {
        field.name: (_kind(field.type), units.get(field.name, ""))
        for field in table.schema
        if not types.is_null(field.type)
    }


def _kind(type: Any) -> str:
    types = pyarrow("types")
    if types.is_list(type) or types.is_large_list(type):
        return f"{_kind(type.value_type)}, in a list"
    return "a text" if types.is_string(type) or types.is_large_string(type) else "a number"


def _alike(tables: Sequence[Any]) -> list[Any]:
    """Returns tables with columns of one type and unit."""
    pa = pyarrow()
    fields: dict[str, Any] = {}
    for table in tables:
        for field in table.schema:
            known = fields.setdefault(field.name, field)
            try:
                unit = _only({_unit_in(known), _unit_in(field)} - {""})
                common = _wider(known.type, field.type)
            except ValueError as error:
                raise ValueError(f"The parts of a table do not go together: '{field.name}' has {error}.") from None
            fields[field.name] = pa.field(field.name, common, metadata={"unit": unit} if unit else None)
    return [_as_fields(table, fields) for table in tables]


def _as_fields(table: Any, fields: Mapping[str, Any]) -> Any:
    schema = pyarrow().schema([fields[name] for name in table.column_names], metadata=table.schema.metadata)
    return table.cast(schema)


def _unit_in(field: Any) -> str:
    metadata: dict[bytes, bytes] = field.metadata or {}
    return metadata.get(b"unit", b"").decode()


def _only(units: set[str]) -> str:
    if len(units) > 1:
        raise ValueError(f"the units {' and '.join(sorted(units))}")
    return next(iter(units), "")


def _wider(one: Any, other: Any) -> Any:
    """Returns the type of a column that holds the values of two."""
    pa, types = pyarrow(), pyarrow("types")
    if one.equals(other) or types.is_null(other):
        return one
    if types.is_null(one):
        return other
    if types.is_list(one) and types.is_list(other):
        return pa.list_(_wider(one.value_type, other.value_type))
    if any(map(types.is_floating, (one, other))) and all(map(_is_numeric, (one, other))):
        return pa.float64()
    if all(map(_is_numeric, (one, other))):
        return pa.int64()
    raise ValueError(f"values of the types {one} and {other}")


def _is_numeric(type: Any) -> bool:
    types = pyarrow("types")
    return bool(types.is_floating(type) or types.is_integer(type) or types.is_boolean(type))
