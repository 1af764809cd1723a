"""Several instances of a random program side by side: each means the same as alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from xdsl.dialects.builtin import IntegerAttr, ModuleOp, StringAttr

from ranvier.fuzzing.choices import Choices
from ranvier.fuzzing.pathways import SETS
from ranvier.ir.recording import RecordEventsOp, RecordOp, RecordRateOp
from ranvier.ir.structure import EventSpaceOp, StateOp
from ranvier.passes.lower.abi import input_ops, program_of
from ranvier.runtime.batches import Array, apart, together

Outcome = Mapping[str, Any]

MAY_BE_OWN = (
    *("a", "b", "c", "h", "fixed", "powers", "n", "f", "k", "key", "s"),
    *(f"{name}.{variable}" for name in SETS for variable in "wx"),
)
"""What instances may have for themselves."""

SIZES = ("0", "24", "4000", "1000000000")
"""Bytes that an instance is said to have for itself: few for side by side, and many for one after another."""


@dataclass(frozen=True)
class Lanes:
    """Instances of a program.

    Attributes:
        count: How many there are.
        own: The inputs of which each has its own.
        bytes: What the pass that chooses whether they run side by side is told of their size; -1: they do.
    """

    count: int
    own: tuple[str, ...]
    bytes: int = -1

    @property
    def spec(self) -> str:
        """The pass that puts them side by side, as text."""
        labels = ",".join(f'"{label}"' for label in self.own)
        said = [f"own={labels}"] if labels else []
        if self.bytes >= 0:
            said += [f"own-bytes={self.bytes}", f"instances={self.count}"]
        name = "batch" if self.bytes < 0 else "choose-width"
        return f"{name}{{{' '.join(said)}}}" if said else name

    @property
    def looked_at(self) -> tuple[int, ...]:
        """The instances that are compared with what the program does alone: those at the ends, and one between."""
        return tuple(sorted({0, self.count // 2, self.count - 1}))

    def among(self, labels: Collection[str]) -> Lanes:
        """Returns the instances of a program that has only these inputs."""
        return replace(self, own=tuple(label for label in self.own if label in labels))

    def values(self, each: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Returns the inputs of the instances: those of the first but for what they have for themselves."""
        return [{**each[0], **{label: one[label] for label in self.own}} for one in each]


def random_lanes(choices: Choices) -> Lanes:
    """Returns a random number of instances, and what differs between them."""
    own = choices.some(MAY_BE_OWN, choices.below(6, "number"), "own")
    bytes = choices.pick(SIZES, "bytes") if choices.chance(0.3, "width") else "-1"
    return Lanes(2 + choices.below(4, "count"), tuple(sorted(own)), int(bytes))


def runs_in_turns(module: ModuleOp) -> bool:
    """Tells whether a pass has left a program that of one instance."""
    return program_of(module).attributes.get("width") == StringAttr("turns")


class SideBySide:
    """Says what a program of several instances takes and leaves behind.

    Args:
        module: The program after `batch`.
        count: The number of instances.
    """

    def __init__(self, module: ModuleOp, count: int) -> None:
        program = program_of(module)
        inputs, self.count = input_ops(program), count
        labels = [cast("Any", op).label.data for op in inputs]
        self.own = {label for op, label in zip(inputs, labels, strict=True) if "own" in op.attributes}
        self.states = {label for op, label in zip(inputs, labels, strict=True) if isinstance(op, StateOp)} & self.own
        self.spaces = {label for op, label in zip(inputs, labels, strict=True) if isinstance(op, EventSpaceOp)}
        self.partner = {
            label: labels[cast("IntegerAttr", op.attributes["history"]).value.data]
            for op, label in zip(inputs, labels, strict=True)
            if "history" in op.attributes
        }
        self.kinds = {
            cast("Any", op.sink.owner).label.data: type(op)
            for op in program.walk()
            if isinstance(op, RecordOp | RecordEventsOp | RecordRateOp)
        }

    def inputs(self, sets: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Returns the inputs of all instances."""
        found = {**sets[0], "instances": self.count}
        for label in self.states - self.partner.keys():
            found[label] = np.stack([np.atleast_1d(one[label]) for one in sets], axis=1).ravel()
        for label in self.partner:
            spikes, counts = self._pair(label)
            pair = [np.stack([one[each] for one in sets], axis=1) for each in (spikes, counts)]
            found[label] = together(*pair)[(spikes, counts).index(label)]
        return found

    def instance(self, outcome: Outcome, k: int) -> dict[str, Any]:
        """Returns what an instance left behind."""
        return {what: self._part(outcome, what, k) for what in outcome if "'instances'" not in what}

    def alone(self, outcome: Outcome) -> dict[str, Any]:
        """Returns what a program alone left behind, as far as it means something: past spikes up to their numbers."""
        found = dict(outcome)
        for label in self.partner:
            spikes, counts = (outcome[f"state {each!r}"] for each in self._pair(label))
            rows: Array = spikes.reshape(counts.size, -1)
            places = cast(Array, np.arange(rows.shape[1]))
            kept = np.where(places < counts[:, np.newaxis], rows, 0).ravel()
            found[f"state {self._pair(label)[0]!r}"] = kept
        return found

    def _part(self, outcome: Outcome, what: str, k: int) -> Any:
        kind, label = what.split(" ")[0], what.split("'")[1]
        array = outcome[what]
        if label not in self.own:
            return array
        if kind == "events":
            return array[array % self.count == k] // self.count
        if kind == "state" and label in self.partner:
            pair = self._pair(label)
            first, second = (outcome[f"state {each!r}"] for each in pair)
            both = apart(first, second, self.count)
            return both[pair.index(label)][:, k]
        if kind == "state":
            return array.reshape(-1, self.count)[:, k]
        return self._column(outcome, what, label, k)

    def _column(self, outcome: Outcome, what: str, label: str, k: int) -> Any:
        array, number = outcome[what], int(what.split(" ")[1])
        kind = self.kinds.get(label)
        if kind is RecordEventsOp:
            numbers = outcome[f"column 1 of {label!r}"]
            mine = array[numbers % self.count == k]
            return mine // self.count if number == 1 else mine
        if kind is RecordOp and number == 0:
            return array
        return array.reshape(-1, self.count)[:, k]

    def _pair(self, label: str) -> tuple[str, str]:
        """Returns the labels of past spikes, and of their numbers."""
        one, other = sorted((label, self.partner[label]))
        return (other, one) if one.startswith("counts") else (one, other)
