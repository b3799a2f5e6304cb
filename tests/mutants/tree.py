"""The tree that is tested: which files it has, what identifies its state, and copies of it to work in."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".mutants"
PREFIX = "nightshift-mutants-"
CLAIMS = "tests/mutants/equivalent.toml"
UNTESTED = ("docs/img/", CLAIMS)
"""What no verdict depends on."""


def files() -> list[str]:
    """Returns the files of the tree, new ones included, ignored ones not."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return sorted(name for name in set(listed.stdout.split("\0")) if name and (ROOT / name).is_file())


def state(root: Path, spared: tuple[str, ...] = UNTESTED) -> str:
    """Returns what identifies the content of a copy."""
    digest = sha256()
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_file() and not name.startswith(spared):
            digest.update(name.encode() + b"\0" + sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def copy(target: Path) -> None:
    """Copies the tree as it is now. What is edited later on has no say in a run."""
    for name in files():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target / name)


@contextmanager
def workplace() -> Iterator[Path]:
    """Yields an empty directory for copies, and deletes it afterwards. What an earlier run that was killed left there
    is deleted first."""
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError), (left / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            remove(left)
    place = Path(tempfile.mkdtemp(prefix=PREFIX))
    # PostgreSQL runs as a user of its own where the tests run as root, and has its files in here.
    place.chmod(0o755)
    with (place / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield place
        finally:
            remove(place)


def environment(copied: Path, temporary: Path) -> dict[str, str]:
    """Returns the environment for tests of a copy. Child processes that tests start import from the copy too."""
    temporary.mkdir(mode=0o755, exist_ok=True)
    return {
        **os.environ,
        "PYTHONPATH": str(copied),
        "PYTHONHASHSEED": "0",
        "TMPDIR": str(temporary),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(temporary / "hypothesis"),
    }


def remove(directory: Path) -> None:
    """Deletes a directory. A PostgreSQL that still runs in it is ended first."""
    for note in directory.glob("**/postmaster.pid"):
        with suppress(OSError, ValueError):
            os.kill(int(note.read_text().splitlines()[0]), 3)
    shutil.rmtree(directory, ignore_errors=True)
