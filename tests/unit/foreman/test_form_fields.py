"""How each field of the form works; the texts are in docs/operations."""

from bot.backends.base import Operation
from bot.backends.foreman.params import ForemanJobParams
from tests.unit.backends.forms import describe
from tests.unit.foreman.conftest import Harness

FIELDS = {
    "job_template_id": "Basics: lookup, reloads, argument=template",
    "feature": "Basics: lookup, reloads, if job_template_id in None/",
    "inputs": "Basics: json, default={}",
    "search_query": "Basics: text, argument=hosts",
    "bookmark_id": "Basics: lookup, argument=bookmark",
    "targeting_type": "Basics: choice, default='static_query', choices=static_query/dynamic_query",
    "organization_id": "Advanced: lookup, argument=organization",
    "location_id": "Advanced: lookup, argument=location",
    "effective_user": "Advanced: text, argument=run_as, api=ssh.effective_user",
    "effective_user_password": "Advanced: choice, api=ssh.effective_user_password",
    "ssh_user": "Advanced: text",
    "password": "Advanced: choice",
    "key_passphrase": "Advanced: choice",
    "randomized_ordering": "Advanced: flag",
    "concurrency_level": "Advanced: number, api=concurrency_control.concurrency_level",
    "time_span": "Advanced: number, api=concurrency_control.time_span",
    "execution_timeout_interval": "Advanced: number",
    "time_to_pickup": "Advanced: number",
    "description_format": "Advanced: text",
    "tags": "Advanced: text, api=ansible.tags",
    "tags_flag": "Advanced: choice, api=ansible.tags_flag, choices=include/exclude",
    "cron_line": "Foreman's own timing: text, api=recurrence.cron_line",
    "max_iteration": "Foreman's own timing: number, api=recurrence.max_iteration",
    "end_time": "Foreman's own timing: moment, api=recurrence.end_time",
    "purpose": "Foreman's own timing: text, api=recurrence.purpose",
    "start_at": "Foreman's own timing: moment, api=scheduling.start_at",
    "start_before": "Foreman's own timing: text, api=scheduling.start_before",
}


async def test_every_field(harness: Harness):
    operation: Operation[ForemanJobParams] = harness.operation
    fields = await operation.fields({})
    without_choices = {field.name: describe(field.model_copy(update={"choices": ()})) for field in fields}
    expected = {name: text.split(", choices=")[0] for name, text in FIELDS.items()}
    assert without_choices == expected
    assert harness.plan(harness.command_params()).calls
