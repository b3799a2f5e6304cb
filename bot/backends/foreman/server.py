"""What is known about a server: the versions of its parts, and what follows from them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.backends.foreman.settings import CronDialect, ForemanSettings
from bot.values import Json

Version = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ForemanServer:
    """Versions as numbers, empty if unknown. An unknown version counts as an old one."""

    foreman: str = ""
    remote_execution: Version = ()
    tasks: Version = ()
    configured_dialect: CronDialect | None = None

    @property
    def dialect(self) -> CronDialect:
        """The parser of cron lines: Fugit from foreman-tasks 8.0 on."""
        return self.configured_dialect or ("fugit" if self.tasks >= (8,) else "plain")

    @property
    def supports_time_span(self) -> bool:
        """Whether ``concurrency_control.time_span`` exists. Remote Execution 11 dropped it."""
        return self.remote_execution < (11,)

    @property
    def supports_start_offsets(self) -> bool:
        """Whether a start time's offset from UTC is respected (fully from Remote Execution 8.0 on)."""
        return not self.remote_execution or self.remote_execution >= (8,)

    def __str__(self) -> str:
        parts = [
            f"{title} {'.'.join(map(str, version))}"
            for title, version in (("Remote Execution", self.remote_execution), ("foreman-tasks", self.tasks))
            if version
        ]
        return ", ".join([f"Foreman {self.foreman}" if self.foreman else "Foreman", *parts])


def from_settings(settings: ForemanSettings) -> ForemanServer:
    """Return what the configuration says, before the server has been asked."""
    return from_statuses({}, settings)


def from_statuses(statuses: Json, settings: ForemanSettings) -> ForemanServer:
    """Return what ``GET /api/statuses`` says. The configuration takes precedence."""
    plugins = dict(_plugin_versions(statuses))

    def known(forced: str, name: str) -> Version:
        return _parse_version(plugins.get(name, "") if forced == "auto" else forced)

    return ForemanServer(
        foreman=_foreman_version(statuses),
        remote_execution=known(settings.remote_execution_version, "foreman_remote_execution"),
        tasks=known(settings.tasks_version, "foreman_tasks"),
        configured_dialect=None if settings.cron_dialect == "auto" else settings.cron_dialect,
    )


def _foreman_version(statuses: Json) -> str:
    results = statuses.get("results") if isinstance(statuses, dict) else None
    core = results.get("foreman") if isinstance(results, dict) else None
    return str(core.get("version") or "") if isinstance(core, dict) else ""


def _plugin_versions(node: Json) -> Iterator[tuple[str, str]]:
    """Yield names (with underscores) and versions of plug-ins. The response lists them as objects or as sentences
    ("Foreman plugin: foreman-tasks, 7.2.1, ...")."""
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        if key == "plugins" and isinstance(value, list):
            for item in value:
                if isinstance(item, dict):
                    yield str(item.get("name", "")).replace("-", "_"), str(item.get("version", ""))
                elif match := re.match(r"Foreman plugin: ([\w-]+), ([\d.]+)", str(item)):
                    yield match[1].replace("-", "_"), match[2]
        else:
            yield from _plugin_versions(value)


def _parse_version(text: str) -> Version:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])
