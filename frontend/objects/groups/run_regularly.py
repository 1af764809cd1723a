"""Statements that a group executes regularly."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ranvier.actions.actions import Action, MapCode
from ranvier.objects.groups.brianobject import Part
from ranvier.session.clocks import Clock
from ranvier.units import Quantity

if TYPE_CHECKING:
    from ranvier.objects.groups.group import Group


class RunRegularly(Part):
    """Executes statements for all elements of a group at each step of a clock; see `Group.run_regularly`.

    Attributes:
        code: The statements.
    """

    add_to_magic_network = True

    def __init__(
        self,
        group: "Group",
        code: str,
        dt: Quantity | None = None,
        clock: Clock | None = None,
        when: str = "start",
        order: int = 0,
        name: str | None = None,
    ) -> None:
        if not isinstance(code, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"The statements of run_regularly have to be text, not of type {type(code).__name__}.")
        super().__init__(
            group,
            keep=group.holder() is not group,
            dt=dt,
            clock=clock,
            when=when,
            order=order,
            name=name or f"{group.name}_run_regularly*",
        )
        self.code = code

    def actions(self, run_namespace: Mapping[str, Any]) -> Sequence[Action]:
        """Returns the statements as code for all elements."""
        from ranvier.objects.pathways.each_synapse import changes_neurons, for_each_synapse
        from ranvier.objects.synapses.synapses import Synapses

        group = self.group
        scope = group.scope(run_namespace, relative=True)
        code = scope.code(self.code, all_elements=True)
        start, _ = group.extent
        if isinstance(group, Synapses) and changes_neurons(group, scope, code):
            return for_each_synapse(group, self.name, self.clock, scope, code, self.code)
        return (
            MapCode(
                label=self.name,
                clock=self.clock,
                kind="run_regularly",
                size=group.element_count,
                code=code,
                bindings=scope.bindings,
                offset=start,
                protected=group.protected_names(scope),
                float32=group.single_precision,
            ),
        )
