"""Every form, preview, Home, list and page of Details is as its golden files say, and Slack takes it.
``make golden`` writes them anew."""

import json

import pytest

from playground.slack.limits import check_message, check_view
from tests.golden.views import GOLDEN_DIR, golden_files

FILES = golden_files()


def test_every_view_is_as_its_golden_files_say() -> None:
    stored = {path.name: path.read_text() for path in GOLDEN_DIR.iterdir()}
    changed = sorted(name for name in FILES.keys() | stored.keys() if FILES.get(name) != stored.get(name))
    assert not changed, f"{changed} changed: run make golden, and read the difference"


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".json")])
def test_slack_takes_it(name: str) -> None:
    view = json.loads(FILES[name])
    if view["type"] == "message":
        check_message(view["blocks"])
    else:
        check_view(view, view["type"])
