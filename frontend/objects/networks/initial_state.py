"""Going back to the state of a fresh session."""

from __future__ import annotations

from ranvier.objects.networks.magic import magic_network, start_scope
from ranvier.public import public
from ranvier.session.clocks import defaultclock
from ranvier.session.defaults import DEFAULT_DT
from ranvier.session.preferences import prefs


@public
def restore_initial_state() -> None:
    """Sets preferences and the default time step back, and begins a new scope for magic runs."""
    prefs.reset_to_defaults()
    defaultclock.dt_ = DEFAULT_DT
    magic_network.forget()
    start_scope()
