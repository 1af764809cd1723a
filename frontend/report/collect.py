"""A program with all its forms, for a report: the road of `stages/road.py` once more, looked at after each pass."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ranvier.pipeline.options import Options
from ranvier.pipeline.stage_table import DEVICE, LOOPS, OPTIMISED, Loops, advance
from ranvier.plan.plan import Plan
from ranvier.report.records import Program, SourceText, Text

_TITLE = re.compile(r"^# ---- (.*) ----$")


def collect(
    program: Program, plan: Plan, options: Options, asked: Callable[[], str] | None, sources: Sequence[SourceText]
) -> None:
    """Puts all forms of a program into it; where one cannot be made, it says why.

    Args:
        program: What is filled in.
        plan: The plan.
        options: How it is compiled.
        asked: Returns what the plan was made of as text, before and after each rewrite.
        sources: What the user wrote.
    """
    try:
        _collect(program, plan, options, asked, sources)
    except Exception as error:  # the run, which is what the user wants, says it itself if it fails, too
        program.failure = f"{type(error).__name__}: {error}"


def _collect(
    program: Program, plan: Plan, options: Options, asked: Callable[[], str] | None, sources: Sequence[SourceText]
) -> None:
    from ranvier.passes.pipeline import lower, run_pipeline
    from ranvier.passes.remarks import remarking
    from ranvier.report.costs import decisions_of, sweeps_of
    from ranvier.report.origins import plan_lines, source_lines
    from ranvier.report.snapshots import Snapshots

    texts = program.texts
    program.sources = sources
    if sources:
        texts.append(source_lines(sources))
    texts += _rewrites(asked) if asked is not None else []
    planned, where = plan_lines(plan, sources)
    texts.append(planned)
    module, seen = _graph(texts, plan, where, sources)
    with remarking() as new:
        snapshots = Snapshots(*seen, texts, new)
        run_pipeline(module, options.steps, observe=snapshots)
    texts[-1] = replace(texts[-1], stage=OPTIMISED.name)
    program.sweeps = sweeps_of(snapshots.printed)
    program.decisions = decisions_of(snapshots.printed, snapshots.remarks)
    loops = Loops(*lower(module, options.lowering, observe=snapshots))
    texts[-1] = replace(texts[-1], stage=LOOPS.name)
    snapshots.mark_again()
    _machine_texts(texts, loops, options)
    if options.target != "cpu":
        _device_texts(texts, plan, options)


def _rewrites(asked: Callable[[], str]) -> list[Text]:
    """Returns what the objects ask for, before and after each rewrite."""
    found: list[tuple[str, list[str]]] = []
    for line in asked().splitlines():
        title = _TITLE.match(line)
        if title:
            found.append((title[1], []))
        elif found:
            found[-1][1].append(line)
    about = "What the objects of the network ask of a step, written as a plan."
    return [
        Text(
            name=title.removeprefix("After ") if k else "actions",
            kind="pass" if k else "stage",
            about=about if not k else "A rewrite of what the objects ask for.",
            language="plan",
            lines=lines,
            chained=False,
        )
        for k, (title, lines) in enumerate(found)
    ]


def _graph(texts: list[Text], plan: Plan, where: Any, sources: Sequence[SourceText]) -> tuple[Any, tuple[Any, Any]]:
    from ranvier.graph.build import build_module
    from ranvier.report.origins import graph_origins, graph_parents, graph_spans
    from ranvier.report.printing import Names, print_module
    from ranvier.report.snapshots import counted

    began = time.perf_counter()
    module, names = build_module(plan, written=True), Names()
    seconds = time.perf_counter() - began
    printed = print_module(module, names)
    about = "Dataflow in value semantics: states are SSA arrays."
    parents = graph_parents(plan, module, printed, where)
    texts.append(
        Text(
            name="snn",
            kind="stage",
            about=about,
            lines=printed.lines,
            parents=parents,
            origins=graph_origins(plan, printed, sources),
            spans=graph_spans(plan, printed, sources),
            seconds=seconds,
            ops=counted(printed),
        )
    )
    return module, (names, printed)


def _machine_texts(texts: list[Text], loops: Loops, options: Options) -> None:
    """Adds LLVM IR, the same after LLVM's passes, and assembly; the ops of the loops say their lines."""
    from ranvier.codegen.llvm.emitter import emit_module
    from ranvier.report.machine_lines import assembly_lines, optimised_lines, split_locations

    times = [time.perf_counter()]
    written = emit_module(loops.module, options=replace(options.code, locations=True), slots=loops.slots)
    times.append(time.perf_counter())
    llvm = split_locations(written)
    optimised = optimised_lines("\n".join([*llvm.lines, ""]), options.code)
    times.append(time.perf_counter())
    assembly = assembly_lines("\n".join([*optimised.lines, ""]), options.code)
    times.append(time.perf_counter())
    rows = (
        ("llvm", "The text that is given to LLVM.", "llvm", llvm),
        ("llvm-optimised", "The same after LLVM's passes.", "llvm", optimised),
        ("asm", "The machine code, written as assembly.", "asm", assembly),
    )
    for k, (name, about, language, found) in enumerate(rows):
        seconds = times[k + 1] - times[k]
        texts.append(
            Text(
                name=name,
                kind="stage",
                about=about,
                language=language,
                lines=found.lines,
                parents=found.parents,
                seconds=seconds,
            )
        )


def _device_texts(texts: list[Text], plan: Plan, options: Options) -> None:
    """Adds the stages of a GPU, which are made from the optimised graph, too."""
    from ranvier.graph.build import build_module

    form: Any = advance(build_module(plan), (OPTIMISED,), options.on_device)
    for stage in DEVICE:
        began = time.perf_counter()
        form = stage.make(form, options.on_device)
        seconds = time.perf_counter() - began
        lines = stage.show(form).splitlines()
        language = "mlir" if stage.ending == "mlir" else "llvm" if stage.ending == "ll" else "asm"
        texts.append(
            Text(
                name=stage.name,
                kind="stage",
                about=stage.about,
                language=language,
                lines=lines,
                seconds=seconds,
                chained=False,
            )
        )
