"""What a run of a network, or of several instances of it side by side, keeps in the memory of a GPU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ranvier.codegen import LoadedProgram
from ranvier.gpu.availability import why_no_device
from ranvier.ir.slots import SlotKind
from ranvier.pipeline.options import Options
from ranvier.plan.plan import Plan
from ranvier.stages.instance_programs import batch_options
from ranvier.stages.road import native_of


@dataclass(frozen=True)
class DeviceMemory:
    """The memory of a GPU that a run takes.

    Attributes:
        parts: Kind, name, number of elements and bytes of each part.
        free: The bytes that are free there, None where there is no GPU.
    """

    parts: Sequence[tuple[str, str, int, int]]
    free: int | None


def device_memory(plan: Plan, options: Options, values: Sequence[Any], instances: int | None = None) -> DeviceMemory:
    """Returns what a run of a plan keeps in the memory of a GPU; there need be none.

    Args:
        plan: The plan.
        options: Those of the target "cuda".
        values: What the inputs of the plan stand for.
        instances: How many instances run side by side, of which each has its own of what a run changes; None for the
            network alone.

    Raises:
        ValueError: Instances cannot run side by side.
    """
    from ranvier.runtime.cuda.driver import Driver  # only programs for a GPU need it
    from ranvier.runtime.cuda.needs import device_parts

    alone = native_of(plan, options)
    if instances is None:
        parts = device_parts(alone, values)
    else:
        from ranvier.runtime.batches import inputs_of_batch  # only sweeps need it

        program = _side_by_side(plan, options, _changed(alone, values))
        given, lanes = inputs_of_batch(program, values, instances)
        parts = device_parts(program, given, lanes=lanes)
    free = None if why_no_device(options) else Driver.of_process().free_memory()[0]
    return DeviceMemory([(part.kind, part.label, part.number, part.bytes) for part in parts], free)


def _changed(program: LoadedProgram, values: Sequence[Any]) -> list[int]:
    """Returns the numbers of the variables that a run changes: what pathways keep follows from these."""
    assert program.device is not None
    places = zip(program.slots, program.device.where, strict=True)
    states = [slot.input for slot, where in places if slot.kind is SlotKind.STATE and where in ("changed", "both")]
    return sorted({n for n in states if n >= 0 and getattr(values[n], "population", None) is not None})


def _side_by_side(plan: Plan, options: Options, own: Sequence[int]) -> LoadedProgram:
    from ranvier.passes.errors import PassError  # loads xDSL

    try:
        return native_of(plan, batch_options(own, options))
    except PassError as error:
        raise ValueError(
            f"Instances of this network cannot run side by side on a GPU, so that one follows another: {error}"
        ) from error


__all__ = ["DeviceMemory", "device_memory"]
