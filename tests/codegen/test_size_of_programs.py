"""The function `@run` stays small: LLVM spends more than its share of time on large ones."""

from __future__ import annotations

import re

from ranvier import Network, NeuronGroup, Synapses


def _program(groups: int) -> str:
    """Returns the LLVM IR of the function `@run` of a network of equal groups in a circle."""
    model = "dv/dt = (1.2 - v)/(10*ms) + ge/ms : 1\ndge/dt = -ge/(5*ms) : 1"
    members = [NeuronGroup(20, model, threshold="v > 1", reset="v = 0", method="exact") for _ in range(groups)]
    traces = "w : 1\ndapre/dt = -apre/(20*ms) : 1 (event-driven)"
    synapses = [
        Synapses(one, other, traces, on_pre="ge_post += w\napre += 0.01", on_post="w += apre")
        for one, other in zip(members, members[1:] + members[:1], strict=True)
    ]
    for each in synapses:
        each.connect(i=[0, 1], j=[1, 2])
    text = Network(members, synapses).lower().as_text("llvm")
    found = re.search(r"define internal i64 @run\(.*?^}", text, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[0]


def test_each_object_adds_few_blocks_to_the_program():
    few, more = _program(3), _program(6)
    blocks = len(re.findall(r"^\w+:", more, re.MULTILINE)) - len(re.findall(r"^\w+:", few, re.MULTILINE))
    allocations = more.count("@rv.allocate_for_run") - few.count("@rv.allocate_for_run")
    assert allocations > 0
    assert blocks == allocations  # where it goes on if there is memory


def test_memory_is_given_back_by_one_call_at_each_way_out():
    program = _program(3)
    assert program.count("call void @rv.release") == len(re.findall(r"^  ret ", program, re.MULTILINE)) == 2
