"""Kernels in PTX: what `ptxas` makes of every example, what is not fused, what is counted."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from xdsl.parser import Parser

from ranvier.codegen import CodegenOptions
from ranvier.codegen.errors import CodegenError
from ranvier.codegen.nvptx import ARCHITECTURES, emit_kernels, nvidia, ptx_text, read_ptxas
from ranvier.codegen.ptx_counts import Counts, count_levels, count_ptx
from ranvier.ir.dialect import new_context
from ranvier.passes.default_pipeline import default_pipeline, lowering_to_kernels
from ranvier.passes.pipeline import lower, run_pipeline

PROGRAMS = Path(__file__).resolve().parents[1] / "passes" / "programs"
NAMES = ["lif", "two_clocks", "elsewhere", "random", "linear", "integrate", "neurons", "emit", "synapses"]
MOST_SPILLED = 16
"""Bytes that may be spilled: on sm_80 ptxas keeps 64 registers for inner steps of a `gsl` method, and spills 16."""


def kernels(name: str, fast_math: str = "off", architecture: str = "sm_80", edit=str) -> tuple[str, str]:
    """The LLVM IR and the PTX of the kernels of an example."""
    text = edit((PROGRAMS / f"{name}.mlir").read_text())
    module = Parser(new_context(), text).parse_module()
    run_pipeline(module, default_pipeline(fast_math))
    lower(module, lowering_to_kernels())
    options, target = CodegenOptions(fast_math="off"), nvidia(architecture)  # the pipeline has chosen what is fused
    llvm = emit_kernels(module, target=target, options=options)
    return llvm, ptx_text(llvm, target=target, options=options)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("name", NAMES)
def test_every_kernel_assembles(name: str, architecture: str, tmp_path: Path) -> None:
    _, ptx = kernels(name, architecture=architecture)
    names = re.findall(r"\.entry (\w+)", ptx)
    assert names and f".target {architecture}" in ptx and set(count_ptx(ptx)) == set(names)
    tool = shutil.which("ptxas")
    if tool is None:
        pytest.skip("ptxas is not installed")
    path = tmp_path / "kernels.ptx"
    path.write_text(ptx)
    done = subprocess.run(
        [tool, "-v", f"-arch={architecture}", str(path), "-o", str(tmp_path / "kernels.cubin")],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    report = read_ptxas(done.stderr)
    for one in report:
        print(f"{architecture} {one.name}: {one.registers} registers, {one.spilled} B spilled, {one.shared} B shared")
    assert {one.name for one in report} == set(names)
    assert all(0 < one.registers <= 255 and one.spilled <= MOST_SPILLED for one in report)


def test_what_is_rounded_by_itself_is_not_fused() -> None:
    def edit(text: str) -> str:
        return text.replace("snn.yield %y : f64", "%z = arith.addf %y, %vt : f64\n      snn.yield %z : f64")

    plain, fused = (kernels("lif", fast_math, edit=edit)[1] for fast_math in ("off", "contract"))
    assert "fma.rn.f64" not in plain and "fma.rn.f64" in fused


def test_blocks_share_memory_and_wait() -> None:
    llvm, ptx = kernels("lif")
    assert "addrspace(3) global" in llvm and "ptx_kernel void @integrate" in llvm
    assert ".shared" in ptx and "bar.sync" in ptx and ".reqntid 128" in ptx
    assert not re.search(r"call[^\n]*@rv\.", llvm)  # PTX knows no names with dots


def test_the_counts_of_a_kernel() -> None:
    counts = count_ptx(kernels("lif")[1])
    integrate = next(count for name, count in counts.items() if name.startswith("integrate"))
    assert (integrate.loads, integrate.loaded, integrate.stores, integrate.stored) == (1, 8, 2, 9)
    assert (integrate.barriers, integrate.special, integrate.atomics) == (0, 0, 0)
    assert counts["count"].barriers == 8  # log2(128) additions, and one before them
    assert Counts(loads=1, other=2) + Counts(loads=2) == Counts(loads=3, other=2)


LOOPS = """
.visible .entry nest(
	.param .u64 nest_0
)
{
	.reg .b64 %rd<3>;
	ld.global.b64 	%rd1, [%rd2];
	@%p1 bra 	$L__BB0_5;
	bra.uni 	$L__BB0_1;
$L__BB0_4:
	bar.sync 	0;
	@%p2 bra 	$L__BB0_1;
	bra.uni 	$L__BB0_5;
$L__BB0_1:
	ld.global.b32 	%r1, [%rd2];
$L__BB0_2:
	fma.rn.f64 	%fd1, %fd2, %fd3, %fd1;
	@%p3 bra 	$L__BB0_2;
	@%p4 bra 	$L__BB0_4;
	div.rn.f64 	%fd1, %fd2, %fd3;
	bra.uni 	$L__BB0_4;
$L__BB0_5:
	st.global.b64 	[%rd2], %rd1;
	ret;
}
"""


def test_what_stands_in_loops_is_kept_apart() -> None:
    """A loop with a barrier at its end, which stands above its beginning, and in it a loop of one block."""
    (levels,) = count_levels(LOOPS).values()
    assert levels[0] == Counts(loads=1, loaded=8, stores=1, stored=8, other=4)
    assert levels[1] == Counts(loads=1, loaded=4, special=1, barriers=1, other=3)
    assert levels[2] == Counts(floats=1, other=1) and len(levels) == 3
    assert count_ptx(LOOPS)["nest"] == levels[0] + levels[1] + levels[2]


CALLING = """
"gpu.module"() <{sym_name = "kernels"}> ({
  "gpu.func"() <{function_type = (f64) -> (), kernel}> ({
  ^bb0(%x: f64):
    %y = func.call @elsewhere(%x) : (f64) -> f64
    "gpu.return"() : () -> ()
  }) {sym_name = "k", gpu.known_block_size = array<i32: 32, 1, 1>} : () -> ()
  func.func private @elsewhere(f64) -> f64 attributes {ranvier.native = ""}
}) : () -> ()
"""


def test_functions_of_cpp_are_not_on_the_device() -> None:
    module = Parser(new_context(), CALLING).parse_module()
    with pytest.raises(CodegenError, match="elsewhere, a function of C\\+\\+, which is compiled for the CPU only"):
        emit_kernels(module)
