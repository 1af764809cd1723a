"""Back ends: programs that something else than Ranvier's code generator makes."""

import ctypes
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ranvier import BrianObjectException, Network, NeuronGroup, SpikeMonitor, Synapses, ms, prefs, seed
from ranvier.codegen import CodegenError, backends, stock_mlir
from ranvier.codegen.artifact import Artifact
from ranvier.codegen.backends import Backend, backend_names, register_backend, unregister_backend
from ranvier.codegen.compile import compile_text
from ranvier.codegen.llvm.emitter import emit_module
from ranvier.codegen.load import load, load_function
from ranvier.codegen.runtime_library import library_text
from ranvier.ir.offers import BACKENDS
from ranvier.passes import load_passes


def emitted(module: Any, slots: Any, options: Any) -> Any:
    compiled = compile_text(emit_module(module, slots=slots, options=options.codegen))
    program = load(Artifact(compiled.object_code, slots, compiled.target.triple), options.symbols)
    return SimpleNamespace(entry=program.entry, program=program)


@pytest.fixture(autouse=True)
def as_before() -> Any:
    yield
    prefs.codegen.backend = "llvm"
    prefs.codegen.threads = "auto"


class Model:
    def __init__(self, size: int = 20) -> None:
        seed(3)
        cells = NeuronGroup(
            size,
            "dv/dt = (1.3 - v)/(5*ms) + 0.1*xi*(5*ms)**-0.5 : 1",
            threshold="v > exp(sin(i)/10)",
            reset="v = 0",
            method="euler",
        )
        synapses = Synapses(cells, cells, "w : 1", on_pre="v_post += w; w *= 0.99", delay=0.3 * ms)
        synapses.connect(p=0.3)
        synapses.w = 0.01
        self.cells, self.spikes = cells, SpikeMonitor(cells)
        self.network = Network(cells, synapses, self.spikes)
        self.network.store()

    def run(self, backend: str, threads: int = 1) -> list[Any]:
        prefs.codegen.backend, prefs.codegen.threads = backend, threads
        self.network.restore(restore_random_state=True)
        self.network.run(15 * ms)
        assert self.spikes.num_spikes
        return [np.array(self.cells.v_[:]).tolist(), (self.spikes.t[:] / ms).tolist()]


def test_a_registered_back_end_makes_programs_and_they_are_kept() -> None:
    calls: list[int] = []

    def mine(module: Any, slots: Any, options: Any) -> Any:
        calls.append(len(slots))
        return emitted(module, slots, options)

    register_backend("mine", mine)
    try:
        assert "mine" in backend_names()
        model = Model()
        assert model.run("mine", threads=3) == model.run("llvm") == model.run("mine")
        assert len(calls) == 1
        assert "one thread" in model.network.lower().threads
    finally:
        unregister_backend("mine")


def test_back_ends_that_are_none() -> None:
    network = Network(NeuronGroup(1, "dv/dt = -v/ms : 1", method="exact"))
    prefs.codegen.backend = "absent"
    with pytest.raises(ValueError, match="no back end 'absent'; there are llvm, mlir"):
        network.run(1 * ms)
    for name in ("", "llvm", "mlir"):
        with pytest.raises(ValueError, match="is no name for another back end"):
            register_backend(name, emitted)
    register_backend("empty", lambda module, slots, options: SimpleNamespace())  # pyright: ignore
    try:
        prefs.codegen.backend = "empty"
        with pytest.raises(CodegenError, match="no function `entry`"):
            network.run(1 * ms)
    finally:
        unregister_backend("empty")


def test_files_that_are_loaded_for_passes_may_have_a_back_end_alone(tmp_path: Path) -> None:
    path = tmp_path / "with_a_back_end.py"
    path.write_text(
        "from ranvier.codegen.backends import register_backend\n"
        "def compile(module, slots, options): ...\n"
        "register_backend('of-a-file', compile)\n"
    )
    assert load_passes(str(path)) == []
    unregister_backend("of-a-file")


def test_entry_points(offering: Callable[..., None]) -> None:
    offering(
        SimpleNamespace(group=BACKENDS, name="good", value="a:b", load=lambda: Backend(emitted)),
        SimpleNamespace(group=BACKENDS, name="bad", value="a:c", load=lambda: 3),
        SimpleNamespace(group=BACKENDS, name="broken", value="a:d", load=lambda: 1 / 0),
    )
    assert isinstance(backends.backend_of("good"), Backend)
    for name, message in (("bad", "is no ranvier"), ("broken", "ZeroDivisionError")):
        with pytest.raises(ValueError, match=message):
            backends.backend_of(name)


def test_missing_tools_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stock_mlir, "tool", lambda name: None)
    prefs.codegen.backend = "mlir"
    cells = NeuronGroup(1, "dv/dt = -v/(3*ms) + v**3/ms : 1", method="euler")
    with pytest.raises((CodegenError, BrianObjectException), match="mlir-19-tools"):
        Network(cells).run(1 * ms)


has_tools = all(stock_mlir.tool(name) for name in stock_mlir.TOOLS)


@pytest.mark.skipif(not has_tools, reason="mlir-opt and mlir-translate are not installed")
def test_stock_tools_give_the_same_bits() -> None:
    model = Model()
    assert model.run("mlir") == model.run("llvm")


@pytest.mark.skipif(not has_tools, reason="mlir-opt and mlir-translate are not installed")
def test_openmp_gives_the_same_bits() -> None:
    try:
        stock_mlir._openmp()  # pyright: ignore[reportPrivateUsage]
    except CodegenError:
        pytest.skip("LLVM's library of OpenMP is not installed")
    model = Model(1500)
    assert model.run("mlir-openmp", threads=2) == model.run("llvm")


def test_the_runtime_functions_can_be_linked() -> None:
    used = (
        library_text()
        + """
define double @try_it(double %x) {
  %array = call ptr @rv.new.f64(i64 3)
  %y = call double @rv.exp.f64(double %x)
  store double %y, ptr %array
  %z = load double, ptr %array
  call void @rv.delete.f64(ptr %array)
  ret double %z
}
"""
    )
    address = load_function(compile_text(used).object_code, "try_it")
    assert ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(address)(1.0) == pytest.approx(np.e)
