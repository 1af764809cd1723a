"""Which names an example uses, and which examples use a name: links between the gallery and the reference."""

from __future__ import annotations

import ast
from importlib import import_module

from docutils import nodes
from sphinx_gallery.backreferences import NameFinder
from sphinx_gallery.directives import MiniGallery

VALUES = {"Quantity", "Unit"}
"""Classes of what most names of a script stand for, `tau` or `mV`: links from there would say nothing."""


class UsedNames(NameFinder):
    """Finds the names that a script uses, also those of a star import: `run` is `ranvier.run`."""

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """Takes in what a script imports; of a star import what has the same meaning at the end of the script."""
        if node.names[0].name != "*" or not node.module:
            super().visit_ImportFrom(node)
            return
        known = import_module(node.module)
        for name in known.__all__:
            if name in self.global_variables and self.global_variables[name] is getattr(known, name):
                self.imported_names[name] = f"{node.module}.{name}"

    def get_mapping(self) -> list[tuple[str, str, bool, bool, bool]]:
        """Returns the names with what they may stand for: what was imported, or the class of an object."""
        return [option for option in super().get_mapping() if self._is_meant(*option[:3])]

    def _is_meant(self, name: str, full: str, is_member: bool) -> bool:
        if name in self.imported_names:
            return full == self.imported_names[name]
        if is_member or name.partition(".")[0] in self.imported_names:
            return True
        kind = type(self.global_variables.get(name)).__qualname__
        last = full.rpartition(".")[2]
        return full.startswith("ranvier.") and last not in VALUES and ("." in name or last == kind)


class ExamplesUsing(MiniGallery):
    """The examples that use a name, below a label; nothing if there is none."""

    def run(self) -> list[nodes.Node]:
        """Returns the label; the examples are read after it."""
        lines = len(self.state_machine.input_lines)
        super().run()
        used = len(self.state_machine.input_lines) > lines
        label = f"Examples with {self.arguments[0].rpartition('.')[2]}"
        return [nodes.paragraph("", "", nodes.strong(label, label))] if used else []
