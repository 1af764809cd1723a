"""Preferences are as before after each test."""

import pytest

from ranvier import prefs, start_scope

CHANGED = (
    "codegen.threads",
    "codegen.synapse_layout",
    "codegen.share_traces",
    "devices.cpp_standalone.openmp_threads",
)


@pytest.fixture(autouse=True)
def old_preferences():
    old = {name: prefs[name] for name in CHANGED}
    start_scope()
    yield
    for name, value in old.items():
        prefs[name] = value
