"""f-I curve of a leaky integrate-and-fire cell
============================================

How fast a cell fires for each constant current, beside the formula. All currents run at once: there is one cell for
each.

`python examples/fi_curve.py [directory]` writes `results/fi_curve.png` and `fi_curve.parquet` (current in A, rate in
Hz).
"""

import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ranvier import *

directory = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
directory.mkdir(parents=True, exist_ok=True)

C, g_leak, E_leak, v_th = 200 * pF, 10 * nS, -70 * mV, -50 * mV
t_refractory = 2 * ms
equations = """
dv/dt = (g_leak*(E_leak - v) + I)/C : volt (unless refractory)
I : amp (constant)
"""
cells = NeuronGroup(200, equations, threshold="v > v_th", reset="v = E_leak", refractory=t_refractory, method="exact")
cells.v = E_leak
cells.I = "i*1*nA/(N - 1)"
spikes = SpikeMonitor(cells, record=False)  # counts only
duration = 2 * second
run(duration)

current, rate = cells.I[:], spikes.count / duration
# in closed form: tau*log((I/g)/(I/g - threshold)) from reset to threshold, and the refractory period
above = current / g_leak > v_th - E_leak
drive = current[above] / g_leak
theory = 1 / (t_refractory + C / g_leak * log(drive / (drive - (v_th - E_leak))))
print(f"rheobase {current[above][0] / pA:.0f} pA, {rate[-1] / Hz:.1f} Hz at 1 nA (in theory {theory[-1] / Hz:.1f} Hz)")

plot(current / pA, rate / Hz, label="simulated")
plot(current[above] / pA, theory / Hz, "--", label="in theory")
xlabel("I (pA)")
ylabel("rate (Hz)")
legend()
savefig(directory / "fi_curve.png", dpi=120)
pq.write_table(pa.table({"current": np.asarray(current), "rate": np.asarray(rate)}), directory / "fi_curve.parquet")
# sphinx_gallery_tags = ["neurons", "exact", "theory", "parquet"]
