"""Preferences that do not hold with a pipeline of the user's own say so."""

from __future__ import annotations

from typing import Any

import pytest

from ranvier.codegen import CodegenOptions
from ranvier.codegen.options import FastMath
from ranvier.pipeline.options import Options
from ranvier.stages import PIPELINE_VARIABLE, current_options, unheeded


@pytest.mark.parametrize(
    ("pipeline", "given", "said"),
    [
        ("fold-constants", {"layout": "ring"}, ["synapse_layout = 'ring' has no effect: the pipeline has no choose-"]),
        (
            'choose-layout{layout="rows"}',
            {"layout": "ring"},
            ["no effect: the pipeline says choose-layout what to"],
        ),
        ("choose-layout", {"layout": "ring"}, []),
        ("default,cse", {"layout": "ring"}, []),
        ("share-traces", {"share_traces": False}, ["share_traces = False has no effect"]),
        ("default", {"share_traces": False}, []),
        (None, {"layout": "ring"}, []),
    ],
)
def test_what_has_no_effect(pipeline: str | None, given: dict[str, Any], said: list[str]) -> None:
    found = list(unheeded.unheeded(Options(pipeline=pipeline, **given)))
    assert len(found) == len(said) and all(text in one for text, one in zip(said, found, strict=True))


@pytest.mark.parametrize(
    ("fast_math", "option", "holds"),
    [("off", "contract", False), ("fast", "reassociate", True), ("fast", "off", False), ("contract", "off", True)],
)
def test_how_freely_arithmetic_is_rearranged(fast_math: FastMath, option: str, holds: bool) -> None:
    options = Options(
        pipeline=f'fold-constants{{fast-math="{option}"}},fuse-maps', codegen=CodegenOptions(fast_math=fast_math)
    )
    found = list(unheeded.unheeded(options))
    assert found == [] if holds else f"'{fast_math}' does not hold for fold-constants" in found[0]


def test_rates_need_a_pass_that_takes_them() -> None:
    assert list(unheeded.unheeded(Options(pipeline="fuse-maps"), "measured"))
    assert not list(unheeded.unheeded(Options(pipeline="default,cse"), "measured"))


def test_an_environment_that_a_script_overrules(monkeypatch: pytest.MonkeyPatch) -> None:
    from ranvier import prefs

    told: list[str] = []
    monkeypatch.setattr(unheeded, "_tell", told.append)
    monkeypatch.setenv(PIPELINE_VARIABLE, "fuse-maps")
    assert current_options().pipeline == "fuse-maps" and not told
    prefs.codegen.pipeline = "hoist-uniform"
    try:
        assert current_options().pipeline == "hoist-uniform"
        assert told == [
            "The environment variable RANVIER_PIPELINE has no effect: the script sets the preference codegen.pipeline."
        ]
    finally:
        prefs.codegen.pipeline = "default"
        prefs._explicit.discard("codegen.pipeline")  # pyright: ignore[reportPrivateUsage]
