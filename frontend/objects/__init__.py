"""Brian's objects: groups, monitors, networks, and what they are made of."""
