"""Interactive elements as HTML. The browser's script turns what is done with them into acts (client/acts.js)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from playground.page.choices import Choice, chosen, is_many, is_select, offered
from playground.page.html import Html, h, join
from playground.page.reader import Reader
from playground.page.text import plain, text_html
from playground.slack.elements import TEXT_INPUTS, Element, Form, Json, options_of
from playground.slack.people.values import option_text

_INPUT_MODES = {"email_text_input": "email", "url_text_input": "url", "number_input": "decimal"}


@dataclass(frozen=True, slots=True)
class Canvas:
    """What blocks are drawn with: who reads, what is entered, the errors by block_id, and the key of the element that
    waits for the bot."""

    reader: Reader
    form: Form
    name: str
    errors: Mapping[str, str] = field(default_factory=dict)
    busy: str = ""

    def ident(self, element: Element) -> str:
        """An id for the element's field in the page."""
        return f"{self.name}-{key_of(element)}".replace(" ", "-")


def key_of(element: Element) -> str:
    """How the browser names an element of a surface."""
    block_id, action_id = element.key
    return f"{block_id} {action_id}"


def element_html(canvas: Canvas, element: Element) -> Html:
    """An element, without its label."""
    kind = element.kind
    if kind == "button":
        return _button(canvas, element)
    if kind == "overflow":
        return _overflow(canvas, element)
    if is_select(element):
        return _select(canvas, element)
    if kind in ("checkboxes", "radio_buttons"):
        return _boxes(canvas, element)
    if kind in ("datepicker", "timepicker", "datetimepicker"):
        return _moment(canvas, element)
    if kind in TEXT_INPUTS or kind == "rich_text_input":
        return _text(canvas, element)
    return h("span", "Files cannot be picked in the playground.", class_="muted")


def _button(canvas: Canvas, element: Element) -> Html:
    spec = element.spec
    busy = canvas.busy == key_of(element)
    classes = f"button {spec.get('style', '')} {'busy' if busy else ''}".strip()
    link: dict[str, Any] = {}
    if str(spec.get("url", "")).startswith(("https://", "http://")):
        link = {"href": spec["url"], "target": "_blank", "rel": "noopener noreferrer"}
    return h(
        "a" if link else "button",
        text_html(canvas.reader, spec["text"]),
        **link,
        type=None if link else "button",
        class_=classes,
        data_act="press",
        data_key=key_of(element),
        aria_label=spec.get("accessibility_label"),
        aria_busy="true" if busy else None,
    )


def _overflow(canvas: Canvas, element: Element) -> Html:
    ident = canvas.ident(element)
    rows = [
        h(
            "button",
            text_html(canvas.reader, option["text"]),
            type="button",
            class_="menu-row",
            data_act="press",
            data_key=key_of(element),
            data_option=str(option.get("value", number)),
        )
        for number, option in enumerate(options_of(element.spec))
    ]
    return h(
        "span",
        h("button", "⋯", type="button", class_="button square", popovertarget=ident, aria_label="More actions"),
        h("div", rows, id=ident, popover="auto", class_="menu", data_anchored=True),
        class_="overflow",
    )


def _select(canvas: Canvas, element: Element) -> Html:
    ws, spec = canvas.reader.ws, element.spec
    rows = offered(ws, canvas.reader.user, element)
    placeholder = spec.get("placeholder", {}).get("text", "")
    return h(
        "pg-select",
        id=canvas.ident(element),
        data_key=key_of(element),
        label=element.label,
        placeholder=placeholder or ("Type to search" if "external" in element.kind else "Choose"),
        options=_rows(rows),
        chosen=_rows(chosen(ws, element, canvas.form.get(element))),
        many=is_many(element),
        search=spec.get("min_query_length", 3) if "external" in element.kind else None,
        most=spec.get("max_selected_items"),
        **_described(canvas, element),
    )


def _rows(rows: list[Choice]) -> str:
    return json.dumps([row.row() for row in rows], ensure_ascii=False)


def _boxes(canvas: Canvas, element: Element) -> Html:
    many = element.kind == "checkboxes"
    ws, value = canvas.reader.ws, canvas.form.get(element)
    on = [option["value"] for option in (value if many else [value] if value else [])]
    rows = [_box(canvas, element, option, option["value"] in on) for option in options_of(element.spec)]
    label = element.label if element.place == "input" else option_text(ws, options_of(element.spec)[0])
    return h(
        "div",
        rows,
        id=canvas.ident(element),
        class_="boxes",
        role="group" if many else "radiogroup",
        aria_label=label,
        data_field="many" if many else "one",
        data_key=key_of(element),
        **_described(canvas, element),
    )


def _box(canvas: Canvas, element: Element, option: Json, on: bool) -> Html:
    described = option.get("description")
    return h(
        "label",
        h(
            "input",
            type="checkbox" if element.kind == "checkboxes" else "radio",
            name=canvas.ident(element),
            value=option["value"],
            checked=on,
        ),
        h(
            "span",
            text_html(canvas.reader, option["text"]),
            h("small", text_html(canvas.reader, described)) if described else None,
        ),
    )


def _moment(canvas: Canvas, element: Element) -> Html:
    value = canvas.form.get(element)
    both = element.kind == "datetimepicker"
    day, hour = value or "", value or ""
    if both and value:
        at = canvas.reader.clock.local(value)
        day, hour = f"{at:%Y-%m-%d}", f"{at:%H:%M}"
    parts = []
    if element.kind != "timepicker":
        parts.append(_native(canvas, element, "date", day, f"{element.label}, date" if both else element.label))
    if element.kind != "datepicker":
        parts.append(_native(canvas, element, "time", hour, f"{element.label}, time" if both else element.label))
    zone = canvas.reader.user.tz if both else element.spec.get("timezone", "")
    return h(
        "span",
        parts,
        h("small", zone, class_="muted") if zone else None,
        id=canvas.ident(element),
        class_="moment",
        data_field="moment" if both else "text",
        data_key=key_of(element),
    )


def _native(canvas: Canvas, element: Element, kind: str, value: str, label: str) -> Html:
    return h("input", type=kind, value=value, class_="field", aria_label=label, **_described(canvas, element))


def _text(canvas: Canvas, element: Element) -> Html:
    spec, value = element.spec, canvas.form.get(element)
    if isinstance(value, dict):
        value = "".join(leaf.get("text", "") for part in value["elements"] for leaf in part["elements"])
    several = spec.get("multiline") or element.kind == "rich_text_input"
    common: dict[str, Any] = {
        "id": canvas.ident(element),
        "class_": "field",
        "placeholder": spec.get("placeholder", {}).get("text"),
        "data_field": "text",
        "data_key": key_of(element),
        "data_live": element.dispatches,
        "autocomplete": "off",
        **_described(canvas, element),
    }
    if several:
        return h("textarea", str(value or ""), rows=3, **common)
    return h("input", type="text", value=str(value or ""), inputmode=_INPUT_MODES.get(element.kind), **common)


def _described(canvas: Canvas, element: Element) -> dict[str, Any]:
    """What says of a field that it is wrong or needed."""
    if element.place != "input":
        return {}
    wrong = element.key[0] in canvas.errors
    return {
        "aria_describedby": described_by(canvas, element),
        "aria_invalid": "true" if wrong else None,
        "aria_required": "true" if element.required else None,
    }


def described_by(canvas: Canvas, element: Element) -> str | None:
    """The id of the line under a field: its error or its hint."""
    has = element.key[0] in canvas.errors or element.block.get("hint")
    return f"{canvas.ident(element)}-note" if has else None


def option_of(element: Element, value: str) -> Json | None:
    """The entry of an overflow menu that was chosen."""
    return next(
        (option for n, option in enumerate(options_of(element.spec)) if str(option.get("value", n)) == value), None
    )


def confirm_html(reader: Reader, spec: Json) -> Html:
    """The text of a confirmation, and its two buttons."""
    danger = "danger" if spec.get("style") == "danger" else "primary"
    return join(
        h("h2", plain(spec["title"]["text"]), id="confirm-title"),
        h("p", text_html(reader, spec["text"])),
        h(
            "div",
            h("button", plain(spec["deny"]["text"]), type="button", class_="button", data_act="refuse"),
            h("button", plain(spec["confirm"]["text"]), type="button", class_=f"button {danger}", data_act="confirm"),
            class_="dialog-foot",
        ),
    )
