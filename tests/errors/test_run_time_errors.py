"""What scientists read when a script fails; `UPDATE_GOLDEN=1 pytest` writes the files anew: read them before commit."""

import linecache
import os
import re
import traceback
from pathlib import Path

import pytest
from errors.mistakes import MISTAKES, RANVIER_ONLY

GOLDEN = Path(__file__).parent / "golden"
HEADER = "from ranvier import *\nstart_scope()\ndefaultclock.dt = 0.1*ms\n"
ALL = {**MISTAKES, **RANVIER_ONLY}

OTHER_CLASS = {"syntax_error_in_equation": "EquationError"}
"""Where Brian lets an error of Python's parser through, and Ranvier says what is wrong with the equations."""

OTHER_CAUSE = {
    "reset_is_no_statement": "SyntaxError",
    "refractory_with_other_unit": "DimensionMismatchError",
    "linked_variable_not_linked": "TypeError",
}
"""Causes whose class says more than Brian's; `except` sees the BrianObjectException."""

INTERNAL = re.compile(r"\b(SSA|xdsl|MLIR|LLVM|lower(ed|ing)|bindings?|AST|snn\.|Symbol|Expr|callback|tensor)\b")
"""Words of compilers that no message to a scientist holds."""


def failure_of(name: str, script: str) -> BaseException:
    """Runs a script as a file of its own and returns what it raises."""
    path = f"{name}.py"
    lines = script.lstrip("\n").splitlines(keepends=True)
    text = "".join(lines)
    linecache.cache[path] = (len(text), None, lines, path)
    names: dict[str, object] = {}
    exec(HEADER, names)
    with pytest.raises(Exception) as caught:
        exec(compile(text, path, "exec"), names)
    return caught.value


def printed(error: BaseException) -> str:
    """The end of the traceback; numbers that tell parts of one name apart depend on what ran before."""
    text = "".join(traceback.format_exception_only(error))
    return re.sub(r"(_(?:stateupdater|thresholder|resetter|run_regularly))_\d+'", r"\1'", text)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", ALL)
def test_message(name):
    expected_class, expected_cause, script = ALL[name]
    error = failure_of(name, script)
    text = printed(error)
    shown = f"{script.strip()}\n{'-' * 80}\n{text}"
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8")
    classes = {k.__name__ for k in type(error).__mro__}
    assert OTHER_CLASS.get(name, expected_class) in classes, f"Brian raises {expected_class}"
    expected_cause = OTHER_CAUSE.get(name, expected_cause)
    if expected_cause:
        assert expected_cause in {k.__name__ for k in type(error.__cause__).__mro__}, f"Brian's cause: {expected_cause}"


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", ALL)
def test_message_is_for_scientists(name):
    text = printed(failure_of(name, ALL[name][2]))
    message = text.partition("created here:")[2] or text
    assert not INTERNAL.search(message)
    assert not re.search(r"<[\w.]+ object at 0x", text)


WITHOUT_PLACE = {
    "assignment_with_other_unit", "unknown_variable_of_group", "too_many_values", "index_out_of_range",
    "linked_variable_not_linked", "linked_variable_of_other_unit", "linked_variable_of_other_size",
    "monitor_of_unknown_variable", "monitor_of_missing_index", "unknown_event", "object_missing_in_network",
    "same_names", "object_of_another_network", "changed_dt", "duration_without_unit", "refractory_without_unit",
    "unknown_method", "misspelt_flag", "circular_subexpressions", "method_that_does_not_suit",
    "noise_with_method_without_noise", "refractory_with_other_unit", "not_a_number_with_check_values",
    "size_is_set",
}  # fmt: skip
"""Mistakes in Python code rather than in a text of the model (the traceback itself shows the line), and messages that
quote the text as a whole."""


@pytest.mark.parametrize("name", [name for name in ALL if name not in WITHOUT_PLACE])
def test_carets_point_into_the_text(name):
    assert re.search(r"\n {2,}\S.*\n *\^+(\n|$)", printed(failure_of(name, ALL[name][2])))


def test_no_golden_file_is_left_over():
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(ALL)
