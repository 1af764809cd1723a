"""The worked examples of docs/passes.md are run: their commands print what stands below them."""

import re
import shlex
import shutil
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

from ranvier.commands import cli, opt
from ranvier.passes import unregister_pass
from ranvier.passes.own import registered_passes
from ranvier.passes.pipeline import parse_pipeline

ROOT = Path(__file__).resolve().parents[2]


def test_the_worked_example_runs_as_printed(tmp_path, monkeypatch, capsys) -> None:
    text = (
        (ROOT / "docs/passes.md")
        .read_text(encoding="utf-8")
        .partition("## When a pass is wrong")[2]
        .partition("\n## ")[0]
    )
    source, commands, more, printed = (
        block
        for language in ("python", "sh", "text")
        for block in re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    )
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "examples", "examples", ignore=lambda *_: ["own_pass"])
    Path("order.py").write_text(source)
    (bisect,) = commands.splitlines()
    run_again, reduce = more.splitlines()
    try:
        assert cli.main(shlex.split(bisect)[1:]) == 1
        assert capsys.readouterr().out == printed
        assert opt.main(shlex.split(run_again)[1:]) == 1
        assert cli.main(shlex.split(reduce)[1:]) == 0
        assert "38 ops became 11," in capsys.readouterr().err
        small = Path("small.mlir").read_text()
        assert "snn.reset" in small and "snn.map" not in small and "snn.threshold" not in small
    finally:
        unregister_pass("order-operands")


def test_remarks_are_those_of_the_page(tmp_path, monkeypatch, capsys) -> None:
    text = (
        (ROOT / "docs/passes.md")
        .read_text(encoding="utf-8")
        .partition("### What passes count")[2]
        .partition("\n## ")[0]
    )
    (command,) = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    (printed,) = re.findall(r"^```text\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "examples", "examples", ignore=lambda *_: ["own_pass"])
    assert opt.main(shlex.split(command)[1:]) == 0
    assert capsys.readouterr().err == printed


def test_the_package_of_the_page_offers_its_pass(tmp_path, monkeypatch, offering) -> None:
    text = (ROOT / "docs/passes.md").read_text(encoding="utf-8")
    (project,) = re.findall(r"^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    said = tomllib.loads(project)
    (package,) = said["tool"]["setuptools"]["packages"]
    folder = tmp_path / package
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    # the file of the example without the decorator, which a package does not need
    source = (ROOT / "examples/own_pass/merge_selects.py").read_text(encoding="utf-8")
    (folder / "merge_selects.py").write_text(source.replace("@register_pass\n", ""))
    monkeypatch.syspath_prepend(tmp_path)
    points = said["project"]["entry-points"]
    if "merge-selects" in registered_passes():  # by a test of the example in the same process
        unregister_pass("merge-selects")
    offering(*(EntryPoint(name, place, group) for group in points for name, place in points[group].items()))
    (found,) = parse_pipeline("merge-selects")
    try:
        assert type(found).__module__ == f"{package}.merge_selects"
    finally:
        unregister_pass("merge-selects")


def test_no_other_commands_are_on_the_page() -> None:
    """One more block of commands or of what they print needs a test above."""
    text = (ROOT / "docs/passes.md").read_text(encoding="utf-8")
    found = {language: len(re.findall(rf"^```{language}$", text, re.MULTILINE)) for language in ("sh", "text")}
    assert found == {"sh": 3, "text": 2}
