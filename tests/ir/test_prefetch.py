"""`memref.prefetch`: the form of upstream MLIR, read and written."""

import shutil
import subprocess
from io import StringIO

import pytest
from xdsl.parser import Parser
from xdsl.printer import Printer

from ranvier.ir.dialect import new_context

TEXT = """\
builtin.module {
  func.func @f(%a: memref<?xi32>, %i: index) {
    memref.prefetch %a[%i], read, locality<3>, data : memref<?xi32>
    func.return
  }
}
"""


def parsed(text):
    module = Parser(new_context(), text).parse_module()
    module.verify()
    return module


def test_print_and_parse_are_inverse():
    assert str(parsed(TEXT)).strip() == TEXT.strip()
    other = TEXT.replace("<3>", "<1>")
    assert str(parsed(other)).strip() == other.strip()


@pytest.mark.parametrize("generic", [False, True])
def test_upstream_understands_it(generic, tmp_path):
    tool = shutil.which("mlir-opt-19") or shutil.which("mlir-opt")
    if tool is None:
        pytest.skip("mlir-opt is not installed")
    stream = StringIO()
    Printer(stream, print_generic_format=generic).print_op(parsed(TEXT))
    path = tmp_path / "prefetch.mlir"
    path.write_text(stream.getvalue())
    done = subprocess.run([tool, str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "memref.prefetch %arg0[%arg1], read, locality<3>, data" in done.stdout
