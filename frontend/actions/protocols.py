"""What actions need of clocks and of tables; `ranvier.session.clocks` and `ranvier.runtime.recorder` have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class ActionClock(Protocol):
    """A clock that says when actions happen."""

    @property
    def name(self) -> str:
        """The name, for people."""
        ...

    @property
    def dt_(self) -> float:
        """Step length in seconds, if it has one."""
        ...

    @property
    def event_times(self) -> npt.NDArray[np.float64] | None:
        """The times of the steps, and infinity at their end; None if they are the multiples of dt."""
        ...

    @property
    def t_(self) -> float:
        """Time in seconds."""
        ...

    @property
    def timestep(self) -> int:
        """The step counter n."""
        ...

    @property
    def control(self) -> npt.NDArray[np.int64]:
        """[n, n_end]: the step counter that native code advances, and the step at which it stops."""
        ...


class Sink(Protocol):
    """Memory that recorded rows go to."""

    @property
    def control(self) -> npt.NDArray[np.int64]:
        """[rows in the buffers, rows that they can hold]; its address never changes."""
        ...

    @property
    def buffers(self) -> tuple[npt.NDArray[Any], ...]:
        """The buffer of each column."""
        ...


class RecordTable(Sink, Protocol):
    """A table that actions append rows to."""

    @property
    def full(self) -> bool:
        """Whether the buffers may be too small for one more instant."""
        ...

    def reserve(self, rows_per_instant: int) -> None:
        """Makes sure that one instant's rows always fit into the buffers, whose addresses may change."""
        ...

    def turn_over(self) -> None:
        """Begins new buffers."""
        ...


class Check(Protocol):
    """Looks at indices before native code uses them."""

    def replace_wrong(self) -> None:
        """Replaces wrong indices by some that harm nothing: native code completes the instant after an error."""
        ...

    def put_back(self) -> None:
        """Shows the script the wrong values again, where they are its own."""
        ...
