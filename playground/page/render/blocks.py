"""Block Kit as HTML."""

import re
from collections.abc import Sequence

from playground.page.render.elements import RenderContext, described_by, element_html, element_key
from playground.page.render.html import Html, h, join
from playground.page.render.rich_text import rich_html
from playground.page.render.text import mrkdwn, plain, text_html
from playground.slack.elements import STATE_PROPERTIES, Element, Json

_HEADING = re.compile(r"^#{1,6} (.*)$", re.MULTILINE)
_BOLD = re.compile(r"\*\*(.+?)\*\*")
_MD_LINK = re.compile(r"\[([^\]]+)\]\((https?://[^)\s]+)\)")


def blocks_html(context: RenderContext, blocks: Sequence[Json]) -> Html:
    """Blocks from top to bottom."""
    return join(
        [h("div", _block(context, block), class_=f"bk {block['type']}", data_k=_row_key(block)) for block in blocks]
    )


def _row_key(block: Json) -> str:
    """A key that keeps a block the same element of the page when those around it change."""
    return str(block.get("block_id", ""))


def _block(context: RenderContext, block: Json) -> Html:
    reader = context.viewer
    match block["type"]:
        case "header":
            return h("h3", text_html(reader, block["text"]))
        case "divider":
            return h("hr")
        case "section":
            return _section(context, block)
        case "context":
            return join([_context_part(context, part) for part in block["elements"]])
        case "actions":
            return join([element_html(context, Element(block, spec, "actions")) for spec in block["elements"]])
        case "input":
            return _input(context, block)
        case "rich_text":
            return rich_html(reader, block)
        case "image":
            return _image(context, block)
        case "table":
            return _table(context, block)
        case "markdown":
            return mrkdwn(reader, _as_mrkdwn(block["text"]))
        case "video":
            return join(h("b", plain(block["title"]["text"])), " ", h("span", block["alt_text"], class_="muted"))
        case other:
            return h("span", f"[{other}]", class_="muted")


def _section(context: RenderContext, block: Json) -> Html:
    parts = [h("div", text_html(context.viewer, block["text"]))] if block.get("text") else []
    if block.get("fields"):
        parts.append(h("div", [h("div", text_html(context.viewer, f)) for f in block["fields"]], class_="fields"))
    side = None
    accessory = block.get("accessory")
    if accessory and accessory["type"] == "image":
        side = h("img", src=accessory.get("image_url", ""), alt=accessory["alt_text"], class_="thumb")
    elif accessory:
        side = element_html(context, Element(block, accessory, "accessory"))
    return join(h("div", parts, class_="grow"), h("div", side, class_="accessory") if side else None)


def _context_part(context: RenderContext, part: Json) -> Html:
    if part["type"] == "image":
        return h("img", src=part.get("image_url", ""), alt=part["alt_text"])
    return h("span", text_html(context.viewer, part))


def _input(context: RenderContext, block: Json) -> Html:
    element = Element(block, block["element"], "input")
    optional = h("span", " (optional)", class_="muted") if block.get("optional") else None
    error = context.errors.get(element.key[0])
    note = None
    if error:
        note = h("p", error, class_="error", id=described_by(context, element))
    elif block.get("hint"):
        note = h("p", text_html(context.viewer, block["hint"]), class_="hint", id=described_by(context, element))
    label = h("label", plain(element.label), optional, for_=context.element_id(element), class_="label")
    if element.kind in ("checkboxes", "radio_buttons", "datepicker", "timepicker", "datetimepicker"):
        label = h("span", plain(element.label), optional, class_="label")
    return join(label, element_html(context, element), note)


def _image(context: RenderContext, block: Json) -> Html:
    title = h("figcaption", text_html(context.viewer, block["title"])) if block.get("title") else None
    return h("figure", title, h("img", src=block.get("image_url", ""), alt=block["alt_text"]))


def _table(context: RenderContext, block: Json) -> Html:
    columns = block.get("column_settings") or []

    def cell(number: int, item: Json, tag: str) -> Html:
        align = columns[number].get("align", "left") if number < len(columns) and columns[number] else "left"
        inner = rich_html(context.viewer, item) if item["type"] == "rich_text" else plain(_raw_cell(item), emoji=False)
        return h(tag, inner, class_=align, scope="col" if tag == "th" else None)

    head, *rows = block["rows"]
    return h(
        "div",
        h(
            "table",
            h("thead", h("tr", [cell(n, item, "th") for n, item in enumerate(head)])),
            h("tbody", [h("tr", [cell(n, item, "td") for n, item in enumerate(row)]) for row in rows]),
        ),
        class_="table-scroll",
        tabindex=0,
        role="region",
        aria_label="Table",
    )


def _raw_cell(item: Json) -> str:
    return str(item.get("text") or item.get("value", ""))


def _as_mrkdwn(text: str) -> str:
    """The Markdown that messages use, as mrkdwn."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = _HEADING.sub(r"*\1*", _BOLD.sub(r"*\1*", text))
    return _MD_LINK.sub(r"<\2|\1>", text)


def fields_of(blocks: Sequence[Json]) -> list[str]:
    """The keys of the fields in blocks, from top to bottom."""
    return [
        element_key(Element(block, block["element"], "input"))
        for block in blocks
        if block["type"] == "input" and block["element"]["type"] in STATE_PROPERTIES
    ]
