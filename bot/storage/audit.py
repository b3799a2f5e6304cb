"""The audit trail. It is append-only, and each entry has a hash over itself and the hash before."""

import hashlib
from collections.abc import AsyncIterator, Mapping
from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import bindparam, insert, select

from bot.requests.hashing import canonical_json
from bot.storage.counters import next_value
from bot.storage.tables import audit
from bot.storage.transactions import Tx
from bot.values import FrozenModel, JsonObject

_BATCH_SIZE = 1000
"""Maximum number of entries in memory at a time."""
GENESIS_HASH = "0" * 64
_ADD = insert(audit)
_HASH_OF_SEQ = select(audit.c.hash).where(audit.c.seq == bindparam("of_seq"))


class AuditEntry(FrozenModel):
    """One entry. ``actor`` is ``team/user``, or ``nightshift`` for what the bot did by itself."""

    seq: int
    at: datetime
    actor: str
    action: str
    request_id: str
    data: Mapping[str, JsonValue]
    previous: str
    hash: str

    def compute_hash(self) -> str:
        """Return the hash that this entry must have."""
        content = self.model_dump(mode="json", exclude={"hash"})
        return hashlib.sha256(canonical_json(content).encode()).hexdigest()


async def record(
    tx: Tx, at: datetime, actor: str, action: str, request_id: str = "", data: JsonObject | None = None
) -> None:
    """Append an entry in the transaction that makes the change. ``data`` must not contain secrets."""
    seq = await next_value(tx, "audit")
    previous = str(await tx.scalar(_HASH_OF_SEQ, {"of_seq": seq - 1}) or GENESIS_HASH)
    content = {
        "seq": seq,
        "at": at,
        "actor": actor,
        "action": action,
        "request_id": request_id,
        "data": data or {},
        "previous": previous,
    }
    entry = AuditEntry.model_validate({**content, "hash": ""})
    await tx.execute(_ADD, {**entry.model_dump(), "hash": entry.compute_hash()})


async def entries(tx: Tx, request_id: str = "", after_seq: int = 0) -> AsyncIterator[AuditEntry]:
    """Yield the entries in order; only those of one request, if one is given."""
    query = select(audit).order_by(audit.c.seq).limit(_BATCH_SIZE)
    if request_id:
        query = query.where(audit.c.request_id == request_id)
    while rows := (await tx.execute(query.where(audit.c.seq > after_seq))).mappings().all():
        for row in rows:
            entry = AuditEntry.model_validate(dict(row))
            yield entry
            after_seq = entry.seq


async def verify(tx: Tx) -> tuple[int, str]:
    """Check the whole chain. Returns how many entries hold, and what is wrong with the next one ("" if nothing)."""
    previous, count = GENESIS_HASH, 0
    async for entry in entries(tx):
        if entry.seq != count + 1:
            return count, f"Entry {count + 1} is missing."
        if entry.previous != previous or entry.compute_hash() != entry.hash:
            return count, f"Entry {entry.seq} ({entry.action}) was altered after it was written."
        previous, count = entry.hash, entry.seq
    return count, ""
