"""What must not change what a network does: how its run is divided, how it is compiled, where it begins again."""

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import numpy as np
from fuzz.networks import Made
from graph.interpreted import check_agreement

import ranvier as rv
from ranvier.actions.rewrites.names import COUNT_REFRACTORY_STEPS, SHARE_TRACES, TABULATE_DRAWS
from ranvier.codegen import CodegenOptions
from ranvier.passes.default_pipeline import default_pipeline
from ranvier.stages import Options, set_default_options

STEPS = 24
ms = rv.ms


def same(found: dict[str, np.ndarray], wanted: dict[str, np.ndarray], rtol: float, made: Made, what: str) -> None:
    """Asserts that two outcomes agree."""
    assert found.keys() == wanted.keys()
    for name, values in wanted.items():
        tolerance = 2e-4 if rtol and values.dtype == np.float32 else rtol
        message = f"{name}, {what}, of\n" + "\n".join(made.text)
        assert found[name].shape == values.shape, message
        with np.errstate(all="ignore"):
            np.testing.assert_allclose(
                found[name].astype(float), values.astype(float), tolerance, tolerance * 1e-3, err_msg=message
            )


@contextmanager
def options(chosen: Options | None) -> Iterator[None]:
    set_default_options(chosen)
    try:
        yield
    finally:
        set_default_options(None)


def interpreted(seed: int) -> int:
    """The native program does what the interpreter makes of the graph, and of the optimised graph."""
    made = Made(seed)
    layout = made.random.choice(("auto", "auto", "rows", "counts", "bits", "ring"))
    fast_math = made.random.choice(("off", "contract"))
    single = any(values.dtype == np.float32 for values in made.state().values())  # what reads them is as near as they
    try:
        check_agreement(
            made.network,
            STEPS * 0.0001,
            rtol=2e-5 if single else 1e-8,
            options=Options(layout=layout, codegen=CodegenOptions(fast_math=fast_math)),
        )
    except AssertionError as error:
        raise AssertionError(f"{error}\n{layout}, of\n" + "\n".join(made.text)) from error
    return 3


def chunked(seed: int) -> int:
    """One run does what several do; and going back and on does it again."""
    made = Made(seed)
    made.network.run(STEPS * 0.1 * ms)
    wanted = made.state()
    made = Made(seed)
    random = Random(seed)
    left = STEPS
    while left:
        part = random.randint(1, left)
        made.network.run(part * 0.1 * ms)
        left -= part
    same(made.state(), wanted, 1e-9, made, "in parts")
    made.network.store()
    made.network.run(0.7 * ms)
    after = made.state()
    made.network.restore(restore_random_state=True)
    same(made.state(), wanted, 0.0, made, "restored")
    made.network.run(0.7 * ms)
    same(made.state(), after, 1e-9, made, "restored and run")
    return 3


def optimised(seed: int) -> int:
    """Leaving out passes and rewrites, and layouts, change nothing but rounding."""
    made = Made(seed)
    with options(Options(pipeline=TABULATE_DRAWS)):
        made.network.run(STEPS * 0.1 * ms)
    wanted = made.state()
    random = Random(seed)
    names = default_pipeline("contract").split(",")
    left = random.randrange(len(names))
    passes = [TABULATE_DRAWS, *names[:left], *names[left + 1 :]]
    tried = [Options(), Options(pipeline=",".join(passes))]
    kept = random.choice((SHARE_TRACES, COUNT_REFRACTORY_STEPS))
    tried.append(Options(pipeline=",".join([kept, TABULATE_DRAWS, *names])))
    if made.synapses:
        tried.append(Options(layout=random.choice(("rows", "counts", "bits", "ring"))))
    for one in tried:
        made = Made(seed)
        with options(one):
            made.network.run(STEPS * 0.1 * ms)
        same(made.state(), wanted, 1e-8, made, str(one))
    return len(tried)
