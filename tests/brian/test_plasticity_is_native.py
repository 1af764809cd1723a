"""Plasticity runs entirely in native code: no step of a plasticity rule calls back into Python."""

import pytest
from brian.replay import Case, load_cases, run_case

from ranvier.objects.networks import network
from ranvier.plan.step_kinds import CallStep


def labels_of_calls(case: Case, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Run a case and return the steps of its plans that call Python."""
    plans, make_plan = [], network.make_plan

    def kept(*args, **kwds):
        made = make_plan(*args, **kwds)
        plans.append(made[0])
        return made

    monkeypatch.setattr(network, "make_plan", kept)
    assert not run_case(case, "ranvier").raised
    assert plans
    return [step.label for plan in plans for step in plan.steps if isinstance(step, CallStep)]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in load_cases("plasticity")])
def test_no_step_calls_python(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    assert labels_of_calls(case, monkeypatch) == []


def test_a_function_of_python_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case(
        "python",
        """
@check_units(x=1, result=1)
def bounded(x):
    return clip(x, 0, 1)
G = SpikeGeneratorGroup(1, [0], [0]*ms)
S = Synapses(G, G, 'w : 1', on_pre='w = bounded(w + 3)', name='rule')
S.connect()
run(0.2*ms)
keep(w=S.w[:])
""",
    )
    assert labels_of_calls(case, monkeypatch) == ["rule_pre"]
