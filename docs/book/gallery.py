"""The gallery: each example is run, and its page shows what it prints, the pictures it makes, and its code.

An example is a script that runs from the command line, in a process of its own, as the tests run it: scripts of Brian's
language share a default clock and a magic network within a process. What has been run is kept under `build/site` and
used again until the example or the package changes.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from book.docstrings import escaped
from book.examples import EXAMPLES, PARTS, Example
from book.pages import ROOT


@dataclass(frozen=True)
class Ran:
    """What an example did.

    Attributes:
        key: Of the example and the package, when it ran.
        printed: Its standard output.
        seconds: How long it took, with all that had to be compiled.
        pictures: The names of the pictures in its folder.
    """

    key: str
    printed: str
    seconds: float
    pictures: list[str]


def write_gallery(folder: Path, kept: Path) -> None:
    """Runs the examples and writes their pages.

    Args:
        folder: The folder of the gallery in the site's source; it exists.
        kept: Where earlier results lie.

    Raises:
        RuntimeError: An example failed.
    """
    package = package_key()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        waiting = {name: pool.submit(run_example, name, kept / name, package) for name in EXAMPLES}
        found = {name: each.result() for name, each in waiting.items()}
    (folder / "pictures").mkdir()
    for name, ran in found.items():
        for picture in ran.pictures:
            shutil.copy(kept / name / "results" / picture, folder / "pictures" / f"{name}-{picture}")
        (folder / f"{name}.md").write_text(example_text(name, ran), encoding="utf-8")
    (folder / "index.md").write_text(index_text(found), encoding="utf-8")


def write_empty_gallery(folder: Path) -> None:
    """Writes pages that say nothing, where pages of examples are to be linked to and nothing is run.

    Args:
        folder: The folder of the gallery in the site's source; it exists.
    """
    hidden = "\n".join(EXAMPLES)
    index = f"# Gallery\n\nNot built this time.\n\n```{{toctree}}\n:hidden:\n\n{hidden}\n```\n"
    (folder / "index.md").write_text(index, encoding="utf-8")
    for name, example in EXAMPLES.items():
        (folder / f"{name}.md").write_text(f"# {example.title}\n\nNot built this time.\n", encoding="utf-8")


def run_example(name: str, folder: Path, package: str) -> Ran:
    """Returns what an example does; what it did, if neither it nor the package has changed.

    Args:
        name: The name of the script.
        folder: Where it runs.
        package: The key of the package.
    """
    script, example = ROOT / "examples" / f"{name}.py", EXAMPLES[name]
    key = hashlib.sha256(f"{package}{script.read_text('utf-8')}{example.arguments}".encode()).hexdigest()
    note = folder / "ran.json"
    if note.exists() and (kept := Ran(**json.loads(note.read_text("utf-8")))).key == key:
        return kept
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, str(script), *example.arguments], cwd=folder, capture_output=True, text=True, timeout=600
    )
    if done.returncode:
        raise RuntimeError(f"examples/{name}.py failed:\n{done.stderr}")
    pictures = sorted(path.name for path in (folder / "results").glob("*.png"))
    ran = Ran(key, done.stdout, time.perf_counter() - began, pictures)
    note.write_text(json.dumps(asdict(ran)), encoding="utf-8")
    return ran


def package_key() -> str:
    """Returns a text that changes with the package."""
    found = hashlib.sha256()
    for part in ("frontend", "ir", "passes", "codegen", "runtime"):
        for path in sorted((ROOT / part).rglob("*.py")):
            found.update(path.read_bytes())
    return found.hexdigest()


def described(name: str) -> tuple[str, str]:
    """Returns the docstring of an example and the code below it."""
    text = (ROOT / "examples" / f"{name}.py").read_text(encoding="utf-8")
    first = ast.parse(text).body[0]
    assert isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    code = "\n".join(text.splitlines()[first.end_lineno or 0 :]).strip()
    return str(first.value.value).strip(), code


def example_text(name: str, ran: Ran) -> str:
    """Returns the page of an example."""
    example = EXAMPLES[name]
    about, code = described(name)
    about = "\n\n".join(part for part in about.split("\n\n") if not part.startswith(("python ", "writes ")))
    tags = ", ".join(f"[{tag}](index.md#{tag})" for tag in example.tags.split())
    pictures = [f"![{example.title}](pictures/{name}-{picture})" for picture in ran.pictures]
    call = " ".join([f"python examples/{name}.py", *example.arguments])
    printed = f"It prints:\n\n```text\n{ran.printed.rstrip()}\n```" if ran.printed.strip() else ""
    took = f"It took {ran.seconds:.0f} s when this page was made, with all that had to be compiled."
    parts = [f"# {example.title}", escaped(about), *pictures, f"```python\n{code}\n```", printed]
    parts += [f"```sh\n{call}\n```", took, f"Tags: {tags}"]
    return "\n\n".join(part for part in parts if part) + "\n"


def index_text(found: dict[str, Ran]) -> str:
    """Returns the page that shows all examples, and which have each tag."""
    parts = ["# Gallery", "Each picture was made by the code on its page. The scripts are in the folder `examples`."]
    for part, examples in PARTS.items():
        cards = "\n".join(_card(name, example, found[name]) for name, example in examples.items())
        parts += [f"## {part}", f"::::{{container}} gallery\n{cards}\n::::"]
    tags = sorted({tag for example in EXAMPLES.values() for tag in example.tags.split()})
    parts.append("## By what they show")
    parts += [f"### {tag}\n\n{', '.join(_links(tag))}" for tag in tags]
    hidden = "\n".join(EXAMPLES)
    return "\n\n".join(parts) + f"\n\n```{{toctree}}\n:hidden:\n\n{hidden}\n```\n"


def _card(name: str, example: Example, ran: Ran) -> str:
    if not ran.pictures:
        return f":::{{container}} words\n[{example.title}]({name}.md)\n:::"
    picture = f"pictures/{name}-{ran.pictures[0]}"
    return f":::{{figure}} {picture}\n:alt: {example.title}\n:target: {name}.html\n\n[{example.title}]({name}.md)\n:::"


def _links(tag: str) -> list[str]:
    return [f"[{each.title}]({name}.md)" for name, each in EXAMPLES.items() if tag in each.tags.split()]
