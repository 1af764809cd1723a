"""`python -m ranvier script.py`: runs a script as `python script.py` does, with Ranvier for `brian2`."""

from __future__ import annotations

import builtins
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import CodeType, ModuleType, TracebackType

from ranvier.brian.drop_in import SCRIPT, as_brian2


def main(arguments: Sequence[str]) -> int:
    """Runs a script and returns 0, or 2 if there is none; what the script raises goes on.

    Args:
        arguments: The script, then its arguments.
    """
    path = arguments[0]
    try:
        with open(path, "rb") as file:
            source = file.read()
    except OSError as error:
        print(f"ranvier: can't open file {os.path.abspath(path)!r}: {error.strerror}", file=sys.stderr)
        return 2
    run_source(source, arguments)
    return 0


def run_source(source: bytes, arguments: Sequence[str]) -> None:
    """Runs the text of a script; what it raises goes on.

    Args:
        source: The text.
        arguments: The script's place, then its arguments.
    """
    path = arguments[0]
    as_brian2()
    os.environ[SCRIPT] = os.path.abspath(path)
    sys.argv = list(arguments)
    if not sys.flags.safe_path:
        sys.path[0] = os.path.dirname(os.path.realpath(path))
    _run_as_main(os.path.abspath(path), source)


def _run_as_main(path: str, source: bytes) -> None:
    module = _main_module(path)
    sys.modules["__main__"] = module
    try:
        _execute(compile(source, path, "exec", dont_inherit=True), module)
    except BaseException:
        _hide_our_frames()
        raise


def _main_module(path: str) -> ModuleType:
    module = ModuleType("__main__")
    module.__file__ = path
    module.__loader__ = SourceFileLoader("__main__", path)
    vars(module).update(__builtins__=builtins, __cached__=None, __annotations__={})
    # worker processes of `multiprocessing` import what the main module is called here
    module.__spec__ = ModuleSpec("ranvier.brian.main_of_workers", None, origin=path)
    return module


def _execute(code: CodeType, module: ModuleType) -> None:
    exec(code, vars(module))


def _hide_our_frames() -> None:
    """Makes the message at the end of the process begin in the script."""
    show = sys.excepthook

    def show_from_script(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        shorter = from_script(trace)
        show(kind, error.with_traceback(shorter), shorter)

    sys.excepthook = show_from_script


def from_script(trace: TracebackType | None) -> TracebackType | None:
    """Returns the part of a traceback below `_execute`; nothing if the script could not even be compiled."""
    while trace is not None:
        code = trace.tb_frame.f_code
        trace = trace.tb_next
        if code is _execute.__code__:
            return trace
    return None
