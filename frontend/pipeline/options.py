"""How to compile: options, and from what a user says of a pipeline to its rewrites and passes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

from ranvier.actions.rewrites.names import NAMES, SHARE_TRACES
from ranvier.actions.rewrites.own import is_rewrite, registered_changes
from ranvier.codegen import CodegenOptions, LoadedProgram
from ranvier.codegen.backends import OWN
from ranvier.passes.default_pipeline import (
    CONTRACTING,
    DEFAULT,
    DEFAULT_PIPELINE,
    LOWERING,
    TO_LOOPS,
    WITH_FAST_MATH,
    PipelineError,
    lowering_to_driver,
    lowering_to_emulation,
    split_pipeline,
    with_options,
)
from ranvier.passes.own import OwnPass, digest_of, find_own, own_pass_of

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp
    from xdsl.passes import ModulePass

    from ranvier.passes.pipeline import Observer

PARTITION = "partition"
"""The pass by which a program is one for several threads of the CPU."""

GRAPH_ONLY = (*WITH_FAST_MATH, TO_LOOPS, PARTITION, "batch", "choose-width", "fuse-maps", "convert-resets", "sort-rows")
"""Passes that find nothing in loops, or fail there."""

Passes: TypeAlias = "str | ModulePass | type[ModulePass] | Sequence[str | ModulePass | type[ModulePass]]"
"""A pipeline: text, passes of xDSL, or a sequence of these, mixed."""


class Watcher(Protocol):
    """What looks on while a program is made, see `ranvier.watching.watch`. It decides nothing of the program."""

    def passes(self, module: ModuleOp) -> AbstractContextManager[Observer]:
        """Gives the observer of passes that run on a module meanwhile."""
        ...

    def stage(self, name: str, seconds: float) -> None:
        """Takes in that a stage was made."""
        ...

    def program(self, key: str, pipeline: str, compiled: Callable[[], LoadedProgram]) -> LoadedProgram:
        """Returns the native program of a key, which is compiled anew, but once only."""
        ...


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to compile.

    Attributes:
        pipeline: The rewrites of what objects ask for, then the passes between the graph and the loops: text, e.g.
            "share-traces,fold-constants,hoist-uniform", passes, or a sequence of both. "default", which may stand
            between others, and None are all rewrites, then the default of the passes; "" is nothing at all.
            Passes on loops follow "lower-to-loops", which otherwise comes behind the pipeline by itself.
            Print `spec`, edit it, give it back.
        share_traces: Whether the default pipeline has the rewrite of that name.
        layout: How synapses are stored where the pass `choose-layout` is not told otherwise: "auto", or one of its
            layouts.
        codegen: Options of code generation; `codegen.fast_math` holds for all passes that are not told otherwise.
        verify: Check the graph after each pass; then the passes run although the program is in the cache.
        contracted: Whether the program says already which products are contracted, see `code`.
        target: What runs: "cpu"; "emulated": the kernels of a GPU on the CPU, where threads take turns; or "cuda": a
            GPU, by its driver.
        block: The threads of a block of a kernel.
        launching: How "cuda" launches kernels: "single", "graph", "cooperative", or "auto", see `lower-to-kernels`.
        order: The order in which "emulated" runs blocks and threads; results do not depend on it.
        backend: What makes machine code of the loops, see `ranvier.codegen.backends`.
        stand_in: Whether "cuda" is run by a stand-in of the driver, on the CPU.
        watch: What looks on while the program is made; it is compiled anew then, and not kept.
    """

    pipeline: Passes | None = None
    share_traces: bool = True
    layout: str = "auto"
    codegen: CodegenOptions = field(default_factory=CodegenOptions)
    verify: bool = False
    contracted: bool = False
    target: str = "cpu"
    block: int = 128
    launching: str = "auto"
    order: int = 1
    backend: str = OWN
    stand_in: bool = False
    watch: Watcher | None = field(default=None, compare=False, repr=False)

    @property
    def spec(self) -> str:
        """The whole pipeline as text, whether asked for or the default: with the plan, all that decides the loops.

        Raises:
            PipelineError: A rewrite stands behind a pass.
        """
        return ",".join((*self.rewrites, *filter(None, (self.passes,))))

    @property
    def code(self) -> CodegenOptions:
        """How code is generated: it contracts no products where the program or the pipeline has chosen which are."""
        chosen = self.codegen.fast_math == "contract" and (self.contracted or CONTRACTING in self._resolved.names)
        return replace(self.codegen, fast_math="off") if chosen else self.codegen

    @property
    def rewrites(self) -> tuple[str, ...]:
        """The rewrites that the pipeline begins with.

        Raises:
            PipelineError: A rewrite stands behind a pass.
        """
        return self._resolved.rewrites

    @property
    def passes(self) -> str:
        """The rest of the pipeline, as text: the passes on the graph, and on loops if the pipeline says how to lower.

        Raises:
            PipelineError: A rewrite stands behind a pass.
        """
        return self._resolved.text

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the passes, each once, of those on loops as well.

        Raises:
            PipelineError: A rewrite stands behind a pass.
        """
        return self._resolved.names

    @property
    def steps(self) -> tuple[str | ModulePass, ...]:
        """The passes on the graph, for `ranvier.passes.pipeline.run_pipeline`."""
        return self._resolved.passes

    @property
    def on_loops(self) -> tuple[str | ModulePass, ...]:
        """The passes from `lower-to-loops` on, if the pipeline names it; else none."""
        return self._resolved.on_loops

    @property
    def passes_on_loops(self) -> str:
        """The same as text."""
        return _text_of(self.on_loops)

    @property
    def sources(self) -> str | None:
        """What decides the loops besides plan and text: a digest of the source of all passes that are not Ranvier's.

        "" if there are none; None if there is one whose source is not known, so that the program cannot be kept.
        """
        resolved = self._resolved
        passes = (*resolved.passes, *resolved.on_loops)
        given = [one for one in passes if not isinstance(one, str)]
        return _sources(resolved.names if not given else passes)

    @property
    def _resolved(self) -> _Resolved:
        if self.pipeline is None or isinstance(self.pipeline, str):
            names = registered_changes()
            return _resolve_text(self.pipeline, self.share_traces, self.codegen.fast_math, self.layout, names)
        items = tuple(_flat(self.pipeline))
        return _resolve(items, self.share_traces, self.codegen.fast_math, self.layout)

    @property
    def on_device(self) -> Options:
        """The options by which kernels of a GPU are made: nothing is divided among threads of the CPU."""
        if PARTITION not in self._resolved.names:
            return self
        rest = (one for one in self.steps if _name_of(one) != PARTITION)
        return replace(self, pipeline=(*self.rewrites, *rest))

    @property
    def lowering(self) -> str | tuple[str | ModulePass, ...]:
        """The passes that make loops of the optimised graph, and those on loops."""
        if self.target == "cuda":
            return lowering_to_driver(self.block, self.stand_in, self.launching)
        if self.target == "emulated":
            return lowering_to_emulation(self.block, self.order)
        return self.on_loops or LOWERING

    @property
    def key(self) -> str:
        """What the options say of the loops: with the plan it is the key of the cache."""
        return self.passes if self.target == "cpu" else f"{self.passes} {self.target} {self.lowering}"


def watched(options: Options, module: ModuleOp) -> AbstractContextManager[Observer | None]:
    """Gives the observer that passes on a module have meanwhile."""
    return nullcontext() if options.watch is None else options.watch.passes(module)


class _Resolved(NamedTuple):
    """A pipeline in which every default has been put in.

    Attributes:
        rewrites: The rewrites.
        passes: The passes on the graph: texts of one pass each, and passes.
        on_loops: Those from `lower-to-loops` on.
        asked: The rewrites that do not come from the default.
        names: The names of the passes, each once.
        text: The passes as text.
    """

    rewrites: tuple[str, ...]
    passes: tuple[str | ModulePass, ...]
    on_loops: tuple[str | ModulePass, ...]
    asked: tuple[str, ...]
    names: tuple[str, ...]
    text: str


@functools.lru_cache(maxsize=64)
def _resolve_text(pipeline: str | None, share_traces: bool, fast_math: str, layout: str, _names: int) -> _Resolved:
    """Resolves a text; `_names` is another number when other names stand for rewrites."""
    items = (DEFAULT,) if pipeline is None else tuple(split_pipeline(pipeline))
    return _resolve(items, share_traces, fast_math, layout)


def _resolve(items: Sequence[str | ModulePass], share_traces: bool, fast_math: str, layout: str) -> _Resolved:
    rewrites: list[str] = []
    passes: list[str | ModulePass] = []
    asked: list[str] = []
    for one in items:
        name = _name_of(one)
        if not isinstance(one, str):
            passes.append(one)
        elif one == DEFAULT:
            _check_place(one, passes)
            rewrites += [name for name in NAMES if (share_traces or name != SHARE_TRACES) and name not in rewrites]
            passes += [with_options(each, fast_math, layout) for each in split_pipeline(DEFAULT_PIPELINE)]
        elif is_rewrite(name):
            if passes or one != name:
                raise PipelineError(
                    f"{name!r} changes what objects ask for, before there is a graph: it stands in front of all "
                    "passes, and has no options"
                )
            rewrites.append(name)
            asked.append(name)
        else:
            if name in GRAPH_ONLY:
                _check_place(name, passes)
            passes.append(with_options(one, fast_math, layout))
    names = tuple(dict.fromkeys(map(_name_of, passes)))
    text = _text_of(passes)
    graph = _before_loops(passes)
    return _Resolved(tuple(rewrites), tuple(passes[:graph]), tuple(passes[graph:]), tuple(asked), names, text)


def _check_place(what: str, passes: Sequence[str | ModulePass]) -> None:
    """Checks that passes of the graph do not stand behind the one that makes loops."""
    if what == TO_LOOPS and _before_loops(passes) < len(passes):
        raise PipelineError(f"{TO_LOOPS!r} stands in the pipeline twice")
    if _before_loops(passes) < len(passes):
        raise PipelineError(
            f"{what!r} is for the graph: it stands in front of {TO_LOOPS!r}, behind which are passes on loops"
        )


def _before_loops(passes: Sequence[str | ModulePass]) -> int:
    """Returns how many passes of a pipeline stand before the one that makes loops."""
    return next((k for k, one in enumerate(passes) if _name_of(one) == TO_LOOPS), len(passes))


def _flat(pipeline: Passes) -> Iterator[str | ModulePass]:
    """Yields the parts of a pipeline: texts of one pass each, and passes."""
    if isinstance(pipeline, str):
        yield from split_pipeline(pipeline)
    elif isinstance(pipeline, Sequence):
        for item in pipeline:
            yield from _flat(item)
    else:
        from ranvier.passes.pipeline import parse_pipeline  # whoever has a pass has loaded xDSL

        yield from parse_pipeline(pipeline)


def _name_of(one: str | ModulePass) -> str:
    return one.partition("{")[0].strip() if isinstance(one, str) else one.name


def _text_of(passes: Sequence[str | ModulePass]) -> str:
    if all(isinstance(one, str) for one in passes):
        return ",".join(map(str, passes))
    from ranvier.passes.pipeline import print_pass  # whoever has a pass has loaded xDSL

    return ",".join(one if isinstance(one, str) else print_pass(one) for one in passes)


def _sources(passes: Sequence[str | ModulePass]) -> str | None:
    own: list[OwnPass] = []
    for one in passes:
        found = find_own(_name_of(one))
        if not isinstance(one, str):
            if not _is_said(one):
                return None
            found = found if found is not None and found.cls is type(one) else own_pass_of(type(one))
        if found is not None:
            own.append(found)
    return digest_of(own)


def _is_said(one: ModulePass) -> bool:
    """Tells whether the text of a pass, which is in the key of a program, says all that distinguishes it."""
    from ranvier.passes.pipeline import parse_options  # whoever has a pass has loaded xDSL

    try:
        return vars(parse_options(type(one), _text_of([one]))) == vars(one)
    except Exception:  # whatever somebody's options do when they are compared or written
        return False


def joined(pipeline: Passes | None, *more: str) -> Passes:
    """Returns a pipeline with further passes behind those on the graph; text stays text, which is resolved once."""
    given = DEFAULT if pipeline is None else pipeline
    parts = tuple(_flat(given))
    graph = _before_loops(parts)
    whole = (*parts[:graph], *more, *parts[graph:])
    return ",".join(map(str, whole)) if isinstance(given, str) else whole


def passes_of_graph(options: Options) -> tuple[str | ModulePass, ...]:
    """Returns the passes of a pipeline for a program that begins with a graph, also those on loops.

    Raises:
        PipelineError: The pipeline asks for rewrites, which need a network.
    """
    resolved = options._resolved  # pyright: ignore[reportPrivateUsage]
    if resolved.asked:
        raise PipelineError(
            f"{resolved.asked[0]!r} changes what the objects of a network ask for; this program begins with a graph"
        )
    return (*resolved.passes, *resolved.on_loops)


def code_as_chosen(options: Options, contracted: bool) -> Options:
    """Returns the options for a program that begins with a graph, which may say already which products are contracted.

    Raises:
        PipelineError: See `passes_of_graph`.
    """
    passes_of_graph(options)
    return replace(options, contracted=contracted)
