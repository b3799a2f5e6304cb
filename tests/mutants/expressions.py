"""Finds the small changes that can be made to expressions."""

import ast
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.mutants.nodes import flips_by_itself, is_log, last_name
from tests.mutants.source import Edit, Source

BOUNDARIES = {
    ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="), ast.NotEq: ("!=", "=="), ast.Is: ("is", "is not"), ast.IsNot: ("is not", "is"),
    ast.In: ("in", "not in"), ast.NotIn: ("not in", "in"),
}  # fmt: skip
NEUTRAL = {ast.And: "True", ast.Or: "False"}
UNSEEN_KEYWORDS = frozenset({"exc_info", "frozen", "kw_only", "repr", "slots", "stack_info", "stacklevel", "strict"})
"""Arguments that change nothing a test looks at."""

TIMEOUT = re.compile("timeout", re.IGNORECASE)
WORD = re.compile(r"[\w.:/-]*")
"""What a string that is compared or returned looks like, unless it is a sentence for people."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a change is. ``lines`` are the lines that run with it; ``names`` are what it defines as it is imported."""

    scope: tuple[str, ...] = ()
    function: tuple[int, int] | None = None
    lines: tuple[int, int] = (0, 0)
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """One small change."""

    operator: str
    place: Place
    edits: tuple[Edit, ...]


class Expressions(ast.NodeVisitor):
    """Finds the changes to expressions."""

    def __init__(self, source: Source) -> None:
        self.found: list[Change] = []
        self.source = source
        self.place = Place()
        self.telling: set[ast.Constant] = set()

    @contextmanager
    def at(self, place: Place) -> Iterator[None]:
        before, self.place = self.place, place
        yield
        self.place = before

    def add(self, operator: str, *edits: Edit, place: Place | None = None) -> None:
        self.found.append(Change(operator, place or self.place, edits))

    def swap(self, operator: str, node: ast.AST, text: str) -> None:
        self.add(operator, self.source.edit(node, text))

    # Expressions

    def visit_Compare(self, node: ast.Compare) -> None:
        operands = [node.left, *node.comparators]
        for left, operator, right in zip(operands, node.ops, operands[1:], strict=False):
            before, after = BOUNDARIES[type(operator)]
            self.add("comparison", *self.source.between(left, right, before, after))
        for operand in operands:
            self.compared(operand)
        self.generic_visit(node)

    def compared(self, node: ast.expr) -> None:
        parts = node.elts if isinstance(node, ast.Tuple | ast.Set | ast.List) else [node]
        self.telling.update(part for part in parts if isinstance(part, ast.Constant))

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        before, after = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        pairs = zip(node.values, node.values[1:], strict=False)
        gaps = [self.source.between(left, right, before, after) for left, right in pairs]
        if all(gaps):
            self.add("and/or", *(edit for gap in gaps for edit in gap))
        for value in node.values:
            if not (isinstance(value, ast.Constant | ast.Tuple | ast.List | ast.Dict) and value is node.values[-1]):
                self.swap("operand dropped", value, NEUTRAL[type(node.op)])
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not):
            self.add("not removed", *self.source.before(node, node.operand, "not"))
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        self.arithmetic(node, node.left, node.right)
        self.generic_visit(node)

    def arithmetic(self, node: ast.BinOp | ast.AugAssign, left: ast.expr, right: ast.expr) -> None:
        texts = (ast.JoinedStr, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.ListComp)
        for side in (left, right):
            if isinstance(side, texts) or (isinstance(side, ast.Constant) and isinstance(side.value, str)):
                return
        if isinstance(node.op, ast.Add | ast.Sub):
            before, after = ("+", "-") if isinstance(node.op, ast.Add) else ("-", "+")
            self.add("arithmetic", *self.source.between(left, right, before, after))

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self.negate(node.test)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        for test in node.ifs:
            self.negate(test)
        self.generic_visit(node)

    def negate(self, test: ast.expr) -> None:
        if not flips_by_itself(test):
            self.add("condition negated", *self.source.negation(test))

    def visit_Call(self, node: ast.Call) -> None:
        if is_log(node):
            return
        if isinstance(node.func, ast.Name) and node.func.id in ("min", "max"):
            self.swap("min/max", node.func, "max" if node.func.id == "min" else "min")
        for part in (node.func, *(argument for argument in node.args if last_name(node.func) != "sleep")):
            self.visit(part)
        for keyword in node.keywords:
            name = keyword.arg or ""
            if name not in UNSEEN_KEYWORDS and not TIMEOUT.search(name):
                self.visit(keyword.value)

    def visit_Slice(self, node: ast.Slice) -> None:
        for bound in (node.lower, node.upper):
            if bound is not None and not (isinstance(bound, ast.Constant) and not bound.value):
                self.swap("slice", bound, "")
        self.generic_visit(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """A text that is put together is mostly a message."""

    def visit_Constant(self, node: ast.Constant) -> None:
        value = node.value
        if isinstance(value, bool):
            self.swap("constant", node, str(not value))
        elif isinstance(value, int):
            self.swap("constant", node, str(value + 1))
        elif isinstance(value, str) and node in self.telling and WORD.fullmatch(value):
            self.swap("constant", node, repr(f"{value}X").replace("'", '"'))
