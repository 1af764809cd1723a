"""Colours of MLIR, which Pygments does not know."""

from __future__ import annotations

from typing import Any, ClassVar

from pygments.lexer import RegexLexer
from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, String, Whitespace


class MlirLexer(RegexLexer):
    """Text of MLIR, also shortened with dots."""

    name = "MLIR"
    aliases = ("mlir",)
    filenames = ("*.mlir",)
    tokens: ClassVar[dict[str, Any]] = {
        "root": [
            (r"\s+", Whitespace),
            (r"//.*$", Comment.Single),
            (r'"(?:\\.|[^"\\])*"', String),
            (r"%[\w.$-]+(?:#\d+)?", Name.Variable),
            (r"@[\w.$-]+", Name.Function),
            (r"\^[\w.$-]+", Name.Label),
            (r"[!#][\w.]+", Keyword.Type),
            (r"\b(?:i\d+|f16|f32|f64|index|tensor|memref|vector|none)\b", Keyword.Type),
            (r"\b[a-z_]\w*\.\w+(?:\.\w+)*", Name.Builtin),
            (r"-?\b\d+(?:\.\d+)?(?:[eE][-+]?\d+)?\b|\b0x[0-9a-fA-F]+\b", Number),
            (r"[A-Za-z_]\w*", Name),
            (r"->|[=+*/<>-]", Operator),
            (r".", Punctuation),
        ],
    }
