"""Random programs of the `snn` dialect, and a search among them for what passes do wrong."""
