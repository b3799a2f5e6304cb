"""The composer, where people write."""

import json
from dataclasses import asdict

from playground.page.render.html import Html, h
from playground.page.state.screen import Screen
from playground.slack import Channel, Message


def composer_html(screen: Screen, channel: Channel) -> Html:
    """The composer of a channel, disabled until the bot is ready."""
    text, turn = screen.draft_text
    label = "Message Nightshift" if channel.kind == "im" else f"Message #{channel.name}, or type / for a command"
    ready = screen.session.ready
    return h(
        "pg-composer",
        id="composer",
        place=channel.id,
        label=label if ready else "One moment …",
        commands=json.dumps([asdict(command) for command in screen.session.commands]),
        disabled=not ready,
        text=text,
        turn=turn or None,
    )


def thread_composer_html(parent: Message) -> Html:
    """The composer of a thread; slash commands do not work there."""
    place = f"{parent.channel.id}:{parent.ts}"
    return h("pg-composer", id="thread-composer", place=place, label="Reply …", commands="[]")
