"""The shape of the project: who imports whom, what is packaged, what an import costs."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = {"frontend": "ranvier", "ir": "ranvier.ir", "passes": "ranvier.passes", "codegen": "ranvier.codegen",
           "runtime": "ranvier.runtime"}  # fmt: skip
ALLOWED = {
    "ir": {"ir"},
    "passes": {"passes", "ir"},
    "codegen": {"codegen", "ir"},
    "runtime": {"runtime", "ir"},
    "frontend": {"frontend", "runtime", "codegen", "passes", "ir"},
}
"""`passes`, `codegen` and `runtime` stand side by side on `ir`; only the front end knows them all."""
INSIDE = ["units", "equations", "analysis", "integrators", "graph", "objects"]
"""Subpackages of the front end: each may import those before it."""


def modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """The modules of this package that a file imports, anywhere in it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
    return {name for name in found if name.split(".")[0] == "ranvier"}


def folder_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in ("ir", "passes", "codegen", "runtime") else "frontend"


@pytest.mark.parametrize("folder", FOLDERS)
def test_imports_point_one_way(folder: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in modules(folder)
        for module in imported(path)
        if folder_of(module) not in ALLOWED[folder]
    ]
    assert not wrong


def test_optimising_and_lowering_do_not_know_each_other() -> None:
    for part, others in {"optimise": ["lower"], "lower": ["optimise"], "facts": ["lower", "optimise"]}.items():
        wrong = [
            f"{path.relative_to(ROOT)} imports {module}"
            for path in modules(f"passes/{part}")
            for module in imported(path)
            if module.split(".")[1:2] == ["passes"] and module.split(".")[2:3] and module.split(".")[2] in others
        ]
        assert not wrong


@pytest.mark.parametrize("part", INSIDE)
def test_imports_inside_the_front_end_point_one_way(part: str) -> None:
    later = INSIDE[INSIDE.index(part) + 1 :]
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in modules(f"frontend/{part}")
        for module in imported(path)
        if module.split(".")[1:2] and module.split(".")[1] in later
    ]
    assert not wrong


def test_every_package_is_listed() -> None:
    listed = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    found = {
        ".".join([FOLDERS[folder], *path.parent.relative_to(ROOT / folder).parts])
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("__init__.py")
    }
    assert listed == found


def loaded_by(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint('\\n'.join(sys.modules))"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(result.stdout.split())


HEAVY = {"sympy", "xdsl", "pyarrow", "networkx", "matplotlib", "pandas", "polars", "scipy"}


def test_import_loads_nothing_heavy() -> None:
    assert not HEAVY & loaded_by("from ranvier import *")


def test_run_from_the_cache_loads_nothing_heavy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANVIER_CACHE", str(tmp_path))
    code = (
        "from ranvier import *\n"
        "G = NeuronGroup(3, 'dv/dt = (1.5 - v)/(10*ms) : 1', threshold='v > 1', reset='v = 0', method='exact')\n"
        "M = SpikeMonitor(G)\nrun(20*ms)\nassert M.num_spikes == 3\n"
    )
    assert "xdsl" in loaded_by(code)
    assert not HEAVY & loaded_by(code)
