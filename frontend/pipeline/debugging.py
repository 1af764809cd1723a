"""Debug information: which lines of a script's equations the instructions of its programs compute.

Asked for by the preference `codegen.debug_info`, or the environment variable `RANVIER_DEBUG_INFO`. Texts that users
gave to objects are written to files, which debuggers and profilers show. Their directory is named after what is in
them: scripts with the same equations share it, and the programs.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ranvier.pipeline.options import Options
from ranvier.plan.plan import Plan
from ranvier.plan.texts import equation_texts
from ranvier.session.preferences import prefs
from ranvier.session.program_cache import current_cache

DEBUG_VARIABLE = "RANVIER_DEBUG_INFO"
"""Environment variable: anything but "" and "0" asks for debug information."""

FOLDER = "equations"
"""The folder, in the cache of programs, with the texts of equations."""


def is_wanted() -> bool:
    """Tells whether programs are to say which lines of equations they compute."""
    return bool(prefs["codegen.debug_info"]) or os.environ.get(DEBUG_VARIABLE, "0") not in ("", "0")


def with_debug_info(options: Options, plan: Plan) -> Options:
    """Returns the options of a program, with debug information if that is wanted; its texts are written then.

    Raises:
        OSError: They cannot be written anywhere.
    """
    if options.codegen.debug_info or not is_wanted():
        return options
    return replace(options, codegen=replace(options.codegen, debug_info=str(write_texts(equation_texts(plan)))))


def write_texts(texts: dict[str, str]) -> Path:
    """Writes texts to files of a directory that is named after what is in them, and returns it.

    Raises:
        OSError: There is no place where files can be written.
    """
    digest = hashlib.sha256(json.dumps(sorted(texts.items())).encode()).hexdigest()[:16]
    failed: OSError | None = None
    for place in _places():
        directory = place / digest
        try:
            directory.mkdir(parents=True, exist_ok=True)
            for name, text in texts.items():
                if not (directory / name).exists():
                    _write(directory / name, text)
        except OSError as error:
            failed = error
        else:
            return directory.absolute()
    assert failed is not None
    raise OSError(
        failed.errno,
        f"{failed.strerror}: the texts of the equations, which debug information names, cannot be written; give "
        f"another directory by prefs.codegen.cache_dir, or switch off prefs.codegen.debug_info and {DEBUG_VARIABLE}",
        failed.filename,
    )


def _places() -> Iterator[Path]:
    """Yields the directories where texts may be written: of the cache, or of temporary files."""
    cache = current_cache().directory
    if cache is not None:
        yield cache / FOLDER
    import tempfile  # takes milliseconds, and is hardly ever needed

    yield Path(tempfile.gettempdir(), f"ranvier-{FOLDER}-{os.getpid() if not hasattr(os, 'getuid') else os.getuid()}")


def _write(path: Path, text: str) -> None:
    """Writes a file whole: another process may read it meanwhile."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    unfinished.write_text(text, encoding="utf-8", newline="\n")
    unfinished.replace(path)


__all__ = ["DEBUG_VARIABLE", "is_wanted", "with_debug_info", "write_texts"]
