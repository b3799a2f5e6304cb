"""Writes the golden files: ``python -m tests.golden.write``, or ``make golden``."""

from collections.abc import Callable, Mapping
from pathlib import Path

from tests.golden.cards import CARDS, card_surface
from tests.golden.files_on_disk import write_golden
from tests.golden.notes import NOTES
from tests.golden.surface import Surface

GOLDEN_DIR = Path(__file__).parent / "files"
SURFACES: Mapping[str, Callable[[], Surface]] = {
    **{name: (lambda build=build: card_surface(build())) for name, build in CARDS.items()},
    **NOTES,
}


def golden_files() -> dict[str, str]:
    """The text of each golden file, by its name."""
    found = {name: build() for name, build in SURFACES.items()}
    texts = {f"{name}.txt": surface.as_text for name, surface in found.items()}
    return texts | {f"{name}.json": surface.as_json for name, surface in found.items()}


if __name__ == "__main__":
    write_golden(GOLDEN_DIR, golden_files())
