"""Programs from text: they run without the front end, as the interpreter says, and wrong inputs are named."""

import io
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ranvier.codegen.cache import ProgramCache
from ranvier.codegen.errors import CodegenError
from ranvier.commands import run as run_command
from ranvier.commands.cli import main as ranvier
from ranvier.commands.opt import main as ranvier_opt
from ranvier.ir.diagnostics import IRFileError, parse_module
from ranvier.ir.interpret import ClockInput, ProgramInputs, interpret
from ranvier.passes.pipeline import PipelineError, lower
from ranvier.text.program import InputError, TextProgram, parse_value

LIF = Path(__file__).resolve().parents[1] / "ir" / "lif.mlir"
TWO_CLOCKS = LIF.with_name("two_clocks.mlir")
EVENT_CLOCK = LIF.with_name("event_clock.mlir")
VALUES = {
    "neurons.N": 5,
    "tau": 0.01,
    "drive": 1.5,
    "refractory": 0.002,
    "neurons.v": [0.0, 0.2, 0.4, 0.6, 0.8],
    "neurons.lastspike": -np.inf,
    "neurons.not_refractory": True,
}
ARGUMENTS = [f"--set={label}={value}" for label, value in VALUES.items()]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> ProgramCache:
    return ProgramCache(tmp_path_factory.mktemp("programs"))


def lif_inputs() -> ProgramInputs:
    states = {
        "neurons.v": np.array(VALUES["neurons.v"]),
        "neurons.lastspike": np.full(5, -np.inf),
        "neurons.not_refractory": np.ones(5, bool),
        "spikemonitor.count": np.zeros(5, np.int32),
    }
    return ProgramInputs(
        params={label: VALUES[label] for label in ("neurons.N", "tau", "drive", "refractory")},
        states=states,
        events={"neurons.spike": np.zeros(0, np.int32)},
        clocks={"defaultclock": ClockInput(0, 500, 1e-4)},
        sinks={"spikemonitor": []},
    )


@pytest.mark.parametrize("pipeline", [None, "", "hoist-uniform,fuse-maps"])
def test_a_program_does_what_the_interpreter_says(pipeline: str | None, cache: ProgramCache) -> None:
    expected = lif_inputs()
    interpret(parse_module(LIF.read_text()), expected)
    run = TextProgram.read(LIF, pipeline=pipeline, cache=cache).start(VALUES)
    run.advance(0.02)
    run.advance(0.03)  # in two parts as in one
    assert run.time == pytest.approx(0.05)
    for label, values in expected.states.items():
        np.testing.assert_allclose(run.states[label], values, rtol=1e-12)
    table = run.tables["spikemonitor"].to_arrow()
    assert table.column_names == ["t", "i", "u"]
    rows = expected.sinks["spikemonitor"]
    assert len(rows) == 20
    assert table["i"].to_pylist() == [row[1] for row in rows]
    np.testing.assert_allclose(table["t"].to_pylist(), [row[0] for row in rows], rtol=1e-12)


def test_events_of_the_last_step_can_be_read(cache: ProgramCache) -> None:
    run = TextProgram.read(LIF, cache=cache).start(VALUES)
    run.advance(34e-4)  # the first spike is that of cell 4 in the step at 3.3 ms
    assert run.events["neurons.spike"].tolist() == [4]


def test_inputs_are_listed(cache: ProgramCache) -> None:
    inputs = TextProgram.read(LIF, cache=cache).inputs
    assert [entry.label for entry in inputs if entry.kind == "param"] == ["neurons.N", "tau", "drive", "refractory"]
    assert str(inputs[1]).split() == ["param", "tau", "f64", "(s)"]
    clocks = [entry.label for entry in TextProgram.read(TWO_CLOCKS, cache=cache).inputs if entry.kind == "clock"]
    assert clocks == ["fast", "slow"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tau": None}, "param 'tau' .f64, in s. is missing"),
        ({"tua": 1.0}, "no param, state or clock 'tua'"),
        ({"neurons.v": [1.0, 2.0]}, "has 5 elements"),
        ({"tau": [1.0, 2.0]}, "one number"),
        ({"defaultclock": 0.0}, "positive number of seconds"),
        ({"spikemonitor": 1}, "no param, state or clock 'spikemonitor'"),
    ],
)
def test_wrong_inputs_are_named(change: dict[str, object], message: str, cache: ProgramCache) -> None:
    values = {label: value for label, value in {**VALUES, **change}.items() if value is not None}
    with pytest.raises(InputError, match=message):
        TextProgram.read(LIF, cache=cache).start(values)


def test_wrong_text_and_wrong_pipelines(cache: ProgramCache) -> None:
    with pytest.raises(IRFileError, match=r"cells\.mlir:1:"):
        TextProgram("snn.progam @x {}", "cells.mlir", cache=cache)
    with pytest.raises(PipelineError, match="no pass 'fuse'"):
        TextProgram.read(LIF, pipeline="fuse", cache=cache)


def test_sizes_that_do_not_fit_are_refused(cache: ProgramCache) -> None:
    """A sweep over more elements than an array has, events with too little room: native code would write beyond."""
    text = LIF.read_text().replace("  %tau = snn.param", '  %M = snn.param "M" "" : index\n  %tau = snn.param', 1)
    for old, new, message in (
        (
            '"neurons_stateupdater" on(%clk) [%N]',
            '"neurons_stateupdater" on(%clk) [%M]',
            "'neurons.not_refractory' to have 1000000",
        ),
        ('"neurons.spike" [%N]', '"neurons.spike" [%M]', "needs 'neurons.spike' to have 5 elements or more, it has 3"),
        ("[%zero, %N] at", "[%zero, %M] at", "needs 'spikemonitor.count' to have"),
    ):
        changed = text.replace(old, new)
        assert changed != text
        small, large = (3, 5) if "spike" in old and "[%N]" in old and "stateupdater" not in old else (5, 1_000_000)
        loops = str(lower(parse_module(changed))[0])
        for source in (changed, loops):
            program = TextProgram(source, "sizes.mlir", pipeline="", cache=cache)
            values = {**VALUES, "M": small if small == 3 else large}
            with pytest.raises(InputError, match=message):
                program.start(values)
            program.start({**VALUES, "M": 5})
    constant = text.replace('snn.param "M" "" : index', "arith.constant 8 : index").replace(
        '%N = snn.param "neurons.N" "" : index', "%N = arith.constant 5 : index"
    )
    with pytest.raises(IRFileError, match=r"to have 8 elements or more, it has 5\n[^$]*sizes.mlir:41:11"):
        TextProgram(constant.replace('thresholder" on(%clk) [%N]', 'thresholder" on(%clk) [%M]'), "sizes.mlir")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"neurons.N": -1}, "size of 'neurons.v' is negative: -1"),
        ({"neurons.N": 2.5}, "'neurons.N' is a whole number .index., not 2.5"),
        ({"neurons.N": 10**30}, "is a number from -9223372036854775808 to"),
        ({"tau": "fast"}, "'tau' is one number, not 'fast'"),
        ({"neurons.v": "fast"}, "'neurons.v' has numbers"),
        ({"spikemonitor.count": 0.5}, "'spikemonitor.count' has whole numbers"),
        ({"defaultclock": float("nan")}, "positive number of seconds"),
    ],
)
def test_values_that_no_input_can_have(values: dict[str, object], message: str, cache: ProgramCache) -> None:
    with pytest.raises(InputError, match=message):
        TextProgram.read(LIF, cache=cache).start({**VALUES, "neurons.v": 0.0, **values})


def test_two_live_versions_are_found_when_a_file_is_read(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "old.mlir"
    path.write_text(LIF.read_text().replace("%e1 (%v1) updates", "%e1 (%v0) updates").replace("(%v1, %", "(%v0, %"))
    for command in (ranvier_opt, lambda arguments: ranvier(["run", *arguments])):
        assert command([str(path), "-p", ""]) == 1
        error = capsys.readouterr().err
        assert "old version of 'neurons.v'" in error and f"{path}:40:11" in error


def test_loops_whose_table_does_not_fit(cache: ProgramCache) -> None:
    loops = str(lower(parse_module(LIF.read_text()))[0])
    expected = TextProgram(LIF.read_text(), pipeline="", cache=cache)
    assert TextProgram(loops, cache=cache).inputs == expected.inputs
    for old, new, message in (
        ('type = "f64", dim = "V", size', 'type = "f32", dim = "V", size', "argument 4 should be memref<?xf32>"),
        ('kind = "events"', 'kind = "event"', "inputs are param, state, events, clock, table, threads, not 'event'"),
        ('size = "%0"', 'size = "n"', "'n' is no size"),
        ('size = "%0"', "size = 3.0", "lists, dictionaries, texts and whole numbers"),
        ("ranvier.table", "my.table", "the function @run has no attribute ranvier.table"),
        ("@run(", "@walk(", "a module has one snn.program, this one has 0"),
    ):
        assert old in loops
        with pytest.raises(IRFileError, match=re.escape(message)):
            TextProgram(loops.replace(old, new, 1), "loops.mlir", cache=cache)


def test_llvm_without_a_table_or_for_another_processor(cache: ProgramCache, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CodegenError, match=r"has no metadata !ranvier\.table"):
        TextProgram("define void @f() {\n  ret void\n}", "f.ll", cache=cache)
    assert ranvier_opt([str(LIF), "--emit=llvm"]) == 0
    text = capsys.readouterr().out
    program = TextProgram(text, "lif.ll", cache=cache)
    run = program.start(VALUES)
    run.advance(0.05)
    assert run.tables["spikemonitor"].rows == 20
    for pipeline in ("fuse-maps", ["default"], "share-traces"):
        with pytest.raises(PipelineError, match="there are no passes to run on it"):
            TextProgram(text, "lif.ll", pipeline=pipeline, cache=cache)
    for nothing in ("", [""]):  # as -p "" gives it
        assert TextProgram(text, "lif.ll", pipeline=nothing, cache=cache).inputs == program.inputs
    with pytest.raises(CodegenError, match="is for the processor z80"):
        TextProgram(re.sub('"target-cpu"="[^"]*"', '"target-cpu"="z80"', text), "lif.ll", cache=cache)


@pytest.mark.parametrize("stage", ["llvm", "llvm-optimised"])
@pytest.mark.parametrize("source", [LIF, LIF.with_name("synapses.mlir"), LIF.with_name("forest.mlir")])
def test_llvm_before_and_after_its_passes_says_its_inputs(
    source: Path, stage: str, cache: ProgramCache, tmp_path: Path
) -> None:
    path = tmp_path / "program.ll"
    assert ranvier_opt([str(source), "--emit", stage, "-o", str(path)]) == 0
    program, other = TextProgram.read(path, cache=cache), TextProgram.read(source, cache=cache)
    assert program.inputs == other.inputs
    if source is LIF:
        runs = program.start(VALUES), other.start(VALUES)
        for run in runs:
            run.advance(0.05)
        assert all(np.array_equal(runs[0].states[label], value) for label, value in runs[1].states.items())
        assert runs[0].tables["spikemonitor"].rows > 0


def test_arrays_made_by_recipes_follow_the_states(cache: ProgramCache) -> None:
    """What the host makes before a run is made again after a state was changed between two calls of `advance`."""
    text = """snn.program @p {
  %N = snn.param "N" "" : index
  %k = snn.state "k" "" [%N] : tensor<?xi32>
  %x = snn.state "x" "" [%N] : tensor<?xi32>
  %narrow = snn.derive "narrow" (%k) : tensor<?xi32> -> tensor<?xi16>
  %clk = snn.clock "c"
  %out = snn.loop (%x) : tensor<?xi32> -> tensor<?xi32> {
  ^bb0(%x0: tensor<?xi32>):
    %x1 = snn.map "m" "m" on(%clk) [%N] (%x0, %narrow) updates [0] : tensor<?xi32>, tensor<?xi16> -> tensor<?xi32> {
    ^bb1(%i: index, %old: i32, %n: i16):
      %more = arith.extui %n : i16 to i32
      %sum = arith.addi %old, %more : i32
      snn.yield %sum : i32
    }
    snn.yield %x1 : tensor<?xi32>
  }
}"""
    run = TextProgram(text, cache=cache).start({"N": 3, "k": [1, 2, 40000]})
    run.advance(2e-4)
    assert run.states["x"].tolist() == [2, 4, 80000]
    run.states["k"][:] = 1
    run.advance(1e-4)
    assert run.states["x"].tolist() == [3, 5, 80001]


def test_values_from_text() -> None:
    assert parse_value("[1, 2.5]") == [1, 2.5]
    assert parse_value("-inf") == -np.inf
    assert parse_value("True") is True
    with pytest.raises(InputError, match="not 'volt'"):
        parse_value("volt")


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import pyarrow as pa

    assert ranvier(["run", str(LIF), "--list-inputs"]) == 0
    assert "neurons.v" in capsys.readouterr().out
    assert ranvier(["run", str(LIF), *ARGUMENTS, "--duration=0.05", f"--output={tmp_path}"]) == 0
    assert "table spikemonitor: 20 rows" in capsys.readouterr().out
    with pa.memory_map(str(tmp_path / "spikemonitor.arrow")) as file:
        assert pa.ipc.open_file(file).read_all().num_rows == 20
    assert ranvier(["run", str(LIF)]) == 2
    assert "'neurons.N' (index) is missing" in capsys.readouterr().err
    assert ranvier(["run", str(tmp_path / "none.mlir")]) == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x9d\x00\xff", "no text file: byte 0 is not UTF-8"),
        (b"// nothing\n\n", "is empty"),
        (b"func.func @f(%a: f64) -> f64 { func.return %a : f64 }", "a module has one snn.program, this one has 0"),
    ],
)
def test_files_that_hold_no_program(
    content: bytes, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "model.mlir"
    path.write_bytes(content)
    assert ranvier(["run", str(path)]) == 1
    error = capsys.readouterr().err
    assert str(path) in error and message in error
    assert ranvier_opt([str(path), "--emit=llvm"]) == 1
    error = capsys.readouterr().err
    assert str(path) in error and message in error


def test_missing_values_come_with_the_options_that_give_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert ranvier(["run", str(LIF)]) == 2
    error = capsys.readouterr().err
    assert "'neurons.N' (index) is missing" in error and "--set LABEL=VALUE" in error


def test_a_clock_that_ticks_at_given_times(cache: ProgramCache) -> None:
    times = np.array([0.0, 0.00025, 0.0003, 0.0007, np.inf])
    program = TextProgram.read(EVENT_CLOCK, cache=cache)
    run = program.start({"g.N": 1, "events.N": 5, "events.times": times})
    for seconds in (0.0003, 0.0004):
        run.advance(seconds)
    rows: list[Any] = []
    states = {"g.a": np.zeros(1, np.int64), "events.times": times}
    clocks = {"fast": ClockInput(0, 7, 1e-4), "events": ClockInput(0, 3)}
    inputs = ProgramInputs({"g.N": 1, "events.N": 5}, states, clocks=clocks, sinks={"statemonitor": rows})
    interpret(parse_module(EVENT_CLOCK.read_text(), "events.mlir"), inputs)
    assert clocks["events"].n == 3 and states["g.a"][0] == run.states["g.a"][0] == 7
    table = run.tables["statemonitor"].to_arrow()
    assert [t for t, _ in rows] == table["t"].to_pylist() == [0.0, 0.00025, 0.0003]
    assert [int(x[0]) for _, x in rows] == [x[0] for x in table[1].to_pylist()] == [0, 3, 3]
    with pytest.raises(InputError, match="'events' have to ascend and to end with inf"):
        program.start({"g.N": 1, "events.N": 5, "events.times": times[::-1]})
    with pytest.raises(InputError, match="'events' ticks at given times: it has no step"):
        program.start({"g.N": 1, "events.N": 5, "events.times": times, "events": 0.1})


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (2.5, "'neurons.N' is a whole number .index., not 2.5"), (-2, "is negative: -2"), (math.inf, "whole number"),
        (math.nan, "whole number"), (1e30, "is a number from"), ("3", "one number"), (np.str_("3"), "one number"),
    ],
)  # fmt: skip
def test_sizes_are_whole_numbers(value: object, message: str, cache: ProgramCache) -> None:
    program = TextProgram.read(LIF, cache=cache)
    with pytest.raises(InputError, match=message):
        program.start(VALUES | {"neurons.N": value})
    assert program.start(VALUES | {"neurons.N": 5.0}).states["neurons.v"].size == 5


def test_the_command_reads_standard_input(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(LIF.read_text()))
    assert run_command.main(["-", "--list-inputs"]) == 0
    assert "neurons.N" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("power", "expected"), [("0x7FF0000000000000", [0, math.inf]), ("0x7FF8000000000000", [math.nan] * 2)]
)
def test_powers_that_are_no_numbers(power: str, expected: list[float], cache: ProgramCache) -> None:
    text = f"""
    snn.program @powers {{
      %N = snn.param "N" "" : index
      %v = snn.state "v" "" [%N] : tensor<?xf64>
      %clk = snn.clock "clk"
      %power = arith.constant {power} : f64
      %end = snn.loop (%v) : tensor<?xf64> -> tensor<?xf64> {{
      ^bb0(%v0: tensor<?xf64>):
        %v1 = snn.map "integrate" "g" on(%clk) [%N] (%v0) updates [0] : tensor<?xf64> -> tensor<?xf64> {{
        ^bb0(%i: index, %x: f64):
          %y = math.powf %x, %power : f64
          snn.yield %y : f64
        }}
        snn.yield %v1 : tensor<?xf64>
      }}
    }}
    """
    run = TextProgram(text, cache=cache).start({"N": 2, "v": [0.5, 2.0]})
    run.advance(1e-4)
    np.testing.assert_array_equal(run.states["v"], expected)
