"""Each pass on a file of its own, with lines that say what must come out (a small part of LLVM's FileCheck)."""

import re
from pathlib import Path

import pytest

from ranvier.passes.registry import PLACES
from ranvier.testing import check_file, check_text

FILES = sorted((Path(__file__).parent / "checks").glob("*.mlir"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_file(path):
    check_file(path)


KERNELS = "ranvier.passes.kernels"
"""What these passes make is run and compared in `test_kernels.py`."""


def test_every_pass_of_ours_has_a_file():
    ours = {name.replace("-", "_") for name, (module, _) in PLACES.items()
            if module.startswith("ranvier") and not module.startswith(KERNELS)}  # fmt: skip
    assert ours <= {path.stem for path in FILES}


def test_the_line_may_be_a_call_as_lit_has_it(tmp_path):
    """As mlir-opt's tests have it; it was read as a pipeline, and 'passes are parted by commas' was the answer."""
    (own,) = (path for path in FILES if path.stem == "eliminate_dead_code")
    text, file = own.read_text(), tmp_path / "own.mlir"
    for call in ("ranvier-opt %s -p eliminate-dead-code", "ranvier-opt -p='eliminate-dead-code' %s | FileCheck %s"):
        file.write_text(re.sub("// RUN: .*", f"// RUN: {call}", text, count=1))
        check_file(file)
    for call, what in (
        ("ranvier-opt %s --lower", "has no '--lower'"),
        ("mlir-opt %s --cse", "has no '--cse'"),
        ("xdsl-opt %s", "calls xdsl-opt"),
    ):
        file.write_text(re.sub("// RUN: .*", f"// RUN: {call}", text, count=1))
        with pytest.raises(ValueError, match=what):
            check_file(file)


def test_checks_can_fail():
    check_text("// CHECK: a\n// CHECK-NEXT: b [[X:%\\w+]]\n// CHECK: use [[X]]", "a\nb %q\nc\nuse %q")
    for wrong in ("// CHECK: z", "// CHECK: a\n// CHECK-NEXT: c", "// CHECK: a\n// CHECK-NOT: b\n// CHECK: c"):
        with pytest.raises(AssertionError):
            check_text(wrong, "a\nb\nc")
