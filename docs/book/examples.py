"""The examples of the gallery: in which part they stand, their titles and tags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Example:
    """An example of the gallery.

    Attributes:
        title: Its title.
        tags: What it shows, separated by blanks.
        arguments: What the script is called with when the site is built.
    """

    title: str
    tags: str
    arguments: tuple[str, ...] = ()


PARTS: Mapping[str, Mapping[str, Example]] = {
    "First steps": {
        "first_network": Example("A first network", "neurons noise monitors arrow"),
        "pictures": Example("All kinds of pictures", "plots monitors synapses compartments"),
    },
    "Single neurons": {
        "fi_curve": Example("f-I curve of a leaky integrate-and-fire cell", "neurons exact theory parquet"),
        "hodgkin_huxley": Example("Hodgkin-Huxley cells under a step of current", "neurons conductances"),
        "izhikevich_patterns": Example("Izhikevich's firing patterns", "neurons"),
        "adex_patterns": Example("Firing patterns of the adaptive exponential cell", "neurons"),
        "phase_plane": Example("FitzHugh and Nagumo's cell in its phase plane", "neurons theory"),
        "adaptive_threshold": Example("A threshold that adapts", "neurons events arrow"),
    },
    "Cells with a shape": {
        "cable": Example("A passive cable and cable theory", "compartments theory"),
        "active_axon": Example("An action potential along an axon", "compartments conductances"),
        "ball_and_stick": Example("A ball and a stick with synapses", "compartments synapses"),
        "many_cells": Example("Many cells with dendrites in one object", "compartments"),
    },
    "Synapses and plasticity": {
        "short_term_plasticity": Example("Depression and facilitation (Tsodyks and Markram)", "synapses plasticity"),
        "stdp_window": Example("The window of spike-timing-dependent plasticity", "synapses plasticity theory"),
        "inhibitory_plasticity": Example(
            "Inhibitory plasticity sets the rate (Vogels and Sprekeler)", "synapses plasticity networks"
        ),
        "clopath": Example("Plasticity that follows the voltage (Clopath)", "synapses plasticity"),
        "astrocytes": Example("Calcium in astrocytes", "synapses neurons"),
        "gap_junctions": Example("Gap junctions synchronise cells", "synapses summed"),
    },
    "Networks": {
        "coba": Example("The COBA network: activity that sustains itself", "networks conductances"),
        "cuba": Example("The CUBA network: synapses that are currents", "networks exact"),
        "synfire_chain": Example("A synfire chain", "networks delays noise"),
        "coincidence": Example("Delays that tell directions", "networks delays"),
        "winner_take_all": Example("Two populations that decide", "networks noise"),
        "rate_delays": Example("A rate model with a delay", "networks rates delays"),
        "gamma_oscillation": Example("A gamma rhythm of excitation and inhibition", "networks noise delays"),
        "spatial_network": Example("A wave in a sheet of cells", "networks delays space"),
        "working_memory": Example("Working memory: a bump of activity on a ring", "networks rates summed"),
        "microcircuit": Example(
            "The cortical microcircuit", "networks synapses delays", ("--scale", "0.05", "--seconds", "0.3")
        ),
        "closed_loop": Example("A closed loop: the script steers the network", "networks operations"),
    },
    "Sweeps and fits": {
        "sweep_fi_surface": Example(
            "Rate over current and time constant", "sweeps parquet", ("--currents", "15", "--constants", "10")
        ),
        "brunel_phase_diagram": Example(
            "Brunel's phase diagram", "sweeps networks", ("--cells", "500", "--points", "5", "--seconds", "0.3")
        ),
        "fit_adex": Example(
            "Fitting an adaptive exponential cell", "sweeps fits", ("--generations", "12", "--candidates", "30")
        ),
        "noise_batch": Example("A batch of noise levels and seeds", "sweeps noise parquet"),
    },
    "Data": {
        "long_run_to_disk": Example("A long run, streamed to disk", "data arrow parquet"),
        "polars_spikes": Example("Spikes in polars", "data polars"),
        "xarray_sweep": Example("A sweep as an xarray dataset", "data sweeps xarray"),
    },
    "Integrators and the compiler": {
        "custom_integrator": Example("An integrator of your own, and its order", "integrators"),
        "every_stage": Example("Every stage of a network as text", "compiler"),
        "graph_by_hand": Example("A program written by hand", "compiler"),
        "edited_dump": Example("An edited dump", "compiler"),
        "small_pass": Example("A pass in a few lines", "compiler passes"),
        "ablation": Example("An ablation of the passes", "compiler passes"),
        "gpu_kernels": Example("Kernels for a GPU", "compiler gpu"),
    },
}
"""Part of the gallery → name of the script in `examples` → what the gallery says of it."""

EXAMPLES: Mapping[str, Example] = {name: example for part in PARTS.values() for name, example in part.items()}
"""All examples by the names of their scripts."""
