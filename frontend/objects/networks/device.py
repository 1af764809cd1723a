"""What a device is: where scripts have their networks run. See `ranvier.objects.networks.devices`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from ranvier.objects.networks.device_names import array_name
from ranvier.objects.networks.program import RecordedProgram
from ranvier.objects.variables.variables import Variable
from ranvier.objects.variables.view import VariableView
from ranvier.public import public_in
from ranvier.session.defaults import DEFAULT_SCHEDULE
from ranvier.session.logger import get_logger

if TYPE_CHECKING:
    from ranvier.objects.networks.recordable import Recordable
    from ranvier.objects.networks.running import RunCall

logger = get_logger("ranvier.devices.device")

_devices: WeakValueDictionary[str, Device] = WeakValueDictionary()


@public_in("ranvier.devices.device")
class Device:
    """Where simulations run.

    Attributes:
        name: The name that `set_device` knows.
        build_on_run: Whether `run` simulates at once; else runs wait for `build`.
        build_options: What the script gave to `set_device` or `build`.
        has_been_run: Whether a network has been simulated since the device was chosen.
        timers: Wall time in seconds of what a program consists of.
    """

    @property
    def network_schedule(self) -> list[str]:
        """The slots of a step, in order."""
        return list(DEFAULT_SCHEDULE)

    def __init__(self, name: str = "") -> None:
        self.name = name or type(self).__name__.lower()
        self.build_on_run = True
        self.build_options: dict[str, Any] = {}
        self.has_been_run = False
        self.timers: dict[str, Any] = {}
        self._last_run_time = 0.0
        self._last_run_completed_fraction = 0.0
        _devices[self.name] = self

    @property
    def program(self) -> RecordedProgram | None:
        """What the script has asked for, None where nothing is recorded."""
        return None

    @property
    def project_dir(self) -> str | None:
        """The directory that the script has named."""
        return self.build_options.get("directory")

    def activate(self, build_on_run: bool = True, **kwargs: object) -> None:
        """Begins to use the device."""
        self.build_on_run = build_on_run
        self.build_options = kwargs

    def reinit(self) -> None:
        """Forgets what was built; `activate` begins anew."""
        self.has_been_run = False
        self._last_run_time = self._last_run_completed_fraction = 0.0

    def build(self, directory: str | None = "output", **kwargs: object) -> None:
        """Does nothing: `run` has simulated already."""

    def record_run(self, network: Recordable, call: RunCall) -> bool:
        """Takes note of a run before it begins; returns whether it waits for `build`."""
        return False

    def note_run(self, seconds: float, fraction: float) -> None:
        """Remembers wall time and completed fraction of a run."""
        self.has_been_run = True
        self._last_run_time = seconds
        self._last_run_completed_fraction = fraction

    def run(
        self,
        directory: str | None = None,
        results_directory: str | None = None,
        with_output: bool = True,
        run_args: object = None,
    ) -> None:
        """Raises an error: there is no program.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError(
            "device.run() runs the program of a standalone device again. Choose one before the script makes objects: "
            "set_device('cpp_standalone', build_on_run=False), then run(), device.build(run=False), device.run(...)."
        )

    def apply_run_args(self) -> None:
        """Does nothing: there are no arguments of a program."""

    def get_array_name(self, var: Variable | VariableView, access_data: bool = True) -> str:
        """Returns the name that a variable has in Brian's programs, for scripts that look at it."""
        return array_name(var)

    def insert_code(self, slot: str, code: str) -> None:
        """Leaves code for a C++ program out, with a warning."""
        logger.warn(f"device.insert_code({slot!r}, ...) was left out: there is no C++ program here.", "code", once=True)

    def delete(
        self, code: bool = True, data: bool = True, run_args: bool = True, directory: bool = True, force: bool = False
    ) -> None:
        """Does nothing: nothing was written."""

    def seed(self, seed: int | None = None) -> None:
        """Sets the seed, like `seed`."""
        from ranvier.session.randomness import seed as set_seed

        set_seed(seed)

    def get_random_state(self) -> dict[str, object]:
        """Returns the state of numpy's global generator."""
        import numpy as np

        return {"numpy_state": np.random.get_state()}

    def set_random_state(self, state: dict[str, Any]) -> None:
        """Sets the state of numpy's global generator."""
        import numpy as np

        np.random.set_state(state["numpy_state"])

    def __repr__(self) -> str:
        return f"<Device {self.name!r}>"

    def __reduce__(self) -> tuple[object, ...]:
        """Returns the name: worker processes have devices of their own."""
        return _by_name, (self.name,)


@public_in("ranvier.devices.device")
class RuntimeDevice(Device):
    """The device that runs models in this process; packages derive their own from it."""

    def __init__(self, name: str = "runtime") -> None:
        super().__init__(name)


def _by_name(name: str) -> Device:
    return _devices[name]
