"""Where modules were before: their public names can still be imported from there."""

from __future__ import annotations

from collections.abc import Mapping

EARLIER: Mapping[str, str] = {
    "cli": "main=ranvier.commands.cli",
    "drop_in": "as_brian2=ranvier.brian.drop_in",
    "dumps": "read_inputs=ranvier.pipeline.dumps write_inputs=ranvier.pipeline.dumps",
    "explaining": "instructions=ranvier.pipeline.explaining",
    "gpus": "check_device=ranvier.gpu.availability",
    "instance_programs": (
        "compile_batch=ranvier.stages.instance_programs same_bits=ranvier.stages.instance_programs "
        "why_no_lanes=ranvier.stages.instance_programs"
    ),
    "pipelines": "Options=ranvier.pipeline.options",
    "stage_views": "Difference=ranvier.pipeline.stage_views",
    "staged": ("Compiled=ranvier.stages.staged LoweredNetwork=ranvier.stages.staged Traced=ranvier.stages.staged"),
}
"""Path below the package → names, each with the module that has it now; in the form of `public_names.MODULES`."""
