"""The tables. The migrations create them; a test keeps the two equal on SQLite and PostgreSQL."""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect

from bot.requests.lifecycle import TRANSITIONS


class UtcDateTime(TypeDecorator[datetime]):
    """A zone-aware time, stored in UTC. SQLite itself would return naive values."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
Big = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_REQUEST_STATES = ", ".join(f"'{state}'" for state in TRANSITIONS)

drafts = Table(
    "drafts",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    Column("team", String(40), nullable=False),
    Column("user", String(40), nullable=False),
    Column("channel", String(40), nullable=False),
    Column("backend", String(80), nullable=False),
    Column("operation", String(80), nullable=False),
    Column("values", Json, nullable=False),
    Column("labels", Json, nullable=False),
    Column("phrase", Text, nullable=False),
    Column("reading", Json),
    Column("reason", Text, nullable=False),
    Column("section", String(80), nullable=False),
    Column("generation", Integer, nullable=False),
    Column("revises", String(40)),
    Column("base_revision", Integer),
    Column("rerun_of", String(20)),
    Column("checked", Json),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Index(None, "team", "user", "state"),
    Index(None, "updated_at"),
)

requests = Table(
    "requests",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("number", Integer, nullable=False, unique=True),
    Column("state", String(20), nullable=False),
    Column("version", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("draft_id", String(40), unique=True),
    Column("backend", String(80), nullable=False),
    Column("operation", String(80), nullable=False),
    Column("team", String(40), nullable=False),
    Column("user", String(40), nullable=False),
    Column("record", Json, nullable=False),
    Column("approve_by", UtcDateTime),
    Column("remind_at", UtcDateTime),
    Column("start_at", UtcDateTime),
    Column("latest_start", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("approved_at", UtcDateTime),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("outcome", Text, nullable=False),
    CheckConstraint(f"state IN ({_REQUEST_STATES})", name="state"),
    Index(None, "state", "number"),
    Index(None, "team", "user", "number"),
    Index(None, "state", "approve_by"),
    Index(None, "state", "remind_at"),
    Index(None, "state", "latest_start"),
    Index(None, "approved_at"),
)

revisions = Table(
    "revisions",
    metadata,
    Column("request_id", String(40), ForeignKey("requests.id"), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("content_hash", String(64), nullable=False),
    Column("record", Json, nullable=False),
    Column("by", String(40), nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("request_id", String(40), ForeignKey("requests.id"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("team", String(40), nullable=False),
    Column("user", String(40), nullable=False),
    Column("verdict", String(20), nullable=False),
    Column("comment", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("retracted_at", UtcDateTime),
    Column("on_behalf_of", String(40), nullable=False),
    Column("rescheduled_hash", String(64), nullable=False),
    Column("interaction_context", Json, nullable=False),
    Index(None, "request_id", "revision"),
)

disclosures = Table(
    "disclosures",
    metadata,
    Column("request_id", String(40), ForeignKey("requests.id"), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("content_hash", String(64), primary_key=True),
    Column("team", String(40), primary_key=True),
    Column("user", String(40), primary_key=True),
    Column("means", String(20), nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("request_id", String(40), ForeignKey("requests.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    Column("version", Integer, nullable=False),
    Column("backend", String(80), nullable=False),
    Column("operation", String(80), nullable=False),
    Column("due_at", UtcDateTime),
    Column("latest_start", UtcDateTime),
    Column("token", String(40), nullable=False),
    Column("handle", Json),
    Column("proposal", Json),
    Column("progress", Json),
    Column("problem", Text, nullable=False),
    Column("silent_since", UtcDateTime),
    Column("poll_at", UtcDateTime),
    Column("starts_at", UtcDateTime),
    Column("start_check", Json),
    Column("check_at", UtcDateTime),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    UniqueConstraint("request_id", "number"),
    Index(None, "state", "due_at"),
    Index(None, "started_at"),
    Index(None, "backend", "state", "poll_at"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("token", String(40), primary_key=True),
    Column("run_id", String(40), ForeignKey("runs.id"), nullable=False),
    Column("state", String(20), nullable=False),
    Column("revision", Integer),
    Column("content_hash", String(64)),
    Column("plan", Json, nullable=False),
    Column("handle", Json),
    Column("problem", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime),
    Column("answered_at", UtcDateTime),
    CheckConstraint("state IN ('prepared', 'sent', 'answered', 'refused', 'unknown')", name="state"),
    Index(None, "run_id"),
    Index(None, "state"),
)

messages = Table(
    "messages",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("request_id", String(40), ForeignKey("requests.id")),
    Column("run_id", String(40)),
    Column("kind", String(40), nullable=False),
    Column("recipient", String(40), nullable=False),
    Column("parent_id", String(40)),
    Column("facts", Json, nullable=False),
    Column("desired_version", Integer, nullable=False),
    Column("shown_version", Integer, nullable=False),
    Column("channel", String(40), nullable=False),
    Column("ts", String(40), nullable=False),
    Column("state", String(20), nullable=False),
    Column("send_failures", Integer, nullable=False),
    Column("retry_at", UtcDateTime, nullable=False),
    Column("claimed_until", UtcDateTime),
    Column("claimed_by", String(80)),
    Column("problem", Text, nullable=False),
    Column("first_sent_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("dedupe", String(120), unique=True),
    CheckConstraint("state IN ('due', 'shown', 'undeliverable')", name="state"),
    Index(None, "state", "retry_at"),
    Index(None, "kind", "created_at"),
    Index(None, "request_id"),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", Big, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", String(80), nullable=False),
    Column("action", String(60), nullable=False),
    Column("request_id", String(40), nullable=False),
    Column("data", Json, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index(None, "request_id"),
)

delegations = Table(
    "delegations",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("team", String(40), nullable=False),
    Column("user", String(40), nullable=False),
    Column("to_user", String(40), nullable=False),
    Column("starts", UtcDateTime, nullable=False),
    Column("ends", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Index(None, "ends"),
)

person_settings = Table(
    "person_settings",
    metadata,
    Column("team", String(40), primary_key=True),
    Column("user", String(40), primary_key=True),
    Column("language", String(20), nullable=False),
    Column("preferences", Json, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
)

directory_users = Table(
    "directory_users",
    metadata,
    Column("team", String(40), primary_key=True),
    Column("user", String(40), primary_key=True),
    Column("record", Json, nullable=False),
    Column("changed", Big, nullable=False),
    Column("read_at", UtcDateTime, nullable=False),
)

directory_listings = Table(
    "directory_listings",
    metadata,
    Column("team", String(40), primary_key=True),
    Column("cursor", Text, nullable=False),
    Column("page_size", Integer, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("next_page_at", UtcDateTime, nullable=False),
    Column("completed_at", UtcDateTime),
)

reviews = Table(
    "reviews",
    metadata,
    Column("request_id", String(40), ForeignKey("requests.id"), primary_key=True),
    Column("due_at", UtcDateTime, nullable=False),
    Column("asked_at", UtcDateTime),
    Column("overdue_told_at", UtcDateTime),
    Column("team", String(40)),
    Column("user", String(40)),
    Column("comment", Text, nullable=False),
    Column("reviewed_at", UtcDateTime),
    Index(None, "reviewed_at", "due_at"),
)

pauses = Table(
    "pauses",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("scope", String(20), nullable=False),
    Column("name", String(80), nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("until", UtcDateTime),
    Column("team", String(40)),
    Column("user", String(40)),
    Column("reason", Text, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("released", Json, nullable=False),
    CheckConstraint("scope IN ('everything', 'system', 'series')", name="scope"),
    Index(None, "ended_at"),
)

counters = Table(
    "counters",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("value", Big, nullable=False),
)
