"""A surface: what is sent to Slack, and how it reads."""

import json
from dataclasses import dataclass
from typing import Any

from blocks.text import Block
from playground.slack.elements import options_of
from playground.slack.text import blocks_to_text

NAMES = {
    "U0ALICE": "@alice",
    "U0BOB": "@bob",
    "U0CAROL": "@carol",
    "U0DAVE": "@dave",
    "S0SRE": "@sre",
    "S0DBA": "@dba",
}


@dataclass(frozen=True, slots=True)
class Surface:
    """A message. ``text`` is what notifications and screen readers say."""

    blocks: list[Block]
    text: str

    @property
    def as_json(self) -> str:
        """The message as it is sent."""
        payload = {"text": self.text, "blocks": self.blocks}
        return json.dumps(payload, ensure_ascii=False, indent=1) + "\n"

    @property
    def as_text(self) -> str:
        """The message as it reads: the notification, a line, and the blocks with their buttons."""
        return "\n".join([self.text, "-" * 60, *map(_block_text, self.blocks)]) + "\n"


def _block_text(block: Any) -> str:
    if block["type"] == "actions":
        return " ".join(_control_text(element) for element in block["elements"])
    text = blocks_to_text([block], lambda kind, name: NAMES.get(name, name))
    return f"{text}\n{'=' * 40}" if block["type"] == "header" else text


def _control_text(element: Any) -> str:
    if element["type"] == "overflow":
        return f"[⋯ {' · '.join(option['text']['text'] for option in options_of(element))}]"
    style = {"primary": "*", "danger": "!"}.get(element.get("style", ""), "")
    asks = "?" if "confirm" in element else ""
    return f"[{style}{element['text']['text']}{asks}]"
