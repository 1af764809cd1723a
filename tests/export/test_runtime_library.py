"""`ranvier export --runtime-ll`: the runtime functions as LLVM IR that other modules link."""

import pytest

from ranvier.codegen.target import initialised_llvm
from ranvier.commands import export as export_command

CALLER = """
declare double @rv.exp.f64(double)
define double @twice(double %x) {
  %e = call double @rv.exp.f64(double %x)
  %y = fadd double %e, %e
  ret double %y
}
"""


def test_other_modules_link_what_is_written(tmp_path, capsys):
    path = tmp_path / "runtime.ll"
    assert export_command.main(["--runtime-ll", str(path)]) == 0
    assert capsys.readouterr().out.startswith(f"wrote {path} for ")
    llvm = initialised_llvm()
    context = llvm.create_context()
    module = llvm.parse_assembly(CALLER, context)
    module.link_in(llvm.parse_assembly(path.read_text(), context))
    module.verify()
    called = module.get_function("rv.exp.f64")
    assert not called.is_declaration and called.linkage.name == "external"


def test_it_is_for_the_machine_that_is_named(capsys):
    assert export_command.main(["--runtime-ll", "-", "--target", "aarch64"]) == 0
    assert capsys.readouterr().out.startswith('target triple = "aarch64-unknown-linux-gnu"\n')


def test_what_cannot_be_written_is_said(tmp_path, capsys):
    assert export_command.main(["--runtime-ll", str(tmp_path / "nowhere" / "runtime.ll")]) == 1
    assert "cannot write" in capsys.readouterr().err
    for arguments, text in (([], "name a script"), (["script.py"], "-o/--output")):
        with pytest.raises(SystemExit):
            export_command.main(arguments)
        assert text in capsys.readouterr().err
