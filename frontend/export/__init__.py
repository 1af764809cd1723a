"""Networks as programs for other machines: object files, C sources, arrays, and what they leave behind."""

from __future__ import annotations

from ranvier.export.results import Results, read_results

__all__ = ["Results", "read_results"]
