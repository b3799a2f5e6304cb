"""Writes the golden files of forms, previews, Home, Details and lists: ``make golden``.

Each surface is there twice: as text, which reads as people see it, and as the JSON that is sent.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from blocks.card.model import SystemNames
from blocks.details import calls_view, details_view
from blocks.details_history import HistoryEntry, history_view
from blocks.details_results import ResultsPlace, results_view
from blocks.form import MORE_OPTIONS, form_view
from blocks.home import HomeModel, home_view
from blocks.lists import list_blocks
from blocks.preview import PreviewModel, preview_error_view, preview_view
from blocks.search import found_view, search_view
from bot.backends.base import FormField, Option, form_fields, is_relevant
from bot.backends.foreman.form import job_form_fields
from bot.backends.foreman.server import ForemanServer
from bot.backends.foreman.settings import ForemanSettings
from bot.backends.foreman.templates import JobTemplate, TemplateInput
from bot.backends.immybot.form import maintenance_fields
from bot.backends.opsramp.params import UpdateJobParams
from bot.forms import Form
from bot.requests.inbox import ComingRow, InboxRow
from bot.requests.model import Content, Decision, Person, Request, Requirement, Run, Stage, TargetSet
from bot.schedule import Ambiguous, Now, Once, Parsed, ZonedTime
from bot.schedule.model import Choice
from playground.slack.text import blocks_to_text
from tests.golden.files_on_disk import write_golden

GOLDEN_DIR = Path(__file__).parent / "views"
NAMES = {"UALICE": "@alice", "UBOB": "@bob", "UCAROL": "@carol", "UDAVE": "@dave"}
ALICE = Person(team="T1", user="UALICE")
NOW = datetime(2026, 11, 27, 11, 0, tzinfo=UTC)
START = ZonedTime(wall=datetime(2026, 11, 28, 21, 0), zone="Europe/Berlin")
HOSTS = tuple(f"{group}{n:02}.{site}" for group in ("app", "web") for n, site in
              zip(range(2, 42, 5), ("sin", "nyc", "ber", "sin", "nyc", "ber", "sin", "nyc"), strict=True))  # fmt: skip
SETTINGS = ForemanSettings(url="https://foreman", username="nightshift", password="env:P", secrets={"sudo": "env:S"})
SERVICE = JobTemplate(
    190, "Service Action - Script Default", "Services", "script", "", "root", False, True,
    (
        TemplateInput("action", options=("restart", "start", "stop", "status"), default="restart"),
        TemplateInput("service", required=True, description="The name of the service."),
    ),
)  # fmt: skip
STARTS = {
    "start_foreman": "Run a Foreman job",
    "start_opsramp": "OpsRamp job",
    "start_immybot": "Run ImmyBot maintenance",
}
FOREMAN = SystemNames("Foreman production", "Foreman")
SYSTEMS = {"foreman.prod": "Foreman production", "opsramp.acme": "OpsRamp"}


def _form(fields: Sequence[FormField], **more: Any) -> dict[str, Any]:
    values = {field.name: field.default for field in fields if field.default is not None} | more.pop("values", {})
    base: dict[str, Any] = {
        "draft_id": "d1", "version": 1, "title": "Run a Foreman job", "system": "foreman.prod", "systems": (),
        "operation": "foreman.run", "operations": (), "page": "", "labels": {}, "generation": 1, "phrase": "",
        "reason": "",
    }  # fmt: skip
    return form_view(Form(**(base | {"fields": fields, "values": values} | more)))


def _foreman(template: JobTemplate | None = None, values: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    fields = job_form_fields(SETTINGS, ForemanServer(), template, values or {})
    systems = [Option(value="foreman.prod", label="Foreman production"), Option(value="foreman.lab", label="Lab")]
    return _form(fields, values=values or {}, systems=systems, **more)


FILLED: dict[str, Any] = {
    "values": {
        "job_template_id": "190",
        "inputs.service": "nginx",
        "search_query": "hostgroup = web or hostgroup = app",
    },
    "labels": {"job_template_id": SERVICE.name},
    "phrase": "tomorrow 9pm",
    "reason": "The certificate is new",
    "reading": Parsed(phrase="tomorrow 9pm", schedule=Once(start=START)),
    "echo": ("Sat 28 Nov 2026 21:00 CET, in 1 day 9 hours", "Nightshift will start it."),
    "notes": {"search_query": "✅ 16 hosts: app02.sin, app07.nyc, app12.ber, app17.sin, app22.nyc + 11 more"},
}
QUESTION = Ambiguous(
    phrase="tomorrow at 9",
    ask="9 AM or 9 PM?",
    choices=tuple(
        Choice(label=label, meaning=Parsed(phrase="", schedule=Once(start=START)))
        for label in ("Sat 28 Nov, 09:00 CET", "Sat 28 Nov, 21:00 CET")
    ),
)


def _error() -> dict[str, Any]:
    question = {"phrase": "tomorrow at 9", "reading": QUESTION, "echo": ("❓ 9 AM or 9 PM?",), "notes": {}}
    errors = {"search_query": "Foreman does not know “hostgrup”. Did you mean hostgroup?", "when": "9 AM or 9 PM?"}
    return _foreman(SERVICE, **(FILLED | question | {"errors": errors}))


def _immybot(**values: Any) -> dict[str, Any]:
    fields = [f for f in maintenance_fields(values) if is_relevant(f, {g.name: g.default for g in
              maintenance_fields(values)} | values)]  # fmt: skip
    return _form(fields, title="Run ImmyBot maintenance", values=values)


def _opsramp() -> dict[str, Any]:
    values: dict[str, Any] = {"job": "j1", "job_type": "networkconfigbackup", "entities": ["v1"]}
    fields = [field for field in form_fields(UpdateJobParams) if is_relevant(field, values)]
    labels = {"job": "Network Config Backup", "entities": {"v1": "sw-ber-01"}}
    return _form(fields, title="Change an OpsRamp job", values=values, labels=labels)


def _preview(**more: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "draft_id": "d1", "version": 1, "title": "Restart nginx on 16 hosts", "schedule": Once(start=START),
        "zone": "Europe/Berlin", "echo": ("one line",), "targets": TargetSet(count=16, names=HOSTS),
        "search": "hostgroup = web or hostgroup = app",
        "summary": [("Template", SERVICE.name), ("action", "restart"), ("service", "nginx")],
        "reason": "The certificate is new", "warnings": ["Overlaps NS-3 on web15.ber (Sat 21:30–22:30 CET)."],
        "scheduler_reason": "Nightshift will start it.", "changes": (),
        "approval": ["Needs 2 of @sre because of 16 hosts.", "This will notify 4 people.", "In #approvals: @bob."],
    }  # fmt: skip
    return preview_view(PreviewModel(**(fields | more)))


def _row(number: int, state: str, title: str, **more: Any) -> InboxRow:
    fields: dict[str, Any] = {
        "id": f"r{number}", "number": number, "revision": 1, "state": state, "title": title,
        "backend": "foreman.prod", "requester": ALICE, "reason": "The certificate is new", "created_at": NOW,
    }  # fmt: skip
    return InboxRow(**(fields | more))


DONE = _row(8, "succeeded", "Power Action: reboot on db11", outcome="Done, 1 host in 3 min.")
FAILED = _row(7, "partly_failed", "Run Command: df -h on 8 hosts", outcome="6 of 8 succeeded, 2 failed.")
NEEDS = _row(
    12, "awaiting_approval", "Restart nginx on 16 hosts", start_at=START.instant, approve_by=NOW + timedelta(hours=8),
    warnings=("Overlaps NS-3 on web15.ber", "Skips 2 of 18 matching hosts", "A third"),
)  # fmt: skip


def _copies(row: InboxRow, count: int) -> list[InboxRow]:
    return [row.model_copy(update={"id": f"r{number}", "number": number}) for number in range(1, count + 1)]


def _home(**more: Any) -> dict[str, Any]:
    return home_view(HomeModel(starts=STARTS, systems=SYSTEMS, zone="Europe/Berlin", **more))


def _approver() -> dict[str, Any]:
    running = _row(9, "running", "Run Command: uptime on 8 hosts", progress={"total": 8, "succeeded": 4, "failed": 1})
    coming = [
        ComingRow(
            request_id="r16", number=16, title="Install Chrome on 2 computers", starts_at=NOW + timedelta(hours=8)
        ),
        ComingRow(request_id="r3", number=3, title="Run Command: yum update on db11", starts_at=START.instant),
    ]
    paused = ["⏸️ Foreman is paused until Sat 28 Nov 08:00 CET: switch upgrade."]
    return _home(
        needs_you=[NEEDS], waiting_for_others=4, running=[running], coming=coming, own=[DONE, FAILED], paused=paused
    )


def _request(**more: Any) -> Request:
    content = Content(backend="foreman.prod", operation="foreman.run", params={}, schedule=Once(start=START))
    fields: dict[str, Any] = {
        "id": "r12", "number": 12, "state": "partly_failed", "version": 3, "revision": 1, "content": content,
        "content_hash": content.hash, "title": "Restart nginx on 16 hosts", "phrase": "tomorrow 9pm",
        "summary": (("Template", SERVICE.name), ("action", "restart"), ("service", "nginx")), "zone": "Europe/Berlin",
        "reason": "The certificate is new", "requester": ALICE, "targets": TargetSet(count=16, names=HOSTS),
        "requirement": Requirement(stages=(Stage(groups=("S1",), names=("@sre",), quorum=2),)),
        "calls": ({"method": "POST", "url": "https://foreman/api/job_invocations", "body": {"search": "a = b"}},),
        "created_at": NOW, "start_at": START.instant,
    }  # fmt: skip
    return Request(**(fields | more))


def _run() -> Run:
    results = [
        {
            "name": name,
            "state": "failed" if n > 12 else "succeeded",
            "reason": "exit 1, Unit not found" if n > 12 else "",
        }
        for n, name in enumerate(HOSTS)
    ]
    progress = {"total": 16, "succeeded": 13, "failed": 3, "results": results}
    handle = {"kind": "run", "id": "871"}
    return Run(id="n1", request_id="r12", number=1, state="partly_failed", version=4, handle=handle, progress=progress)


def _decisions() -> list[Decision]:
    asked = _request()
    return [
        Decision(
            id=f"d{user}", request_id="r12", revision=1, content_hash=asked.content_hash, verdict="approved",
            person=Person(team="T1", user=user), comment=comment, at=NOW + timedelta(minutes=30),
        )
        for user, comment in (("UBOB", ""), ("UCAROL", "Watch web15, it is slow"))
    ]  # fmt: skip


def _history() -> dict[str, Any]:
    told = (
        ("T1/UALICE", "request.submitted", {}),
        ("T1/UBOB", "request.approved", {"comment": "fine"}),
        ("nightshift", "run.prepared", {}),
        ("nightshift", "run.finished", {"state": "partly_failed"}),
    )
    entries = [HistoryEntry(NOW + timedelta(minutes=n), *entry) for n, entry in enumerate(told)]
    return history_view(_request(), entries, 0)


def _list(rows: Sequence[InboxRow]) -> dict[str, Any]:
    title = "Failed foreman requests since Mon 23 Nov"
    return {"type": "message", "blocks": list_blocks(rows, title, f"No {title[0].lower()}{title[1:]}.", STARTS, "")}


VIEWS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "form-foreman-empty": lambda: _foreman(),
    "form-foreman-filled": lambda: _foreman(SERVICE, **FILLED),
    "form-foreman-error": _error,
    "form-foreman-options": lambda: _foreman(SERVICE, **(FILLED | {"page": MORE_OPTIONS})),
    "form-foreman-unfinished": lambda: _foreman(unfinished_draft="d0"),
    "form-immybot-empty": lambda: _immybot(),
    "form-immybot-software": lambda: _immybot(maintenance_type="GlobalSoftware"),
    "form-immybot-deployment": lambda: _immybot(maintenance_type="Deployment"),
    "form-opsramp-update": _opsramp,
    "preview": lambda: _preview(),
    "preview-runs-now": lambda: _preview(
        schedule=Now(), submit_label="Run now", warnings=(), approval=["No approval."]
    ),
    "preview-of-names": lambda: _preview(search=" ".join(HOSTS[:2]), targets=TargetSet(count=2, names=HOSTS[:2])),
    "preview-error": lambda: preview_error_view("Run a Foreman job", ["This matches no host."]),
    "home-new": lambda: _home(),
    "home-approver": _approver,
    "home-many": lambda: _home(needs_you=_copies(NEEDS, 500), running=_copies(FAILED, 90), own=_copies(DONE, 20)),
    "search": lambda: search_view(SYSTEMS),
    "search-found": lambda: found_view([FAILED, DONE], "“db11”"),
    "search-empty": lambda: found_view([], "“nowhere”"),
    "list": lambda: _list([FAILED, DONE]),
    "list-empty": lambda: _list([]),
    "details-summary": lambda: details_view(_request(), _decisions(), [_run()], system=FOREMAN),
    "details-waiting": lambda: details_view(
        _request(state="awaiting_approval"), [], [], system=FOREMAN, permitted=("decide", "edit")
    ),
    "details-results": lambda: results_view(_request(), [_run()], ResultsPlace()),
    "details-results-failed": lambda: results_view(_request(), [_run()], ResultsPlace("n1", "failed")),
    "details-results-none": lambda: results_view(_request(state="scheduled"), [], ResultsPlace()),
    "details-request": lambda: calls_view(_request()),
    "details-history": _history,
}
"""Every surface in every state, by the name of its files."""


def view_text(view: Mapping[str, Any]) -> str:
    """A view as it reads: title, blocks with the values of their fields, and the buttons at the bottom."""
    lines = [view["title"]["text"], "=" * 40] if "title" in view else []
    for block in view["blocks"]:
        lines.append(_block_text(block))
    lines += [f"[{view[name]['text']}]" for name in ("close", "submit") if name in view]
    return "\n".join(lines) + "\n"


def _block_text(block: Any) -> str:
    if block["type"] == "actions":
        return " ".join(_control_text(element) for element in block["elements"])
    text = blocks_to_text([block], lambda kind, name: NAMES.get(name, name))
    if block["type"] == "input":
        optional = " (optional)" if block.get("optional") else ""
        return f"{block['label']['text']}{optional}: {_value_text(block['element'])}"
    if "accessory" in block:
        return f"{block['text']['text']}  {_control_text(block['accessory'])}"
    return f"## {text}" if block["type"] == "header" else text


def _control_text(element: Any) -> str:
    if element["type"] == "button":
        return f"[{'*' if element.get('style') == 'primary' else ''}{element['text']['text']}]"
    if element["type"] == "overflow":
        return f"[⋯ {' · '.join(option['text']['text'] for option in element['options'])}]"
    return f"<{_value_text(element)}>"


def _value_text(element: Any) -> str:
    chosen = [element["initial_option"]] if "initial_option" in element else element.get("initial_options", ())
    given = ", ".join(option["text"]["text"] for option in chosen) or element.get("initial_value", "")
    return str(given or f"_{element.get('placeholder', {}).get('text', '')}_")


def golden_files() -> dict[str, str]:
    """The text of each golden file, by its name."""
    found = {name: build() for name, build in VIEWS.items()}
    texts = {f"{name}.txt": view_text(view) for name, view in found.items()}
    return texts | {f"{name}.json": json.dumps(v, ensure_ascii=False, indent=1) + "\n" for name, v in found.items()}


if __name__ == "__main__":
    write_golden(GOLDEN_DIR, golden_files())
