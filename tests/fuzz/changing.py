"""What scripts do between runs: the same changes of one network, optimised and not, give the same."""

from random import Random

import numpy as np
from fuzz.invariances import options, same
from fuzz.networks import Made

import ranvier as rv
from ranvier.actions.rewrites.names import TABULATE_DRAWS
from ranvier.stages import Options

ms = rv.ms


def change(made: Made, random: Random) -> str:
    """Changes something of a network, and returns what."""
    group = random.choice(made.groups)
    synapses = random.choice(made.synapses) if made.synapses else None
    what = random.randrange(12)
    if synapses is None and what < 6:
        what += 6
    match what:
        case 0:
            synapses.delay = (
                [random.choice((0, 0.1, 0.3, 0.6)) for _ in range(len(synapses))] * ms if _free(synapses) else 0.2 * ms
            )
        case 1:
            synapses.weight = "0.05 + 0.01*(j % 3)"
        case 2 if len(synapses):
            synapses.weight[random.randrange(len(synapses))] = 0.2
        case 3:
            synapses.active = not synapses.active
        case 4:
            synapses.connect(i=0, j=len(synapses.target) - 1)
        case 5:
            pathway = getattr(synapses, random.choice(list(synapses.pathways)))
            pathway.active = not pathway.active
        case 6:
            group.v = "0.1*(i % 5)"
        case 7:
            group.v[random.randrange(len(group))] = 0.7
        case 8:
            group.active = not group.active
        case 9:
            made.space["outer"] = random.choice((0.1, 0.5, 0))
        case 10:
            group.s = 0.9
        case 11 if made.others:
            one = random.choice(made.others)
            one.active = not one.active
    return f"change {what} of {group.name}, {synapses and synapses.name}"


def _free(synapses: rv.Synapses) -> bool:
    return synapses.variables["delay"].size == len(synapses) if "delay" in synapses.variables else False


def run(seed: int, chosen: Options | None) -> Made:
    """Makes a network, runs it and changes it, several times."""
    made = Made(seed)
    random = Random(seed)
    with options(chosen):
        made.network.run(0.8 * ms)
        made.network.store()
        for number in range(4):
            for _ in range(random.randint(1, 2)):
                made.say(change(made, random))
            made.network.run(random.randint(1, 9) * 0.1 * ms)
            if number == 2 and random.random() < 0.5:
                made.network.restore(restore_random_state=True)
                made.say("restore")
    return made


def changed(seed: int) -> int:
    """Returns the number of comparisons."""
    with np.errstate(all="ignore"):
        wanted = run(seed, Options(pipeline=TABULATE_DRAWS)).state()
        made = run(seed, None)
    same(made.state(), wanted, 1e-8, made, "changed")
    return 4
