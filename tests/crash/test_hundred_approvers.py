"""A hundred approvers press Approve at once: exactly the quorum counts, it starts once, and each is answered.

The bot runs as it does in production: one process with SQLite, two with PostgreSQL."""

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.storage.tables import decisions, runs
from playground.environment import Environment
from playground.slack import Outcome, User
from playground.slack.fixtures import TEAM
from tests.crash.harness import Harness, run_harness
from tests.scenarios.steps import eventually, find_card, jobs_received, make_request

APPROVER_COUNT, QUORUM = 100, 3
NAMES = [f"many{number}" for number in range(APPROVER_COUNT)]


async def add_approvers(env: Environment) -> None:
    """Add a hundred approvers and require three of them."""
    for name in NAMES:
        env.slack.workspace.users[f"U0{name.upper()}"] = User(f"U0{name.upper()}", name, name.title(), TEAM.id)
        env.slack.workspace.channel_by_name("#approvals").members.add(f"U0{name.upper()}")
    env.slack.workspace.user_group("@sre").users = [f"U0{name.upper()}" for name in NAMES]
    # Who counts does not depend on the machine's speed; make bench measures Slack's deadlines.
    env.slack.workspace.settings = replace(env.slack.settings, ack_deadline=30.0, trigger_ttl=30.0)
    text = env.config.read_text()
    env.config.write_text(text.replace('approvers = ["@sre"]\n', f'approvers = ["@sre"]\nquorum = {QUORUM}\n', 1))


def row_count(harness: Harness, table: Any) -> int:
    with harness.verifier.read() as tx:
        return tx.execute(select(func.count()).select_from(table)).scalar_one()


def reply_text(outcome: Outcome) -> str:
    """The answer to a click: an ephemeral line, or a modal if it took a while."""
    text = outcome.modal.text if outcome.modal is not None else "\n".join(outcome.ephemeral_texts)
    return "" if "Looking again" in text else text


async def approve_all_at_once(harness: Harness) -> None:
    env = harness.env
    name = await make_request(env.slack.person("alice"))
    card = await find_card(env.slack.person("bob"), name)
    people = [env.slack.person(one) for one in NAMES]
    outcomes = await asyncio.gather(*(person.surface_of(card).click("Approve") for person in people))
    assert [outcome.error for outcome in outcomes if outcome.error] == []
    await eventually(env, lambda: all(map(reply_text, outcomes)), lambda: "somebody was not answered")
    await eventually(env, lambda: "Done" in card.text, lambda: card.text)
    said = Counter(reply_text(outcome).replace(name, "NS") for outcome in outcomes)
    assert sum(many for text, many in said.items() if "counts" in text or "You approved" in text) == QUORUM, said
    assert sum(many for text, many in said.items() if "decided already" in text or "nothing left" in text) == 97, said
    (approved,) = [line for line in card.text.splitlines() if line.startswith("Approved by")]
    assert approved.count("@many") == QUORUM
    assert (row_count(harness, decisions), row_count(harness, runs)) == (QUORUM, 1)
    assert jobs_received(env) == 1


async def test_one_process_with_sqlite() -> None:
    async with run_harness(1, configure=add_approvers) as harness:
        await approve_all_at_once(harness)


@pytest.mark.postgres
async def test_two_processes_with_postgresql(postgres_url: str) -> None:
    async with run_harness(1, postgres_url, nodes=2, configure=add_approvers) as harness:
        await approve_all_at_once(harness)
