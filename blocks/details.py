"""Details: everything that a request will do, in pages; how far it has come; the same as a text file.

The pages depend on the revision alone, so that a page never moves between two clicks. The decisions and runs are shown
above the first.
"""

from collections.abc import Collection, Mapping, Sequence

from blocks.card.model import SystemNames
from blocks.card.questions import question_about
from blocks.details_tabs import tab_blocks
from blocks.limits import fit_blocks
from blocks.pages import passage_pages
from blocks.progress import RUN_STATE_LABELS, progress_counts
from blocks.request import requester_elements
from blocks.text import (
    Block,
    Element,
    View,
    actions,
    bullets,
    button,
    clip,
    confirm_dialog,
    context,
    divider,
    header,
    modal,
    rich_text,
    rich_text_lines,
    text_run,
    user_mention,
)
from blocks.times import readers_time, schedule_line
from bot.requests.disclosure import Passage, call_passages, passages, signed_passages, summary_passages
from bot.requests.lifecycle import STATE_LABELS
from bot.requests.model import Decision, Request, Run
from bot.requests.text import count_noun
from bot.visible_text import visible, visible_lines

DETAILS_CALLBACK = "details"
READING_CALLBACK = "reading"
"""The callback id of the pages that an approver reads in order to approve. Its metadata is their comment."""
_VERDICTS: Mapping[str, str] = {"approved": "approved", "denied": "denied", "changes": "asked for changes"}
MAX_STATUS_BYTES = 120_000
MAX_RUNS = 10
MAX_DECISIONS = 20


def page_count(request: Request) -> int:
    """The number of pages that hold everything of a request."""
    return len(content_pages(request))


def details_view(
    request: Request,
    decisions: Sequence[Decision],
    runs: Sequence[Run],
    page: int = 0,
    *,
    system: SystemNames | None = None,
    permitted: Collection[str] = (),
) -> View:
    """A page of the summary of a request, counted from 0. The first has the state, the decisions and the runs too, and
    the buttons of what its reader may do: ``decide``, ``edit``, ``withdraw``, ``cancel``."""
    pages = content_pages(request)
    names = system or SystemNames.of(request.content.backend)
    status = _status_blocks(request, decisions, runs, names) if page == 0 else []
    decide = _request_controls(request, permitted) if page == 0 else []
    tabs = tab_blocks("details_summary", request)
    blocks = [*tabs, *status, *decide, *pages[page], *_page_controls(request, page, len(pages))]
    return modal(request.name, blocks, callback_id=DETAILS_CALLBACK)


def calls_view(request: Request, page: int = 0) -> View:
    """A page of the exact calls of a request, word for word."""
    pages = request_pages(request)
    blocks = [*tab_blocks("details_request", request), *pages[page]]
    if not request.calls:
        blocks.append(context("No calls are known yet."))
    value = f"{request.id}:{request.revision}"
    turning = []
    if page > 0:
        turning.append(button("Previous page", "details_request_previous", f"{value}:{page - 1}"))
    if page < len(pages) - 1:
        turning.append(button("Next page", "details_request_next", f"{value}:{page + 1}"))
    if turning:
        blocks += [context(f"Page {page + 1} of {len(pages)}"), actions("details_calls", *turning)]
    return modal(request.name, blocks, callback_id=DETAILS_CALLBACK)


def call_page_count(request: Request) -> int:
    """The number of pages that the calls of a request take."""
    return len(request_pages(request))


def request_pages(request: Request) -> list[list[Block]]:
    """The exact calls of a request and what an approval signs, as blocks, page by page."""
    return passage_pages([], (*call_passages(request.calls), *signed_passages(request)))


def reading_view(request: Request, page: int = 0, comment: str = "") -> View:
    """A page of what an approver must have been shown. The last has the button that approves, with ``comment``."""
    pages = content_pages(request)
    is_last = page == len(pages) - 1
    text = f"Part of {request.name} does not fit on its card. Read all of it, then approve on the last page."
    blocks = [context(text), header(request.title), *pages[page], *_page_controls(request, page, len(pages))]
    if is_last:
        approve = button(
            "Approve",
            "approve_read",
            f"{request.id}:{request.revision}",
            style="primary",
            spoken=f"Approve {request.name}, {request.title}",
        )
        blocks.append(actions("approve_read", approve))
    return modal(request.name, blocks, callback_id=READING_CALLBACK, metadata=comment, close="Do not approve")


def details_file(request: Request) -> str:
    """Everything that a request will do, as text. Each line of a value begins with a bar."""
    lines = [f"{request.name}, revision {request.revision}, {request.content_hash}"]
    when = "".join(str(e.get("text") or e.get("fallback") or "") for e in _when(request))
    for passage in (Passage("When", when), *passages(request)):
        lines += ["", visible(passage.label), *(f"| {line}" for line in visible_lines(passage.text).split("\n"))]
    return "\n".join(lines) + "\n"


def _when(request: Request) -> list[Element]:
    return schedule_line(request.content.schedule)


def _request_controls(request: Request, permitted: Collection[str]) -> list[Block]:
    """The buttons of what the reader may do with a request, so that a card is never the only way."""
    value = f"{request.id}:{request.revision}"
    labels: dict[str, str] = {}
    if "decide" in permitted:
        labels |= {"approve": "Approve", "deny": "Deny…", "changes": "Request changes…"}
    if "edit" in permitted:
        labels["edit"] = "Edit…" if request.state == "awaiting_approval" else "Reschedule…"
    row = [button(text, name, value, spoken=f"{text} {request.name}, {request.title}") for name, text in labels.items()]
    if "withdraw" in permitted:
        row.append(_asking_button(request, "Withdraw", "withdraw"))
    if "cancel" in permitted:
        is_running = request.state == "running" and not request.is_series
        row.append(_asking_button(request, "Stop" if is_running else "Cancel", "cancel", style="danger"))
    return [actions("details_decide", *row)] if row else []


def _asking_button(request: Request, label: str, action_id: str, style: str = "") -> Element:
    """A button that asks before it does anything, with the question of the card."""
    question = question_about(action_id, request)
    dialog = confirm_dialog(question.title, question.text, question.yes)
    value = f"{request.id}:{request.revision}"
    return button(label, action_id, value, style=style, confirm=dialog, spoken=f"{label} {request.name}")


def _page_controls(request: Request, page: int, count: int) -> list[Block]:
    value = f"{request.id}:{request.revision}"
    row = []
    if page > 0:
        row.append(button("Previous page", "details_previous", f"{value}:{page - 1}"))
    if page < count - 1:
        row.append(button("Next page", "details_next", f"{value}:{page + 1}", style="primary"))
    row.append(button("Send me the file", "details_file", value))
    place = [context(f"Page {page + 1} of {count}")] if count > 1 else []
    return [*place, actions("details_pages", *row)]


def content_pages(request: Request) -> list[list[Block]]:
    """What a request will do in words, as blocks, page by page. Texts are divided and never cut."""
    return passage_pages([text_run("When ", bold=True), *_when(request)], summary_passages(request))


def _status_blocks(
    request: Request, decisions: Sequence[Decision], runs: Sequence[Run], system: SystemNames
) -> list[Block]:
    """The state of a request, its decisions and its runs, shortened to what a view has room for."""
    revision = [text_run(f" · revision {request.revision}")] if request.revision > 1 else []
    rows = [
        [text_run(STATE_LABELS[request.state], bold=True), *revision],
        [*requester_elements(request, system.title), text_run(" · "), readers_time(request.created_at)],
    ]
    blocks: list[Block] = [rich_text_lines(*rows)]
    if request.requirement.reasons:
        blocks.append(rich_text(bullets([clip(r, 500) for r in request.requirement.reasons[:10]])))
    if len(decisions) > MAX_DECISIONS:
        blocks.append(context(f"{count_noun(len(decisions) - MAX_DECISIONS, 'earlier decisions')}: see History"))
    blocks += [_decision_block(request, decision) for decision in decisions[-MAX_DECISIONS:]]
    blocks += [_run_block(run, system) for run in runs[:MAX_RUNS]]
    if len(runs) > MAX_RUNS:
        blocks.append(context(f"{count_noun(len(runs) - MAX_RUNS, 'earlier runs')}: see Results and History"))
    return [*fit_blocks(blocks, MAX_STATUS_BYTES), divider()]


def _decision_block(request: Request, decision: Decision) -> Block:
    old = "" if decision.revision == request.revision else f" (revision {decision.revision})"
    retracted = ", undone" if decision.retracted_at else ""
    comment = f": {clip(decision.comment, 300)}" if decision.comment else ""
    verdict = text_run(f" {_VERDICTS[decision.verdict]}{old}{retracted} · ")
    said = [text_run(comment)] if comment else []
    return rich_text_lines([user_mention(decision.person.user), verdict, readers_time(decision.at), *said])


def _run_block(run: Run, system: SystemNames) -> Block:
    """How far a run has come, in a line. Its targets are under Results."""
    handle, progress = run.handle or {}, run.progress or {}
    remote_id = f" · {clip(system.product, 60)} id {handle['id']}" if handle.get("id") else ""
    counts = f" · {progress_counts(progress)}" if progress.get("total") else ""
    problem = f" · {clip(run.problem, 500)}" if run.problem else ""
    name = f"Run {run.number}: " if run.number else "Series: "
    state = RUN_STATE_LABELS.get(run.state, run.state.replace("_", " "))
    return rich_text_lines([text_run(name, bold=True), text_run(f"{state}{counts}{remote_id}{problem}")])
