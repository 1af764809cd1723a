"""Which event-driven variables are the same for all synapses of a neuron, by what code does with them.

A variable belongs to the source if only pathways that the source triggers assign to it, and always the same for all
synapses of a neuron; if its equation goes on by itself, from variables of the same side and from what does not change
during a run; and if nothing else in the network uses it. Then being advanced at events of the other side too makes no
difference but rounding. In the same way a variable belongs to the target.

The rewrite `share-traces` asks for what happens in a run, the plan of memory for what will happen by the texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ranvier.actions import actions as act
from ranvier.actions import synaptic_actions as syn
from ranvier.actions.code import DRAWS, assigned_names, used_names
from ranvier.actions.effects import assigned_variables, reach
from ranvier.actions.rewrites.sides import Sides
from ranvier.actions.traces import LASTUPDATE
from ranvier.equations.assignments import Assign, Line
from ranvier.equations.expressions import Expr, functions, names

HELD = (act.Constant, act.Time, act.Shared, act.Lookup)
"""What is the same for all synapses, whatever the code does."""


@dataclass(frozen=True)
class PathwayCode:
    """What the user's statements of a pathway are.

    Attributes:
        label: The name of the pathway.
        side: The side whose events trigger it: "pre" or "post".
        lines: The statements.
        bindings: What the names in them, and in the equations, stand for.
    """

    label: str
    side: str
    lines: Sequence[Line]
    bindings: Mapping[str, syn.SynapticBinding]

    def assigned(self) -> set[str]:
        """Returns the names that the statements assign to."""
        return assigned_names(self.lines)

    def used(self) -> set[str]:
        """Returns all names in the statements."""
        return set(used_names(self.lines))

    def culprits(self, own: Iterable[str]) -> dict[str, str]:
        """Returns the variables of synapses that are assigned something which differs between the synapses of the
        neuron that spikes, and for each of them a name in what is assigned that does.

        Args:
            own: Event-driven variables that do not differ.
        """
        fixed, found = set(own), dict[str, str]()
        varying: dict[str, str] = {}
        written = assigned_variables(self.lines, self.bindings)
        for line in self.lines:
            if not isinstance(line, Assign):
                return dict.fromkeys(self.assigned(), "a matrix")
            culprit = next(filter(None, (self._differs(name, fixed, written, varying) for name in _in(line.expr))), "")
            binding = self.bindings.get(line.target)
            if isinstance(binding, syn.OfSynapse):
                if culprit:
                    found.setdefault(line.target, culprit)
            elif binding is None:
                varying[line.target] = culprit
        return found

    def _differs(self, name: str, fixed: set[str], written: set[act.Storage], varying: Mapping[str, str]) -> str:
        """Returns the name if its value may differ between the synapses of a neuron, else "".

        A variable of the neuron that spikes may change from synapse to synapse where the code assigns to it, be it as
        one of the neuron at the other end.
        """
        binding = self.bindings.get(name)
        if binding is None:
            return name if name in DRAWS else varying.get(name, "")
        ends = (syn.OfPre, syn.PreIndex) if self.side == "pre" else (syn.OfPost, syn.PostIndex)
        is_changing = not written.isdisjoint(reach(binding).all)
        is_of_end = isinstance(binding, ends) and not is_changing
        is_fixed = name in fixed or isinstance(binding, (*HELD, syn.OfRow)) or is_of_end
        return "" if is_fixed else name


def _in(expr: Expr) -> list[str]:
    return sorted(names(expr) | functions(expr))


class TraceSides(Sides):
    """Finds the side of each event-driven variable, or why it has none.

    Args:
        equations: Name and right-hand side of each variable.
        pathways: The code that uses them.
        users: Variable → something else that uses it; missing or "" where there is nothing.
        may_change: Tells whether something changes a variable of neurons during a run.

    Attributes:
        sides: Variable → "pre" or "post".
        reasons: Variable → why each synapse needs a value of its own.
    """

    UNDRIVEN = "no pathway of one side assigns to it"

    def __init__(
        self,
        equations: Mapping[str, Expr],
        pathways: Sequence[PathwayCode],
        users: Mapping[str, str],
        may_change: Callable[[act.Storage], bool],
    ) -> None:
        super().__init__()
        self.equations = dict(equations)
        self.pathways = pathways
        self._users = users
        self._may_change = may_change
        whole = self._reason_for_all()
        if whole:
            self.reasons = dict.fromkeys(self.equations, whole)
            return
        self.reasons = {name: f"'{users[name]}' uses it" for name in self.equations if users.get(name)}
        self.find(self.equations)

    def _reason_for_all(self) -> str:
        for pathway in self.pathways:
            if LASTUPDATE in pathway.used():
                return f"the code of '{pathway.label}' uses '{LASTUPDATE}'"
        if any(LASTUPDATE in names(expr) for expr in self.equations.values()):
            return f"an equation uses '{LASTUPDATE}'"
        user = self._users.get(LASTUPDATE)
        return f"'{user}' uses '{LASTUPDATE}'" if user else ""

    def _writers(self, name: str) -> set[str]:
        return {pathway.side for pathway in self.pathways if name in pathway.assigned()}

    def _drivers(self, name: str) -> Iterable[str]:
        return (self.sides.get(other, "") for other in names(self.equations[name]))

    def _objection(self, name: str) -> str:
        side = self.sides[name]
        own = [other for other, of in self.sides.items() if of == side]
        for pathway in self.pathways:
            culprit = pathway.culprits(own).get(name) if pathway.side == side else None
            if culprit:
                return f"what '{pathway.label}' assigns to it depends on '{culprit}', which differs between synapses"
        for other in _in(self.equations[name]):
            if other not in own and not self._holds(other, side):
                return f"its equation depends on '{other}'"
        for other in self.equations:
            if other not in own and name in names(self.equations[other]):
                return f"the equation of '{other}' depends on it"
        return ""

    def _holds(self, name: str, side: str) -> bool:
        """Tells whether a name of an equation is the same for all synapses of a neuron and stays so during a run."""
        binding = self.pathways[0].bindings.get(name) if self.pathways else None
        match binding:
            case None:
                return name not in DRAWS and name not in self.equations
            case act.Constant():
                return True
            case act.Shared(storage):
                return not self._may_change(storage)
            case syn.OfPre(storage) | syn.OfPost(storage):
                return isinstance(binding, syn.OfPre) == (side == "pre") and not self._may_change(storage)
            case _:
                return False
