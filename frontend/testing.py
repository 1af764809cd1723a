"""For the tests of passes: what a pass writes, and that programs and networks mean the same with it.

`fuzz` tries random programs with random pipelines, `random_program` gives one. examples/own_pass has a pass and its
tests. What does not hold is an `AssertionError` that says where.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np

from ranvier.fuzzing.campaign import Finding, Fuzzed, fuzz
from ranvier.fuzzing.forms import Form
from ranvier.fuzzing.programs import RandomProgram, random_program
from ranvier.fuzzing.trials import Trial
from ranvier.ir.diagnostics import parse_module, read_text
from ranvier.ir.interpret import ClockInput, ProgramInputs, interpret
from ranvier.objects.networks.magic import start_scope
from ranvier.passes.observe import CompareMeaning
from ranvier.passes.pipeline import Pipeline, run_pipeline
from ranvier.session.defaults import DEFAULT_DT
from ranvier.session.randomness import seed
from ranvier.stages.road import Options, set_default_options
from ranvier.text.program import TextProgram

__all__ = [
    "Finding",
    "Form",
    "Fuzzed",
    "RandomProgram",
    "Trial",
    "check_file",
    "check_text",
    "compare_meaning",
    "compare_native",
    "compare_network",
    "fuzz",
    "random_program",
]

_DIRECTIVE = re.compile(r"//\s*(CHECK|CHECK-NEXT|CHECK-NOT):\s*(.*?)\s*$")


def check_file(path: str | Path, pipeline: Pipeline | None = None) -> None:
    """Runs passes on an IR file and checks what comes out against the directives in it; see `check_text`.

    Args:
        path: The file.
        pipeline: The passes; None: those of its line `// RUN: pipeline`, or of `// RUN: ranvier-opt %s -p "pipeline"`,
            which may go on with a pipe to FileCheck.

    Raises:
        ValueError: The line is a command that is no such call of `ranvier-opt`.
    """
    text = read_text(path)
    found = re.search(r"// RUN: (.*)", text)
    assert found is not None or pipeline is not None, f"{path} has no line '// RUN: pipeline'"
    named = "" if found is None else _pipeline_of(str(found.group(1)))
    module = parse_module(text, str(path))
    run_pipeline(module, named if pipeline is None else pipeline, verify=True)
    check_text(text, str(module))


def _pipeline_of(run: str) -> str:
    """Returns the pipeline of a line `// RUN:`, which says it, or is a call of ranvier-opt that has it."""
    if not re.match(r"(ranvier-opt|mlir-opt|%|\S+\s+%s)", run):
        return run.strip()
    words = shlex.split(run.partition("|")[0])
    pipelines = list[str]()
    rest = iter(words[1:])
    for word in rest:
        name, equals, value = word.partition("=")
        if name in ("-p", "--passes", "--pass-pipeline"):
            pipelines.append(value if equals else next(rest, ""))
        elif word not in ("%s", "--verify-each"):
            raise ValueError(
                f"the line '// RUN: {run}' is taken as 'ranvier-opt %s -p PIPELINE', which has no {word!r}"
            )
    if words[0] != "ranvier-opt":
        raise ValueError(
            f"the line '// RUN: {run}' calls {words[0]}: it is a pipeline, or 'ranvier-opt %s -p PIPELINE'"
        )
    return ",".join(pipelines) if pipelines else "default"


def check_text(directives: str, output: str) -> None:
    """Checks the lines of a text against directives, in order: a small part of LLVM's FileCheck.

    Args:
        directives: Lines with `// CHECK: a`, `// CHECK-NEXT: a` or `// CHECK-NOT: a`, where `{{regex}}` stands for what
            fits, and `[[NAME:regex]]` gives it a name for a later `[[NAME]]`.
        output: The text.
    """
    lines, at, known = output.splitlines(), 0, dict[str, str]()
    forbidden: list[str] = []
    for line in directives.splitlines():
        directive = _DIRECTIVE.search(line)
        if directive is None:
            continue
        kind, wanted = directive.groups()
        if kind == "CHECK-NOT":
            forbidden.append(wanted)
            continue
        pattern = re.compile(_pattern(wanted, known))
        end = at + 1 if kind == "CHECK-NEXT" else len(lines)
        place = next((k for k in range(at, min(end, len(lines))) if pattern.search(lines[k])), None)
        rest = "\n".join(lines[at : at + 12])
        assert place is not None, f"{kind}: {wanted} ({pattern.pattern})\nnot found in\n{rest}"
        _check_absent(forbidden, lines[at:place], known)
        forbidden.clear()
        match = pattern.search(lines[place])
        assert match is not None
        known |= match.groupdict()
        at = place + 1
    _check_absent(forbidden, lines[at:], known)


def _check_absent(forbidden: list[str], lines: list[str], known: Mapping[str, str]) -> None:
    for no in forbidden:
        bad = [line for line in lines if re.search(_pattern(no, known), line)]
        assert not bad, f"CHECK-NOT: {no}\nfound {bad}"


def _pattern(text: str, known: Mapping[str, str]) -> str:
    """Turns `a {{regex}} [[NAME:regex]] [[NAME]]` into a regular expression."""
    result = ""
    for part in re.split(r"(\{\{.*?\}\}|\[\[\w+:.*?\]\]|\[\[\w+\]\])", text):
        if part.startswith("{{"):
            result += part[2:-2]
        elif part.startswith("[["):
            name, _, regex = part[2:-2].partition(":")
            result += f"(?P<{name}>{regex})" if regex else re.escape(known[name]) + r"\b"
        else:
            result += re.escape(part)
    return result


def compare_meaning(text: str, pipeline: Pipeline, inputs: Callable[[], ProgramInputs], *, within: float = 0.0) -> None:
    """Interprets a program before the first pass and after each, and compares what it leaves behind.

    Args:
        text: The IR.
        pipeline: The passes.
        inputs: Makes the inputs of a run, the same each time.
        within: The greatest relative difference of floats; passes that change no rounding need none.
    """
    run_pipeline(parse_module(text), pipeline, observe=CompareMeaning(inputs, within), verify=True)


def compare_native(
    text: str, values: Mapping[str, Any], *, seconds: float, pipeline: Any = None, within: float = 1e-12
) -> None:
    """Runs a program compiled, with passes, and interpreted, without any; compares states and events.

    Args:
        text: The IR. Its clocks tick regularly.
        values: What `TextProgram.start` takes.
        seconds: How long to simulate.
        pipeline: The passes; None: the default ones.
        within: The greatest relative difference of floats.
    """
    program = TextProgram(text, pipeline=pipeline)
    run = program.start(values)
    steps = {
        entry.label: float(values.get(entry.label, DEFAULT_DT)) for entry in program.inputs if entry.kind == "clock"
    }
    expected = ProgramInputs(
        params={entry.label: values[entry.label] for entry in program.inputs if entry.kind == "param"},
        states={label: array.copy() for label, array in run.states.items()},
        events={label: array for label, array in run.events.items()},
        clocks={label: ClockInput(0, round(seconds / dt), dt) for label, dt in steps.items()},
        sinks={entry.label: [] for entry in program.inputs if entry.kind == "table"},
    )
    interpret(parse_module(text), expected)
    run.advance(seconds)
    for label, array in run.states.items():
        _compare(array, cast("dict[str, Any]", expected.states)[label], within, f"state {label!r}")
    for label, array in run.events.items():
        _compare(array, cast("dict[str, Any]", expected.events)[label], 0.0, f"events {label!r}")


def compare_network(script: Callable[[], Mapping[str, Any]], pipeline: Any, *, within: float = 0.0) -> None:
    """Runs a script twice, with the default pipeline and with another, from the same seed; compares what it returns.

    What `ranvier.stages.set_default_options` has set is forgotten.

    Args:
        script: Makes a network, runs it, and returns arrays by name.
        pipeline: The other pipeline: text, passes, or a sequence of both.
        within: The greatest relative difference of floats.
    """
    results: list[Mapping[str, Any]] = []
    try:
        for options in (Options(), Options(pipeline=pipeline, verify=True)):
            set_default_options(options)
            start_scope()
            seed(1)
            results.append(script())
    finally:
        set_default_options(None)
    assert results[0].keys() == results[1].keys()
    for name, array in results[0].items():
        _compare(results[1][name], array, within, name)


def _compare(found: Any, expected: Any, within: float, where: str) -> None:
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape, f"{where}: {found.shape} and {expected.shape}"
    if within and found.dtype.kind == "f":
        np.testing.assert_allclose(found, expected, rtol=within, atol=0.0, err_msg=where)
    else:
        np.testing.assert_array_equal(found, expected, err_msg=where)
