"""Writes golden files."""

from collections.abc import Mapping
from pathlib import Path


def write_golden(target_dir: Path, texts: Mapping[str, str]) -> None:
    """Write every golden file by its name, and remove those of surfaces that no longer exist."""
    target_dir.mkdir(exist_ok=True)
    for old in (*target_dir.glob("*.txt"), *target_dir.glob("*.json")):
        if old.name not in texts:
            old.unlink()
    for name, text in texts.items():
        (target_dir / name).write_text(text)
