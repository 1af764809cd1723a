"""Brian's devices: the names that scripts select are accepted, all of them compile and run in this process.

With Brian, `set_device('cpp_standalone')` writes, compiles and runs a C++ program. Here every run is compiled to native
code, so `run` simulates at once. With `build_on_run=False` runs wait for `device.build()`, and
`device.run(run_args=...)` does them again with other values; see `ranvier.objects.networks.program`.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ranvier.gpu.availability import wants_stand_in, why_no_device
from ranvier.objects.groups.brianobject import MagicScope
from ranvier.objects.networks.device import Device as Device
from ranvier.objects.networks.device import RuntimeDevice as RuntimeDevice
from ranvier.objects.networks.device import logger
from ranvier.objects.networks.standalone_device import CPPStandaloneDevice as CPPStandaloneDevice
from ranvier.public import public, public_in
from ranvier.session.overrides import Overrides
from ranvier.session.standalone import Standalone
from ranvier.session.targets import DeviceTarget
from ranvier.stages.road import CUDA, Options

PROGRAM_TEXT = frozenset(
    "main_queue static_array static_arrays arrays code_objects code_lines networks runtime_args".split()
)
"""Attributes of Brian's device by which packages change a program: to ignore them would give wrong results."""


@public_in("ranvier.devices.device")
class Dummy:
    """What a device gives for names that it has not got: it can be called, indexed and asked, and does nothing."""

    def __getattr__(self, name: str) -> Dummy:
        if name.startswith("__"):
            raise AttributeError(name)
        return Dummy()

    def __call__(self, *args: object, **kwds: object) -> Dummy:
        return Dummy()

    def __getitem__(self, item: object) -> Dummy:
        return Dummy()

    def __setitem__(self, item: object, value: object) -> None:
        pass

    def __enter__(self) -> Dummy:
        return self

    def __exit__(self, *error: object) -> None:
        pass


runtime_device = RuntimeDevice()

cpp_standalone_device = CPPStandaloneDevice()

all_devices: dict[str, Device] = {
    "runtime": runtime_device,
    "cpp_standalone": cpp_standalone_device,
    "cuda": RuntimeDevice("cuda"),
    "genn": CPPStandaloneDevice("genn"),
    "cuda_standalone": CPPStandaloneDevice("cuda_standalone"),
}
"""The devices by name."""

FOR_GPUS = ("genn", "cuda_standalone")
"""The devices of Brian that generate programs for GPUs: Ranvier's GPU takes their place."""

EXPORTERS = ("exporter", "markdown")
"""The devices that describe a model instead of running it; they are made when a script chooses them."""


def _on_gpu() -> Options:
    return Options(target=CUDA, stand_in=wants_stand_in())


_current: list[Device] = [all_devices["runtime"]]


@public
def get_device() -> Device:
    """Returns the device in use."""
    return _current[-1]


def use_device(device: Device) -> None:
    """Makes a device that is active already the one in use, as worker processes do."""
    _current[-1] = device
    _select(device)


def _select(device: Device) -> None:
    DeviceTarget.chosen = _target_of(device)
    Overrides.use(device)
    Standalone.program = device.program


def _target_of(device: Device) -> str | None:
    """Returns what simulates: the devices for GPUs take one where there is one, and the CPU elsewhere."""
    if device.name not in (CUDA, *FOR_GPUS):
        return None
    why = why_no_device(_on_gpu())
    if why is None:
        return CUDA
    logger.info(
        f"The device '{device.name}' is simulated by the CPU of this machine. {why} "
        "prefs.codegen.target = 'cuda' makes an error of this.",
        "no_gpu",
        once=True,
    )
    return None


@public
def set_device(device: str | Device, build_on_run: bool = True, **kwargs: object) -> None:
    """Chooses a device: what simulates, and when.

    "cuda", "genn" and "cuda_standalone" simulate on a GPU where there is one that can be used; elsewhere a message says
    once what is missing, and the CPU simulates.

    Args:
        device: Its name, such as "runtime" or "cpp_standalone", or the device itself.
        build_on_run: Whether a run is done at once; if not, `device.build()` does all runs.
        kwargs: Options of the device, such as `directory` of "cpp_standalone", most of which have no effect.

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
    _current.append(device)
    device.activate(build_on_run=build_on_run, **kwargs)
    _select(device)


@public_in("ranvier.devices.device")
def reset_device(device: str | Device | None = None) -> None:
    """Goes back to the device before the last `set_device`, or to `device`."""
    if device is not None:
        _current.append(all_devices[device] if isinstance(device, str) else device)
    elif len(_current) > 1:
        _current.pop()
    _select(_current[-1])


@public_in("ranvier.devices.device")
def reinit_devices() -> None:
    """Makes all devices forget what was built, and begins a new scope for magic runs."""
    for known in all_devices.values():
        known.reinit()
    MagicScope.start()


@public_in("ranvier.devices.device")
def reinit_and_delete() -> None:
    """Makes all devices forget what was built, and removes the files that runs have written."""
    for known in all_devices.values():
        known.delete()
    reinit_devices()


@public_in("ranvier.devices.device")
class CurrentDeviceProxy:
    """Stands for the device in use: attributes are those of the current one."""

    def __getattr__(self, name: str) -> Any:
        current = get_device()
        if hasattr(current, name) or name.startswith("_"):
            return getattr(current, name)
        if name in PROGRAM_TEXT:
            raise AttributeError(
                f"device.{name} is a part of Brian's generator of C++ programs; there is no such program here. To run "
                "a network again with other values use device.run(run_args=...)."
            )
        logger.info(f"The device '{current.name}' has no '{name}': it is ignored.", "unknown_attribute", once=True)
        return Dummy()

    def __repr__(self) -> str:
        return repr(get_device())


device = CurrentDeviceProxy()
"""The device in use."""
