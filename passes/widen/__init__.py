"""Passes that let one program compute more than one network on its own."""
