"""Looks at what is in the wheel and the sdist: all of the package and nothing else; no compiler is needed."""

from __future__ import annotations

import re
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = {"frontend": "ranvier", "ir": "ranvier/ir", "passes": "ranvier/passes", "codegen": "ranvier/codegen",
           "runtime": "ranvier/runtime"}  # fmt: skip
COMPILERS = "cython setuptools pybind11 cmake ninja meson ziglang numba scikit-build cppyy cffi".split()
LARGEST = 4_000_000
"""Bytes of the wheel."""


def main(folder: Path) -> None:
    """Checks the two files in a folder; what is wrong is an error."""
    (wheel,), (source,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    wrong = [*wheel_faults(wheel), *source_faults(source)]
    if wrong:
        raise SystemExit("\n".join(wrong))
    print(
        f"{wheel.name} ({wheel.stat().st_size / 1e6:.1f} MB) and {source.name} ({source.stat().st_size / 1e6:.1f} MB)"
    )


def wheel_faults(path: Path) -> list[str]:
    """Returns what is wrong with the wheel."""
    with zipfile.ZipFile(path) as archive:
        found = {name for name in archive.namelist() if ".dist-info/" not in name}
        (metadata,) = (name for name in archive.namelist() if name.endswith("dist-info/METADATA"))
        text = archive.read(metadata).decode()
    wanted = {
        f"{package}/{file.relative_to(ROOT / top)}"
        for top, package in FOLDERS.items()
        for file in (ROOT / top).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    wrong = [f"{path.name} lacks {name}" for name in sorted(wanted - found)]
    wrong += [f"{path.name} has {name}, which is no file of the package" for name in sorted(found - wanted)]
    needed = re.findall(r"^Requires-Dist: ([\w.-]+)(?!.*extra ==)", text, re.MULTILINE)
    wrong += [f"{path.name} needs {name}" for name in needed if name.lower() in COMPILERS]
    said = [line.partition(";")[0].strip() for line in re.findall(r"^Requires-Dist: (.*)$", text, re.MULTILINE)]
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    if len(needed) != len(listed):
        wrong.append(f"{path.name} needs {said}, pyproject.toml says {listed}")
    version = re.search(r'__version__ = "(.*)"', (ROOT / "frontend/__init__.py").read_text(encoding="utf-8"))
    if version is None or f"\nVersion: {version[1]}\n" not in text or f"-{version[1]}-" not in path.name:
        wrong.append(f"{path.name} has another version than the package")
    if path.stat().st_size > LARGEST:
        wrong.append(f"{path.name} has {path.stat().st_size} bytes")
    return wrong


def source_faults(path: Path) -> list[str]:
    """Returns what is wrong with the sdist."""
    with tarfile.open(path) as archive:
        found = {name.partition("/")[2] for name in archive.getnames()}
    wanted = "LICENSE README.md CHANGELOG.md docs/CITATION.cff docs/authors.md tests/conftest.py .ci/run".split()
    wrong = [f"{path.name} lacks {name}" for name in wanted if name not in found]
    made = re.compile(r"(^|/)(__pycache__|build|dist|results|\.venv|\.git|\.pytest_cache|\.hypothesis)(/|$)")
    return wrong + [f"{path.name} has {name}" for name in sorted(found) if made.search(name)]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
