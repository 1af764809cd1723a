"""Random networks natively and by the simulator of Brian's rules, with changes between runs."""

from random import Random
from typing import Any

import numpy as np
from fuzz.simulator import Group, Pathway, Simulator, Synapses

import ranvier as rv

ms = rv.ms
DT = 1e-4
NAMES = ("alpha", "Beta", "cells_2", "cells_10", "zeta")
CODES = (
    "g_post += w",
    "v_post += 0.3*w",
    "w = 0.9*w + 0.01*(i - j)",
    "g_post = 0.5*g_post + w",
    "c_post = (3*c_post + i) % 1000",
    "g_post += w*v_pre",
    "v_post = v_post*0.75 + 0.1*w",
    "u_pre = u_pre*0.5 + w",
    "w = clip(w + 0.1*g_post, 0, 2)",
    "c_post = c_post + 1",
    "g_post -= 0.1*w; w = w + 0.01",
)


class Both:
    """A network and its counterpart."""

    def __init__(self, seed: int) -> None:
        rv.start_scope()
        rv.defaultclock.dt = 0.1 * ms
        self.random = Random(seed)
        self.text: list[str] = []
        self.simulator = Simulator(DT)
        self.groups: list[tuple[Any, Group]] = []
        self.synapses: list[tuple[Any, Synapses]] = []
        self.summed: set[str] = set()
        self.monitors: list[Any] = []
        for name in self.random.sample(NAMES, self.random.choice((1, 2, 2, 3))):
            self.group(name)
        for number in range(self.random.choice((0, 1, 2, 2, 3))):
            self.connected(self.random.choice(("s", "Syn", "a_s")) + f"_{number}")
        self.trace = [
            (rv.StateMonitor(g, ["v", "c"], record=True, name="Monitor" + g.name, when=when), when)
            for g, _ in self.groups[:1]
            for when in [self.random.choice(("start", "end", "after_resets", "before_synapses"))]
        ]
        self.recorded: list[list[float]] = []
        twin = self.groups[0][1]
        for monitor, when in self.trace:
            self.simulator.do(when, 0, monitor.name, lambda: self.recorded.append(list(twin.values["v"])))
        objects = [g for g, _ in self.groups] + [s for s, _ in self.synapses] + self.monitors
        self.network = rv.Network(*objects, *(m for m, _ in self.trace))

    def group(self, name: str) -> None:
        r = self.random
        size = r.choice((1, 2, 3, 4, 5, 7, 9, 16, 17))
        texts = {
            "v": r.choice(
                (
                    "(drive + g - v)/(1*ms)",
                    "(drive + g - v*v)/(2*ms)",
                    "(drive + tanh(g) - v + 0.1*u)/(1*ms)",
                    "(drive + total - v)/(1*ms)",
                    "(drive + far - v)/(1*ms)",
                    "(drive*int(t > 0.45*ms) - v)/(1*ms)",
                )
            ),
            "u": r.choice(("(v - u)/(2*ms)", "-u/(1*ms)", "(exp(-abs(v)) - u)/(3*ms)")),
        }
        refractory, twin = r.choice(
            (
                (False, None),
                (False, None),
                (0.3 * ms, "0.3*ms"),
                (0.25 * ms, "0.25*ms"),
                ("0.1*ms*(i % 4)", "0.1*ms*(i % 4)"),
                ("v > 0.3", "v > 0.3"),
                ("0.1*ms + 0.25*ms*u", "0.1*ms + 0.25*ms*u"),
                (0.05 * ms, "0.05*ms"),
                ("u > 0.05", "u > 0.05"),
            )
        )
        protected = frozenset(n for n in ("v", "u") if twin is not None and r.random() < 0.5)
        lines = [f"d{n}/dt = {text} : 1{' (unless refractory)' if n in protected else ''}" for n, text in texts.items()]
        linked = "far" in texts["v"] and bool(self.groups)
        lines += ["g : 1", "drive : 1", "total : 1", "c : integer", "far : 1 (linked)" if linked else "far : 1"]
        threshold = r.choice(("v > 0.6", "v > 0.6 and c < 5", "v + 0.1*u > 0.7"))
        reset = r.choice(
            (
                "v = 0.0",
                "v = 0.0; c += 1",
                "v = v - 0.5",
                "v = 0.5*u; u = u + 0.2",
                "c += 2; g = 0.5*g",
                "x = v; v = 0.1*x; u = x",
            )
        )
        made = rv.NeuronGroup(
            size, "\n".join(lines), threshold=threshold, reset=reset, refractory=refractory, method="euler", name=name
        )
        values: dict[str, list[Any]] = {
            "v": [r.choice((0.0, 0.25, 0.5, 0.7)) for _ in range(size)],
            "u": [r.choice((0.0, 0.5)) for _ in range(size)],
            "g": [0.0] * size,
            "drive": [r.choice((0.5, 1.5, 3.0)) for _ in range(size)],
            "total": [0.0] * size,
            "c": [r.randrange(4) for _ in range(size)],
        }
        for variable in ("v", "u", "drive", "c"):
            getattr(made, variable)[:] = values[variable]
        links: dict[str, Any] = {}
        if linked:
            source, other = r.choice(self.groups)
            index = [r.randrange(other.size) for _ in range(size)]
            made.far = rv.linked_var(source, "v", index=np.array(index))
            links["far"] = (other, "v", index)
        else:
            values["far"] = [0.0] * size
        twin_group = Group(name, size, values, texts, protected, threshold, reset.replace("; ", "\n"), twin, links)
        self.simulator.group(twin_group)
        self.text.append(
            f"NeuronGroup({size}, {lines}, {threshold!r}, {reset!r}, {refractory!r}, name={name!r}) {values}"
        )
        self.groups.append((made, twin_group))
        self.monitors.append(rv.SpikeMonitor(made, name=f"spikes_{name}"))
        if r.random() < 0.3:
            code, when = (
                r.choice(("g = 0.5*g + 0.1", "v = v + 0.05", "c = c % 3")),
                r.choice(("start", "end", "after_groups")),
            )
            made.run_regularly(code, when=when, dt=0.2 * ms)
            self.text.append(f"run_regularly({code!r}, {when!r}, dt=0.2*ms)")
            self.simulator.do(
                when,
                0,
                f"{name}_run_regularly",
                lambda: self.simulator.n % 2 == 0 and twin_group.execute(code, self.simulator, range(size), True),
            )

    def part(self, pair: tuple[Any, Group]) -> tuple[Any, int, int]:
        made, twin = pair
        if self.random.random() < 0.6:
            return made, 0, twin.size
        start = self.random.randrange(twin.size)
        stop = self.random.randint(start + 1, twin.size)
        return made[start:stop], start, stop - start

    def connected(self, name: str) -> None:
        r = self.random
        before, after = r.choice(self.groups), r.choice(self.groups)
        (pre, first, n_pre), (post, second, n_post) = self.part(before), self.part(after)
        count = r.randint(0, 14)
        pairs = [(r.randrange(n_pre), r.randrange(n_post)) for _ in range(count)]
        if r.random() < 0.5:
            pairs.sort()
        kind = r.choice(("", "", "trace", "clocked", "summed"))
        if kind == "summed" and after[0].name in self.summed:
            kind = ""
        model, extra = "w : 1", {}
        codes = list(CODES)
        if kind == "trace":
            model += "\ndtr/dt = -tr/(1*ms) : 1 (event-driven)"
            extra["traces"] = {"tr": 1e-3}
            codes = [*CODES[:4], "tr = tr + 1", "w = w + 0.1*tr", "tr = tr*0.5 + w", "tr += 1; g_post += 0.1*tr"]
        elif kind == "clocked":
            model += "\ndtr/dt = (v_post - tr)/(1*ms) : 1 (clock-driven)"
            extra["clocked"] = {"tr": "(v_post - tr)/(1*ms)"}
            codes += ["tr += w", "g_post += 0.1*tr"]
        elif kind == "summed":
            model += "\ntotal_post = w*v_pre : 1 (summed)"
            extra["summed"] = {"total": "w*v_pre"}
            extra["order"] = 0 if post is after[0] else 1  # a part comes one place later than the whole
            self.summed.add(after[0].name)
        pick = lambda: "; ".join(r.choice(codes) for _ in range(r.choice((1, 1, 2))))
        paths = {"pre": pick()}
        if r.random() < 0.25:
            paths["more"] = pick()
        post_code = pick() if r.random() < 0.5 else None
        made = rv.Synapses(pre, post, model, on_pre=paths, on_post=post_code, method="euler", name=name)
        made.connect(i=np.array([i for i, _ in pairs], dtype=int), j=np.array([j for _, j in pairs], dtype=int))
        values = {"w": [r.choice((0.1, 0.25, 0.5)) for _ in pairs]}
        if pairs:
            made.w[:] = values["w"]
        if kind in ("trace", "clocked"):
            values["tr"] = [0.0] * count
        pathways = [Pathway(one, code, [0] * count, -1, True) for one, code in paths.items()]
        if post_code is not None:
            pathways.append(Pathway("post", post_code, [0] * count, 1, False))
        twin = Synapses(name, before[1], after[1], (first, second), (n_pre, n_post), pairs, values, pathways, **extra)
        self.text.append(
            f"Synapses({before[0].name}[{first}:{first + n_pre}], {after[0].name}[{second}:{second + n_post}], "
            f"{model!r}, {paths}, {post_code!r}, name={name!r}) {pairs} {values}"
        )
        self.synapses.append((made, twin))
        for path in pathways:
            self.delay(made, path)
        self.simulator.connect(twin)

    def delay(self, made: Any, path: Pathway) -> None:
        r = self.random
        match r.randrange(4):
            case 0:
                path.delays = [r.randint(0, 5)] * len(path.delays)
                getattr(made, path.name).delay = (path.delays[0] if path.delays else 0) * 0.1 * ms
            case 1 | 2:
                path.delays = [r.choice((0, 1, 2, 3, 5, 11)) for _ in path.delays]
                getattr(made, path.name).delay = np.array(path.delays, dtype=float) * 0.1 * ms
            case _:
                return
        self.text.append(f"{made.name}.{path.name}.delay = {path.delays}")

    def change(self) -> None:
        """Changes something, as scripts do between runs."""
        r = self.random
        made, twin = r.choice(self.groups)
        name = r.choice(("v", "g", "drive"))
        k = r.randrange(twin.size)
        getattr(made, name)[k] = twin.values[name][k] = r.choice((0.0, 0.4, 2.0))
        self.text.append(f"{made.name}.{name}[{k}] = {twin.values[name][k]}")
        if not self.synapses:
            return
        made, twin_synapses = r.choice(self.synapses)
        if r.random() < 0.6:
            self.delay(made, r.choice(twin_synapses.pathways))
        if twin_synapses.pairs and r.random() < 0.5:
            made.w = "0.1 + 0.05*i"
            twin_synapses.values["w"] = [0.1 + 0.05 * i for i, _ in twin_synapses.pairs]
            self.text.append(f"{made.name}.w = '0.1 + 0.05*i'")

    def check(self) -> int:
        """Compares everything; returns the number of arrays."""
        found: list[tuple[str, Any, Any]] = []
        for (made, twin), monitor in zip(self.groups, self.monitors, strict=True):
            found += [
                (f"{twin.name}.{name}", getattr(made, name)[:], values)
                for name, values in twin.values.items()
                if name not in ("lastspike", "free")
            ]
            if twin.refractory is not None:
                found.append((f"{twin.name}.lastspike", np.asarray(made.lastspike[:]), twin.values["lastspike"]))
                found.append((f"{twin.name}.not_refractory", made.not_refractory[:], twin.values["free"]))
            spikes = list(zip(monitor.i[:].tolist(), np.rint(np.asarray(monitor.t[:]) / DT).tolist(), strict=True))
            found.append((f"spikes of {twin.name}", np.ravel(spikes), np.ravel(self.simulator.record[twin.name])))
        for made, twin_synapses in self.synapses:
            found += [(f"{made.name}.{name}", getattr(made, name)[:], v) for name, v in twin_synapses.values.items()]
        for monitor, _ in self.trace:
            found.append(("monitor", np.asarray(monitor.v).T.ravel(), np.ravel(self.recorded)))
        for what, ours, theirs in found:
            message = f"{what}, of\n" + "\n".join(self.text)
            ours, theirs = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
            assert ours.shape == theirs.shape, f"{ours} is not {theirs}: {message}"
            np.testing.assert_allclose(ours, theirs, 1e-9, 1e-12, err_msg=message)
        return len(found)


def simulated(seed: int) -> int:
    """A network does what Brian's rules say, in several runs."""
    both = Both(seed)
    checks = 0
    for number in range(both.random.randint(1, 3)):
        if number:
            both.change()
        count = 2 * both.random.randint(3, 9)
        both.network.run(count * 0.1 * ms)
        both.simulator.run(count)
        both.text.append(f"run({count} steps)")
        checks += both.check()
    return checks
