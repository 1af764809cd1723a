"""A run that is divided: each part is compiled and run otherwise, or by another process, and the bits are the same."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from fuzz.invariances import options, same
from fuzz.networks import Made

import ranvier as rv
from ranvier.actions.rewrites.names import NAMES, TABULATE_DRAWS
from ranvier.codegen import CodegenOptions
from ranvier.passes.default_pipeline import default_pipeline, split_pipeline
from ranvier.runtime.team import dividing_all_work
from ranvier.stages import Options, set_default_options

STEPS = 30
ms = rv.ms


class Ways:
    """Ways to compile and run a part of a network's run, all of which round alike.

    Args:
        random: Where choices come from.

    Attributes:
        usual: The one that others are compared with.
    """

    def __init__(self, random: Random) -> None:
        self._random = random
        self._passes = split_pipeline(default_pipeline("off"))
        self._rewrites = [name for name in NAMES if name == TABULATE_DRAWS or random.random() < 0.5]
        self.usual = self._of(self._passes)

    def _of(self, passes: list[str], **more: Any) -> Options:
        code = CodegenOptions(fast_math="off", optimise=0)
        return Options(pipeline=",".join([*self._rewrites, *passes]), codegen=code, **more)

    def other(self) -> Options:
        """Returns another way. Constants are always folded, since that may round otherwise than the processor."""
        r, passes = self._random, self._passes
        match r.randrange(5):
            case 0:
                return self._of([name for name in passes if name == passes[0] or r.random() < 0.6])
            case 1:
                layout = r.choice(("rows", "counts", "bits", "ring"))
                return self._of(
                    [name.replace("choose-layout{", f'choose-layout{{layout="{layout}" ') for name in passes]
                )
            case 2:
                return self._of([name.replace("defer-events{", "defer-events{always=true ") for name in passes])
            case 3:
                return self._of(passes, target="emulated", block=r.choice((2, 32)), order=r.choice((0, 1, 7)))
        return self.usual


def switched(seed: int) -> int:
    """Between the parts of a run passes, layouts, threads and the target change, and states are stored and restored."""
    random = Random(seed)
    ways = Ways(random)
    made = Made(seed, large=random.random() < 0.3)
    with options(ways.usual):
        made.network.run(STEPS * 0.1 * ms)
    wanted, threads = made.state(), rv.prefs.codegen.threads
    made = Made(seed, large=made.large)
    left = STEPS
    with options(None), dividing_all_work():
        while left:
            way = ways.other()
            set_default_options(way)
            rv.prefs.codegen.threads = random.choice((1, 2, 3))
            made.say(f"{STEPS - left} steps, then {way}, {rv.prefs.codegen.threads} threads")
            part = random.randint(1, left)
            made.network.run(part * 0.1 * ms)
            left -= part
            if random.random() < 0.3:
                made.network.store("here")
                made.network.restore("here", restore_random_state=True)
                made.say("store, restore")
    rv.prefs.codegen.threads = threads
    same(made.state(), wanted, 0.0, made, "switched")
    return 1


def divided(seed: int) -> int:
    """A network of groups that are divided does the same with several threads, also in parts."""
    threads, random = rv.prefs.codegen.threads, Random(seed)
    wanted: dict[str, np.ndarray] = {}
    for number in (1, 2, 3, 8):
        made = Made(seed, large=True)
        rv.prefs.codegen.threads = number
        steps = random.choice((STEPS, STEPS - 7))
        with dividing_all_work():
            made.network.run(steps * 0.1 * ms)
            made.network.run((STEPS - steps) * 0.1 * ms)
        wanted = wanted or made.state()
        same(made.state(), wanted, 0.0, made, f"{number} threads, {steps} steps first")
    rv.prefs.codegen.threads = threads
    return 3


def resumed(seed: int) -> int:
    """A run goes on as if nothing had been: in another process, after an error of Python, after `stop()`."""
    random = Random(seed)
    first = random.randint(1, STEPS - 1)
    made = Made(seed)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "state"
        made.network.run(first * 0.1 * ms)
        made.network.store("here", filename=str(file))
        made.network.run((STEPS - first) * 0.1 * ms)
        wanted = made.state()

        def elsewhere() -> None:
            other = Made(seed)
            rv.seed(seed + 1)
            other.network.run(random.randint(0, 5) * 0.1 * ms)
            other.network.restore("here", filename=str(file), restore_random_state=True)
            other.network.run((STEPS - first) * 0.1 * ms)
            same(other.state(), wanted, 0.0, other, f"by another process after {first} steps")

        in_another_process(elsewhere)
    return 1 + _interrupted(seed, first)


def _interrupted(seed: int, first: int) -> int:
    """Compares runs in which Python ends the run after a step; returns how many."""
    wanted: dict[str, np.ndarray] = {}
    for end in (None, "stop", "error"):
        made = Made(seed)
        made.network.add(_ending(made, end, first))
        try:
            made.network.run(STEPS * 0.1 * ms)
        except ZeroDivisionError:
            assert end == "error"
        left = STEPS * 0.1 * ms - made.network.t
        assert (left > 0.05 * ms) == bool(end), f"{left} left after {end}, of\n" + "\n".join(made.text)
        if end:
            made.network.run(left)
        wanted = wanted or made.state()
        same(made.state(), wanted, 0.0, made, f"{end} after {first} steps")
    return 2


def _ending(made: Made, end: str | None, first: int) -> Any:
    @rv.network_operation(when="end", order=99, dt=0.1 * ms, name="ending")
    def ending() -> None:
        if end and round(float(made.network.t_) / 1e-4) == first - 1:
            made.network.stop() if end == "stop" else 1 // 0

    return ending


def in_another_process(action: Callable[[], None]) -> None:
    """Does something in a fork of this process.

    Raises:
        AssertionError: It raised an error there, which is the text, or ended otherwise.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        text = ""
        try:
            action()
        except BaseException as error:
            text = f"{type(error).__name__}: {error}"
        os.write(writing, text.encode()[:60_000])
        os._exit(bool(text))
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        text = pipe.read().decode()
    _, status = os.waitpid(child, 0)
    assert status == 0, text or f"the process ended with {status}"
