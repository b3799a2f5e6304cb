"""The happy path over Socket Mode."""

import pytest

from tests.scenarios.happy_path import *  # noqa: F403

pytestmark = pytest.mark.asyncio(loop_scope="module")

TRANSPORT = "socket"
