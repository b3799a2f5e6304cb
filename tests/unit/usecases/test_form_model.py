"""The form of a draft: its values and defaults, what was understood, who keeps the time, and what cannot be said."""

from dataclasses import replace
from typing import Any

import pytest

from bot.errors import Unreachable
from bot.forms import Form
from bot.storage.drafts import Draft
from bot.usecases.drafts.create import create_draft
from bot.usecases.drafts.form import form_model
from bot.usecases.drafts.update import apply_form_state
from tests.unit.usecases.harness import FOREMAN, Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCHEDULER = "backend"

POLICY = """
[policy]
approvers = ["@sre"]
zone = "Europe/Berlin"

[[policy.rules]]
name = "dave keeps off production"
when = { backend = "foreman.main", requester = "U0DAVE" }
effect = "refuse"
"""
EXTRA = """
[backends.foreman.lab]
title = "Lab"
url = "{foreman}"
username = "nightshift"
password = "env:SANDBOX_FOREMAN_PASSWORD"
"""


async def form(bot: Harness, draft: Draft, **more: Any) -> Form:
    return await form_model(bot.services, draft, await bot.actor("alice"), **more)


async def with_phrase(bot: Harness, phrase: str) -> Form:
    return await form(bot, await bot.draft(when=phrase))


async def test_a_form_shows_the_draft(bot: Harness) -> None:
    draft = await bot.draft(when="tomorrow 20:00", reason="because")
    found = await form(bot, draft)
    assert (found.draft_id, found.version, found.generation) == (draft.id, draft.version, draft.generation)
    assert (found.system, found.operation, found.phrase, found.reason) == (
        FOREMAN, "foreman.run", "tomorrow 20:00", "because",
    )  # fmt: skip
    assert found.values.items() >= draft.values.items()
    assert (found.errors, found.notices, found.unfinished_draft) == ({}, (), "")
    assert [option.value for option in found.operations] == ["foreman.run"]


async def test_a_form_has_the_defaults_of_what_was_not_filled_in(bot: Harness) -> None:
    found = await form(bot, await create_draft(bot.services, bot.person("alice"), "foreman", "foreman.run", "C-OPS"))
    defaults = {field.name: field.default for field in found.fields if field.default is not None}
    assert defaults
    assert found.values == defaults
    assert (found.echo, found.reading) == ((), None)


async def test_errors_of_fields_that_are_not_shown_are_told_at_the_top(bot: Harness) -> None:
    errors = {"when": "No time.", "because": "No reason.", "search_query": "No hosts.", "gone": "No field.", "": "No."}
    found = await form(bot, await bot.draft(), errors=errors, notices=("Look.",), unfinished_draft="d_1")
    assert found.errors == errors
    assert found.notices == ("Look.", "No field.", "No.")
    assert found.unfinished_draft == "d_1"


async def test_a_back_end_that_is_away_is_told_and_the_form_stays(
    bot: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fields(*_: Any) -> None:
        raise Unreachable(FOREMAN, "It is away.")

    draft = await bot.draft()
    operation = bot.services.backends.operation(FOREMAN, "foreman.run")
    monkeypatch.setattr(type(operation), "fields", fields)
    found = await form(bot, draft, notices=("Look.",), errors={"gone": "No field."})
    assert found.notices == ("Look.", "It is away.", "No field.")
    assert "search_query" in [field.name for field in found.fields]


@pytest.mark.parametrize(
    ("phrase", "first", "last"),
    [
        ("tomorrow 20:00", "12 Jan 2027", "Foreman holds"),
        ("every 3 days at 04:00", "Every 3 days", "Nightshift"),
        ("now", "", ""),
        ("tomorrow at 5", "❓ ", "❓ "),
        ("whenever", "⚠️ ", "For example: "),
    ],
)
async def test_what_was_understood_is_told_with_who_keeps_the_time(
    bot: Harness, phrase: str, first: str, last: str
) -> None:
    echo = (await with_phrase(bot, phrase)).echo
    assert echo
    assert first in echo[0]
    assert last in echo[-1]
    if phrase == "now":
        assert not any("holds" in line for line in echo)


async def test_who_keeps_the_time_is_told_once_enough_is_filled_in(bot: Harness) -> None:
    complete = await bot.draft(when="tomorrow 20:00")
    incomplete = await apply_form_state(
        bot.services, complete, await bot.actor("alice"), {"search_query": "", "job_template_id": ""}, {}
    )
    told = (await form(bot, complete)).echo
    assert (await form(bot, incomplete)).echo == told[:-1]


async def test_a_zone_that_is_only_assumed_is_told(bot: Harness) -> None:
    draft = await bot.draft(when="now")
    actor = replace(await bot.actor("alice"), zone_note="Berlin is assumed.")
    assert (await form_model(bot.services, draft, actor)).echo[-1] == "Berlin is assumed."
    assert "Berlin is assumed." not in (await form(bot, draft)).echo


async def test_a_form_offers_the_systems_that_its_owner_may_use_and_the_one_that_is_chosen(bot: Harness) -> None:
    async def offered(who: str, system: str = "") -> list[tuple[str, str]]:
        draft = await create_draft(bot.services, bot.person(who), "foreman", "foreman.run", "C-OPS")
        if system:
            draft = draft.model_copy(update={"backend": system})
        return [(option.value, option.label) for option in (await form(bot, draft)).systems]

    both = [("foreman.main", "Foreman"), ("foreman.lab", "Lab")]
    assert sorted(await offered("alice")) == sorted(both)
    assert await offered("dave") == [("foreman.lab", "Lab")]
    assert sorted(await offered("dave", "foreman.main")) == sorted(both)
