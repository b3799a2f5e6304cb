"""A card in a direct message is for its one reader."""

from datetime import UTC, datetime
from typing import Any

import pytest

from blocks.card.model import Card
from blocks.card.render import card_blocks
from bot.requests.model import Decision, Person
from tests.unit.requests.build import pending_request

REQUEST = pending_request()
APPROVAL = Decision(
    id="v1",
    request_id=REQUEST.id,
    revision=REQUEST.revision,
    content_hash=REQUEST.content_hash,
    person=Person(team="T1", user="UBOB"),
    verdict="approved",
    at=datetime(2026, 11, 27, 11, 0, tzinfo=UTC),
)


def menu(card: Card) -> list[str]:
    rows: list[Any] = [element for block in card_blocks(card) for element in block.get("elements", ())]  # type: ignore[attr-defined]
    return [option["text"]["text"] for element in rows for option in element.get("options", ())]


@pytest.mark.parametrize(("reader", "shown"), [("UBOB", True), ("UCAROL", False), ("", True)])
def test_an_approval_is_undone_where_its_approver_may_read_it(reader: str, shown: bool) -> None:
    card = Card(REQUEST, (APPROVAL,), reader=reader)
    assert ("Undo my approval" in menu(card)) == shown
