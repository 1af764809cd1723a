"""The committed polynomials are those that the committed derivation gives."""

from __future__ import annotations

import pytest

from ranvier.codegen.mathlib import coefficients, minimax
from ranvier.ir import normal_polynomials


@pytest.mark.long
@pytest.mark.parametrize(("what", "committed"), [("", coefficients), ("normal", normal_polynomials)])
def test_coefficients_are_what_the_derivation_prints(what, committed, capsys):
    minimax.main(what)
    derived: dict[str, object] = {}
    exec(capsys.readouterr().out, derived)
    for name, value in derived.items():
        if name.isupper():
            assert getattr(committed, name) == value
    assert {n for n in derived if n.isupper()} == {n for n in vars(committed) if n.isupper()}
