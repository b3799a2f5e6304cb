"""Whatever a request holds, its pages and its file show all of it, and the card says how much it leaves out."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from blocks.card.model import Card, SystemNames
from blocks.card.render import card_blocks, fallback_text
from blocks.details import content_pages, details_file, details_view, page_count, reading_view, request_pages
from blocks.home_approval import home_approval_view
from blocks.limits import view_size_problem
from blocks.text import header
from bot.requests.disclosure import MAX_VALUE_LENGTH, card_excerpts, has_hidden_text, passages
from bot.requests.model import Request, RequestState, TargetSet
from bot.values import Resolution
from bot.visible_text import visible, visible_lines
from playground.slack.limits import check_view
from tests.unit.blocks import strategies
from tests.unit.requests.build import pending_request

example_settings = settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
pieces = st.sampled_from(["a", " ", "\n", "\u202e", "漢", "⚠️", "e\u0301\u0301\u0301", '"', "\\", "\r\n", "<"])
odd_texts = st.builds(
    lambda some, count: ("".join(some) * count)[:9_000],
    st.lists(pieces, max_size=7),
    st.sampled_from([1, 30, 250, 2_000]),
)


@st.composite
def some_requests(draw: st.DrawFn) -> Request:
    """Requests with long texts, and only a few of each kind."""
    request = draw(strategies.requests())
    few = {name: getattr(request, name)[:3] for name in ("warnings", "changes", "revision_changes", "calls")}
    names = request.targets.names[:300]
    targets = request.targets.model_copy(update={"names": names})
    return request.model_copy(update={**few, "summary": request.summary[:5], "targets": targets})


def texts_of(value: Any) -> str:
    """All rich text, in order and without what is between."""
    if isinstance(value, dict):
        own = value["text"] if isinstance(value.get("text"), str) else ""
        return own + "".join(texts_of(item) for key, item in value.items() if key != "text" or not own)
    return "".join(map(texts_of, value)) if isinstance(value, list) else ""


def joined_pages(request: Request) -> str:
    """The texts of all pages of Summary and Request, joined, below the title."""
    pages = [*content_pages(request), *request_pages(request)]
    return "".join(map(texts_of, [header(request.title), *pages]))


def everything_of(request: Request) -> list[str]:
    """Each text of what a request would do."""
    changes = [text for change in (*request.changes, *request.revision_changes) for text in change.values()]
    return [
        request.title, request.reason, request.phrase, request.scheduler_reason, request.targets.note,
        *(text for row in request.summary for text in row), *request.warnings, *changes,
        *([", ".join(request.targets.names)] if request.targets.names else []),
        *(f"{call['method']} {call['url']}" for call in request.calls),
        *(json.dumps(call["body"], indent=2, ensure_ascii=False) for call in request.calls),
    ]  # fmt: skip


def assert_all_is_shown(request: Request) -> None:
    pages, file = joined_pages(request), details_file(request)
    for text in set(everything_of(request)):
        assert visible_lines(text) in pages or visible(text) in pages
        assert visible_lines(text).replace("\n", "\n| ") in file or visible(text) in file


@example_settings
@given(st.data())
def test_the_pages_and_the_file_show_everything(data: st.DataObject) -> None:
    assert_all_is_shown(data.draw(some_requests()))


@example_settings
@given(odd_texts, odd_texts, st.integers(0, 3))
def test_a_text_is_whole_whatever_is_in_it(one: str, other: str, count: int) -> None:
    request = pending_request().model_copy(
        update={
            "summary": ((other, one),) * count,
            "reason": other,
            "warnings": (one,),
            "targets": TargetSet(count=2, names=(other, one)),
            "calls": ({"method": "POST", "url": "https://there", "body": {"command": one}},),
        }
    )
    assert_all_is_shown(request)


@example_settings
@given(st.data())
def test_every_page_fits(data: st.DataObject) -> None:
    request = data.draw(some_requests())
    said, ran = data.draw(strategies.decisions(request)), data.draw(strategies.runs(request))
    last = page_count(request) - 1
    for page in sorted({0, data.draw(st.integers(0, last)), last}):
        for view in (details_view(request, said, ran, page), reading_view(request, page, "c" * 1_000)):
            assert view_size_problem(view) == ""
            check_view(view, "modal")


@example_settings
@given(st.data())
def test_approve_on_home_shows_all_that_the_card_shows(data: st.DataObject) -> None:
    request = data.draw(some_requests()).model_copy(update={"state": "awaiting_approval"})
    view = home_approval_view(Card(request))
    assert view_size_problem(view) == ""
    check_view(view, "modal")
    card = card_blocks(Card(request))
    facts = [block for block in card if block.get("block_id") in ("facts", "changed", "changes", "unusual")]
    assert facts
    assert [block for block in view["blocks"] if block in facts] == facts


@example_settings
@given(st.data())
def test_the_card_shows_what_it_does_not_count_as_hidden(data: st.DataObject) -> None:
    request = data.draw(some_requests()).model_copy(update={"state": "awaiting_approval"})
    shown = texts_of(card_blocks(Card(request, data.draw(strategies.decisions(request)))))
    excerpts = card_excerpts(request)
    texts = [excerpts.targets, excerpts.reason, excerpts.scheduler_reason, *excerpts.warnings]
    for text in [t.text for t in texts] + [row.value for row in excerpts.parameters]:
        assert text in shown
    if not has_hidden_text(request):
        for whole in (request.reason, *request.warnings, *(text for row in request.summary for text in row)):
            assert visible(whole) in shown


@pytest.mark.parametrize(("length", "hidden"), [(MAX_VALUE_LENGTH, 0), (MAX_VALUE_LENGTH + 1, 1), (2_990, 2_690)])
def test_a_value_that_is_cut_says_by_how_much(length: int, hidden: int) -> None:
    request = pending_request().model_copy(update={"summary": (("command", "x" * length),)})
    blocks = card_blocks(Card(request))
    note = {0: "", 1: "1 more character", 2_690: "2,690 more characters"}[hidden]
    assert note in texts_of(blocks)
    assert ("more character" in texts_of(blocks)) == (hidden > 0)
    assert card_excerpts(request).hidden == hidden
    labels = [element["text"]["text"] for element in blocks[-1]["elements"] if element["type"] == "button"]
    assert labels == (["Read all", "Approve", "Deny…"] if hidden else ["Approve", "Deny…", "Details"])
    assert [element.get("style") for element in blocks[-1]["elements"]] == ["primary", None, None, None]
    assert ("read all of it first" in fallback_text(Card(request))) == (hidden > 0)
    receipt = card_blocks(Card(request, variant="receipt"))
    assert "Read all" not in texts_of(receipt)


def test_rows_without_room_are_counted() -> None:
    rows = tuple((f"input {number}", "value") for number in range(23))
    warnings = tuple(f"warning {number}" for number in range(21))
    request = pending_request().model_copy(update={"summary": rows, "warnings": warnings})
    text = texts_of(card_blocks(Card(request)))
    assert "3 more parameters (39 characters)" in text
    assert "1 more warning (10 characters)" in text
    assert card_excerpts(request).hidden == 49


def test_marks_count_as_they_are_shown() -> None:
    value = "\u202e" * 50
    request = pending_request().model_copy(update={"summary": (("command", value),)})
    assert card_excerpts(request).hidden == 50 * len("<U+202E>") - MAX_VALUE_LENGTH


@pytest.mark.parametrize("outcome", ["\u202e" * 900, "&" * 900, "x" * 900])
def test_a_fallback_text_is_short_enough_for_an_update(outcome: str) -> None:
    request = pending_request().model_copy(update={"outcome": outcome, "summary": (("command", "x" * 999),)})
    assert len(fallback_text(Card(request))) < 4_000


def test_names_of_targets_after_the_first_few_are_counted_and_not_hidden() -> None:
    names = tuple(f"web{number}" for number in range(43))
    request = pending_request().model_copy(update={"targets": TargetSet(count=50, names=names)})
    assert "+ 45 more" in texts_of(card_blocks(Card(request)))
    assert not has_hidden_text(request)
    assert ", ".join(names) + " and 7 whose names are not known" in joined_pages(request)


def test_differences_to_an_earlier_revision_hide_nothing_of_what_holds_now() -> None:
    change = {"field": "command", "before": "x" * 2_000, "after": "uptime"}
    request = pending_request().model_copy(update={"revision_changes": (change,)})
    assert "1,850 more characters" in texts_of(card_blocks(Card(request)))
    assert not has_hidden_text(request)
    assert "x" * 2_000 in joined_pages(request)


def test_the_pages_of_a_revision_stay_the_same_whatever_is_decided() -> None:
    request = pending_request().model_copy(update={"summary": (("command", "y" * 30_000),)})
    later = request.model_copy(update={"state": "running", "version": 7, "outcome": "fine"})
    assert page_count(request) > 3
    assert content_pages(request) == content_pages(later)


def test_what_a_parameter_stands_for_is_shown_with_all_that_is_signed() -> None:
    found = Resolution(field="feature", kind="template", id="7", name="Run\u202e", details={"text": "sha256:ab12"})
    request = pending_request()
    request = request.model_copy(update={"content": request.content.model_copy(update={"resolutions": (found,)})})
    assert "Feature stands for template “Run<U+202E>” (id 7)" in texts_of(content_pages(request))
    assert "Feature, text sha256:ab12" in joined_pages(request)
    assert f"Content {request.content_hash}" in joined_pages(request)


def test_the_summary_states_each_fact_once_and_shows_neither_calls_nor_digests() -> None:
    found = Resolution(field="job_template_id", kind="template", id="190", name="Run", details={"text": "sha256:ab12"})
    content = pending_request().content.model_copy(update={"resolutions": (found,)})
    request = pending_request().model_copy(
        update={
            "content": content,
            "title": "Restart nginx",
            "summary": (("Template", "Run (id 190)"), ("Quiet", "yes")),
            "facts": {"template": "Run", "reboot": True, "targeting_type": "static_query"},
            "calls": ({"method": "POST", "url": "https://there/jobs", "body": {"job_template_id": 190}},),
        }
    )
    text = texts_of(details_view(request, [], [], system=SystemNames("Foreman production", "Foreman"))["blocks"])
    assert text.count("Run") == 1
    assert "Targeting type static query" in text
    assert "Reboot yes" in text
    assert text.count(request.title) == 1
    assert "Foreman production" in text
    for technical in ("sha256", "job_template_id", "https://there", request.content_hash[:8], "foreman."):
        assert technical not in text


@pytest.mark.parametrize(
    ("state", "permitted", "shown"),
    [
        ("awaiting_approval", (), []),
        ("awaiting_approval", ("decide", "edit"), ["Approve", "Deny…", "Request changes…", "Edit…"]),
        ("awaiting_approval", ("edit", "withdraw"), ["Edit…", "Withdraw"]),
        ("scheduled", ("edit", "cancel"), ["Reschedule…", "Cancel"]),
        ("running", ("cancel",), ["Stop"]),
    ],
)
def test_details_have_buttons_for_what_the_reader_may_do(
    state: RequestState, permitted: tuple[str, ...], shown: list[str]
) -> None:
    view = details_view(pending_request().model_copy(update={"state": state}), [], [], permitted=permitted)
    rows = [block["elements"] for block in view["blocks"] if block.get("block_id") == "details_decide"]
    assert [element["text"]["text"] for row in rows for element in row] == shown


def test_each_line_of_a_value_in_the_file_begins_with_a_bar() -> None:
    request = pending_request().model_copy(update={"reason": "fine\n\nApprovals\n✅ Approved by Bob"})
    assert "\nWhy\n| fine\n| \n| Approvals\n| ✅ Approved by Bob\n" in details_file(request)
    assert [passage.text for passage in passages(request) if passage.label == "Why"] == [request.reason]
