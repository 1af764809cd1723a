"""The op `arith.extsi` of upstream MLIR for vectors, too; xDSL has it for single integers only."""

from __future__ import annotations

from typing import cast

from xdsl.dialects import arith
from xdsl.dialects.builtin import IntegerType, VectorType
from xdsl.ir import Attribute, Dialect, Operation, SSAValue
from xdsl.irdl import IRDLOperation, irdl_op_definition, operand_def, result_def, traits_def
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException


def _width(type: Attribute) -> int | None:
    element = cast("VectorType[Attribute]", type).element_type if isinstance(type, VectorType) else type
    return cast("IntegerType", element).width.data if isinstance(element, IntegerType) else None


def _shape(type: Attribute) -> tuple[int, ...] | None:
    return type.get_shape() if isinstance(type, VectorType) else None


@irdl_op_definition
class WidenOp(IRDLOperation):
    """Integers in more bits, with their sign: an i1 becomes 0 or -1. Text about single integers becomes xDSL's op.

    `%numbers = arith.extsi %mask : vector<64xi1> to vector<64xi16>`
    """

    name = "arith.extsi"

    input = operand_def()
    result = result_def()

    traits = traits_def(Pure())

    def __init__(self, input: SSAValue, type: Attribute) -> None:
        super().__init__(operands=[input], result_types=[type])

    def verify_(self) -> None:
        before, after = _width(self.input.type), _width(self.result.type)
        if before is None or after is None or not before < after:
            raise VerifyException("arith.extsi makes integers wider")
        if _shape(self.input.type) != _shape(self.result.type):
            raise VerifyException("arith.extsi gives as many integers as it takes")

    def print(self, printer: Printer) -> None:
        """Prints the form of upstream MLIR."""
        printer.print_string(" ")
        printer.print_ssa_value(self.input)
        printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        printer.print_attribute(self.input.type)
        printer.print_string(" to ")
        printer.print_attribute(self.result.type)

    @classmethod
    def parse(cls, parser: Parser) -> Operation:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Parses the form of upstream MLIR."""
        value = parser.parse_unresolved_operand()
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        before: Attribute = parser.parse_type()
        parser.parse_keyword("to")
        after: Attribute = parser.parse_type()
        kind = arith.ExtSIOp if _shape(before) is None else WidenOp
        operands = [parser.resolve_operand(value, before)]
        return kind.create(operands=operands, result_types=[after], attributes=attributes)


ARITH = Dialect(
    arith.Arith.name,
    [WidenOp if op is arith.ExtSIOp else op for op in arith.Arith.operations],
    list(arith.Arith.attributes),
)
"""The dialect `arith` with that op."""
