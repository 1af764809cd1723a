"""Options of passes as text: floats in all their forms, and classes and packages that are not as they should be."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import pytest
from xdsl.passes import ModulePass

from ranvier.commands import opt
from ranvier.passes import own, register_pass, unregister_pass
from ranvier.passes.pipeline import PipelineError, parse_pipeline, print_pipeline


@dataclass(frozen=True)
class HasFloats(ModulePass):
    """Takes numbers."""

    name = "has-floats"

    factor: float = 0.5
    perhaps: float | None = None
    several: tuple[float, ...] = ()

    def apply(self, ctx: Any, op: Any) -> None: ...


class Plain(ModulePass):
    """Says an option, and is no dataclass."""

    name = "is-plain"

    level: int = 3

    def apply(self, ctx: Any, op: Any) -> None: ...


@pytest.fixture(autouse=True)
def _registered() -> Iterator[None]:
    for cls in (HasFloats, Plain):
        register_pass(cls)
    yield
    for cls in (HasFloats, Plain):
        unregister_pass(cls.name)


NUMBERS = [1e-6, 1e22, -3e-7, 5e-324, 1.5e300, float("inf"), float("-inf"), 2.0, -0.0, 0.1]


@pytest.mark.parametrize("number", NUMBERS)
def test_what_is_printed_is_read_again(number: float) -> None:
    """A reproducer has the pipeline as text: xDSL reads neither 1e+22 nor -3e-07, and 1e-06 as a word."""
    one = HasFloats(factor=number, perhaps=number, several=(number, 1.0))
    assert parse_pipeline(print_pipeline([one])) == (one,)


@pytest.mark.parametrize(("text", "number"), [("1", 1.0), ("-2", -2.0), ("1e-3", 1e-3), ("1E5", 1e5), (".5e1", 5.0)])
def test_numbers_as_people_write_them(text: str, number: float) -> None:
    (one,) = parse_pipeline(f"has-floats{{factor={text}}}")
    assert isinstance(one, HasFloats) and isinstance(one.factor, float) and one.factor == number


@pytest.mark.parametrize("text", ["true", '"much"', "e5", "1e"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(PipelineError, match="has-floats: the option factor takes float, not"):
        parse_pipeline(f"has-floats{{factor={text}}}")


def test_a_class_with_options_has_to_be_a_dataclass() -> None:
    with pytest.raises(PipelineError, match=r"the class Plain has no options yet: put @dataclass\(frozen=True\)"):
        parse_pipeline("is-plain{level=4}")
    with pytest.raises(PipelineError, match="there is no option 'depth'; it has none"):
        parse_pipeline("is-plain{depth=4}")


def test_a_broken_package_does_not_end_the_list(
    offering: Callable[..., None], monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    offered = (("no-pass", "builtins:int"), ("gone", "no_such_module:Pass"), ("has-floats", f"{__name__}:HasFloats"))
    offering(*(metadata.EntryPoint(name, value, "ranvier.passes") for name, value in offered))
    monkeypatch.setattr(own, "_registered", {"is-plain": own.registered_passes()["is-plain"]})
    assert opt.main(["--list-passes"]) == 0
    printed = capsys.readouterr().out
    assert (
        "cannot be used: the entry point 'no-pass' of ranvier.passes (builtins:int): <class 'int'> is no pass"
        in printed
    )
    assert "ModuleNotFoundError" in printed and "has-floats                        Takes numbers." in printed
    assert "share-traces" in printed
    own._registered["has-floats"] = own.OwnPass(HasFloats, None)
