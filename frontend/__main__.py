"""`python -m ranvier`: version, machine, cache, self-check."""

from ranvier.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
