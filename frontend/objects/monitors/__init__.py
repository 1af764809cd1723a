"""Tables that grow during runs."""
