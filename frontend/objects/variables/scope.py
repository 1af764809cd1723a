"""From the texts of a group to checked expressions with bindings.

A `Scope` belongs to one group and one action. It finds out what each name means, has units and types checked, and
gives expressions back in which subexpressions are put in place and units are numbers; `bindings` then says what each
remaining name stands for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ranvier.actions import actions as act
from ranvier.actions.code import DRAWS
from ranvier.analysis.check import (
    CheckedStatement,
    check_expression,
    check_statements,
)
from ranvier.analysis.failures import at, unlinked
from ranvier.analysis.function_forms import expression_of
from ranvier.analysis.names import default_symbol, find, meaningless
from ranvier.analysis.symbols import DType, Symbol, noise
from ranvier.analysis.types import require_boolean
from ranvier.equations.assignments import Assign
from ranvier.equations.expressions import (
    Binary,
    Call,
    Expr,
    Name,
    Number,
    functions,
    map_children,
    names,
    walk,
)
from ranvier.equations.function_objects import Function
from ranvier.equations.functions import BUILT_IN_NAMES, DEFAULT_FUNCTIONS, BinomialFunction
from ranvier.equations.identifiers import is_noise
from ranvier.equations.parser import parse_expression
from ranvier.equations.statements import Statement, parse_statements
from ranvier.objects.memory.new_storage import dimension_text
from ranvier.objects.variables.lookups import Lookups
from ranvier.objects.variables.meanings import (
    array_binding,
    binomial_expression,
    function_binding,
    known_names,
    temporary,
    variable_symbol,
    with_suggestion,
)
from ranvier.objects.variables.tables import OwnSizeVariable, function_of_tables, only_for_functions, tables_among
from ranvier.objects.variables.variables import (
    ArrayVariable,
    ClockVariable,
    Constant,
    IndexVariable,
    Owner,
    Subexpression,
    UnlinkedVariable,
    Way,
)
from ranvier.objects.variables.whole_numbers import refuse_wrong_whole
from ranvier.session.clocks import step_length
from ranvier.units.dimensions import Dimension


@dataclass(frozen=True)
class Context:
    """Where a name is read.

    Attributes:
        owner: The group whose names they are.
        way: From the elements of the action's population to those of `owner`.
        inside: Whether it stands in a subexpression, where temporaries of the code mean nothing.
    """

    owner: Owner
    way: Way
    inside: bool = False


class Scope:
    """The names of a group's texts.

    Args:
        group: The group that the texts belong to.
        run_namespace: The names of the script.
        start: For subgroups: the number of their first element in the population that the action runs over.
        relative: Whether the action itself has `start` as its offset, so that `i` is relative to it.
        warns: Whether names that the script uses otherwise are worth a warning.

    Attributes:
        bindings: What the names of the expressions given back stand for.
        functions: The functions of the script among them.
        lookups: What was found out about names.
        units: The names of units that expressions hold as they are: for code worked on further, in whose messages
            the user's units are to appear. None: units become numbers at once.
        noise_in: What the texts are, if they cannot contain noise; "" for those that are integrated.
    """

    def __init__(
        self, group: Owner, run_namespace: Mapping[str, object], *, start: int = 0, relative: bool = False,
        warns: bool = True,
    ) -> None:  # fmt: skip
        self.group = group
        self.run_namespace = run_namespace
        self.bindings: dict[str, act.Binding] = {}
        self.functions: dict[str, Function] = {}
        self.units: dict[str, Symbol] | None = None
        self.noise_in = "conditions, statements, records and values"
        self.temporaries: set[str] = set()
        self._base = start if relative else 0
        self._root = Context(group, Way(before=-start))
        self._foreign: dict[tuple[int, Way, str], str] = {}
        self._symbols: dict[str, Symbol] = {}
        self._warns = warns
        self._lowered: dict[tuple[object, ...], tuple[Expr, object]] = {}
        self.lookups = Lookups()

    def symbols(self, wanted: Iterable[str], *, missing_ok: Iterable[str] = ()) -> Mapping[str, Symbol]:
        """Returns what names mean to the checks, with those that their subexpressions need.

        Args:
            wanted: Names, those of functions included.
            missing_ok: Names that need not be known.

        Raises:
            KeyError: If a name means nothing.
        """
        optional = set(missing_ok)
        todo = [name for name in wanted if name not in self._symbols]
        while todo:
            name = todo.pop()
            symbol = self._symbol(self._root.owner, name, optional=name in optional)
            if symbol is None:
                continue
            self._symbols[name] = symbol
            if symbol.expr is not None:
                inner = names(symbol.expr) | functions(symbol.expr)
                todo += [other for other in inner if other not in self._symbols]
        return self._symbols

    def symbols_in(self, tree: Expr, source: str | None, *, missing_ok: Iterable[str] = ()) -> Mapping[str, Symbol]:
        """Returns what the names in a user's expression mean; errors point at the place in its text."""
        for node in walk(tree):
            if isinstance(node, (Name, Call)):
                self._warn_of_conflict(node.id if isinstance(node, Name) else node.function)
                try:
                    self.symbols((node.id if isinstance(node, Name) else node.function,), missing_ok=missing_ok)
                except KeyError as error:
                    raise at(error, node, source) from None
        return self._symbols

    def _warn_of_conflict(self, name: str) -> None:
        if self._warns:
            self.lookups.warn(self.group, name, self.run_namespace)

    def _symbol(self, owner: Owner, name: str, *, optional: bool = False) -> Symbol | None:
        if is_noise(name):
            return noise(name)
        reference = owner.reference(name)
        if reference is not None:
            return self.lookups.note(owner, name, reference, variable_symbol(name, reference, owner))
        symbol = find(name, owner.namespace, self.run_namespace)
        if symbol is not None:
            return self.lookups.note(owner, name, None, symbol)
        if optional:
            return self.lookups.note(owner, name, None, None)
        raise with_suggestion(meaningless(name, owner.namespace, self.run_namespace), owner, name)

    # ------------------------------------------------------------------ texts

    def expression(
        self, text: str | Expr, *, source: str | None = None, several_draws: bool = True
    ) -> tuple[Expr, Dimension, DType]:
        """Returns an expression ready for actions, with its dimension and type.

        Args:
            text: The expression.
            source: The text that a tree is from.
            several_draws: Whether it may call `rand` and such more than once.

        Raises:
            DimensionMismatchError, TypeError, KeyError, SyntaxError: What is wrong with it.
        """
        tree, source = (parse_expression(text), text) if isinstance(text, str) else (text, source)
        symbols = self.symbols_in(tree, source)
        dim, dtype = check_expression(tree, symbols, source, several_draws=several_draws)
        return self.lower(tree), dim, dtype

    def condition(self, text: str, what: str) -> Expr:
        """Returns a condition ready for actions.

        Raises:
            TypeError: If it is a number. Further those of `expression`.
        """
        expr, _, _ = self.expression(text)
        require_boolean(parse_expression(text), self._symbols, text, what)
        return expr

    def checked(self, code: str, *, all_elements: bool) -> tuple[CheckedStatement, ...]:
        """Returns the statements of a block, checked.

        Args:
            code: The block.
            all_elements: Whether it runs for all elements, so that it may assign shared variables.
        """
        statements = parse_statements(code)
        assigned = {statement.target for statement in statements}
        for name in assigned:
            self._warn_of_conflict(name)
        self.symbols(assigned, missing_ok=assigned)
        for statement in statements:
            self.symbols_in(statement.expr, statement.text, missing_ok=assigned)
        return check_statements(
            statements, dict(self._symbols), all_elements=all_elements, known=known_names(self.group)
        )

    def code(self, code: str, *, all_elements: bool = False) -> tuple[Assign, ...]:
        """Returns the assignments of a block, ready for actions.

        Raises:
            DimensionMismatchError, TypeError, KeyError, SyntaxError: What is wrong with it.
        """
        return tuple(
            self.assign(found.statement, found.target) for found in self.checked(code, all_elements=all_elements)
        )

    def unchecked_code(self, code: str) -> tuple[Assign, ...]:
        """Returns the assignments of a block that is no text of a user: its units are not checked.

        Raises:
            KeyError: If a name means nothing.
        """
        found: list[Assign] = []
        for statement in parse_statements(code):
            known = self.symbols({statement.target}, missing_ok={statement.target}).get(statement.target)
            target = known if known is not None and known.kind == "variable" else None
            found.append(self.assign(statement, target or temporary(statement.target)))
        return tuple(found)

    def assign(self, statement: Statement, target: Symbol) -> Assign:
        """Returns one assignment; the name it assigns is known to those after it."""
        expr = self.lower(statement.value)
        if target.kind == "temporary":
            self.temporaries.add(statement.target)
        else:
            self.lower(Name(statement.target))
            if target.dtype == "integer":
                refuse_wrong_whole(statement, expr, self.bindings, self.group)
        return Assign(statement.target, expr)

    # ------------------------------------------------------------------ lowering

    def lower(self, expr: Expr) -> Expr:
        """Returns a checked expression with subexpressions put in place, and collects bindings."""
        return self._lower(expr, self._root)

    def _lower(self, expr: Expr, context: Context) -> Expr:
        match expr:
            case Name(name):
                return self._name(expr, name, context)
            case Call(function, args, span):
                if tables := self._tables(args, context):
                    return self._call_with_tables(expr, tables, context)
                lowered = tuple(self._lower(arg, context) for arg in args)
                return self._call(Call(function, lowered, span), context)
            case _:
                return map_children(expr, lambda child: self._lower(child, context))

    def _name(self, expr: Name, name: str, context: Context) -> Expr:
        if is_noise(name) and self.noise_in:
            raise SyntaxError(f"'{name}' is noise: only differential equations may use it, not {self.noise_in}.")
        if is_noise(name) or (name in self.temporaries and not context.inside):
            return expr
        reference = self.lookups.reference(context.owner, name)
        if reference is None:
            return self._external(expr, name, context)
        way = context.way.then(reference.way)
        match reference.variable:
            case Subexpression() as variable:
                return self._subexpression(variable, reference.owner, way)
            case IndexVariable():
                return self._index(expr, name, way, context)
            case OwnSizeVariable():
                raise only_for_functions(name, reference)
            case ArrayVariable(storage=storage, scalar=scalar):
                binding = array_binding(storage, scalar, way)
            case Constant(value=value, dim=dim):
                binding = act.Constant(value, f"{reference.owner.name}.{name}", dimension_text(dim))
            case ClockVariable(what=what, clock=clock):
                binding = act.Time(what, clock)
            case UnlinkedVariable():
                raise unlinked(name, reference.owner.name)
            case variable:
                raise TypeError(f"'{name}' ({variable!r}) cannot be used in expressions.")
        return Name(self._bind(name, binding, context), expr.span)

    def _subexpression(self, variable: Subexpression, owner: Owner, way: Way) -> Expr:
        """Returns what a subexpression stands for: one object for all its uses, unless each use draws numbers."""
        key = (id(variable), id(owner), way, len(self.temporaries), id(self.units))
        known = self._lowered.get(key)
        if known is not None:
            return known[0]
        lowered = self._lower(variable.tree, Context(owner, way, inside=True))
        called = functions(lowered)
        if not called & DRAWS.keys() and all(self.functions[k].stateless for k in called if k in self.functions):
            self._lowered[key] = (lowered, (variable, owner, self.units))  # held: their numbers stay theirs
        return lowered

    def _index(self, expr: Name, name: str, way: Way, context: Context) -> Expr:
        if way.index is None:
            shift = way.before + self._base
            own: Expr = Name(self._bind(name, act.OwnIndex(), context), expr.span)
        else:
            shift = way.after
            own = Name(self._bind(name, array_binding(way.index, False, Way(way.before)), context), expr.span)
        if shift == 0:
            return own
        key = self._bind("_start", act.Constant(shift, f"{context.owner.name}.start"), Context(context.owner, way))
        return Binary("+", own, Name(key), expr.span)

    def _external(self, expr: Name, name: str, context: Context) -> Expr:
        symbol = self._symbol(context.owner, name)
        assert symbol is not None
        value: Any = symbol.value
        if symbol.kind == "unit" or default_symbol(name) is not None:
            if self.units is None:
                return Number(value, expr.span)
            self.units[name] = symbol
            return expr
        binding = act.Constant(value, name, dimension_text(symbol.dim))
        return Name(self._bind(name, binding, context), expr.span)

    def _call(self, call: Call, context: Context) -> Expr:
        if call.function in DEFAULT_FUNCTIONS:
            return call
        symbol = self._symbol(context.owner, call.function)
        if symbol is None or not isinstance(function := symbol.value, Function):
            raise TypeError(f"'{call.function}' is no function and cannot be called.")
        if isinstance(function, BinomialFunction):
            return binomial_expression(function)
        return self._called(function, call, context)

    def _tables(self, args: Sequence[Expr], context: Context) -> dict[int, OwnSizeVariable]:
        hidden = () if context.inside else self.temporaries
        return tables_among(args, hidden, lambda name: self.lookups.reference(context.owner, name))

    def _call_with_tables(self, call: Call, tables: Mapping[int, OwnSizeVariable], context: Context) -> Expr:
        symbol = None if call.function in DEFAULT_FUNCTIONS else self._symbol(context.owner, call.function)
        function = None if symbol is None else symbol.value
        if not isinstance(function, Function) or not function.has_python:
            return self._lower(call.args[next(iter(tables))], context)  # says that only Python functions take it
        others = tuple(self._lower(arg, context) for number, arg in enumerate(call.args) if number not in tables)
        name = "_".join([call.function, "of", *(table.name for table in tables.values())])
        key = self._bind(name, function_of_tables(function, call.function, tables), context)
        self.functions[key] = function
        return Call(key, others, call.span)

    def _called(self, function: Function, call: Call, context: Context) -> Expr:
        if function in BUILT_IN_NAMES:
            return Call(BUILT_IN_NAMES[function], call.args, call.span)
        if form := expression_of(function):
            return form.applied(call.args, lambda other, inner: self._called(other, inner, context))
        binding = function_binding(function, call.function, step_length(self.group.clock))
        key = self._bind(call.function, binding, context)
        self.functions[key] = function
        return Call(key, call.args, call.span)

    def _bind(self, name: str, binding: act.Binding, context: Context) -> str:
        """Returns the name under which a binding is known: its own name, another one for names of other groups."""
        own = context.owner is self.group and context.way == self._root.way
        if own or self._same_for_group(name, binding):
            if not (context.inside and name in self.temporaries):
                if self.bindings.setdefault(name, binding) == binding:
                    return name
        identity = (id(context.owner), context.way, name)
        key = self._foreign.get(identity)
        if key is None:
            key = stem = f"_{context.owner.name}_{name}"
            number = 1
            while key in self.bindings:
                key, number = f"{stem}_{number}", number + 1
            self._foreign[identity] = key
            self.bindings[key] = binding
        return key

    def _same_for_group(self, name: str, binding: act.Binding) -> bool:
        """Tells whether the group itself means the same array by a name, which then is its only one in a code."""
        reference = self.lookups.reference(self.group, name)
        if reference is None or not isinstance(reference.variable, ArrayVariable):
            return False
        variable = reference.variable
        return array_binding(variable.storage, variable.scalar, self._root.way.then(reference.way)) == binding
