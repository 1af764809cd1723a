"""Warning of pathways whose outcome depends on the order in which synapses are processed.

Synapses of one step are processed one after another, as in the order of the spikes. Most code gives the same in any
order: additions to (or multiplications of) variables of neurons by what those do not change, and assignments that
are the same for all synapses of a neuron. All other code deserves a warning.

Random numbers belong to synapses, whatever their order: sums of them need no warning (Brian gives one), assignments of
them do. A function of the script that is executed by Python may give something else at each call: what it adds is taken
to be the same in any order, unless the function is declared to have a state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ranvier.actions.actions import CodeFunction, HostFunction
from ranvier.actions.code import DRAWS
from ranvier.actions.synaptic_actions import OfPost, OfPre, OfSynapse, PostIndex, PreIndex, SynapticBinding
from ranvier.equations.assignments import Assign, Line
from ranvier.equations.expressions import Binary, Expr, Name, functions, names
from ranvier.session.logger import get_logger

logger = get_logger("ranvier.codegen.generators.base")

KINDS = {"+": "sum", "-": "sum", "*": "product", "/": "product"}
"""Operators that change a variable so that the order of several changes is of no importance, if all are of a kind."""


@dataclass
class _Writes:
    """How code changes a variable of neurons: of which kinds the changes are, and whether they differ by synapse."""

    kinds: set[str] = field(default_factory=set[str])
    differ: bool = False


def depends_on_order(code: Sequence[Line], bindings: Mapping[str, SynapticBinding]) -> bool:
    """Tells whether the outcome of code for several synapses may depend on their order.

    Args:
        code: The assignments.
        bindings: What their names stand for; each variable has one name.
    """
    lines = [line for line in code if isinstance(line, Assign)]
    of_neurons = {line.target: _Writes() for line in lines if isinstance(bindings.get(line.target), (OfPre, OfPost))}
    if not of_neurons:
        return False
    read: dict[str, frozenset[str]] = {}
    for line in lines:
        used = _expanded(line.expr, read, bindings)
        writes = of_neurons.get(line.target)
        change = None if writes is None else _change(line.target, line.expr)
        if writes is not None and any(_may_have_state(name, bindings, change is not None) for name in used):
            return True
        if writes is None:
            read[line.target] = used
            if used & of_neurons.keys():
                return True
            continue
        if change is None:
            writes.kinds.add("any")
            others = used - {line.target}
        else:
            writes.kinds.add(change[0])
            others = _expanded(change[1], read, bindings)
            if line.target in others:
                return True
        if others & of_neurons.keys():
            return True
        writes.differ = writes.differ or any(_differs(name, line.target, bindings) for name in others)
    return any(w.differ and (len(w.kinds) > 1 or "any" in w.kinds) for w in of_neurons.values())


def _change(target: str, expr: Expr) -> tuple[str, Expr] | None:
    """Returns the kind of change "target = target + x - y" is, and what it depends on; None if it has another form."""
    if not isinstance(expr, Binary) or expr.op not in KINDS:
        return None
    if target not in names(expr):
        return None
    kind = KINDS[expr.op]
    for own, other in ((expr.left, expr.right), (expr.right, expr.left)):
        if own == Name(target):
            return kind, other
        inner = _change(target, own)
        if inner is not None and inner[0] == kind:
            return kind, Binary("+", inner[1], other)
        if expr.op not in "+*":  # only the left side of a difference or quotient is added to or multiplied
            break
    return None


def _expanded(
    expr: Expr, read: Mapping[str, frozenset[str]], bindings: Mapping[str, SynapticBinding]
) -> frozenset[str]:
    """Returns the names and functions in an expression, with those that its temporaries were computed from.

    Of the functions of the language only those that draw random numbers count.
    """
    used = names(expr) | {name for name in functions(expr) if name in DRAWS or name in bindings}
    return used.union(*(read[name] for name in used if name in read))


def _may_have_state(name: str, bindings: Mapping[str, SynapticBinding], is_change: bool) -> bool:
    """Tells whether a name is a function that may give something else at each call.

    Args:
        is_change: Whether what it gives changes a variable (`v += f(i)`), rather than being its new value.
    """
    binding = bindings.get(name)
    if isinstance(binding, HostFunction):
        return not (binding.stateless and is_change)
    return isinstance(binding, CodeFunction) and not binding.code.stateless


def _differs(name: str, target: str, bindings: Mapping[str, SynapticBinding]) -> bool:
    """Tells whether a name has different values for the synapses of one neuron."""
    side = OfPre if isinstance(bindings[target], OfPre) else OfPost
    binding = bindings.get(name)
    if binding is None or isinstance(binding, OfSynapse):  # a temporary or a random number
        return True
    if isinstance(binding, (PreIndex, PostIndex)):
        return isinstance(binding, PreIndex) == (side is OfPost)
    return isinstance(binding, OfPost if side is OfPre else OfPre)


def warn_of_order(code: Sequence[Line], bindings: Mapping[str, SynapticBinding], text: str) -> None:
    """Warns if the outcome of a pathway's code may depend on the order of the synapses.

    Args:
        code: The assignments.
        bindings: What their names stand for.
        text: The code as the user wrote it.
    """
    if not depends_on_order(code, bindings):
        return
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    shown = f"Code: '{lines[0]}'" if len(lines) == 1 else f"{len(lines)} lines of code, first line is: '{lines[0]}'"
    logger.warn(
        "Came across synaptic code that may not be well-defined: the outcome may depend on the order of execution. You "
        f"can ignore this warning if you are sure that the order of operations does not matter. {shown}",
        once=True,
    )
