"""The examples in docstrings of passes are true: a program that has what is under Before becomes what is under After.

Both are shortened texts. Between two lines, and where three points or braces stand, anything may follow; `%x` is one
value throughout, whatever its name in the program is.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from xdsl.dialects.builtin import ModuleOp

from ranvier.ir.diagnostics import parse_module
from ranvier.ir.dialect import new_context
from ranvier.passes.pipeline import run_pipeline
from ranvier.passes.registry import load_pass, pass_names

HERE = Path(__file__).parent
TOKEN = re.compile(r'%[\w.]+|@?[\w.]+(?:-[a-z]\w*)*|"[^"]*"|->|[^\s\w]')
SPLIT = re.compile(r"\.\.\.|[{}\n]|  +")


SMALL = """
snn.program @lif {
  %N = snn.param "g.N" "" : index
  %tau = snn.param "tau" "s" : f64
  %v = snn.state "g.v" "" [%N] : tensor<?xf64>
  %clk = snn.clock "clk"
  %dt = snn.dt %clk
  %q = arith.divf %dt, %tau : f64
  %k = arith.negf %q : f64
  %decay = math.exp %k : f64
  %end = snn.loop (%v) : tensor<?xf64> -> tensor<?xf64> {
  ^bb0(%v0: tensor<?xf64>):
    %v1 = snn.map "integrate" "lif" on(%clk) [%N] (%v0) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %x: f64):
      %y = arith.mulf %x, %decay : f64
      snn.yield %y : f64
    }
    snn.yield %v1 : tensor<?xf64>
  }
}
"""


def example_of(name: str) -> tuple[str, str, str] | None:
    """Returns the options of the example of a pass, and what stands before and after; None if it has none."""
    text = load_pass(name).__doc__ or ""
    found = re.search(r"^ *Before(?: \(`([^`]*)`\))?:\n(.*?)^ *After:\n(.*?)\n\n", text, re.MULTILINE | re.DOTALL)
    return None if found is None else (found[1] or name, found[2], found[3])


def pieces_of(example: str) -> list[list[str]]:
    """Returns the pieces of an example between which anything may stand, as tokens."""
    bare = re.sub(r"//.*", "", example)
    return [tokens for piece in SPLIT.split(bare) if (tokens := TOKEN.findall(piece))]


def values_of(
    piece: Sequence[str], tokens: Sequence[str], start: int, known: Mapping[str, str]
) -> dict[str, str] | None:
    """Returns what the values of an example are, if a piece of it stands at a place of a text; else None."""
    found = dict(known)
    if start + len(piece) > len(tokens):
        return None
    for wanted, there in zip(piece, tokens[start:], strict=False):
        if wanted.startswith("%"):
            if not there.startswith("%") or found.setdefault(wanted, there) != there:
                return None
        elif wanted != there:
            return None
    return found


def stands_in(pieces: Sequence[Sequence[str]], tokens: Sequence[str]) -> bool:
    """Tells whether the pieces of an example stand in a text, in this order."""
    return next(_places(pieces, tokens, 0, {}), None) is not None


def _places(
    pieces: Sequence[Sequence[str]], tokens: Sequence[str], start: int, known: Mapping[str, str]
) -> Iterator[Mapping[str, str]]:
    if not pieces:
        yield known
        return
    for place in range(start, len(tokens)):
        found = values_of(pieces[0], tokens, place, known)
        if found is not None:
            yield from _places(pieces[1:], tokens, place + len(pieces[0]), found)


def programs() -> Iterator[ModuleOp]:
    """Yields the programs of these tests, as they are and with fused sweeps, and a small one."""
    yield parse_module(SMALL, "small", new_context())
    for path in sorted([*HERE.glob("checks/*.mlir"), *HERE.glob("programs/*.mlir")]):
        module = parse_module(path.read_text(encoding="utf-8"), path.name, new_context())
        yield module.clone()
        run_pipeline(module, "fuse-maps")
        yield module


EXAMPLES = {name: example for name in pass_names() if (example := example_of(name)) is not None}

SKETCHED = {
    "lower-to-kernels": "kernels have only the generic form as text, which is hard to read",
    "emulate-kernels": "kernels have only the generic form as text, which is hard to read",
    "partition": "of the ops only what they are divided by is shown",
}
"""Passes whose example is a sketch, and why."""

OF_XDSL = {"canonicalize", "cse", "licm", "convert-scf-to-cf"}


@pytest.fixture(scope="module")
def texts() -> list[tuple[ModuleOp, list[str]]]:
    """The programs, each with its text."""
    return [(module, TOKEN.findall(str(module))) for module in programs()]


def test_every_pass_of_ours_has_an_example() -> None:
    ours = {name for name in pass_names() if load_pass(name).__module__.startswith(("ranvier.", "xdsl."))}
    assert ours - set(EXAMPLES) == OF_XDSL  # other tests register passes of their own


@pytest.mark.parametrize("name", sorted(set(EXAMPLES) - set(SKETCHED)))
def test_the_example_of_a_pass_is_true(name: str, texts: list[tuple[ModuleOp, list[str]]]) -> None:
    spec, before, after = EXAMPLES[name]
    begun = [module.clone() for module, tokens in texts if stands_in(pieces_of(before), tokens)]
    assert begun, f"no program has what stands under Before:\n{before}"
    for module in begun:
        run_pipeline(module, spec)
        if stands_in(pieces_of(after), TOKEN.findall(str(module))):
            return
    pytest.fail(f"no program becomes what stands under After:\n{after}\nbut:\n{begun[0]}")


def test_what_is_not_there_is_not_found() -> None:
    """One value has one name, and pieces stand in their order."""
    text = TOKEN.findall("%a = arith.addf %b, %c : f64\n%d = arith.mulf %a, %a : f64")
    assert stands_in(pieces_of("%x = arith.addf %y, %z ... arith.mulf %x, %x : f64"), text)
    assert not stands_in(pieces_of("%x = arith.addf %x, %z"), text)
    assert not stands_in(pieces_of("arith.mulf ... arith.addf"), text)
    assert not stands_in(pieces_of("%x = arith.addf %y, %z ... arith.mulf %y, %y"), text)
