"""NeuroML and LEMS: point neurons from NeuroML files, and networks of point neurons as LEMS documents.

import ranvier
cells = ranvier.neuroml.from_neuroml("cells.nml")
group = cells["izhikevich"].group(100)
ranvier.neuroml.to_lems(network, 1*second, "LEMS_network.xml")
"""

from __future__ import annotations

from ranvier.exchange.lems import to_lems
from ranvier.exchange.neuroml_cells import Cell, from_neuroml

__all__ = ["Cell", "from_neuroml", "to_lems"]
