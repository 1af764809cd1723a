"""`pytest --target=emulated`: what tests run is compiled for another target, where they choose none themselves.

That goes for processes that tests begin, too: scripts and examples. With "emulated", kernels of a GPU run on the CPU.
"""

import os

import pytest

from ranvier.gpu.availability import CUDA_VARIABLE
from ranvier.stages import CUDA, EMULATED, TARGET_VARIABLE

STAND_IN = "stand-in"
TARGETS = {EMULATED: {TARGET_VARIABLE: EMULATED}, STAND_IN: {TARGET_VARIABLE: CUDA, CUDA_VARIABLE: STAND_IN}}
TARGETS[CUDA] = {TARGET_VARIABLE: CUDA}
"""What the environment says for each target; "stand-in" is a GPU that is not there, see docs/gpu.md."""


def patience() -> int:
    """Returns how many times as long as usual scripts may take: kernels on the CPU are slow."""
    return 15 if os.environ.get(TARGET_VARIABLE, "") in (EMULATED, CUDA) else 1


def longest() -> int:
    """Returns the seconds after which a process that a test has begun hangs: far more than it needs beside others."""
    return 900 * patience()


def add_option(parser: pytest.Parser) -> None:
    """Adds the option."""
    parser.addoption(
        "--target", choices=tuple(TARGETS), help="compile what tests run for this target where they do not choose one"
    )


def configure(config: pytest.Config) -> None:
    """Sets the target of this process and those that it begins."""
    os.environ.update(TARGETS.get(config.getoption("--target"), {}))
