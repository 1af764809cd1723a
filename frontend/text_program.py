"""Programs written as text, for scripts.

from ranvier.text_program import TextProgram
run = TextProgram.read("file.mlir").start({"tau": 0.01})
run.advance(100)
"""

from __future__ import annotations

from ranvier.text.program import InputError, TextProgram, TextRun, parse_value

__all__ = ["InputError", "TextProgram", "TextRun", "parse_value"]
