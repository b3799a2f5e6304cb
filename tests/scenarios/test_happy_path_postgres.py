"""The happy path on PostgreSQL."""

import pytest

from tests.scenarios.happy_path import *  # noqa: F403

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.postgres]

POSTGRES = True
