"""The JSON that Foreman answers with."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from playground.foreman.jobs import LABELS, Invocation, RecurringLogic
from playground.foreman.world import Host, JobTemplate, TemplateInput

Version = tuple[int, ...]


def format_time(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC") if moment else None


def listing(
    rows: Sequence[Any], total: int, subtotal: int, page: int, per_page: int, search: str | None
) -> dict[str, Any]:
    """The envelope of a list."""
    return {
        "total": total,
        "subtotal": subtotal,
        "page": page,
        "per_page": per_page,
        "search": search,
        "sort": {"by": None, "order": None},
        "results": list(rows),
    }


def template_row(template: JobTemplate) -> dict[str, Any]:
    return {
        "id": template.id,
        "name": template.name,
        "job_category": template.category,
        "provider_type": template.provider,
        "snippet": template.snippet,
        "description_format": template.description_format,
    }


def template_full(template: JobTemplate) -> dict[str, Any]:
    """One template; its inputs are named, no more."""
    user = {"value": template.user, "current_user": template.current_user, "overridable": template.overridable}
    inputs = [{"id": item.id, "name": item.name, "input_type": item.input_type} for item in template.inputs]
    more = {"template": template.text, "locked": False, "template_inputs": inputs, "effective_user": user}
    return template_row(template) | more | {"locations": [], "organizations": []}


def input_row(item: TemplateInput, template: JobTemplate) -> dict[str, Any]:
    return {
        "id": item.id,
        "name": item.name,
        "input_type": item.input_type,
        "template_id": template.id,
        "fact_name": None,
        "required": item.required,
        "default": item.default,
        "options": "\n".join(item.options) or None,
        "hidden_value": item.hidden,
        "description": item.description,
    }


def host_row(host: Host) -> dict[str, Any]:
    return {
        "id": host.id,
        "name": host.name,
        "ip": host.ip,
        "operatingsystem_name": f"{host.os} {host.version}",
        "hostgroup_name": host.hostgroup.rpartition("/")[2],
        "hostgroup_title": host.hostgroup,
        "location_name": host.location,
        "organization_name": host.organization,
    }


def invocation_row(job: Invocation, now: datetime, version: Version) -> dict[str, Any]:
    """A job as lists show it."""
    status = job.status(now)
    states = [run.status(now) for run in job.runs or ()]
    waiting = job.runs is None
    counts: dict[str, Any] = {
        "succeeded": states.count("success"),
        "failed": states.count("error"),
        "pending": states.count("pending") + states.count("running"),
        "cancelled": states.count("cancelled"),
    }
    total: Any = len(states)
    if waiting:
        total = "N/A"
        if version < (13, 1):
            counts = dict.fromkeys(counts, "N/A")
    return {
        "id": job.id,
        "description": job.description,
        "job_category": job.template.category,
        "targeting_id": job.id,
        "status": status,
        "start_at": format_time(job.start_at),
        "status_label": LABELS[status],
        "ssh_user": job.stored_params.get("ssh_user"),
        "time_to_pickup": job.stored_params.get("time_to_pickup"),
        "concurrency_level": job.stored_params.get("concurrency_level"),
        "execution_timeout_interval": job.stored_params.get("execution_timeout_interval"),
        "dynflow_task": _task(job, now),
        "template_id": job.template.id,
        "template_name": job.template.name,
        "effective_user": job.effective_user,
        **counts,
        "total": total,
        "missing": 0,
        "total_hosts": total,
    }


def invocation_detail(job: Invocation, now: datetime, version: Version, *, hosts: bool, states: bool) -> dict[str, Any]:
    """A job by itself."""
    shown = invocation_row(job, now, version)
    if job.mode != "immediate":
        shown["mode"] = job.mode
    if job.logic is not None:
        shown["recurrence"] = logic_row(job.logic, job.start_at)
    elif job.mode == "future":
        shown["scheduling"] = {"start_at": format_time(job.start_at), "start_before": format_time(job.start_before)}
    shown["targeting"] = {
        "bookmark_id": job.bookmark_id,
        "search_query": job.query,
        "targeting_type": job.targeting_type,
        "user_id": 4,
        "randomized_ordering": job.stored_params.get("randomized_ordering"),
    }
    if hosts:
        shown["targeting"]["hosts"] = (
            host_states(job, now) if states else [_host_summary(host) for host in job.hosts or ()]
        )
    shown["task"] = _task(job, now)
    if version >= (15,):
        shown["pattern_template_invocations"] = [{"template_id": job.template.id, "input_values": _input_values(job)}]
    return shown


def _input_values(job: Invocation) -> list[dict[str, Any]]:
    hidden = {item.name for item in job.template.inputs if item.hidden}
    return [
        {"template_input_name": name, "value": "*****" if name in hidden else value}
        for name, value in job.inputs.items()
    ]


def host_states(job: Invocation, now: datetime) -> list[dict[str, Any]]:
    """The hosts of a job with the state of each."""
    if job.runs is None:
        return [_host_summary(host) | {"job_status": "N/A"} for host in job.hosts or ()]
    return [_host_summary(run.host) | {"job_status": run.status(now)} for run in job.runs]


def logic_row(logic: RecurringLogic, next_start: datetime | None) -> dict[str, Any]:
    """A series. Foreman spells occurrence with one r."""
    return {
        "id": logic.id,
        "cron_line": logic.cron_line,
        "end_time": None,
        "iteration": logic.iteration,
        "task_group_id": logic.id,
        "state": logic.state,
        "max_iteration": logic.max_iteration,
        "purpose": logic.purpose,
        "task_count": logic.iteration,
        "action": "Run hosts job:",
        "last_occurence": None,
        "next_occurence": format_time(next_start) if logic.state == "active" else None,
    }


def statuses(foreman: str, plugins: Mapping[str, str]) -> dict[str, Any]:
    """GET /api/statuses."""
    listed = [{"name": name, "version": version} for name, version in plugins.items()]
    core = {"version": foreman, "api": {"version": "v2"}, "plugins": listed, "smart_proxies": []}
    return {"results": {"foreman": core}}


def _host_summary(host: Host) -> dict[str, Any]:
    return {"name": host.name, "id": host.id, "display_name": host.name}


def _task(job: Invocation, now: datetime) -> dict[str, Any] | None:
    if job.task_id is None:
        return None
    ended = job.status(now) in (0, 1, 4)
    return {"id": job.task_id, "state": "stopped" if ended else "running" if job.runs is not None else "scheduled"}
