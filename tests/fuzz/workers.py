"""Runs cases in processes of their own, so that a crash or a hang is one more finding."""

import gc
import multiprocessing
import os
import tempfile
import traceback
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

AT_ONCE = 200
"""Seeds that one process does, so that memory that one case leaves behind does not grow."""

LONGEST = 600.0
"""Seconds that one seed may take."""

KINDS = {
    "assigned": ("fuzz.expressions", "assigned"),
    "compiled": ("fuzz.expressions", "compiled"),
    "indexed": ("fuzz.indexing", "indexed"),
    "connected": ("fuzz.connecting", "connected"),
    "mistaken": ("fuzz.indexing", "mistaken"),
    "interpreted": ("fuzz.invariances", "interpreted"),
    "chunked": ("fuzz.invariances", "chunked"),
    "optimised": ("fuzz.invariances", "optimised"),
    "changed": ("fuzz.changing", "changed"),
    "timed": ("fuzz.timing", "timed"),
    "simulated": ("fuzz.rules", "simulated"),
    "emulated": ("fuzz.emulating", "emulated"),
    "swept": ("fuzz.sweeping", "swept"),
    "switched": ("fuzz.switching", "switched"),
    "divided": ("fuzz.switching", "divided"),
    "resumed": ("fuzz.switching", "resumed"),
}
"""Where the function of each kind is; it takes a seed and returns the number of cases it has checked."""


@dataclass(frozen=True)
class Finding:
    """A seed that failed, and how."""

    kind: str
    seed: int
    what: str
    details: str = ""


def check(kind: str, seed: int) -> int:
    """Does the cases of one seed in this process, and returns how many there were."""
    module, name = KINDS[kind]
    return getattr(import_module(module), name)(seed)


def _work(kind: str, seeds: range, pipe: Any) -> None:
    os.environ.setdefault("RANVIER_CACHE", "off")  # no program is met again
    import ranvier  # in the process that works

    warnings.simplefilter("ignore")
    ranvier.prefs["logging.console_log_level"] = "CRITICAL"
    ranvier.prefs["logging.file_log"] = False
    terminal = tempfile.TemporaryFile()
    os.dup2(terminal.fileno(), 2)
    for seed in seeds:
        pipe.send(("begins", seed, ""))
        try:
            done = check(kind, seed)
            assert not os.fstat(2).st_size, f"on the terminal: {_read(terminal)}"
            pipe.send(("done", done, ""))
        except Exception as error:
            what = f"{type(error).__name__}: {error}"
            if error.__cause__ is not None:
                what += f" <- {type(error.__cause__).__name__}: {error.__cause__}"
            pipe.send(("failed", what[:3000], traceback.format_exc()[-6000:]))
        gc.collect()
    pipe.send(("end", 0, ""))


def _read(terminal: Any) -> str:
    """Returns what has been written, which then is forgotten."""
    terminal.seek(0)
    text = terminal.read().decode(errors="replace")
    terminal.seek(0)
    terminal.truncate()
    return text


def outcomes(kind: str, first: int, cases: int) -> Iterator[int | Finding]:
    """Yields the number of cases of each seed, or what went wrong, until enough have been done."""
    context = multiprocessing.get_context("spawn")
    done, seed = 0, first
    while done < cases:
        ours, theirs = context.Pipe(duplex=False)
        seeds = range(seed, seed + AT_ONCE)
        worker = context.Process(target=_work, args=(kind, seeds, theirs), daemon=True)
        worker.start()
        theirs.close()
        for result in _listen(kind, seed, worker, ours):
            seed += 1
            done += result if isinstance(result, int) else 1
            yield result
            if done >= cases:
                break
        worker.kill()
        worker.join()


def _listen(kind: str, seed: int, worker: Any, pipe: Any) -> Iterator[int | Finding]:
    while True:
        try:
            if not pipe.poll(LONGEST):
                yield Finding(kind, seed, f"took more than {LONGEST} s")
                return
            what, value, details = pipe.recv()
        except EOFError:
            worker.join()
            yield Finding(kind, seed, f"the process ended with {worker.exitcode}")
            return
        if what == "begins":
            seed = value
        elif what == "end":
            return
        else:
            yield value if what == "done" else Finding(kind, seed, value, details)
