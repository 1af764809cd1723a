"""The public attributes of groups and monitors that Brian's do not have, and variables of models with these names.

A model may call a variable `table` or `extent`. Scripts then mean the variable, as in Brian, and our own code the
attribute: the group gets a class derived from its own, in which these names ask who is reading.
"""

from __future__ import annotations

from collections.abc import Mapping
from inspect import getattr_static
from typing import Protocol

from ranvier.session.namespaces import is_ours, outer_frame

DOCUMENTED = frozenset(
    "close connect_graph connect_sparse flush memory_plan recorded run_at run_on_clock stream_to table "
    "to_arrow to_networkx to_pandas to_polars to_sparse".split()
)
"""Attributes that users may look for: they are completed by the tab key."""

INTERNAL = frozenset(
    "actions acts_itself advice_on can_be_connected check_equations check_finite check_integrated check_settable "
    "check_state check_variable_write checked_spikes close_files code_for_all connections creation_place "
    "element_count element_indices element_population elements event_driven event_finder event_spaces extent "
    "extent_of fall_silent forget_code has_fixed_size has_network has_state held_bytes holder is_connected "
    "is_in_scope is_parameter is_part_of is_part_of_itself is_private is_refractory is_sorted_by_source is_unused "
    "list_of may_join may_resize memory_rows morphologies needs_dt outer_names part pathways places_of prepare "
    "protected_names put_array quiet_names reference row_bytes scope scope_of_source see_variable set_network "
    "set_state shared_states shared_traces single_precision starts state_arrays state_table statement_actions "
    "synaptic_counts take_spikes unmade_elements version".split()
)
"""Attributes for the package itself: they are not completed."""


class Shadowed(Protocol):
    """A group that finds its variables by `__getattr__`."""

    def __getattr__(self, name: str) -> object: ...


_classes: dict[tuple[type, frozenset[str]], type] = {}
_originals: dict[type, type] = {}


def class_with_variables(group: object, variables: Mapping[str, object]) -> type:
    """Returns the class that a group gets: its own, unless variables of its model have names of our attributes.

    Args:
        group: The group.
        variables: Its variables by name.
    """
    kind = _originals.get(type(group), type(group))
    names = frozenset(name for name in DOCUMENTED | INTERNAL if name in variables and _is_attribute(group, kind, name))
    if not names:
        return kind
    if (kind, names) not in _classes:
        made = _classes[kind, names] = _derived(kind, names)
        _originals[made] = kind
    return _classes[kind, names]


def _is_attribute(group: object, kind: type, name: str) -> bool:
    return name in vars(group) or hasattr(kind, name)


def _derived(kind: type, names: frozenset[str]) -> type:
    """Returns a class in which some names are attributes for this package, and variables for everybody else."""

    set_anyhow = getattr_static(kind, "__setattr__")

    def attribute(name: str) -> property:
        inherited = getattr_static(kind, name, None)

        def read(self: Shadowed) -> object:
            if not is_ours(outer_frame()):
                return self.__getattr__(name)
            own = vars(self)
            if name in own or not hasattr(inherited, "__get__"):
                return own.get(name, inherited)
            return inherited.__get__(self, kind)

        return property(read)

    def set_attribute(self: Shadowed, name: str, value: object) -> None:
        if name in names and is_ours(outer_frame()):
            vars(self)[name] = value
        else:
            set_anyhow(self, name, value)

    members = {name: attribute(name) for name in names} | {"__setattr__": set_attribute, "__doc__": kind.__doc__}
    made = type(kind.__name__, (kind,), members)
    made.__module__, made.__qualname__ = kind.__module__, kind.__qualname__
    return made
