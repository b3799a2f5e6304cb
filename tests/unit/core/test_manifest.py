"""The manifest: what Slack is told of the app."""

from pathlib import Path

import yaml

from bot.commands.manifest import manifest, manifest_yaml

ROOT = Path(__file__).parents[3]


def test_the_file_in_the_repository_is_the_socket_mode_manifest():
    assert (ROOT / "manifest.yml").read_text() == manifest_yaml()


def test_socket_mode_names_no_address_and_http_names_one_everywhere():
    assert "url" not in manifest_yaml().replace("usage_hint", "")
    over_http = manifest("https://bot.example.com/")
    url = "https://bot.example.com/slack/events"
    assert {command["url"] for command in over_http["features"]["slash_commands"]} == {url}
    settings = over_http["settings"]
    assert settings["interactivity"]["request_url"] == settings["interactivity"]["message_menu_options_url"] == url
    assert settings["event_subscriptions"]["request_url"] == url
    assert settings["socket_mode_enabled"] is False


def test_it_is_within_slacks_limits():
    data = yaml.safe_load(manifest_yaml())
    assert len(data["display_information"]["name"]) <= 35
    assert len(data["display_information"]["description"]) <= 140
    for command in data["features"]["slash_commands"]:
        assert 2 <= len(command["command"]) <= 32
        assert command["command"].startswith("/")
        assert len(command["description"]) <= 2000
        assert len(command["usage_hint"]) <= 1000
    assert not set(data["oauth_config"]["scopes"]["bot"]) & set(data["oauth_config"]["scopes"]["bot_optional"])
