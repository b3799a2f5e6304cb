"""Writes the reference pages from the code: ``python -m docs.generate``, or ``make docs``."""

from pathlib import Path

from bot.settings import installed_kinds
from docs.reference.commands import commands_page
from docs.reference.metrics import metrics_page
from docs.reference.operations import operation_page
from docs.reference.policy import policy_keys_page
from docs.reference.settings import settings_page

DOCS_DIR = Path(__file__).parent
OPERATIONS = "operations"


def pages() -> dict[str, str]:
    """Return the text of each generated page, by its path under docs/."""
    installed = dict(sorted(installed_kinds().items()))
    found = {
        f"{OPERATIONS}/{operation.key}.md": operation_page(kind, operation)
        for kind in installed.values()
        for operation in kind.operation_types
    }
    return found | {
        "settings.md": settings_page(installed),
        "metrics.md": metrics_page(),
        "commands.md": commands_page(installed),
        "policy-keys.md": policy_keys_page(),
    }


def write_pages(target_dir: Path = DOCS_DIR) -> None:
    """Write every page, and remove those of operations that no longer exist."""
    found = pages()
    folder = target_dir / OPERATIONS
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.md"):
        if f"{OPERATIONS}/{old.name}" not in found:
            old.unlink()
    for name, text in found.items():
        (target_dir / name).write_text(text)


if __name__ == "__main__":
    write_pages()
