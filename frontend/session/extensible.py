"""Objects whose attributes are known, so that misspelt ones are refused: a script may declare more."""

from __future__ import annotations


class Extensible:
    """Refuses unknown attributes, unless they were added."""

    def add_attribute(self, name: str) -> None:
        """Allows to set a new attribute.

        Raises:
            AttributeError: If there is one of this name.
        """
        if hasattr(self, name):
            raise AttributeError(f'Object already has an attribute "{name}".')
        object.__setattr__(self, name, None)
