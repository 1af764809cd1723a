"""Writing an expression of the model language in another language: Brian's `NodeRenderer`.

A package derives from it and overrides how single kinds of nodes of Python's syntax tree are written.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any, ClassVar

from ranvier.public import public_in

Text = Any
"""What a renderer makes of a node: text, unless a derived class makes something else."""


@public_in("ranvier.parsing.rendering")
class NodeRenderer:
    """Writes expressions and statements anew: for each kind of node there is a method `render_<kind>`.

    Attributes:
        expression_ops: Kind of an operator → how it is written.
    """

    expression_ops: ClassVar[Mapping[str, str]] = {
        "Add": "+", "Sub": "-", "Mult": "*", "Div": "/", "FloorDiv": "//", "Pow": "**", "Mod": "%",
        "Lt": "<", "LtE": "<=", "Gt": ">", "GtE": ">=", "Eq": "==", "NotEq": "!=",
        "Not": "not", "UAdd": "+", "USub": "-", "And": "and", "Or": "or",
        "AugAdd": "+=", "AugSub": "-=", "AugMult": "*=", "AugDiv": "/=", "AugPow": "**=", "AugMod": "%=",
    }  # fmt: skip

    def __init__(self, use_vectorisation_idx: bool = True) -> None:
        self.use_vectorisation_idx = use_vectorisation_idx

    def render_expr(self, expr: str, strip: bool = True) -> Text:
        """Returns an expression, written anew.

        Args:
            expr: The text.
            strip: Whether blanks around it are removed first.
        """
        return self.render_node(ast.parse(expr.strip() if strip else expr, mode="eval").body)

    def render_code(self, code: str) -> str:
        """Returns statements, written anew, one a line."""
        return "\n".join(self.render_node(node) for node in ast.parse(code).body)

    def render_node(self, node: ast.AST) -> Text:
        """Returns what the method for this kind of node makes of it.

        Raises:
            SyntaxError: There is no method for the kind: the model language does not have it.
        """
        kind = type(node).__name__
        method = getattr(self, f"render_{kind}", None)
        if method is None:
            raise SyntaxError(f"The syntax '{ast.unparse(node)}' ({kind}) is not allowed in expressions.")
        return method(node)

    def render_func(self, node: ast.expr) -> Text:
        """Returns the name of a function that is called."""
        return self.render_node(node)

    def render_Name(self, node: ast.Name) -> Text:
        """Returns a name."""
        return node.id

    def render_Constant(self, node: ast.Constant) -> Text:
        """Returns a number or a truth value."""
        return repr(node.value)

    def render_Num(self, node: Any) -> Text:
        """Returns a number."""
        return repr(node.value)

    def render_NameConstant(self, node: Any) -> Text:
        """Returns a truth value."""
        return str(node.value)

    def render_Call(self, node: ast.Call) -> Text:
        """Returns the call of a function.

        Raises:
            ValueError: It has keyword arguments.
        """
        if node.keywords:
            raise ValueError(f"Keyword arguments are not allowed in expressions: '{ast.unparse(node)}'.")
        arguments = ", ".join(self.render_node(argument) for argument in node.args)
        return f"{self.render_func(node.func)}({arguments})"

    def render_element_parentheses(self, node: ast.AST) -> Text:
        """Returns a part of an expression, in parentheses unless it is a single name, number or call."""
        if isinstance(node, (ast.Name, ast.Call)) or (isinstance(node, ast.Constant) and not _is_negative(node)):
            return self.render_node(node)
        return f"({self.render_node(node)})"

    def render_BinOp_parentheses(self, left: ast.AST, right: ast.AST, op: ast.AST) -> Text:
        """Returns an operator between two parts, in parentheses where these are needed."""
        return (
            f"{self.render_element_parentheses(left)} {self.expression_ops[type(op).__name__]} "
            f"{self.render_element_parentheses(right)}"
        )

    def render_BinOp(self, node: ast.BinOp) -> Text:
        """Returns a sum, a product, a power, ..."""
        return self.render_BinOp_parentheses(node.left, node.right, node.op)

    def render_BoolOp(self, node: ast.BoolOp) -> Text:
        """Returns conditions that are joined by `and` or `or`."""
        return f" {self.expression_ops[type(node.op).__name__]} ".join(
            self.render_element_parentheses(part) for part in node.values
        )

    def render_Compare(self, node: ast.Compare) -> Text:
        """Returns a comparison.

        Raises:
            SyntaxError: It is a chain of several.
        """
        if len(node.comparators) > 1:
            raise SyntaxError(f"Write two comparisons joined with 'and' instead of '{ast.unparse(node)}'.")
        return self.render_BinOp_parentheses(node.left, node.comparators[0], node.ops[0])

    def render_UnaryOp(self, node: ast.UnaryOp) -> Text:
        """Returns a sign, or `not`, in front of a part."""
        sign = self.expression_ops[type(node.op).__name__]
        return f"{sign}{' ' if sign.isalpha() else ''}{self.render_element_parentheses(node.operand)}"

    def render_Assign(self, node: ast.Assign) -> Text:
        """Returns an assignment.

        Raises:
            SyntaxError: It is to more than one name.
        """
        if len(node.targets) > 1:
            raise SyntaxError(f"Only one name can be assigned to at a time: '{ast.unparse(node)}'.")
        return f"{self.render_node(node.targets[0])} = {self.render_node(node.value)}"

    def render_AugAssign(self, node: ast.AugAssign) -> Text:
        """Returns an assignment with an operator, such as `v += 1`."""
        operator = self.expression_ops[f"Aug{type(node.op).__name__}"]
        return f"{self.render_node(node.target)} {operator} {self.render_node(node.value)}"

    def render_Expr(self, node: ast.Expr) -> Text:
        """Returns an expression that stands alone."""
        return self.render_node(node.value)


def _is_negative(node: ast.Constant) -> bool:
    return isinstance(node.value, int | float) and node.value < 0


@public_in("ranvier.parsing.rendering")
class NumpyNodeRenderer(NodeRenderer):
    """Writes conditions as numpy computes them for all elements at once."""

    expression_ops: ClassVar[Mapping[str, str]] = {
        **NodeRenderer.expression_ops, "Not": "logical_not", "And": "logical_and", "Or": "logical_or",
    }  # fmt: skip

    def render_UnaryOp(self, node: ast.UnaryOp) -> Text:
        """Returns a sign in front of a part, or a call of `logical_not`."""
        if isinstance(node.op, ast.Not):
            return f"logical_not({self.render_node(node.operand)})"
        return super().render_UnaryOp(node)

    def render_BoolOp(self, node: ast.BoolOp) -> Text:
        """Returns nested calls of `logical_and` or `logical_or`."""
        text, *others = [self.render_node(part) for part in node.values]
        for other in others:
            text = f"{self.expression_ops[type(node.op).__name__]}({text}, {other})"
        return text
