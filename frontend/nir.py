"""NIR, the Neuromorphic Intermediate Representation: networks from its graphs and to them (the extra `nir`).

import ranvier
model = ranvier.nir.from_nir("model.nir", pulse=1*ms)
graph = ranvier.nir.to_nir(network)
"""

from __future__ import annotations

from ranvier.exchange.nir_export import to_nir
from ranvier.exchange.nir_import import Imported, from_nir

__all__ = ["Imported", "from_nir", "to_nir"]
