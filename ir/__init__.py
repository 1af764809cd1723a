"""The intermediate representation: the `snn` dialect, its interpreter and diagnostics.

It knows nothing of Brian's objects and imports nothing of the other folders.
"""
