"""The audit trail: append-only, each entry sealed with a hash over itself and the one before."""

import hashlib
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select

from bot.requests.model import canonical_json
from bot.storage.counters import next_value
from bot.storage.tables import audit
from bot.storage.transactions import Tx
from bot.values import FrozenModel

_BATCH_SIZE = 1000
"""Entries that are read at once, so that a long trail takes no more memory than a short one."""
GENESIS_HASH = "0" * 64
_ADD = insert(audit)
_HASH_OF_SEQ = select(audit.c.hash).where(audit.c.seq == bindparam("its_seq"))


class AuditEntry(FrozenModel):
    """One entry. ``actor`` is ``team/user``, or ``nightshift`` for what the bot did by itself."""

    seq: int
    at: datetime
    actor: str
    action: str
    request_id: str
    data: Mapping[str, Any]
    previous: str
    hash: str

    def compute_hash(self) -> str:
        """The hash that this entry must have."""
        content = self.model_dump(mode="json", exclude={"hash"})
        return hashlib.sha256(canonical_json(content).encode()).hexdigest()


async def record(
    tx: Tx, at: datetime, actor: str, action: str, request_id: str = "", data: Mapping[str, Any] | None = None
) -> None:
    """Append an entry in the transaction of what it tells about. Never give it a secret."""
    seq = await next_value(tx, "audit")
    previous = await tx.scalar(_HASH_OF_SEQ, {"its_seq": seq - 1}) or GENESIS_HASH
    entry = AuditEntry(
        seq=seq,
        at=at,
        actor=actor,
        action=action,
        request_id=request_id,
        data=dict(data or {}),
        previous=previous,
        hash="",
    )
    await tx.execute(_ADD, entry.model_dump(exclude={"hash"}) | {"hash": entry.compute_hash()})


async def entries(tx: Tx, request_id: str = "", after_seq: int = 0) -> AsyncIterator[AuditEntry]:
    """Entries in order; of one request only, where one is named."""
    query = select(audit).order_by(audit.c.seq).limit(_BATCH_SIZE)
    if request_id:
        query = query.where(audit.c.request_id == request_id)
    while rows := (await tx.execute(query.where(audit.c.seq > after_seq))).all():
        for row in rows:
            yield AuditEntry.model_validate(dict(row._mapping))
        after_seq = rows[-1].seq


async def verify(tx: Tx) -> tuple[int, str]:
    """Check the whole chain: how many entries hold, and what is wrong with the next one ("" where all is well)."""
    previous, count = GENESIS_HASH, 0
    async for entry in entries(tx):
        if entry.seq != count + 1:
            return count, f"Entry {count + 1} is missing."
        if entry.previous != previous or entry.compute_hash() != entry.hash:
            return count, f"Entry {entry.seq} ({entry.action}) was altered after it was written."
        previous, count = entry.hash, entry.seq
    return count, ""
