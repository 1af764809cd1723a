"""Ops that compute scalars, mostly in regions: another element, a random value, a function of the script."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    DenseArrayBase,
    IndexType,
    IntegerAttr,
    StringAttr,
    TensorType,
    UnitAttr,
    f32,
    f64,
    i32,
    i64,
)
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from ranvier.ir.types import element_type


@irdl_op_definition
class GatherOp(IRDLOperation):
    """One element of an array that is not the region's own element. `%x = snn.gather %a[%k] : tensor<?xf64> -> f64`"""

    name = "snn.gather"

    array = operand_def(TensorType)
    index = operand_def(IndexType)
    value = result_def()

    traits = traits_def(Pure())
    assembly_format = "$array `[` $index `]` `:` type($array) `->` type($value) attr-dict"

    def __init__(self, array: SSAValue, index: SSAValue) -> None:
        super().__init__(operands=[array, index], result_types=[element_type(array.type)])

    def verify_(self) -> None:
        if self.value.type != element_type(self.array.type):
            raise VerifyException("snn.gather gives an element of its array")


@irdl_op_definition
class NativeOp(IRDLOperation):
    """A call of a function of the script that is code of its own. `%y = snn.native "f" (%x) : (f64) -> f64`

    With `text`, the function is the one of that name in a module of LLVM IR; without, whoever loads the program says
    where it is. With `stateless`, equal arguments give equal results, and a call whose result is not used may be left
    out; otherwise each call counts, and is made once for each element of each step.
    """

    name = "snn.native"

    function = prop_def(StringAttr)
    text = opt_prop_def(StringAttr)
    stateless = opt_prop_def(UnitAttr)
    arguments = var_operand_def()
    value = result_def()

    assembly_format = (
        "$function (`stateless` $stateless^)? (`text` $text^)? `(` $arguments `)` `:` `(` type($arguments) `)` `->`"
        " type($value) attr-dict"
    )

    def __init__(
        self, function: str, arguments: Sequence[SSAValue], type: Attribute, *, text: str = "", stateless: bool = False
    ) -> None:
        properties: dict[str, Attribute] = {"function": StringAttr(function)}
        if text:
            properties["text"] = StringAttr(text)
        if stateless:
            properties["stateless"] = UnitAttr()
        super().__init__(operands=[arguments], result_types=[type], properties=properties)


DISTRIBUTIONS = {"uniform": 0, "normal": 0, "poisson": 1, "binomial": 2, "tabulated": 1}
"""Distributions of `snn.random` and their number of arguments.

poisson: mean; binomial: n (as f64), p; tabulated: a derived array that `ranvier.ir.alias_tables` makes.
"""


@irdl_op_definition
class RandomOp(IRDLOperation):
    """A counter-based random value: a pure function of key, step number, stream and element.

    Distributions: uniform on [0, 1), standard normal, poisson (mean), binomial (n, p), and whole numbers below 32 by a
    table (`tensor<?xi32>`), which takes a fraction of the time; all give floats.
    See `ranvier.ir.random_reference` for the exact definition.

    `%z = snn.random "normal" 3 at (%key, %n, %i) () : f64`
    """

    name = "snn.random"

    distribution = prop_def(StringAttr)
    stream = prop_def(IntegerAttr.constr(type=i64))
    key = operand_def(i64)
    step = operand_def(i64)
    element = operand_def(IndexType)
    arguments = var_operand_def()
    value = result_def()

    traits = traits_def(Pure())
    assembly_format = (
        "$distribution $stream `at` `(` $key `,` $step `,` $element `)` `(` $arguments `)` `:` type($arguments)"
        " `->` type($value) attr-dict"
    )

    def __init__(
        self,
        distribution: str,
        stream: int,
        key: SSAValue,
        step: SSAValue,
        element: SSAValue,
        arguments: Sequence[SSAValue],
        type: Attribute,
    ) -> None:
        super().__init__(
            operands=[key, step, element, arguments],
            result_types=[type],
            properties={"distribution": StringAttr(distribution), "stream": IntegerAttr(stream, i64)},
        )

    def verify_(self) -> None:
        count = DISTRIBUTIONS.get(self.distribution.data)
        if count is None:
            raise VerifyException(f"snn.random knows {', '.join(DISTRIBUTIONS)}, not {self.distribution.data!r}")
        if len(self.arguments) != count:
            raise VerifyException(f"snn.random {self.distribution.data!r} takes {count} arguments")
        if self.value.type not in (f32, f64):
            raise VerifyException(f"snn.random gives a float, not {self.value.type}")
        if self.distribution.data in ("poisson", "binomial") and any(arg.type != f64 for arg in self.arguments):
            raise VerifyException(f"the arguments of snn.random {self.distribution.data!r} are f64")
        if self.distribution.data == "tabulated" and self.arguments[0].type != TensorType(i32, [DYNAMIC_INDEX]):
            raise VerifyException("snn.random 'tabulated' takes a table, of type tensor<?xi32>")


@irdl_op_definition
class PropagatorOp(IRDLOperation):
    """Entries of exp(A*step) for a small matrix A (row by row, n*n operands): the exact solution of a linear system.

    `wanted` lists the entries (row*n + column) in the order of the results.

    `%p, %q = snn.propagator 2 (%a, %b, %c, %d) by %dt wanted [0, 1] : f64, f64`
    """

    name = "snn.propagator"

    order = prop_def(IntegerAttr.constr(type=i64))
    wanted = prop_def(DenseArrayBase.constr(i64))
    entries = var_operand_def(f64)
    step = operand_def(f64)
    outs = var_result_def(f64)

    traits = traits_def(Pure())
    assembly_format = (
        "$order `(` $entries `)` `by` $step `wanted` $wanted `:` type($entries) `->` type($outs) attr-dict"
    )

    def __init__(self, order: int, entries: Sequence[SSAValue], step: SSAValue, wanted: Sequence[int]) -> None:
        super().__init__(
            operands=[entries, step],
            result_types=[[f64] * len(wanted)],
            properties={"order": IntegerAttr(order, i64), "wanted": DenseArrayBase.from_list(i64, wanted)},
        )

    def verify_(self) -> None:
        if self.order.value.data < 1:
            raise VerifyException(f"snn.propagator is of a matrix of 1 row or more, not {self.order.value.data}")
        size = self.order.value.data**2
        wanted = self.wanted.get_values()
        if len(self.entries) != size:
            raise VerifyException(f"snn.propagator of order {self.order.value.data} takes {size} entries")
        if len(wanted) != len(self.outs) or any(not 0 <= int(k) < size for k in wanted):
            raise VerifyException("snn.propagator gives one result for each wanted entry of the matrix")
