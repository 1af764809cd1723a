"""`ranvier-opt --check-meaning`, `--run-reproducer`, `ranvier bisect` and `ranvier reduce`."""

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from meaning.planted import PASSES, as_they_are, original

from ranvier.commands import cli, opt
from ranvier.ir.diagnostics import IRFileError
from ranvier.meaning.check import Reference
from ranvier.meaning.reduction import Reducer
from ranvier.meaning.reproducer import Reproducer, read_reproducer
from ranvier.passes import unregister_pass
from ranvier.passes.own import registered_passes

LIF = str(Path(__file__).resolve().parents[1] / "passes/programs/lif.mlir")
WRONG = ["--load", str(Path(__file__).parent / "wrong_passes.py")]
VALUES = "--set neurongroup.N=4 --set tau=0.01 --set vt=1 --set neurongroup.v=[0,0.5,0.99,1.2] --steps 3".split()


@pytest.fixture(autouse=True)
def _nothing_stays():
    before = registered_passes()
    yield
    for name in registered_passes().keys() - before.keys():
        unregister_pass(name)


@pytest.mark.parametrize("how", ["--check-meaning", "--check-meaning=native"])
def test_right_passes_pass(how, capsys) -> None:
    assert opt.main([LIF, how, *VALUES, "--lower"]) == 0
    printed = capsys.readouterr()
    assert "func.func @run" in printed.out and not printed.err


def test_a_wrong_pass_is_reported_and_its_reproducer_runs(capsys, tmp_path) -> None:
    file = tmp_path / "again.mlir"
    arguments = [LIF, *WRONG, "-p", "hoist-uniform,lessen", "--check-meaning", *VALUES]
    assert opt.main([*arguments, "--reproducer", str(file)]) == 1
    printed = capsys.readouterr().err
    assert "pass 2, lessen: changed what the program computes" in printed
    assert "state neurongroup.v: first at step 0 (t = 0 ms), element 0: 0.0 became" in printed
    assert f'by snn.map "neurongroup_stateupdater" ({LIF}:15:5)' in printed
    assert "events neurongroup.spike: " in printed and " gained, " in printed
    assert f"rewrite 1 of 1: replaces arith.mulf %y ({LIF}:20:7)" in printed
    assert re.search(r"- +%y = arith.mulf .*\n.*\+ +%y = arith.addf ", printed)
    assert opt.main(["--run-reproducer", str(file)]) == 1
    assert "pass 1, lessen: changed what the program computes" in capsys.readouterr().err
    text = file.read_text().replace("builtin.module(lessen)", "builtin.module(fuse-maps)")
    file.write_text(text)
    assert opt.main(["--run-reproducer", str(file)]) == 0
    assert "integrate+threshold" in capsys.readouterr().out
    assert opt.main([str(file), "-p", ""]) == 0  # a reproducer is a program like others


def test_a_pass_that_raises_gets_a_reproducer(capsys, tmp_path) -> None:
    file = tmp_path / "again.mlir"
    assert opt.main([LIF, *WRONG, "-p", "default,stumble", "--reproducer", str(file)]) == 1
    printed = capsys.readouterr().err
    assert "pass 16, stumble: raised KeyError: 'nothing'" in printed and f"at math.exp %k3 ({LIF}:19:7)" in printed
    assert opt.main([str(file), "--run-reproducer"]) == 1
    assert "pass 1, stumble: raised KeyError" in capsys.readouterr().err


def test_a_pass_that_breaks_a_rule_is_named_at_the_end_too(capsys, tmp_path) -> None:
    for more in (["--verify-each"], []):
        assert opt.main([LIF, *WRONG, "-p", "lose,fuse-maps", "--reproducer", str(tmp_path / "r.mlir"), *more]) == 1
        printed = capsys.readouterr().err
        assert "lose: broke a rule" in printed and f"{LIF}:20:" in printed


def test_what_is_missing_is_said(capsys, tmp_path) -> None:
    assert opt.main([LIF, "--check-meaning"]) == 2
    assert "neurongroup.N" in capsys.readouterr().err
    assert cli.main(["bisect", LIF]) == 2
    assert cli.main(["bisect", str(tmp_path / "none.mlir")]) == 2
    assert cli.main(["reduce", LIF]) == 1
    assert "no pass is at fault" in capsys.readouterr().err


def test_bisect_finds_the_pass_and_the_rewrite(capsys, tmp_path) -> None:
    file, small = tmp_path / "again.mlir", tmp_path / "small.mlir"
    arguments = ["bisect", LIF, *WRONG, "-p", "hoist-uniform,lessen,fuse-maps", *VALUES, "--reproducer", str(file)]
    assert cli.main(arguments) == 1
    printed = capsys.readouterr().out
    assert "pass 2 of 6, lessen: changed" in printed and f"replaces arith.mulf %y ({LIF}:20:7)" in printed
    assert cli.main(["bisect", str(file)]) == 1
    assert "pass 1 of 1, lessen" in capsys.readouterr().out
    assert cli.main(["reduce", str(file), "-o", str(small)]) == 0
    text = small.read_text()
    assert "arith.mulf" in text and len(text) < len(file.read_text()) / 2
    assert "snn.threshold" not in text and "snn.sink" not in text and "math.exp" not in text
    assert opt.main(["--run-reproducer", str(small)]) == 1
    assert cli.main(["bisect", LIF, *VALUES]) == 0


def test_bisect_takes_a_script_as_it_is(tmp_path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent("""
            from brian2 import *
            defaultclock.dt = 0.5*ms
            cells = NeuronGroup(5, "dv/dt = (1.2 - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0", method="euler")
            run(1*ms)
            print("the script ran")
        """)
    )

    def bisect(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "ranvier", "bisect", *arguments, str(script)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    wrong = bisect(*WRONG, "--passes=lessen,default", "--reproducer", str(tmp_path / "r.mlir"))
    assert wrong.returncode == 1, wrong.stderr
    assert "the script ran" in wrong.stdout and "program 1 of 1: pass 1 of " in wrong.stdout
    assert f"{script}:4:1" in wrong.stdout
    assert f"wrote {tmp_path / 'r.mlir'}" in wrong.stdout


def test_bisect_looks_at_the_passes_that_make_kernels(capsys, tmp_path, monkeypatch) -> None:
    """A script whose kernels are emulated: the passes of its target follow on those of the graph."""
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent("""
            from brian2 import *
            cells = NeuronGroup(5, "dv/dt = (1.2 - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0", method="euler")
            cells.v = "0.9 + 0.1*i"
            wires = Synapses(cells, cells, on_pre="v_post += 0.1")
            wires.connect(i=[1, 1, 2], j=[4, 3, 0])
            prefs.codegen.target = "emulated"
            run(0.2*ms)
            prefs.codegen.target = "auto"
        """)
    )
    place = "kernels.sort_rows._derive"
    monkeypatch.setattr(f"{PASSES}.{place}", as_they_are(original(place)))
    assert cli.main(["bisect", str(script), "--passes=fuse-maps"]) == 1
    printed = capsys.readouterr().out
    assert "pass 2 of 4, sort-rows: left a program" in printed and "in a row 4 stands before 3" in printed


def test_a_run_of_a_script_is_computed_again_bit_for_bit(network) -> None:
    """What a program is given is all that it needs: natively it comes to what the network came to."""
    reference = Reference.of(network.module, network.given, steps=100, native=True)
    assert len(reference.outcomes) == 30
    rows = [row for outcome in reference.outcomes for row in outcome.rows["spikes"]]
    assert [int(row[1][0]) for row in rows] == network.spikes.tolist()
    assert np.array_equal(reference.outcomes[-1].states["a.v"], network.values)


def test_a_command_or_a_function_says_what_is_looked_for(capsys, tmp_path) -> None:
    small, function = tmp_path / "small.mlir", tmp_path / "looks.py"
    assert cli.main(["reduce", LIF, "--test", "grep -q math.exp {}", "-o", str(small)]) == 0
    assert "math.exp" in small.read_text() and "snn.threshold" not in small.read_text()
    function.write_text("def has_reset(text):\n    return 'snn.reset' in text\n")
    assert cli.main(["reduce", LIF, "--predicate", f"{function}:has_reset", "-o", str(small)]) == 0
    assert "snn.reset" in small.read_text() and "snn.record_events" not in small.read_text()
    assert cli.main(["reduce", LIF, "--predicate", f"{function}:nothing"]) == 2
    assert cli.main(["reduce", LIF, "--test", "false"]) == 1


def test_numbers_that_matter_stay_as_they_are(program) -> None:
    """All simpler values are tried for them, and none is taken."""
    module, given = program("lif")
    case = Reproducer(module, "", given, "meaning", 1)
    tau = given.params["tau"]
    smaller = Reducer(lambda case: case.given is not None and case.given.params.get("tau") == tau).reduce(case)
    assert smaller.given is not None and smaller.given.params["tau"] == tau


def test_a_reproducer_keeps_all_bits(program) -> None:
    module, given = program("neurons", 100)
    given.states["g.v"][:3] = np.nan, -0.0, 1 / 3
    kept = Reproducer(module, 'choose-layout{layout="rows"}', given, "meaning", 7, True, ("a.py",))
    again = read_reproducer(str(kept))
    assert str(again) == str(kept) and again.pipeline == kept.pipeline and again.load == ("a.py",)
    assert again.given is not None and again.given.params == given.params
    for label, array in given.states.items():
        there = again.given.states[label]
        assert there.dtype == array.dtype and there.tobytes() == array.tobytes()
    with pytest.raises(IRFileError, match="metadata"):
        read_reproducer(str(kept).replace('steps: "7"', 'steps: "x"'))
