"""An approval of a request with hidden text counts only after its approver was shown it."""

import pytest

from bot.errors import NotAllowed
from bot.requests.model import Request
from bot.usecases.approvals import decide
from bot.usecases.approvals.delegate import delegate
from bot.usecases.approvals.disclose import check_shown, must_read_first, record_shown
from bot.usecases.drafts.edit import edit_request
from bot.usecases.drafts.update import apply_form_state
from bot.usecases.refusals import RefusalCode
from tests.unit.usecases.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

LONG = "echo " + "fine " * 100 + "; reboot"


async def shown(bot: Harness, request: Request, who: str) -> None:
    await record_shown(bot.services, request, bot.person(who), "pages")


async def refused(bot: Harness, request: Request, who: str) -> None:
    """The person may approve, and is told to read first; nothing is recorded."""
    before = len(await bot.decisions(request))
    with pytest.raises(NotAllowed, match=f"Part of {request.name} does not fit on its card.*“Read all”") as caught:
        await bot.decide(request, who)
    assert caught.value.code is RefusalCode.NOT_SHOWN
    assert len(await bot.decisions(request)) == before
    assert (await bot.reload(request)).version == request.version


async def test_who_was_not_shown_all_approves_nothing(bot: Harness) -> None:
    request = await bot.request(command=LONG)
    await refused(bot, request, "bob")
    await shown(bot, request, "carol")
    await refused(bot, request, "bob")
    await shown(bot, request, "bob")
    assert (await bot.decide(request)).request.state == "scheduled"


async def test_it_is_checked_together_with_the_decision_too(bot: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    request = await bot.request(command=LONG)
    checks = []

    async def only_the_last(tx: object, request: Request, person: object) -> None:
        checks.append(person)
        if len(checks) > 1:
            await check_shown(tx, request, person)  # type: ignore[arg-type]

    monkeypatch.setattr(decide, "check_shown", only_the_last)
    await refused(bot, request, "bob")
    assert len(checks) == 2


async def test_what_is_on_the_card_needs_no_record(bot: Harness) -> None:
    request = await bot.request()
    assert not await must_read_first(bot.services, request, bot.person("bob"))
    await shown(bot, request, "bob")
    assert [action for action, _ in await bot.audit(request)] == ["request.submitted"]
    assert (await bot.decide(request)).request.state == "scheduled"


@pytest.mark.parametrize("verdict", ["denied", "changes"])
async def test_other_decisions_need_no_reading(bot: Harness, verdict: str) -> None:
    request = await bot.request(command=LONG)
    await bot.decide(request, "bob", verdict, comment="no")
    assert [decision.verdict for decision in await bot.decisions(request)] == [verdict]


async def test_a_delegate_must_have_been_shown_it_themselves(bot: Harness) -> None:
    request = await bot.request(command=LONG)
    await delegate(bot.services, await bot.actor("bob"), "U0DAVE", "tomorrow 10:00")
    await shown(bot, request, "bob")
    await refused(bot, request, "dave")
    await shown(bot, request, "dave")
    await bot.decide(request, "dave")
    assert (await bot.decisions(request))[0].on_behalf_of == "U0BOB"


async def test_an_edit_voids_what_was_shown(bot: Harness) -> None:
    request = await bot.request(command=LONG)
    await shown(bot, request, "bob")
    actor = await bot.actor("alice")
    draft = await edit_request(bot.services, request.id, actor)
    draft = await apply_form_state(bot.services, draft, actor, {"inputs.command": LONG + " now"}, {})
    edited = await bot.submit(draft)
    await refused(bot, edited, "bob")
    # What is shown from before the edit, for example by a slow page, is not what is decided on.
    await shown(bot, request, "bob")
    await refused(bot, edited, "bob")
    await shown(bot, edited, "bob")
    assert (await bot.decide(edited)).request.state == "scheduled"


async def test_being_shown_is_on_record_once(bot: Harness) -> None:
    request = await bot.request(command=LONG)
    for _ in range(2):
        await shown(bot, request, "bob")
    entries = [data for action, data in await bot.audit(request) if action == "request.shown"]
    assert entries == [{"revision": 1, "hash": request.content_hash, "means": "pages"}]
    await bot.decide(request)
    await shown(bot, await bot.reload(request), "carol")
    assert len([action for action, _ in await bot.audit(request) if action == "request.shown"]) == 1
