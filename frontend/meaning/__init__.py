"""Whether passes keep what a program means: comparisons, the pass and the rewrite at fault, small examples of it."""
