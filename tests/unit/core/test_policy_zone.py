"""The time zone of a policy that names none."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.configuration import read_policy

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(("line", "zone"), [("", "Europe/Berlin"), ('zone = "Asia/Tokyo"\n', "Asia/Tokyo")])
def test_a_policy_without_a_zone_has_that_of_people_without_one(tmp_path: Path, line: str, zone: str) -> None:
    file = tmp_path / "nightshift.toml"
    file.write_text(f'[policy]\napprovers = ["@sre"]\n{line}')
    assert read_policy(file, NOW, "Europe/Berlin").defaults.zone == zone
