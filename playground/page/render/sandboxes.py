"""The sandbox panel: the bot, the clock, the fault switches, and the contents of each back end."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from playground.environment import Environment
from playground.foreman.jobs import LABELS
from playground.page.render.html import Html, h
from playground.page.state.bot_process import BotProcess
from playground.page.state.fault_switches import FaultSwitch
from playground.page.state.viewer import Viewer
from playground.sandbox import ReceivedRequest, Sandbox

MAX_ROWS = 6
_BOT = {
    "stopped": "is stopped",
    "starting": "is starting …",
    "running": "is running",
    "killed": "was killed",
    "ended": "has ended by itself",
}
_TITLES = {"foreman": "Foreman", "opsramp": "OpsRamp", "immybot": "ImmyBot", "slack": "Slack"}


@dataclass(frozen=True, slots=True)
class BackendItem:
    """An item of a back end: a job, a series, a session."""

    name: str
    state: str


def sandboxes_html(
    viewer: Viewer, env: Environment, bot: BotProcess, switches: Mapping[str, Sequence[FaultSwitch]]
) -> Html:
    """The whole panel."""
    return h(
        "div",
        _bot(bot, len(env.slack.socket.connections)),
        _clock(viewer, env),
        _slack(switches["slack"]),
        _sandbox(viewer, "foreman", env.foreman, foreman_items(env), switches["foreman"]),
        _sandbox(viewer, "opsramp", env.opsramp, opsramp_items(env), switches["opsramp"]),
        _sandbox(viewer, "immybot", env.immybot, immybot_items(env), switches["immybot"]),
        class_="panel",
    )


def foreman_items(env: Environment) -> list[BackendItem]:
    """Jobs and series, the newest first."""
    now = env.clock.now()
    jobs = [
        BackendItem(f"#{job.id} {job.description}", "cancelled" if job.cancelled else LABELS[job.status(now)])
        for job in env.foreman.invocations
    ]
    series = [BackendItem(f"series {logic.id} {logic.cron_line}", logic.state) for logic in env.foreman.logics]
    return [*series[::-1], *jobs[::-1]]


def opsramp_items(env: Environment) -> list[BackendItem]:
    """Runs, then jobs, the newest first."""
    names = {ident: str(job["name"]) for ident, job in env.opsramp.jobs.items()}
    runs = [BackendItem(names.get(run.job, run.job), "ran") for run in env.opsramp.runs]
    jobs = [BackendItem(str(job["name"]), _pattern(job.get("schedule") or {})) for job in env.opsramp.jobs.values()]
    return [*runs[::-1], *jobs[::-1]]


def immybot_items(env: Environment) -> list[BackendItem]:
    """Sessions, the newest first."""
    now = env.clock.now()
    rows = [session.list_row(now) for session in env.immybot.sessions.values()]
    return [BackendItem(f"#{row['id']} {row['computerName'] or 'tenant'}", str(row["statusName"])) for row in rows][
        ::-1
    ]


def _pattern(schedule: Mapping[str, object]) -> str:
    pattern = schedule.get("pattern")
    return str(pattern.get("type", "")) if isinstance(pattern, dict) else "no schedule"


def _bot(bot: BotProcess, sockets: int) -> Html:
    alive = bot.state in ("starting", "running")
    told = f"process {bot.pid}, Socket Mode, {sockets} connection{'' if sockets == 1 else 's'}" if bot.pid else ""
    return _section(
        "The bot",
        h(
            "p",
            h("span", class_=f"lamp {bot.state}"),
            h("b", f"Nightshift {_BOT[bot.state]}"),
            h("small", told, class_="muted") if told else None,
            class_="bot-line",
        ),
        h(
            "div",
            _button("Kill the bot", "kill", danger=True, disabled=not alive),
            _button("Start it again", "start", disabled=alive),
            _button("Drop its socket", "drop", disabled=not sockets),
            class_="buttons",
        ),
    )


def _clock(viewer: Viewer, env: Environment) -> Html:
    now = viewer.clock.now
    return _section(
        "The clock",
        h("p", h("b", f"{now:%A} {now.day} {now:%B}, {viewer.clock.time(now, True)}"), f" {viewer.user.tz}"),
        h(
            "div",
            _button("Jump to 21:00 in Berlin", "clock", to="21:00"),
            _button("+1 hour", "clock", to="1h"),
            _button("+1 day", "clock", to="1d"),
            class_="buttons",
        ),
    )


def _slack(switches: Sequence[FaultSwitch]) -> Html:
    return _section("Slack", _switches("slack", switches))


def _sandbox(
    viewer: Viewer, name: str, sandbox: Sandbox, held: Sequence[BackendItem], switches: Sequence[FaultSwitch]
) -> Html:
    received = list(sandbox.received_requests)
    changes = [item for item in received if item.method != "GET" and "token" not in item.path]
    return _section(
        _TITLES[name],
        _switches(name, switches),
        _collapsible(
            f"{name}-holds",
            f"Holds {len(held)}",
            [
                h("li", h("span", item.name), h("span", item.state, class_=f"state {_state_class(item.state)}"))
                for item in held
            ],
        ),
        _collapsible(
            f"{name}-received",
            f"Received {len(received)}, of which {len(changes)} to change something",
            [_line(viewer, item) for item in [*changes[::-1][:MAX_ROWS], *received[::-1][:MAX_ROWS]]],
        ),
    )


def _state_class(state: str) -> str:
    word = state.casefold()
    if word in ("succeeded", "passed", "ran", "finished"):
        return "good"
    if word in ("failed", "cancelled", "partial passed"):
        return "bad"
    return "busy" if word in ("running", "created", "active") else ""


def _line(viewer: Viewer, item: ReceivedRequest) -> Html:
    at = viewer.clock.time(item.at.astimezone(viewer.clock.zone), True)
    return h("li", h("code", item.method), h("span", item.path, class_="path"), h("small", at, class_="muted"))


def _collapsible(ident: str, title: str, rows: Iterable[Html]) -> Html:
    items = list(rows)[: 2 * MAX_ROWS]
    inner = h("ul", items, class_="rows") if items else h("p", "Nothing yet.", class_="muted")
    return h("details", h("summary", title), inner, data_k=ident)


def _switches(owner: str, switches: Sequence[FaultSwitch]) -> Html:
    chips = [
        h(
            "button",
            switch.label,
            type="button",
            role="switch",
            class_="switch",
            aria_checked="true" if switch.is_on() else "false",
            title=switch.hint,
            data_act="switch",
            data_owner=owner,
            data_name=switch.key,
        )
        for switch in switches
    ]
    return h("div", chips, class_="switches", role="group", aria_label=f"Faults of {_TITLES[owner]}")


def _section(title: str, *inner: Html) -> Html:
    return h("section", h("h3", title), inner, data_k=f"panel-{title}")


def _button(label: str, action: str, *, danger: bool = False, disabled: bool = False, to: str = "") -> Html:
    return h(
        "button",
        label,
        type="button",
        class_=f"button {'danger' if danger else ''}".strip(),
        data_act=action,
        data_to=to or None,
        disabled=disabled,
    )
