"""Random indices of variables of neurons, against numpy and lists; and mistakes, which must be said, not made."""

from random import Random
from typing import Any

import numpy as np
from fuzz.expressions import elements, group
from fuzz.texts import Texts

import ranvier as rv
from ranvier.equations import EquationError

REASONABLE = (
    rv.DimensionMismatchError,
    rv.BrianObjectException,
    IndexError,
    KeyError,
    NotImplementedError,
    OverflowError,
    SyntaxError,
    TypeError,
    ValueError,
    AttributeError,
    EquationError,
)


def index(random: Random, size: int) -> tuple[Any, list[int]]:
    """Returns a random index, and the elements it stands for."""
    match random.randrange(8):
        case 0:
            one = random.randrange(-size, size)
            return random.choice((one, np.int64(one), np.int16(one))), [one % size]
        case 1 | 2:
            ends = [random.choice((None, random.randint(-size - 2, size + 2))) for _ in range(2)]
            chosen = slice(*ends, random.choice((None, None, 1, 2, 3, -1, -2)))
            return chosen, list(range(size)[chosen])
        case 3 | 4:
            some = [random.randrange(-size, size) for _ in range(random.randint(0, 6))]
            kind = random.choice((list, np.array, lambda v: np.array(v, dtype=np.int32)))
            return (kind(some) if some else np.array(some, dtype=int)), [one % size for one in some]
        case 5:
            chosen = [random.random() < 0.5 for _ in range(size)]
            return random.choice((np.array(chosen), chosen)), np.flatnonzero(chosen).tolist()
        case 6:
            limit = random.randint(0, size)
            return random.choice((f"i < {limit}", f"not (i >= {limit})")), list(range(limit))
    return slice(None), list(range(size))


def indexed(seed: int, count: int = 40) -> int:
    """Reading and writing elements of a group and of its parts."""
    random = Random(seed)
    made = group(random, "r : 1\nh : integer\n")
    size = len(made)
    plain = np.arange(size) * 0.5
    for _ in range(count):
        start = random.randrange(size) if random.random() < 0.4 else 0
        stop = random.randint(start + 1, size) if start else size
        part: Any = made if (start, stop) == (0, size) else made[start:stop]
        made.r[:] = plain
        chosen, wanted = index(random, stop - start)
        places = np.array(wanted, dtype=int) + start
        what = f"[{chosen!r}] of elements {start}:{stop} of {size}"
        found = np.asarray(part.r[chosen])
        scalar = isinstance(chosen, int | np.integer)
        assert found.shape == (() if scalar else places.shape), what
        np.testing.assert_array_equal(np.atleast_1d(found), plain[places], err_msg=what)
        expected = plain.copy()
        match random.randrange(4):
            case 0:
                part.r[chosen] = expected[places] = 7.25
            case 1 if not isinstance(chosen, str) and not scalar:
                values = np.array([random.choice((0.5, -1.0, 3.0)) for _ in wanted])
                part.r[chosen] = expected[places] = values
            case 2:
                part.r[chosen] = "i + 0.25*N"
                expected[places] = (places - start) + 0.25 * (stop - start)
            case _ if not isinstance(chosen, str):
                part.r[chosen] += 1.5
                expected[places] = plain[places] + 1.5
        np.testing.assert_array_equal(np.asarray(made.r[:]), expected, err_msg=what)
    return count


def spoiled(random: Random, text: str) -> str:
    """Returns a text with one mistake, or with none that matters."""
    where = random.randrange(len(text) + 1)
    match random.randrange(5):
        case 0:
            return text[:where] + random.choice("()+-*/%.,:;=<>!'\"@ #\\x0é[]{}~^&|") + text[where:]
        case 1:
            return text[:where] + text[where + 1 :]
        case 2:
            return text[:where]
        case 3:
            return text.replace(
                random.choice(("x", "k", "b", "1", "(", "i")),
                random.choice(("volt", "nothing", "1e999", "rand", "if", "")),
                1,
            )
    return text[:where] + text[where:] * 2


def mistaken(seed: int, count: int = 40) -> int:
    """Texts with mistakes: the right kind of exception, or a value, and the group is as it was."""
    random = Random(seed)
    made = group(random, "r : 1\nq2 : volt\n")
    texts, names = Texts(random), elements(made)
    for _ in range(count):
        text = spoiled(random, texts.text(random.choice(("float", "integer", "boolean")), 2))
        try:
            match random.randrange(4):
                case 0:
                    made.r = text
                case 1:
                    made.r[text] = 1
                case 2:
                    made.q2 = text
                case _:
                    rv.NeuronGroup(2, f"dv/dt = ({text})/ms : 1\nx : 1\nk : integer\nb : boolean", threshold=text)
        except REASONABLE as error:
            assert str(error), f"{text!r}: {type(error)} without a word"
        except Exception as error:
            raise AssertionError(f"{text!r}: {type(error).__name__}: {error}") from error
    assert repr(elements(made)) == repr(names)
    return count
