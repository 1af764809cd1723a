"""What the names, units and types of a model mean."""
