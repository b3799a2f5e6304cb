"""What ``nightshift doctor`` checks of this machine: versions, disk, and who can read the data."""

import os
import platform
import shutil
import stat
from importlib.metadata import version
from pathlib import Path

from bot.commands.report import Report
from bot.probes import MIN_FREE_BYTES, nearest_directory
from bot.scrape import DISTRIBUTION
from bot.settings import Settings

OTHERS = stat.S_IRWXG | stat.S_IRWXO


def check_machine(settings: Settings, config: Path | None, report: Report) -> None:
    """Report the versions, and what is wrong with disk and files."""
    report.ok(f"Nightshift {version(DISTRIBUTION)}, Python {platform.python_version()}")
    directory = nearest_directory(settings.data_dir)
    free = shutil.disk_usage(directory).free
    if free < MIN_FREE_BYTES:
        report.fault(f"disk: only {free // 1_000_000} MB are free at {directory}", "free some space, or move data_dir")
    if settings.data_dir.exists() and _mode(settings.data_dir) & OTHERS:
        report.note(f"{settings.data_dir} can be read by others on this machine; chmod 700 {settings.data_dir}")
    if config is not None and _mode(config) & stat.S_IWOTH:
        report.fault(f"{config}: anybody on this machine can change it", f"chmod o-w {config}")


def _mode(path: Path) -> int:
    return stat.S_IMODE(os.stat(path).st_mode)
