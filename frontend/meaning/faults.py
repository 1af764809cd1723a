"""Finds the pass that is at fault, and in it the rewrite: `ranvier bisect`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Literal, TypeAlias

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import VerifyException

from ranvier.ir.broken_text import generic_text_of, text_of
from ranvier.ir.dialect import new_context
from ranvier.meaning.check import FAILURES, STEPS, CheckMeaning, PassBrokeProgram, PassChangedMeaning, Reference
from ranvier.meaning.differences import Difference, listed
from ranvier.meaning.given import Given
from ranvier.meaning.origin import op_text
from ranvier.meaning.rewrites import Change, Watcher, rewrites_of, run_watched, watched
from ranvier.meaning.showing import diff_of, with_names
from ranvier.passes.errors import InputsChanged, sentence_of
from ranvier.passes.facts.program_checks import check_programs
from ranvier.passes.facts.rounding import rounding_of
from ranvier.passes.lower.abi import fits, signature
from ranvier.passes.pipeline import is_built_in, print_pass, run_pipeline
from ranvier.passes.validity import find_mistake

Kind: TypeAlias = Literal["raises", "invalid", "meaning", "stuck"]
"""A pass raises; what it leaves breaks a rule; the program means something else; it cannot be run any more."""


@dataclass(frozen=True)
class Rewrite:
    """A rewrite of a pass.

    Attributes:
        number: Its number, from 1.
        of: How many the pass does.
        about: What it does to which op.
        diff: The lines of the module that it changed, before and after.
    """

    number: int
    of: int
    about: str
    diff: str

    def __str__(self) -> str:
        return f"rewrite {self.number} of {self.of}: {self.about}\n{self.diff}".rstrip()


@dataclass(frozen=True)
class Fault:
    """A pass that is at fault.

    Attributes:
        one: The pass.
        position: Its number in the pipeline, from 1.
        of: How many passes the pipeline has; 0: not known.
        kind: What is wrong, see `Kind`.
        message: The same for people.
        op: The op at which it happened, with its place; "" if that is not known.
        found: What the program computes differently.
        rewrite: The rewrite at fault, if it was found.
        before: The module before the pass.
        error: The exception, if there was one.
        given: What the first instant begins with in which the program differs.
        runs: The last module before the pass that could be run, if it is not the one before it, and the passes between.
    """

    one: ModulePass
    position: int
    of: int
    kind: Kind
    message: str
    op: str
    before: ModuleOp
    found: tuple[Difference, ...] = ()
    rewrite: Rewrite | None = None
    error: Exception | None = None
    given: Given | None = None
    runs: tuple[ModuleOp, tuple[ModulePass, ...]] | None = None

    @property
    def begun(self) -> ModuleOp:
        """What a reproducer begins with."""
        return self.before if self.runs is None else self.runs[0]

    @property
    def passes(self) -> tuple[ModulePass, ...]:
        """The passes of a reproducer."""
        return (self.one,) if self.runs is None else (*self.runs[1], self.one)

    def __str__(self) -> str:
        number = f"pass {self.position} of {self.of}" if self.of else f"pass {self.position}"
        lines = [f"{number}, {print_pass(self.one)}: {self.message}"]
        lines += [f"  {line}" for one in listed(self.found) for line in one.splitlines()]
        if self.op:
            lines.append(f"  at {self.op}")
        if self.rewrite is not None:
            lines.append(str(self.rewrite))
        return "\n".join(lines)


def find_fault(
    module: ModuleOp,
    passes: Sequence[ModulePass],
    given: Given | None = None,
    *,
    steps: int = STEPS,
    native: bool = False,
    rewrite: bool = True,
    context: Context | None = None,
) -> Fault | None:
    """Returns the first pass of a pipeline that is at fault, with the rewrite; None if there is none.

    Args:
        module: The program, which stays as it is.
        passes: The passes, in order.
        given: What the program begins with; None: only what passes raise and rules that they break are looked for.
        steps: How many instants are compared.
        native: Run native code instead of the interpreter.
        rewrite: Look for the rewrite, too.
        context: The dialects.

    Raises:
        InterpretError, InputError: The program cannot be run before any pass.
    """
    context = context or new_context()
    module = with_names(module.clone())
    check = None if given is None else CheckMeaning(given, steps, native)
    if check is not None:
        check(None, module, None)
    runs: tuple[ModuleOp, tuple[ModulePass, ...]] | None = None
    for number, one in enumerate(passes):
        before, reference = module.clone(), None if check is None else check.reference
        skipped = 0 if check is None else len(check.skipped)
        fault = _fault_of(one, module, context, check)
        if fault is not None:
            fault = replace(fault, position=number + 1, of=len(passes), before=before)
            if reference is not None and fault.kind in ("meaning", "stuck") and reference.begun:
                fault = replace(fault, given=reference.begun[_step_of(fault)], runs=runs)
            return replace(fault, rewrite=rewrite_at_fault(fault, reference, context, native)) if rewrite else fault
        if check is not None and len(check.skipped) > skipped:
            start, between = runs or (before, ())
            runs = start, (*between, one)
        elif check is not None and check.reference is not reference:
            runs = None
    return None


def _fault_of(one: ModulePass, module: ModuleOp, context: Context, check: CheckMeaning | None) -> Fault | None:
    """Runs a pass; returns what is wrong with it, its place in the pipeline not filled in."""
    try:
        run_pipeline(module, one, context=context)
    except InputsChanged as error:
        return Fault(one, 0, 0, "invalid", f"broke a rule: {_described(error)}", "", module, error=error)
    except Exception as error:
        return Fault(one, 0, 0, "raises", f"raised {_described(error)}", op_of(error), module, error=error)
    mistake = find_mistake(module)
    if mistake is not None:
        message = f"broke a rule: {_described(mistake.error)}"
        at = op_of(mistake.error) if mistake.op is None else op_text(mistake.op)
        return Fault(one, 0, 0, "invalid", message, at, module, error=mistake.error)
    if check is None:
        return None
    try:
        check(one, module, None)
    except PassChangedMeaning as error:
        message = "changed what the program computes"
        return Fault(one, 0, 0, "meaning", message, "", module, tuple(error.found), error=error)
    except PassBrokeProgram as error:
        return Fault(
            one, 0, 0, "stuck", f"left a program that cannot be run: {error.__cause__}", "", module, error=error
        )
    return None


def _described(error: Exception) -> str:
    kind, said = type(error).__name__, sentence_of(error)
    return kind if said == kind else f"{kind}: {said}"


def op_of(error: Exception) -> str:
    """Returns the op at which an exception was raised, with its place: the one it names, or that the pass was at."""
    for one in (error, error.__cause__):
        if isinstance(named := getattr(one, "op", None), Operation):
            return op_text(named)
    traces: list[TracebackType] = []
    trace = error.__traceback__
    while trace is not None:
        traces.append(trace)
        trace = trace.tb_next
    for one in reversed(traces):
        there = [value for value in one.tb_frame.f_locals.values() if isinstance(value, Operation)]
        there = [op for op in there if not isinstance(op, ModuleOp) and op.parent is not None]
        if there:
            return op_text(there[-1])
    return ""


# ---- the rewrite


State: TypeAlias = Literal["good", "bad", "unknown"]
"""What a module is after some of the rewrites; unknown: in between, it is not valid."""


def rewrite_at_fault(
    fault: Fault, reference: Reference | None, context: Context, native: bool = False
) -> Rewrite | None:
    """Returns the first rewrite after which a pass has done what is wrong with it; None if it cannot be told.

    Args:
        fault: What is wrong.
        reference: The program before the pass, as it ran.
        context: The dialects.
        native: Run native code.
    """
    if fault.kind == "raises":
        return _last_rewrite(fault, context)
    whole = fault.before.clone()
    changes = run_watched(fault.one, whole, context)
    rewrites = rewrites_of(changes)
    if not rewrites:
        return None

    def module_after(number: int) -> ModuleOp | None:
        """Returns the module after some rewrites; None if the pass does not do the same each time."""
        if number == len(rewrites):
            return whole
        module = fault.before.clone()
        made = run_watched(fault.one, module, context, rewrites[number].start)
        same = [one.about for one in made] == [one.about for one in changes[: len(made)]]
        return module if same else None

    state = _state_of(fault, reference, native)
    good, bad = _search(len(rewrites), lambda number: state(module_after(number)))
    texts = _texts(module_after(good), module_after(bad))
    about = _about(changes[rewrites[good].start : rewrites[bad - 1].stop])

    def is_end(number: int) -> bool:
        if number in (good, bad) or fault.kind == "invalid":
            return True
        module = None if good < number < bad else module_after(number)
        return module is not None and _is_valid(module, fault.before, fault.one)

    ends = [number for number in range(1, len(rewrites)) if len(rewrites) > MOST_COUNTED or is_end(number)]
    return Rewrite(sum(end < bad for end in ends) + 1, len(ends) + 1, about, diff_of(*texts))


MOST_COUNTED = 100
"""Of so many rewrites it is looked at whether the module is valid after each: if not, it goes on in the next one."""


def _texts(*modules: ModuleOp | None) -> list[str]:
    """Returns modules as text: in the generic form if one of them is not valid and has no other."""
    texts = ["" if module is None else text_of(module) for module in modules]
    if not any(text.startswith('"builtin.module"') for text in texts):
        return texts
    return ["" if module is None else generic_text_of(module) for module in modules]


def _last_rewrite(fault: Fault, context: Context) -> Rewrite | None:
    """Returns the last rewrite that a pass which raised had begun."""
    module = fault.before.clone()
    watcher = Watcher(module)
    with watched(watcher):
        try:
            fault.one.apply(context, module)
        except (Exception, SystemExit):
            pass
    rewrites = rewrites_of(watcher.changes)
    if not rewrites:
        return None
    last = rewrites[-1]
    return Rewrite(len(rewrites), len(rewrites), _about(watcher.changes[last.start : last.stop]), "")


def _about(changes: Sequence[Change]) -> str:
    """Returns what changes do, in a line: what is replaced, changed or moved, else what is put in or removed."""
    put = {id(one.node) for one in changes if one.about.startswith("puts")}

    def what(one: Change) -> str:
        return "removes" if one.about == "moves" and id(one.node) not in put else one.about

    for wanted in ("replaces", "sets", "drops", "moves", "changes", "removes", "puts"):
        found = list(dict.fromkeys(f"{what(one)} {one.op}" for one in changes if what(one).startswith(wanted)))
        if found:
            return "; ".join(found[:3])
    return ""


def _state_of(fault: Fault, reference: Reference | None, native: bool) -> Callable[[ModuleOp | None], State]:
    """Returns what tells whether a module has the fault."""
    within = rounding_of(fault.one)
    short = None if reference is None else _shortened(reference, fault)

    def state(module: ModuleOp | None) -> State:
        if module is None:
            return "unknown"
        valid = _is_valid(module, fault.before, fault.one)
        if fault.kind == "invalid":
            return "good" if valid else "bad"
        if not valid or short is None:
            return "unknown"
        try:
            compared = short.compare(module, within, native=native, first=True, apart=not is_built_in(fault.one))
        except FAILURES:
            return "bad" if fault.kind == "stuck" else "unknown"
        if compared is None:
            return "unknown"
        return "bad" if compared[0] else "good"

    return state


def _step_of(fault: Fault) -> int:
    """Returns the first instant that differs."""
    return min((one.step for one in fault.found), default=0)


def _shortened(reference: Reference, fault: Fault) -> Reference:
    """Returns the instant that differs; all, where the program cannot be run any more."""
    return reference.only(_step_of(fault)) if fault.kind == "meaning" else reference


def _is_valid(module: ModuleOp, before: ModuleOp, one: ModulePass) -> bool:
    try:
        module.verify()
        check_programs(module)
    except (VerifyException, ValueError):
        return False
    except Exception:  # whatever a check meets in a module that is half changed
        return False
    return getattr(one, "changes_inputs", False) or fits(signature(module), signature(before))


def _search(number: int, state: Callable[[int], State]) -> tuple[int, int]:
    """Returns the numbers of rewrites after which all is good, and after which it is bad, with none known between.

    The state is taken to be good after none, and bad after all.
    """
    known: dict[int, State] = {0: "good", number: "bad"}

    def at(k: int) -> State:
        if k not in known:
            known[k] = state(k)
        return known[k]

    good, bad = 0, number
    while True:
        middle = _known_between(good, bad, at)
        if middle is not None:
            good, bad = (middle, bad) if at(middle) == "good" else (good, middle)
            continue
        # what is bad for a moment only, within a rewrite that was taken for several, is not what is looked for
        later = next((k for k in range(bad + 1, min(bad + 4, number)) if at(k) == "good"), None)
        if later is None:
            return good, bad
        good, bad = later, number


def _known_between(good: int, bad: int, at: Callable[[int], State]) -> int | None:
    """Returns the number nearest to the middle whose state is known, None if there is none."""
    middle = (good + bad) // 2
    for k in sorted(range(good + 1, bad), key=lambda k: abs(k - middle)):
        if at(k) != "unknown":
            return k
    return None


__all__ = ["Fault", "Rewrite", "find_fault", "op_of", "rewrite_at_fault"]
