"""The page on passes has all of them in its table, each with its options."""

from __future__ import annotations

import re
from pathlib import Path

from ranvier.passes.pass_options import options_of
from ranvier.passes.places import PLACES
from ranvier.passes.registry import load_pass

PAGE = Path(__file__).resolve().parents[2] / "docs/passes.md"


def test_the_table_of_passes_is_complete() -> None:
    table = PAGE.read_text(encoding="utf-8").partition("## The passes\n")[2].partition("\n## ")[0]
    rows = {found[1]: found[2] for found in re.finditer(r"^\| `([a-z-]+)` \|.*\| ([^|]*)\|$", table, re.MULTILINE)}
    ours = {name for name, (module, _) in PLACES.items() if module.startswith("ranvier.")}
    assert set(rows) == ours
    assert all(f"`{name}`" in table for name in PLACES)
    for name in ours:
        assert set(re.findall(r"`([a-z-]+)`", rows[name])) == {each.name for each in options_of(load_pass(name))}, name
