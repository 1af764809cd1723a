"""Reports of faults: what a script did, where, and the shortest script that still does it, in one file."""
