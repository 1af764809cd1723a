"""The report of a script: one page that shows what each stage and pass made of its programs."""

from __future__ import annotations

TRACE_VARIABLE = "RANVIER_TRACE"
"""Environment variable: the file to which the report of a script is written."""
