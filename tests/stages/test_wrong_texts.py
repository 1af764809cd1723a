"""Texts that LLVM or a device cannot run, and outputs that cannot be written: said in a sentence, and in time."""

import re
from pathlib import Path
from typing import Any

import pytest

from ranvier import sweep_profile
from ranvier.codegen.errors import CodegenError
from ranvier.commands import ablate, bisect, opt, reduce
from ranvier.commands import run as run_command
from ranvier.pipeline.output_files import check_output
from ranvier.runtime.cuda import driver
from ranvier.text.program import TextProgram

ROOT = Path(__file__).resolve().parents[2]
RING = str(ROOT / "examples/ring.mlir")
VALUES = "--set N=8 --set K=3 --set omega=10 --duration 0.01".split()


@pytest.fixture(scope="module")
def llvm(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("llvm") / "ring.ll"
    assert opt.main([RING, "--emit", "llvm", "-o", str(file)]) == 0
    return file.read_text()


def in_another_order(llvm: str) -> str:
    """Returns the text with an instruction in front of one whose result it uses, in one block."""
    lines = llvm.splitlines()
    for k, line in enumerate(lines[:-1]):
        found = re.match(r" +(%\w+) = f\w+ ", line)
        if found and re.search(rf"= f.*{found[1]}\b", lines[k + 1]):
            return "\n".join([*lines[:k], lines[k + 1], line, *lines[k + 2 :]])
    raise AssertionError("there is no such pair")


def test_llvm_ir_that_is_not_valid_is_an_error_and_ends_no_process(llvm: str) -> None:
    """LLVM's code generator ended the process, with an assertion of its own."""
    with pytest.raises(CodegenError, match=r"LLVM does not accept ring.ll: Instruction does not dominate all uses"):
        TextProgram(in_another_order(llvm), "ring.ll")


def test_llvm_ir_that_cannot_be_read_is_named_with_its_file_and_line(llvm: str, tmp_path: Path, capsys: Any) -> None:
    file = tmp_path / "ring.ll"
    file.write_text(llvm.replace("= fsub ", "= fsob ", 1))
    line = next(k for k, text in enumerate(file.read_text().splitlines(), 1) if "fsob" in text)
    assert run_command.main([str(file), *VALUES]) == 1
    assert f"{file}:{line}:" in capsys.readouterr().err


def test_kernels_without_a_gpu_are_a_sentence_that_says_what_can_be_done(
    tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_driver() -> Any:
        raise driver.DeviceError("There is no driver.")

    monkeypatch.setattr(driver.Driver, "of_process", no_driver)
    file = str(tmp_path / "kernels.mlir")
    assert opt.main([RING, "--emit", "kernels", "-o", file]) == 0
    assert run_command.main([file, *VALUES]) == 2
    assert "There is no driver.\n(-p emulate-kernels makes loops" in capsys.readouterr().err
    assert run_command.main([file, "-p", "emulate-kernels", *VALUES]) == 0


def test_what_cannot_be_written_is_said_before_the_work(tmp_path: Path, capsys: Any) -> None:
    script, gone = tmp_path / "script.py", str(tmp_path / "none" / "file")
    script.write_text("raise SystemExit('it has run')")
    (tmp_path / "a file").touch()
    folder = str(tmp_path / "a file" / "folder")
    for main, arguments, said in (
        (ablate.main, ["--json", gone, str(script)], "ranvier ablate: --json: cannot write to"),
        (sweep_profile.main, ["--json", gone, str(script)], "ranvier profile: --json: cannot write to"),
        (bisect.main, [RING, "--reproducer", gone], "ranvier bisect: --reproducer: cannot write to"),
        (reduce.main, [RING, "-o", gone], "ranvier reduce: --output: cannot write to"),
        (run_command.main, [RING, *VALUES, "-o", folder], "ranvier run: --output: cannot write to"),
        (opt.main, [RING, "--dump", folder], "ranvier-opt: --dump: cannot write to"),
        (
            opt.main,
            [RING, "--print-ir-after-all", "--ir-tree-dir", folder],
            "ranvier-opt: --ir-tree-dir: cannot write to",
        ),
    ):
        assert main(arguments) == 2
        printed = capsys.readouterr()
        assert printed.err.startswith(said) and not printed.out


def test_asking_whether_a_file_can_be_written_leaves_it_as_it_is(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_text("text")
    check_output(str(there), "--json")
    check_output(str(tmp_path / "new"), "--json")
    assert there.read_text() == "text" and sorted(tmp_path.iterdir()) == [there]
