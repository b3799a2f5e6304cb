"""The workspace's Web API and response URLs, to show what the bot itself never sends."""

import json
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from playground.slack import Settings

Json = dict[str, Any]
JOURNAL_TIMEOUT = 5.0


class BotApi:
    """Finds what it needs in the journal: where the API is, and the newest trigger."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal

    def entries(self, kind: str) -> list[Json]:
        """The exchanges of a kind so far."""
        text = self._journal.read_text()
        whole = text[: text.rfind("\n") + 1].splitlines()
        return [entry for line in whole if (entry := json.loads(line))["kind"] == kind]

    def wait_for_payload(self, kind: str, seen: int) -> Json:
        """The payload of the newest exchange of a kind, once there are more than ``after``."""
        end = time.monotonic() + JOURNAL_TIMEOUT
        while len(found := self.entries(kind)) <= seen:
            assert time.monotonic() < end, f"There was no further {kind}."
            time.sleep(0.02)
        payload: Json = found[-1]["payload"]
        return payload

    def post_to_response_url(self, **body: Any) -> str:
        """Answer the newest slash command through its response_url. Returns what Slack says."""
        return _post(self._command["response_url"], body)

    def call(self, method: str, **arguments: Any) -> Json:
        """Call a method of the Web API as the bot."""
        base = str(self._command["response_url"]).partition("/actions/")[0]
        answer: Json = json.loads(_post(f"{base}/api/{method}", arguments))
        return answer

    @property
    def trigger_id(self) -> str:
        """The trigger id of the newest slash command; good for three seconds, once."""
        return str(self._command["trigger_id"])

    @property
    def _command(self) -> Json:
        payload: Json = self.entries("slash_commands")[-1]["payload"]
        return payload


def _post(url: str, body: Json) -> str:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {Settings().bot_token}"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        return str(error.read().decode())
