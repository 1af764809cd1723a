"""From actions to the plan of a program, whose hash is the key of the cache."""
