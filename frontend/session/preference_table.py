"""All preferences with their defaults and what they mean.

The names and defaults are Brian's, so that scripts and preference files written for Brian can be read. What configures
a step that does not exist here (a C++ compiler for the whole model, Cython, make) is accepted and has no effect; its
text says so.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np

from ranvier.ir.team import MOST_THREADS
from ranvier.public import public
from ranvier.session.defaults import DEFAULT_SCHEDULE
from ranvier.units import Quantity, hertz

LOG_LEVELS = ("CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG", "DIAGNOSTIC")

NAMES_OF_CODE = {"codegen.pass_modules": "RANVIER_PASS_MODULES"}
"""Preferences that name code to run, and the environment variable for each."""

NO_EFFECT = "\n\nNo effect in Ranvier; accepted for scripts written for Brian."


@public
class PreferenceError(Exception):
    """A preference that does not exist, or a value that it cannot have."""


class DefaultValidator:
    """Accepts values of the type of the default value.

    Args:
        default: The default value.
    """

    def __init__(self, default: object) -> None:
        self.expected: type[Any] = type(default)

    def __call__(self, value: object) -> bool:
        """Returns whether `value` has the type of the default."""
        return isinstance(value, self.expected)


@public
class BrianPreference:
    """One preference: its default value and what is known about it.

    Args:
        default: The default value.
        docs: What it means.
        validator: Returns whether a value is allowed; None: it must have the type of the default.
        representor: Gives a value as text that a preference file can hold.
    """

    def __init__(
        self,
        default: Any,
        docs: str,
        validator: Callable[[Any], bool] | None = None,
        representor: Callable[[Any], str] = repr,
    ) -> None:
        self.default = default
        self.docs = docs
        self.validator: Callable[[Any], bool] = DefaultValidator(default) if validator is None else validator
        self.representor = representor


# ---------------------------------------------------------------------- validators


def _text_or_none(value: object) -> bool:
    return value is None or isinstance(value, str | os.PathLike)


def _is_target(value: object) -> bool:
    return isinstance(value, str | type)


def _is_arguments(value: object) -> bool:
    return value is None or isinstance(value, str | list)


def _is_command(value: object) -> bool:
    return isinstance(value, str | list)


def _is_log_level(value: object) -> bool:
    return isinstance(value, str) and value.upper() in LOG_LEVELS


def _is_schedule(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(slot, str) for slot in cast("list[object]", value))


def _is_fast_math(value: object) -> bool:
    return value in ("off", "contract", "fast")


def _is_thread_number(value: object) -> bool:
    if isinstance(value, str):
        return value == "auto"
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST_THREADS


def _is_rate(value: object) -> bool:
    """Tells whether a value says how often neurons spike: a word, or a rate that is not negative."""
    if isinstance(value, str):
        return value in ("guess", "measured")
    if isinstance(value, Quantity):
        return value.dim is hertz.dim and value.size == 1 and 0 <= float(value.item()) < float("inf")
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf")


def _is_layout(value: object) -> bool:
    return value in ("auto", "rows", "counts", "bits", "ring")


def _is_pipeline(value: object) -> bool:
    """Tells whether a value is text, a pass, a class of passes, or a sequence of these."""
    if isinstance(value, list | tuple):
        return all(_is_pipeline(part) for part in cast("Sequence[object]", value))
    return isinstance(value, str) or (hasattr(value, "apply") and isinstance(getattr(value, "name", None), str))


def _pipeline_text(value: Any) -> str:
    if isinstance(value, str):
        return repr(value)
    from ranvier.passes.pipeline import parse_pipeline, print_pipeline  # loads xDSL

    return repr(print_pipeline(parse_pipeline(value)))


def _is_list_of_texts(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(part, str) for part in cast("Sequence[object]", value))


def _is_strategy(value: object) -> bool:
    return value in (None, "branches", "systems")


def _is_float_type(value: object) -> bool:
    return isinstance(value, type | np.dtype) and value in (np.float32, np.float64)


def _is_integer_type(value: object) -> bool:
    return isinstance(value, type | np.dtype) and value in (np.int32, np.int64, int)


def _type_name(value: Any) -> str:
    """Returns the type as a name that a preference file can hold, e.g. "float32"."""
    return str(np.dtype(value).name)


def _path_text(value: Any) -> str:
    return "None" if value is None else repr(str(value))


# ---------------------------------------------------------------------- the table

PREFERENCES: dict[str, tuple[str, dict[str, BrianPreference]]] = {
    "core": (
        "Preferences of the simulation itself",
        {
            "default_float_dtype": BrianPreference(
                np.float64,
                "The type of real variables and of the arithmetic with them: `float64` or `float32`.",
                _is_float_type,
                _type_name,
            ),
            "default_integer_dtype": BrianPreference(
                np.int32, "The type of integer variables: `int32` or `int64`.", _is_integer_type, _type_name
            ),
            "outdated_dependency_error": BrianPreference(
                True, "Whether a library that is too old is an error (True) or a warning (False)." + NO_EFFECT
            ),
            "stop_on_keyboard_interrupt": BrianPreference(
                True,
                "Whether the first Ctrl-C during a run ends the run after the current time step, so that the\n"
                "script goes on with the results so far. A second Ctrl-C always interrupts the script.",
            ),
        },
    ),
    "core.network": (
        "Preferences of networks",
        {
            "default_schedule": BrianPreference(
                list(DEFAULT_SCHEDULE),
                "The order of operations in a time step, for networks whose `schedule` was not set.",
                _is_schedule,
            ),
        },
    ),
    "legacy": (
        "Preferences for the behaviour of old versions",
        {
            "refractory_timing": BrianPreference(
                False,
                "Whether the end of a refractory period is found by comparing times as floating-point numbers, as\n"
                "Brian did until version 2.1.2, instead of counting time steps. A period that is a multiple of dt\n"
                "then may last one step more or less.",
            ),
        },
    ),
    "codegen": (
        "Preferences of compiling models",
        {
            "target": BrianPreference(
                "auto",
                "What a model is compiled to in Brian: 'auto', 'numpy' or 'cython'. Ranvier compiles to native code\n"
                "with each of them. 'emulated' runs the kernels of a GPU on the CPU, to check them; 'cuda' runs\n"
                "them on a GPU of NVIDIA's. Another name is an error when a model is run. With 'auto' the\n"
                "environment variable RANVIER_TARGET says which.",
                _is_target,
            ),
            "string_expression_target": BrianPreference(
                "numpy",
                "What string expressions are compiled to when state variables are set or indexed." + NO_EFFECT,
                _is_target,
            ),
            "loop_invariant_optimisations": BrianPreference(
                True, "Whether to compute once what is the same for all neurons." + NO_EFFECT
            ),
            "max_cache_dir_size": BrianPreference(
                1000,
                "How many megabytes of compiled models to keep on disk; those that were not used for longest go\n"
                "first. 0: no limit.",
            ),
            "cache_dir": BrianPreference(
                None,
                "The directory of compiled models; 'off': keep none on disk; None: the environment variable\n"
                "RANVIER_CACHE, else the user's own cache directory.",
                _text_or_none,
                _path_text,
            ),
            "pipeline": BrianPreference(
                "default",
                "The optimisations of a model in order, e.g. 'fold-constants,hoist-uniform'. 'default' stands for the\n"
                "usual ones, also among others, as in 'default,my-pass'; '': none. `ranvier-opt --list-passes` lists\n"
                "them. A sequence may hold such texts and passes (`ModulePass` of xDSL) themselves.",
                _is_pipeline,
                _pipeline_text,
            ),
            "pass_modules": BrianPreference(
                cast("list[Any]", []),
                "Modules, and Python files (their paths end with .py), with passes that `codegen.pipeline` then may\n"
                "name; they are loaded when a model is compiled. Those of the environment variable\n"
                "RANVIER_PASS_MODULES are loaded before them. A preference file of the current directory cannot set\n"
                "this, since it would run code.",
                _is_list_of_texts,
            ),
            "backend": BrianPreference(
                "llvm",
                "What makes machine code of a model: 'llvm' is Ranvier's own code generator; 'mlir' and 'mlir-openmp'\n"
                "call MLIR's tools where these are installed; others are registered with\n"
                "`ranvier.codegen.backends.register_backend`, or come with packages (docs/passes.md). The environment\n"
                "variable RANVIER_BACKEND says it for scripts that do not set this.",
            ),
            "synapse_layout": BrianPreference(
                "auto",
                "How synapses are stored and delivered: 'auto' lets the compiler choose for each pathway, 'rows' is\n"
                "the plain way that suits all models; see `ranvier-opt --list-passes` (choose-layout) for the others.",
                _is_layout,
            ),
            "firing_rate": BrianPreference(
                "guess",
                "How often neurons spike, which decides how synapses are stored where `codegen.synapse_layout` is\n"
                "'auto'. A rate (5*Hz, or a number in hertz); 'guess': ten times a second, in steps of 0.1 ms;\n"
                "'measured': a long run measures it in its first steps, and goes on with what is best then. It says\n"
                "where that is something else. Results are the same within rounding.",
                _is_rate,
            ),
            "fast_math": BrianPreference(
                "contract",
                "How freely arithmetic may be rearranged. 'off': each operation is rounded by itself. 'contract': a\n"
                "multiplication and an addition may become one operation that is rounded once. 'fast': sums may be\n"
                "reordered, too. Infinities and NaN keep their meaning in all three.",
                _is_fast_math,
            ),
            "threads": BrianPreference(
                "auto",
                "How many threads a run has: a number, or 'auto' for as many as pay, at most one for each processor\n"
                "that this process may use; small networks have one. Results are the same for any number, to the\n"
                "last bit.\n"
                "`network.lower().threads` says how many there would be, and why.",
                _is_thread_number,
            ),
            "check_bounds": BrianPreference(
                False,
                "Whether every index that compiled code uses is checked at each step: of linked variables, events,\n"
                "synapses, spikes under way and recorded elements. For the search of faults: it is slow.",
            ),
            "debug_info": BrianPreference(
                False,
                "Whether machine code says which line of the equations each instruction computes, and is made known\n"
                "to gdb, lldb and perf. The environment variable RANVIER_DEBUG_INFO=1 does the same for a script.",
            ),
            "share_traces": BrianPreference(
                True,
                "Whether event-driven variables of synapses that are the same for all synapses of a neuron are stored\n"
                "and computed once for the neuron, and others written by events of one side only.\n"
                "Scripts see no difference but that of rounding.",
            ),
        },
    ),
    "codegen.cpp": (
        "Preferences of the C++ compiler",
        {
            "compiler": BrianPreference("", "The kind of compiler: '' for the usual one, 'unix', 'msvc'." + NO_EFFECT),
            "define_macros": BrianPreference(
                cast("list[Any]", []), "Macros to define: pairs of a name and a text (or None)." + NO_EFFECT
            ),
            "extra_compile_args": BrianPreference(
                None, "Arguments for the compiler; None: those for gcc or msvc below." + NO_EFFECT, _is_arguments
            ),
            "extra_compile_args_gcc": BrianPreference(
                ["-w", "-O3", "-ffast-math", "-fno-finite-math-only", "-march=native", "-std=c++11"],
                "Arguments for gcc and clang." + NO_EFFECT,
            ),
            "extra_compile_args_msvc": BrianPreference(
                ["/Ox", "/w", "", "/MP"], "Arguments for Microsoft's compiler." + NO_EFFECT
            ),
            "extra_link_args": BrianPreference(cast("list[Any]", []), "Arguments for the linker." + NO_EFFECT),
            "headers": BrianPreference(
                cast("list[Any]", []), "Headers to include, with their brackets: '<vector>'." + NO_EFFECT
            ),
            "include_dirs": BrianPreference(
                [os.path.join(sys.prefix, "include")], "Where to look for headers." + NO_EFFECT
            ),
            "libraries": BrianPreference(
                cast("list[Any]", []), "Names of libraries to link with (not their files)." + NO_EFFECT
            ),
            "library_dirs": BrianPreference(
                [os.path.join(sys.prefix, "lib")], "Where to look for libraries when linking." + NO_EFFECT
            ),
            "runtime_library_dirs": BrianPreference(
                [os.path.join(sys.prefix, "lib")], "Where to look for libraries when running." + NO_EFFECT
            ),
            "msvc_architecture": BrianPreference("", "The architecture for Microsoft's compiler." + NO_EFFECT),
            "msvc_vars_location": BrianPreference("", "Where Microsoft's command line tool is." + NO_EFFECT),
        },
    ),
    "codegen.generators": ("Preferences of code for single languages", {}),
    "codegen.generators.cpp": (
        "Preferences of C++ code",
        {
            "flush_denormals": BrianPreference(
                False, "Whether numbers below the normal range become zero." + NO_EFFECT
            ),
            "restrict_keyword": BrianPreference("__restrict", "How restricted pointers are declared." + NO_EFFECT),
        },
    ),
    "codegen.runtime": ("Preferences of code that runs in the Python process", {}),
    "codegen.runtime.cython": (
        "Preferences of Brian's Cython target",
        {
            "cache_dir": BrianPreference(
                None,
                "The directory of compiled Cython code. See `codegen.cache_dir`." + NO_EFFECT,
                _text_or_none,
                _path_text,
            ),
            "delete_source_files": BrianPreference(True, "Whether to delete Cython's sources." + NO_EFFECT),
            "multiprocess_safe": BrianPreference(
                True, "Whether several processes may use the cache at once (here, they always may)." + NO_EFFECT
            ),
        },
    ),
    "codegen.runtime.numpy": (
        "Preferences of Brian's numpy target",
        {
            "discard_units": BrianPreference(
                False, "Whether Python functions in a model are called with numbers instead of quantities." + NO_EFFECT
            ),
        },
    ),
    "devices": ("Preferences of devices", {}),
    "devices.cpp_standalone": (
        "Preferences of the C++ standalone device",
        {
            "openmp_threads": BrianPreference(
                0, "How many threads a run has, where `codegen.threads` is 'auto'; 0: as many as pay."
            ),
            "openmp_spatialneuron_strategy": BrianPreference(
                None, "How Brian solved the equations of branches in parallel." + NO_EFFECT, _is_strategy
            ),
            "make_cmd_unix": BrianPreference("make", "The command that compiles the project." + NO_EFFECT),
            "extra_make_args_unix": BrianPreference(["-j"], "Arguments for make." + NO_EFFECT),
            "extra_make_args_windows": BrianPreference(cast("list[Any]", []), "Arguments for nmake." + NO_EFFECT),
            "run_cmd_unix": BrianPreference(
                "./main", "The command that runs the project: a text or a list of arguments." + NO_EFFECT, _is_command
            ),
            "run_environment_variables": BrianPreference(
                {"LD_BIND_NOW": "1"}, "Environment variables of the running project." + NO_EFFECT
            ),
        },
    ),
    "GSL": (
        "Preferences of the GNU Scientific Library",
        {
            "directory": BrianPreference(
                None, "Where the library's headers are." + NO_EFFECT, _text_or_none, _path_text
            ),
        },
    ),
    "logging": (
        "Preferences of messages",
        {
            "console_log_level": BrianPreference(
                "INFO", f"The least important messages that are shown: one of {', '.join(LOG_LEVELS)}.", _is_log_level
            ),
            "file_log": BrianPreference(True, "Whether messages are also written to a file."),
            "file_log_level": BrianPreference(
                "DEBUG",
                f"The least important messages that are written to the file: one of {', '.join(LOG_LEVELS)}.",
                _is_log_level,
            ),
            "file_log_max_size": BrianPreference(
                10_000_000,
                "The bytes after which the file of messages is renamed to end in '.1' (replacing an older one)\n"
                "and a new one begun; 0: no limit.",
            ),
            "delete_log_on_exit": BrianPreference(
                True,
                "Whether the file of messages and the copy of the script are deleted when Python ends. They are\n"
                "kept after an error that ended the script.",
            ),
            "save_script": BrianPreference(
                True, "Whether a copy of the script is kept beside the file of messages after an error."
            ),
            "display_brian_error_message": BrianPreference(
                True, "Whether an error that ends the script is followed by where the file of messages is."
            ),
            "full_tracebacks": BrianPreference(
                False, "Whether errors of a run show all steps inside the package, not only those of the script."
            ),
            "warn_for_unused_objects": BrianPreference(
                True, "Whether a warning is shown when an object goes that was never part of a run."
            ),
            "std_redirection": BrianPreference(True, "Whether the output of compilers is hidden." + NO_EFFECT),
            "std_redirection_to_file": BrianPreference(
                True, "Whether the hidden output is written to files." + NO_EFFECT
            ),
        },
    ),
}
"""Category → its description and its preferences."""
