"""The parts of the gallery, and which examples each has, in their order.

An example says the rest itself: its title in its docstring, its tags in its last line. What it is called with when the
site is built, if that is more than its name, is in its docstring, too: "(in the gallery: `--size 7`)".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """A part of the gallery.

    Attributes:
        title: Its title.
        about: What its examples have in common.
        names: The names of the scripts in `examples`, separated by blanks.
    """

    title: str
    about: str
    names: str


PARTS: Mapping[str, Part] = {
    "first_steps": Part(
        "First steps",
        "A network from its equations to a picture, and all the pictures there are.",
        "first_network pictures",
    ),
    "neurons": Part(
        "Single neurons",
        "Models of one cell, and what it does with a current.",
        "fi_curve hodgkin_huxley izhikevich_patterns adex_patterns phase_plane adaptive_threshold",
    ),
    "shapes": Part(
        "Cells with a shape",
        "Dendrites and axons, divided into compartments.",
        "cable active_axon ball_and_stick many_cells",
    ),
    "synapses": Part(
        "Synapses and plasticity",
        "Connections that change, and connections without spikes.",
        "short_term_plasticity stdp_window inhibitory_plasticity clopath astrocytes gap_junctions",
    ),
    "networks": Part(
        "Networks",
        "Populations, their rhythms, and what they compute.",
        "coba cuba synfire_chain coincidence winner_take_all rate_delays gamma_oscillation spatial_network "
        "working_memory microcircuit closed_loop",
    ),
    "sweeps": Part(
        "Sweeps and fits",
        "Many runs with other values.",
        "sweep_fi_surface brunel_phase_diagram fit_adex noise_batch",
    ),
    "data": Part("Data", "What is recorded, in other hands.", "long_run_to_disk polars_spikes xarray_sweep"),
    "compiler": Part(
        "Integrators and the compiler",
        "What happens to a network on its way to machine code, and how to take part in it.",
        "custom_integrator every_stage graph_by_hand edited_dump small_pass ablation gpu_kernels",
    ),
}
"""Folder of the part in the site → the part."""

PLACES: Mapping[str, str] = {name: folder for folder, part in PARTS.items() for name in part.names.split()}
"""Name of a script → the folder of its part."""
