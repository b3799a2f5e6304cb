"""The modal that shows two edits of one request, and asks how the later one goes on."""

from collections.abc import Sequence
from dataclasses import dataclass

from blocks.form import encode_metadata
from blocks.limits import fit_view
from blocks.text import (
    Block,
    Element,
    View,
    actions,
    button,
    clip,
    modal,
    rich_text_lines,
    text_run,
    user_mention,
)

CONFLICT_CALLBACK = "edit_conflict"
MAX_CHANGES = 20


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One changed field. ``by`` are the ids of the users who changed it; empty for the reader's own change."""

    field: str
    before: str
    after: str
    by: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ConflictModel:
    """Two edits of a request. ``both`` are the fields that both have changed; ``revision`` is the newest one.

    ``mergeable`` is false if the two cannot be put together field by field.
    """

    draft_id: str
    version: int
    name: str
    revision: int
    theirs: Sequence[ChangeLine]
    mine: Sequence[ChangeLine]
    both: Sequence[str]
    mergeable: bool


def conflict_view(model: ConflictModel) -> View:
    """The modal that shows both changes, and the ways to go on."""
    text = f"{model.name} was changed while you edited it. Nothing was saved."
    blocks: list[Block] = [
        rich_text_lines([text_run(text, bold=True)]),
        _changes_block("Changed meanwhile", model.theirs),
        _changes_block("Your changes", model.mine),
    ]
    if not model.mergeable:
        blocks.append(rich_text_lines([text_run("The two are for different things, so they cannot be put together.")]))
    elif model.both:
        fields = clip(", ".join(model.both), 1000)
        blocks.append(rich_text_lines([text_run("You have both changed "), text_run(fields, bold=True), text_run(".")]))
    blocks.append(actions("choices", *_choices(model)))
    metadata = encode_metadata(model.draft_id, model.version)
    return fit_view(modal("Not sent yet", blocks, callback_id=CONFLICT_CALLBACK, metadata=metadata, close="Back"))


def _choices(model: ConflictModel) -> list[Element]:
    value = str(model.revision)
    drop = button("Drop my edit", "drop_edit", value, style="danger")
    if not model.mergeable:
        return [button("Use mine instead of theirs", "merge_mine", value), drop]
    if not model.both:
        return [button("Use theirs as the base", "merge_mine", value, style="primary"), drop]
    return [
        button("Use theirs as the base, keep mine where both changed", "merge_mine", value),
        button("Use theirs as the base, keep theirs where both changed", "merge_theirs", value),
        drop,
    ]


def _changes_block(title: str, changes: Sequence[ChangeLine]) -> Block:
    rows: list[Sequence[Element]] = [[text_run(title, bold=True)]]
    for change in changes[:MAX_CHANGES]:
        row: list[Element] = [
            text_run(f"{change.field}: "),
            text_run(clip(change.before, 300), strike=True),
            text_run(" → "),
            text_run(clip(change.after, 300)),
        ]
        for number, user in enumerate(change.by):
            row += [text_run(", " if number else " by "), user_mention(user)]
        rows.append(row)
    if len(changes) > MAX_CHANGES:
        rows.append([text_run(f"and {len(changes) - MAX_CHANGES} more", italic=True)])
    if not changes:
        rows.append([text_run("none that the form shows", italic=True)])
    return rich_text_lines(*rows)
