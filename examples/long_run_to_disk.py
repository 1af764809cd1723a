"""A long run, streamed to disk
============================

A recording that never is in memory as a whole: it goes to disk while the run goes on, and is read in pieces.

`python examples/long_run_to_disk.py [directory]` writes `results/long_run.arrows` (about 80 MB) with a memory budget of
4 MB, `long_run_means.parquet` and a picture.
"""

import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ranvier import *

directory = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
directory.mkdir(parents=True, exist_ok=True)
seed(3)

tau = 50 * ms
channels = NeuronGroup(1000, "dx/dt = -x/tau + sqrt(2/tau)*xi : 1", method="euler")
channels.x = "randn()"
recording = StateMonitor(channels, "x", record=True)
budget = 4_000_000
recording.stream_to(directory / "long_run.arrows", memory_budget=budget)
run(1 * second, report="text")

path = directory / "long_run.arrows"
print(f"{path}: {path.stat().st_size / 1e6:.0f} MB, recorded with {budget / 1e6:.0f} MB of memory")

# a batch at a time: this would work for a file of any size, and while a run is still writing it
times, means, squares = [], [], []
with pa.memory_map(str(path)) as file, pa.ipc.open_stream(file) as reader:
    for batch in reader:
        values = batch["x"].flatten().to_numpy().reshape(len(batch), -1)
        times.append(batch["t"].to_numpy())
        means.append(values.mean(axis=1))
        squares.append(values.var(axis=1))
t, mean, var = (np.concatenate(parts) for parts in (times, means, squares))
print(f"{len(t)} times; variance of the channels {var.mean():.3f} (in theory 1)")
pq.write_table(pa.table({"t": t, "mean": mean, "var": var}), directory / "long_run_means.parquet")

figure(figsize=(8, 3.5), layout="tight")
plot(t, mean, label="mean of 1000 channels")
plot(t, var, label="their variance")
xlabel("time (s)"), ylabel("x"), legend(loc="center right")
savefig(directory / "long_run.png", dpi=120)
# sphinx_gallery_tags = ["data", "arrow", "parquet"]
