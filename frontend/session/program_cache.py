"""The cache of compiled code that the preferences name."""

from __future__ import annotations

import functools
import sys
from pathlib import Path

from ranvier.codegen.cache import ProgramCache, default_cache
from ranvier.session.preferences import prefs


def current_cache() -> ProgramCache:
    """Returns the cache of compiled programs that the preferences name."""
    directory = prefs["codegen.cache_dir"]
    cache = default_cache() if directory is None else _cache_at(str(directory))
    megabytes: int = prefs["codegen.max_cache_dir_size"]
    cache.limit = megabytes * 1_000_000 if megabytes > 0 else sys.maxsize
    return cache


@functools.cache
def _cache_at(directory: str) -> ProgramCache:
    return ProgramCache(None if directory.lower() == "off" else Path(directory).expanduser())
