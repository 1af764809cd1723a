"""Walks through the built site in a browser: what three kinds of readers look for, and the links that they click.

From the first page, at most three clicks lead to each answer. `docs/look.py` walks: it clicks with the mouse on links
that can be seen, and looks for the answer in the text of the page where it ends.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from book.browser import Browser

MOST = 3
"""Clicks that a reader is asked for."""


@dataclass(frozen=True)
class Walk:
    """A question, and the way to its answer.

    Attributes:
        question: What a reader wants to know.
        clicks: The texts of the links, or their beginnings.
        answer: Text of the page where the walk ends.
    """

    question: str
    clicks: tuple[str, ...]
    answer: str


WALKS: Mapping[str, tuple[Walk, ...]] = {
    "a scientist": (
        Walk("How do I come from nothing to a raster?", ("Five minutes",), "plots.raster"),
        Walk("Does my Brian script run, and what differs?", ("for Brian users",), "What differs on purpose"),
        Walk("Is there code for a model like mine?", ("gallery", "The window of spike-timing"), "A_plus|A_pre|apre"),
        Walk("Which arguments has NeuronGroup?", ("reference", "NeuronGroup"), "Condition for a spike"),
        Walk("What does this error of units mean?", ("errors",), "DimensionMismatchError"),
        Walk("How do I set a refractory period?", ("The guide", "Neuron models"), "refractory"),
        Walk("Can I learn it in a notebook?", ("Tutorial 1: neurons",), "As a notebook"),
        Walk("How fast is it for networks like mine?", ("All benchmarks",), "COBA|coba"),
        Walk("How do I cite it, and report a fault?", ("For authors of models",), "bug-report"),
    ),
    "who runs many simulations": (
        Walk("How do I sweep over parameters?", ("Sweeps",), "all combinations"),
        Walk("Is there a phase diagram that I can start from?", ("gallery", "Brunel’s phase diagram"), "network.sweep"),
        Walk("How does it run on SLURM, and after a job was killed?", ("many machines",), "a job that was killed"),
        Walk("How do results become Parquet and data frames?", ("recorded data",), "Parquet"),
        Walk("How much memory will a network take?", ("performance",), "memory_plan"),
        Walk("What makes a run the same again?", ("reproducibility",), "seed"),
        Walk("Can it use a GPU?", ("Kernels for GPUs",), "You need a GPU"),
        Walk("Can a network run without Python?", ("Programs without Python",), "ranvier export"),
        Walk("What does sweep return?", ("Sweeps", "sweep and what it gives"), "to_xarray"),
        Walk("Which preferences are there?", ("Preferences and messages", "a table of their own"), "codegen.threads"),
    ),
    "a compiler researcher": (
        Walk("What does a network look like as a graph?", ("A network as a graph",), "snn.threshold"),
        Walk("Can I see all stages, down to assembly?", ("the stages",), "vfmadd213pd"),
        Walk("Which ops has the dialect, what do they mean?", ("snn dialect",), "snn.propagate"),
        Walk("What does each pass do, and why is it legal?", ("each pass",), "Legal"),
        Walk("How do I write a pass, and test it?", ("passes",), "ranvier bisect"),
        Walk("Is there a pass in a few lines?", ("gallery", "A pass in a few lines"), "ModulePass"),
        Walk("What is each pass worth?", ("gallery", "An ablation of the passes"), "accesses"),
        Walk("How do I run a program from text?", ("ranvier-opt",), "ranvier run"),
        Walk("Can I edit what the compiler made, and run it?", ("gallery", "An edited dump"), "RANVIER_DUMP|dump"),
        Walk("Who may import whom, where do things go?", ("Architecture",), "Who may import whom"),
    ),
}
"""Reader → walks."""

_LINK = """(() => {
    const wanted = %s.toLowerCase(), plain = each => each.textContent.replace(/\\s+/g, " ").trim().toLowerCase();
    const links = [...document.querySelectorAll("article a[href], aside a[href]")].filter(each => each.offsetParent);
    const fits = [text => text == wanted, text => text.startsWith(wanted), text => text.includes(wanted)];
    for (const fit of fits) {
        const near = links.filter(each => fit(plain(each))), inText = each => !!each.closest("article");
        const found = near.sort((a, b) => inText(b) - inText(a))[0];
        if (!found) continue;
        found.scrollIntoView({block: "center", behavior: "instant"});
        const box = found.getClientRects()[0];
        return {x: box.x + box.width/2, y: box.y + box.height/2, to: found.href};
    }
    return null;
})()"""


def walk_faults(browser: Browser, site: Path) -> Iterator[str]:
    """Walks all walks, and yields which of them do not end at their answer."""
    browser.shape(1280, 900)
    for reader, walks in WALKS.items():
        for walk in walks:
            if fault := walked(browser, site, walk):
                yield f"{reader}: {walk.question} {fault}"


def walked(browser: Browser, site: Path, walk: Walk) -> str | None:
    """Returns what is wrong with a walk; None if it ends at its answer within a few clicks."""
    browser.open(f"{(site / 'index').resolve().as_uri()}.html")
    for text in walk.clicks:
        link = browser.value(_LINK % json.dumps(text))
        if link is None:
            return f"There is no link {text!r} at {browser.value('location.pathname')}."
        browser.click(link["x"], link["y"])
        if not browser.until(f"location.href == {json.dumps(link['to'])} && document.readyState == 'complete'", 10):
            return f"A click on {text!r} does not lead to {link['to']}."
    found = browser.value(f"new RegExp({json.dumps(walk.answer)}).test(document.querySelector('article').innerText)")
    if not found:
        return f"There is no {walk.answer!r} at {browser.value('location.pathname')}."
    return None if len(walk.clicks) <= MOST else f"It takes {len(walk.clicks)} clicks."
