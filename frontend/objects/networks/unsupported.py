"""What Brian has and this package not yet: the names exist, using them says what is missing."""

from typing import NoReturn


def _refuse(what: str, instead: str = "") -> NoReturn:
    raise NotImplementedError(f"{what} is not supported by Ranvier yet.{' ' + instead if instead else ''}")


class Unsupported:
    """Base of the classes that cannot be created yet."""

    what = ""
    instead = ""

    def __init__(self, *args: object, **kwds: object) -> None:
        _refuse(self.what or f"'{type(self).__name__}'", self.instead)


class EventClock(Unsupported):
    """A clock that ticks at given times."""

    what = "EventClock (things that happen at given times)"
    instead = "A network_operation or run_regularly with a condition on t does the same on the grid of time steps."


class SpikeQueue(Unsupported):
    """The spikes on their way through synapses."""

    what = "SpikeQueue"


class CodeRunner(Unsupported):
    """An object that runs code templates."""

    what = "CodeRunner (code templates)"
    instead = "Use run_regularly or network_operation."


class NumpyCodeObject(Unsupported):
    """Code that numpy executes: there is none, all code is compiled."""

    what = "Choosing how code is executed"


class CythonCodeObject(NumpyCodeObject):
    """Code that Cython executes: there is none, all code is compiled."""


def test(*args: object, **kwds: object) -> NoReturn:
    """Refuses: the tests come with the source code, not with the package."""
    _refuse("Running the tests from the package", "Run pytest in a checkout of the source code.")


def clear_cache(target: str = "cython") -> None:
    """Does nothing: Brian's compilers and their caches are not used."""


def check_cache(target: str = "cython") -> None:
    """Does nothing: Brian's compilers and their caches are not used."""
