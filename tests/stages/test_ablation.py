"""`ranvier ablate`: passes left out, alone and in pairs; what comes out, and that scripts are none the wiser."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

import ranvier as rv
from ranvier.commands import ablate as ablate_command
from ranvier.commands.ablation import ALL, NOTHING, Ablation, Worth, agreement, variants_of, worth_of
from ranvier.objects.networks.network import Network
from ranvier.passes import unregister_pass
from ranvier.runtime.simulation import Simulation
from ranvier.stages import current_options

PIPELINE = 'share-traces,fold-constants{fast-math="off"},hoist-uniform,fold-constants'

SCRIPT = """
import sys
from ranvier import *
cells = NeuronGroup(20, "dv/dt = (1.5 - v)/(5*ms) : 1 (unless refractory)", threshold="v > 1", reset="v = 0",
                    refractory=2*ms, method="euler")
cells.v = "i/N"
synapses = Synapses(cells, cells, on_pre="v_post += 0.01")
synapses.connect(p=1)
run(10*ms)
print(sys.argv[1:], cells.v[:].sum())
"""


PASS = """
from xdsl.dialects import arith
from xdsl.dialects.builtin import FloatAttr, f64
from xdsl.passes import ModulePass

class DoubleDrive(ModulePass):
    name = "double-drive"

    def apply(self, ctx, op):
        for one in op.walk():
            if isinstance(one, arith.ConstantOp) and one.value == FloatAttr(1.5, f64):
                one.properties["value"] = FloatAttr(3.0, f64)
"""


def test_each_pass_is_left_out_everywhere() -> None:
    found = {each.name: each.spec for each in variants_of(PIPELINE, ("out", "only"), ("fold-constants",))}
    assert found == {
        ALL: PIPELINE,
        NOTHING: "",
        "without fold-constants": "share-traces,hoist-uniform",
        "only fold-constants": 'fold-constants{fast-math="off"},fold-constants',
    }
    pairs = [each.left_out for each in variants_of(PIPELINE, ("pairs",))[2:]]
    assert pairs == [
        ("share-traces", "fold-constants"), ("share-traces", "hoist-uniform"), ("fold-constants", "hoist-uniform"),
    ]  # fmt: skip
    with pytest.raises(ValueError, match="there is no mode 'in'; there are out, only, pairs"):
        variants_of(PIPELINE, ("in",))
    with pytest.raises(ValueError, match="there is no pass in the pipeline 'cse'; there are share-traces, fold-const"):
        variants_of(PIPELINE, names=("cse",))


def test_a_difference_counts_where_it_is_no_noise() -> None:
    assert worth_of([1.5, 1.4, 1.6, 1.5, 1.45, 1.55, 1.5, 1.5, 1.5]).verdict() == "slower"
    assert worth_of([0.8, 0.81, 0.79, 0.8, 0.82, 0.8, 0.8, 0.8, 0.8]).verdict() == "faster"
    noise = worth_of([0.8, 1.2, 0.9, 1.1, 1.0, 1.05, 0.95, 1.3, 0.7])
    assert noise.ratio == 1.0
    assert noise.low < 1 < noise.high
    assert noise.verdict() == worth_of([]).verdict() == Worth(1.01, 1.005, 1.015).verdict() == ""


def test_results_are_compared() -> None:
    values = {"monitor": np.array([3, 4]), "cells.v": np.array([1.0, np.nan, 2.0]), "cells.n": np.array([1])}
    assert agreement(values, values) == "bits"
    assert agreement({}, values) == "bits"
    assert agreement({**values, "cells.v": np.array([1.0, np.nan, 2.0 + 1e-12])}, values) == "rounding"
    assert agreement({**values, "cells.v": np.array([1.0, np.nan, 2.1])}, values) == "cells.v differs"
    assert agreement({**values, "cells.n": np.array([2])}, values) == "cells.n differs"
    assert agreement({**values, "monitor": np.array([3, 5])}, values) == "spikes differ"
    assert agreement({**values, "monitor": np.array([3])}, values) == "monitor differs"


def test_a_script_goes_on_as_if_nothing_had_been_measured() -> None:
    def model() -> tuple[rv.NeuronGroup, rv.Network]:
        rv.start_scope()
        rv.seed(4)
        cells = rv.NeuronGroup(30, "dv/dt = (1.3 - v)/(5*ms) : 1", threshold="v > 1", reset="v = 0", method="euler")
        cells.v = "rand()"
        return cells, rv.Network(cells)

    cells, network = model()
    network.run(0.5 * rv.ms)
    network.run(5 * rv.ms)
    wanted = cells.v[:].copy()
    options = current_options()
    perform, advance, before = Network.perform, Simulation.advance, rv.prefs["codegen.cache_dir"]
    ablation = Ablation(("only",), ("fuse-maps",), repetitions=2, shortest=1e-3)
    cells, network = model()
    with ablation.around():
        network.run(0.5 * rv.ms)
        assert ablation.runs == 0
        network.run(5 * rv.ms)
    np.testing.assert_array_equal(cells.v[:], wanted)
    assert network.t == 5.5 * rv.ms
    assert ablation.runs == 1
    assert list(ablation.measured) == [ALL, NOTHING, "only fuse-maps"]
    for one in ablation.measured.values():
        assert len(one.seconds) == 2
        assert one.code_size > 0
        assert one.spikes == ablation.measured[ALL].spikes > 0
        assert one.agreement in ("bits", "rounding")
    assert ablation.worth(ALL).ratio == 1.0
    assert (Network.perform, Simulation.advance, rv.prefs["codegen.cache_dir"]) == (perform, advance, before)
    assert current_options() == options


def test_the_command_prints_a_table_and_keeps_all_measurements(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script, kept = tmp_path / "script.py", tmp_path / "found.json"
    script.write_text(SCRIPT)
    options = ["--repetitions", "2", "--passes", "fuse-maps,share-traces", "--json", str(kept)]
    assert ablate_command.main([*options, str(script), "--own", "argument"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("['--own', 'argument'] ")
    assert [line.split("|")[1].strip() for line in lines[3:]] == [
        ALL, NOTHING, "without fuse-maps", "without share-traces",
    ]  # fmt: skip
    found = json.loads(kept.read_text())
    assert (found["runs"], found["repetitions"]) == (1, 2)
    last = found["variants"][-1]
    assert last["left_out"] == ["share-traces"]
    assert last["same_code"]
    assert last["results"] == "bits"
    assert len(last["seconds"]) == 2


def test_a_pass_of_ones_own_is_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script, mine = tmp_path / "script.py", tmp_path / "mine.py"
    script.write_text(SCRIPT)
    mine.write_text(PASS)
    given = [
        "--repetitions",
        "2",
        "--load",
        str(mine),
        "-p",
        "double-drive,default",
        "--passes",
        "double-drive",
        str(script),
    ]
    try:
        assert ablate_command.main(given) == 0
    finally:
        unregister_pass("double-drive")
    assert not {"RANVIER_PIPELINE", "RANVIER_PASS_MODULES"} & set(os.environ)
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].split("|")[1].strip() == "without double-drive" and lines[-1].endswith(" differ |")
    assert ablate_command.main(["--load", str(tmp_path / "gone.py"), str(script)]) == 2
    assert "cannot load passes from" in capsys.readouterr().err


def test_what_cannot_be_measured_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "script.py"
    script.write_text("x = 1")
    assert ablate_command.main(["--mode", "in", str(script)]) == 2
    assert "there is no mode 'in'" in capsys.readouterr().err
    assert ablate_command.main([str(script)]) == 2
    assert "ran no network" in capsys.readouterr().err
    script.write_text(SCRIPT)
    assert ablate_command.main(["--passes", "cse", str(script)]) == 2
    assert "there is no pass in the pipeline 'cse'" in capsys.readouterr().err
