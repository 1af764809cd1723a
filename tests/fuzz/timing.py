"""Random clocks, durations, TimedArrays and spike generators, against the formulas of Brian's rules."""

import math
from random import Random
from typing import Any

import numpy as np

import ranvier as rv

STEPS = (0.1, 0.2, 0.05, 0.25, 0.3, 1 / 48, 0.03, 1 / 3, 0.125)
TIMES = {
    "t": lambda t: t,
    "t + 0.3*ms": lambda t: t + 0.3 * 1e-3,
    "t - 0.5*ms": lambda t: t - 0.5 * 1e-3,
    "2*t": lambda t: 2 * t,
    "t % (0.6*ms)": lambda t: np.remainder(t, 0.6 * 1e-3),
}


def bin_of(t: float, width: float, dt: float, count: int) -> int:
    """Returns the bin of a TimedArray at a time, as evaluated by a group of a time step."""
    parts = max(2.0 ** math.ceil(math.log2(8 * width / dt)), 1.0)
    return min(max(int(np.round(t / (width / parts)) / parts), 0), count - 1)


def step_at(time: float, dt: float) -> int:
    """Returns the step at which a run begins or ends."""
    nearest = round(time / dt)
    return nearest if abs(nearest * dt - time) <= 1e-4 * dt else math.ceil(time / dt)


def timed(seed: int) -> int:
    """Groups of different clocks read tables, generators spike, in several runs of odd durations."""
    random = Random(seed)
    rv.start_scope()
    rv.defaultclock.dt = 0.1 * rv.ms
    groups, monitors, tables = [], [], []
    for number in range(3):
        dt = random.choice(STEPS)
        space: dict[str, Any] = {}
        wanted = []
        lines = []
        for k in range(3):
            width = random.choice((0.1, 0.2, 0.3, 0.25, 0.5, dt, 0.07, 1 / 48, 1.0))
            count, columns = random.randint(1, 7), random.choice((0, 0, 2))
            values = np.array([random.random() for _ in range(count * max(columns, 1))]).reshape(count, -1)
            space[f"table{k}"] = rv.TimedArray(values if columns else values[:, 0], dt=width * rv.ms)
            time = random.choice(list(TIMES))
            lines.append(f"e{k} = table{k}({time}{', i % 2' if columns else ''}) : 1")
            wanted.append((values, columns, width * 1e-3, TIMES[time], lines[-1]))
        made = rv.NeuronGroup(3, "\n".join(lines), dt=dt * rv.ms, namespace=space, name=f"reader{number}")
        groups.append(made)
        tables.append((dt * 1e-3, wanted))
        monitors.append(rv.StateMonitor(made, ["e0", "e1", "e2"], record=True))
    dt = random.choice(STEPS) * 1e-3
    spikes = sorted({(random.randint(0, 60), random.randrange(4)) for _ in range(random.randint(0, 15))})
    odd = [random.choice((0.0, 0.0, 0.2, 0.49, 0.5, 0.9)) for _ in spikes]
    times = [(n + shift) * dt for (n, _), shift in zip(spikes, odd, strict=True)]
    generator = rv.SpikeGeneratorGroup(4, [k for _, k in spikes], np.array(times) * rv.second, dt=dt * rv.second)
    seen = rv.SpikeMonitor(generator)
    network = rv.Network(*groups, *monitors, generator, seen)
    total = 0.0
    for _ in range(random.randint(1, 3)):
        duration = random.choice((0.25, 1.0, 0.37, 0.1, 2.5, 0.0)) * 1e-3
        network.run(duration * rv.second)
        total += duration
    for (step, wanted), monitor in zip(tables, monitors, strict=True):
        count = _steps(total, step)
        assert len(monitor.t) == count, f"{len(monitor.t)} steps of {step} s, not {count}, until {total}, seed {seed}"
        for k, (values, columns, width, time, line) in enumerate(wanted):
            found = np.asarray(getattr(monitor, f"e{k}"))
            for n in range(count):
                row = values[bin_of(time(n * step), width, step, len(values))]
                expected = [row[j % 2] if columns else row[0] for j in range(3)]
                assert found[:, n].tolist() == expected, (
                    f"{line} at step {n} of {step} s, bins of {width} s, is {found[:, n]}, not {expected}"
                )
    count = _steps(total, dt)
    wanted_spikes = sorted((int((s + 1e-3 * dt) / dt), k) for s, (_, k) in zip(times, spikes, strict=True))
    # within a step spikes come in the order of the times that were given: sorted here
    steps = np.rint(np.asarray(seen.t) / dt).astype(int).tolist()
    found_spikes = sorted(zip(steps, seen.i[:].tolist(), strict=True))
    assert found_spikes == [one for one in wanted_spikes if one[0] < count], (
        f"{times}, {spikes} by {dt}: {found_spikes}"
    )
    return 10


def _steps(total: float, dt: float) -> int:
    return step_at(total, dt)
