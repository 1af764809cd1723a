"""Random programs of the `snn` dialect, valid by construction, with inputs for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from ranvier.fuzzing.choices import Choices
from ranvier.fuzzing.pathways import ARRIVED, SETS, synapse_inputs
from ranvier.fuzzing.rarer import rarer_values
from ranvier.fuzzing.writer import ARRAYS, STEPS, ProgramWriter

DT = 2.0**-10
"""Seconds of a step: a power of two, so that times are exact."""

SLOW = 3
"""Steps of the first clock in one of the second."""


@dataclass(frozen=True, kw_only=True)
class RandomProgram:
    """A random program and its inputs: both follow from the attributes.

    Attributes:
        seed: What is chosen.
        ops: The numbers of the ops that it has. Each makes its choices by itself: without one, the others stay as they
            are, as far as they do not use it.
        size: Neurons.
        synapses: Synapses, at most.
        steps: Steps that are simulated.
        exact: No result is rounded, whatever the order of sums, whether products are contracted, and whether divisions
            become products: passes that may round otherwise must give the same bits, too. Programs that are not exact
            have divisions by any numbers, and functions.
        left_out: Steps of regions that are left out: the number of the op, and of the step.
        functions: Of programs that are not exact: there are functions, random numbers and inner steps whose last bits
            depend on who computes them, so that machine code cannot be compared with the interpreter to the bit.
    """

    seed: int
    ops: tuple[int, ...] = tuple(range(8))
    size: int = 21
    synapses: int = 60
    steps: int = 9
    exact: bool = True
    left_out: frozenset[tuple[int, int]] = frozenset()
    functions: bool = False

    def __post_init__(self) -> None:
        """Checks sizes.

        Raises:
            ValueError: There are no neurons, or no number of steps or synapses.
        """
        if self.size < 1 or self.synapses < 0 or self.steps < 0:
            raise ValueError(
                f"a random program has 1 neuron or more, and 0 synapses and steps or more, not {self.size}, "
                f"{self.synapses} and {self.steps}"
            )

    @property
    def text(self) -> str:
        """The program, as text that `ranvier-opt` and `ranvier run` read."""
        return self._written.text

    @property
    def lines(self) -> int:
        """How many lines the text has."""
        return self.text.count("\n")

    @property
    def calls(self) -> Sequence[tuple[str, ...]]:
        """What each function of Python that it calls gets, see `ranvier.fuzzing.calls`."""
        return self._written.calls

    @property
    def seconds(self) -> float:
        """The time that is simulated."""
        return self.steps * DT

    @property
    def region_steps(self) -> tuple[tuple[int, int], ...]:
        """The steps of regions: the number of the op, and of the step."""
        return tuple((op, step) for op in self.ops for step in range(STEPS) if (op, step) not in self.left_out)

    @cached_property
    def _written(self) -> ProgramWriter:
        return ProgramWriter(
            Choices(self.seed),
            self.ops,
            self._synapses,
            exact=self.exact,
            left_out=self.left_out,
            functions=self.functions,
        )

    @cached_property
    def _synapses(self) -> Mapping[str, Any]:
        rng = np.random.default_rng((self.seed, 1))
        return synapse_inputs(rng, self.size, self.synapses)

    def values(self, instance: int = 0) -> dict[str, Any]:
        """Returns new inputs: what `ranvier.text.program.TextProgram.start` takes.

        Args:
            instance: Others for each number, as far as instances may differ.
        """
        rng = np.random.default_rng((self.seed, 2, instance) if instance else (self.seed, 2))
        size = self.size
        grid = [np.round(rng.normal(0, 1, (4, size)) * 32) / 32, 2.0 ** rng.integers(-2, 3, size)]
        found: dict[str, Any] = dict(zip((*ARRAYS["f64"], "fixed"), grid[0], strict=True))
        found["h"] = (np.round(rng.normal(0, 1, size) * 32) / 32).astype(np.float32)
        found |= {"powers": grid[1], "n": rng.integers(-3, 9, size).astype(np.int32), "f": rng.random(size) < 0.7}
        found |= {
            "N": size,
            "k": float(rng.integers(-8, 9)) / 4,
            "half": 0.5,
            "key": self.seed + instance,
            "s": [1.25 + instance / 4],
        }
        found |= {"clk": DT, "slow": SLOW * DT}
        found |= {label: np.array(value) for label, value in self._synapses.items()}
        for name in SETS:
            found[f"{name}.w"] += instance / 16
            found[f"{name}.x"] -= instance / 16
        found |= {name: int(value) for name, value in self._synapses.items() if np.ndim(value) == 0}
        found |= rarer_values(rng, size, DT, joined=self.functions)
        found["count"] = np.zeros(size, np.int32)
        for number, (parts, count) in self._written.histories.items():
            found |= {f"{part}{number}": np.zeros(1, np.int64) for part in parts if part in ARRIVED}
            found |= {f"spiked{number}": np.zeros(4 * found[count], np.int32), f"counts{number}": np.zeros(4, np.int64)}
            found |= {f"position{number}": np.zeros(1, np.int64)}
        text = self.text
        return {label: value for label, value in found.items() if f'"{label}"' in text}

    def without(self, **changes: Any) -> RandomProgram:
        """Returns the program with other attributes."""
        return replace(self, **changes)

    def __str__(self) -> str:
        return self.text


SIZES_OF_GROUPS = (1, 5, 21, 37, 70, 5, 21, 37, 600)
"""Neurons of random programs; the most is enough for several threads to have a part each."""


def random_program(seed: int, *, ops: int = 8, exact: bool | None = None) -> RandomProgram:
    """Returns a random program.

    Args:
        seed: The same seed gives the same program, as long as Ranvier's version is the same.
        ops: How many ops it has at most.
        exact: See `RandomProgram`; None: three of four programs are.
    """
    here = Choices(seed, "program")
    exact = here.chance(0.75, "exact") if exact is None else exact
    return RandomProgram(
        seed=seed,
        ops=tuple(range(min(3, ops) + here.below(max(ops - 2, 1), "ops"))),
        size=SIZES_OF_GROUPS[here.below(len(SIZES_OF_GROUPS), "size")],
        synapses=(0, 7, 60, 90)[here.below(4, "synapses")],
        steps=4 + here.below(8 if here.chance(0.2, "long") else 3, "steps"),
        exact=exact,
        functions=not exact and here.chance(0.5, "functions"),
    )
