"""Sweeps of random networks: in every form, on any number of threads, a set gives what the network gives alone."""

from random import Random
from typing import Any

import numpy as np
from fuzz.networks import Made

import ranvier as rv

STEPS = 20
ms = rv.ms


def varied(made: Made) -> tuple[dict[str, Any], dict[Any, Any], bool]:
    """Returns what a random sweep of a network changes, its initial values, and whether values stand side by side."""
    r, count = made.random, made.random.randint(2, 6)
    group = r.choice(made.groups)
    size = len(group)
    possible: dict[str, Any] = {
        "outer": [r.choice((0.1, 0.3, -0.4, 0.75)) for _ in range(count)],
        "tau": [r.choice((1, 2, 3.5)) for _ in range(count)] * ms,
        f"{group.name}.v": [r.choice((0.1, 0.6, "0.9*rand()")) for _ in range(count)],
        f"{group.name}.a": [np.linspace(0, r.random(), size) for _ in range(count)],
        f"{group.name}.s": [r.choice((0.2, 0.5)) for _ in range(count)],
        f"{group.name}.k": [r.randrange(4) for _ in range(count)],
        "seed": [r.randrange(99) for _ in range(count)],
        "duration": [r.choice((0.7, 1.5)) for _ in range(count)] * ms,
    }
    if r.random() < 0.3 and not any(isinstance(each, rv.PoissonInput) for each in made.others):  # these keep their dt
        possible["dt"] = [r.choice((0.05, 0.1, 0.2)) for _ in range(count)] * ms
    if made.synapses:
        synapses = r.choice(made.synapses)
        possible[f"{synapses.name}.weight"] = [r.choice((0.05, 0.2)) for _ in range(count)]
        if len(synapses):
            weights = [np.linspace(0, r.choice((0.1, 0.3)), len(synapses)) for _ in range(count)]
            possible[f"{synapses.name}.weight"] = r.choice((possible[f"{synapses.name}.weight"], weights))
    chosen = {name: possible[name] for name in r.sample([*possible], r.choice((1, 1, 2, 3)))}
    start = {group.u: r.choice(("0.3*rand()", 0.25))} if r.random() < 0.3 else {}
    return chosen, start, r.random() < 0.7 or len(chosen) > 2


def swept(seed: int) -> int:
    """A sweep in another form gives the same, bit for bit: states, measures, tables, failures."""
    made = Made(seed)
    over, start, zip = varied(made)
    names = "outer", "tau"
    for name in [each for each in names if each in over]:  # the groups have these names of their own
        made.space.setdefault(name, over[name][0])
    monitors = [each for each in made.network.objects if isinstance(each, rv.StateMonitor | rv.EventMonitor)]
    keep = [each for each in monitors if getattr(each, "record", True) is not False]
    calls = made.random.random() < 0.15
    if calls:  # Python in a step: sets are computed in processes
        made.network.add(operation(made))
    quick: dict[str, str] = {"mean": f"mean({made.groups[0].name}.v)", "u": f"{made.groups[0].name}.u"}
    for monitor in monitors:
        if isinstance(monitor, rv.EventMonitor):
            quick[f"counts_{monitor.name}"] = f"counts({monitor.name})"
    if made.synapses and len(made.synapses[0]):
        quick["weights"] = f"{made.synapses[0].name}.weight"

    def states() -> dict[str, np.ndarray]:
        return {name.replace(".", "_"): values for name, values in made.state().items()}

    def sweep(measure: Any, **kwds: Any) -> Any:
        rv.seed(seed)
        return made.network.sweep(
            STEPS * 0.1 * ms, over, start=start, keep=keep, measure=measure, zip=zip, namespace=made.space, **kwds
        )

    try:
        sweep(quick, form="one after another")
    except KeyError as error:  # the groups have the name, and no text uses it
        if "is no name that the network's texts use" not in str(error) or "outer" not in over:
            raise
        del over["outer"]
    if not over:
        return 0
    random, done = Random(seed), 0
    for measure in (quick, states):
        wanted = sweep(measure, form="one after another")
        others = ("processes",) if random.random() < 0.2 or calls else ()
        for form in (None, *(() if calls else ("turns",)), *others):
            found = sweep(measure, form=form, workers=2 if form == "processes" else random.choice((None, 2, 3)))
            compare(found, wanted, f"form {form}, of {over}, {start}, {measure}\n" + "\n".join(made.text))
            done += 1
    return done + batched(made, over, start, zip, quick["mean"], seed)


def operation(made: Made) -> Any:
    """Returns an object that changes a variable by Python in each step."""
    group = made.groups[0]

    @rv.network_operation(dt=made.random.choice((0.1, 0.3)) * ms, when=made.random.choice(("start", "end")))
    def change() -> None:
        group.w = 0.9 * np.asarray(group.w) + 0.01

    made.say("network_operation")
    return change


def batched(made: Made, over: dict[str, Any], start: dict[Any, Any], zip: bool, measure: str, seed: int) -> int:
    """Compares the network as a function of arrays with a sweep of the same sets and seeds; returns how often."""
    texts = any(isinstance(value, str) for values in over.values() for value in values)
    if not zip or texts or {"duration", "dt"} & over.keys():
        return 0
    count = len(next(iter(over.values())))
    sets = {**over, "seed": list(range(seed, seed + count))}
    time, space = STEPS * 0.1 * ms, made.space
    wanted = made.network.sweep(time, sets, start=start, measure=measure, zip=True, namespace=space)
    if wanted.failures:
        return 0
    function = made.network.batched(time, over=[*sets], start=start, measure=measure, namespace=space)
    for _ in range(2):  # what the first call finds out is kept for the second
        found = function(*(value if isinstance(value, rv.Quantity) else np.array(value) for value in sets.values()))
        what = f"batched, of {over}, {start}\n" + "\n".join(made.text)
        assert np.array_equal(np.asarray(found), np.asarray(wanted[measure]), equal_nan=True), what
    return 2


def compare(found: Any, wanted: Any, what: str) -> None:
    """Asserts that two sweeps have the same results."""
    assert [str(each) for each in found.failures] == [str(each) for each in wanted.failures], what
    assert found.table_names == wanted.table_names, what
    tables = [(found.to_arrow(), wanted.to_arrow())]
    tables += [(found.table(name), wanted.table(name)) for name in found.table_names if not wanted.failures]
    for one, other in tables:
        assert one.column_names == other.column_names, what
        for name in one.column_names:  # as texts, in which NaN is NaN
            assert repr(one.column(name).to_pylist()) == repr(other.column(name).to_pylist()), f"{name}, {what}"
