# ruff: noqa: N802, N815 - the names of ast.NodeVisitor
"""Finds the small changes that can be made to a module.

A change replaces a few characters of the source, so that everything else in the file stays where it is. What no test
could notice is left out: annotations, docstrings, logging, messages, ``__all__`` and the like.
"""

import ast
from collections.abc import Sequence
from dataclasses import replace

from tests.mutants.expressions import TIMEOUT, Change, Expressions, Place
from tests.mutants.nodes import (
    branches,
    flips_by_itself,
    header,
    is_failpoint,
    is_log,
    is_optional,
    last_name,
    lines_of,
    without_annotation,
)
from tests.mutants.source import Source


def changes_of(source: Source) -> list[Change]:
    """Returns the changes that could be made to a module. ``Source.takes`` tells which of them can."""
    finder = _Finder(source)
    finder.visit(source.tree)
    return [change for change in finder.found if change.edits]


class _Finder(Expressions):
    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self._returns: ast.expr | None = None

    def visit(self, node: ast.AST) -> None:
        if isinstance(node, ast.stmt) and self.place.function is not None:
            with self.at(replace(self.place, lines=header(node))):
                super().visit(node)
        else:
            super().visit(node)

    # Definitions

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        if node.name == "__repr__" or any(last_name(d) in ("overload", "abstractmethod") for d in node.decorator_list):
            return
        last = node.end_lineno or node.lineno
        scope = (*self.place.scope, node.name)
        inside = Place(scope, self.place.function or (node.lineno, last), (node.body[0].lineno, last))
        before, self._returns = self._returns, node.returns
        with self.at(inside):
            for default in (*node.args.defaults, *filter(None, node.args.kw_defaults)):
                self._default(default)
            for statement in node.body:
                self.visit(statement)
        self._returns = before

    visit_AsyncFunctionDef = visit_FunctionDef

    def _default(self, node: ast.expr) -> None:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            self.telling.add(node)
        self.visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        with self.at(replace(self.place, scope=(*self.place.scope, node.name), names=(node.name,))):
            for statement in node.body:
                self.visit(statement)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.visit(node.body)

    # Statements

    def visit_Expr(self, node: ast.Expr) -> None:
        call = node.value.value if isinstance(node.value, ast.Await) else node.value
        if isinstance(call, ast.Call) and not is_log(call) and not is_failpoint(call):
            if self.place.function is not None:
                self.swap("statement removed", node, "pass")
            self.visit(call)

    def visit_Assign(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> None:
        targets: Sequence[ast.expr] = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = tuple(last_name(target) for target in targets)
        if any(name == "model_config" or name.startswith("__") or TIMEOUT.search(name) for name in names):
            return
        if node.value is None:
            return
        if self.place.function is not None:
            if isinstance(targets[0], ast.Attribute | ast.Subscript):
                self.swap("statement removed", node, "pass")
            self.generic_visit(node)
            return
        with self.at(replace(self.place, lines=header(node), names=(*self.place.names, *filter(None, names)))):
            self.visit(node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if self.place.function is None or node.value is None:
            self.visit_Assign(node)
        else:
            self.visit_Assign(without_annotation(node))

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.arithmetic(node, node.target, node.value)
        self.visit_Assign(node)

    def visit_Return(self, node: ast.Return) -> None:
        value = node.value
        if value is None:
            return
        for branch in branches(value):
            if isinstance(branch, ast.Constant) and isinstance(branch.value, str):
                self.telling.add(branch)
        if last_name(self._returns) == "bool" and not flips_by_itself(value):
            self.add("return negated", *self.source.negation(value))
        elif is_optional(self._returns) and not (isinstance(value, ast.Constant) and value.value is None):
            self.swap("None returned", value, "None")
        self.visit(value)

    def visit_If(self, node: ast.If) -> None:
        if not {"TYPE_CHECKING", "__name__"} & {last_name(part) for part in ast.walk(node.test)}:
            self.negate(node.test)
            self.generic_visit(node)

    def visit_While(self, node: ast.While) -> None:
        if not isinstance(node.test, ast.Constant):
            self.visit(node.test)
        for statement in (*node.body, *node.orelse):
            self.visit(statement)

    def visit_Assert(self, node: ast.Assert) -> None:
        """An assertion of the product's own is for the reader and the type checker."""

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        first, last = node.body[0], node.body[-1]
        if not (isinstance(first, ast.Raise) and first.exc is None):
            lines = (first.lineno, last.end_lineno or last.lineno)
            edit = replace(self.source.edit(first, "raise"), end=self.source.edit(last, "").end)
            self.add("handler raises", edit, place=replace(self.place, lines=lines))
        for statement in node.body:
            self.visit(statement)

    def visit_match_case(self, node: ast.match_case) -> None:
        with self.at(replace(self.place, lines=lines_of(node.pattern, node.guard or node.pattern))):
            self.visit(node.pattern)
            if node.guard is not None:
                self.negate(node.guard)
                self.visit(node.guard)
        for statement in node.body:
            self.visit(statement)

    def visit_MatchValue(self, node: ast.MatchValue) -> None:
        self.compared(node.value)
        self.visit(node.value)
