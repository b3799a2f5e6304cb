"""Directories and files that only their owner may read."""

import os
from pathlib import Path


def make_private_directory(directory: Path) -> None:
    """Create a directory for its owner alone. One that exists keeps its mode."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    directory.mkdir(mode=0o700, exist_ok=True)


def make_private_file(file: Path) -> None:
    """Create an empty file for its owner alone, in a directory of that kind. One that exists keeps its mode."""
    make_private_directory(file.parent)
    if not file.exists():
        os.close(os.open(file, os.O_CREAT | os.O_WRONLY, 0o600))
