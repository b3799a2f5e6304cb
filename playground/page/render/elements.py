"""Interactive elements as HTML. The browser's script turns their use into actions (client/actions.js)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from playground.page.render.html import Html, h, join
from playground.page.render.text import plain, text_html
from playground.page.state.choices import Choice, is_many, is_select, known_choices, selected_choices
from playground.page.state.viewer import Viewer
from playground.slack.client.values import option_text
from playground.slack.elements import TEXT_INPUT_TYPES, Element, FormState, Json, options_of

_INPUT_MODES = {"email_text_input": "email", "url_text_input": "url", "number_input": "decimal"}


@dataclass(frozen=True, slots=True)
class RenderContext:
    """Context for rendering blocks: the viewer, the entries, the errors by block_id, and the key of the element that
    waits for the bot."""

    viewer: Viewer
    form: FormState
    name: str
    errors: Mapping[str, str] = field(default_factory=dict)
    busy_key: str = ""

    def element_id(self, element: Element) -> str:
        """An id for the element's field in the page."""
        return f"{self.name}-{element_key(element)}".replace(" ", "-")


def element_key(element: Element) -> str:
    """The browser's name for an element of a surface."""
    block_id, action_id = element.key
    return f"{block_id} {action_id}"


def element_html(context: RenderContext, element: Element) -> Html:
    """An element, without its label."""
    kind = element.kind
    if kind == "button":
        return _button(context, element)
    if kind == "overflow":
        return _overflow(context, element)
    if is_select(element):
        return _select(context, element)
    if kind in ("checkboxes", "radio_buttons"):
        return _option_group(context, element)
    if kind in ("datepicker", "timepicker", "datetimepicker"):
        return _date_time_inputs(context, element)
    if kind in TEXT_INPUT_TYPES or kind == "rich_text_input":
        return _text(context, element)
    return h("span", "Files cannot be picked in the playground.", class_="muted")


def _button(context: RenderContext, element: Element) -> Html:
    spec = element.json
    busy = context.busy_key == element_key(element)
    classes = f"button {spec.get('style', '')} {'busy' if busy else ''}".strip()
    link: dict[str, Any] = {}
    if str(spec.get("url", "")).startswith(("https://", "http://")):
        link = {"href": spec["url"], "target": "_blank", "rel": "noopener noreferrer"}
    return h(
        "a" if link else "button",
        text_html(context.viewer, spec["text"]),
        **link,
        type=None if link else "button",
        class_=classes,
        data_act="press",
        data_key=element_key(element),
        aria_label=spec.get("accessibility_label"),
        aria_busy="true" if busy else None,
    )


def _overflow(context: RenderContext, element: Element) -> Html:
    ident = context.element_id(element)
    rows = [
        h(
            "button",
            text_html(context.viewer, option["text"]),
            type="button",
            class_="menu-row",
            data_act="press",
            data_key=element_key(element),
            data_option=str(option.get("value", number)),
        )
        for number, option in enumerate(options_of(element.json))
    ]
    return h(
        "span",
        h("button", "⋯", type="button", class_="button square", popovertarget=ident, aria_label="More actions"),
        h("div", rows, id=ident, popover="auto", class_="menu", data_anchored=True),
        class_="overflow",
    )


def _select(context: RenderContext, element: Element) -> Html:
    ws, spec = context.viewer.ws, element.json
    rows = known_choices(ws, context.viewer.user, element)
    placeholder = spec.get("placeholder", {}).get("text", "")
    return h(
        "pg-select",
        id=context.element_id(element),
        data_key=element_key(element),
        label=element.label,
        placeholder=placeholder or ("Type to search" if "external" in element.kind else "Choose"),
        options=_rows(rows),
        chosen=_rows(selected_choices(ws, element, context.form.get(element))),
        many=is_many(element),
        search=spec.get("min_query_length", 3) if "external" in element.kind else None,
        most=spec.get("max_selected_items"),
        **_description_attributes(context, element),
    )


def _rows(rows: list[Choice]) -> str:
    return json.dumps([row.row() for row in rows], ensure_ascii=False)


def _option_group(context: RenderContext, element: Element) -> Html:
    many = element.kind == "checkboxes"
    ws, value = context.viewer.ws, context.form.get(element)
    on = [option["value"] for option in (value if many else [value] if value else [])]
    rows = [_option_input(context, element, option, option["value"] in on) for option in options_of(element.json)]
    label = element.label if element.position == "input" else option_text(ws, options_of(element.json)[0])
    return h(
        "div",
        rows,
        id=context.element_id(element),
        class_="boxes",
        role="group" if many else "radiogroup",
        aria_label=label,
        data_field="many" if many else "one",
        data_key=element_key(element),
        **_description_attributes(context, element),
    )


def _option_input(context: RenderContext, element: Element, option: Json, checked: bool) -> Html:
    described = option.get("description")
    return h(
        "label",
        h(
            "input",
            type="checkbox" if element.kind == "checkboxes" else "radio",
            name=context.element_id(element),
            value=option["value"],
            checked=checked,
        ),
        h(
            "span",
            text_html(context.viewer, option["text"]),
            h("small", text_html(context.viewer, described)) if described else None,
        ),
    )


def _date_time_inputs(context: RenderContext, element: Element) -> Html:
    value = context.form.get(element)
    both = element.kind == "datetimepicker"
    day, hour = value or "", value or ""
    if both and value:
        at = context.viewer.clock.local(value)
        day, hour = f"{at:%Y-%m-%d}", f"{at:%H:%M}"
    parts = []
    if element.kind != "timepicker":
        parts.append(_native_input(context, element, "date", day, f"{element.label}, date" if both else element.label))
    if element.kind != "datepicker":
        parts.append(_native_input(context, element, "time", hour, f"{element.label}, time" if both else element.label))
    zone = context.viewer.user.tz if both else element.json.get("timezone", "")
    return h(
        "span",
        parts,
        h("small", zone, class_="muted") if zone else None,
        id=context.element_id(element),
        class_="moment",
        data_field="moment" if both else "text",
        data_key=element_key(element),
    )


def _native_input(context: RenderContext, element: Element, kind: str, value: str, label: str) -> Html:
    return h(
        "input", type=kind, value=value, class_="field", aria_label=label, **_description_attributes(context, element)
    )


def _text(context: RenderContext, element: Element) -> Html:
    spec, value = element.json, context.form.get(element)
    if isinstance(value, dict):
        value = "".join(leaf.get("text", "") for part in value["elements"] for leaf in part["elements"])
    several = spec.get("multiline") or element.kind == "rich_text_input"
    common: dict[str, Any] = {
        "id": context.element_id(element),
        "class_": "field",
        "placeholder": spec.get("placeholder", {}).get("text"),
        "data_field": "text",
        "data_key": element_key(element),
        "data_live": element.dispatches_action,
        "autocomplete": "off",
        **_description_attributes(context, element),
    }
    if several:
        return h("textarea", str(value or ""), rows=3, **common)
    return h("input", type="text", value=str(value or ""), inputmode=_INPUT_MODES.get(element.kind), **common)


def _description_attributes(context: RenderContext, element: Element) -> dict[str, Any]:
    """The ARIA attributes of a field that is invalid or required."""
    if element.position != "input":
        return {}
    wrong = element.key[0] in context.errors
    return {
        "aria_describedby": described_by(context, element),
        "aria_invalid": "true" if wrong else None,
        "aria_required": "true" if element.required else None,
    }


def described_by(context: RenderContext, element: Element) -> str | None:
    """The id of the line under a field: its error or its hint."""
    has = element.key[0] in context.errors or element.block.get("hint")
    return f"{context.element_id(element)}-note" if has else None


def find_option(element: Element, value: str) -> Json | None:
    """The chosen entry of an overflow menu."""
    return next(
        (option for n, option in enumerate(options_of(element.json)) if str(option.get("value", n)) == value), None
    )


def confirm_html(viewer: Viewer, spec: Json) -> Html:
    """The text of a confirmation, and its two buttons."""
    danger = "danger" if spec.get("style") == "danger" else "primary"
    return join(
        h("h2", plain(spec["title"]["text"]), id="confirm-title"),
        h("p", text_html(viewer, spec["text"])),
        h(
            "div",
            h("button", plain(spec["deny"]["text"]), type="button", class_="button", data_act="refuse"),
            h("button", plain(spec["confirm"]["text"]), type="button", class_=f"button {danger}", data_act="confirm"),
            class_="dialog-foot",
        ),
    )
