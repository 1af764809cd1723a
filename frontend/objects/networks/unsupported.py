"""What Brian has and this package not yet: the names exist, using them says what is missing."""

from __future__ import annotations

from typing import NoReturn

from ranvier.public import public, public_in


def _refuse(what: str, instead: str = "") -> NoReturn:
    raise NotImplementedError(f"{what} is not supported by Ranvier yet.{' ' + instead if instead else ''}")


class Unsupported:
    """Base of the classes that cannot be created yet."""

    what = ""
    instead = ""

    def __init__(self, *args: object, **kwds: object) -> None:
        _refuse(self.what or f"'{type(self).__name__}'", self.instead)


@public_in("ranvier.synapses.spikequeue")
class SpikeQueue(Unsupported):
    """The spikes on their way through synapses."""

    what = "SpikeQueue"


@public
class NumpyCodeObject(Unsupported):
    """Code that numpy executes: there is none, all code is compiled."""

    what = "Choosing how code is executed"


@public
class CythonCodeObject(NumpyCodeObject):
    """Code that Cython executes: there is none, all code is compiled."""


@public
def test(*args: object, **kwds: object) -> NoReturn:
    """Refuses, since the tests come with the source code, not with the package."""
    _refuse("Running the tests from the package", "Run pytest in a checkout of the source code.")


@public
def clear_cache(target: str = "cython") -> None:
    """Does nothing: Brian's compilers and their caches are not used."""


@public
def check_cache(target: str = "cython") -> None:
    """Does nothing: Brian's compilers and their caches are not used."""
