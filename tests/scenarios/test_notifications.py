"""Who gets which new message, over HTTP, in a public channel."""

import pytest

from tests.scenarios.notifications import *  # noqa: F403

pytestmark = pytest.mark.asyncio(loop_scope="module")
