"""Random calls of `connect`, against loops over all pairs; then variables and indices of the synapses they make."""

from collections.abc import Iterator
from random import Random
from typing import Any

import numpy as np
from fuzz.expressions import agrees
from fuzz.reference import Open, meaning
from fuzz.texts import Texts

import ranvier as rv

MODEL = "x : 1\nk : integer\nb : boolean"
OUTSIDE = {"p": 0.5, "q": -3, "z": 3}
Pair = tuple[int, int]


class Ends:
    """A group or a part of one, and the values of its elements."""

    def __init__(self, random: Random, name: str) -> None:
        size = random.choice((1, 2, 3, 4, 5, 7, 8, 9, 17))
        self.group = rv.NeuronGroup(size, MODEL, namespace={}, name=name)
        self.group.x[:] = [random.choice((0.0, 0.5, 1.0, -2.25, 3.0, 7.5)) for _ in range(size)]
        self.group.k[:] = [random.randint(-3, 9) for _ in range(size)]
        self.group.b[:] = [random.random() < 0.5 for _ in range(size)]
        start = random.randrange(size) if random.random() < 0.4 else 0
        stop = random.randint(start + 1, size) if random.random() < 0.4 else size
        self.part: Any = self.group if (start, stop) == (0, size) else self.group[start:stop]
        columns = {name: np.asarray(getattr(self.group, name)[start:stop]).tolist() for name in "xkb"}
        self.rows = [{name: values[n] for name, values in columns.items()} for n in range(stop - start)]

    def __len__(self) -> int:
        return len(self.rows)


class Case:
    """Two ends, synapses between them, and what they should be."""

    def __init__(self, random: Random) -> None:
        rv.start_scope()
        rv.defaultclock.dt = 0.1 * rv.ms
        self.random = random
        self.pre = Ends(random, "before")
        self.post = Ends(random, "after") if random.random() < 0.7 else self.pre
        self.synapses = rv.Synapses(
            self.pre.part, self.post.part, "w : 1\nh : integer\nf : boolean", multisynaptic_index="number",
            namespace=OUTSIDE,
        )  # fmt: skip
        self.pairs: list[Pair] = []

    def names(self, i: int | None, j: int | None) -> dict[str, Any]:
        """Returns the values of names for one pair, or for one element of which the other is not known."""
        found: dict[str, Any] = {**OUTSIDE, "N_pre": len(self.pre), "N_post": len(self.post)}
        if i is not None:
            found |= {"i": i} | {f"{name}_pre": value for name, value in self.pre.rows[i].items()}
        if j is not None:
            found |= {"j": j} | {f"{name}_post": value for name, value in self.post.rows[j].items()}
            found |= self.post.rows[j]
        return found

    def texts(self, i: bool, j: bool, *more: str) -> Texts:
        """Returns a maker of expressions of the names that are known."""
        sides = [*(("pre",) if i else ()), *(("post",) if j else ())]
        known = [*(("i",) if i else ()), *(("j",) if j else ()), *more]
        integers = [*known, *known, "N_pre", "N_post", "z", *(f"k_{side}" for side in sides)]
        return Texts(
            self.random,
            ("p", *(f"x_{side}" for side in sides), *(("x",) if j else ())),
            tuple(integers),
            tuple(f"b_{side}" for side in sides),
        )

    def connect(self) -> None:
        """Calls `connect` once, and says what it should do.

        Raises:
            Open: What it should do is not said.
        """
        how = self.random.choice((self.by_condition, self.by_arrays, self.by_one, self.by_range, self.by_range))
        wanted, options = how()
        fails = wanted is None or any(not 0 <= i < len(self.pre) or not 0 <= j < len(self.post) for i, j in wanted)
        self.called = f"connect({options}) of {len(self.pre)} and {len(self.post)}"
        try:
            self.synapses.connect(**options)
        except IndexError:
            assert fails, self.called
            return
        assert not fails, f"no IndexError by {self.called}"
        self.pairs += wanted
        found = list(zip(self.synapses.i[:].tolist(), self.synapses.j[:].tolist(), strict=True))
        assert found == self.pairs, f"{self.called}: {found}, not {self.pairs}"

    def copies(self) -> tuple[dict[str, Any], Any]:
        """Returns the argument `n` and the number of copies of a pair."""
        match self.random.randrange(4):
            case 0:
                number = self.random.randint(0, 3)
                return {"n": number}, lambda i, j: number
            case 1:
                text = f"({self.texts(True, True).text('integer', 1)}) % 4"
                return {"n": text}, lambda i, j: meaning(text, self.names(i, j))[0]
        return {}, lambda i, j: 1

    def by_condition(self) -> tuple[list[Pair], dict[str, Any]]:
        text = self.texts(True, True).text("boolean", self.random.randint(1, 3))
        options, copies = self.copies()
        options["condition"] = text
        if self.random.random() < 0.2:
            options["p"] = self.random.choice((1, 1.0, "1 + i", "1"))
        pairs = [(i, j) for i in range(len(self.pre)) for j in range(len(self.post))]
        kept = [(i, j) for i, j in pairs if meaning(text, self.names(i, j))[0]]
        return [pair for pair in kept for _ in range(copies(*pair))], options

    def by_arrays(self) -> tuple[list[Pair], dict[str, Any]]:
        count = self.random.randint(0, 12)
        beyond = self.random.random() < 0.1
        i = [self.random.randrange(len(self.pre) + beyond) for _ in range(count)]
        j = [self.random.randrange(len(self.post) + beyond) for _ in range(count)]
        options: dict[str, Any] = {"i": np.array(i, dtype=int), "j": np.array(j, dtype=int)}
        if self.random.random() < 0.3:
            j = [self.random.randrange(len(self.post))] * count
            options["j"] = j[0] if count else options["j"]
        n = self.random.randint(1, 3)
        if n > 1:
            options["n"] = n
        return [pair for pair in zip(i, j, strict=True) for _ in range(n)], options

    def by_one(self) -> tuple[list[Pair] | None, dict[str, Any]]:
        return self.listed("", lambda names: iter([{}]))

    def by_range(self) -> tuple[list[Pair] | None, dict[str, Any]]:
        self.forward = self.random.random() < 0.6
        texts = self.texts(self.forward, not self.forward)
        stop = f"({texts.text('integer', 1)}) % 9"
        start = f"({texts.text('integer', 1)}) % 5 - 2" if self.random.random() < 0.5 else None
        step = self.random.choice(("1", "2", "3", "-1", f"1 + ({texts.text('integer', 1)}) % 3"))
        parts = [start or "0", stop, step if start and self.random.random() < 0.6 else "1"]
        given = [stop] if start is None else [start, stop] if parts[2] == "1" else parts

        def values(names: dict[str, Any]) -> Iterator[dict[str, Any]]:
            for value in range(*(int(meaning(part, names)[0]) for part in parts)):
                yield {"v": value}

        return self.listed(f" for v in range({', '.join(given)})", values)

    def listed(self, loop: str, values: Any) -> tuple[list[Pair] | None, dict[str, Any]]:
        forward = self.forward if loop else self.random.random() < 0.6
        more = ("v", "v") if loop else ()
        outer, inner = (self.pre, self.post) if forward else (self.post, self.pre)
        skip = self.random.random() < 0.5
        target = self.texts(forward, not forward, *more).text("integer", self.random.randint(0, 2))
        if self.random.random() < 0.5:
            target = f"({target}) % {'N_post' if forward else 'N_pre'}"
        full = skip and self.random.random() < 0.6
        condition = ""
        if self.random.random() < 0.6:
            condition = self.texts(forward or full, not forward or full, *more).text("boolean", 2)
        options, copies = self.copies() if skip else ({}, lambda i, j: 1)
        options["j" if forward else "i"] = target + loop + (f" if {condition}" if condition else "")
        if skip:
            options["skip_if_invalid"] = True
        pairs: list[Pair] = []
        for one in range(len(outer)):
            known = self.names(one, None) if forward else self.names(None, one)
            for more_names in values(known):
                found = int(meaning(target, known | more_names)[0])
                valid = 0 <= found < len(inner)
                if abs(found) > 2**31 - 1:
                    raise Open
                pair = (one, found) if forward else (found, one)
                if skip and not valid:
                    continue
                here = self.names(*pair) | more_names if valid else known | more_names
                if not condition or meaning(condition, here)[0]:
                    pairs += [pair] * (copies(*pair) if valid else 1)
        return pairs, options

    def check_variables(self) -> int:
        """Checks what is derived of the ends, values by text and indices; returns the number of checks."""
        s, pairs = self.synapses, self.pairs
        incoming = [sum(1 for _, other in pairs if other == j) for _, j in pairs]
        outgoing = [sum(1 for other, _ in pairs if other == i) for i, _ in pairs]
        numbers = [pairs[:n].count(pair) for n, pair in enumerate(pairs)]
        assert s.N_incoming[:].tolist() == incoming and s.N_outgoing[:].tolist() == outgoing, self.called
        assert s.number[:].tolist() == numbers, self.called
        for name, kind in (("w", "float"), ("h", "integer"), ("f", "boolean")):
            text = self.texts(True, True).text(kind, 2)
            try:
                getattr(s, name)[:] = text
            except OverflowError:
                continue
            for pair, value in zip(pairs, np.asarray(getattr(s, name)[:]), strict=True):
                try:
                    wanted, error = meaning(text, self.names(*pair))
                except Open:
                    continue
                assert agrees(value, wanted, error, kind), f"{text!r} is {value}, not {wanted}, of {self.names(*pair)}"
        return 5

    def check_indices(self) -> int:
        """Checks reading and writing of some synapses."""
        s, pairs, random = self.synapses, self.pairs, self.random
        if not pairs:
            return 0
        s.w[:] = np.arange(len(pairs), dtype=float)
        for _ in range(6):
            i, chosen_i = self.index(len(self.pre))
            j, chosen_j = self.index(len(self.post))
            wanted = [n for n, (a, b) in enumerate(pairs) if a in chosen_i and b in chosen_j]
            index: tuple[Any, ...] = (i, j)
            if random.random() < 0.3:
                k = random.randint(0, 2)
                index = (i, j, k)
                wanted = [n for n in wanted if pairs[:n].count(pairs[n]) == k]
            found = np.asarray(s.w[index]).tolist()
            assert found == wanted, f"w[{index}] is {found}, not {wanted}, of {pairs}"
            s.h[:] = 0
            s.h[index] = 5
            assert np.flatnonzero(s.h[:]).tolist() == wanted, f"h[{index}] = 5 of {pairs}"
        condition = self.texts(True, True).text("boolean", 2)
        wanted = [n for n, pair in enumerate(pairs) if meaning(condition, self.names(*pair))[0]]
        assert np.asarray(s.w[condition]).tolist() == wanted, f"w[{condition!r}] of {pairs}"
        return 13

    def index(self, size: int) -> tuple[Any, set[int]]:
        """Returns a random index of one of two sides, and the elements it stands for."""
        random = self.random
        match random.randrange(4):
            case 0:
                one = random.randrange(size)
                return random.choice((one, np.int64(one), np.int32(one))), {one}
            case 1:
                ends = [random.choice((None, random.randint(-size, size + 2))) for _ in range(2)]
                chosen = slice(*ends, random.choice((None, None, 1, 2, 3)))
                return chosen, set(range(size)[chosen])
            case 2:
                some = [random.randrange(size) for _ in range(random.randint(1, 4))]
                return random.choice((some, np.array(some), np.array(some, dtype=np.int32))), set(some)
        return slice(None), set(range(size))


def connected(seed: int) -> int:
    """Calls of `connect`, then the variables of the synapses, and the indices of their ends."""
    checks = 0
    random = Random(seed)
    for _ in range(5):
        case = Case(random)
        case.synapses.connect(i=np.array([], dtype=int), j=np.array([], dtype=int))
        case.called = "nothing"
        try:
            for _ in range(random.randint(1, 3)):
                case.connect()
                checks += 1
            checks += case.check_variables()
            checks += case.check_indices()
        except (Open, ZeroDivisionError):  # numbers of neurons that are divided by zero are refused
            continue
    return checks
