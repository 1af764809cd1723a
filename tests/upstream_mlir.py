"""What stock MLIR makes of our modules, where its `mlir-opt` is installed."""

import shutil
import subprocess
from io import StringIO

import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.printer import Printer


def upstream() -> str:
    """Returns where MLIR's tool is; the test is skipped if it is not installed."""
    tool = shutil.which("mlir-opt-19") or shutil.which("mlir-opt")
    if tool is None:
        pytest.skip("mlir-opt is not installed")
    return tool


def text_of(module: ModuleOp, *, generic: bool = False) -> str:
    """Returns a module as text."""
    stream = StringIO()
    Printer(stream, print_generic_format=generic).print_op(module)
    return stream.getvalue()


def printed_by(tool: str, text: str) -> str:
    """Returns what MLIR's tool prints of a text, which it has to understand."""
    done = subprocess.run([tool, "-"], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
