"""Whatever a request holds, Slack takes what is made of it: cards, outcomes, forms, previews, details."""

from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from blocks.card.model import Card
from blocks.card.render import card_blocks, fallback_text
from blocks.details import details_view
from blocks.form import form_view, paginate, shown_page
from blocks.limits import (
    MAX_MESSAGE_BLOCKS,
    MAX_MESSAGE_LENGTH,
    MAX_METADATA_LENGTH,
    MAX_VIEW_BLOCKS,
    text_length,
    view_size_problem,
)
from blocks.outcome import failure_blocks, outcome_blocks
from blocks.preview import (
    CALLS_ACTION,
    TARGETS_ACTION,
    PreviewModel,
    call_pages,
    pages_view,
    preview_error_view,
    preview_view,
    target_pages,
)
from blocks.text import Block
from bot.backends.base import FormField, Option
from bot.forms import Form
from bot.requests.approval.status import ApprovalStatus, StatusCode
from playground.slack.limits import check_message, check_view
from tests.unit.blocks import strategies

example_settings = settings(
    max_examples=30,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def assert_valid_message(blocks: list[Block]) -> None:
    assert len(blocks) <= MAX_MESSAGE_BLOCKS == 50
    assert text_length(blocks) <= MAX_MESSAGE_LENGTH == 10_000
    check_message(blocks)


def assert_valid_view(view: dict[str, Any]) -> None:
    assert view_size_problem(view) == ""
    assert len(view["blocks"]) <= MAX_VIEW_BLOCKS == 100
    assert len(view.get("private_metadata", "")) <= MAX_METADATA_LENGTH == 3_000
    check_view(view, "modal")


def buttons(blocks: list[Block]) -> list[str]:
    """The action ids of buttons, and those that the entries of menus stand for."""
    found = []
    for element in (e for block in blocks if block["type"] == "actions" for e in block["elements"]):
        if element["type"] == "overflow":
            found += [option["value"].partition("|")[0].removeprefix("ask_") for option in element["options"]]
        else:
            found.append(element["action_id"])
    return found


def visible_texts(value: Any) -> str:
    """All that people would read."""
    if isinstance(value, dict):
        own = value["text"] if isinstance(value.get("text"), str) else ""
        return own + "".join(visible_texts(v) for v in value.values() if not isinstance(v, str))
    return "".join(map(visible_texts, value)) if isinstance(value, list) else ""


@example_settings
@given(st.data())
def test_a_card_fits_at_any_number_of_targets(data: st.DataObject) -> None:
    request = data.draw(strategies.requests())
    said, ran = data.draw(strategies.decisions(request)), data.draw(strategies.runs(request))
    note = data.draw(strategies.texts())
    status = ApprovalStatus(state="waiting", code=StatusCode.MORE_APPROVALS_NEEDED, notes=(note,))
    blocks = card_blocks(Card(request, said, ran, status=status))
    assert_valid_message(blocks)
    assert "details" in buttons(blocks)
    assert len(fallback_text(Card(request))) <= 4_000


@example_settings
@given(st.data())
def test_a_card_that_is_cut_still_says_who_asked_what_stands_and_since_when(data: st.DataObject) -> None:
    request = data.draw(strategies.requests()).model_copy(update={"state": "awaiting_approval"})
    said = data.draw(strategies.decisions(request))
    blocks = card_blocks(Card(request, said))
    shown = visible_texts(blocks)
    for expected in ("requested by", "When", "Where ", "Waiting for approval", "Needs 1 approval", "expires"):
        assert expected in shown
    assert {"approve", "deny", "changes", "withdraw"} <= set(buttons(blocks))
    if len(said) > 20:
        assert f"{len(said) - 20} earlier decisions" in shown


@example_settings
@given(st.data())
def test_an_outcome_and_its_failures_fit(data: st.DataObject) -> None:
    request = data.draw(strategies.requests())
    for run in data.draw(strategies.runs(request))[:1]:
        for is_direct in (True, False):
            assert_valid_message(outcome_blocks(Card(request), run, is_direct=is_direct))
        failures = failure_blocks(run)
        assert_valid_message(failures)
        failed = len((run.progress or {})["results"])
        assert f"{failed:,} failed" in visible_texts(failures)


@example_settings
@given(st.data())
def test_the_details_of_a_request_fit(data: st.DataObject) -> None:
    request = data.draw(strategies.requests())
    assert_valid_view(
        details_view(request, data.draw(strategies.decisions(request)), data.draw(strategies.runs(request)))
    )


def form(fields: Sequence[FormField], values: dict[str, Any], page: str, **more: Any) -> Form:
    systems = [Option(value=f"foreman.{i}", label=f"Foreman {i}") for i in range(120)]
    base: dict[str, Any] = {
        "draft_id": "d1234567890",
        "version": 1,
        "title": "Run a job",
        "system": "foreman.1",
        "systems": systems,
        "operation": "foreman.run",
        "operations": systems,
        "fields": fields,
        "page": page,
        "values": values,
        "labels": {},
        "generation": 3,
        "phrase": "now",
        "reason": "because",
    }
    return Form(**(base | more))


@example_settings
@given(st.data())
def test_every_page_of_a_form_fits_and_no_field_is_left_out(data: st.DataObject) -> None:
    fields, values = data.draw(strategies.fields())
    text = data.draw(strategies.texts())
    errors = dict.fromkeys((*(field.name for field in fields), "when"), text)
    shown = []
    for page in paginate(fields, values):
        filled = form(fields, values, page.name, errors=errors, notices=[text] * 20, phrase=text, reason=text)
        view = form_view(filled)
        assert_valid_view(view)
        shown += [b["element"]["action_id"] for b in view["blocks"] if b["type"] == "input"]
    assert [name for name in shown if name.startswith("inputs.")] == sorted(
        (field.name for field in fields), key=shown.index
    )
    assert shown.count("when") == shown.count("because") == 1


def test_options_that_are_too_long_for_a_page_go_on_on_another() -> None:
    fields = [FormField(name=f"inputs.{i}", label=f"Input {i}", section="Inputs") for i in range(100)]
    pages = [(page.name, len(page.fields)) for page in paginate(fields, {})]
    assert pages == [("Basics", 0), ("More options", 40), ("More options 2", 40), ("More options 3", 20)]


def test_options_are_in_groups_behind_one_button() -> None:
    fields = [FormField(name=name, label=name, section=name) for name in ("Basics", "Inputs", "E-mail", "SSH", "Rest")]
    main = form_view(form(fields, {}, ""))
    assert [e["text"]["text"] for e in main["blocks"][-1]["elements"]] == ["More options (Inputs, E-mail, SSH, …)…"]
    more = form_view(form(fields, {}, "More options"))
    headings = [block["text"]["text"] for block in more["blocks"] if block["type"] == "header"]
    assert headings == ["Inputs", "E-mail", "SSH", "Rest"]
    assert [e["text"]["text"] for e in more["blocks"][-1]["elements"]] == ["Back to the form"]


def test_a_page_with_an_error_is_shown_instead_of_one_without() -> None:
    fields = [FormField(name=f"inputs.{i}", label=f"Input {i}", section="Inputs") for i in range(80)]
    pages = paginate(fields, {})

    def shown(page: str, *wrong: str) -> str:
        return shown_page(form(fields, {}, page, errors=dict.fromkeys(wrong, "no")), pages).name

    assert shown("More options") == "More options"
    assert shown("") == shown("gone") == "Basics"
    assert shown("", "inputs.60", "inputs.70") == "More options 2"
    assert shown("More options 2", "inputs.60", "inputs.3") == "More options 2"
    assert shown("More options", "when") == "Basics"


@example_settings
@given(st.data())
def test_a_preview_and_what_is_wrong_with_one_fit(data: st.DataObject) -> None:
    request = data.draw(strategies.requests())
    text = data.draw(strategies.texts())
    shown = PreviewModel(
        draft_id="d1234567890",
        version=1,
        title=request.title,
        schedule=request.content.schedule,
        zone=request.zone,
        echo=["Wednesday"],
        targets=request.targets,
        search=text,
        summary=request.summary,
        reason=request.reason,
        warnings=request.warnings,
        scheduler_reason=request.scheduler_reason,
        changes=request.changes,
        approval=[text] * 20,
    )
    assert_valid_view(preview_view(shown))
    assert_valid_view(preview_error_view(request.title, [text] * 50))
    for action, pages in ((CALLS_ACTION, call_pages(request.calls)), (TARGETS_ACTION, target_pages(request.targets))):
        for page in range(len(pages)):
            assert_valid_view(pages_view(action, "d1234567890", 1, pages, page))
