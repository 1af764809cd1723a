"""An object of a network; a group of elements, and its parts."""
