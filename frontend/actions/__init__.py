"""What objects ask of a step, what that reads and writes, and how Python does it."""
