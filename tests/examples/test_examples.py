"""Each example runs in a process of its own, writes what it says and nothing else, and prints its result."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from chosen_target import longest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SMALL = (
    "ablation astrocytes ball_and_stick clopath coincidence cuba edited_dump gpu_kernels phase_plane polars_spikes "
    "rate_delays small_pass synfire_chain winner_take_all xarray_sweep"
).split()
"""Examples that run in one process, one after another: tests/examples/test_small.py."""

RESULTS = {
    "adaptive_threshold": ["adaptive_threshold.parquet", "adaptive_threshold.png"],
    "brunel_phase_diagram": ["brunel", "brunel_phase_diagram.png"],
    "closed_loop": ["closed_loop.png"],
    "custom_integrator": ["custom_integrator.png"],
    "every_stage": ["every_stage.png", "stages"],
    "fi_curve": ["fi_curve.parquet", "fi_curve.png"],
    "fit_adex": ["fit_adex.png"],
    "first_network": ["first_network.png", "spikes.arrow", "voltages.parquet"],
    "graph_by_hand": ["graph_by_hand.png", "ring.parquet"],
    "hodgkin_huxley": ["hodgkin_huxley.png"],
    "many_cells": ["many_cells.png"],
    "microcircuit": ["microcircuit.png"],
    "pictures": ["pictures.png"],
    "long_run_to_disk": ["long_run.arrows", "long_run.png", "long_run_means.parquet"],
    "noise_batch": ["noise_batch.parquet", "noise_batch.png"],
    **{
        name: [f"{name}.png"]
        for name in (
            "active_axon adex_patterns cable coba gamma_oscillation gap_junctions inhibitory_plasticity "
            "izhikevich_patterns short_term_plasticity spatial_network stdp_window working_memory"
        ).split()
    },
    **{name: [f"{name}.png"] for name in SMALL},
    "sweep_fi_surface": ["sweep_fi_surface.parquet", "sweep_fi_surface.png"],
}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def run_example(name: str, directory: Path, cache: Path, *arguments: str) -> str:
    """Runs an example in an empty directory and returns what it prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES / f"{name}.py"), *arguments],
        cwd=directory,
        env={**os.environ, "MPLBACKEND": "Agg", "RANVIER_CACHE": str(cache)},
        capture_output=True,
        text=True,
        timeout=longest(),
    )
    assert done.returncode == 0, done.stderr
    bar = r"(\s*(\d+ % )?\[[# ]*\] (of|\d+ of) .*\s*)*"
    assert re.fullmatch(bar, done.stderr), done.stderr  # a progress bar or nothing
    assert [path.name for path in directory.iterdir()] == ["results"]
    assert sorted(path.name for path in (directory / "results").iterdir()) == RESULTS[name]
    return done.stdout


def test_every_example_is_tested() -> None:
    assert sorted(path.stem for path in EXAMPLES.glob("*.py")) == sorted(RESULTS)


def test_fi_curve(tmp_path: Path, cache: Path) -> None:
    text = run_example("fi_curve", tmp_path, cache)
    simulated, theory = map(float, re.findall(r"([\d.]+) Hz at 1 nA \(in theory ([\d.]+) Hz\)", text)[0])
    assert simulated == pytest.approx(theory, rel=0.02)  # spikes are at steps of 0.1 ms
    table = pq.read_table(tmp_path / "results/fi_curve.parquet")
    assert table.num_rows == 200 and table["rate"][0].as_py() == 0


def test_hodgkin_huxley(tmp_path: Path, cache: Path) -> None:
    assert "12 at 1.0 nA" in run_example("hodgkin_huxley", tmp_path, cache)


def test_many_cells(tmp_path: Path, cache: Path) -> None:
    text = run_example("many_cells", tmp_path, cache)
    (near, soon), (far, late) = (map(float, found) for found in re.findall(r"([\d.]+) mV after ([\d.]+) ms", text))
    assert near > 1.5 * far and late > 2 * soon


def test_microcircuit(tmp_path: Path, cache: Path) -> None:
    text = run_example("microcircuit", tmp_path, cache, "--scale", "0.03", "--seconds", "0.3", "--transient", "50")
    assert "2,311 neurons, 268,991 synapses" in text
    rates = {name: float(rate) for name, rate in re.findall(r"^(L\S+) +([\d.]+)", text, re.M)}
    # a model of a thirtieth of the size only resembles the full one
    assert len(rates) == 8 and 0.3 < rates["L2/3E"] < 20 and 2 < rates["L5I"] < 80


def test_adaptive_threshold(tmp_path: Path, cache: Path) -> None:
    lines = run_example("adaptive_threshold", tmp_path, cache).splitlines()
    assert "0 spikes, no intervals" in lines[0]
    first, last = map(float, re.findall(r"intervals ([\d.]+) to ([\d.]+)", lines[-1])[0])
    assert last > 2 * first
    assert pq.read_table(tmp_path / "results/adaptive_threshold.parquet").column_names == ["t", "i", "v", "th"]


def test_noise_batch(tmp_path: Path, cache: Path) -> None:
    rates = [float(rate) for rate in re.findall(r"([\d.]+) Hz", run_example("noise_batch", tmp_path, cache))]
    assert len(rates) == 4 and rates == sorted(rates) and rates[0] < rates[3]
    table = pq.read_table(tmp_path / "results/noise_batch.parquet")
    assert table.column_names == ["sigma", "seed", "t", "i"]
    assert set(table["seed"].to_pylist()) == set(range(5))


def test_long_run_to_disk(tmp_path: Path, cache: Path) -> None:
    text = run_example("long_run_to_disk", tmp_path, cache)
    variance = float(re.findall(r"variance of the channels ([\d.]+)", text)[0])
    assert variance == pytest.approx(1, abs=0.02)
    assert (tmp_path / "results/long_run.arrows").stat().st_size > 10 * 4_000_000


def test_custom_integrator(tmp_path: Path, cache: Path) -> None:
    text = run_example("custom_integrator", tmp_path, cache)
    orders = dict(re.findall(r"(\w+) .* order ([\d.]+)", text))
    assert {name: round(float(order)) for name, order in orders.items()} == {
        "euler": 1,
        "rk2": 2,
        "ralston3": 3,
        "rk4": 4,
    }


def test_closed_loop(tmp_path: Path, cache: Path) -> None:
    reached = float(re.findall(r"100 ms: ([\d.]+) Hz", run_example("closed_loop", tmp_path, cache))[0])
    assert reached == pytest.approx(40, abs=4)


def test_every_stage(tmp_path: Path, cache: Path) -> None:
    run_example("every_stage", tmp_path, cache)
    names = sorted(path.name for path in (tmp_path / "results/stages").iterdir())
    assert names[0] == "1-plan.txt" and names[-2:] == ["7-asm.s", "graph.txt"] and len(names) == 8
    assert "snn.loop" in (tmp_path / "results/stages/2-snn.mlir").read_text()
    assert "->" in (tmp_path / "results/stages/graph.txt").read_text()


def test_graph_by_hand(tmp_path: Path, cache: Path) -> None:
    text = run_example("graph_by_hand", tmp_path, cache)
    assert "neighbours are in phase" in text and "the same phases" in text


def test_first_network(tmp_path: Path, cache: Path) -> None:
    text = run_example("first_network", tmp_path, cache)
    assert 20 < float(re.findall(r"([\d.]+) per cell", text)[0]) < 30


def test_pictures(tmp_path: Path, cache: Path) -> None:
    assert run_example("pictures", tmp_path, cache).endswith(" 73 compartments\n")


def test_sweep_fi_surface(tmp_path: Path, cache: Path) -> None:
    text = run_example("sweep_fi_surface", tmp_path, cache, "--currents", "4", "--constants", "3")
    assert "12 done, 0 failed" in text
    table = pq.read_table(tmp_path / "results/sweep_fi_surface.parquet")
    rates = table["rate"].to_numpy().reshape(4, 3)
    assert (rates[-1] > rates[0]).all() and rates[-1, 0] > 2 * rates[-1, -1]  # slow adaptation sums up
    assert table.schema.field("current").metadata[b"unit"] == b"A"


def test_brunel_phase_diagram(tmp_path: Path, cache: Path) -> None:
    small = ("--cells", "500", "--points", "3", "--seconds", "0.3")
    text = run_example("brunel_phase_diagram", tmp_path, cache, *small)
    (strong, irregular), (weak, regular) = (map(float, each) for each in re.findall(r"([\d.]+) Hz.*ity ([\d.]+)", text))
    assert strong < 0.6 * weak and irregular > 0.3 > regular  # without inhibition all cells fire as fast as they can
    again = run_example("brunel_phase_diagram", tmp_path, cache, *small)
    assert again == text and len(pq.read_table(tmp_path / "results/brunel/sets")) == 9


def test_fit_adex(tmp_path: Path, cache: Path) -> None:
    text = run_example("fit_adex", tmp_path, cache, "--generations", "8", "--candidates", "20")
    found, true = map(float, re.findall(r"g_leak +([\d.]+) nS +\(true: ([\d.]+) nS", text)[0])
    assert found == pytest.approx(true, rel=0.3)


def numbers(text: str) -> list[float]:
    return [float(each) for each in re.findall(r"-?\d+(?:\.\d+)?(?:e-?\d+)?", text)]


def test_izhikevich_patterns(tmp_path: Path, cache: Path) -> None:
    text = run_example("izhikevich_patterns", tmp_path, cache)
    counts = {name: int(count) for name, count in re.findall(r"(.+): (\d+) spikes", text)}
    assert counts["regular spiking"] < counts["intrinsically bursting"] < counts["chattering"] < counts["fast spiking"]


def test_adex_patterns(tmp_path: Path, cache: Path) -> None:
    text = run_example("adex_patterns", tmp_path, cache)
    intervals = {name: numbers(rest) for name, rest in re.findall(r"(.+): \d+ spikes, intervals(.*) ms", text)}
    tonic, adapting, bursting = intervals["tonic"], intervals["adapting"], intervals["regular bursting"]
    assert max(tonic) - min(tonic) <= 2 and adapting[-1] > 2 * adapting[0]
    assert min(bursting) < 10 and max(bursting) > 100  # within a burst, between bursts
    assert intervals["delayed accelerating"] == sorted(intervals["delayed accelerating"], reverse=True)
    assert intervals["transient"] == []


def test_coba(tmp_path: Path, cache: Path) -> None:
    synapses, rate = numbers(run_example("coba", tmp_path, cache))
    assert synapses == pytest.approx(320_000, rel=0.01) and 10 < rate < 30


def test_stdp_window(tmp_path: Path, cache: Path) -> None:
    assert numbers(run_example("stdp_window", tmp_path, cache))[0] < 1e-12


def test_short_term_plasticity(tmp_path: Path, cache: Path) -> None:
    depressing, facilitating = map(numbers, run_example("short_term_plasticity", tmp_path, cache).splitlines())
    first, last, recovered = depressing
    assert first == 0.5 and last < 0.15 * first and last < recovered < first
    assert facilitating[0] == 0.1 and facilitating[1] > 2.5 * facilitating[0]


def test_active_axon(tmp_path: Path, cache: Path) -> None:
    passed, speed = numbers(run_example("active_axon", tmp_path, cache))
    assert passed == 500 and speed == pytest.approx(12.3, abs=0.3)  # at 6.3 degrees


def test_cable(tmp_path: Path, cache: Path) -> None:
    constant, _, error = numbers(run_example("cable", tmp_path, cache))
    assert constant == 500 and error < 0.01


def test_gap_junctions(tmp_path: Path, cache: Path) -> None:
    (_, scattered), (_, together) = map(numbers, run_example("gap_junctions", tmp_path, cache).splitlines())
    assert scattered < 0.5 and together > 0.99


def test_inhibitory_plasticity(tmp_path: Path, cache: Path) -> None:
    first, last, aim = numbers(run_example("inhibitory_plasticity", tmp_path, cache))
    assert first > 3 * aim and last == pytest.approx(aim, abs=1.5)


def test_spatial_network(tmp_path: Path, cache: Path) -> None:
    _, reached, speed = numbers(run_example("spatial_network", tmp_path, cache))
    assert reached == 100 and 0.01 < speed < 0.05  # no faster than the fibres


def test_working_memory(tmp_path: Path, cache: Path) -> None:
    where, how_high = run_example("working_memory", tmp_path, cache).splitlines()
    _, _, soon, _, late = numbers(where)
    assert soon == late == pytest.approx(1, abs=0.02)
    assert numbers(how_high)[0] == 0 and numbers(how_high)[1] > 0.5


def test_gamma_oscillation(tmp_path: Path, cache: Path) -> None:
    rhythm, rate = numbers(run_example("gamma_oscillation", tmp_path, cache))
    assert 30 < rhythm < 60 and rate < rhythm
