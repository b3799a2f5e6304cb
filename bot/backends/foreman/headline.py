"""The headline of a Foreman job: the title that is configured for its template, or the template and its inputs."""

import re

from bot.backends.base import Targets
from bot.backends.foreman.params import ForemanJobParams
from bot.backends.foreman.settings import ForemanSettings
from bot.backends.foreman.templates import JobTemplate
from bot.backends.headlines import headline, values_text

_PROVIDER_SUFFIX = re.compile(r" - (?:script|ssh|ansible|salt|puppet|mcollective)\b.*$", re.IGNORECASE)
"""Foreman's own templates end with the provider: "Run Command - Script Default"."""
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_MAX_INPUTS = 2
_HIDDEN = "•••"


def job_headline(params: ForemanJobParams, template: JobTemplate, targets: Targets, settings: ForemanSettings) -> str:
    """Return what a job would do. Values of hidden inputs are not shown."""
    shown = {
        item.name: _HIDDEN if item.hidden else str(params.inputs.get(item.name, item.default or ""))
        for item in template.inputs
    }
    configured = settings.titles.get(template.name)
    if configured:
        return headline(_PLACEHOLDER.sub(lambda name: shown.get(name[1], ""), configured), _short(targets))
    given = [text for name, text in shown.items() if text.strip() and text != _HIDDEN]
    name = _PROVIDER_SUFFIX.sub("", template.name)
    inputs = values_text(given[:_MAX_INPUTS])
    return headline(f"{name}: {inputs}" if inputs else name, _short(targets))


def _short(targets: Targets) -> Targets:
    """Return targets whose only host goes by the first label of its name."""
    if targets.count != 1 or not targets.names:
        return targets
    return targets.model_copy(update={"names": (targets.names[0].partition(".")[0],)})
