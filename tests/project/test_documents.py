"""What the next people need is there and true: paths exist, versions agree, hooks run what the check runs."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/CITATION.cff",
    "docs/authors.md",
    "docs/brian.md",
    "docs/index.md",
    "docs/clusters.md",
    "docs/compiler.md",
    "docs/data.md",
    "docs/exchange.md",
    "docs/gpu.md",
    "docs/targets.md",
    "docs/models.md",
    "docs/benchmarks.md",
    "docs/export.md",
    "docs/glossary.md",
    "docs/graph.md",
    *(f"docs/guide/{path.name}" for path in sorted((ROOT / "docs/guide").glob("*.md"))),
    "docs/passes.md",
    "docs/style.md",
    "docs/sweeps.md",
    "docs/threads.md",
    "benchmarks/README.md",
    ".pre-commit-config.yaml",
    ".github/PULL_REQUEST_TEMPLATE.md",
    ".github/ISSUE_TEMPLATE/fault.md",
    ".github/ISSUE_TEMPLATE/feature.md",
    ".github/ISSUE_TEMPLATE/differs-from-brian.md",
]
FOLDERS = "frontend|ir|passes|codegen|runtime|tests|examples|benchmarks|docs|\\.ci|\\.github"
PATH = re.compile(rf"(?<![\w./<~-])(?:{FOLDERS})/[\w./*<>-]*")
"""A path from the top of the repository, in any text; a sentence may end behind it."""

OURS = ("frontend", "ir", "passes", "codegen", "runtime")
TOP_LEVEL = {
    "pyproject.toml", "setup.py", "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE",
    "MANIFEST.in", "frontend", "ir", "passes", "codegen", "runtime", "tests", "examples", "benchmarks", "docs",
}  # fmt: skip
MADE = {"build", "dist", "results"}
"""Folders that programs make and git does not know."""


def text_of(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def version() -> str:
    found = re.search(r'^__version__ = "(.*)"$', text_of("frontend/__init__.py"), re.MULTILINE)
    assert found is not None
    return found[1]


def missing(text: str) -> list[str]:
    """The paths in a text that lead nowhere."""
    found = (path.rstrip(".") for path in PATH.findall(text))
    return [path for path in found if not (any(ROOT.glob(path.rstrip("/"))) or "<" in path)]


def test_all_pages_are_looked_at() -> None:
    assert {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")} <= set(DOCUMENTS)


def defined_in(name: str, path: Path) -> bool:
    return re.search(rf"^ *(?:class|def) {name}\b", path.read_text(encoding="utf-8"), re.MULTILINE) is not None


def test_the_way_of_each_thing_through_the_stages_is_true() -> None:
    """The first tables of ARCHITECTURE: each name is defined in the file beside it."""
    text = text_of("ARCHITECTURE.md")
    table = text.partition("| what | part of an object,")[2].partition("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in table.splitlines()[2:]]
    assert len(rows) == 10
    places = {1: "frontend/objects", 4: "frontend/graph", 5: "ir", 6: "passes/lower"}
    for row in rows:
        for column, folder in places.items():
            name, path = re.fullmatch(r"`(\w+)`, `([\w/.]+)`", row[column]).groups()  # type: ignore[union-attr]
            assert defined_in(name, ROOT / folder / path), row[column]
        action, step = row[2].strip("`"), row[3].strip("`")
        assert any(defined_in(action, path) for path in (ROOT / "frontend/actions").glob("*.py")), action
        assert defined_in(step, ROOT / "frontend/plan/step_kinds.py"), step
    others = text.partition("Where other things are decided:")[2].partition("From the plan on")[0]
    pairs = re.findall(r"`(\w+)`(?: and `(\w+)`)?, `([\w/.]+\.py)`", others)
    assert len(pairs) > 10
    for first, second, path in pairs:
        assert all(defined_in(name, ROOT / path) for name in (first, second) if name), (first, second, path)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_paths_exist(document: str) -> None:
    assert not missing(text_of(document))


def test_missing_paths_are_found() -> None:
    assert missing("see `frontend/no_such_file.py`, tests/project/*.py and ir/.") == ["frontend/no_such_file.py"]


@pytest.mark.parametrize("document", ["CONTRIBUTING.md", "CHANGELOG.md", "docs/style.md"])
def test_links_lead_somewhere(document: str) -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", text_of(document))
    assert not [target for target in targets if not ((ROOT / document).parent / target).exists()]


def test_names_in_the_walks_exist() -> None:
    """CONTRIBUTING's walks name functions and classes; each is defined in one of our files."""
    walks = text_of("CONTRIBUTING.md").partition("## Find your way")[2].partition("\n## ")[0]
    names = {part for name in re.findall(r"`([A-Z]\w+(?:\.\w+)?|[a-z_]+_[a-z_]+)`", walks) for part in name.split(".")}
    sources = [path for folder in OURS for path in (ROOT / folder).rglob("*.py")]
    code = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    defined = set(re.findall(r"(?:def|class) (\w+)", code)) | set(re.findall(r"self\.(\w+) = ", code))
    assert len(names) > 20
    assert not names - defined - {"RANVIER_DUMP", "on_pre", "on_post"}


def test_the_version_is_the_same_everywhere() -> None:
    assert tomllib.loads(text_of("pyproject.toml"))["project"]["dynamic"] == ["version"]
    assert f"version = {{{version()}}}" in text_of("docs/authors.md")
    assert f"\nversion: {version()}\n" in text_of("docs/CITATION.cff")
    assert f"\n## [{version()}] - " in text_of("CHANGELOG.md")


def test_the_citation_names_the_licence_of_the_package() -> None:
    licence = tomllib.loads(text_of("pyproject.toml"))["project"]["license"]
    assert f"\nlicense: {licence}\n" in text_of("docs/CITATION.cff")


def test_hooks_run_what_the_check_runs() -> None:
    check, hooks = text_of(".ci/run"), text_of(".pre-commit-config.yaml")
    for command in ("ruff check .", "ruff format --check .", ".ci/typecheck"):
        assert command in check and command in hooks
    assert set(re.findall(r"repo: (\S+)", hooks)) == {"local"}
    assert set(re.findall(r"language: (\S+)", hooks)) == {"system"}


def test_the_top_level_holds_what_contributing_says() -> None:
    present = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")} - MADE
    present = {name for name in present if not name.endswith(".egg-info") and name != "__pycache__"}
    assert present == TOP_LEVEL
    said = text_of("CONTRIBUTING.md").partition("The top level holds")[2].partition("nothing else")[0]
    assert set(re.findall(r"`([^`]+)`", said)) == TOP_LEVEL
