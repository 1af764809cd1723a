"""The `func` dialect: definitions, declarations, calls; and the entry of a program."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import DictionaryAttr, IntegerAttr, MemRefType, StringAttr, SymbolRefAttr
from xdsl.dialects.func import CallOp, FuncOp, ReturnOp
from xdsl.ir import Attribute, Operation, SSAValue

from ranvier.codegen import mathlib
from ranvier.codegen.errors import CodegenError, UnsupportedOpError
from ranvier.codegen.llvm.memref import write_end_of_memory, write_failure
from ranvier.codegen.llvm.types import llvm_type
from ranvier.codegen.llvm.writer import Allocations, Handler, Writer
from ranvier.codegen.load import ENTRY
from ranvier.ir.native import NATIVE
from ranvier.ir.slots import OUT_OF_MEMORY

PROGRAM = "run"
"""The name of the function that is a whole program."""

LIBRARY_PREFIX = "rv."
"""Declarations with this prefix are functions of `ranvier.codegen.mathlib`, whose text is added."""

MANY = 64
"""A program with more arguments than this reads them from its table where it calls a sweep with them.

Were all of them values of the function, each would live through all of it, and LLVM's time would grow with the square
of their number. Few of them are faster as values.
"""

_FLAG_ATTRIBUTES = ("noalias", "nonnull", "noundef", "readonly", "writeonly")


def write_function(w: Writer, op: FuncOp, *, calls_out: bool, control: bool) -> None:
    """Writes a definition; all functions are internal, since the entry is the only symbol to export.

    Args:
        w: The walk.
        op: The function; its body is one block.
        calls_out: Whether Python code may run during the function. It reaches the arrays by its own pointers, so the
            arguments are then not `noalias`, whatever the op says.
        control: Whether the last argument is the control block, which other threads write to at any time.
    """
    if len(op.body.blocks) != 1:
        raise UnsupportedOpError(op, "the body of a function must be one block")
    arguments: list[str] = [] if not reads_table(op) else ["ptr %table"]
    for number, argument in enumerate(op.body.block.args if not arguments else ()):
        name = w.fresh("%a")
        w.bind(argument, name)
        arguments.append(f"{_argument_type(op, number, argument.type, noalias=not calls_out)} {name}")
        if control and number == len(op.body.block.args) - 1:
            _take_control(w, name)
    # Nothing is inlined into a program: that would gain nothing (a sweep is long beside its call), cost the arguments'
    # attributes, and make one function whose size is that of the network, on which LLVM spends more than its share.
    counts = w.profile is not None and w.profile.counts(_name(op))
    with w.function(
        f"internal {'i64' if counts else _results(op)} {_symbol(op)}({', '.join(arguments)}) #1", _name(op), op
    ):
        w.allocations = Allocations() if _name(op) == PROGRAM else None
        if w.profile is not None and counts:
            w.profile.begin(w, op)
        if reads_table(op):
            _bind_slots(w, op.body.block.args, control=control)
        terminator = w.ops(op.body.block)
        if not isinstance(terminator, ReturnOp):
            raise UnsupportedOpError(terminator, "a function must end with func.return")
        write_end_of_memory(w)
        if w.profile is not None and counts:
            w.profile.end(w)
        else:
            _return(w, terminator)
        write_failure(w, OUT_OF_MEMORY)
    w.team = ""


def reads_table(op: FuncOp) -> bool:
    """Tells whether a function is a program whose only argument is the table of its slots; see `MANY`."""
    return _name(op) == PROGRAM and len(op.function_type.inputs.data) > MANY


def _bind_slots(w: Writer, arguments: Sequence[SSAValue], *, control: bool) -> None:
    """Reads what other ops than calls use; calls read their own."""
    for number, argument in enumerate(arguments):
        w.slots[argument] = number
        if any(not isinstance(use.operation, CallOp) for use in argument.uses):
            name = _slot(w, number, argument.type).rpartition(" ")[2]
            w.bind(argument, name)
            if control and number == len(arguments) - 1:
                _take_control(w, name)


def _take_control(w: Writer, name: str) -> None:
    """Notes the pointer to the control block: other threads write to it, and find their work behind it."""
    w.volatile.add(name)
    w.team = name


def write_declaration(w: Writer, op: FuncOp) -> None:
    """Writes the declaration of a function from outside, or asks the library for it."""
    name = _name(op)
    text = native_text(op)
    if text:
        w.linked.append(text)
    if name.startswith(LIBRARY_PREFIX):
        function = name.removeprefix(LIBRARY_PREFIX)
        if function not in mathlib.FUNCTIONS:
            raise UnsupportedOpError(op, f"the library of functions has no {function}")
        w.library.add(function)
        return
    arguments = [_argument_type(op, n, type_, noalias=True) for n, type_ in enumerate(op.function_type.inputs.data)]
    w.lines.append(f"declare {_results(op)} {_symbol(op)}({', '.join(arguments)})")


def write_entry(w: Writer, op: FuncOp, *, passes_table: bool | None = None) -> None:
    """Writes the exported function, which reads the slots of the table and runs the program.

    Each slot fills 8 bytes; narrow integers are the low bits of theirs, floats are written as a double's bits.

    Args:
        w: The walk.
        op: The program.
        passes_table: Whether the program takes the table itself; None: as it was written, see `reads_table`.
    """
    passes_table = reads_table(op) if passes_table is None else passes_table
    if [llvm_type(type_) for type_ in op.function_type.outputs.data] != ["i64"]:
        raise UnsupportedOpError(op, "a program must return one i64")
    with w.function(f"i64 @{ENTRY}(ptr noundef nonnull readonly align 8 %table) #0"):
        types = op.function_type.inputs.data
        read = ["ptr %table"] if passes_table else [_slot(w, number, type_) for number, type_ in enumerate(types)]
        arguments = ", ".join(read)
        call = f"call i64 {_symbol(op)}({arguments})"
        w.line(f"ret i64 {w.temporary(call) if w.profile is None else w.profile.whole(w, call)}")


def _slot(w: Writer, number: int, type_: Attribute) -> str:
    address = w.temporary(f"getelementptr inbounds nuw i64, ptr %table, i64 {number}")
    wanted = llvm_type(type_)
    stored = wanted if wanted in ("ptr", "double", "i64") else "double" if wanted == "float" else "i64"
    value = w.temporary(f"load {stored}, ptr {address}")
    if stored == wanted:
        return f"{wanted} {value}"
    if wanted == "i1":
        return f"i1 {w.temporary(f'icmp ne i64 {value}, 0')}"
    if wanted == "float":
        return f"float {w.temporary(f'fptrunc double {value} to float')}"
    if wanted.startswith("i"):
        return f"{wanted} {w.temporary(f'trunc i64 {value} to {wanted}')}"
    raise CodegenError(f"a program cannot take an argument of type {type_}")


def calls_outside(functions: Sequence[FuncOp]) -> set[str]:
    """Returns the names of the functions during which code that is not part of the module may run."""
    declared = [f for f in functions if not f.body.blocks and native_text(f) is None]
    outside = {_name(f) for f in declared if not _name(f).startswith(LIBRARY_PREFIX)}
    if not outside:
        return set()
    callees = {_name(f): {_callee(op) for op in f.walk() if isinstance(op, CallOp)} for f in functions}
    reached = set(outside)
    while new := {name for name, called in callees.items() if name not in reached and called & reached}:
        reached |= new
    return reached


def native_text(op: FuncOp) -> str | None:
    """Returns the LLVM IR of a function of the script, "" if it is in a library; None for all other functions."""
    text = op.attributes.get(NATIVE)
    return text.data if isinstance(text, StringAttr) else None


def _argument_type(op: FuncOp, number: int, type_: Attribute, *, noalias: bool) -> str:
    """Returns the type of an argument with LLVM's attributes for it."""
    name = llvm_type(type_)
    if not op.body.blocks and name in ("i1", "i8", "i16"):
        return f"{name} {'zeroext' if name == 'i1' else 'signext'}"
    attributes = op.arg_attrs.data[number] if op.arg_attrs is not None else None
    if attributes is None or not isinstance(type_, MemRefType):
        return name
    return " ".join([name, *_pointer_attributes(attributes, noalias=noalias)])


def _pointer_attributes(attributes: DictionaryAttr, *, noalias: bool) -> list[str]:
    given = attributes.data
    flags = [flag for flag in _FLAG_ATTRIBUTES if f"llvm.{flag}" in given and (noalias or flag != "noalias")]
    align = given.get("llvm.align")
    if isinstance(align, IntegerAttr):
        flags.append(f"align {align.value.data}")
    size = given.get("llvm.dereferenceable")
    if isinstance(size, IntegerAttr):
        flags.append(f"dereferenceable({size.value.data})")
    return flags


def _name(op: FuncOp) -> str:
    return op.sym_name.data


def _symbol(op: FuncOp) -> str:
    return quoted(_name(op))


def quoted(name: str) -> str:
    """Returns a function's name as LLVM writes it."""
    plain = name.replace(".", "").replace("_", "").replace("$", "")
    return f"@{name}" if plain.isascii() and plain.isalnum() and not name[0].isdigit() else f'@"{name}"'


def _results(op: FuncOp) -> str:
    return _result_type(op.function_type.outputs.data)


def _result_type(types: Sequence[Attribute]) -> str:
    if not types:
        return "void"
    names = [llvm_type(type_) for type_ in types]
    return names[0] if len(names) == 1 else f"{{ {', '.join(names)} }}"


def _return(w: Writer, op: Operation) -> None:
    if not op.operands:
        w.line("ret void")
        return
    if len(op.operands) == 1:
        w.line(f"ret {w.typed(op.operands[0])}")
        return
    type_, whole = _result_type([operand.type for operand in op.operands]), "poison"
    for number, operand in enumerate(op.operands):
        whole = w.temporary(f"insertvalue {type_} {whole}, {w.typed(operand)}, {number}")
    w.line(f"ret {type_} {whole}")


def _callee(op: CallOp) -> str:
    callee = op.properties["callee"]
    assert isinstance(callee, SymbolRefAttr)
    return callee.root_reference.data


def _call(w: Writer, op: Operation) -> None:
    assert isinstance(op, CallOp)
    arguments = ", ".join(
        w.typed(operand) if operand not in w.slots else _slot(w, w.slots[operand], operand.type)
        for operand in op.operands
    )
    type_ = _result_type([result.type for result in op.results])
    name = _callee(op)
    counts = w.profile is not None and w.profile.counts(name)
    call = f"call {'i64' if counts else type_} {quoted(name)}({arguments})"
    if not op.results and w.profile is not None:
        if w.profile.bytes:
            w.profile.add(w, w.temporary(call)) if counts else w.line(call)
        else:
            w.profile.call(w, op, name, call)
    elif not op.results:
        w.line(call)
    elif len(op.results) == 1:
        w.define(op.results[0], call)
    else:
        whole = w.temporary(call)
        for number, result in enumerate(op.results):
            w.define(result, f"extractvalue {type_} {whole}, {number}")


OPS: dict[str, Handler] = {"func.call": _call}
"""The translation of the ops inside functions."""
