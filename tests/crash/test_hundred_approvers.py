"""A hundred approvers press Approve at once: exactly the quorum counts, it starts once, and each is answered.

The bot runs as it does in production: one process with SQLite, two with PostgreSQL."""

import asyncio
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.storage.tables import decisions, runs
from playground.slack import Outcome, User
from playground.slack.cast import TEAM
from playground.stage import Stage
from tests.crash.setting import Setting, setting
from tests.scenarios.steps import asked, card, so

MANY, QUORUM = 100, 3
NAMES = [f"many{number}" for number in range(MANY)]


async def crowded(on: Stage) -> None:
    """A hundred people approve, and three of them must."""
    for name in NAMES:
        on.slack.state.users[f"U0{name.upper()}"] = User(f"U0{name.upper()}", name, name.title(), TEAM.id)
        on.slack.state.channel_named("#approvals").members.add(f"U0{name.upper()}")
    on.slack.admin.set_group("@sre", NAMES)
    text = on.config.read_text()
    on.config.write_text(text.replace('approvers = ["@sre"]\n', f'approvers = ["@sre"]\nquorum = {QUORUM}\n', 1))


def count(here: Setting, table: Any) -> int:
    with here.ledger.read() as tx:
        return tx.execute(select(func.count()).select_from(table)).scalar_one()


def answer(outcome: Outcome) -> str:
    """What somebody reads who has pressed: a line, or a modal where it took a while."""
    text = outcome.modal.text if outcome.modal is not None else "\n".join(outcome.ephemeral)
    return "" if "Looking again" in text else text


async def all_press_at_once(here: Setting) -> None:
    on = here.on
    name = await asked(on.slack.person("alice"))
    found = await card(on.slack.person("bob"), name)
    people = [on.slack.person(one) for one in NAMES]
    outcomes = await asyncio.gather(*(person.look(found).click("Approve") for person in people))
    assert [outcome.error for outcome in outcomes if outcome.error] == []
    await so(on, lambda: all(map(answer, outcomes)), lambda: "somebody was not answered")
    await so(on, lambda: "Succeeded" in found.text, lambda: found.text)
    said = Counter(answer(outcome).replace(name, "NS") for outcome in outcomes)
    assert sum(many for text, many in said.items() if "counted" in text or "You approved" in text) == QUORUM, said
    assert sum(many for text, many in said.items() if "decided already" in text or "nothing left" in text) == 97, said
    assert found.text.count("Approved by @") == QUORUM
    assert (count(here, decisions), count(here, runs)) == (QUORUM, 1)
    assert len(on.foreman.received("POST", "/api/job_invocations")) == 1


async def test_one_process_with_sqlite() -> None:
    async with setting(1, change=crowded) as here:
        await all_press_at_once(here)


@pytest.mark.postgres
async def test_two_processes_with_postgresql(postgres_url: str) -> None:
    async with setting(1, postgres_url, nodes=2, change=crowded) as here:
        await all_press_at_once(here)
