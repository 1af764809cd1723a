"""Passes that are not Ranvier's: how pipelines find them, and that the cache knows what they are made of."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from xdsl.context import Context
from xdsl.dialects.arith import ConstantOp
from xdsl.dialects.builtin import IntegerAttr, ModuleOp, f64
from xdsl.passes import ModulePass

import ranvier as rv
from ranvier.codegen import CodegenOptions
from ranvier.commands import opt
from ranvier.commands import run as run_command
from ranvier.passes import load_passes, own, register_pass, unregister_pass
from ranvier.passes.errors import InvalidProgram
from ranvier.passes.optimise.fuse_maps import FuseMaps
from ranvier.passes.own import registered_passes
from ranvier.passes.pipeline import PipelineError, default_pipeline, parse_pipeline, print_pipeline, run_pipeline
from ranvier.passes.registry import PLACES, available_passes, load_pass
from ranvier.pipeline.options import code_as_chosen, joined
from ranvier.stages import Options, set_default_options

PASS = """
from dataclasses import dataclass
from xdsl.dialects.arith import ConstantOp
from xdsl.dialects.builtin import FloatAttr, f64
from xdsl.passes import ModulePass
{more}

@dataclass(frozen=True)
class ReplaceNumber(ModulePass):
    \"\"\"Puts another number in the place of 7.5.\"\"\"

    name = "{name}"

    def apply(self, ctx, op):
        for inner in op.walk():
            if isinstance(inner, ConstantOp) and inner.value == FloatAttr(7.5, f64):
                inner.properties["value"] = FloatAttr({value}, f64)
"""


@pytest.fixture(autouse=True)
def _nothing_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    before, modules, paths = registered_passes(), set(sys.modules), list(sys.path)
    monkeypatch.setenv("RANVIER_CACHE", str(tmp_path / "cache"))
    yield
    set_default_options(None)
    for name in registered_passes().keys() - before.keys():
        unregister_pass(name)
    for name in set(sys.modules) - modules:
        if str(tmp_path) in (getattr(sys.modules[name], "__file__", None) or ""):
            del sys.modules[name]
    sys.path[:] = paths


def write(path: Path, value: object, more: str = "", name: str = "replace-number") -> str:
    path.write_text(PASS.format(value=value, more=more, name=name))
    # the time of change has to differ also where the clock of the file system is slow
    write.clock += 1  # type: ignore[attr-defined]
    os.utime(path, (write.clock, write.clock))  # type: ignore[attr-defined]
    return str(path)


write.clock = 1_000_000_000  # type: ignore[attr-defined]


def outcome(pipeline: Any = "default,replace-number", **options: Any) -> float:
    """Returns the number that a model with 7.5 in it has in the end."""
    set_default_options(Options(pipeline=pipeline, **options))
    cells = rv.NeuronGroup(1, "x : 1")
    cells.run_regularly("x = 7.5")
    rv.Network(cells).run(0.1 * rv.ms)
    return float(cells.x[0])


def kept(tmp_path: Path) -> int:
    return len(list((tmp_path / "cache").glob("*.rvp")))


# ---- what the cache knows


def test_an_edited_pass_is_another_pass(tmp_path: Path) -> None:
    file = tmp_path / "own_pass.py"
    for value in (1.0, 2.0, 1.0):
        load_passes(write(file, value))
        assert outcome() == value
    assert kept(tmp_path) == 2  # the third is the first again
    assert outcome("default") == 7.5


def test_what_a_pass_imports_counts_as_well(tmp_path: Path) -> None:
    helper = tmp_path / "helper_of_own_pass.py"
    for number, value in enumerate((3.0, 4.0)):
        helper.write_text(f"VALUE = {value}")
        os.utime(helper, (2e9 + number, 2e9 + number))
        sys.modules.pop("helper_of_own_pass", None)
        load_passes(write(tmp_path / "own_pass.py", "VALUE", "from helper_of_own_pass import VALUE"))
        assert outcome() == value
    assert kept(tmp_path) == 2


def test_a_pass_whose_file_has_changed_since_is_not_kept(tmp_path: Path) -> None:
    file = tmp_path / "own_pass.py"
    load_passes(write(file, 1.0))
    write(file, 2.0)
    assert outcome() == 1.0 and kept(tmp_path) == 0


def test_a_pass_without_a_file_is_not_kept(tmp_path: Path) -> None:
    for value in (1.0, 2.0):
        names: dict[str, Any] = {"__name__": "nowhere"}
        exec(PASS.format(value=value, more="", name="replace-number"), names)
        register_pass(names["ReplaceNumber"])
        assert outcome() == value
    assert kept(tmp_path) == 0


def test_a_pass_can_say_that_it_is_not_to_be_kept(tmp_path: Path) -> None:
    load_passes(write(tmp_path / "own_pass.py", 1.0))
    cls = load_pass("replace-number")
    register_pass(cached=False)(cls)
    assert outcome() == 1.0 and kept(tmp_path) == 0


def test_a_pass_in_the_place_of_a_built_in_one_does_not_leak(tmp_path: Path) -> None:
    assert outcome("fuse-maps") == 7.5
    file = write(tmp_path / "own_pass.py", 1.0, name="fuse-maps")
    with pytest.raises(PipelineError, match=r"'fuse-maps' is the name of a built-in pass.*replace=True"):
        load_passes(file)
    write(tmp_path / "own_pass.py", 1.0, "from ranvier.passes import register_pass", name="fuse-maps")
    file = tmp_path / "own_pass.py"
    file.write_text(file.read_text().replace("@dataclass", "@register_pass(replace=True)\n@dataclass"))
    load_passes(str(file))
    assert outcome("fuse-maps") == 1.0
    unregister_pass("fuse-maps")
    assert outcome("fuse-maps") == 7.5


def test_a_class_or_method_put_into_our_modules_does_not_leak(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_passes(write(tmp_path / "own_pass.py", 1.0))
    mine = load_pass("replace-number")
    with pytest.raises(TypeError):
        PLACES["fuse-maps"] = ("own_pass", "ReplaceNumber")  # type: ignore[index]
    with monkeypatch.context() as patch:
        patch.setattr(FuseMaps, "apply", mine.apply)
        assert outcome("fuse-maps") == 1.0
    assert outcome("fuse-maps") == 7.5


def test_checks_are_made_of_a_program_that_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[object] = []
    monkeypatch.setattr("ranvier.passes.pipeline.check_programs", checked.append)
    assert outcome("fold-constants") == 7.5
    assert kept(tmp_path) == 1 and not checked
    assert outcome("fold-constants", verify=True) == 7.5
    assert len(checked) >= 2


def test_passes_of_others_are_checked_without_being_asked() -> None:
    with pytest.raises(InvalidProgram, match=r"'break-program' left a program that is not valid: .*, at arith"):
        outcome("break-program")


@register_pass
@dataclass(frozen=True)
class BreakProgram(ModulePass):
    """Puts in a constant whose number is not of its type; nothing uses it."""

    name = "break-program"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        number = next(inner for inner in op.walk() if isinstance(inner, ConstantOp) and inner.result.type == f64)
        wrong = ConstantOp.create(result_types=[f64], properties={"value": IntegerAttr(1, 32)})
        block = number.parent_block()
        assert block is not None
        block.insert_op_after(wrong, number)


# ---- names


def test_what_cannot_be_registered() -> None:
    for cls, message in (
        (int, "is no pass"),
        (type("Nameless", (ModulePass,), {"apply": BreakProgram.apply}), "needs an attribute `name`"),
        (type("Odd", (ModulePass,), {"apply": BreakProgram.apply, "name": "a,b"}), "needs an attribute `name`"),
        (type("Default", (ModulePass,), {"apply": BreakProgram.apply, "name": "default"}), "stands for the default"),
        (type("Other", (ModulePass,), {"apply": BreakProgram.apply, "name": "break-program"}), "there is a pass"),
    ):
        with pytest.raises(PipelineError, match=message):
            register_pass(cls)


def test_entry_points(offering: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    offered = (
        ("break-program", f"{__name__}:BreakProgram"),
        ("other-name", f"{__name__}:BreakProgram"),
        ("gone", "no_such_module:Pass"),
        ("twice", "one_package:Pass"),
        ("twice", "another_package:Pass"),
    )
    offering(*(metadata.EntryPoint(name, value, "ranvier.passes") for name, value in offered))
    monkeypatch.setattr(own, "_registered", {})
    assert load_pass("break-program").name == "break-program" and {"gone", "fuse-maps"} <= available_passes().keys()
    assert Options(pipeline="break-program").sources not in ("", None)
    for name, message in (
        ("other-name", "both names have to be the same"),
        ("gone", "ModuleNotFoundError"),
        (
            "twice",
            r"several installed packages \(one_package:Pass of .*, another_package:Pass of .*\): uninstall",
        ),
    ):
        with pytest.raises(PipelineError, match=message):
            parse_pipeline(name)


# ---- pipelines


@register_pass
@dataclass(frozen=True)
class Marking(ModulePass):
    """Writes its text into a list."""

    name = "mark"

    text: str = "a_b"
    number: int | None = None

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        MARKS.append((self.text, self.number))


MARKS: list[tuple[str, int | None]] = []


def test_pipelines_are_texts_passes_and_sequences_of_both(parse_program: Any, programs: Path) -> None:
    mixed = ["fold-constants,mark", Marking("x_y"), (Marking, 'mark{text="z, w" number=3}'), FuseMaps()]
    MARKS.clear()
    run_pipeline(parse_program((programs / "lif.mlir").read_text()), mixed)
    assert MARKS == [("a_b", None), ("x_y", None), ("a_b", None), ("z, w", 3)]
    text = 'fold-constants,mark,mark{text="x_y"},mark,mark{text="z, w" number=3},fuse-maps'
    assert print_pipeline(parse_pipeline(mixed)) == text == Options(pipeline=mixed).spec
    assert parse_pipeline(text) == parse_pipeline(mixed)
    assert parse_pipeline(Marking()) == parse_pipeline("mark")
    for wrong in ([int], [3], [Marking, "fuse-mops"]):
        with pytest.raises((PipelineError, TypeError)):
            parse_pipeline(wrong)  # type: ignore[arg-type]


def test_a_pass_with_the_name_of_another_is_refused() -> None:
    class Fake(FuseMaps):
        pass

    with pytest.raises(PipelineError, match=r"has the name 'fuse-maps' of ranvier\.passes\.optimise"):
        parse_pipeline([Fake()])


def test_passes_that_a_text_does_not_tell_apart_are_not_kept(tmp_path: Path) -> None:
    @dataclass(frozen=True)
    class Calling(ModulePass):
        name = "calling"
        what: Any = None

        def apply(self, ctx: Context, op: ModuleOp) -> None:
            self.what()

    called: list[int] = []
    for number in (1, 2):
        assert outcome(["default", Calling(lambda number=number: called.append(number))]) == 7.5
    assert called == [1, 2] and kept(tmp_path) == 0
    assert Options(pipeline=[Marking("x")]).sources not in (None, "", Options(pipeline=[BreakProgram()]).sources)


def test_default_stands_for_the_default_pipeline_and_nothing_for_nothing() -> None:
    assert Options(pipeline="default").spec == Options().spec
    assert Options(pipeline="mark,default").spec == ",".join([*Options().rewrites, "mark", default_pipeline()])
    assert Options(pipeline="").spec == "" == Options(pipeline=()).spec
    try:
        rv.prefs.codegen.pipeline = ""
        assert rv.stages.current_options().spec == ""
        rv.prefs.codegen.pipeline = ["mark", Marking("x")]
        assert rv.stages.current_options().spec == 'mark,mark{text="x"}'
    finally:
        rv.prefs.codegen.pipeline = "default"


def test_options_of_the_whole_hold_in_every_pipeline() -> None:
    exact = CodegenOptions(fast_math="off")
    given = 'fold-constants,merge-reciprocals{fast-math="contract"},choose-layout{index-bits=32},fuse-maps'
    assert Options(pipeline=given, codegen=exact, layout="bits").spec == (
        'fold-constants{fast-math="off"},merge-reciprocals{fast-math="contract"},'
        'choose-layout{fast-math="off" layout="bits" index-bits=32},fuse-maps'
    )
    assert Options(pipeline=given).spec == given
    parse_pipeline(Options(pipeline=given, codegen=exact, layout="bits").passes)


def test_passes_are_as_asked_where_products_were_contracted_before() -> None:
    """Only the code generator obeys the mark: passes that run again do what they do without it."""
    for pipeline in ("fold-constants,merge-reciprocals", [FuseMaps(), "fold-constants"]):
        how = code_as_chosen(Options(pipeline=pipeline), contracted=True)
        assert how.spec == Options(pipeline=pipeline).spec
        assert (how.code.fast_math, Options(pipeline=pipeline).code.fast_math) == ("off", "contract")


def test_what_is_joined_to_a_pipeline_keeps_its_kind() -> None:
    assert joined("a{x=1,2},b", "c") == "a{x=1,2},b,c"
    assert joined("", "c") == "c"
    assert joined([], "c") == ("c",)
    given = [FuseMaps(), "fold-constants,mark"]
    assert joined(given, "c") == (given[0], "fold-constants", "mark", "c")
    specs = {Options(pipeline=joined(each, "batch")).spec for each in (None, "default", ("default",))}
    assert specs == {f"{Options().spec},batch"}


# ---- without touching the script


def test_the_commands_load_passes(tmp_path: Path, programs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path / "own_pass.py", 1.0)
    program = str(programs / "lif.mlir")
    assert opt.main(["--load", file, "--list-passes"]) == 0
    assert "replace-number" in (listed := capsys.readouterr().out) and "Puts another number" in listed
    assert opt.main(["--load", file, program, "-p", "mark{text=one}", "-p", "replace-number,mark{text=two}"]) == 0
    assert [text for text, _ in MARKS[-2:]] == ["one", "two"]
    assert run_command.main(["--load", file, program, "-p", "default", "-p", "replace-number", "--list-inputs"]) == 0
    capsys.readouterr()
    for wrong, message in (
        (str(tmp_path / "none.py"), "No such file"), ("no_such_module", "ends with .py"),
        (write(tmp_path / "bad.py", "("), "SyntaxError"), ("json", "has no passes"),
    ):  # fmt: skip
        for main in (opt.main, run_command.main):
            assert main(["--load", wrong, program]) == 2
            assert message in capsys.readouterr().err


SCRIPT = """
from ranvier import *
cells = NeuronGroup(1, "x : 1")
cells.run_regularly("x = 7.5")
run(0.1*ms)
print(cells.x[0])
"""


def test_an_unchanged_script_runs_with_passes_of_ones_own(tmp_path: Path) -> None:
    write(tmp_path / "own_pass.py", 1.0)
    (tmp_path / "script.py").write_text(SCRIPT)
    home = tmp_path / "home"
    (home / ".brian").mkdir(parents=True)

    def run(**environment: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "HOME": str(home), **environment}
        command = [sys.executable, "script.py"]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)

    by_environment = run(RANVIER_PASS_MODULES="own_pass.py", RANVIER_PIPELINE="default,replace-number")
    assert by_environment.stdout.split()[-1] == "1.0"
    preferences = textwrap.dedent(
        """\
        codegen.pass_modules = ["own_pass"]
        codegen.pipeline = "default,replace-number"
        """
    )
    (home / ".brian" / "user_preferences").write_text(preferences)
    assert run().stdout.split()[-1] == "1.0"
    (home / ".brian" / "user_preferences").unlink()
    # a folder does not run code in the scripts that are started in it
    (tmp_path / "brian_preferences").write_text(preferences.splitlines()[0])
    refused = run()
    assert refused.stdout.split()[-1] == "7.5" and "RANVIER_PASS_MODULES" in refused.stderr
