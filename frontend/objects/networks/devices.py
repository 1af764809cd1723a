"""Brian's devices: the names that scripts select are accepted, all of them compile and run in this process.

With Brian, `set_device('cpp_standalone')` writes, compiles and runs a C++ program. Here every run is compiled to native
code, so a script that selects a device simply runs: `run` simulates at once, `build` finds the work done.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ranvier.objects.groups.brianobject import MagicScope
from ranvier.public import public, public_in
from ranvier.session.logger import get_logger
from ranvier.session.overrides import Overrides

logger = get_logger("ranvier.devices.device")


@public_in("ranvier.devices.device")
class Device:
    """Where simulations run.

    Attributes:
        name: The name that `set_device` knows.
        build_on_run: Whether the script expects the first `run` to build; kept for scripts that look at it.
        build_options: What the script gave to `set_device` or `build`.
        project_dir: The directory the script named; nothing is written into it.
        has_been_run: Whether a network has been simulated since the device was chosen.
    """

    def __init__(self, name: str = "") -> None:
        self.name = name or type(self).__name__.lower()
        self.build_on_run = True
        self.build_options: dict[str, Any] = {}
        self.project_dir: str | None = None
        self.has_been_run = False
        self._built = False
        self._last_run_time = 0.0
        self._last_run_completed_fraction = 0.0

    def activate(self, build_on_run: bool = True, **kwargs: Any) -> None:
        """Begins to use the device."""
        self.build_on_run = build_on_run
        self.build_options = kwargs
        self.project_dir = kwargs.get("directory")
        self._built = False

    def reinit(self) -> None:
        """Forgets what was built; `activate` begins anew."""
        self._built = False
        self.has_been_run = False
        self._last_run_time = self._last_run_completed_fraction = 0.0

    def build(self, directory: str | None = "output", **kwargs: object) -> None:
        """Does nothing more: `run` has compiled and simulated already.

        Raises:
            RuntimeError: If it was built before, without `reinit`.
        """
        if self.name == "runtime":
            return
        if self._built:
            raise RuntimeError("The network has already been built and run before. Call device.reinit() first.")
        self._built = True
        self.project_dir = directory
        self.build_options = {"directory": directory, **kwargs}

    def note_run(self, seconds: float, fraction: float) -> None:
        """Remembers wall time and completed fraction of a run."""
        self.has_been_run = True
        self._last_run_time = seconds
        self._last_run_completed_fraction = fraction

    def run(self, *args: object, **kwargs: object) -> None:
        """Raises an error: not supported: use store(), restore() and run().

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError(
            "device.run(...), which runs a built program again with other values, is not supported. "
            "Use store() before the run, then for each set of values: restore(), set them, run()."
        )

    def apply_run_args(self) -> None:
        """Does nothing: there are no arguments of a built program here; `run` refuses them."""

    def insert_code(self, slot: str, code: str) -> None:
        """Raises an error: not supported: there is no C++ program to insert code into.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError("device.insert_code: there is no C++ program here into which code could go.")

    def delete(
        self, code: bool = True, data: bool = True, run_args: bool = True, directory: bool = True, force: bool = False
    ) -> None:
        """Does nothing: nothing was written."""

    def seed(self, seed: int | None = None) -> None:
        """Sets the seed, like `seed`."""
        from ranvier.session.randomness import seed as set_seed

        set_seed(seed)

    def get_random_state(self) -> dict[str, Any]:
        """Returns the state of numpy's global generator."""
        import numpy as np

        return {"numpy_state": np.random.get_state()}

    def set_random_state(self, state: dict[str, Any]) -> None:
        """Sets the state of numpy's global generator."""
        import numpy as np

        np.random.set_state(state["numpy_state"])

    def __repr__(self) -> str:
        return f"<Device {self.name!r}>"


@public_in("ranvier.devices.device")
class RuntimeDevice(Device):
    """The device that runs models in this process; packages derive their own from it."""

    def __init__(self, name: str = "runtime") -> None:
        super().__init__(name)


@public_in("ranvier.devices.cpp_standalone.device")
class CPPStandaloneDevice(Device):
    """The device that scripts choose for a C++ program: here every model is compiled, and runs in this process."""

    def __init__(self, name: str = "cpp_standalone") -> None:
        super().__init__(name)


runtime_device = RuntimeDevice()

cpp_standalone_device = CPPStandaloneDevice()

all_devices: dict[str, Device] = {
    "runtime": runtime_device,
    "cpp_standalone": cpp_standalone_device,
    "genn": Device("genn"),
    "cuda_standalone": Device("cuda_standalone"),
}
"""The devices by name."""

EXPORTERS = ("exporter", "markdown")
"""The devices that describe a model instead of running it; they are made when a script chooses them."""

_current: list[Device] = [all_devices["runtime"]]


@public
def get_device() -> Device:
    """Returns the device in use."""
    return _current[-1]


@public
def set_device(device: str | Device, build_on_run: bool = True, **kwargs: object) -> None:
    """Chooses a device; see the module.

    Raises:
        KeyError: If there is no device of that name.
    """
    if isinstance(device, str):
        if device in EXPORTERS and device not in all_devices:
            all_devices[device] = import_module("ranvier.exchange.exporter").Exporter(device)
        if device not in all_devices:
            known = ", ".join(repr(name) for name in dict.fromkeys((*all_devices, *EXPORTERS)))
            raise KeyError(f"Device {device!r} is not known; there are {known}.")
        device = all_devices[device]
    if device.name in ("genn", "cuda_standalone"):
        logger.info(f"The device '{device.name}' is simulated by the native code of this machine's CPU.", once=True)
    _current.append(device)
    Overrides.use(device)
    device.activate(build_on_run=build_on_run, **kwargs)


@public_in("ranvier.devices.device")
def reset_device() -> None:
    """Goes back to the device before the last `set_device`."""
    if len(_current) > 1:
        _current.pop()
        Overrides.use(_current[-1])


@public_in("ranvier.devices.device")
def reinit_devices() -> None:
    """Makes all devices forget what was built, and begins a new scope for magic runs."""
    for known in all_devices.values():
        known.reinit()
    MagicScope.start()


@public_in("ranvier.devices.device")
def reinit_and_delete() -> None:
    """Makes all devices forget what was built; there are no files to delete."""
    reinit_devices()


class _CurrentDevice:
    """Stands for the device in use: attributes are those of the current one."""

    def __getattr__(self, name: str) -> Any:
        return getattr(get_device(), name)

    def __repr__(self) -> str:
        return repr(get_device())


device = _CurrentDevice()
"""The device in use."""
