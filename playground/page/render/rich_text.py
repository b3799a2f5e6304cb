"""rich_text blocks as HTML."""

from playground.page.render.emoji import EMOJI
from playground.page.render.html import Html, h, join
from playground.page.render.text import broadcast, date, link, mention, plain
from playground.page.state.viewer import Viewer
from playground.slack.elements import Json

_STYLES = (("code", "code"), ("bold", "b"), ("italic", "i"), ("strike", "s"), ("underline", "u"))


def rich_html(viewer: Viewer, block: Json) -> Html:
    """The block: paragraphs, lists, quotations and boxes."""
    return h("div", [_part_html(viewer, part) for part in block["elements"]], class_="rich")


def _part_html(viewer: Viewer, part: Json) -> Html:
    if part["type"] == "rich_text_list":
        return _list_html(viewer, part)
    leaves = [_leaf_html(viewer, leaf) for leaf in part["elements"]]
    match part["type"]:
        case "rich_text_quote":
            return h("blockquote", leaves)
        case "rich_text_preformatted":
            return h("pre", "".join(str(leaf.get("text") or leaf.get("url", "")) for leaf in part["elements"]))
        case _:
            return h("p", leaves)


def _list_html(viewer: Viewer, part: Json) -> Html:
    items = [h("li", [_leaf_html(viewer, leaf) for leaf in item["elements"]]) for item in part["elements"]]
    indent = f"indent{part.get('indent', 0)}"
    if part["style"] == "ordered":
        return h("ol", items, start=part.get("offset", 0) + 1, class_=indent)
    return h("ul", items, class_=indent)


def _leaf_html(viewer: Viewer, leaf: Json) -> Html:
    shown = _unstyled_leaf(viewer, leaf)
    style = leaf.get("style") or {}
    for name, tag in _STYLES:
        if style.get(name):
            shown = h(tag, shown)
    return shown


def _unstyled_leaf(viewer: Viewer, leaf: Json) -> Html:
    match leaf["type"]:
        case "text":
            return plain(leaf["text"], emoji=False)
        case "link":
            return link(leaf["url"], leaf.get("text") or leaf["url"])
        case "user":
            return mention(viewer, "user", leaf["user_id"])
        case "channel":
            return mention(viewer, "channel", leaf["channel_id"])
        case "usergroup":
            return mention(viewer, "usergroup", leaf["usergroup_id"])
        case "broadcast":
            return broadcast(leaf["range"])
        case "emoji":
            return join(EMOJI.get(leaf["name"], f":{leaf['name']}:"))
        case "date":
            return date(viewer, leaf["timestamp"], leaf["format"], leaf.get("url", ""))
        case _:
            return join(str(leaf.get("value") or leaf.get("text", "")))
