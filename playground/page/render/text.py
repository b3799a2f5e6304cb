"""Slack's texts as HTML: plain_text, mrkdwn, and the leaves that it shares with rich text."""

import re
from html import unescape

from playground.page.render.emoji import EMOJI
from playground.page.render.html import Html, h, join
from playground.page.state.viewer import Viewer
from playground.slack.elements import Json

_CODE = re.compile(r"```\n?(.+?)```|`([^`\n]+)`", re.DOTALL)
_SPECIAL = re.compile(r"<([@#!])([^>|]+)(?:\|([^>]*))?>|<((?:https?://|mailto:)[^>|]+)(?:\|([^>]*))?>")
_STYLES = (("*", "b"), ("_", "i"), ("~", "s"))
_EMOJI = re.compile(r":([a-z0-9_+-]+):")


def text_html(viewer: Viewer, value: Json | None) -> Html:
    """A text object."""
    if not value:
        return Html("")
    if value.get("type") == "mrkdwn":
        return mrkdwn(viewer, value["text"])
    return plain(value["text"], emoji=value.get("emoji", True))


def plain(text: str, *, emoji: bool = True) -> Html:
    """Plain text with its line breaks."""
    shown = _EMOJI.sub(lambda m: EMOJI.get(m[1], m[0]), text) if emoji else text
    return Html(join(shown).replace("\n", "<br>"))


def mrkdwn(viewer: Viewer, text: str) -> Html:
    """Slack's own markup."""
    out: list[Html] = []
    at = 0
    for code in _CODE.finditer(text):
        out.append(_lines_html(viewer, text[at : code.start()]))
        out.append(h("pre", unescape(code[1])) if code[1] is not None else h("code", unescape(code[2])))
        at = code.end()
    return join(out, _lines_html(viewer, text[at:]))


def link(url: str, text: str) -> Html:
    """A link that opens in a new window; only web and mail addresses become links."""
    safe = url if url.startswith(("https://", "http://", "mailto:")) else None
    return h("a", text, href=safe, target="_blank", rel="noopener noreferrer")


def mention(viewer: Viewer, what: str, ident: str) -> Html:
    """A mention such as ``@alice`` or ``#ops``, marked if it means the viewer."""
    me = " me" if viewer.mentions_viewer(what, ident) else ""
    return h("span", viewer.ws.display_name(what, ident), class_=f"mention{me}")


def broadcast(name: str) -> Html:
    return h("span", f"@{name}", class_="mention me")


def date(viewer: Viewer, timestamp: int, pattern: str, url: str = "") -> Html:
    """An instant in the viewer's zone, in full on hovering."""
    shown = viewer.clock.format(timestamp, pattern)
    whole = viewer.clock.format(timestamp, "{date_long} at {time}") + f" {viewer.clock.local(timestamp):%Z}"
    when = h("time", shown, datetime=viewer.clock.local(timestamp).isoformat(), title=whole)
    return link(url, when) if url else when


def _lines_html(viewer: Viewer, text: str) -> Html:
    """Lines, those that begin with > as quotations."""
    out: list[Html] = []
    quote: list[Html] = []
    for number, line in enumerate(text.split("\n")):
        if line.startswith("&gt;"):
            quote.append(_inline(viewer, line.removeprefix("&gt;").lstrip()))
            continue
        if quote:
            out.append(h("blockquote", _join_lines(quote)))
            quote = []
        elif number:
            out.append(h("br"))
        out.append(_inline(viewer, line))
    return join(out, h("blockquote", _join_lines(quote)) if quote else None)


def _join_lines(items: list[Html]) -> Html:
    return Html("<br>".join(items))


def _inline(viewer: Viewer, text: str) -> Html:
    out: list[Html] = []
    at = 0
    for found in _SPECIAL.finditer(text):
        out.append(_styled_html(text[at : found.start()]))
        out.append(_special_html(viewer, found))
        at = found.end()
    return join(out, _styled_html(text[at:]))


def _special_html(viewer: Viewer, found: re.Match[str]) -> Html:
    sign, what, label, url, words = found.groups()
    if url:
        return link(unescape(url), unescape(words or url.removeprefix("mailto:")))
    if sign == "@":
        return mention(viewer, "user", what)
    if sign == "#":
        return mention(viewer, "channel", what)
    if what.startswith("subteam^"):
        return mention(viewer, "usergroup", what.removeprefix("subteam^"))
    if what.startswith("date^"):
        stamp, pattern, *rest = what.removeprefix("date^").split("^")
        if stamp.isdigit():
            return date(viewer, int(stamp), pattern, rest[0] if rest else "")
        return join(label or what)
    return broadcast(what)


def _styled_html(text: str) -> Html:
    """Bold, italic and struck text; emoji by name."""
    shown = str(plain(unescape(text)))
    for mark, tag in _STYLES:
        sign = re.escape(mark)
        pattern = rf"(?<![\w{sign}]){sign}(?=\S)([^{sign}\n]+?)(?<=\S){sign}(?![\w{sign}])"
        shown = re.sub(pattern, rf"<{tag}>\1</{tag}>", shown)
    return Html(shown)
