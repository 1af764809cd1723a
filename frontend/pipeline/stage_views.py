"""What programs with stages have in common: modules, differences, costs, files, and how notebooks show them."""

from __future__ import annotations

import difflib
import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ranvier.pipeline.dumps import dump_key, write_inputs, written_stage
from ranvier.pipeline.options import Options

if TYPE_CHECKING:
    import networkx
    import numpy.typing as npt
    from xdsl.dialects.builtin import ModuleOp

    from ranvier.passes.facts.costs import Costs
    from ranvier.plan.plan import Plan

OTHER_INPUTS = {"batch", "choose-width"}
"""Passes after which the inputs of a program are not those of the plan."""

MODULES = ("snn", "optimised", "loops", "kernels")
"""The stages that are modules of xDSL."""

GRAPHS = ("snn", "optimised")
"""The stages that are dataflow graphs, whose costs can be counted."""

COLOURS = {"+": "\033[32m", "-": "\033[31m", "@": "\033[36m"}
"""What a terminal needs to show a line of a difference in colour."""

LONGEST_TEXT = 200_000
"""Characters of a stage that notebooks show; more is left out."""


@dataclass(frozen=True)
class Difference:
    """Two texts line by line, as `diff -u` writes it; empty (and false) if they are the same.

    Attributes:
        lines: The lines.
    """

    lines: tuple[str, ...]

    def __str__(self) -> str:
        """Returns the text."""
        return "\n".join(self.lines)

    def __bool__(self) -> bool:
        """Tells whether there is a difference."""
        return bool(self.lines)

    @property
    def coloured(self) -> str:
        """The text with the colours of a terminal."""
        return "\n".join(_coloured(line) for line in self.lines)

    def _repr_html_(self) -> str:
        return f"<pre>{''.join(_html_line(line) for line in self.lines) or 'no difference'}</pre>"


def difference(before: str, after: str, names: tuple[str, str] = ("before", "after"), context: int = 3) -> Difference:
    """Returns what is different in two texts.

    Args:
        before: The first.
        after: The second.
        names: What they are called.
        context: How many lines around each change are shown.
    """
    found = difflib.unified_diff(before.splitlines(), after.splitlines(), *names, n=context, lineterm="")
    return Difference(tuple(found))


def _coloured(line: str) -> str:
    colour = COLOURS.get(line[:1], "")
    return f"{colour}{line}\033[0m" if colour else line


def _html_line(line: str) -> str:
    colour = {"+": "#1a7f37", "-": "#cf222e", "@": "#0969da"}.get(line[:1])
    text = html.escape(line)
    return f'<span style="color:{colour}">{text}</span>\n' if colour else f"{text}\n"


class StageViews:
    """A program with stages that can be looked at.

    Attributes:
        plan: The plan.
        options: How it is compiled.
        stages: The names of the stages.
        stage: The stage that is meant where none is named.
    """

    plan: Plan
    options: Options
    stages: Sequence[str]
    stage: str = "optimised"

    @property
    def key(self) -> str:
        """The name of the program in dumps: a hash of plan, pipeline and options of code generation."""
        return dump_key(self.plan, self.options)

    def as_text(self, stage: str = "snn") -> str:
        """Returns a stage as text."""
        raise NotImplementedError

    def module(self, stage: str | None = None) -> ModuleOp:
        """Returns a stage as a module of xDSL: a copy, to be changed at will.

        Args:
            stage: "snn", "optimised", "loops" or "kernels"; None: `self.stage`.

        Raises:
            ValueError: There is no such stage, or it is a text.
        """
        stage = stage or self.stage
        if stage not in MODULES or stage not in self.stages:
            there = ", ".join(name for name in MODULES if name in self.stages)
            raise ValueError(
                f"There is no module of the stage {stage!r}; there are {there}, and as_text() shows every stage."
            )
        return self.kept_module(stage).clone()

    def diff(self, other: StageViews | str, stage: str | None = None) -> Difference:
        """Returns what is different between a stage and the same stage of another program, or another stage.

        Args:
            other: A program, in which the same stage is looked at; or the name of a stage of this program, which is
                the one before: `lowered.diff("snn")` is what the passes did.
            stage: The stage; None: `self.stage`.
        """
        stage = stage or self.stage
        if isinstance(other, str):
            return difference(self.as_text(other), self.as_text(stage), (other, stage))
        return difference(other.as_text(stage), self.as_text(stage), (f"other {stage}", f"this {stage}"))

    def graph(self, stage: str | None = None) -> networkx.DiGraph[object]:
        """Returns the dataflow as a networkx graph: nodes are ops, edges are values.

        See `ranvier.ir.graph.to_networkx`.

        Args:
            stage: "snn" or "optimised"; None: `self.stage`.

        Raises:
            ValueError: The stage is no dataflow graph.
        """
        from ranvier.ir.graph import to_networkx

        return to_networkx(self.kept_module(self._graph_stage(stage, "graph")))

    def cost(self, stage: str | None = None) -> Costs:
        """Returns what each op loads, stores and computes, counted from the regions; as text it is a table.

        `cost().step` is the sum of a step, `cost().plain()` the table for a data frame. What a step does for each
        spike, or for each synapse that a spike reaches, has rows of its own, which no sum holds.

        Args:
            stage: "snn" or "optimised"; None: `self.stage`.

        Raises:
            ValueError: The stage is no dataflow graph.
        """
        from ranvier.passes.facts.costs import costs_of
        from ranvier.passes.lower.abi import program_of

        program = program_of(self.kept_module(self._graph_stage(stage, "costs")))
        values = None if OTHER_INPUTS.intersection(self.options.names) else self.run_values()
        return costs_of(program, None if values is None else lambda number: int(values[number]))

    def save(self, directory: str | Path) -> list[Path]:
        """Writes the stages into files `KEY-STAGE.ending`, and the inputs `KEY-inputs.npz`, if they are known.

        They are as those of a dump: `ranvier run` runs them, and edited ones can take the place of stages
        (`RANVIER_OVERRIDE`).

        Args:
            directory: Where; it is made if it does not exist.

        Returns:
            The files.

        Raises:
            OSError: A file cannot be written.
        """
        directory = Path(directory)
        directory.mkdir(parents=True, exist_ok=True)
        paths: list[Path] = []
        inputs = self.run_inputs()
        for stage, ending in self.saved:
            paths.append(directory / f"{self.key}-{stage}.{ending}")
            text = self.as_text(stage)
            text = written_stage(self.plan, self.options, stage, text, self.key, has_inputs=inputs is not None)
            paths[-1].write_text(text, encoding="utf-8")
        if inputs is not None:
            paths.append(directory / f"{self.key}-inputs.npz")
            write_inputs(paths[-1], inputs)
        return paths

    def _repr_html_(self) -> str:
        """Returns the stages that notebooks show, folded, behind a line that says what it is."""
        parts = [f"<div><code>{html.escape(repr(self))}</code>"]
        for title, text in self._shown():
            short = text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}\n..."
            parts.append(f"<details><summary>{html.escape(title)}</summary><pre>{html.escape(short)}</pre></details>")
        return "".join([*parts, "</div>"])

    def _shown(self) -> Iterator[tuple[str, str]]:
        """Yields titles and texts for notebooks."""
        yield self.stage, self.as_text(self.stage)
        yield f"costs of {self.stage}", str(self.cost())

    def _graph_stage(self, stage: str | None, what: str) -> str:
        stage = stage or self.stage
        if stage not in GRAPHS or stage not in self.stages:
            there = ", ".join(name for name in GRAPHS if name in self.stages)
            raise ValueError(f"The {what} of a program are those of the stage {there}, not of {stage!r}.")
        return stage

    def kept_module(self, stage: str) -> ModuleOp:
        """Returns a stage as a module, with the places where things come from; it is not to be changed."""
        raise NotImplementedError

    @property
    def saved(self) -> Sequence[tuple[str, str]]:
        """The stages that `save` and dumps write, and the endings of their files."""
        raise NotImplementedError

    def run_values(self) -> Sequence[Any] | None:
        """Returns what the inputs of the plan stand for, None if that is not known."""
        return None

    def run_inputs(self) -> dict[str, npt.NDArray[Any]] | None:
        """Returns the inputs of a run that begins now by their labels, None if they are not known."""
        return None
