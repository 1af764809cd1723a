"""Random networks of all kinds of objects; a seed makes the same network again."""

from random import Random
from typing import Any

import numpy as np

import ranvier as rv

SIZES = (1, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65)
LARGE = (3, 65, 511, 512, 513, 1023, 1025, 1537, 2049)
"""Sizes of groups of which threads have ranges, and some that they have not."""

MOST_PAIRS = 6000
"""Large groups are connected at random, so that they have about so many synapses at most."""

ms = rv.ms


def smooth(random: Random, names: tuple[str, ...], depth: int = 2) -> str:
    """Returns an expression of moderate values that does not become infinite, mostly smooth."""
    if depth == 0 or random.random() < 0.15:
        return random.choice((*names, *names, "0.5", "1.25", "-0.75", "2", "0.1"))
    a, b = smooth(random, names, depth - 1), smooth(random, names, depth - 1)
    forms = (
        f"({a} + {b})",
        f"({a} - {b})",
        f"0.5*{a}*{b}",
        f"tanh({a})",
        f"exp(-abs({a}))",
        f"clip({a}, -1.5, 2)",
        f"int({a} > {b})*{a}",
        f"{a}/(1.5 + abs({b}))",
        f"clip({a}, -2, 2)**2",
        f"sin({a})",
        f"-{a}",
        f"exprel(clip({a}, -3, 3))",
        f"sqrt(abs({a}))",
        f"int(({a} < 0.3) or not ({b} >= 0.2))",
        f"(abs({a}) % 1.7)",
        f"clip({a}, -1, 1)**3",
        f"abs({a})**1.5",
        f"1/(1 + exp(-clip({a}, -9, 9)))",
    )
    return random.choice(forms)


class Made:
    """A random network.

    Args:
        seed: What the choices come from.
        noise: Whether it may draw random numbers.
        large: Whether its groups may be so large that threads divide them.

    Attributes:
        network: The network.
        groups: Its groups of neurons.
        synapses: Its synapses.
        text: What it is made of, for messages.
    """

    def __init__(self, seed: int, *, noise: bool = True, large: bool = False) -> None:
        rv.start_scope()
        rv.defaultclock.dt = 0.1 * ms
        rv.seed(seed)
        self.random = Random(seed)
        self.noise, self.large = noise, large
        self.sizes = LARGE if large else SIZES
        self.space: dict[str, Any] = {"tau": 2 * ms, "outer": 0.3, "whole": 3}
        self.text: list[str] = []
        self.groups: list[Any] = []
        self.sources: list[Any] = []
        self.synapses: list[Any] = []
        self.others: list[Any] = []
        self.summed: set[str] = set()
        r = self.random
        self.tables()
        for number in range(r.choice((1, 1, 2, 3))):
            self.group(number)
        for number in range(r.choice((0, 0, 1))):
            self.input(number)
        for number in range(r.choice((0, 1, 1, 2, 2, 3))):
            self.connected(number)
        if r.random() < 0.2:
            self.poisson_input()
        for number in range(r.choice((1, 2, 3))):
            self.monitor(number)
        objects = [*self.groups, *self.sources, *self.synapses, *self.others]
        self.network = rv.Network(*objects)

    def say(self, what: str) -> None:
        self.text.append(what)

    def tables(self) -> None:
        r = self.random
        dt = r.choice((0.1, 0.2, 0.3, 0.5, 0.25)) * ms
        self.space["table"] = rv.TimedArray(
            np.array([r.choice((0, 0.5, 1, -1)) for _ in range(r.randint(1, 6))]), dt=dt
        )
        columns = [[r.choice((0, 0.5, 1.5)) for _ in range(3)] for _ in range(r.randint(1, 4))]
        self.space["columns"] = rv.TimedArray(np.array(columns), dt=dt)

    # ---- neurons

    def group(self, number: int) -> None:
        r = self.random
        size = r.choice(self.sizes)
        names: tuple[str, ...] = ("v", "u", "w", "a", "s", "outer", "g")
        lines = [
            "w : 1",
            "a : 1 (constant)",
            "s : 1 (shared)",
            "g : 1",
            "k : integer",
            "n : integer (shared)",
            "b : boolean",
            "total : 1",
            "period : second",
        ]
        if r.random() < 0.4:
            names += ("part",)
            lines.append(f"part = {smooth(r, ('v', 'a', 's'))} : 1")
        if r.random() < 0.2:
            names += ("held",)
            lines.append(
                f"held = {smooth(r, ('v', 'a'))}{' + 0.1*rand()' if self.noise else ''} : 1 (constant over dt)"
            )
        if r.random() < 0.2:
            names += ("all",)
            lines.append(f"all = {smooth(r, ('s', 'outer'))} : 1 (shared)")
        links = r.random() < 0.3 and self.groups
        if links:
            names += ("far",)
            lines.append("far : 1 (linked)")
        if r.random() < 0.3:
            names += ("table(t)", "columns(t, i % 3)", "k", "n*0.1", "int(b)", "int(not_refractory)"[:0] or "outer")
        equations, method = self.equations(names)
        refractory = r.choice(
            (
                False,
                False,
                0.3 * ms,
                0.25 * ms,
                0 * ms,
                "period",
                "(0.2 + 0.1*(i % 3))*ms",
                "v > 0.5",
                "0.1*ms + 0.3*ms*a",
                "b",
            )
        )
        if refractory is not False and r.random() < 0.6:
            equations = [
                line + " (unless refractory)" if n == 0 or r.random() < 0.5 else line
                for n, line in enumerate(equations)
            ]
        events = {"low": "u < 0.11213"} if r.random() < 0.25 else {}
        options: dict[str, Any] = {
            "threshold": r.choice(
                (
                    "v > 0.61372",
                    "v > 0.61372 + 0.1*a",
                    "v > 0.51917 and u < 2",
                    "v > 0.61372 or b",
                    f"{smooth(r, names)} > 0.71931",
                )
            ),
            "reset": r.choice(
                (
                    "v = 0",
                    "v = 0; u += 0.1",
                    "v = 0.1*u; k += 1",
                    "x = v; v = x - 0.7; w = 0.9*w + 0.1*x",
                    "v -= 0.5; k = (k*3 + i) % 100",
                    "",
                    "v = 0; b = not b",
                    f"v = 0.1*{smooth(r, ('v', 'u', 'a'))}",
                )
            ),
            "refractory": refractory,
            "method": method,
            "events": events,
            "name": f"group{number}",
            "namespace": self.space,
        }
        if r.random() < 0.12:
            options["dt"] = r.choice((0.2, 0.3, 0.05)) * ms
        if r.random() < 0.1:
            options["dtype"] = np.float32
        self.say(f"NeuronGroup({size}, {[*equations, *lines]}, {options})")
        made = rv.NeuronGroup(size, "\n".join([*equations, *lines]), **options)
        made.v = np.linspace(0.05, 0.8, size)
        made.u, made.a = "0.3*(i % 3)", "0.1*(i % 7)"
        made.s, made.n = r.choice((0.2, 0.75)), r.randint(-2, 3)
        made.w = r.choice((0, 0.5, "0.05*i/N", "0.1*v"))
        made.k, made.b = "i % 4 - 1", "i % 5 == 2"
        made.period = "0.1*ms*(i % 4)"
        if links:
            self.link(made, size)
        if events:
            made.run_on_event("low", r.choice(("u += 0.2", "u = 0.15 + 0.01*i; k -= 1")))
        if r.random() < 0.4:
            code = r.choice(
                (
                    "w = 0.9*w + 0.05",
                    "k = (k + 1) % 5",
                    "s = 0.9*s + 0.01*n; n += 1",
                    "w += 0.01*v; b = v > w",
                    "u = clip(u, -1, 1.5)",
                    f"w = 0.2*{smooth(r, names)}",
                )
            )
            options = {"dt": r.choice((0.1, 0.2, 0.5)) * ms, "when": r.choice(("start", "end", "before_groups"))}
            self.say(f"run_regularly({code!r}, {options})")
            made.run_regularly(code, **options)
        self.groups.append(made)

    def equations(self, names: tuple[str, ...]) -> tuple[list[str], str]:
        r = self.random
        f = smooth(r, names, 3)
        linear = "a + s + outer + g"
        noisy = self.noise and r.random() < 0.3
        match r.randrange(7):
            case 0:
                return [f"dv/dt = ({linear} - v)/tau : 1", "du/dt = (v - u)/(3*ms) : 1"], r.choice(("exact", "euler"))
            case 1:
                return [f"dv/dt = ({linear} - v)/tau : 1", "du/dt = -u/(3*ms) : 1"], "exact"
            case 2 if noisy:
                return [f"dv/dt = ({f} - v)/tau + 0.2*xi*tau**-0.5 : 1", "du/dt = (a - u)/tau : 1"], r.choice(
                    ("euler", "heun")
                )
            case 3 if noisy:
                one = [
                    "dv/dt = (1.2 - v)/tau + 0.2*v*xi_1*tau**-0.5 : 1",
                    "du/dt = (v - u)/tau + 0.1*xi_2*tau**-0.5 : 1",
                ]
                return one, r.choice(("heun", "milstein"))
            case 4:
                h = smooth(r, ("u", *names[2:]), 2)
                return [f"dv/dt = ({h} - v*(1 + u**2))/tau : 1", "du/dt = (tanh(v) - u)/tau : 1"], r.choice(
                    ("exponential_euler", "rk2")
                )
        h = smooth(r, names, 2)
        return [f"dv/dt = (0.7 + {f} - v)/tau : 1", f"du/dt = ({h} - u)/(1*ms) : 1"], r.choice(("euler", "rk2", "rk4"))

    def link(self, made: Any, size: int) -> None:
        r = self.random
        other = r.choice(self.groups)
        name = r.choice(("v", "w", "s"))
        if name == "s" or len(other) == size:
            made.far = rv.linked_var(other, name)
        else:
            made.far = rv.linked_var(other, name, index=np.array([r.randrange(len(other)) for _ in range(size)]))

    def input(self, number: int) -> None:
        r = self.random
        if r.random() < 0.5 and self.noise:
            made: Any = rv.PoissonGroup(
                r.choice(self.sizes),
                rates=r.choice((1000 * rv.Hz, "500*Hz*(1 + i)", "1*kHz*int(t > 0.5*ms)")),
                name=f"input{number}",
            )
        else:
            count = r.randint(0, 12)
            pairs = {(r.randrange(5), r.randrange(30)) for _ in range(count)}
            indices, times = [p[0] for p in pairs], [p[1] * 0.1 for p in pairs]
            period = r.choice((0, 0, 3.5)) * ms
            made = rv.SpikeGeneratorGroup(5, indices, np.array(times) * ms, period=period, name=f"input{number}")
            self.say(f"SpikeGeneratorGroup(5, {indices}, {times}, {period})")
        self.sources.append(made)

    # ---- synapses

    def part(self, whole: Any) -> Any:
        r = self.random
        if r.random() < 0.7 or not isinstance(whole, rv.NeuronGroup):
            return whole
        start = r.randrange(len(whole))
        return whole[start : r.randint(start + 1, len(whole))]

    def connected(self, number: int) -> None:
        r = self.random
        whole, target = r.choice([*self.groups, *self.sources]), r.choice(self.groups)
        pre, post = self.part(whole), self.part(target)
        both = isinstance(whole, rv.NeuronGroup)
        model = r.choice(
            (
                "",
                "",
                "dtr/dt = -tr/(1*ms) : 1 (event-driven)\ndlow/dt = -low/(2*ms) : 1 (event-driven)",
                "dtr/dt = -tr/(1*ms) : 1 (event-driven)\ndlow/dt = (tr - low)/(2*ms) : 1 (event-driven)",
                "dtr/dt = (v_post - tr)/(1*ms) : 1 (clock-driven)",
                "dtr/dt = -tr/(1*ms) : 1 (clock-driven)\ndlow/dt = (tr*(1 - low) - low)/(2*ms) : 1 (clock-driven)",
                "tr : 1\nkk : integer\nbb : boolean\nss : 1 (shared)",
                "tr : 1\nlow = 0.1*weight*(1 + tr) : 1",
                "summed",
            )
        )
        if model == "summed":
            model = ""
            if target.name not in self.summed and both:
                self.summed.add(target.name)
                model = r.choice(
                    ("total_post = weight*v_pre : 1 (summed)", "total_post = weight*(v_pre - v_post) : 1 (summed)")
                )
        pre_code, post_code = self.code(model, both, True), self.code(model, both, False)
        options: dict[str, Any] = {
            "on_pre": pre_code,
            "method": "euler",
            "namespace": self.space,
            "name": f"synapses{number}",
        }
        if both and r.random() < 0.5:
            options["on_post"] = post_code
        if r.random() < 0.25:
            options["on_pre"] = {"pre": pre_code, "later": self.code(model, both, True)}
        if r.random() < 0.2:
            options["delay"] = r.choice((0, 0.1, 0.34, 1)) * ms
            if isinstance(options["on_pre"], dict):
                options["delay"] = {"pre": options["delay"]}
        model = "weight : 1\n" + model
        made = rv.Synapses(pre, post, model, **options)
        how = r.choice(
            (
                {},
                {"condition": "i != j"},
                {"condition": "(i + 2*j) % 3 == 0", "n": r.choice((1, 2))},
                {"p": 0.4},
                {"j": "i % N_post"},
                {"j": "v for v in range(i - 1, i + 3) if v != i", "skip_if_invalid": True},
                {"i": "(j*3) % N_pre"},
                {"i": np.array([0, 0]), "j": np.array([0, len(post) - 1])},
                {"condition": False},
                {"i": [r.randrange(len(pre)) for _ in range(9)], "j": [r.randrange(len(post)) for _ in range(9)]},
            )
        )
        if (len(pre) * len(post) > MOST_PAIRS and how.keys() & {"condition", "p"}) or (self.large and not how):
            how = {"p": min(MOST_PAIRS / (len(pre) * len(post)), 1)}
        made.connect(**how)
        if r.random() < 0.2:
            made.connect(i=0, j=0)
        made.weight = r.choice((0.1, "0.1*((3*i + j) % 4)", "0.05 + 0.01*i"))
        self.say(f"Synapses({pre.name}[{len(pre)}], {post.name}[{len(post)}], {model!r}, {options}).connect({how})")
        for name in made.pathways:
            if name == "pre" and "delay" in options:
                continue
            self.delay(getattr(made, name), len(made))
        if r.random() < 0.2:
            made.pre.order = r.choice((-1, 2))
        if r.random() < 0.15:
            made.pre.when = r.choice(("after_groups", "end", "start"))
        if r.random() < 0.15:
            made.run_regularly(
                r.choice(("weight = 0.95*weight", "weight = clip(weight + 0.01*v_post, 0, 0.5)")),
                dt=r.choice((0.1, 0.3)) * ms,
            )
        self.synapses.append(made)

    def code(self, model: str, both: bool, pre: bool) -> str:
        r = self.random
        possible = [
            "g_post += 0.1*weight",
            "g_post += weight",
            "v_post += 0.3*weight",
            "weight = clip(weight + 0.02, 0, 0.5)",
            "g_post = 0.5*g_post + 0.05*weight",
            "k_post = (3*k_post + i) % 100",
            "g_post += int(v_post > 0.2)*0.1*weight",
            "x = weight*0.5; g_post -= x*0.1; weight = x + 0.05",
            "b_post = not b_post",
            "g_post *= 0.9",
            "weight = weight*0.9 + 0.01*(j - i)",
            "u_post = clip(u_post + weight, -1, 1)",
        ]
        if both:
            possible += [
                "g_pre -= 0.01*weight",
                "v_post = v_post*0.9 + 0.1*v_pre",
                "g_pre = 0.5*g_pre + 0.1*v_post",
                "weight = 0.9*weight + 0.1*v_pre*v_post",
            ]
        if self.noise and r.random() < 0.3:
            possible += ["g_post += 0.05*weight*rand()", "weight = 0.9*weight + 0.02*randn()"]
        if "tr" in model:
            possible += ["tr += 0.1", "weight = clip(weight + 0.1*tr, 0, 0.6)", "tr = 0.5*tr + 0.1*weight"]
        if "dlow/" in model:
            possible += ["low += 0.1; weight = clip(weight + 0.05*tr, 0, 0.5)", "low -= 0.05"]
        if "kk" in model:
            possible += ["kk = (kk + i + 1) % 7; bb = kk > 3", "g_post += 0.1*int(bb)*ss + 0.01*kk"]
        return "; ".join(r.choice(possible) for _ in range(r.choice((1, 1, 2, 3))))

    def delay(self, pathway: Any, size: int) -> None:
        r = self.random
        match r.randrange(6):
            case 0:
                pathway.delay = r.choice((0, 0.1, 0.25, 0.5)) * ms
            case 1:
                pathway.delay = np.array([r.choice((0, 0.1, 0.2, 0.44, 0.7)) for _ in range(size)]) * ms
            case 2:
                pathway.delay = "0.1*ms*((i + j) % 4)"
            case 3:
                pathway.delay = np.array([r.choice((0.1, 4)) for _ in range(size)]) * ms

    # ---- what else

    def poisson_input(self) -> None:
        r = self.random
        if self.noise:
            made = rv.PoissonInput(
                self.part(r.choice(self.groups)),
                r.choice(("g", "v")),
                N=r.choice((1, 20, 500)),
                rate=r.choice((50, 900)) * rv.Hz,
                weight=r.choice((0.05, "0.02")),
            )
            self.others.append(made)

    def monitor(self, number: int) -> None:
        r = self.random
        source = self.part(r.choice([*self.groups, *self.groups, *self.sources]))
        match r.randrange(6):
            case 0 if self.synapses:
                made: Any = rv.StateMonitor(r.choice(self.synapses), "weight", record=True, name=f"monitor{number}")
            case 0 | 1:
                made = rv.PopulationRateMonitor(source, name=f"monitor{number}")
            case 2 | 3:
                more = r.choice((None, "v", ["v", "k"])) if hasattr(source, "v") else None
                made = rv.SpikeMonitor(source, variables=more, record=r.random() < 0.8, name=f"monitor{number}")
            case _:
                source = self.part(r.choice(self.groups))
                record = r.choice((True, [0], [len(source) - 1, 0], [len(source) // 2]))
                options: dict[str, Any] = {"when": r.choice(("start", "end", "after_thresholds"))}
                if r.random() < 0.3:
                    options["dt"] = r.choice((0.1, 0.2, 0.5)) * ms
                made = rv.StateMonitor(source, ["v", "k", "b", "s"], record=record, name=f"monitor{number}", **options)
        self.others.append(made)

    def state(self) -> dict[str, np.ndarray]:
        """Returns all values of groups, synapses and monitors, by name."""
        found: dict[str, Any] = {}
        for obj in [*self.groups, *self.synapses]:
            found |= {f"{obj.name}.{name}": np.array(v) for name, v in obj.get_states(units=False).items()}
        for obj in self.others:
            if isinstance(obj, rv.PoissonInput):
                continue
            found |= {f"{obj.name}.{name}": np.array(v) for name, v in obj.get_states(units=False).items()}
        return found
