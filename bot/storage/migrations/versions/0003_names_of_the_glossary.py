"""Renames columns, states and JSON keys to the terms of the glossary.

Stores also who was shown all of a request, who has edited each one, the schedule that a late approval chose, which
revision an attempt is for, which one a draft of an edit began from, pauses, reviews, the users of the workspace, and what came of the
check of a start that a back end makes.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence

import sqlalchemy as sa
from alembic import op

from bot.storage.tables import Big, Json, UtcDateTime
from bot.values import JsonObject

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

COLUMNS = (
    ("messages", "wanted", "desired_version"),
    ("messages", "shown", "shown_version"),
    ("messages", '"to"', "recipient"),
    ("messages", "tries", "send_failures"),
    ("messages", "next_try", "retry_at"),
    ("messages", "first_sent", "first_sent_at"),
    ("decisions", "taken_back", "retracted_at"),
    ("decisions", "evidence", "interaction_context"),
)
RUN_STATES = {"held": "pending", "placed": "scheduled_in_backend"}
REQUEST_STATES = (
    *("awaiting_approval", "approved", "scheduled", "starting", "unknown", "running", "succeeded", "partly_failed"),
    *("failed", "cancelled", "ended_unseen", "denied", "expired", "withdrawn", "undeliverable"),
)
RECORD_KEYS = {
    "held_by": "scheduler",
    "holding": "scheduler_reason",
    "matched": "targets",
    "revised": "revision_changes",
    "revised_by": "last_editor",
    "asked_at": "round_opened_at",
}
REQUIREMENT_KEYS = {"verdict": "effect"}
PREVIEW_KEYS = {
    "held_by": "scheduler",
    "holding": "scheduler_reason",
    "matched": "targets",
    "met": "conflicts",
    "notified": "notified_count",
}
REDRAW_WAITING_CARDS = """
    UPDATE messages SET desired_version = desired_version + 1, state = 'due'
    WHERE kind IN ('approval', 'receipt') AND state = 'shown'
    AND request_id IN (SELECT id FROM requests WHERE state = 'awaiting_approval')
"""
"""Cards of earlier versions do not say how much they leave out, and show invisible characters as nothing."""
BATCH_SIZE = 500
"""Maximum number of rows in memory at a time."""

requests = sa.table("requests", sa.column("id"), sa.column("user"), sa.column("record", sa.JSON))
revisions = sa.table(
    "revisions", sa.column("request_id"), sa.column("revision"), sa.column("by"), sa.column("record", sa.JSON)
)
drafts = sa.table("drafts", sa.column("id"), sa.column("checked", sa.JSON(none_as_null=True)))


def upgrade() -> None:
    for table, before, after in COLUMNS:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {before} TO {after}")
    op.drop_index(op.f("ix_messages_state_next_try"), "messages")
    _rename_message_state()
    op.create_index(op.f("ix_messages_state_retry_at"), "messages", ["state", "retry_at"])
    op.create_index(op.f("ix_runs_started_at"), "runs", ["started_at"])
    for before, after in RUN_STATES.items():
        op.execute(
            sa.text("UPDATE runs SET state = :after WHERE state = :before").bindparams(before=before, after=after)
        )
    _add_rescheduled_hash()
    _create_disclosures()
    _create_pauses()
    _create_reviews()
    _create_person_settings()
    _create_slack_directory()
    op.execute(REDRAW_WAITING_CARDS)
    _rewrite_requests()
    _rewrite_revisions()
    _rewrite_drafts()
    _add_revisions_of_attempts()
    _add_base_revisions_of_drafts()
    op.add_column("drafts", sa.Column("rerun_of", sa.String(20)))
    _add_request_state()
    op.add_column("runs", sa.Column("proposal", Json))
    op.add_column("runs", sa.Column("silent_since", UtcDateTime))
    op.add_column("runs", sa.Column("starts_at", UtcDateTime))
    op.add_column("runs", sa.Column("start_check", Json))
    op.add_column("runs", sa.Column("check_at", UtcDateTime))
    op.drop_column("drafts", "view_id")


def _rename_message_state() -> None:
    states = "state IN ('due', 'shown', 'undeliverable')"
    if op.get_bind().dialect.name == "sqlite":
        # SQLite cannot drop a constraint. Recreating the table drops it, because check constraints are not reflected.
        op.execute("PRAGMA ignore_check_constraints=ON")
        op.execute("UPDATE messages SET state = 'undeliverable' WHERE state = 'dead'")
        op.execute("PRAGMA ignore_check_constraints=OFF")
        with op.batch_alter_table("messages", recreate="always") as batch:
            batch.create_check_constraint(op.f("ck_messages_state"), states)
        return
    op.drop_constraint(op.f("ck_messages_state"), "messages", type_="check")
    op.execute("UPDATE messages SET state = 'undeliverable' WHERE state = 'dead'")
    op.create_check_constraint(op.f("ck_messages_state"), "messages", states)


def _add_request_state() -> None:
    names = ", ".join(f"'{state}'" for state in REQUEST_STATES)
    states = f"state IN ({names})"
    if op.get_bind().dialect.name == "sqlite":
        with op.batch_alter_table("requests", recreate="always") as batch:
            batch.create_check_constraint(op.f("ck_requests_state"), states)
        return
    op.drop_constraint(op.f("ck_requests_state"), "requests", type_="check")
    op.create_check_constraint(op.f("ck_requests_state"), "requests", states)


def _add_rescheduled_hash() -> None:
    op.add_column("decisions", sa.Column("rescheduled_hash", sa.String(64), nullable=True))
    op.execute("UPDATE decisions SET rescheduled_hash = ''")
    with op.batch_alter_table("decisions") as batch:
        batch.alter_column("rescheduled_hash", existing_type=sa.String(64), nullable=False)


def _create_disclosures() -> None:
    op.create_table(
        "disclosures",
        sa.Column("request_id", sa.String(length=40), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("team", sa.String(length=40), nullable=False),
        sa.Column("user", sa.String(length=40), nullable=False),
        sa.Column("means", sa.String(length=20), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_disclosures_request_id")),
        sa.PrimaryKeyConstraint("request_id", "revision", "content_hash", "team", "user", name=op.f("pk_disclosures")),
    )


def _create_person_settings() -> None:
    op.create_table(
        "person_settings",
        sa.Column("team", sa.String(length=40), nullable=False),
        sa.Column("user", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("preferences", Json, nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("team", "user", name=op.f("pk_person_settings")),
    )


def _create_slack_directory() -> None:
    op.create_table(
        "directory_users",
        sa.Column("team", sa.String(length=40), nullable=False),
        sa.Column("user", sa.String(length=40), nullable=False),
        sa.Column("record", Json, nullable=False),
        sa.Column("changed", Big, nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("team", "user", name=op.f("pk_directory_users")),
    )
    op.create_table(
        "directory_listings",
        sa.Column("team", sa.String(length=40), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("page_size", sa.Integer(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("next_page_at", UtcDateTime(), nullable=False),
        sa.Column("completed_at", UtcDateTime()),
        sa.PrimaryKeyConstraint("team", name=op.f("pk_directory_listings")),
    )


def _create_reviews() -> None:
    op.create_table(
        "reviews",
        sa.Column("request_id", sa.String(length=40), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("asked_at", UtcDateTime()),
        sa.Column("overdue_told_at", UtcDateTime()),
        sa.Column("team", sa.String(length=40)),
        sa.Column("user", sa.String(length=40)),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("reviewed_at", UtcDateTime()),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_reviews_request_id")),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_reviews")),
    )
    op.create_index(op.f("ix_reviews_reviewed_at_due_at"), "reviews", ["reviewed_at", "due_at"])


def _create_pauses() -> None:
    op.create_table(
        "pauses",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("scope", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime()),
        sa.Column("team", sa.String(length=40)),
        sa.Column("user", sa.String(length=40)),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ended_at", UtcDateTime()),
        sa.Column("released", Json, nullable=False),
        sa.CheckConstraint("scope IN ('everything', 'system', 'series')", name=op.f("ck_pauses_scope")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pauses")),
    )
    op.create_index(op.f("ix_pauses_ended_at"), "pauses", ["ended_at"])


def _sign_late_schedules(rows: Sequence[sa.RowMapping]) -> None:
    """Sign the schedules that approvers chose with a late approval: earlier versions changed the content alone."""
    change = sa.text(
        "UPDATE decisions SET rescheduled_hash = :actual"
        " WHERE request_id = :id AND verdict = 'approved' AND content_hash = :signed"
    )
    for row in rows:
        text = json.dumps(row["record"]["content"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        actual, signed = hashlib.sha256(text.encode()).hexdigest(), row["record"]["content_hash"]
        if actual != signed:
            op.get_bind().execute(change, {"actual": actual, "signed": signed, "id": row["id"]})


def _rewrite_requests() -> None:
    change = sa.update(requests).where(requests.c.id == sa.bindparam("row_id")).values(record=sa.bindparam("rewritten"))
    for rows in _batches(requests, "id"):
        _sign_late_schedules(rows)
        editors = _editors({row["id"]: row["user"] for row in rows})
        op.get_bind().execute(
            change,
            [
                {"row_id": row["id"], "rewritten": {**_record(row["record"]), "editors": editors[row["id"]]}}
                for row in rows
            ],
        )


def _editors(requesters: Mapping[str, str]) -> Mapping[str, Sequence[str]]:
    """Return everyone but the requester who wrote a revision, by request, in the order of their first."""
    written = (
        sa.select(revisions.c.request_id, revisions.c.by)
        .where(revisions.c.request_id.in_(list(requesters)))
        .order_by(revisions.c.request_id, revisions.c.revision)
    )
    editors: dict[str, list[str]] = {request_id: [] for request_id in requesters}
    for row in op.get_bind().execute(written):
        # Nightshift itself wrote a revision when it reopened a request for approval.
        if row.by not in (requesters[row.request_id], "nightshift", *editors[row.request_id]):
            editors[row.request_id].append(row.by)
    return editors


def _rewrite_revisions() -> None:
    change = (
        sa.update(revisions)
        .where(revisions.c.request_id == sa.bindparam("of_request"), revisions.c.revision == sa.bindparam("number"))
        .values(record=sa.bindparam("rewritten"))
    )
    for rows in _batches(revisions, "request_id", "revision"):
        op.get_bind().execute(
            change,
            [
                {"of_request": row["request_id"], "number": row["revision"], "rewritten": _record(row["record"])}
                for row in rows
            ],
        )


def _rewrite_drafts() -> None:
    change = sa.update(drafts).where(drafts.c.id == sa.bindparam("row_id")).values(checked=sa.bindparam("rewritten"))
    for rows in _batches(drafts, "id"):
        rewritten = [{"row_id": row["id"], "rewritten": _preview(row["checked"])} for row in rows if row["checked"]]
        if rewritten:
            op.get_bind().execute(change, rewritten)


def _add_revisions_of_attempts() -> None:
    """Store which content an attempt was made for. Only one that was not sent yet needs it."""
    op.add_column("attempts", sa.Column("revision", sa.Integer))
    op.add_column("attempts", sa.Column("content_hash", sa.String(64)))
    for column in ("revision", "content_hash"):
        op.execute(
            f"UPDATE attempts SET {column} = (SELECT revisions.{column} FROM runs"  # noqa: S608 (names of our own)
            " JOIN requests ON requests.id = runs.request_id"
            " JOIN revisions ON revisions.request_id = requests.id AND revisions.revision = requests.revision"
            " WHERE runs.id = attempts.run_id) WHERE state = 'prepared'"
        )


def _add_base_revisions_of_drafts() -> None:
    """Store which revision a draft of an edit began from: the newest when it was made."""
    op.add_column("drafts", sa.Column("base_revision", sa.Integer))
    op.execute(
        "UPDATE drafts SET base_revision = (SELECT max(revisions.revision) FROM revisions"
        " WHERE revisions.request_id = drafts.revises AND revisions.at <= drafts.created_at)"
        " WHERE revises IS NOT NULL"
    )


def _record(record: JsonObject) -> JsonObject:
    """Return a stored request under its new names."""
    return {**_renamed(record, RECORD_KEYS), "requirement": _requirement(record)}


def _preview(preview: JsonObject) -> JsonObject:
    """Return the stored preview of a draft under its new names."""
    return {**_renamed(preview, PREVIEW_KEYS), "requirement": _requirement(preview)}


def _requirement(values: JsonObject) -> JsonObject:
    requirement = values["requirement"]
    assert isinstance(requirement, Mapping)
    return _renamed(requirement, REQUIREMENT_KEYS)


def _renamed(values: JsonObject, names: Mapping[str, str]) -> JsonObject:
    return {names.get(name, name): value for name, value in values.items()}


def _batches(table: sa.TableClause, *key_names: str) -> Iterator[Sequence[sa.RowMapping]]:
    """Yield the rows of a table in batches, in the order of their keys."""
    keys = [table.c[name] for name in key_names]
    page = sa.select(table).order_by(*keys).limit(BATCH_SIZE)
    rows = op.get_bind().execute(page).mappings().all()
    while rows:
        yield rows
        last = tuple(rows[-1][name] for name in key_names)
        rows = op.get_bind().execute(page.where(sa.tuple_(*keys) > last)).mappings().all()
