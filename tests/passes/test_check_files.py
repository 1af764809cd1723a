"""Each pass on a file of its own, with lines that say what must come out (a small part of LLVM's FileCheck)."""

import re
from pathlib import Path

import pytest

from ranvier.passes.pipeline import run_pipeline
from ranvier.passes.registry import PLACES

FILES = sorted((Path(__file__).parent / "checks").glob("*.mlir"))
DIRECTIVE = re.compile(r"//\s*(CHECK|CHECK-NEXT|CHECK-NOT):\s*(.*?)\s*$")


def pattern_of(text: str, known: dict[str, str]) -> str:
    """Turns `a {{regex}} [[NAME:regex]] [[NAME]]` into a regular expression."""
    parts = re.split(r"(\{\{.*?\}\}|\[\[\w+:.*?\]\]|\[\[\w+\]\])", text)
    result = ""
    for part in parts:
        if part.startswith("{{"):
            result += part[2:-2]
        elif part.startswith("[["):
            name, _, regex = part[2:-2].partition(":")
            result += f"(?P<{name}>{regex})" if regex else re.escape(known[name]) + r"\b"
        else:
            result += re.escape(part)
    return result


def check(text: str, output: str) -> None:
    """Asserts that the lines of `output` are what the directives in `text` say, in order."""
    lines, at, known = output.splitlines(), 0, {}
    forbidden: list[str] = []
    for directive in text.splitlines():
        found = DIRECTIVE.search(directive)
        if found is None:
            continue
        kind, wanted = found.groups()
        if kind == "CHECK-NOT":
            forbidden.append(wanted)
            continue
        pattern = re.compile(pattern_of(wanted, known))
        end = at + 1 if kind == "CHECK-NEXT" else len(lines)
        place = next((k for k in range(at, end) if pattern.search(lines[k])), None)
        rest = "\n".join(lines[at : at + 12])
        assert place is not None, f"{kind}: {wanted} ({pattern.pattern})\nnot found in\n{rest}"
        for no in forbidden:
            bad = [line for line in lines[at:place] if re.search(pattern_of(no, known), line)]
            assert not bad, f"CHECK-NOT: {no}\nfound {bad}"
        forbidden.clear()
        known |= pattern.search(lines[place]).groupdict()
        at = place + 1
    for no in forbidden:
        bad = [line for line in lines[at:] if re.search(pattern_of(no, known), line)]
        assert not bad, f"CHECK-NOT: {no}\nfound {bad}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_file(path, parse_program):
    text = path.read_text()
    module = parse_program(text)
    run_pipeline(module, re.search(r"// RUN: (.*)", text).group(1), verify=True)
    check(text, str(module))


def test_every_pass_of_ours_has_a_file():
    ours = {name.replace("-", "_") for name, (module, _) in PLACES.items() if module.startswith("ranvier")}
    assert ours <= {path.stem for path in FILES}


def test_checks_can_fail():
    check("// CHECK: a\n// CHECK-NEXT: b [[X:%\\w+]]\n// CHECK: use [[X]]", "a\nb %q\nc\nuse %q")
    for wrong in ("// CHECK: z", "// CHECK: a\n// CHECK-NEXT: c", "// CHECK: a\n// CHECK-NOT: b\n// CHECK: c"):
        with pytest.raises(AssertionError):
            check(wrong, "a\nb\nc")
