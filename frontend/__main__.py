"""`python -m ranvier`: version, machine, cache, self-check; or a script that imports brian2."""

from __future__ import annotations

from ranvier.commands.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
