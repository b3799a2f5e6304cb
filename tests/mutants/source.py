"""A module's source: where its nodes are in the text, and what the text becomes when some of it is replaced."""

import ast
import re
from dataclasses import dataclass

PRAGMA = re.compile(rb"#\s*pragma: no (cover|mutate)")


@dataclass(frozen=True, slots=True)
class Edit:
    """Replaces the bytes from ``start`` to ``end``."""

    start: int
    end: int
    text: str


class Source:
    """The text of a module with its tree."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tree = ast.parse(text)
        self._bytes = text.encode()
        self._starts = [0]
        for line in self._bytes.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self._shape = ast.dump(self.tree)
        lines = self._bytes.splitlines()
        self._spared = {number for number, line in enumerate(lines, start=1) if PRAGMA.search(line)}

    def edit(self, node: ast.AST, text: str) -> Edit:
        """Replaces a node."""
        return Edit(*self._span(node), text)

    def negation(self, node: ast.AST) -> tuple[Edit, ...]:
        """Negates an expression."""
        start, end = self._span(node)
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.Call):
            return (Edit(start, start, "not "),)
        return Edit(start, start, "not ("), Edit(end, end, ")")

    def between(self, left: ast.AST, right: ast.AST, old: str, new: str) -> tuple[Edit, ...]:
        """Replaces an operator between two nodes. Returns nothing where a comment makes it hard to find."""
        return self._word(self._span(left)[1], self._span(right)[0], old, new)

    def before(self, node: ast.AST, operand: ast.AST, old: str) -> tuple[Edit, ...]:
        """Drops an operator before its only operand."""
        return self._word(self._span(node)[0], self._span(operand)[0], old, "")

    def line_of(self, offset: int) -> int:
        """Returns the number of the line that a byte is in."""
        return next(number for number, start in enumerate(self._starts) if start > offset)

    def apply(self, edits: tuple[Edit, ...]) -> str:
        """Returns the text with the edits made."""
        changed = self._bytes
        for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
            changed = changed[: edit.start] + edit.text.encode() + changed[edit.end :]
        return changed.decode()

    def takes(self, edits: tuple[Edit, ...]) -> bool:
        """Whether edits make another module that can be compiled, and touch no line that asks to be spared."""
        if not edits or self._spared.intersection(
            number for edit in edits for number in range(self.line_of(edit.start), self.line_of(edit.end) + 1)
        ):
            return False
        try:
            return ast.dump(ast.parse(self.apply(edits))) != self._shape
        except SyntaxError:
            return False

    def _span(self, node: ast.AST) -> tuple[int, int]:
        return (
            self._starts[node.lineno - 1] + node.col_offset,  # type: ignore[attr-defined]
            self._starts[node.end_lineno - 1] + node.end_col_offset,  # type: ignore[attr-defined]
        )

    def _word(self, start: int, end: int, old: str, new: str) -> tuple[Edit, ...]:
        gap = self._bytes[start:end]
        pattern = re.escape(old).replace(r"\ ", r"\s+")
        found = re.search(rf"\b{pattern}\b\s*".encode() if old.isalpha() or " " in old else pattern.encode(), gap)
        if found is None or b"#" in gap:
            return ()
        blank = found[0][len(found[0].rstrip()) :].decode() if new else ""
        return (Edit(start + found.start(), start + found.end(), new + blank),)
