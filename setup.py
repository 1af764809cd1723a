"""The build begins in an empty folder: what an earlier one left would go into the wheel. See pyproject.toml."""

from __future__ import annotations

import shutil

from setuptools import setup
from setuptools.command.build import build


class FreshBuild(build):
    """Builds without what an earlier build left."""

    def run(self) -> None:
        """Builds."""
        shutil.rmtree(self.build_lib, ignore_errors=True)
        super().run()


setup(cmdclass={"build": FreshBuild})
