"""Names of Brian's code generator: packages import them and compare with them, but nothing here is one of them."""

from __future__ import annotations


class Unusable:
    """Base of what stands for a part of Brian's code generator: a class of which there is no object.

    Raises:
        NotImplementedError: When it is called.
    """

    def __init__(self, *args: object, **kwds: object) -> None:
        raise NotImplementedError(
            f"'{type(self).__qualname__}' (of {type(self).__module__}) is a part of Brian's own code generator, which "
            "Ranvier does not have: it compiles models in its own way. Leave out what uses it."
        )


_made: dict[tuple[str, str], type[Unusable]] = {}


def unusable(module: str, name: str) -> type[Unusable]:
    """Returns what stands for a name: one class for each, whichever package it is imported from.

    Args:
        module: The module that gives it.
        name: Its name.
    """
    path = module.partition(".")[2]
    if (path, name) not in _made:
        doc = f"`{name}` of Brian's code generator: it can be imported, not used."
        _made[path, name] = type(name, (Unusable,), {"__module__": module, "__doc__": doc})
    return _made[path, name]
