"""Who must approve, who has, and why that is asked for."""

from collections.abc import Sequence

from blocks.card.model import Card
from blocks.mentions import mention
from blocks.text import Block, Element, clip, escape, marked_context, mrkdwn, rich_text_lines, text_run, user_mention
from blocks.times import stamp
from bot.requests.model import Decision, Stage
from bot.requests.policy.explain import rule_sentence
from bot.requests.text import count_noun, join_words

MAX_DECISIONS = 20
MAX_RULE_LENGTH = 400
MAX_MENTIONS = 20

_READ_ALL = "⚠️ Part of it does not fit here. Read all before you approve."
_SHOW_DETAILS = "⚠️ Part of it does not fit here. Details has all of it."
_VERDICTS = {"approved": "✅ Approved by ", "denied": "⛔ Denied by ", "changes": "✏️ Changes requested by "}


def waiting_blocks(card: Card) -> list[Block]:
    """What is still needed, by whom and until when, and the decisions so far."""
    rows: list[Sequence[Element]] = [[*needs_row(card, mentions=card.mentions_approvers), *_expiry(card)]]
    status = card.status
    if status is not None:
        rows += [[text_run(clip(note, 500))] for note in (*status.unapprovable_reasons, *status.notes)]
    rows += _decision_rows(card, card.current_decisions)
    if card.must_read_first:
        rows.append([text_run(_READ_ALL if card.variant == "approval" else _SHOW_DETAILS)])
    rule = rule_sentence(card.request.requirement).removesuffix(".")
    why: list[Block] = [{**marked_context(clip(rule, MAX_RULE_LENGTH)), "block_id": "rule"}] if rule else []
    return [{**rich_text_lines(*rows), "block_id": "approvals"}, *why]


def decided_blocks(card: Card) -> list[Block]:
    """Who approved, small; in rows of their own if they said something."""
    decisions = [d for d in card.current_decisions if not (card.request.state == "denied" and d.verdict == "denied")]
    if any(d.comment or d.on_behalf_of or d.verdict != "approved" or d.retracted_at for d in decisions):
        return [{**rich_text_lines(*_decision_rows(card, decisions)), "block_id": "approved"}]
    if decisions:
        people = [f"<@{escape(decision.person.user)}>" for decision in decisions[:MAX_MENTIONS]]
        left_out = len(decisions) - len(people)
        if left_out:
            people.append(f"{left_out} more")
        earlier = " earlier" if card.request.state == "denied" else ""
        return [{**marked_context(mrkdwn(f"Approved{earlier} by {join_words(people)}")), "block_id": "approved"}]
    requirement = card.request.requirement
    if requirement.effect == "approve" and card.request.state != "withdrawn":
        text = " ".join(["Approved by policy.", rule_sentence(requirement)]).strip()
        return [{**marked_context(clip(text, MAX_RULE_LENGTH)), "block_id": "approved"}]
    return []


def needed_approvals(card: Card) -> str:
    """``1 more approval``: how many the stage still needs that is next."""
    stages = card.stages or card.request.requirement.stages
    if not stages:
        return "An approval"
    status = card.status
    index = min(status.stage_index, len(stages) - 1) if status else 0
    return _count(stages[index], status.approval_count if status else 0, index)


def _count(stage: Stage, approved: int, stage_index: int) -> str:
    noun = "more approvals" if approved or stage_index else "approvals"
    return count_noun(max(1, stage.quorum - approved), noun)


def _needs(stages: Sequence[Stage], approved: int, stage_index: int, *, mentions: bool) -> list[Element]:
    """``Needs 1 more approval from @sre, then 1 from @dba``. ``approved`` have approved in the stage that is next."""
    if not stages:
        return [text_run("Nobody can approve this", bold=True)]
    stage, later = stages[stage_index], stages[stage_index + 1 :]
    elements = [text_run(f"Needs {_count(stage, approved, stage_index)}", bold=True), text_run(" from ")]
    elements += _approvers(stage, mentions=mentions)
    for following in later:
        elements += [text_run(f", then {following.quorum} from "), *_approvers(following, mentions=mentions)]
    return elements


def needs_row(card: Card, *, mentions: bool) -> list[Element]:
    """What the stage still needs that is next, and the later ones."""
    status = card.status
    stages = card.stages or card.request.requirement.stages
    index = min(status.stage_index, len(stages) - 1) if status and stages else 0
    approved = status.approval_count if status else 0
    elements = _needs(stages, approved, index, mentions=mentions)
    if len(stages) > 1:
        elements.append(text_run(f" (stage {index + 1} of {len(stages)})"))
    return elements


def _approvers(stage: Stage, *, mentions: bool) -> list[Element]:
    ids = (*stage.groups, *stage.users)
    names = stage.names or ids
    if not mentions:
        return [text_run(clip(join_words(names, "or") or "nobody", 300))]
    elements: list[Element] = []
    for number, name in enumerate(ids):
        if number:
            elements.append(text_run(" or " if number == len(ids) - 1 else ", "))
        elements.append(mention(name))
    return elements or [text_run("nobody")]


def _decision_rows(card: Card, decisions: Sequence[Decision]) -> list[Sequence[Element]]:
    """The newest decisions, oldest first."""
    earlier = len(decisions) - MAX_DECISIONS
    rows: list[Sequence[Element]] = []
    if earlier > 0:
        rows.append([text_run(count_noun(earlier, "earlier decisions"), italic=True)])
    return rows + [_decision_row(card, decision) for decision in decisions[-MAX_DECISIONS:]]


def _decision_row(card: Card, decision: Decision) -> list[Element]:
    row = [text_run("Undone: ", italic=True)] if decision.retracted_at else []
    row += [text_run(_VERDICTS[decision.verdict]), user_mention(decision.person.user)]
    if decision.on_behalf_of:
        row += [text_run(" on behalf of "), user_mention(decision.on_behalf_of)]
    row += [text_run(" "), stamp(decision.at, card.request.zone)]
    return [*row, text_run(f": “{clip(decision.comment, 500)}”")] if decision.comment else row


def _expiry(card: Card) -> list[Element]:
    """When the request expires, if it does."""
    request = card.request
    return [text_run(" · expires "), stamp(request.approve_by, request.zone)] if request.approve_by else []
