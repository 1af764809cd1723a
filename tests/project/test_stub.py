"""The stub for type checkers says what the package gives."""

from project.make_stub import STUB, stub_text


def test_stub_is_up_to_date() -> None:
    assert STUB.read_text(encoding="utf-8") == stub_text(), "run python tests/project/make_stub.py"
