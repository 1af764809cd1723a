"""Whether there is a GPU for programs of the target "cuda", and what a user is told about it.

What is imported inside functions here is needed only for a GPU.
"""

from __future__ import annotations

import os

from ranvier.pipeline.options import Options
from ranvier.plan.plan import Plan
from ranvier.plan.step_kinds import CallStep
from ranvier.session.logger import get_logger

CUDA_VARIABLE = "RANVIER_CUDA"
"""Environment variable: "stand-in" runs programs for a GPU by a stand-in of its driver, on the CPU."""


def check_device(options: Options) -> None:
    """Checks that there is a GPU that can be used, before anything is compiled for it.

    Raises:
        DeviceError: There is none; it says what is missing.
    """
    from ranvier.runtime.cuda.driver import Driver  # only programs for a GPU need it

    if options.stand_in and Driver.stand_in is None:
        from ranvier.gpu.cuda_stand_in import StandIn  # only tests need it

        Driver.stand_in = StandIn
    Driver.of_process()


def why_no_device(options: Options) -> str | None:
    """Returns why there is no GPU that can be used, and what to install, in a sentence; None if there is one."""
    from ranvier.runtime.cuda.driver import LATER, DeviceError  # only programs for a GPU need it

    try:
        check_device(options)
    except DeviceError as error:
        return str(error).removesuffix(LATER).strip()
    return None


def wants_stand_in() -> bool:
    """Tells whether programs for a GPU are to be run by the stand-in of its driver, on the CPU."""
    return os.environ.get(CUDA_VARIABLE, "") == "stand-in"


def tell_of_calls(plan: Plan) -> None:
    """Tells the user, once, what in the steps of a run on a GPU is Python code."""
    called = ", ".join(f"'{step.label}'" for step in plan.steps if isinstance(step, CallStep))
    if called:
        get_logger(__name__).info(
            f"What Python code does during the run ({called}) is done on the CPU: variables are copied from the "
            "GPU before it, and back to it afterwards, which takes time. Equations and code in strings run on the GPU.",
            "calls_python",
            once=True,
        )
