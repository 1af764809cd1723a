"""The pass `approximate-functions`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects import arith, math
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.utils import FastMathFlag
from xdsl.passes import ModulePass

from ranvier.ir.neurons import MapOp, region_of
from ranvier.ir.synapses import PropagateOp
from ranvier.passes.facts.rounding import rounding_of_mode
from ranvier.passes.optimise.logistic_functions import share_exponentials
from ranvier.passes.optimise.rewriting import check_fast_math
from ranvier.passes.optimise.uniform_terms import add_uniform_first
from ranvier.passes.statistics import count

_APPROXIMATE = arith.FastMathFlagsAttr([FastMathFlag.APPROX_FUNC])


@dataclass(frozen=True)
class ApproximateFunctions(ModulePass):
    """Allows exponentials that are a little less exact where a model is integrated, and takes fewer.

    Before:
        %e = math.exp %x : f64
    After:
        %e = math.exp %x fastmath<afn> : f64

    The code generator has versions of `exp` and `expm1` within 2 units of the last place (instead of 1) that take a
    third fewer operations; they differ in results below the smallest normal number and beyond the largest. Both are
    far below the error of a step of integration. So the pass works on maps of kind "integrate" and on pathways, whose
    exponentials integrate from event to event, unless `fast-math` is "off".

    In maps of kind "integrate", n/(1 + exp(-x)) becomes n (e/(1 + e)) where e = exp(x), or e - 1, is there already, as
    among the rates of ion channels: the code generator takes one exponential for both. x and -x are sums of the same
    terms with the same factor; they may have been added in another order, each within rounding of the terms. An e that
    is infinite is taken for a large number, since the quotient is 1 then.

    Within the arguments of exponentials of these maps, terms that are the same for all elements are added first, in
    front of the map: (a - x) + b becomes (a + b) - x. That is off by no more than if x were rounded differently.
    """

    name = "approximate-functions"
    statistics: ClassVar = {
        "approximated": "exponentials that may be a little less exact",
        "shared": "logistic functions that take an exponential that was there",
        "gathered": "sums whose uniform terms are added in front of the sweep",
    }

    fast_math: str = "contract"
    """How freely results may be rounded otherwise: "off", "contract" or "reassociate"."""

    def __post_init__(self) -> None:
        """Raises `ValueError` for a `fast-math` that does not exist."""
        check_fast_math(self.fast_math)

    @property
    def rounding(self) -> float:
        """How far results may change, see `ranvier.passes.facts.rounding`."""
        return rounding_of_mode(self.fast_math)

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Finds exponentials to share, and sets the flag `afn` on what is left."""
        if self.fast_math == "off":
            return
        for inner in list(op.walk()):
            integrates = isinstance(inner, MapOp) and "integrate" in inner.kind.data
            if integrates:
                share_exponentials(region_of(inner))
            if not integrates and not isinstance(inner, PropagateOp):
                continue
            for call in list(region_of(inner).ops):
                if isinstance(call, math.ExpOp | math.ExpM1Op):
                    call.properties["fastmath"] = _APPROXIMATE
                    count("approximated")
                    if integrates:
                        add_uniform_first(call, inner)
