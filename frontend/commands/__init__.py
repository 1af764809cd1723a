"""The commands: `ranvier`, a file each, and `ranvier-opt`."""
