"""`ranvier bug-report`: one file with what is needed to understand a fault, and without what is private."""

import getpass
import os
import socket
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

import ranvier
from ranvier.bug_report import running
from ranvier.bug_report.archive import Report, write_archive
from ranvier.bug_report.machine import environment, facts
from ranvier.bug_report.outcome import Outcome, Raised
from ranvier.bug_report.private import censor_of
from ranvier.bug_report.running import Runner, shortened_text
from ranvier.commands import bug_report as bug_report_command

SCRIPT = """\
import os
from ranvier import *
import matplotlib
matplotlib.use("TkAgg")
import matplotlib.pyplot as plt
prefs.codegen.fast_math = "fast"
tau = 10*ms
folder = os.path.expanduser("~/data")
G = NeuronGroup(3, '''
dv/dt = (1.5 - v)/tau : 1
w : volt
''', method="euler")
run(1*ms)
plt.plot([1, 2])
plt.show()
open("touched", "a").write("x")
print("before the fault", folder)
G.w = "2*mV + 1"
print("behind it")
"""


def contents(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RANVIER_TARGET", "")
    return tmp_path


def test_a_failing_script_becomes_one_file(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "model.py").write_text(SCRIPT)
    assert bug_report_command.main(["model.py", "-o", "out.zip", "-m", "It should take volts.", "--shorten", "60"]) == 0
    found = contents(here / "out.zip")
    assert next(iter(found)) == "report.md"
    assert found["script.py"] == SCRIPT
    assert {f"stages/1-{stage}" for stage in ("plan.txt", "snn.mlir", "loops.mlir", "llvm.ll", "asm.s")} <= set(found)
    assert "before the fault ~/data" in found["output.txt"] and "behind it" not in found["output.txt"]
    assert "non-interactive" not in found["output.txt"]
    assert (
        'G.w = "2*mV + 1"' in found["traceback.txt"] and 'File "<folder>/model.py", line 18' in found["traceback.txt"]
    )
    report = found["report.md"]
    assert report.startswith("# Report of a fault: DimensionMismatchError: ")
    assert "Nothing was sent" in report and "It should take volts." in report and "`stages/1-asm.s`" in report
    assert "| codegen.fast_math | `'fast'` |" in report and "| numpy | `" in report
    assert str(here) not in "".join(found.values())
    assert found["shortened.py"].splitlines() == [
        "from ranvier import *", "G = NeuronGroup(2, '''w : volt", "''')", 'G.w = "2*mV + 1"',
    ]  # fmt: skip
    assert (here / "touched").read_text() == "x", "shorter scripts change no files"
    assert sorted(path.name for path in here.iterdir()) == ["model.py", "out.zip", "touched"]
    said = capsys.readouterr().err
    assert "wrote out.zip" in said and "report.md, script.py, shortened.py" in said and "Nothing was sent." in said


def test_a_script_that_waits_for_input_is_told_how_it_gets_it(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "asks.py").write_text(
        "\nname = input('Name? ')\nprint('<', name, '>', __import__('sys').argv[1:])\nraise SystemExit(3)\n"
    )
    assert bug_report_command.main(["asks.py"]) == 2
    message = "asks.py waits for input in line 2; --input FILE gives it what it reads"
    assert message in capsys.readouterr().err
    assert not list(here.glob("*.zip"))
    (here / "answers.txt").write_text("someone\n")
    assert bug_report_command.main(["asks.py", "a", "--input", "answers.txt", "--shorten", "0", "--", "-b"]) == 0
    found = contents(here / "ranvier-report-asks.zip")
    assert "< someone > ['a', '-b']" in found["output.txt"]
    assert (
        "the script ended with status 3" in found["report.md"]
        and "No shorter one was looked for." in found["report.md"]
    )


def test_a_script_that_does_not_end_is_ended(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def late(process: object, output: Path, end: float) -> str:
        while not output.read_text():
            time.sleep(0.05)
        return "late"

    monkeypatch.setattr(running, "_wait", late)
    (here / "long.py").write_text("import time\nprint('begun', flush=True)\ntime.sleep(60)\n")
    outcome = Runner(here / "long.py", [], here / "notes", 2.0).run((here / "long.py").read_text())
    assert outcome.kind == "late"
    assert outcome.raised is not None and outcome.raised.line == 3 and "time.sleep(60)" in outcome.raised.traceback
    assert outcome.output.startswith("begun") and "line 3 in <module>" in outcome.crash


def test_scripts_that_were_made_shorter_change_nothing(here: Path) -> None:
    (here / "kept").write_text("as it was")
    text = """
import os, subprocess
with open("kept", "w") as file:
    file.write("changed")
os.makedirs("new/folders", exist_ok=True)
print(open("kept").read(), os.listdir())
for refused in (lambda: os.remove("kept"), lambda: os.rename("kept", "k"), lambda: subprocess.run(["true"])):
    try:
        refused()
    except PermissionError as error:
        print(error)
"""
    outcome = Runner(here / "a.py", [], here / "notes", 30.0).run_again(text, 30.0, None)
    assert outcome.output.startswith("changed ['")
    assert outcome.output.count("a script that was made shorter may not do this") == 3
    assert (here / "kept").read_text() == "as it was"
    assert not (here / "new").exists()


def test_a_crash_says_where(here: Path) -> None:
    text = "import ctypes\ndef deep():\n    ctypes.string_at(0)\ndeep()\n"
    runner = Runner(here / "crash.py", [], here / "notes", 30.0)
    outcome = runner.run(text)
    assert (outcome.kind, outcome.status) == ("killed", -11)
    assert "in deep" in outcome.crash
    assert runner.run_again(text.replace("deep", "far"), 30.0, None).same_as(outcome)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.py"], "cannot read the script missing.py: No such file or directory"),
        (["."], ". is a folder; name the script in it"),
        (["model.ipynb"], "model.ipynb is a notebook: save it as a script first (jupyter nbconvert --to script"),
        (["bytes.py"], "bytes.py is no Python script: its text cannot be decoded"),
        (["-o", "no/such/file.zip", "good.py"], "there is no folder no/such to write file.zip to; -o says where to"),
        (["-o", ".", "good.py"], ". is a folder; -o takes the name of a file in it"),
        (["--input", "missing", "good.py"], "cannot read missing, the file of --input: No such file"),
        (["--attach", "missing", "good.py"], "cannot read missing, the file of --attach: No such file"),
    ],
)
def test_what_cannot_be_done_is_said_before_the_script_runs(
    here: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    (here / "good.py").write_text("open('ran', 'w')\n")
    (here / "bytes.py").write_bytes(b"a = '\xff'\n")
    assert bug_report_command.main(arguments) == 2
    assert f"ranvier bug-report: {message}" in capsys.readouterr().err
    assert not (here / "ran").exists()


def test_a_folder_that_cannot_be_written_to(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "touch", refuse)
    (here / "good.py").write_text("1\n")
    assert bug_report_command.main(["good.py", "-o", "out.zip"]) == 2
    assert "cannot write to .: Permission denied; -o says where to" in capsys.readouterr().err


def test_a_script_as_it_is_and_what_the_user_adds(here: Path) -> None:
    (here / "good.py").write_text("open('ran', 'w')\n")
    (here / "slurm.out").write_text(f"node {here}/x\n")
    for _ in range(2):
        assert bug_report_command.main(["--no-run", "--attach", "slurm.out", "good.py"]) == 0
    found = contents(here / "ranvier-report-good-2.zip")
    assert list(found) == ["report.md", "script.py", "attached/slurm.out"]
    assert found["attached/slurm.out"] == "node <folder>/x\n"
    assert "It was not run." in found["report.md"]
    assert not (here / "ran").exists()


def test_stopping_leaves_nothing_behind(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(self: Runner, source: str) -> Outcome:
        raise KeyboardInterrupt

    monkeypatch.setattr(Runner, "run", stop)
    (here / "good.py").write_text("1\n")
    assert bug_report_command.main(["good.py"]) == 130
    assert [path.name for path in here.iterdir()] == ["good.py"]


def test_a_file_is_there_as_a_whole_or_not_at_all(here: Path) -> None:
    def fail(text: str) -> str:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        write_archive(here / "out.zip", {"report.md": "text"}, fail)
    assert not list(here.iterdir())


def test_private_names_go(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "mhuber")
    monkeypatch.setattr(socket, "gethostname", lambda: "neuro7.example.org")
    monkeypatch.setenv("HOME", "/srv/people/mhuber")
    censor = censor_of(here / "a.py")
    assert censor(f"{here}/a.py {os.getcwd()}/b") == "<folder>/a.py <folder>/b"
    assert censor("/srv/people/mhuber/x /srv/people/mhuber2 /home/other/y 'C:\\Users\\Maria\\z'") == (
        "~/x /srv/people/mhuber2 ~/y '~\\z'"
    )
    assert (
        censor("mhuber@neuro7 neuro7.example.org mhuber_1 amhuber neuro70") == "USER@HOST HOST USER_1 amhuber neuro70"
    )
    assert censor(f"{ranvier.__path__[0]}/units") in ("<packages>/frontend/units", "<packages>/ranvier/units")
    assert censor("root = 3*volt") == "root = 3*volt"


def test_the_same_fault_is_known_by_class_message_and_place() -> None:
    raised = Raised(["ValueError"], ["index 10 of neurongroup_3 is too large"], "objects/x.py:check", 3, "")
    first = Outcome("raised", 1.0, raised=raised)
    assert first.same_as(
        Outcome("raised", 2.0, raised=replace(raised, messages=["index 2 of neurongroup is too large"]))
    )
    assert not first.same_as(Outcome("raised", 1.0, raised=replace(raised, messages=["another"])))
    assert not first.same_as(Outcome("raised", 1.0, raised=replace(raised, place="objects/y.py:check")))
    assert not first.same_as(Outcome("raised", 1.0, raised=replace(raised, types=["TypeError"])))
    assert not first.same_as(Outcome("ended", 1.0))
    assert Outcome("killed", 1.0, -11).same_as(Outcome("killed", 2.0, -11))
    assert not Outcome("killed", 1.0, -11).same_as(Outcome("killed", 2.0, -6))


def test_a_report_of_a_script_that_ran_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANVIER_TEST", "a|b")
    report = Report("a = '```'\n", Outcome("ended", 0.1), "", "It ran.", "", facts("0.1"), environment(), {})
    text = report.files["report.md"]
    assert "the script ran to its end (0.1 s, 0 compiled networks)" in text
    assert "| RANVIER_TEST | `a/b` |" in text
    assert "````python\na = '```'\n````" in text
    assert shortened_text("a" * 100 + "b" * 100, 20) == "a" * 10 + "\n[... 180 characters left out ...]\n" + "b" * 10
