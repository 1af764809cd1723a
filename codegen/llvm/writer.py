"""The state of one walk: lines written so far, names of values, the current block."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from xdsl.dialects.arith import FastMathFlagsAttr
from xdsl.dialects.utils import FastMathFlag
from xdsl.ir import Block, Operation, Region, SSAValue

from ranvier.codegen.errors import CodegenError, UnsupportedOpError, location_of
from ranvier.codegen.llvm.debug import DebugInfo
from ranvier.codegen.llvm.profile import Profile
from ranvier.codegen.llvm.types import llvm_type
from ranvier.codegen.options import CodegenOptions, FastMath
from ranvier.codegen.target import Target

DEFAULT_FLAGS: dict[FastMath, str] = {
    "off": "",
    "contract": "contract ",
    "fast": "reassoc nsz arcp contract afn ",
}
"""LLVM's fast-math flags of each value of `CodegenOptions.fast_math`."""


@dataclass
class Allocations:
    """The memory that a program holds to its end.

    Attributes:
        held: Where the list of it begins; "" if there is none.
        failed: Where to go if there is no memory.
        pointers: The names of the memory.
    """

    held: str = ""
    failed: str = ""
    pointers: set[str] = field(default_factory=set[str])


class Writer:
    """Writes the LLVM text of a module.

    Attributes:
        target: The machine that the text is for.
        options: The user's choices.
        lines: The lines of the current function, or of the module between functions.
        block: The label of the block that is being written.
        library: The names in `ranvier.codegen.mathlib` of the functions that the text calls.
        linked: The modules of LLVM IR whose functions the text calls.
        loop_widths: The vector width that is asked for in each loop with metadata.
        helpers: The names of the functions in `memref.HELPERS` that the text calls.
        nonnegative: Names of integer values that are known not to be negative.
        volatile: Names of pointers whose memory others change while the code runs.
        slots: Arguments of a program that reads them from its table where it needs them → the numbers of their slots.
        allocations: In a program, the memory that it holds to its end; None elsewhere.
        team: The name of the pointer to the control block, behind which threads find their work; "" if there is none.
        outlined: The lines of functions that are made of parts of the current one, for after its end.
        before_loop: The lines to come in front of the outermost loop that is being written; None outside.
        profile: Measures sweeps; None if that is not asked for.
        debug: Numbers the places that instructions come from; None if they do not say so.
    """

    def __init__(self, handlers: Mapping[str, Handler], target: Target, options: CodegenOptions) -> None:
        """Takes the translations of all ops by op name, the machine and the options."""
        self.target = target
        self.options = options
        self.lines: list[str] = []
        self.block = "entry"
        self.library: set[str] = set()
        self.helpers: set[str] = set()
        self.linked: list[str] = []
        self.loop_widths: list[int] = []
        self.nonnegative: set[str] = set()
        self.volatile: set[str] = set()
        self.slots: dict[SSAValue, int] = {}
        self.allocations: Allocations | None = None
        self.team = ""
        self.outlined: list[str] = []
        self.before_loop: list[str] | None = None
        self.profile: Profile | None = None
        self.debug = DebugInfo(options.debug_info) if options.debug_info else None
        self._handlers = handlers
        self._names: dict[SSAValue, str] = {}
        self._prelude: list[str] = []
        self._default_flags = DEFAULT_FLAGS[options.fast_math]
        self._next = 0
        self._depth = 0

    @property
    def nested(self) -> bool:
        """Whether the walk is inside the region of an op of the function's body."""
        return self._depth > 0

    def __getitem__(self, value: SSAValue) -> str:
        """Returns the name, or the constant, that stands for `value`."""
        return self._names[value]

    def names_value(self, value: SSAValue) -> bool:
        """Tells whether what stands for `value` is the name of a value of the function, not a constant."""
        return self._names.get(value, "").startswith("%")

    def typed(self, value: SSAValue) -> str:
        """Returns `value` after its type: `double %v1`."""
        return f"{llvm_type(value.type)} {self._names[value]}"

    def bind(self, value: SSAValue, name: str) -> None:
        """Lets `name` stand for `value` from here on."""
        self._names[value] = name

    def fresh(self, prefix: str = "%v") -> str:
        """Returns a name that nothing in the module has."""
        self._next += 1
        return f"{prefix}{self._next}"

    def line(self, text: str) -> None:
        """Writes one instruction."""
        self.lines.append(f"  {text}{self._place}")

    def temporary(self, expression: str) -> str:
        """Writes an instruction and returns the name of its result."""
        name = self.fresh()
        self.lines.append(f"  {name} = {expression}{self._place}")
        return name

    def define(self, value: SSAValue, expression: str) -> None:
        """Writes the instruction whose result is `value`, which keeps its name."""
        name = self.fresh(f"%{value.name_hint}.") if value.name_hint else self.fresh()
        self.lines.append(f"  {name} = {expression}{self._place}")
        self._names[value] = name

    @property
    def _place(self) -> str:
        """What is written behind an instruction."""
        return "" if self.debug is None else self.debug.suffix

    def start_block(self, label: str) -> None:
        """Begins the block `label`; the block before must have been ended by a branch."""
        self.lines.append(f"{label}:")
        self.block = label

    def branch(self, label: str) -> None:
        """Ends the current block with a jump to `label`."""
        self.lines.append(f"  br label %{label}{self._place}")

    def branch_back(self, label: str, width: int) -> None:
        """Ends a loop with the jump to its head; asks for vectors of `width` elements unless it is 0."""
        if not width:
            self.branch(label)
            return
        self.lines.append(f"  br label %{label}, !llvm.loop !{2 * len(self.loop_widths)}{self._place}")
        self.loop_widths.append(width)

    def loop_metadata(self) -> list[str]:
        """Returns what the loops' metadata numbers mean."""
        lines: list[str] = []
        for number, width in enumerate(self.loop_widths):
            lines.append(f"!{2 * number} = distinct !{{!{2 * number}, !{2 * number + 1}}}")
            lines.append(f'!{2 * number + 1} = !{{!"llvm.loop.vectorize.width", i32 {width}}}')
        return lines

    def reserve_line(self) -> int:
        """Returns the number of a line that is written later, by `fill_line`."""
        self.lines.append("")
        return len(self.lines) - 1

    def fill_line(self, number: int, text: str) -> None:
        """Writes the instruction that a line was reserved for."""
        self.lines[number] = f"  {text}"

    def at_entry(self, expression: str) -> str:
        """Writes an instruction at the top of the function and returns the name of its result."""
        name = self.fresh()
        self._prelude.append(f"  {name} = {expression}")
        return name

    def line_at_entry(self, text: str) -> None:
        """Writes an instruction without result at the top of the function."""
        self._prelude.append(f"  {text}")

    @contextmanager
    def function(self, header: str, name: str = "", op: Operation | None = None) -> Generator[None]:
        """Writes a function around the instructions that are written inside the `with` block.

        Args:
            header: Its first line.
            name: Its name, for debug information.
            op: What it is made of; None for what debug information does not tell of.
        """
        outer, self.lines, self._prelude = self.lines, [], []
        self.block = "entry"
        if self.debug is not None and op is not None:
            header += self.debug.enter(name, op)
        yield
        if self.debug is not None:
            self.debug.leave()
        outer += [f"define {header} {{", "entry:", *self._prelude, *self.lines, "}", "", *self.outlined]
        self.lines, self.outlined = outer, []

    @contextmanager
    def outline(self, header: str, name: str, op: Operation) -> Generator[None]:
        """Writes a function, which comes after the current one, of the instructions inside the `with` block.

        Args:
            header: Its first line.
            name: Its name, for debug information.
            op: What it is made of.
        """
        place = None if self.debug is None else self.debug.state()
        if self.debug is not None:
            header += self.debug.enter(name, op)
        lines, prelude, block, before = self.lines, self._prelude, self.block, self.before_loop
        self.lines, self._prelude, self.block, self.before_loop = [], [], "entry", None
        yield
        self.outlined += [f"define {header} {{", "entry:", *self._prelude, *self.lines, "}", ""]
        self.lines, self._prelude, self.block, self.before_loop = lines, prelude, block, before
        if self.debug is not None and place is not None:
            self.debug.restore(place)

    def flags(self, op: Operation) -> str:
        """Returns the fast-math flags of an arithmetic op, those of the options added, with a space at the end."""
        own = own_flags(op)
        if own == "fast " or not own:
            return own or self._default_flags
        return " ".join(sorted({*own.split(), *self._default_flags.split()})) + " "

    def region(self, region: Region) -> Operation:
        """Writes the ops of a region of one block, but the terminator, which is returned."""
        self._depth += 1
        terminator = self.ops(region.block)
        self._depth -= 1
        return terminator

    def ops(self, block: Block) -> Operation:
        """Writes the ops of `block`, but the terminator, which is returned."""
        terminator = block.last_op
        if terminator is None:
            raise CodegenError("a block without a terminator")
        for op in block.ops:
            if op is terminator:
                break
            self.op(op)
        return terminator

    def op(self, op: Operation) -> None:
        """Writes one op.

        Raises:
            UnsupportedOpError: The op or this use of it has no translation.
        """
        handler = self._handlers.get(op.name)
        if handler is None:
            raise UnsupportedOpError(op)
        if self.options.locations:
            self.lines.append(f"  ; {location_of(op)}")
        outer = "" if self.debug is None else self.debug.move(op)
        try:
            handler(self, op)
        except UnsupportedOpError:
            raise
        except CodegenError as error:
            raise UnsupportedOpError(op, str(error)) from error
        if self.debug is not None:
            self.debug.suffix = outer


def own_flags(op: Operation) -> str:
    """Returns the fast-math flags that `op` itself carries, with a space at the end."""
    given = op.properties.get("fastmath") or op.attributes.get("fastmath")
    if not isinstance(given, FastMathFlagsAttr):
        return ""
    names = {flag.value for flag in given.data}
    return "fast " if len(names) == len(FastMathFlag) else "".join(f"{name} " for name in sorted(names))


Handler = Callable[[Writer, Operation], None]
"""The translation of one kind of op."""
