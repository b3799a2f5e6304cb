"""``nightshift policy test``: plays the tests of the policy and prints what differs from what they expect."""

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bot.clock import SystemClock
from bot.configuration import checked_policy
from bot.errors import ConfigError
from bot.requests.policy.play_tests import Difference, play_tests
from bot.settings import load_settings, named_path
from bot.usecases.calendar_store import CalendarStore


def run(config: Path | None) -> int:
    """Return the exit status: 0 if every test passes, 1 if one does not, 2 if the policy has problems or no tests."""
    path = named_path(config)
    try:
        policy = checked_policy(path, load_settings(path), datetime.now(UTC), strict_tests=False)
    except ConfigError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return 2
    if not policy.tests:
        print("There are no tests. Add [[policy.tests]] to the file; see docs/policy.md.", file=sys.stderr)
        return 2
    calendars = CalendarStore(policy, SystemClock())
    for problem in asyncio.run(calendars.refresh()):
        print(problem, file=sys.stderr)
    differences = play_tests(policy, calendars.copies)
    if differences:
        _print_table(differences)
    failed = len({(difference.place, difference.test) for difference in differences})
    print(f"{len(policy.tests) - failed} of {len(policy.tests)} tests pass.")
    return 1 if failed else 0


def _print_table(differences: Sequence[Difference]) -> None:
    rows = [("PLACE", "TEST", "EXPECTED", "FOUND"), *differences]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        print("  ".join([*(text.ljust(width) for text, width in zip(row, widths, strict=False)), row[3]]))
