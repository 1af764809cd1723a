"""Names of other projects that the reference links to, as inventories of intersphinx, without a network.

Each is a file of the form that projects publish (`objects.inv`), made of the few names that occur here: the classes of
errors and the types in signatures. Ours is `objects.inv` in the built site.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Project:
    """A project with documentation of its own.

    Attributes:
        address: Where its documentation begins.
        places: Page, with `$` for the name → role and names, separated by blanks.
    """

    address: str
    places: Mapping[str, str]


PROJECTS: Mapping[str, Project] = {
    "python": Project(
        "https://docs.python.org/3",
        {
            "library/exceptions.html#$": "exception Exception AttributeError FloatingPointError ImportError IndexError "
            "KeyError LookupError MemoryError NotImplementedError OSError OverflowError RuntimeError SyntaxError "
            "TypeError ValueError ZeroDivisionError",
            "library/stdtypes.html#$": "class int float bool str bytes list tuple dict set",
            "library/pathlib.html#$": "class pathlib.Path",
            "library/collections.abc.html#$": "class collections.abc.Callable collections.abc.Iterable "
            "collections.abc.Mapping collections.abc.Sequence",
        },
    ),
    "numpy": Project("https://numpy.org/doc/stable", {"reference/generated/$.html#$": "class numpy.ndarray"}),
    "pyarrow": Project("https://arrow.apache.org/docs", {"python/generated/$.html#$": "class pyarrow.Table"}),
    "pandas": Project("https://pandas.pydata.org/docs", {"reference/api/$.html#$": "class pandas.DataFrame"}),
    "xarray": Project("https://docs.xarray.dev/en/stable", {"generated/$.html#$": "class xarray.Dataset"}),
}
"""Name of a project → what of it is linked to."""


def write_inventories(folder: Path) -> None:
    """Writes the inventory of each project into a folder, which is made."""
    folder.mkdir(exist_ok=True)
    for name, project in PROJECTS.items():
        (folder / f"{name}.inv").write_bytes(inventory(name, project))


def inventory(name: str, project: Project) -> bytes:
    """Returns the inventory of a project, in the second version of their form."""
    head = f"# Sphinx inventory version 2\n# Project: {name}\n# Version: \n# The remainder is compressed using zlib.\n"
    lines: list[str] = []
    for place, entry in project.places.items():
        role, *names = entry.split()
        lines += [f"{each} py:{role} 1 {place.replace('$', each)} -" for each in names]
    return head.encode() + zlib.compress(("\n".join(lines) + "\n").encode())
