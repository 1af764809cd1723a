"""The pass `defer-events`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, StringAttr, UnitAttr
from xdsl.passes import ModulePass

from ranvier.ir.synapses import PropagateOp
from ranvier.ir.team import DIVISION
from ranvier.ir.types import element_type
from ranvier.passes.facts.deferral import ALWAYS, DEFERRED, IMMEDIATE, Deferral, deferral
from ranvier.passes.facts.versions import check_single_version
from ranvier.passes.optimise.choose_layout import facts_of
from ranvier.passes.optimise.rewriting import FastMath, check_fast_math, loop_of, programs_in
from ranvier.passes.statistics import count

LEAST_BYTES = 4e6
"""Variables of synapses that take less stay in the second-level cache, where it matters little in which order they are
reached. Measured on an Intel Xeon with 2 MB of it: 0.8 MB are slower by a tenth, 3 MB are as fast, 12 MB faster by a
third, 80 MB twice as fast."""


@dataclass(frozen=True)
class DeferEvents(ModulePass):
    """Lets the spikes of targets wait until the synapses that they change are read, at the next spike of the source.

    Before:
        snn.propagate "s_post" ... spiking "post" ...
    After:
        snn.propagate "s_post" ... spiking "post" ... {deferred = "until 's_pre'"}

    The synapses of a target are far apart in memory, those of a source stand together. A target notes when it spikes;
    the rows of a source catch up before they are read.

    Legal because nothing else in the loop uses these variables of synapses, and because what the spike does to a
    synapse needs the time, the synapse, and its source, which changes with the source's own spikes only
    (`ranvier.passes.facts.deferral`). Each synapse gets the same numbers in the same order: no bit changes, and the
    graph is as it was. Lowering to loops heeds the mark; at the end of each call all synapses catch up.
    Where a pathway of targets does not wait, `immediate` says why.
    """

    name = "defer-events"
    statistics: ClassVar = {"deferred": "pathways of targets that wait for those of sources"}

    always: bool = False
    """Whether spikes wait from the first step on wherever they can, although it may take longer."""
    fast_math: FastMath = "contract"
    """How freely results may be rounded: with "reassociate" the machine's code may differ from place to place."""

    def __post_init__(self) -> None:
        """Raises `ValueError` for a `fast-math` that does not exist."""
        check_fast_math(self.fast_math)

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Marks the pathways of targets."""
        for program in programs_in(op):
            loop = loop_of(program)
            pathways = [] if loop is None else [each for each in loop.body.block.ops if isinstance(each, PropagateOp)]
            pathways = [each for each in pathways if each.spiking.data == "post"]
            if not pathways or loop is None:
                continue
            versions = check_single_version(program)
            for pathway in pathways:
                found: Deferral | str = "sums may be rounded in another way"
                if DIVISION in pathway.attributes:
                    found = "its work is divided among threads already"
                elif self.fast_math != "reassociate":
                    found = deferral(pathway, loop, versions)
                reason = found if isinstance(found, str) else self._too_small(found)
                if reason:
                    pathway.attributes[IMMEDIATE] = StringAttr(reason)
                elif isinstance(found, Deferral):
                    if self.always:
                        pathway.attributes[ALWAYS] = UnitAttr()
                    pathway.attributes[DEFERRED] = StringAttr(f"until '{found.reader.label.data}'")
                    count("deferred")

    def _too_small(self, found: Deferral) -> str:
        """Returns why it is not worth it, "" if it is."""
        facts = facts_of(found.reader)
        sizes = [facts.get(name) for name in ("row_log2", "sparsity_log2", "degree_log2")]
        known = [size for size in sizes if size is not None]
        if self.always or len(known) < len(sizes):
            return ""
        widths = [element_type(found.held.inputs[k].type) for k, _ in found.writes]
        taken = 2.0 ** (sum(known) - len(known) / 2) * sum((getattr(t, "bitwidth", 64) + 7) // 8 for t in widths)
        return "" if taken >= LEAST_BYTES else "what it changes stays in the cache"
