"""What all tests share."""

# the option --guard-pages
from guard_pages import no_overruns as no_overruns
from guard_pages import pytest_addoption as pytest_addoption
from guard_pages import pytest_collection_modifyitems as pytest_collection_modifyitems
from guard_pages import pytest_configure as pytest_configure

from ranvier import BrianLogger

# tests make many objects that they never run; the tests of this warning take the filter away
BrianLogger.suppress_name("unused_brian_object")
