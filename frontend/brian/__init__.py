"""Ranvier in Brian's place: the public names, Brian's module paths, pylab's names, and scripts that import `brian2`."""
