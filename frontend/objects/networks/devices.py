"""Brian's devices: the names that scripts select are accepted, all of them compile and run in this process.

With Brian, `set_device('cpp_standalone')` writes, compiles and runs a C++ program. Here every run is compiled to native
code, so `run` simulates at once. With `build_on_run=False` runs wait for `device.build()`, and
`device.run(run_args=...)` does them again with other values; see `ranvier.objects.networks.program`.
"""

from __future__ import annotations

import atexit
import contextlib
import shutil
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ranvier.equations.source import one_of
from ranvier.objects.groups.brianobject import MagicScope
from ranvier.objects.networks.device_names import array_name
from ranvier.objects.networks.program import BUILT, RecordedProgram
from ranvier.public import public, public_in
from ranvier.session.defaults import DEFAULT_SCHEDULE
from ranvier.session.logger import get_logger
from ranvier.session.overrides import Overrides
from ranvier.session.standalone import Standalone

if TYPE_CHECKING:
    from ranvier.objects.networks.network import Network
    from ranvier.objects.networks.running import RunCall

logger = get_logger("ranvier.devices.device")

RUN_OPTIONS = {"directory", "results_directory", "run", "run_args"}
"""What `build` makes use of."""

MEANINGLESS = {"compile", "debug", "clean", "with_output", "additional_source_files", "direct_call"}
"""What `build` takes from Brian's scripts, and what speaks of a C++ program."""


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

    @property
    def program(self) -> RecordedProgram | None:
        """What the script has asked for, None where nothing is recorded."""
        return None

    @property
    def project_dir(self) -> str | None:
        """The directory that the script has named."""
        return self.build_options.get("directory")

    def activate(self, build_on_run: bool = True, **kwargs: Any) -> None:
        """Begins to use the device."""
        self.build_on_run = build_on_run
        self.build_options = kwargs

    def reinit(self) -> None:
        """Forgets what was built; `activate` begins anew."""
        self.has_been_run = False
        self._last_run_time = self._last_run_completed_fraction = 0.0

    def build(self, **kwargs: object) -> None:
        """Does nothing: `run` has simulated already."""

    def record_run(self, network: Network, call: RunCall) -> bool:
        """Takes note of a run before it begins; returns whether it waits for `build`."""
        return False

    def note_run(self, seconds: float, fraction: float) -> None:
        """Remembers wall time and completed fraction of a run."""
        self.has_been_run = True
        self._last_run_time = seconds
        self._last_run_completed_fraction = fraction

    def run(self, *args: object, **kwargs: object) -> None:
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

    def get_array_name(self, var: Any, access_data: bool = True) -> str:
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

    def __reduce__(self) -> str | tuple[Any, ...]:
        """Returns the name: worker processes have devices of their own."""
        return (_by_name, (self.name,)) if self.name in all_devices else super().__reduce__()


@public_in("ranvier.devices.device")
class RuntimeDevice(Device):
    """The device that runs models in this process; packages derive their own from it."""

    def __init__(self, name: str = "runtime") -> None:
        super().__init__(name)


@public_in("ranvier.devices.cpp_standalone.device")
class CPPStandaloneDevice(Device):
    """The device that scripts choose for a C++ program: here every model is compiled, and runs in this process.

    Attributes:
        results_dir: Where the last run has written its values; None if it has not.
    """

    def __init__(self, name: str = "cpp_standalone") -> None:
        super().__init__(name)
        self.results_dir: str | None = None
        self._program = RecordedProgram(waits=False)
        self._temporary: str | None = None
        self._written: list[Path] = []
        self._forget_times()

    @property
    def program(self) -> RecordedProgram:
        """What the script has asked for."""
        return self._program

    @property
    def project_dir(self) -> str | None:
        """The directory that the script has named, to which names of results are relative; None: a temporary one."""
        directory = self.build_options.get("directory", "output")
        if directory is None and self._temporary is None:
            self._temporary = tempfile.mkdtemp(prefix="ranvier_")
            atexit.register(_remove_if_empty, Path(self._temporary))
        return self._temporary if directory is None else directory

    def activate(self, build_on_run: bool = True, **kwargs: Any) -> None:
        """Begins to use the device, with a new program.

        Args:
            build_on_run: Whether `run` simulates at once; else runs wait for `build`.
            **kwargs: Arguments of `build`.
        """
        super().activate(build_on_run, **kwargs)
        self._say_meaningless(kwargs)
        self._begin_program()

    def reinit(self) -> None:
        """Forgets what was built; `activate` begins anew."""
        super().reinit()
        self._temporary = None
        self._written = []
        self._begin_program()
        self._forget_times()

    def _begin_program(self) -> None:
        is_current = Standalone.program is self._program
        self._program = RecordedProgram(waits=not self.build_on_run)
        if is_current:
            Standalone.program = self._program

    def _forget_times(self) -> None:
        self.timers = {"run_binary": None, "compile": {"clean": None, "make": None, "cmake": None}}

    def record_run(self, network: Network, call: RunCall) -> bool:
        """Takes note of a run before it begins; returns whether it waits for `build`."""
        waits = self._program.record_run(network, call)
        if not waits and self.build_options.get("run_args"):
            self._set_arguments(self.build_options["run_args"])
        return waits

    def note_run(self, seconds: float, fraction: float) -> None:
        """Remembers wall time and completed fraction of a run."""
        super().note_run(seconds, fraction)
        self.timers["run_binary"] = seconds
        if self.build_on_run and self.build_options.get("results_directory"):
            self._write_results(self.build_options["results_directory"])

    def build(
        self,
        directory: str | None = "output",
        results_directory: str | None = None,
        compile: bool = True,
        run: bool = True,
        run_args: object = None,
        **kwargs: Any,
    ) -> None:
        """Does the runs that wait, or compiles them with `run=False`; without such runs, all has been done.

        Args:
            directory: The directory to which others are relative; nothing is written but results that are asked for.
            results_directory: Where the values are written after each run; None: nowhere.
            compile: Whether the runs are compiled now, rather than when they begin.
            run: Whether the runs are done.
            run_args: Values in place of those of the script; see `run`.
            **kwargs: What means something for a C++ program only.

        Raises:
            RuntimeError: If it was built before, without `reinit`.
            BrianObjectException: If an object cannot be run.
        """
        if self._program.is_built:
            raise RuntimeError(BUILT)
        self._say_meaningless(kwargs)
        self.build_options = {
            **self.build_options, "directory": directory, "results_directory": results_directory, **kwargs
        }  # fmt: skip
        self._program.is_built = True
        if compile and self._program.is_pending:
            began = time.perf_counter()
            self._program.compile()
            self.timers["compile"]["make"] = time.perf_counter() - began
        self._prepare_workers()
        if run and self._program.is_pending:
            self._play(results_directory, run_args)

    def run(
        self,
        directory: str | None = None,
        results_directory: str | None = None,
        with_output: bool = True,
        run_args: object = None,
    ) -> None:
        """Does all runs of the script again, from the state that it had set before the first one.

        Args:
            directory: The directory to which `results_directory` is relative; None: that of `build`.
            results_directory: Where the values are written after the run; None: where `build` said.
            with_output: Accepted: there is no output of a compiler.
            run_args: Values in place of those of the script: {view of a variable, or timed array: value}, or texts
                "group.variable=value".

        Raises:
            RuntimeError: If there is nothing to be run.
            TypeError, KeyError, ValueError, DimensionMismatchError: If `run_args` are wrong; nothing is run then.
        """
        if directory is not None:
            self.build_options["directory"] = directory
        self._program.is_built = True
        self._play(results_directory or self.build_options.get("results_directory"), run_args)

    def _play(self, results_directory: str | None, run_args: object) -> None:
        # what only scripts with run_args need is not loaded by others
        from ranvier.objects.networks.run_args import checked

        arguments = checked(run_args, self._program)
        kept = [(each, each.kept()) for each in arguments]

        def apply() -> None:
            for each in arguments:
                each.apply()

        try:
            self._program.play(apply)
        finally:
            for each, values in kept:
                each.put_back(values)
        self._last_run_time = self.timers["run_binary"] = self._program.wall_seconds
        if results_directory:
            self._write_results(results_directory, [each.name for each in arguments])

    def _set_arguments(self, run_args: object) -> None:
        from ranvier.objects.networks.run_args import checked

        for each in checked(run_args, self._program):
            each.apply()

    def _write_results(self, name: str, arguments: Iterable[str] = ()) -> None:
        # only scripts that ask for files write them
        from ranvier.objects.networks.result_files import write_results

        directory = Path(self.project_dir or ".") / name
        facts: Mapping[str, object] = {
            "wall seconds": self._last_run_time,
            "completed": self._last_run_completed_fraction,
            "run_args": list(arguments),
        }
        self._written += write_results(directory, self._program.objects, facts)
        self.results_dir = str(directory)

    def _prepare_workers(self) -> None:
        # programs that are not built need no multiprocessing
        from ranvier.objects.networks.sending import send_by_name

        _ = self.project_dir  # a temporary one is the same for all workers
        send_by_name([*self._program.networks, *self._program.objects.values()])

    def apply_run_args(self) -> None:
        """Says that `run_args` are set here: what the script sets from here on may depend on them.

        Raises:
            RuntimeError: If it was said before, or after the first run.
        """
        self._program.note_arguments()

    def delete(
        self, code: bool = True, data: bool = True, run_args: bool = True, directory: bool = True, force: bool = False
    ) -> None:
        """Removes the files that runs have written, and their directories if nothing else is in them."""
        if not data:
            return
        for path in self._written:
            path.unlink(missing_ok=True)
        for folder in sorted({path.parent for path in self._written}, reverse=True):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        self._written = []
        if directory and self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)
            self._temporary = None

    def _say_meaningless(self, options: Mapping[str, object]) -> None:
        known = sorted(MEANINGLESS & options.keys())
        if known:
            logger.info(
                f"There is no C++ program here: {', '.join(known)} {_has(known)} no effect.", "build", once=True
            )
        for name in sorted(options.keys() - MEANINGLESS - RUN_OPTIONS):
            hint = one_of([*RUN_OPTIONS, *MEANINGLESS], name)
            logger.warn(f"Devices have no option {name!r}; it is ignored.{hint}", "build_option", once=True)


def _remove_if_empty(directory: Path) -> None:
    with contextlib.suppress(OSError):
        directory.rmdir()


def _has(names: list[str]) -> str:
    return "has" if len(names) == 1 else "have"


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
    "genn": CPPStandaloneDevice("genn"),
    "cuda_standalone": CPPStandaloneDevice("cuda_standalone"),
}
"""The devices by name."""

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
    Overrides.use(device)
    Standalone.program = device.program


def _by_name(name: str) -> Device:
    return all_devices[name]


@public
def set_device(device: str | Device, build_on_run: bool = True, **kwargs: object) -> None:
    """Chooses a device; see the module.

    Raises:
        KeyError: If there is no device of that name.
    """
    if isinstance(device, str):
        if device not in all_devices:
            raise KeyError(f"Device {device!r} is not known; there are {', '.join(repr(n) for n in all_devices)}.")
        device = all_devices[device]
    if device.name in ("genn", "cuda_standalone"):
        logger.info(f"The device '{device.name}' is simulated by the native code of this machine's CPU.", once=True)
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
        logger.info(f"The device '{current.name}' has no '{name}': it is ignored.", "unknown_attribute", once=True)
        return Dummy()

    def __repr__(self) -> str:
        return repr(get_device())


device = CurrentDeviceProxy()
"""The device in use."""
