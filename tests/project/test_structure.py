"""The shape of the project: who imports whom, what is packaged, what an import costs."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = {"frontend": "ranvier", "ir": "ranvier.ir", "passes": "ranvier.passes", "codegen": "ranvier.codegen",
           "runtime": "ranvier.runtime"}  # fmt: skip
OBJECTS = [
    "memory", "variables", "groups", "neurons", "inputs", "monitors", "connections", "connecting", "traces", "pathways",
    "synapses", "morphology", "networks",
]  # fmt: skip
"""The folders of `frontend/objects`, in the order of their imports."""

ORDER = [
    "ir",
    "passes.errors", "passes.statistics", "passes.remarks", "passes.facts", "passes.optimise", "passes.lower",
    "passes.kernels", "passes",
    "codegen",
    "runtime",
    "public",
    "units", "session", "equations", "analysis", "integrators", "actions", "plan", "graph",
    "pipeline", "report", "watching", "gpu", "stages", "text", "meaning", "export",
    *(f"objects.{folder}" for folder in OBJECTS),
    "exchange",
    "plots",
    "inner",
    "numpy_", "brian",
    "bug_report",
    "fuzzing",
    "",
    "commands",
    "opt", "sweep_profile", "__main__",
]  # fmt: skip
"""The rooms of the house, in the order of their imports: each may import those before it. "" are the top files."""

DOORS = {
    "__init__.py", "__init__.pyi", "__main__.py", "py.typed", "numpy_.py", "opt.py", "text_program.py", "kernels.py",
    "sweep_profile.py", "testing.py", "universe.py", "nir.py", "neuroml.py",
}  # fmt: skip
"""The files at the root of the front end: what users run or import under its name. All else stands in a folder."""

SIDE_BY_SIDE = ("passes", "codegen", "runtime")
"""These stand on `ir` alone: none of them imports another one."""

ALLOWED_CIRCLES = {
    "Brian's static StateUpdateMethod.register and apply_stateupdater choose among the subclasses": {
        f"integrators.{name}"
        for name in (
            "choice", "euler", "exact", "explicit", "exponential_euler", "gsl", "heun", "independent", "method",
            "milstein", "rk2", "rk4",
        )
    },
    "Brian's static Morphology.from_file, from_points and generate_coordinates make sections": {
        f"objects.morphology.{name}" for name in ("coordinates", "files", "morphology", "sections")
    },
    "a unit is a quantity, and a quantity shows itself in units": {"units.quantity", "units.unit"},
}  # fmt: skip
"""Circles of imports that stay, by their reason. A ratchet: none may be added, none may grow."""

MOST = {"Any": 187, "ignores": 8}
"""What `frontend/objects` may hold of types that are not checked. A ratchet: it may only fall."""


def modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def all_modules() -> dict[str, Path]:
    """The modules of the package, named from its root."""
    found: dict[str, Path] = {}
    for folder, package in FOLDERS.items():
        for path in modules(folder):
            parts = [*package.split(".")[1:], *path.relative_to(ROOT / folder).with_suffix("").parts]
            found[".".join(part for part in parts if part != "__init__")] = path
    return found


MODULES = all_modules()


def imported(path: Path) -> set[str]:
    """The modules of this package that a file imports, anywhere in it: in functions and for type checkers, too."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found |= {f"{node.module}.{name.name}" for name in node.names}
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
    names = {name.partition(".")[2] for name in found if name.split(".")[0] == "ranvier"}
    return {name if name in MODULES else name.rpartition(".")[0] for name in names}


IMPORTS = {name: imported(path) - {name} for name, path in MODULES.items()}


def room_of(module: str) -> str:
    """The room in which a module stands: the longest entry of `ORDER` that its name begins with."""
    return max((room for room in ORDER if room == "" or f"{module}.".startswith(f"{room}.")), key=len)


def test_imports_follow_the_order_of_folders() -> None:
    place = {name: ORDER.index(room_of(name)) for name in MODULES}
    wrong = [f"{name} imports {other}" for name in MODULES for other in IMPORTS[name] if place[other] > place[name]]
    assert not sorted(wrong)


@pytest.mark.parametrize("folder", SIDE_BY_SIDE)
def test_what_stands_on_ir_stands_alone(folder: str) -> None:
    allowed = {folder, "ir"}
    wrong = {name: sorted(IMPORTS[name]) for name in MODULES if name.split(".")[0] == folder}
    assert not {name: other for name, others in wrong.items() for other in others if other.split(".")[0] not in allowed}


def test_every_folder_of_objects_has_its_place() -> None:
    found = {path.parent.name for path in (ROOT / "frontend/objects").glob("*/__init__.py")}
    assert found == set(OBJECTS)


def test_the_root_of_the_front_end_holds_what_is_run_or_imported_under_its_name() -> None:
    assert {path.name for path in (ROOT / "frontend").iterdir() if path.is_file()} == DOORS
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    folders = {path.parent.name for path in (ROOT / "frontend").glob("*/__init__.py")}
    assert not {name for name in folders if f"| `frontend/{name}/` |" not in text}


def circles() -> list[set[str]]:
    """The sets of modules that import each other, directly or through others."""
    reached: dict[str, set[str]] = {}
    for name in MODULES:
        seen, todo = set[str](), [name]
        while todo:
            new = IMPORTS.get(todo.pop(), set()) - seen
            seen |= new
            todo += new
        reached[name] = seen
    found = {frozenset(other for other in reached[name] if name in reached.get(other, ())) for name in MODULES}
    return [set(circle) for circle in found if circle]


def test_circles_of_imports_become_fewer() -> None:
    found = circles()
    known = [*ALLOWED_CIRCLES.values()]
    new = [sorted(circle) for circle in found if not any(circle <= other for other in known)]
    gone = [why for why, circle in ALLOWED_CIRCLES.items() if not any(circle <= k for k in found)]
    assert not new
    assert not gone, "these circles have become smaller or are open: say so in the tables"


@pytest.mark.parametrize("name", sorted(name for name, path in MODULES.items() if path.name == "__init__.py"))
def test_every_folder_says_in_one_sentence_what_it_is(name: str) -> None:
    text = ast.get_docstring(ast.parse(MODULES[name].read_text(encoding="utf-8")))
    assert text is not None
    sentence = text.split("\n\n")[0]
    assert sentence.endswith(".") and ". " not in sentence


def test_untyped_joints_become_fewer() -> None:
    texts = [path.read_text(encoding="utf-8") for path in modules("frontend/objects")]
    found = {
        "Any": sum(len(re.findall(r"\bAny\b", text)) for text in texts),
        "ignores": sum(len(re.findall(r"(?:type|pyright): ?ignore", text)) for text in texts),
    }
    assert all(found[what] <= MOST[what] for what in MOST), f"more than before: {found}"
    assert found == MOST, f"fewer than before: write {found} into MOST"


def test_files_of_objects_are_short() -> None:
    lengths = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in modules("frontend/objects")}
    assert not {name: length for name, length in lengths.items() if length > 400}


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


def test_no_text_is_executed() -> None:
    """Models, tables and snapshots may come from anybody; only what runs the user's own script executes it."""
    runners = {"frontend/brian/run_script.py", "frontend/brian/main_of_workers.py"}
    found: set[str] = set()
    for package in ("frontend", "ir", "passes", "codegen", "runtime"):
        for path in modules(package):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            called = {
                node.func.id
                for node in ast.walk(tree)
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            }
            if called & {"eval", "exec"}:
                found.add(path.relative_to(ROOT).as_posix())
    assert found == runners
