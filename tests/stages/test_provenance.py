"""Ops and instructions know which parts of the user's equations they compute."""

from __future__ import annotations

import pickle

import pytest
from xdsl.context import Context
from xdsl.dialects import arith
from xdsl.dialects.builtin import ModuleOp, UnknownLoc
from xdsl.ir import Operation
from xdsl.passes import ModulePass

from ranvier import Equations, Network, NeuronGroup, Synapses, ms, start_scope
from ranvier.graph.build import build_module
from ranvier.ir.locations import Site, fused, is_precise, sites
from ranvier.passes.pipeline import lower, run_pipeline
from ranvier.pipeline.options import Options
from ranvier.plan.plan import Plan
from ranvier.plan.texts import equation_texts
from ranvier.stages import Lowered

MODEL = """
    dv/dt = (I + ge
             - v)/tau : 1   # a comment: dx/dt = 1
    dge/dt = (square(v) - ge)/tau : 1
    I = square(v)*0.5 + v**3 : 1
    """

RESET = "v = 0; ge *= 0.5"


def network(model: str = MODEL, method: str = "euler", **given: str) -> Network:
    """Returns a network with two groups of one model, and synapses."""
    start_scope()
    model = model.replace("square(v)", "(v*v)")
    groups = [
        NeuronGroup(
            20,
            model,
            threshold="v > 1 - I/2",
            reset="v = 0; ge *= 0.5",
            method=method,
            name=name,
            namespace={"tau": 9 * ms},
        )
        for name in ("one", "two")
    ]
    ends = Synapses(*groups, "w : 1", on_pre="\n  ge += w*0.5\n  w = clip(w, 0, 1)", name="ends", **given)
    ends.connect(j="i")
    return Network(*groups, ends)


def lowered(**options: str) -> Lowered:
    return network(**options).lower(namespace={"ms": ms})


def scalar_ops(module: ModuleOp) -> list[Operation]:
    names = ("arith.", "math.")
    return [op for op in module.walk() if op.name.startswith(names) and not isinstance(op, arith.ConstantOp)]


def sites_of(module: ModuleOp, name: str) -> set[Site]:
    return {site for op in module.walk() if op.name == name for site in sites(op.location)}


def test_ops_have_line_and_column_in_the_users_text() -> None:
    """Also behind line breaks, comments and in subexpressions that were put in place."""
    plan = lowered().plan
    module = build_module(plan)
    texts = equation_texts(plan)
    assert texts["one_stateupdater"].splitlines()[1].strip() == "dv/dt = (I + ge"
    found = sites_of(module, "arith.divf")
    assert Site("one_stateupdater", 2, 13, "dv/dt") in found and Site("two_stateupdater", 4, 14, "dge/dt") in found
    assert Site("one_stateupdater", 5, 9, "I") in sites_of(module, "arith.addf")
    assert Site("one_stateupdater", 5, 21, "I") in sites_of(module, "math.powf")
    assert Site("one_spike_thresholder", 1, 1) in sites_of(module, "arith.cmpf")
    assert Site("one_spike_resetter", 1, 14, "ge") in sites_of(module, "arith.mulf")
    assert Site("ends_pre", 2, 9, "ge") in sites_of(module, "arith.mulf")
    assert Site("ends_pre", 3, 7, "w") in sites_of(module, "arith.select")


def test_what_stands_at_a_site_is_what_is_computed() -> None:
    """The text at the place of each power and comparison begins with what it is computed of."""
    plan = lowered().plan
    texts = equation_texts(plan)
    for site in sites_of(build_module(plan), "math.powf"):
        assert texts[site.file].splitlines()[site.line - 1][site.column - 1 :].startswith("v**3")


def test_code_of_integrators_belongs_to_the_equations_it_is_for() -> None:
    linear = "dv/dt = (ge - v)/tau : 1\ndge/dt = -ge/tau : 1\nI = 1 : 1"
    module = build_module(lowered(model=linear, method="exact").plan)
    known = {site for op in scalar_ops(module) for site in sites(op.location) if site.file == "one_stateupdater"}
    assert {(site.line, site.name) for site in known} == {(1, "dv/dt"), (2, "dge/dt")}
    exponentials = sites_of(module, "math.exp")
    assert {site.name for site in exponentials} == {"dv/dt", "dge/dt"}
    for method in ("rk4", "exponential_euler", "gsl_rkf45"):
        module = build_module(lowered(model=linear, method=method).plan)
        unknown = [op for op in scalar_ops(module) if isinstance(op.location, UnknownLoc)]
        assert not unknown, (method, unknown)


def test_passes_keep_places() -> None:
    """After each pass of the default pipeline each scalar op of these models has a place in their equations.

    All but the choice between the old value and that of a reset, where the new one is no op.
    """
    program = lowered()
    module = build_module(program.plan)
    before = len(scalar_ops(module))

    def check(ran: ModulePass | None, now: ModuleOp, _: ModulePass | None) -> None:
        lost = [op for op in scalar_ops(now) if not is_precise(op.location) and op.name != "arith.select"]
        assert not lost, (ran, lost)
        assert all(not isinstance(op.location, UnknownLoc) for op in now.walk() if op.name == "snn.propagate")

    run_pipeline(module, program.options.steps, observe=check)
    assert len(scalar_ops(module)) < before
    loops, _ = lower(module, program.options.lowering)
    kept = {site.file for op in scalar_ops(loops) for site in sites(op.location)}
    assert {"one_stateupdater", "two_stateupdater", "ends_pre", "one_spike_thresholder"} <= kept


def test_what_becomes_one_op_has_the_places_of_all() -> None:
    """By common subexpressions, and where sweeps of two groups are one function."""
    program = lowered()
    module = build_module(program.plan)
    run_pipeline(module, "eliminate-common-subexpressions")
    squares = [
        {(site.line, site.name) for site in sites(op.location)} for op in module.walk() if op.name == "arith.mulf"
    ]
    assert {(4, "dge/dt"), (5, "I")} in squares
    loops, _ = lower(module, program.options.lowering)
    together = [{site.file for site in sites(op.location)} for op in loops.walk()]
    assert any({"one_stateupdater", "two_stateupdater"} <= files for files in together)


class WithoutPlaces(ModulePass):
    """A pass of somebody who knows nothing of locations: x**3 becomes x*x*x."""

    name = "without-places"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for power in [inner for inner in op.walk() if inner.name == "math.powf"]:
            square = arith.MulfOp(power.operands[0], power.operands[0])
            cube = arith.MulfOp(square.result, power.operands[0])
            block = power.parent
            assert block is not None
            block.insert_ops_before([square, cube], power)
            power.results[0].replace_all_uses_with(cube.result)
            power.detach()
            power.erase()


def test_passes_that_know_nothing_of_locations_keep_the_equation() -> None:
    module = build_module(lowered().plan)
    run_pipeline(module, WithoutPlaces())
    assert not sites_of(module, "math.powf")
    lost = [op for op in scalar_ops(module) if isinstance(op.location, UnknownLoc)]
    assert not lost
    assert {site.name for site in sites_of(module, "arith.mulf")} >= {"I"}


def test_places_are_no_part_of_the_key() -> None:
    """Other lines, comments and names: the same program."""
    plain = lowered().plan
    moved = lowered(model="\n\n# first\n" + MODEL.replace("# a comment", "# another")).plan
    assert plain.key == moved.key
    assert equation_texts(plain) != equation_texts(moved)
    assert build_module(plain).is_structurally_equivalent(build_module(moved))


def test_replaced_names_stand_where_the_equation_does() -> None:
    start_scope()
    group = NeuronGroup(2, Equations("dx/dt = -x/tau0 : 1", x="v", tau0=9 * ms), method="euler", name="cells")
    module = build_module(Network(group).lower(namespace={"ms": ms}).plan)
    assert sites_of(module, "arith.divf") == {Site("cells_stateupdater", 1, 9, "dx/dt")}


def test_fused_locations_name_each_place_once() -> None:
    module = build_module(lowered().plan)
    some = [op.location for op in scalar_ops(module)][:6]
    together = fused([*some, *some])
    assert len(set(sites(together))) == len(sites(together)) == len({site for each in some for site in sites(each)})
    assert isinstance(fused([UnknownLoc()]), UnknownLoc)


def test_lines_are_explained() -> None:
    """From a line to its ops and instructions; other files and lines do not exist."""
    program = lowered()
    text = program.explain("one_stateupdater", 5)
    assert text.startswith("one_stateupdater:5: I = ") and "arith." in text
    assert "mul" in text.partition("one_stateupdater:")[2]
    assert "(ends_pre" not in text
    everything = program.explain()
    assert "ends_pre:2: ge += w*0.5" in everything and "one_spike_thresholder:1: v > 1 - I/2" in everything
    with pytest.raises(ValueError, match="There is no text 'three'; there are one_stateupdater"):
        program.explain("three")
    with pytest.raises(ValueError, match="has a line 77"):
        program.explain("one", 77)


def test_stages_are_printed_with_locations_on_demand() -> None:
    program = lowered()
    assert "loc(" not in program.as_text("optimised")
    assert '"dge/dt"("one_stateupdater":4:14)' in program.as_text("optimised", locations=True)
    assert '"one_stateupdater":4:14' in program.as_text("loops", locations=True)


def test_plans_with_places_can_be_sent() -> None:
    plan = lowered().plan
    again: Plan = pickle.loads(pickle.dumps(plan))
    assert again.key == plan.key and equation_texts(again) == equation_texts(plan)
    assert Options().code.debug_info == ""
