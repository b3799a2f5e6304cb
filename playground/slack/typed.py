"""The text of a slash command as Slack sends it: escaped, with what it recognizes put into angle brackets."""

import re

from playground.slack.workspace import Workspace

_RECOGNIZED = re.compile(
    r"(?P<ready><[@#!][^<>\s]+>)"
    r"|(?P<url>https?://[^\s\"'<>]+)"
    r"|(?P<mail>\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b)"
    r"|(?<![\w@/=.~*-])(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|net|org|io|dev))\b(?![\w.*-])"
    r"|(?<!\S)@(?P<person>[\w.-]+)"
    r"|(?<!\S)\#(?P<channel>[\w-]+)"
)


def slash_text_as_sent(ws: Workspace, typed: str) -> str:
    """Return the text as Slack sends it. What is written as a mention already (``<@U1>``) stays."""
    sent, end = [], 0
    for found in _RECOGNIZED.finditer(typed):
        sent += [_escaped(typed[end : found.start()]), _marked(ws, found)]
        end = found.end()
    return "".join([*sent, _escaped(typed[end:])])


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _marked(ws: Workspace, found: re.Match[str]) -> str:
    text = _escaped(found[0])
    match found.lastgroup:
        case "ready":
            return found[0]
        case "url":
            return f"<{text}>"
        case "mail":
            return f"<mailto:{text}|{text}>"
        case "host":
            return f"<http://{text}|{text}>"
        case "person":
            user = next((user for user in ws.users.values() if user.name == found["person"]), None)
            group = next((group for group in ws.usergroups.values() if group.handle == found["person"]), None)
            if user is not None:
                return f"<@{user.id}|{user.name}>"
            return f"<!subteam^{group.id}|@{group.handle}>" if group is not None else text
        case _:
            channel = next((each for each in ws.channels.values() if each.name == found["channel"]), None)
            return f"<#{channel.id}|{channel.name}>" if channel is not None else text
