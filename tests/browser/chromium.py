"""Finds a Chromium for the browser tests, or installs one: on the PATH, else playwright's own, else apt's."""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
INSTALL_SECONDS = 300
NOT_FOUND_MESSAGE = (
    "There is no Chromium for the browser tests, and none could be installed. Install one so that `chromium` is on the "
    "PATH (Debian and Ubuntu: apt-get install chromium), or run `.venv/bin/python -m playwright install chromium`."
)


class NoChromium(RuntimeError):
    """There is none and none can be had; the text says what was tried and what to do."""


def find_chromium(playwright: Playwright) -> str:
    """The path of a Chromium. Raises NoChromium."""
    found = _on_path() or _playwright_path(playwright)
    if found:
        return found
    with _install_lock():
        tried = []
        for command in _install_commands():
            tried.append(_run(command))
            found = _on_path() or _playwright_path(playwright)
            if found:
                return found
    raise NoChromium("\n".join([NOT_FOUND_MESSAGE, "Tried:", *tried]))


def _on_path() -> str:
    return next((path for name in NAMES if (path := shutil.which(name))), "")


def _playwright_path(playwright: Playwright) -> str:
    path = playwright.chromium.executable_path
    return path if Path(path).exists() else ""


def _install_commands() -> Iterator[list[str]]:
    yield [sys.executable, "-m", "playwright", "install", "chromium"]
    if shutil.which("apt-get"):
        sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
        yield [*sudo, "apt-get", "update", "-q"]
        yield [*sudo, "apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium", "fonts-noto-color-emoji"]


def _run(command: list[str]) -> str:
    """Run a command; returns a line on how it went."""
    shown = " ".join(command)
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"  {shown}: {error}"
    last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
    return f"  {shown}: exit {done.returncode} {' '.join(last)}"


@contextmanager
def _install_lock() -> Iterator[None]:
    """Several test workers install nothing twice."""
    with (Path(tempfile.gettempdir()) / "nightshift-chromium.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
