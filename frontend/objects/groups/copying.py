"""Objects of a simulation are neither copied nor pickled: what to do instead."""

from __future__ import annotations

from typing import NoReturn, SupportsIndex

from ranvier.session.names import Nameable
from ranvier.session.namespaces import outer_frame


class NotCopied(Nameable):
    """An object that refuses `copy.copy`, `copy.deepcopy` and `pickle`: its parts and views belong to one object."""

    def __reduce_ex__(self, protocol: SupportsIndex, /) -> NoReturn:
        """Refuses.

        Raises:
            TypeError: Always, saying what to do instead.
        """
        kind = type(self).__name__
        caller = outer_frame().f_globals.get("__name__")
        done = "copied" if caller == "copy" else "pickled"
        raise TypeError(
            f"'{self.name}' ({kind}) cannot be {done}: a {kind} shares its variables, clock and connections with other "
            "objects. To come back to a state, use store() and restore(); for a second network, or one in another "
            "process, call a function that builds it, and carry the values over with get_states() and set_states(). "
            "Recorded and current values are copied by np.array(...), e.g. np.array(group.v)."
        )
