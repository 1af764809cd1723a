"""`arith.extsi` on vectors: read, written, checked; single integers stay xDSL's op."""

import pytest
from xdsl.dialects import arith
from xdsl.parser import Parser
from xdsl.utils.exceptions import VerifyException

from ranvier.ir.dialect import new_context
from ranvier.ir.widening import WidenOp

TEXT = """\
builtin.module {
  func.func @f(%a: vector<8xi1>, %b: i16) {
    %0 = arith.extsi %a : vector<8xi1> to vector<8xi32>
    %1 = arith.extsi %b {note} : i16 to i64
    func.return
  }
}
"""


def parsed(text):
    return Parser(new_context(), text).parse_module()


def test_print_and_parse_are_inverse():
    module = parsed(TEXT)
    module.verify()
    assert str(module).strip() == TEXT.strip()
    kinds = [type(op) for op in module.walk() if op.name == "arith.extsi"]
    assert kinds == [WidenOp, arith.ExtSIOp]


@pytest.mark.parametrize("type", ["vector<4xi32>", "vector<8xi1>", "i32", "vector<8xf64>"])
def test_wrong_types_are_found(type):
    module = parsed(TEXT.replace("vector<8xi32>", type))
    with pytest.raises(VerifyException, match=r"makes integers wider|as many integers"):
        module.verify()
