"""The machine that code is made for."""

from __future__ import annotations

import functools
import sys
from dataclasses import dataclass
from typing import Any

from ranvier.ir.team import PLATFORMS


@dataclass(frozen=True, slots=True)
class Target:
    """A machine: what LLVM needs to know of it.

    Attributes:
        name: The family of targets: "cpu".
        triple: LLVM's target triple, such as "x86_64-unknown-linux-gnu".
        cpu: LLVM's name of the processor, such as "znver4"; "" for the oldest of its architecture.
        features: LLVM's feature string, "+avx2,-avx512f,...".
    """

    name: str
    triple: str
    cpu: str = ""
    features: str = ""

    @property
    def vector_bits(self) -> int:
        """The width of vectors to prefer, in bits; 0 to leave it to LLVM."""
        return 512 if self.has_feature("avx512f") else 0

    @property
    def has_fma(self) -> bool:
        """Whether a fused multiply-add is one instruction (a call of the C library otherwise)."""
        always = self.triple.startswith(("aarch64", "arm64", "nvptx", "riscv64"))
        return always or self.has_feature("fma")

    @property
    def abi(self) -> str:
        """LLVM's name of the calling convention, where a triple leaves it open."""
        return "lp64d" if self.triple.startswith("riscv64") else ""

    def has_feature(self, feature: str) -> bool:
        """Returns whether the feature string switches `feature` on."""
        return f"+{feature}" in self.features.split(",")

    def machine(self, *, optimise: int = 2, loaded: bool = True) -> Any:
        """Returns a new LLVM target machine.

        Args:
            optimise: LLVM's level of optimisation in instruction selection, 0 to 3.
            loaded: Whether the code is loaded into a running process; else a linker makes a program of it.
        """
        llvm = initialised_llvm(self.triple)
        target = llvm.Target.from_triple(self.triple)
        if not loaded:
            return target.create_target_machine(
                self.cpu, self.features, opt=optimise, reloc="pic", codemodel="default", abiname=self.abi
            )
        # Windows: LLVM's loader there wants ELF objects and far addresses, which only this model gives.
        model = "jitdefault" if sys.platform == "win32" else "small"
        return target.create_target_machine(
            self.cpu, self.features, opt=optimise, reloc="pic", codemodel=model, jit=True
        )


@functools.cache
def host() -> Target:
    """Returns the processor this process runs on, with all its features."""
    llvm = llvm_binding()
    return Target("cpu", llvm.get_process_triple(), llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten())


ARCHITECTURES = ("x86_64", "aarch64", "arm64", "riscv64")
"""The families of processors that code can be made for: 64 bits, the lowest byte first."""

FEATURES = {"riscv64": "+m,+a,+f,+d,+c", "x86-64-v3": "+fma", "x86-64-v4": "+fma,+avx512f"}
"""What families and processors have that the code generator has to know, as features."""


def target_of(triple: str | None = None, cpu: str | None = None, features: str | None = None) -> Target:
    """Returns a machine that is named as compilers name it.

    Args:
        triple: LLVM's target triple, or its first part, the architecture (then Linux is meant); None: this machine.
        cpu: LLVM's name of the processor; None: the oldest of the architecture, and of this machine the one it has.
        features: LLVM's feature string, "+avx2,+fma".

    Raises:
        ValueError: There is no such machine, or code cannot be made for it.
    """
    if triple is None and cpu is None and features is None:
        return host()
    triple = triple or host().triple
    architecture = _architecture(triple)
    if architecture not in ARCHITECTURES:
        raise ValueError(f"There is no code for {triple!r}: it is made for {', '.join(ARCHITECTURES)}")
    triple = triple if "-" in triple else f"{triple}-unknown-linux-gnu"
    known = (FEATURES.get(architecture), FEATURES.get(cpu or ""), features)
    made = Target("cpu", triple, cpu or "", ",".join(filter(None, known)))
    try:
        initialised_llvm(triple).Target.from_triple(triple)
    except RuntimeError as error:
        raise ValueError(f"There is no code for {triple!r}: {error}") from error
    return made


def has_threads(target: Target | None = None) -> bool:
    """Tells whether programs for a machine, by default this one, can have several threads: where there is `futex`."""
    architecture, _, rest = (target or host()).triple.partition("-")
    return "linux" in rest and architecture in PLATFORMS


def llvm_binding() -> Any:
    """Returns `llvmlite.binding`, which is imported at the first call and carries no types."""
    from llvmlite import binding  # pyright: ignore[reportMissingTypeStubs]

    return binding


def initialised_llvm(triple: str | None = None) -> Any:
    """Returns llvmlite's binding with the code generator for `triple` ready (None: the host's, and no printer).

    Loading a finished program needs the host's target only; printers cost time, so compiling asks for them by a triple.
    """
    _initialise_native()
    if triple is not None:
        _initialise_printers(_architecture(triple) == _architecture(host().triple))
    return llvm_binding()


def _architecture(triple: str) -> str:
    return triple.split("-", 1)[0]


@functools.cache
def _initialise_native() -> None:
    llvm_binding().initialize_native_target()


@functools.cache
def _initialise_printers(native: bool) -> None:
    llvm = llvm_binding()
    if native:
        llvm.initialize_native_asmprinter()
    else:
        llvm.initialize_all_targets()
        llvm.initialize_all_asmprinters()
