"""Random expressions: assigned to variables, as indices, compiled; against their meaning element by element."""

import math
from random import Random
from typing import Any

import numpy as np
from fuzz.reference import Open, meaning
from fuzz.texts import Texts

import ranvier as rv

SIZES = (1, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 65, 100)
MODEL = """x : 1
y : 1 (constant)
k : integer
m : integer (constant)
b : boolean
c : boolean
s : 1 (shared)
n : integer (shared)
"""
OUTSIDE = {"p": 2.75, "q": -3, "z": 0.0}
KINDS = ("float", "float", "integer", "boolean")
DECLARED = {"float": "1", "integer": "integer", "boolean": "boolean"}
FLOATS = (0.0, -0.0, 1.5, -2.25, 3.0, 1e-3, -7.75, 0.5, 12.0, 1.0, -1.0, 1e6, 0.1)
INTEGERS = (0, 1, -1, 2, -3, 7, 5, -8, 4, 100, 46341, 2**31 - 1, -(2**31))


def group(random: Random, extra: str = "") -> rv.NeuronGroup:
    """Returns a group whose variables have random values."""
    rv.start_scope()
    rv.defaultclock.dt = 0.1 * rv.ms
    size = random.choice(SIZES)
    made = rv.NeuronGroup(size, MODEL + extra, namespace=OUTSIDE)
    large = INTEGERS if random.random() < 0.3 else INTEGERS[:10]
    for name in ("x", "y"):
        getattr(made, name)[:] = [random.choice(FLOATS) for _ in range(size)]
    for name in ("k", "m"):
        getattr(made, name)[:] = [random.choice(large) for _ in range(size)]
    for name in ("b", "c"):
        getattr(made, name)[:] = [random.random() < 0.5 for _ in range(size)]
    made.s, made.n = random.choice(FLOATS), random.choice(large)
    return made


def elements(made: rv.NeuronGroup) -> list[dict[str, Any]]:
    """Returns the values of all names, for each element, as plain Python numbers."""
    columns = {name: np.asarray(getattr(made, name)[:]) for name in ("x", "y", "k", "m", "b", "c")}
    shared = {"s": float(np.asarray(made.s[:])), "n": int(np.asarray(made.n[:])), "N": len(made), **OUTSIDE}
    return [{**shared, "i": j, **{name: v[j].item() for name, v in columns.items()}} for j in range(len(made))]


def check(text: str, kind: str, found: np.ndarray, names: list[dict[str, Any]], where: Any = None) -> None:
    """Asserts that the values of a variable are what an expression means."""
    assert len(found) == len(names)
    for j, (value, row) in enumerate(zip(found, names, strict=True)):
        if where is not None and not where[j]:
            continue
        try:
            wanted, error = meaning(text, row)
        except Open:
            continue
        assert agrees(value, wanted, error, kind), f"{text!r} is {value!r}, not {wanted!r}, of {row}"


def agrees(value: Any, wanted: Any, error: float, kind: str) -> bool:
    """Tells whether a stored value is the wanted one, which may be off by an error."""
    if kind == "boolean":
        return bool(value) == bool(wanted) or error > 0
    if kind == "integer":
        if not math.isfinite(wanted) or not math.isfinite(error) or abs(wanted) >= 2**31:
            return True
        return math.trunc(wanted - 8 * error) <= int(value) <= math.trunc(wanted + 8 * error)
    if math.isnan(wanted) or math.isnan(error):
        return True  # the limit of a removable singularity may stand there
    if not math.isfinite(wanted):
        return bool(value == wanted) or error > 0
    return abs(float(value) - float(wanted)) <= 8 * error + (1e-300 if error else 0.0)


def assigned(seed: int, count: int = 50) -> int:
    """Values and conditions of texts, outside of runs."""
    random = Random(seed)
    made = group(random, "r_float : 1\nr_integer : integer\nr_boolean : boolean\n")
    texts, names = Texts(random), elements(made)
    for _ in range(count):
        kind = random.choice(KINDS)
        text, view = texts.text(kind, random.randint(1, 4)), getattr(made, f"r_{kind}")
        chosen: list[bool | None] = [True] * len(made)
        where: Any = slice(None)
        match random.randrange(4):
            case 0:
                where = texts.text("boolean", 2)
                chosen = [_truth(where, row) for row in names]
            case 1:
                first = random.randrange(len(made))
                where, chosen = slice(first, None), [j >= first for j in range(len(made))]
        view[:] = 0
        try:
            view[where] = text
        except OverflowError:  # said by assignments that do not fit into 32 bits; code that runs wraps
            assert kind == "integer"
            continue
        check(text, kind, np.asarray(view[:]), names, [one is True for one in chosen])
        assert not any(np.asarray(view[:])[[one is False for one in chosen]]), where
    return count


def _truth(condition: str, row: dict[str, Any]) -> bool | None:
    try:
        return bool(meaning(condition, row)[0])
    except Open:
        return None


def compiled(seed: int, count: int = 40) -> int:
    """Expressions in code that runs: statements, subexpressions that are recorded."""
    random = Random(seed)
    texts = Texts(random)
    wanted = [(kind, texts.text(kind, random.randint(1, 4))) for kind in (random.choice(KINDS) for _ in range(count))]
    recorded = [texts.text("float", 2) for _ in range(4)]
    extra = "".join(f"r{k} : {DECLARED[kind]}\n" for k, (kind, _) in enumerate(wanted))
    extra += "".join(f"e{k} = {text} : 1\n" for k, text in enumerate(recorded))
    made = group(random, extra)
    names = elements(made)
    half = count // 2
    for part in (range(half), range(half, count)):
        made.run_regularly("\n".join(f"r{k} = {wanted[k][1]}" for k in part))
    monitor = rv.StateMonitor(made, [f"e{k}" for k in range(4)], record=True)
    rv.prefs["codegen.fast_math"] = random.choice(("off", "contract"))
    try:
        rv.Network(made, monitor).run(0.1 * rv.ms)
    except rv.BrianObjectException as error:  # a constant that no integer of the model can hold
        if isinstance(error.__cause__, OverflowError):
            return 0
        raise
    for k, (kind, text) in enumerate(wanted):
        check(text, kind, np.asarray(getattr(made, f"r{k}")[:]), names)
    for k, text in enumerate(recorded):
        check(text, "float", np.asarray(getattr(monitor, f"e{k}"))[:, 0], names)
        check(text, "float", np.asarray(getattr(made, f"e{k}")[:]), names)
    return count + 4
