"""How to compile where a call does not say it: what preferences, the environment and `set_default_options` choose."""

from __future__ import annotations

import os
from typing import cast

from ranvier.codegen import CodegenOptions
from ranvier.gpu.availability import wants_stand_in
from ranvier.passes.own import load_passes
from ranvier.pipeline.options import Options, Passes
from ranvier.session.preferences import prefs
from ranvier.session.targets import DeviceTarget
from ranvier.stages.unheeded import chosen

_chosen: list[Options] = []

TARGETS = ("auto", "numpy", "cython", "cpp")
"""The values of the preference `codegen.target` that Brian's scripts use: all stand for native code."""

EMULATED, CUDA = "emulated", "cuda"
"""Further values: the kernels of a GPU, on the CPU; and on the GPU."""

TARGET_VARIABLE = "RANVIER_TARGET"
"""Environment variable: what the preference `codegen.target` is where a script leaves it at "auto"."""


def set_default_options(options: Options | None) -> None:
    """Sets the options that `run` compiles with from now on; None: those of the preferences."""
    _chosen[:] = [] if options is None else [options]


def current_options() -> Options:
    """Returns what `set_default_options` set, else the options of the preferences `codegen.*`.

    Raises:
        ValueError: If `codegen.target` is no target.
        PipelineError: If the passes of `codegen.pass_modules` cannot be loaded.
    """
    if _chosen:
        return _chosen[-1]
    target = prefs["codegen.target"]
    if target == "auto":
        target = DeviceTarget.chosen or os.environ.get(TARGET_VARIABLE) or target
    if isinstance(target, str) and target not in (*TARGETS, EMULATED, CUDA):
        raise ValueError(
            f"Unknown code generation target: {target}; the preference codegen.target has to be one of "
            f"{', '.join(TARGETS)} (all of them run native code), {EMULATED} or {CUDA}."
        )
    for where in pass_modules():
        load_passes(where)
    return Options(
        target=target if target in (EMULATED, CUDA) else "cpu",
        pipeline=_pipeline(),
        share_traces=prefs["codegen.share_traces"],
        layout=prefs["codegen.synapse_layout"],
        codegen=CodegenOptions(fast_math=prefs["codegen.fast_math"]),
        backend=_backend(),
        stand_in=target == CUDA and wants_stand_in(),
    )


PIPELINE_VARIABLE = "RANVIER_PIPELINE"
"""Environment variable: the pipeline of scripts that do not set `codegen.pipeline`."""

PASSES_VARIABLE = "RANVIER_PASS_MODULES"
"""Environment variable: modules and files with passes, parted as in `PATH`."""


def _pipeline() -> Passes:
    return cast("Passes", chosen("codegen.pipeline", PIPELINE_VARIABLE))


BACKEND_VARIABLE = "RANVIER_BACKEND"
"""Environment variable: the back end of scripts that do not set `codegen.backend`."""


def _backend() -> str:
    return str(chosen("codegen.backend", BACKEND_VARIABLE) or prefs["codegen.backend"])


def pass_modules() -> tuple[str, ...]:
    """Returns the modules and files with passes that environment and preferences name."""
    named = (where for where in os.environ.get(PASSES_VARIABLE, "").split(os.pathsep) if where)
    return (*named, *prefs["codegen.pass_modules"])


__all__ = [
    "BACKEND_VARIABLE",
    "CUDA",
    "EMULATED",
    "PASSES_VARIABLE",
    "PIPELINE_VARIABLE",
    "TARGETS",
    "TARGET_VARIABLE",
    "current_options",
    "pass_modules",
    "set_default_options",
]
