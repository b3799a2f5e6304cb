"""Headlines say what happens first, stay short, and show every character."""

from hypothesis import given
from hypothesis import strategies as st

from bot.backends.exchange import Targets
from bot.backends.foreman.headline import job_headline
from bot.backends.foreman.params import ForemanJobParams
from bot.backends.foreman.settings import ForemanSettings
from bot.backends.foreman.templates import JobTemplate, TemplateInput
from bot.backends.headlines import MAX_LENGTH, headline
from bot.backends.immybot.headline import what_happens
from bot.backends.immybot.item import MaintenanceItem
from bot.backends.immybot.params import MaintenanceParams
from bot.visible_text import visible

EIGHT = Targets(count=8, names=("web05.sin.example.com", "web10.sin.example.com"))
ONE = Targets(count=1, names=("db11.ber.example.com",))


def of_job(name: str, targets: Targets = EIGHT, titles: dict[str, str] | None = None, **inputs: str) -> str:
    settings = ForemanSettings(url="http://f", username="u", password="file:/p", titles=titles or {})
    names = [*inputs, *(name for name in ("secret",) if name not in inputs)]
    template = JobTemplate(
        id=1,
        name=name,
        category="",
        provider="Script",
        description="",
        run_as="",
        runs_as_current_user=False,
        allows_effective_user=True,
        inputs=tuple(TemplateInput(name=n, hidden=n == "secret") for n in names),
    )
    params = ForemanJobParams(job_template_id=1, search_query="name ~ x", inputs=inputs)
    return job_headline(params, template, targets, settings)


def test_a_job_is_its_template_and_its_first_inputs() -> None:
    assert of_job("Run Command - Script Default", command="uptime") == "Run Command: uptime on 8 hosts"
    assert of_job("Service Action - Ansible Default", action="restart", service="nginx", more="x") == (
        "Service Action: restart nginx on 8 hosts"
    )
    assert of_job("Power Action - SSH Default", ONE, action="reboot") == "Power Action: reboot on db11"
    assert of_job("Backup") == "Backup on 8 hosts"


def test_a_configured_title_takes_values_of_inputs_and_no_secrets() -> None:
    titles = {"Service Action - Script Default": "{action} {service} {secret}{unknown}"}
    given = {"action": "restart", "service": "nginx", "secret": "hunter2"}
    assert of_job("Service Action - Script Default", titles=titles, **given) == "restart nginx ••• on 8 hosts"
    assert "hunter2" not in of_job("Service Action - Script Default", **given)


def test_maintenance_is_a_verb_and_what_it_is_done_to() -> None:
    chrome = MaintenanceItem("Chrome")

    def said(**params: object) -> str:
        given = {"maintenance_type": "GlobalSoftware", "maintenance_identifier": "7", "computers": [1], **params}
        return what_happens(MaintenanceParams.model_validate(given), chrome)

    assert said() == "Install Chrome"
    assert said(desired_software_state="NotPresent") == "Uninstall Chrome"
    assert said(repair=True) == "Repair Chrome"
    assert said(maintenance_type="GlobalMaintenanceTask", maintenance_task_mode="Audit") == "Audit Chrome"
    assert said(maintenance_type=None, maintenance_identifier=None, full_maintenance=True) == "Run maintenance"


@given(st.text(max_size=300), st.integers(0, 3), st.text(max_size=300))
def test_a_headline_is_short_and_in_one_line_whatever_it_is_made_of(what: str, count: int, name: str) -> None:
    text = headline(what, Targets(count=count, names=(name,) * count))
    assert len(text) <= MAX_LENGTH
    assert "\n" not in text
    assert visible(text) == text
