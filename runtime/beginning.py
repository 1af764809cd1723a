"""From a program to a run of it, on what the program is for."""

from __future__ import annotations

from typing import Any

from ranvier.runtime.simulation import Program, Simulation


def simulation_of(program: Program, *arguments: Any, **options: Any) -> Simulation:
    """Returns a run of a program, on the device that it is for; arguments are those of `Simulation`.

    Raises:
        DeviceError: It is for a GPU, and there is none that can be used.
    """
    if getattr(program, "device", None) is None:
        return Simulation(program, *arguments, **options)
    from ranvier.runtime.cuda.simulation import CudaSimulation  # only programs for a GPU need it

    return CudaSimulation(program, *arguments, **options)
