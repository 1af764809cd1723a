"""Makes `frontend/__init__.pyi`: the public names for type checkers, which cannot follow lazy imports.

python tests/project/make_stub.py
"""

from pathlib import Path

STUB = Path(__file__).resolve().parents[2] / "frontend/__init__.pyi"


def stub_text() -> str:
    """The stub that belongs to the tables in `frontend/brian/public_names.py`."""
    from ranvier.brian import public_names
    from ranvier.units import UNIT_NAMES

    lines = ['"""The public names for type checkers; made by tests/project/make_stub.py."""', "", "# ruff: noqa", ""]
    lines += ["from typing import Any", "", "from ranvier.units import Unit as _Unit"]
    for name, place in sorted(public_names.NAMES.items(), key=lambda item: (item[1], item[0])):
        module, _, other = place.partition(":")
        if other:  # an alias of its own: `import a as b` would be private
            lines += [f"from {module} import {other} as _{name}", f"{name} = _{name}"]
        else:
            lines.append(f"from {module} import {name} as {name}")
    ours = set(public_names.NAMES) | set(UNIT_NAMES)
    lines += [
        "",
        "__version__: str",
        "__version_tuple__: tuple[int, ...]",
        "",
        "def as_brian2() -> None: ...",
        "def timings() -> dict[str, float]: ...",
        "",
    ]
    lines += [f"{name}: _Unit" for name in sorted(set(UNIT_NAMES) - set(public_names.NAMES))]
    lines += ["", "# what `from pylab import *` gives, and Brian's subpackages"]
    lines += [f"{name}: Any" for name in sorted(public_names.star_names()) if name not in ours]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    STUB.write_text(stub_text(), encoding="utf-8")
