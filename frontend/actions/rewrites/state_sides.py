"""Which clock-driven variables are the same for all synapses of a neuron, by what code does with them.

A variable belongs to the source if its equation goes on by itself, from variables of the source and from what is the
same for all synapses; if only pathways that the source triggers assign to it, with one delay, and always the same for
all synapses of a neuron; and if whatever else uses it can find it at the source. In the same way a variable belongs to
the target. Then all synapses of a neuron have the same value, to the bit, if they have it to begin with.

Other results must not change by a bit, either. So code that stays with the synapses uses nothing that code for neurons
uses, but what is the same for all: passes that see both at once could round what they have in common otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ranvier.actions import actions as act
from ranvier.actions import synaptic_actions as syn
from ranvier.actions.code import assigned_names, read_names, used_names
from ranvier.actions.effects import assigned_variables, bindings_of, has_no_native_form, may_be_in, reach, touches
from ranvier.actions.rewrites.sides import Sides
from ranvier.actions.rewrites.straight_code import differing, lines_for
from ranvier.actions.rewrites.trace_sides import HELD, PathwayCode
from ranvier.actions.states import StateHolder
from ranvier.equations.assignments import Adaptive, Line

FEWEST = 2
"""Synapses for each neuron from which on sharing is worth it."""


class StateSides(Sides):
    """Finds the side of each clock-driven variable, or why it has none.

    Args:
        holder: The variables.
        users: The actions that read or write one of them.
        may_change: Tells whether something changes memory during a run.

    Attributes:
        sides: Variable → "pre" or "post".
        reasons: Variable → why each synapse needs a value of its own.
    """

    UNDRIVEN = "nothing of one side alone drives it"

    def __init__(
        self, holder: StateHolder, users: Sequence[act.Action], may_change: Callable[[act.Storage], bool]
    ) -> None:
        super().__init__()
        self._holder = holder
        self._users = users
        self._may_change = may_change
        self._variables = {storage: name for name, storage in holder.storages.items()}
        self._parameters = {storage: name for name, storage in holder.parameters.items()}
        for action in users:
            self._check_known(action)
        self.find(holder.storages)

    @property
    def parameters(self) -> frozenset[tuple[str, str]]:
        """Side and name of the parameters that code for neurons reads."""
        found = {
            (side, self._parameters[binding.storage])
            for side in set(self.sides.values())
            for binding in self._read_for_neurons(side)
            if isinstance(binding, act.Element) and binding.storage in self._parameters
        }
        return frozenset(found)

    def names_in(self, action: act.Action) -> dict[str, str]:
        """Returns the names in the code of an action that stand for one of the variables, and which."""
        return {
            name: self._variables[binding.storage]
            for name, binding in bindings_of(action).items()
            if isinstance(binding, act.Element | syn.OfSynapse) and binding.storage in self._variables
        }

    # ---------------------------------------------------------------- sides

    def _check_known(self, action: act.Action) -> None:
        """Refuses variables that an action uses in a way in which it could not use those of neurons."""
        touched = touches(action)
        used = {name for storage, name in self._variables.items() if may_be_in(touched, storage)}
        direct = set(self.names_in(action).values())
        for binding in bindings_of(action).values():
            if not isinstance(binding, act.Element | syn.OfSynapse):
                direct -= {self._variables[storage] for storage in reach(binding).all if storage in self._variables}
        refused = used if not self._is_known(action) else used - direct
        for name in refused:
            self.reasons.setdefault(name, f"'{action.label}' uses it")

    def _is_known(self, action: act.Action) -> bool:
        if has_no_native_form(action):
            return False
        match action:
            case act.MapCode():
                is_whole = not action.offset and action.size == self._holder.connections.sources.size
                return is_whole and self.names_in(action).keys().isdisjoint(action.protected)
            case syn.Propagate() | syn.Accumulate():
                return action.connections is self._holder.connections
            case _:
                return isinstance(action, act.RecordStates)

    def _writers(self, name: str) -> set[str]:
        return {
            side_of(action)
            for action in self._users
            if isinstance(action, syn.Propagate) and self._assigned(action, name)
        }

    def _drivers(self, name: str) -> Iterator[str]:
        for action in self._maps():
            own = self.names_in(action)
            for used in used_names(lines_for(action.code, self._assigned(action, name))):
                match action.bindings.get(used):
                    case act.Indexed(index=index) if index is not None:
                        yield self._side_of_end(index)
                    case _:
                        yield self.sides.get(own.get(used, ""), "")

    def _side_of_end(self, index: act.Storage) -> str:
        ends = self._holder.connections
        return "pre" if index is ends.sources else "post" if index is ends.targets else ""

    def _maps(self) -> Iterator[act.MapCode]:
        return (action for action in self._users if isinstance(action, act.MapCode))

    def _assigned(self, action: act.MapCode | syn.Propagate, name: str) -> list[str]:
        """Returns the names to which the code of an action assigns that stand for a variable."""
        assigned = assigned_names(action.code)
        return [each for each, variable in self.names_in(action).items() if variable == name and each in assigned]

    # ---------------------------------------------------------------- objections

    def _objection(self, name: str) -> str:
        side = self.sides[name]
        if self._holder.connections.sources.size < FEWEST * self._holder.sizes[side]:
            return "there are few synapses for each neuron"
        for action in self._users:
            reason = ""
            if isinstance(action, act.MapCode):
                reason = self._objection_of_map(action, name, side)
            elif isinstance(action, syn.Propagate):
                reason = self._objection_of_pathway(action, name, side)
            if reason:
                return reason
        return ""

    def _objection_of_map(self, action: act.MapCode, name: str, side: str) -> str:
        assigned = self._assigned(action, name)
        if not assigned:
            return ""
        if any(isinstance(line, Adaptive) for line in action.code):
            return "its method has steps of its own for each synapse"
        lines = lines_for(action.code, assigned)
        differs = differing(lines, lambda each: self._differs(action, each, side))
        culprit = next((differs[each] for each in assigned if each in differs), "")
        if culprit and action.kind == "integrate":
            return f"its equation depends on '{culprit}'"
        if culprit:
            return f"what '{action.label}' assigns to it depends on '{culprit}', which differs between synapses"
        both = self._read_in(action, lines) & self._read_elsewhere(side)
        common = sorted(each for each in used_names(lines) if action.bindings.get(each) in both)
        return f"other code for each synapse uses '{common[0]}', too" if common else ""

    def _differs(self, action: act.MapCode, name: str, side: str) -> bool:
        """Tells whether a name differs between the synapses of a neuron."""
        binding = action.bindings.get(name)
        if binding is None:
            return False
        is_own = self.sides.get(self.names_in(action).get(name, "")) == side
        if is_own:
            return False
        if not assigned_variables(action.code, action.bindings).isdisjoint(reach(binding).all):
            return True
        match binding:
            case act.Indexed(index=index) if index is not None:
                return self._side_of_end(index) != side
            case act.Element(storage):
                return not self._is_uniform(storage)
            case _:
                return not isinstance(binding, HELD)

    def _is_uniform(self, storage: act.Storage) -> bool:
        """Tells whether a parameter has one value for all synapses during the run."""
        return storage in self._parameters and storage.uniform is not None and not self._may_change(storage)

    def _read_in(self, action: act.MapCode, lines: Sequence[Line]) -> set[act.Binding]:
        """Returns what the names in some lines stand for that is not the same for all synapses."""
        bound = (action.bindings.get(name) for name in used_names(lines))
        return {binding for binding in bound if binding is not None and not isinstance(binding, HELD)}

    def _read_for_neurons(self, side: str) -> set[act.Binding]:
        found = set[act.Binding]()
        for action in self._maps():
            found |= self._read_in(action, lines_for(action.code, self.names_of_side(action, side)))
        return found

    def _read_elsewhere(self, side: str) -> set[act.Binding]:
        """Returns what code for synapses that does not go to the neurons of a side reads."""
        found = self._read_for_neurons("post" if side == "pre" else "pre")
        for action in self._maps():
            found |= self._read_in(action, lines_for(action.code, self.names_of_synapses(action)))
        return found

    def names_of_side(self, action: act.MapCode, side: str) -> list[str]:
        """Returns the names in code for all synapses to which it assigns, and of which the neurons have the values."""
        assigned, own = assigned_names(action.code), self.names_in(action)
        return [name for name, variable in own.items() if name in assigned and self.sides.get(variable) == side]

    def names_of_synapses(self, action: act.MapCode) -> list[str]:
        """Returns the names to which code for all synapses assigns values of their own."""
        own = self.names_in(action)
        bound = [name for name in assigned_names(action.code) if name in action.bindings]
        return [name for name in bound if own.get(name) not in self.sides]

    def _objection_of_pathway(self, action: syn.Propagate, name: str, side: str) -> str:
        if self._assigned(action, name):
            if action.rows.delays.size != 1:
                return f"the synapses of '{action.label}' have different delays"
            if action.history.pending_due.size > action.history.pending_position.array[0]:
                return f"spikes of '{action.label}' are on their way since before its delays or dt were changed"
            culprit = self._culprit(action, name, side)
            if culprit:
                return f"what '{action.label}' assigns to it depends on '{culprit}', which differs between synapses"
        elif side_of(action) != side and self._reads(action, name) and self._only_adds(action):
            return f"'{action.label}' adds it up at the other end"
        return ""

    def _culprit(self, action: syn.Propagate, name: str, side: str) -> str:
        """Returns a name in what a pathway assigns to a variable that differs between the synapses of a neuron."""
        own = self.names_in(action)
        same = [each for each, variable in own.items() if self.sides.get(variable) == side]
        same += [
            each
            for each, binding in action.bindings.items()
            if isinstance(binding, syn.OfSynapse) and self._is_uniform(binding.storage)
        ]
        culprits = PathwayCode(action.label, side, action.code, action.bindings).culprits(same)
        return next((culprits[each] for each in self._assigned(action, name) if each in culprits), "")

    def _reads(self, action: syn.Propagate, name: str) -> bool:
        own, read = self.names_in(action), read_names(action.code)
        return any(variable == name and each in read for each, variable in own.items())

    def _only_adds(self, action: syn.Propagate) -> bool:
        """Tells whether a pathway writes to neurons only: what it adds may be counted, or be summed up before."""
        bound = (action.bindings.get(each) for each in assigned_names(action.code))
        return all(binding is None or isinstance(binding, syn.OfPre | syn.OfPost) for binding in bound)


def side_of(action: syn.Propagate) -> str:
    """Returns the side whose events trigger a pathway."""
    return "post" if action.from_target else "pre"
