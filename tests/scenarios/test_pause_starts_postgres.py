"""Pauses on PostgreSQL, where transactions run side by side."""

import pytest

from tests.scenarios.test_pause_starts import (  # noqa: F401
    GROUPS,
    POLICY,
    nothing_stays_paused,
    test_a_pause_between_the_checks_and_the_call_wins,
    test_two_pauses_of_the_same_both_count,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.postgres]

POSTGRES = True
