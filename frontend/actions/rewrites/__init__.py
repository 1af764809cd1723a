"""Optimisations of what objects ask for, before there is a graph: named, listed and left out like passes.

`register_rewrite` lets pipelines begin with rewrites of your own; docs/passes.md shows one.
"""

from __future__ import annotations

from ranvier.actions.rewrites.own import register_rewrite, unregister_rewrite

__all__ = ["register_rewrite", "unregister_rewrite"]
