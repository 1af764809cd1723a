"""Imports of our own modules stand at the top of a file, or say why they do not."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("frontend", "ir", "passes", "codegen", "runtime")

NOT_YET = {
    "frontend/objects": "its circles of imports are opened one by one",
}
"""Folder → why its late imports need no reason each."""

REASONS = {
    "frontend/__init__.py": "nothing is imported before it is used: `import ranvier` costs next to nothing",
    "frontend/brian/public_names.py": "nothing is imported before it is used: `import ranvier` costs next to nothing",
    "frontend/commands/cli.py": "a command loads what it needs: the help appears at once",
    "frontend/commands/ablate.py": "a command loads what it needs: the help appears at once",
    "frontend/commands/fuzz.py": "a command loads what it needs: the help appears at once",
    "frontend/commands/run.py": "a command loads what it needs: a program from the cache runs without xDSL",
    "frontend/text/program.py": "a program from the cache runs without xDSL",
    "frontend/pipeline/stage_table.py": "a program from the cache runs without xDSL and the passes",
    "frontend/stages/instance_programs.py": "a program from the cache runs without xDSL and the passes",
    "frontend/pipeline/edited_stages.py": "edited stages are rare",
    "frontend/pipeline/stage_views.py": "a program from the cache runs without xDSL and the passes",
    "frontend/report/collect.py": "a report of nothing loads neither xDSL nor the passes",
    "frontend/commands/report.py": "a command loads what it needs: the help appears at once",
    "frontend/stages/lowered.py": "a program from the cache runs without xDSL and the passes",
    "frontend/stages/road.py": "a program from the cache runs without xDSL and the passes",
    "frontend/units/quantity.py": "units are quantities, and quantities are shown in units",
}
"""File → why all its late imports are late. Elsewhere each has a comment: on its line, or on the line above."""


def late_imports(path: Path) -> list[ast.Import | ast.ImportFrom]:
    """The imports of our own modules inside functions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    found = {node for function in functions for node in ast.walk(function) if _is_ours(node)}
    return sorted((node for node in found if isinstance(node, ast.Import | ast.ImportFrom)), key=lambda k: k.lineno)


def _is_ours(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.level > 0 or (node.module or "").split(".")[0] == "ranvier"
    return isinstance(node, ast.Import) and any(name.name.split(".")[0] == "ranvier" for name in node.names)


def without_reason(path: Path) -> list[int]:
    """The lines of late imports that no comment explains; imports that follow one another share one."""
    lines = path.read_text(encoding="utf-8").splitlines()
    missing: list[int] = []
    explained = {0}
    for node in late_imports(path):
        own = [lines[number] for number in range(node.lineno - 1, node.end_lineno or node.lineno)]
        above = lines[node.lineno - 2].strip()
        if any(_comment(line) for line in own) or above.startswith("#") or node.lineno - 1 in explained:
            explained |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
        else:
            missing.append(node.lineno)
    return missing


def _comment(line: str) -> str:
    text = line.partition("#")[2].strip()
    return "" if text.startswith(("pyright:", "noqa", "type:")) else text


def files() -> list[Path]:
    return [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]


def test_late_imports_have_a_reason() -> None:
    wrong: list[str] = []
    for path in files():
        name = str(path.relative_to(ROOT))
        if name not in REASONS and not any(name.startswith(f"{folder}/") for folder in NOT_YET):
            wrong += [f"{name}:{line}" for line in without_reason(path)]
    assert not wrong, "say in a comment why these imports are not at the top: " + ", ".join(wrong)


@pytest.mark.parametrize("name", REASONS)
def test_reasons_are_needed(name: str) -> None:
    assert without_reason(ROOT / name), f"{name} has no late imports without a comment: take it from the table"


@pytest.mark.parametrize("folder", NOT_YET)
def test_exempted_folders_need_it(folder: str) -> None:
    assert any(without_reason(path) for path in (ROOT / folder).rglob("*.py")), f"take {folder} from the table"


def test_what_is_found(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(
        "from ranvier import a\n"
        "def f():\n"
        "    from ranvier import b\n"
        "    from ranvier import c  # pyright: ignore\n"
        "    import sympy\n"
        "    from ranvier import d  # heavy\n"
        "    from ranvier import e\n"
        "    # heavy, too\n"
        "    import ranvier.f\n"
        "    def g():\n"
        "        from ranvier import h\n"
    )
    assert without_reason(path) == [3, 4, 11]
