"""What holds unless a script says otherwise. Plain values: programs as text need them, too, without the front end."""

from __future__ import annotations

DEFAULT_DT = 1e-4
"""Seconds: the step of clocks for which none is given."""

DEFAULT_SCHEDULE = ("start", "groups", "thresholds", "synapses", "resets", "end")
"""The slots of a step; around each slot X there are `before_X` and `after_X`."""
