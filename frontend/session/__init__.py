"""What a script sets once for the whole process: preferences, messages, names, clocks, the seed."""
