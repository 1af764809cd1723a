"""`memref.prefetch`: the form of upstream MLIR, read and written."""

import pytest
from upstream_mlir import printed_by, text_of, upstream
from xdsl.parser import Parser

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
def test_upstream_understands_it(generic):
    printed = printed_by(upstream(), text_of(parsed(TEXT), generic=generic))
    assert "memref.prefetch %arg0[%arg1], read, locality<3>, data" in printed
