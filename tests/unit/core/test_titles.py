"""Cards name a back end by its title, so no two may be called the same."""

from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.settings import load_settings, validate_backends

FOREMAN = "url = 'https://f.example'\nusername = 'u'\npassword = 'env:P'\n"


def configured(tmp_path: Path, **titles: str) -> set[str]:
    path = tmp_path / "nightshift.toml"
    path.write_text("".join(f"[backends.foreman.{n}]\n{FOREMAN}title = '{t}'\n" for n, t in titles.items()))
    return set(validate_backends(load_settings(path)))


def test_titles_that_differ_are_fine(tmp_path: Path):
    assert configured(tmp_path, prod="Production", lab="Lab") == {"foreman.prod", "foreman.lab"}


def test_no_title_at_all_is_fine(tmp_path: Path):
    assert configured(tmp_path, prod="", lab="") == {"foreman.prod", "foreman.lab"}


def test_two_of_the_same_title_are_refused(tmp_path: Path):
    with pytest.raises(ConfigError) as caught:
        configured(tmp_path, prod="Foreman", lab="foreman")
    fault = "environment: backends.foreman.lab.title: foreman.prod is called 'foreman' too; give each its own"
    assert caught.value.problems == (fault,)


def test_a_title_that_is_the_name_of_another_is_refused(tmp_path: Path):
    with pytest.raises(ConfigError):
        configured(tmp_path, prod="", lab="foreman.prod")


def test_a_title_that_is_its_own_name_is_fine(tmp_path: Path):
    assert configured(tmp_path, prod="foreman.prod") == {"foreman.prod"}
