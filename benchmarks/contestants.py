"""The simulators that are measured, each in processes of its own that can fail without the others."""

import json
import os
import select
import signal
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cases import Benchmark

HERE = Path(__file__).parent
C_FLAGS = ("-O3", "-march=native", "-ffast-math", "-fopenmp-simd", "-mprefer-vector-width=512", "-std=gnu11")
DTYPES = {"float64": "double", "float32": "float"}
SINGLE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class ContestantError(Exception):
    """A simulator that could not be started, ended early, or took too long."""


@dataclass(frozen=True)
class Setting:
    """Where and how long processes may run.

    Attributes:
        core: the core they are pinned to.
        timeout: seconds that a simulator may take for one answer.
        folder: for compiled programs and messages.
    """

    core: int
    timeout: float
    folder: Path


@dataclass
class Contestant:
    """One simulator with one model, and what was measured of it.

    Attributes:
        name: what it is shown as.
        start: makes it ready; returns what it tells about that.
        info: what it told when it was ready.
        runs: what it told of each run.
        memory: the peak memory (MB) of the network, and of the same cells without synapses.
        failure: why it takes no further part.
    """

    name: str
    info: dict[str, Any] = field(default_factory=dict)
    runs: list[dict[str, Any]] = field(default_factory=list)
    memory: tuple[float, float] | None = None
    failure: str | None = None

    def start(self) -> None:
        """Compile, build and warm up."""
        raise NotImplementedError

    def turn(self) -> None:
        """Run once."""
        raise NotImplementedError

    def compare_memory(self) -> None:
        """Find the peak memory of the network, and of the same cells without synapses."""
        raise NotImplementedError

    def leave(self) -> None:
        """End what waits."""

    def attempt(self, what: Callable[[], Any]) -> None:
        """Do one of the above; what fails is noted, and ends this contestant's part."""
        if self.failure:
            return
        try:
            what()
        except (ContestantError, OSError, subprocess.SubprocessError, ValueError) as error:
            self.failure = str(error) or type(error).__name__
            self.leave()

    def median(self, key: str) -> float | None:
        """Return the median of what the runs (or the start) told under a name, None if they did not."""
        told = [run[key] for run in self.runs if run.get(key) is not None]
        return statistics.median(told) if told else self.info.get(key)

    @property
    def costs(self) -> list[float]:
        """CPU seconds per simulated second of each run."""
        return [run["cpu"] / run["simulated"] for run in self.runs]

    def rate(self, cells: int) -> float | None:
        """Return the mean rate of the cells (Hz)."""
        counted = [run for run in self.runs if run.get("spikes") is not None]
        return statistics.mean(run["spikes"] / run["simulated"] / cells for run in counted) if counted else None

    def summary(self, cells: int) -> dict[str, Any]:
        """Return everything that was measured, and the medians."""
        found: dict[str, Any] = {key: self.median(key) for key in ("peak_mb", "preparation", "connect_cpu", "synapses")}
        if self.runs:
            found |= {"cost": statistics.median(self.costs), "lowest": min(self.costs), "highest": max(self.costs)}
        own = {"rate": self.rate(cells), "memory": self.memory, "failure": self.failure}
        return found | own | {"info": self.info, "runs": self.runs}


class HandWritten(Contestant):
    """The C program of a model."""

    def __init__(self, name: str, source: str, benchmark: Benchmark, dtype: str, setting: Setting) -> None:
        super().__init__(name)
        self.source, self.dtype, self.setting = HERE / "c" / f"{source}.c", dtype, setting
        self.program = setting.folder / f"{source}-{dtype}"
        self.command = [str(self.program), str(benchmark.cells), str(round(benchmark.seconds * 1e4))]

    def start(self) -> None:
        """Compile."""
        began = time.perf_counter()
        compiler = os.environ.get("CC", "gcc")
        command = [compiler, *C_FLAGS, f"-DREAL={DTYPES[self.dtype]}", str(self.source), "-o", str(self.program), "-lm"]
        done = subprocess.run(command, stderr=subprocess.PIPE, text=True, timeout=self.setting.timeout)
        if done.returncode:
            raise ContestantError(f"{compiler}: {last_line(done.stderr)}")
        self.info = {"compile_wall": time.perf_counter() - began}

    def turn(self) -> None:
        """Run the program once, each time with another network: rates differ by a few percent between networks."""
        self.runs.append(self._run({"LIMIT_SEED": str(len(self.runs))}))

    def compare_memory(self) -> None:
        """Run it once with nothing connected."""
        alone = self._run({"WITHOUT_SYNAPSES": "1"})
        self.memory = (self.runs[-1]["peak_mb"], alone["peak_mb"])

    def _run(self, variables: dict[str, str]) -> dict[str, Any]:
        pinned = {"preexec_fn": pin(self.setting.core), "env": os.environ | variables}
        done = subprocess.run(self.command, stdout=subprocess.PIPE, timeout=self.setting.timeout, **pinned)
        if done.returncode:
            raise ContestantError(f"{self.program.name} ended with status {done.returncode}")
        return json.loads(done.stdout)


class Simulator(Contestant):
    """A Python process that builds and compiles a model, then runs it once per line it is sent."""

    def __init__(self, name: str, command: Sequence[str], setting: Setting) -> None:
        super().__init__(name)
        self.command, self.setting = list(command), setting
        self.server: _Server | None = None

    def start(self) -> None:
        """Start the process and wait until it is ready."""
        self.server = _Server(self.command, self.setting)
        self.info = self.server.answer()

    def turn(self) -> None:
        """Ask for one run and wait for it."""
        assert self.server is not None
        self.runs.append(self.server.ask())

    def compare_memory(self) -> None:
        """Run once more with synapses and without.

        What was compiled before is in the caches by then, so that no compiler counts; the same goes for the time of
        making the synapses. (Brian's standalone program contains no compiler.)
        """
        standalone = "cpp_standalone" in self.command
        if not standalone:
            self._fresh("--without-synapses")
        again = {**self.runs[-1], **self.info} if standalone else self._fresh()
        self.info |= {key: again[key] for key in ("connect_cpu",) if key in again}
        self.memory = (again["peak_mb"], self._fresh("--without-synapses")["peak_mb"])

    def _fresh(self, *more: str) -> dict[str, Any]:
        """Return what a new process tells of its start and of one run."""
        server = _Server([*self.command, *more], self.setting)
        try:
            return server.answer() | server.ask()
        finally:
            server.end()

    def leave(self) -> None:
        """End the process."""
        if self.server is not None:
            self.server.end()


class _Server:
    """The process of a simulator, and all that it starts."""

    def __init__(self, command: Sequence[str], setting: Setting) -> None:
        self.setting, self.pending = setting, b""
        self.messages = tempfile.TemporaryFile(dir=setting.folder)
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.messages,
            preexec_fn=pin(setting.core),
            start_new_session=True,
            env=os.environ | SINGLE_THREAD | {"TMPDIR": str(setting.folder)},
        )

    def ask(self) -> dict[str, Any]:
        """Ask for one run and return what it tells."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(b"run\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise ContestantError(self._last_words()) from None
        return self.answer()

    def answer(self) -> dict[str, Any]:
        """Return the next line of JSON."""
        assert self.process.stdout is not None
        until = time.monotonic() + self.setting.timeout
        while True:
            line, found, rest = self.pending.partition(b"\n")
            if found:
                self.pending = rest
                if line.startswith(b"{"):
                    return json.loads(line)
                continue
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise ContestantError(f"no answer within {self.setting.timeout:g} s")
            read = os.read(self.process.stdout.fileno(), 65536)
            if not read:
                raise ContestantError(self._last_words())
            self.pending += read

    def _last_words(self) -> str:
        self.messages.seek(0)
        said = last_line(self.messages.read().decode(errors="replace"))
        return f"ended early with status {self.process.wait()}{': ' if said else ''}{said}"

    def end(self) -> None:
        """End the process: kindly, then with all that it started."""
        if self.process.stdin is not None and not self.process.stdin.closed:
            try:
                self.process.stdin.close()
                self.process.wait(timeout=5)
            except (OSError, subprocess.TimeoutExpired):
                pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.messages.close()


def last_line(text: str) -> str:
    """Return the last line that tells something of an error: where a traceback was, its error; else simply the last."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if "rror" in line]
    return (telling or lines or [""])[-1]


def pin(core: int) -> Callable[[], None]:
    """Return a function that pins the process that calls it to a core, where that can be done."""
    return lambda: os.sched_setaffinity(0, {core}) if hasattr(os, "sched_setaffinity") else None
