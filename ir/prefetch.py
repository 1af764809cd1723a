"""The op `memref.prefetch` of upstream MLIR, which xDSL lacks."""

from __future__ import annotations

from xdsl.dialects.builtin import BoolAttr, IndexType, IntegerAttr, MemRefType, i1, i32
from xdsl.ir import SSAValue
from xdsl.irdl import IRDLOperation, irdl_op_definition, operand_def, prop_def
from xdsl.parser import Parser
from xdsl.printer import Printer


@irdl_op_definition
class PrefetchOp(IRDLOperation):
    """Asks for the cache line of an element that will be read soon; it changes nothing.

    `memref.prefetch %a[%i], read, locality<3>, data : memref<?xf64>`
    """

    name = "memref.prefetch"

    array = operand_def(MemRefType)
    index = operand_def(IndexType)
    is_write = prop_def(BoolAttr, prop_name="isWrite")
    locality = prop_def(IntegerAttr.constr(type=i32), prop_name="localityHint")
    is_data = prop_def(BoolAttr, prop_name="isDataCache")

    def __init__(self, array: SSAValue, index: SSAValue) -> None:
        super().__init__(
            operands=[array, index],
            properties={
                "isWrite": IntegerAttr(0, i1),
                "localityHint": IntegerAttr(3, i32),
                "isDataCache": IntegerAttr(1, i1),
            },
        )

    def print(self, printer: Printer) -> None:
        """Prints the form of upstream MLIR."""
        printer.print_string(" ")
        printer.print_ssa_value(self.array)
        printer.print_string("[")
        printer.print_ssa_value(self.index)
        printer.print_string(f"], read, locality<{self.locality.value.data}>, data : ")
        printer.print_attribute(self.array.type)

    @classmethod
    def parse(cls, parser: Parser) -> PrefetchOp:
        """Parses the form of upstream MLIR."""
        array = parser.parse_unresolved_operand()
        parser.parse_punctuation("[")
        index = parser.parse_unresolved_operand()
        parser.parse_punctuation("]")
        parser.parse_punctuation(",")
        parser.parse_keyword("read")
        parser.parse_punctuation(",")
        parser.parse_keyword("locality")
        parser.parse_punctuation("<")
        hint = parser.parse_integer()
        parser.parse_punctuation(">")
        parser.parse_punctuation(",")
        parser.parse_keyword("data")
        parser.parse_punctuation(":")
        op = cls(parser.resolve_operand(array, parser.parse_type()), parser.resolve_operand(index, IndexType()))
        op.locality = IntegerAttr(hint, i32)
        return op
