"""Which event-driven variables are the same for all synapses of a neuron, so that the neuron can hold them.

A variable belongs to the source if only pathways that the source triggers assign to it, and always the same for all
synapses of a neuron; if these are reached at the same time; if its equation goes on by itself, from variables of the
same side and from what does not change during a run; and if nothing else in the network uses it. Then being advanced
at events of the other side too makes no difference but rounding. In the same way a variable belongs to the target.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ranvier.actions import actions as act
from ranvier.actions import synaptic_actions as syn
from ranvier.actions.code import DRAWS, assigned_names, used_names
from ranvier.actions.effects import (
    Touched,
    assigned_variables,
    calls_python,
    may_be_in,
    reach,
    touches,
    written_by_any,
)
from ranvier.equations.assignments import Assign, Line
from ranvier.equations.expressions import Expr, Name, functions, names
from ranvier.objects.traces.event_driven import LASTUPDATE, event_time
from ranvier.objects.traces.flow import Flow
from ranvier.objects.traces.shared_traces import SIDES, SharedTraces, Sharing
from ranvier.session.preferences import prefs

OWN_EVENT, OTHER_EVENT = "_own_last_event", "_other_last_event"
"""Names in the code of pathways: the time of the last event of the neuron that spikes, and of that at the other end."""

HELD = (act.Constant, act.Time, act.Shared, act.Lookup)
"""What is the same for all synapses, whatever the code does."""


def share_traces(actions: Sequence[act.Action]) -> list[act.Action]:
    """Returns actions in which neurons hold the event-driven variables that are the same for all their synapses."""
    changed = list(actions)
    groups: dict[int, list[int]] = {}
    for position, action in enumerate(actions):
        if isinstance(action, syn.Propagate) and action.event_driven is not None:
            groups.setdefault(id(action.event_driven.owner), []).append(position)
    network = _Network.of(actions if groups else ())
    for positions in groups.values():
        own = [action for position in positions if isinstance(action := actions[position], syn.Propagate)]
        shared = _shared(own, network)
        for position, action in zip(positions, shared, strict=True):
            changed[position] = action
    return changed


@dataclass(frozen=True)
class _Network:
    """What happens in a step.

    Attributes:
        touched: Each action, and the memory that it reads or writes.
        written: The memory that some action changes.
        calls_python: The label of an action that calls Python, "" if there is none.
    """

    touched: Sequence[tuple[act.Action, Touched]]
    written: Touched
    calls_python: str

    @classmethod
    def of(cls, actions: Sequence[act.Action]) -> "_Network":
        """Returns what is known of actions."""
        caller = next((action.label for action in actions if calls_python(action)), "")
        return cls([(action, touches(action)) for action in actions], written_by_any(actions), caller)


def _shared(own: Sequence[syn.Propagate], network: _Network) -> Sequence[syn.Propagate]:
    """The pathways of one object with the variables that neurons can hold at neurons."""
    first = own[0].event_driven
    assert first is not None
    owner: SharedTraces = first.owner
    found = _Analysis(owner, own, network)
    found.run()
    sides = dict(found.sides)
    flows = {side: Flow.of(first, [n for n in sides if sides[n] == side], own[0].bindings) for side in SIDES}
    sharing = Sharing(sides, flows, len(sides) == len(owner.storages))
    owner.reasons = {name: found.reasons.get(name, "") for name in owner.storages}
    if not owner.settle(sharing):
        unequal = "its values differ between the synapses of a neuron"
        owner.reasons = {name: reason or unequal for name, reason in owner.reasons.items()}
        return own
    return [shared_propagate(action) for action in own]


# ---------------------------------------------------------------- what code does


def side_of(action: syn.Propagate) -> str:
    """The side whose events trigger a pathway."""
    return "post" if action.from_target else "pre"


@dataclass
class _Body:
    """What the user's statements of a pathway use and do."""

    action: syn.Propagate
    side: str
    lines: Sequence[Line]

    @property
    def label(self) -> str:
        return self.action.label

    def assigned(self) -> set[str]:
        return assigned_names(self.lines)

    def used(self) -> set[str]:
        return set(used_names(self.lines))

    def culprits(self, own: Iterable[str]) -> dict[str, str]:
        """Variables of synapses that are assigned → something in what is assigned that differs between the synapses
        of the neuron that spikes.

        Args:
            own: Event-driven variables that do not differ.
        """
        fixed, found = set(own), dict[str, str]()
        varying: dict[str, str] = {}
        written = assigned_variables(self.lines, self.action.bindings)
        for line in self.lines:
            if not isinstance(line, Assign):
                return {name: "a matrix" for name in self.assigned()}
            culprit = next(filter(None, (self._differs(name, fixed, written, varying) for name in _in(line.expr))), "")
            binding = self.action.bindings.get(line.target)
            if isinstance(binding, syn.OfSynapse):
                if culprit:
                    found.setdefault(line.target, culprit)
            elif binding is None:
                varying[line.target] = culprit
        return found

    def _differs(self, name: str, fixed: set[str], written: set[act.Storage], varying: Mapping[str, str]) -> str:
        """The name if its value may differ between the synapses of a neuron, else "".

        A variable of the neuron that spikes may change from synapse to synapse where the code assigns to it, be it as
        one of the neuron at the other end.
        """
        binding = self.action.bindings.get(name)
        if binding is None:
            return name if name in DRAWS else varying.get(name, "")
        ends = (syn.OfPre, syn.PreIndex) if self.side == "pre" else (syn.OfPost, syn.PostIndex)
        is_changing = not written.isdisjoint(reach(binding).all)
        is_fixed = name in fixed or isinstance(binding, HELD) or (isinstance(binding, ends) and not is_changing)
        return "" if is_fixed else name


def _in(expr: Expr) -> list[str]:
    return sorted(names(expr) | functions(expr))


class _Analysis:
    """Finds the side of each event-driven variable of an object, or why it has none.

    Args:
        owner: Who holds the variables.
        own: Its pathways that take part in the run.
        network: All that happens in a step.

    Attributes:
        sides: Variable → "pre" or "post".
        reasons: Variable → why each synapse needs a value of its own.
    """

    def __init__(self, owner: SharedTraces, own: Sequence[syn.Propagate], network: _Network) -> None:
        self.owner = owner
        self.own = own
        self.network = network
        self.bodies = [_Body(a, side_of(a), a.event_driven.body) for a in own if a.event_driven is not None]
        first = own[0].event_driven
        assert first is not None
        self.equations: dict[str, Expr] = dict(first.equations)
        self.sides: dict[str, str] = {}
        self.reasons: dict[str, str] = {}

    def run(self) -> None:
        """Fills in `sides` and `reasons`."""
        whole = self._reason_for_all()
        if whole:
            self.reasons = dict.fromkeys(self.equations, whole)
            return
        for name in self.equations:
            self._begin(name)
        self._give_rest_a_side()
        while self._drop_some():
            pass

    def _reason_for_all(self) -> str:
        if not prefs["codegen.share_traces"]:
            return "the preference codegen.share_traces is off"
        if self.network.calls_python:
            return f"'{self.network.calls_python}' calls Python, which may use variables of synapses"
        for body in self.bodies:
            history = body.action.history
            if body.action.rows.delays.size != 1:
                return f"the synapses of '{body.label}' have different delays"
            if history.pending_due.size > history.pending_position.array[0]:
                return f"spikes of '{body.label}' are on their way since before its delays or dt were changed"
            if LASTUPDATE in body.used():
                return f"the code of '{body.label}' uses '{LASTUPDATE}'"
        if any(LASTUPDATE in names(expr) for expr in self.equations.values()):
            return f"an equation uses '{LASTUPDATE}'"
        user = self._user_of(self.owner.lastupdate)
        return f"'{user}' uses '{LASTUPDATE}'" if user else ""

    def _user_of(self, storage: act.Storage) -> str:
        """The label of something else that uses a variable, "" if there is nothing."""
        for action, touched in self.network.touched:
            if may_be_in(touched, storage) and not any(action is mine for mine in self.own):
                return action.label
        for body in self.bodies:
            for name in body.used():
                binding = body.action.bindings.get(name)
                if binding is None or isinstance(binding, syn.OfSynapse):
                    continue
                if storage in reach(binding).all:
                    return body.label
        return ""

    def _begin(self, name: str) -> None:
        """Gives a variable the side whose pathways assign to it."""
        writers = {body.side for body in self.bodies if name in body.assigned()}
        user = self._user_of(self.owner.storages[name])
        if user:
            self.reasons[name] = f"'{user}' uses it"
        elif len(writers) > 1:
            self.reasons[name] = "events of both sides assign to it"
        elif writers:
            (self.sides[name],) = writers

    def _give_rest_a_side(self) -> None:
        """Variables that nothing assigns to get the side of those that drive them."""
        todo = [name for name in self.equations if name not in self.sides and name not in self.reasons]
        while todo:
            for name in todo:
                drivers = {self.sides[other] for other in names(self.equations[name]) if other in self.sides}
                if len(drivers) == 1:
                    (self.sides[name],) = drivers
            left = [name for name in todo if name not in self.sides]
            if left == todo:
                self.reasons |= dict.fromkeys(left, "no pathway of one side assigns to it")
                return
            todo = left

    def _drop_some(self) -> bool:
        """Finds variables that cannot stay with neurons; true if there are any."""
        dropped = {name: reason for name in self.sides if (reason := self._objection(name))}
        self.reasons |= dropped
        self.sides = {name: side for name, side in self.sides.items() if name not in dropped}
        return bool(dropped)

    def _objection(self, name: str) -> str:
        side = self.sides[name]
        own = [other for other, of in self.sides.items() if of == side]
        for body in self.bodies:
            culprit = body.culprits(own).get(name) if body.side == side else None
            if culprit:
                return f"what '{body.label}' assigns to it depends on '{culprit}', which differs between synapses"
        for other in _in(self.equations[name]):
            if other not in own and not self._holds(other, side):
                return f"its equation depends on '{other}'"
        for other in self.equations:
            if other not in own and name in names(self.equations[other]):
                return f"the equation of '{other}' depends on it"
        return ""

    def _holds(self, name: str, side: str) -> bool:
        """Whether a name of an equation is the same for all synapses of a neuron and does not change during a run."""
        binding = self.own[0].bindings.get(name)
        match binding:
            case None:
                return name not in DRAWS and name not in self.equations
            case act.Constant():
                return True
            case act.Shared(storage):
                return not may_be_in(self.network.written, storage)
            case syn.OfPre(storage) | syn.OfPost(storage):
                return isinstance(binding, syn.OfPre) == (side == "pre") and not may_be_in(
                    self.network.written, storage
                )
            case _:
                return False


# ---------------------------------------------------------------- code with variables of neurons


def shared_propagate(action: syn.Propagate) -> syn.Propagate:
    """Returns a pathway whose code finds event-driven variables where they are held."""
    event_driven = action.event_driven
    assert event_driven is not None
    owner: SharedTraces = event_driven.owner
    sharing, traces, side = owner.sharing, owner.traces, side_of(action)
    assert sharing is not None
    other = "pre" if side == "post" else "post"
    bindings = {name: binding for name, binding in action.bindings.items() if name not in sharing.sides}
    code: list[Line] = []
    rest = [name for name in owner.storages if name not in sharing.sides]
    if rest:
        code += event_driven.advanced(rest, LASTUPDATE)
    if side in traces.last:
        bindings[OWN_EVENT] = syn.OfRow(traces.last[side])
        bindings |= {name: syn.OfRow(traces.values[name]) for name in sharing.of_side(side)}
        code += event_driven.advanced(sharing.of_side(side), OWN_EVENT) if sharing.of_side(side) else ()
    far = sharing.of_side(other)
    if not set(used_names(event_driven.body)).isdisjoint(far):
        of_end = syn.OfPost if side == "pre" else syn.OfPre
        bindings[OTHER_EVENT] = of_end(traces.last[other])
        for name in far:
            bindings[_before(name)] = of_end(traces.values[name])
            code.append(Assign(name, Name(_before(name))))
        code += event_driven.advanced(far, OTHER_EVENT)
    code += event_driven.body
    if rest:
        code.append(event_time())
    if side in traces.last:
        code.append(Assign(OWN_EVENT, Name("t")))
    return replace(action, code=tuple(code), bindings=bindings)


def _before(name: str) -> str:
    return f"_{name}_at_last_event"
