"""Scripts become shorter as long as they show a fault, whatever else is left out of them."""

import time

import pytest

from ranvier.bug_report.shortening import Shortener, numbers, one_statement_a_line, statements, without_comments

SCRIPT = '''\
# a script
import os; import sys
def helper(a, b=2):
    """Says something."""
    if a:
        return b
    else:
        return a

equations = """
dv/dt = -v/tau : 1  # the potential
w : volt
# in the text
x : 1
"""
for k in range(100):
    with open(os.devnull) as file:
        helper(k, b=3)
        fault(1000, equations, "é", threshold="v > 1",
              reset="v = 0", method="euler")
print("done")
'''


def shortened(text: str, *needed: str, seconds: float = 20.0) -> str:
    """The shortest script in which some texts stand."""
    shortener = Shortener(lambda candidate: all(each in candidate for each in needed), time.monotonic() + seconds)
    assert shortener.shorten(text)
    compile(shortener.best, "script", "exec")
    return shortener.best


def test_statements_bodies_lines_of_texts_arguments_and_numbers_go() -> None:
    assert shortened(SCRIPT, "fault(", "w : volt", 'threshold="v > 1"') == (
        'equations = """w : volt\n"""\nfault(2, threshold="v > 1")\n'
    )
    assert shortened(SCRIPT, "return b").splitlines() == ["def helper(a, b=2):", "    return b"]
    assert shortened(SCRIPT, "import sys") == "import sys\n"


def test_what_has_to_have_a_body_keeps_one() -> None:
    assert shortened("class A:\n    x = 1\n\n    @property\n    def y(self):\n        return 1\n", "class A") == (
        "class A:\n    pass\n"
    )
    assert shortened("try:\n    a = 1\nexcept ValueError:\n    b = 2\n    c = 3\n", "except") == (
        "try:\n    pass\nexcept ValueError:\n    pass\n"
    )
    assert shortened("if 1: a = 1; b = 2\n", "if 1") == "if 1: pass; pass\n"


def test_comments_go_and_texts_stay() -> None:
    text = 'a = "#1"  # one\n\n# two\nb = """\n# three\n\n"""\nc = (1,  # four\n\n     2)\n'
    assert without_comments(text) == 'a = "#1"\nb = """\n# three\n\n"""\nc = (1,\n     2)\n'
    assert one_statement_a_line("if 1:\n    a = 1; b = 2;\n") == "if 1:\n    a = 1\n    b = 2;\n"


def test_depths_end() -> None:
    text = "if 1:\n    if 2:\n        a = 1\nb = 2\n"
    assert [len(statements(text, depth) or ()) for depth in range(4)] == [2, 1, 1, 0]
    assert numbers("a = 1 + 20 + 3.0 + True\n", 0) and numbers("", 1) is None


def test_a_script_that_does_not_repeat_its_fault_stays() -> None:
    shortener = Shortener(lambda candidate: False, time.monotonic() + 10)
    assert not shortener.shorten(SCRIPT)
    assert shortener.best == SCRIPT
    with pytest.raises(SyntaxError):
        shortener.shorten("a = (")


def test_the_best_is_kept_when_the_time_is_over() -> None:
    shortener = Shortener(lambda candidate: True, time.monotonic())
    assert shortener.shorten("a = 1\nb = 2\n")
    assert shortener.best == "a = 1\nb = 2\n"
    assert shortener.is_late


def test_the_best_is_kept_when_the_user_stops() -> None:
    tried: list[str] = []

    def shows(candidate: str) -> bool:
        tried.append(candidate)
        if len(tried) == 3:
            raise KeyboardInterrupt
        return True

    shortener = Shortener(shows, time.monotonic() + 10)
    with pytest.raises(KeyboardInterrupt):
        shortener.shorten("# comment\na = 1\nb = 2\nc = 3\n")
    assert shortener.best == "a = 1\nb = 2\nc = 3\n"
