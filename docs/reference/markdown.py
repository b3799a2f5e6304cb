"""Writes Markdown."""

from collections.abc import Iterable, Sequence

GENERATED_NOTE = "<!-- Written by `make docs` from the code. Change the code, then run it again. -->"


def page(title: str, *parts: str) -> str:
    """Return a page. Empty parts are left out."""
    return "\n\n".join([GENERATED_NOTE, f"# {title}", *(part for part in parts if part)]) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table. Cells are Markdown; a bar in a cell is escaped."""
    lines = [_row(head), _row(["---"] * len(head)), *(_row(row) for row in rows)]
    return "\n".join(lines)


def bullets(items: Iterable[str]) -> str:
    """Return a list."""
    return "\n".join(f"- {item}" for item in items)


def code(text: object) -> str:
    """Return text as code. The text must not have a backtick."""
    return f"`{text}`"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
