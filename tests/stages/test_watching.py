"""What is shown while passes run, by commands and in scripts; `UPDATE_GOLDEN=1 pytest` writes the files anew."""

import os
import re
from pathlib import Path

import pytest
from xdsl.passes import ModulePass

from ranvier import Network, NeuronGroup, ms
from ranvier.commands import opt
from ranvier.commands import run as run_command
from ranvier.ir.neurons import MapOp, ThresholdOp
from ranvier.passes import register_pass, remark
from ranvier.passes.default_pipeline import PipelineError, split_pipeline
from ranvier.passes.own import unregister_pass
from ranvier.passes.pass_options import options_of
from ranvier.passes.registry import PLACES, load_pass
from ranvier.passes.remarks import remarking
from ranvier.passes.statistics import count, counting, statistics_of
from ranvier.watching.flags import flags_of_text

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
LIF = Path(__file__).resolve().parents[1] / "passes" / "programs" / "lif.mlir"
FAILING = HERE / "failing_pass.py"

CASES = {
    "after_pass": ["-p", "hoist-uniform,fuse-maps", "--print-ir-after=fuse-maps"],
    "before_pass": ["-p", "hoist-uniform,fuse-maps", "--mlir-print-ir-before=fuse-maps"],
    "after_change": ["-p", "fold-constants,hoist-uniform,fold-constants", "--mlir-print-ir-after-change"],
    "diff": ["-p", "fold-constants,hoist-uniform,fuse-maps", "--print-ir-diff"],
    "diff_coloured": ["-p", "hoist-uniform", "--print-ir-diff", "--color=always"],
    "after_failure": ["--load", str(FAILING), "-p", "swap-and-fail{least=1}", "--print-ir-after-failure"],
    "statistics": ["--mlir-pass-statistics"],
    "remarks": ["-p", "fuse-maps,convert-resets", "--remarks"],
    "timing": ["--emit=asm", "--mlir-timing"],
    "pipeline": ["--fold-constants=fast-math=off", "--fuse-maps", "--lower", "--dump-pass-pipeline"],
}
"""Name of a golden file → arguments."""


@pytest.fixture
def own_passes():
    yield
    for name in ("swap-and-fail", "drop-operand"):
        try:
            unregister_pass(name)
        except KeyError:
            pass


@pytest.mark.parametrize("name", CASES)
def test_what_is_shown(name, capsys, tmp_path, own_passes):
    status = opt.main([str(LIF), *CASES[name], "-o", str(tmp_path / "out")])
    assert status == (1 if name == "after_failure" else 0)
    shown = capsys.readouterr().err
    compare(name, plain(shown))
    if name == "timing":  # LLVM's passes have times of their own
        assert re.search(r"llvm-optimised\n +[\d.]+ \( *[\d.]+%\)    \w+Pass\n", shown) and "others)" in shown


def plain(text: str) -> str:
    """Returns a text without what differs from run to run: times, and which of LLVM's passes took the longest."""
    text = text.replace(str(LIF), "lif.mlir")
    text = re.sub(r"^ *\d+\.\d{4} \( *[\d.]+%\)    (\w+Pass\b[^\n]*|\(\d+ others\))\n", "", text, flags=re.MULTILINE)
    return re.sub(r" *\d+\.\d{4} \( *[\d.]+%\)|\d+\.\d{4}(?= )", "#", text)


def compare(name: str, found: str) -> None:
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(found, encoding="utf-8")
    assert found == path.read_text(encoding="utf-8")


def test_the_listing_has_options_with_type_default_and_sentence(capsys, own_passes, monkeypatch):
    monkeypatch.setattr(opt, "pass_names", lambda: [*PLACES, "swap-and-fail", "drop-operand"])
    assert opt.main(["--list-passes", "--load", str(FAILING)]) == 0
    compare("list_passes", capsys.readouterr().out)
    for name, (module, _) in PLACES.items():
        if module.startswith("ranvier."):
            assert all(option.about.endswith(".") for option in options_of(load_pass(name))), name


def test_modules_are_printed_into_a_tree_of_files(tmp_path, capsys):
    tree = tmp_path / "tree"
    arguments = ["-p", "hoist-uniform,fuse-maps", "--lower", f"--mlir-print-ir-tree-dir={tree}"]
    assert opt.main([str(LIF), *arguments, "-o", str(tmp_path / "out")]) == 0
    assert capsys.readouterr().err == ""
    names = sorted(path.relative_to(tree).as_posix() for path in tree.rglob("*.mlir"))
    assert names == [
        "lif/00_input.mlir", "lif/01_hoist-uniform.mlir", "lif/02_fuse-maps.mlir", "lif/03_pack-rows.mlir",
        "lif/04_lower-to-loops.mlir", "lif/05_merge-equal-functions.mlir",
    ]  # fmt: skip
    assert opt.main([str(tree / "lif" / "05_merge-equal-functions.mlir"), "-o", str(tmp_path / "again")]) == 0
    arguments += ["--print-ir-diff", "--print-ir-before=fuse-maps"]
    assert opt.main([str(LIF), *arguments, "-o", str(tmp_path / "out")]) == 0
    assert "+++ fuse-maps" in (tree / "lif" / "02_fuse-maps.diff").read_text()
    assert (tree / "lif" / "02_before_fuse-maps.mlir").exists()


def test_what_a_broken_module_is_printed_as(capsys, own_passes, tmp_path):
    arguments = ["--load", str(FAILING), "-p", "drop-operand", "--verify-each", "--mlir-print-ir-after-failure"]
    arguments += ["--reproducer", str(tmp_path / "again.mlir")]
    assert opt.main([str(LIF), *arguments]) == 1
    printed = capsys.readouterr().err
    assert "// -----// IR Dump After DropOperand Failed (drop-operand) //----- //" in printed
    assert '%y = "arith.mulf"(%k3)' in printed and "Expected 2 operands, but got 1" in printed


def test_switches_take_truth_values_and_accepted_names_do_nothing(capsys):
    assert opt.main([str(LIF), "--timing=false", "--mlir-disable-threading", "--mlir-print-ir-module-scope=true"]) == 0
    assert capsys.readouterr().err == ""


def test_passes_to_print_at_have_to_exist(capsys):
    assert opt.main([str(LIF), "--print-ir-after=fuse-map"]) == 2
    assert "there is no pass 'fuse-map' to print the module at" in capsys.readouterr().err


# ---- pipelines as in MLIR


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("builtin.module( fold-constants , fuse-maps )", ["fold-constants", "fuse-maps"]),
        ("any(default),\n  fuse-maps", ["default", "fuse-maps"]),
        ("choose-layout { layout = rows   interval=3 }", ["choose-layout{layout=rows interval=3}"]),
        ('batch{own = "a, b" , "c"}, cse{ }', ['batch{own="a, b","c"}', "cse"]),
        ("builtin.module()", []),
    ],
)
def test_pipelines_may_be_nested_and_have_blanks(text, passes):
    assert split_pipeline(text) == passes


def test_passes_do_not_run_on_parts_of_a_module():
    with pytest.raises(PipelineError, match=r"write builtin.module\(cse\), not func.func"):
        split_pipeline("builtin.module(func.func(cse))")
    with pytest.raises(PipelineError, match="a parenthesis is not closed"):
        split_pipeline("builtin.module(cse")


def test_a_nested_pipeline_does_what_a_plain_one_does(capsys):
    assert opt.main([str(LIF), "--pass-pipeline=builtin.module( hoist-uniform, convert-resets{ all = true } )"]) == 0
    nested = capsys.readouterr().out
    assert opt.main([str(LIF), "--hoist-uniform", "--convert-resets=all=true"]) == 0
    assert capsys.readouterr().out == nested


# ---- counts


def test_counts_go_to_who_asks():
    count("nobody asks")
    with counting() as counts:
        count("ops")
        count("ops", 2)
    assert counts == {"ops": 3}


@pytest.mark.parametrize(
    ("program", "more"),
    [
        ("lif.mlir", ["--emit=kernels"]),
        ("lif.mlir", ["-p", "default,batch"]),
        ("synapses.mlir", ["-p", "default,partition", "--lower"]),
    ],
)
def test_passes_count_what_they_say_that_they_count(program, more, capsys, tmp_path):
    assert opt.main([str(LIF.parent / program), *more, "--pass-statistics", "-o", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().err
    for name in re.findall(r"^  ([\w-]+)(?:\{.*\})?: (?:changed|\d)", printed, re.MULTILINE):
        assert statistics_of(load_pass(name)), name
    assert not re.findall(r"\(S\) +\d+ [\w-]+$", printed, re.MULTILINE)  # one without a text


# ---- remarks


class SaySomething(ModulePass):
    """Says of each map that it has a name, and of each threshold why it does nothing."""

    name = "say-something"

    def apply(self, ctx, op):
        for one in op.walk():
            if isinstance(one, MapOp):
                remark(one, "has a name")
            elif isinstance(one, ThresholdOp):
                remark(one, "is left as it is: nobody asked", missed=True)


def test_passes_of_others_say_something_of_ops(capsys, tmp_path):
    register_pass(SaySomething)
    try:
        assert opt.main([str(LIF), "-p", "say-something,fuse-maps", "--remarks", "-o", str(tmp_path / "out")]) == 0
    finally:
        unregister_pass("say-something")
    shown = capsys.readouterr().err.replace(str(LIF), "lif.mlir").splitlines()
    assert shown[0] == "lif.mlir:15:5: remark: neurongroup_stateupdater: has a name [say-something]"
    missed = "missed: neurongroup_spike_thresholder: is left as it is: nobody asked [say-something]"
    assert shown[1] == f"lif.mlir:23:5: {missed}"
    assert all(line.endswith("[fuse-maps]") for line in shown[2:]) and len(shown) == 3


def test_remarks_of_a_script(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("RANVIER_FLAGS", "--remarks")
    cells = NeuronGroup(10, "dv/dt = -v/ms : 1\nw : 1", threshold="v > 1", reset="w += 1", method="exact", name="said")
    Network(cells).run(1 * ms, namespace={"ms": ms})
    shown = capsys.readouterr().err
    why = "it writes arrays that the sweep does not (all=true converts it)"
    assert f"missed: said_spike_resetter: stays a loop over events: {why} [convert-resets]\n" in shown
    assert "remark: said_spike_thresholder: joined the sweep of 'said_stateupdater' [fuse-maps]\n" in shown


def test_a_remark_that_nobody_asks_for_goes_nowhere():
    remark(object(), "is not looked at")  # type: ignore[arg-type]
    with remarking() as remarks:
        pass
    remark(object(), "nor is this")  # type: ignore[arg-type]
    assert not remarks


# ---- diagnostics

WRONG = """// RUN: nothing

// -----

// expected-error@+4 {{snn.foo is not registered}}
// expected-note@+3 {{did you mean}}
snn.program @a {
  %N = snn.param "N" "" : index
  snn.foo
}

// -----

snn.program @b {
  // expected-error@below {{Expected ':'}}
  // expected-error@unknown {{nothing}}
  snn.loop () {
  }
}
"""


def test_expected_diagnostics_are_compared(tmp_path, capsys):
    path = tmp_path / "wrong.mlir"
    path.write_text(WRONG)
    assert opt.main([str(path), "--split-input-file", "--verify-diagnostics"]) == 1
    assert capsys.readouterr().err == f"{path}:16: error: expected error without a place was not produced: nothing\n"
    path.write_text(WRONG.replace("  // expected-error@unknown {{nothing}}\n", ""))
    assert opt.main([str(path), "--split-input-file", "--verify-diagnostics"]) == 0
    printed = capsys.readouterr()
    assert (printed.out.strip(), printed.err) == ("", "")
    path.write_text(WRONG.replace("snn.foo is", "snn.bar is"))
    assert opt.main([str(path), "--split-input-file", "--verify-diagnostics"]) == 1
    error = capsys.readouterr().err
    assert f"{path}:9: error: unexpected error: Operation snn.foo is not registered\n" in error
    assert f"{path}:9: error: expected error was not produced: snn.bar is not registered\n" in error


def test_what_passes_refuse_can_be_expected(tmp_path, capsys, own_passes):
    path = tmp_path / "refused.mlir"
    source = LIF.read_text().splitlines()
    last = max(number for number, line in enumerate(source) if "arith.mulf" in line)
    text = "// expected-error-re@-1 {{a {{[a-z]+}} too many}}"
    path.write_text("\n".join([*source[: last + 1], text, *source[last + 1 :]]))
    arguments = [str(path), "--load", str(FAILING), "-p", "swap-and-fail{least=1}", "--verify-diagnostics"]
    assert opt.main(arguments) == 0
    path.write_text("\n".join([*source, "// expected-error {{a product too many}"]))
    assert opt.main(arguments) == 1
    assert f"{path}:{len(source) + 1}: write // expected-error@+1 {{{{text}}}}" in capsys.readouterr().err


def test_parts_of_a_file_are_treated_one_by_one(tmp_path, capsys):
    path = tmp_path / "both.mlir"
    one = LIF.read_text()
    wrong = one.replace("@lif", "@second").replace("arith.mulf", "arith.mulx", 1)
    path.write_text("\n// -----\n".join((one, wrong, one)))
    assert opt.main([str(path), "--split-input-file", "-p", ""]) == 1
    printed = capsys.readouterr()
    assert printed.out.count("\n// -----\n") == 1 and printed.out.count("snn.program @lif") == 2
    line = next(number for number, text in enumerate(path.read_text().splitlines(), 1) if "mulx" in text)
    assert f"--> {path}:{line}:" in printed.err


# ---- programs that run


def test_programs_from_text_show_what_is_done(capsys):
    arguments = [
        "--set",
        "neurongroup.N=4",
        "--set",
        "tau=0.01",
        "--set",
        "vt=1",
        "--duration=0.001",
        "--timing",
        "--print-ir-diff",
    ]
    for more in (["--print-pipeline", "-p", "fuse-maps"], ["-p", "fuse-maps"]):
        assert run_command.main([str(LIF), *arguments, *more]) == 0
        printed = capsys.readouterr().err
        assert "+++ fuse-maps" in printed and "LLVM: passes" in printed  # though the second one is in the cache
        assert printed.startswith("builtin.module(fuse-maps)\n") == ("--print-pipeline" in more)


def cells() -> Network:
    group = NeuronGroup(5, "dv/dt = (1.5 - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0", method="exact",
                        namespace={"ms": ms}, name="watched_cells")  # fmt: skip
    return Network(group)


def test_scripts_show_what_the_environment_asks_for(monkeypatch, capsys):
    monkeypatch.setenv("RANVIER_FLAGS", "--print-pipeline --print-ir-after=fuse-maps --pass-statistics --timing=true")
    network = cells()
    network.run(1 * ms)
    network.run(1 * ms)
    cells().run(1 * ms)  # the same program: shown once
    shown = capsys.readouterr().err
    assert shown.count("IR Dump After FuseMaps") == shown.count("Execution time report") == 1
    assert re.search(r"%\)  plan\n.*%\)  snn\n.*%\)  optimised\n", shown)
    assert re.match(r"share-traces,.*,builtin\.module\(fold-constants,", shown)
    assert re.search(r"Pass statistics report of program [0-9a-f]{16}", shown)
    monkeypatch.delenv("RANVIER_FLAGS")
    cells().run(1 * ms)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("text", ["--print", "--print-ir-after=nothing", "--colour=red", "'", "-p x"])
def test_what_the_environment_cannot_ask_for(text):
    with pytest.raises(ValueError, match="The environment variable RANVIER_FLAGS="):
        flags_of_text(text)
