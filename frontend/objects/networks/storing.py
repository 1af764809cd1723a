"""The time of a network, its end, and its states: storing and restoring them."""

from __future__ import annotations

from ranvier.objects.networks import snapshot
from ranvier.objects.networks.members import Members
from ranvier.objects.networks.running import check_not_running, is_run_here
from ranvier.public.argument_names import explains_arguments
from ranvier.runtime.simulation import Simulation
from ranvier.session.clocks import present, same_time
from ranvier.session.randomness import random_state
from ranvier.units import Quantity, second


class Storing(Members):
    """A collection of objects that have a time, and states that can be stored.

    Args:
        name: The name.
    """

    def __init__(self, name: str) -> None:
        Members.__init__(self, name=name)
        self._t = self._end = 0.0
        self._stopped = False
        self._simulation: Simulation | None = None
        self._stored: dict[str, snapshot.NetworkState] = {}
        self.is_half_restored = False
        self.random = random_state.new_network()

    # ---------------------------------------------------------------- time

    @property
    def t_(self) -> float:
        """Current time of the network in seconds; during a run that of the present instant."""
        return self._t if self._simulation is None else present(self.clocks, self._end)

    @t_.setter
    def t_(self, value: float) -> None:
        self._t = value

    @property
    def t(self) -> Quantity:
        """Current time of the network."""
        return Quantity(self.t_, dim=second.dim)

    def stop(self) -> None:
        """Stops a run of this network at the end of the current step."""
        self._stopped = True
        if self._simulation is not None:
            self._simulation.request_stop()

    # ---------------------------------------------------------------- states

    @property
    def _stored_state(self) -> dict[str, snapshot.NetworkState]:
        """The states that are kept in memory, by name; scripts that share states between networks put theirs here."""
        return self._stored

    def _full_state(self) -> snapshot.NetworkState:
        """Returns the present state, which can be pickled: `other._stored_state["name"]` takes it."""
        name = "a state that is given away"
        self.store(name)
        return self._stored.pop(name)

    @explains_arguments
    def store(self, name: str = "default", filename: str | None = None) -> None:
        """Remembers the state of all objects under a name, in memory or in a file.

        A network operation may call it, too, preferably one in the first slot (`when="start"`): the state is that of
        the moment, and a run after `restore` begins with the whole time step.

        Args:
            name: The name of the state.
            filename: A file, which may hold several states; without, the state is kept in memory.

        Raises:
            OSError: If the file cannot be written; an existing one stays as it was.
            RuntimeError: If the network is being run by another thread.
        """
        snapshot.check_whole(self)
        if not is_run_here(self):
            check_not_running(self, "store()")
            for clock in self.clocks:  # another network may have left another time in them
                clock.set_interval(self.t_, self.t_, same_time(self.clocks))
        state = snapshot.take(self)
        if filename is None:
            self._stored[name] = state
        else:
            snapshot.save(filename, name, state)

    @explains_arguments
    def restore(self, name: str = "default", filename: str | None = None, restore_random_state: bool = False) -> None:
        """Sets everything back to a stored state.

        Args:
            name: The name under which it was stored.
            filename: The file in which it was stored, if it was stored in one.
            restore_random_state: Whether random numbers go on as they did after the state was stored, instead of anew.

        Raises:
            KeyError: If there is no such state, or objects have been added or removed since.
            ValueError: If the file is damaged.
            RuntimeError: If the network is being run.
        """
        check_not_running(self, "restore()")
        if filename is not None:
            state = snapshot.read(filename, name)
        elif name in self._stored:
            state = self._stored[name]
        else:
            raise KeyError(f"No stored state with name '{name}'; there are: {', '.join(self._stored) or 'none'}.")
        snapshot.put_back(self, state, restore_random_state=restore_random_state)
