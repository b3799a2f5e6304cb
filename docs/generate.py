"""Writes the reference pages that follow from the code: ``python -m docs.generate``, or ``make docs``."""

from pathlib import Path

from bot.settings import kinds
from docs.reference.commands import commands_page
from docs.reference.operations import operation_page
from docs.reference.settings import settings_page

HERE = Path(__file__).parent
OPERATIONS = "operations"


def pages() -> dict[str, str]:
    """The text of each generated page, by its path under docs/."""
    installed = dict(sorted(kinds().items()))
    found = {
        f"{OPERATIONS}/{operation.key}.md": operation_page(kind, operation)
        for kind in installed.values()
        for operation in kind.operations
    }
    return found | {"settings.md": settings_page(installed), "commands.md": commands_page(installed)}


def write(into: Path = HERE) -> None:
    """Write every page, and remove those of operations that are gone."""
    found = pages()
    folder = into / OPERATIONS
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.md"):
        if f"{OPERATIONS}/{old.name}" not in found:
            old.unlink()
    for name, text in found.items():
        (into / name).write_text(text)


if __name__ == "__main__":
    write()
