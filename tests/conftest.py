"""What all tests share."""

from ranvier import BrianLogger

# tests make many objects that they never run; the tests of this warning take the filter away
BrianLogger.suppress_name("unused_brian_object")
