"""The build begins in an empty folder: what an earlier one left would go into the wheel. See pyproject.toml."""

from __future__ import annotations

import shutil
import sys

from setuptools import setup
from setuptools.command.build import build

if sys.version_info < (3, 11):  # noqa: UP036  pip names a package that Ranvier needs, and not the cause
    sys.exit(f"Ranvier needs Python 3.11 or newer; this is {sys.version.split()[0]} ({sys.executable}).")


class FreshBuild(build):
    """Builds without what an earlier build left."""

    def run(self) -> None:
        """Builds."""
        shutil.rmtree(self.build_lib, ignore_errors=True)
        super().run()


setup(cmdclass={"build": FreshBuild})
