"""The committed polynomials are those that the committed derivation gives."""

from __future__ import annotations

import pytest

from ranvier.codegen.mathlib import coefficients, minimax


@pytest.mark.long
def test_coefficients_are_what_the_derivation_prints(capsys):
    minimax.main()
    derived: dict[str, object] = {}
    exec(capsys.readouterr().out, derived)
    for name, value in derived.items():
        if name.isupper():
            assert getattr(coefficients, name) == value
    assert {n for n in derived if n.isupper()} == {n for n in vars(coefficients) if n.isupper()}
