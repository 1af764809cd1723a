"""`python -m ranvier.opt` is `ranvier-opt`."""

from __future__ import annotations

from ranvier.commands.opt import main

__all__ = ["main"]

if __name__ == "__main__":
    raise SystemExit(main())
