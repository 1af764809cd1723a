"""Ranvier: an optimising compiler for spiking neural networks that speaks Brian 2's language.

`from ranvier import *` gives what `from brian2 import *` gives; `from ranvier.only import *` leaves out pylab's names.
"""

from __future__ import annotations

import os as _os
from typing import Any

from ranvier.brian import public_names as _public

__version__ = "0.2.0"
__version_tuple__ = tuple(int(part) for part in __version__.split("."))

_public.register_modules()


def timings() -> dict[str, float]:
    """Returns the seconds that each stage took of the last program that was prepared; see `ranvier.stages`."""
    from ranvier.stages.road import timings

    return timings()


def as_brian2() -> None:
    """Makes `import brian2` give Ranvier in this process, for programs that stay as they are; see `drop_in`.

    Raises:
        ImportError: If another `brian2` has been imported.
    """
    from ranvier.brian import drop_in

    drop_in.as_brian2()


def __getattr__(name: str) -> Any:
    if name == "__all__":
        try:
            value = _star_import()
        except (AttributeError, ImportError) as error:
            _note_hidden_modules(error)
            if isinstance(error, ImportError):
                raise
            # the star import would take it for "there is no __all__" and give nothing
            found = ImportError(f"the names of the star import cannot be collected: {error}")
            found.__notes__ = getattr(error, "__notes__", [])
            raise found from error
    elif name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    else:
        try:
            value = _public.look_up(name)
        except KeyError:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
        except (AttributeError, ImportError) as error:
            _note_hidden_modules(error)
            raise
    globals()[name] = value
    return value


def _note_hidden_modules(error: BaseException) -> None:
    # only where an import has failed
    from ranvier.public.shadowing import note_hidden_modules

    note_hidden_modules(error)


def _star_import() -> list[str]:
    """Puts everything the star import gives into the module, and returns the names."""
    names = _public.star_names()
    globals().update({name: value for name, value in names.items() if name not in globals()})
    return sorted(names)


def __dir__() -> list[str]:
    return sorted({*globals(), *_public.NAMES})


if _os.environ.get("RANVIER_AS_BRIAN2", "") not in (
    "",
    "0",
):  # `drop_in` has its name; loading it costs 10 ms
    as_brian2()
