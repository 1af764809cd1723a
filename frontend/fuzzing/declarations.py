"""What random programs declare: their inputs."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from ranvier.fuzzing.pathways import SETS, end_of
from ranvier.fuzzing.rarer import rarer_declarations

FIRST = """  %N = snn.param "N" "" : index
  %k = snn.param "k" "" : f64
  %half = snn.param "half" "" : f64
  %key = snn.param "key" "" : i64
  %S = snn.param "S" "" : index
  %one = arith.constant 1 : index
  %zero = arith.constant 0 : index
  %four = arith.constant 4 : index
  %low = snn.param "low" "" : index
  %mid = snn.param "mid" "" : index
  %rest = snn.param "rest" "" : index
  %far = snn.param "far" "" : index
  %kept_N = arith.muli %N, %four : index
  %kept_rest = arith.muli %rest, %four : index
  %kept_far = arith.muli %far, %four : index
  %most = arith.constant 64.0 : f64
  %s = snn.state "s" ""[%one] : tensor<1xf64>
  %e = snn.event_space "e"[%N]
  %count = snn.state "count" ""[%N] : tensor<?xi32>
  %clk = snn.clock "clk"
  %slow = snn.clock "slow"
  %m = snn.sink "m" : !snn.sink<[f64, f64]>
  %sp = snn.sink "sp" : !snn.sink<[f64, i32, f64]>
  %rt = snn.sink "rt" : !snn.sink<[f64, f64]>"""


def declarations(types: Mapping[str, str]) -> Iterator[str]:
    """Yields the lines that declare the inputs.

    Args:
        types: The variables of the neurons, and the types of their elements.
    """
    yield from FIRST.splitlines()
    yield from rarer_declarations()
    for name, type in types.items():
        yield f'  %{name} = snn.state "{name}" ""[%N] : tensor<?x{type}>'
    yield '  %pending = snn.param "pending" "" : index'
    yield '  %due = snn.state "due" ""[%pending] : tensor<?xi64>'
    yield '  %due_at = snn.state "due at" ""[%pending] : tensor<?xi32>'
    for name in SETS:
        for size in ("number", *dict.fromkeys(end_of(name, way).rows for way in ("pre", "post"))):
            yield f'  %{name}_{size} = snn.param "{name}.{size}" "" : index'
        for variable, type in (("i", "i32"), ("j", "i32"), ("w", "f64"), ("x", "f64")):
            yield f'  %{name}_{variable} = snn.state "{name}.{variable}" ""[%S] : tensor<?x{type}>'
        yield f'  %{name}_delays = snn.state "{name}.delays" ""[%{name}_number] : tensor<?xi64>'
        for way in ("pre", "post"):
            rows = end_of(name, way).rows
            yield f'  %{name}_{way}_pointers = snn.state "{name}.{way}.pointers" ""[%{name}_{rows}] : tensor<?xi64>'
            yield f'  %{name}_{way}_order = snn.state "{name}.{way}.order" ""[%S] : tensor<?xi32>'


def history(number: int, parts: Mapping[str, str], count: str) -> Iterator[str]:
    """Yields the lines that declare a list of spikes under way, and how many of the pending ones have arrived.

    Args:
        number: Its number.
        parts: What it consists of, and the types.
        count: The input that says of how many neurons it is.
    """
    sizes = {"spiked": f"%kept_{count}", "counts": "%four", "position": "%one", "arrived": "%one"}
    for part, type in parts.items():
        yield f'  %{part}{number} = snn.state "{part}{number}" ""[{sizes[part]}] : {type}'


def names_in(text: str) -> set[str]:
    """Returns the names of values in a text."""
    return set(re.findall(r"%\w+", text))


def needed(lines: Sequence[str], names: Collection[str]) -> list[str]:
    """Returns the lines that declare some names, and those that these need, in their order.

    Args:
        lines: One declaration each.
        names: What is used elsewhere.
    """
    used, kept = set(names), list[str]()
    for line in reversed(lines):
        if line.split()[0] in used:
            kept.append(line)
            used |= names_in(line)
    return kept[::-1]
