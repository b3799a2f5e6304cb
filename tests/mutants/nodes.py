"""Questions about single nodes of a module's tree."""

import ast
from collections.abc import Sequence

LOG_METHODS = frozenset({"debug", "info", "warning", "error", "exception", "critical"})


def without_annotation(node: ast.AnnAssign) -> ast.Assign:
    """Returns an assignment without its annotation, at the same place."""
    return ast.copy_location(ast.Assign([node.target], node.value or ast.Constant(None)), node)


def header(node: ast.stmt) -> tuple[int, int]:
    """The lines of a statement without the block below it."""
    if isinstance(node, ast.Match):
        return node.lineno, node.subject.end_lineno or node.lineno
    body = getattr(node, "body", None)
    last = node.end_lineno or node.lineno
    if isinstance(body, list) and body:
        last = max(node.lineno, body[0].lineno - 1)
    return node.lineno, last


def lines_of(first: ast.expr | ast.pattern, last: ast.expr | ast.pattern) -> tuple[int, int]:
    return first.lineno, last.end_lineno or last.lineno


def last_name(node: ast.AST | None) -> str:
    if isinstance(node, ast.Call):
        return last_name(node.func)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def is_log(call: ast.Call) -> bool:
    """Whether a call writes to the log."""
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    return last_name(call.func) in LOG_METHODS and "log" in last_name(owner).lower()


def is_failpoint(call: ast.Call) -> bool:
    """Whether a call marks a place where the crash suite kills the bot. No recorded test can notice its removal."""
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    return last_name(call.func) == "hit" and last_name(owner) == "failpoints"


def is_optional(annotation: ast.expr | None) -> bool:
    """Whether a return annotation has None as one of several alternatives."""
    return isinstance(annotation, ast.BinOp) and any(
        isinstance(part, ast.Constant) and part.value is None for part in ast.walk(annotation)
    )


def flips_by_itself(node: ast.expr) -> bool:
    """Whether another change negates the expression already."""
    if isinstance(node, ast.Compare):
        return len(node.ops) == 1 and not isinstance(node.ops[0], ast.Lt | ast.LtE | ast.Gt | ast.GtE)
    return isinstance(node, ast.Constant) or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not))


def branches(node: ast.expr) -> Sequence[ast.expr]:
    return [*branches(node.body), *branches(node.orelse)] if isinstance(node, ast.IfExp) else [node]
