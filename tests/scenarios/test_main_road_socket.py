"""The main road over Socket Mode."""

import pytest

from tests.scenarios.main_road import *  # noqa: F403

pytestmark = pytest.mark.asyncio(loop_scope="module")

TRANSPORT = "socket"
