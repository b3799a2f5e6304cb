"""The sandbox panel: the bot and the clock, the switches, and what each back end received and holds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from playground.foreman.jobs import LABELS
from playground.page.html import Html, h
from playground.page.process import BotProcess
from playground.page.reader import Reader
from playground.page.switches import Switch
from playground.sandbox import Received, Sandbox
from playground.stage import Stage

SHOWN = 6
_BOT = {
    "stopped": "is stopped",
    "starting": "is starting …",
    "running": "is running",
    "killed": "was killed",
    "ended": "has ended by itself",
}
_TITLES = {"foreman": "Foreman", "opsramp": "OpsRamp", "immybot": "ImmyBot", "slack": "Slack"}


@dataclass(frozen=True, slots=True)
class Held:
    """Something that a back end holds: a job, a series, a session."""

    name: str
    state: str


def sandboxes_html(reader: Reader, on: Stage, bot: BotProcess, switches: Mapping[str, Sequence[Switch]]) -> Html:
    """The whole panel."""
    return h(
        "div",
        _bot(bot, len(on.slack.socket.connections)),
        _clock(reader, on),
        _slack(switches["slack"]),
        _sandbox(reader, "foreman", on.foreman, foreman_holds(on), switches["foreman"]),
        _sandbox(reader, "opsramp", on.opsramp, opsramp_holds(on), switches["opsramp"]),
        _sandbox(reader, "immybot", on.immybot, immybot_holds(on), switches["immybot"]),
        class_="panel",
    )


def foreman_holds(on: Stage) -> list[Held]:
    """Jobs and series, the newest first."""
    now = on.clock.now()
    jobs = [
        Held(f"#{job.id} {job.description}", "cancelled" if job.cancelled else LABELS[job.status(now)])
        for job in on.foreman.invocations
    ]
    series = [Held(f"series {logic.id} {logic.cron_line}", logic.state) for logic in on.foreman.logics]
    return [*series[::-1], *jobs[::-1]]


def opsramp_holds(on: Stage) -> list[Held]:
    """Runs, then jobs, the newest first."""
    names = {ident: str(job["name"]) for ident, job in on.opsramp.jobs.items()}
    runs = [Held(names.get(run.job, run.job), "ran") for run in on.opsramp.runs]
    jobs = [Held(str(job["name"]), _pattern(job.get("schedule") or {})) for job in on.opsramp.jobs.values()]
    return [*runs[::-1], *jobs[::-1]]


def immybot_holds(on: Stage) -> list[Held]:
    """Sessions, the newest first."""
    now = on.clock.now()
    rows = [session.listed(now) for session in on.immybot.sessions.values()]
    return [Held(f"#{row['id']} {row['computerName'] or 'tenant'}", str(row["statusName"])) for row in rows][::-1]


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
            _button("Kill the bot", "kill", danger=True, off=not alive),
            _button("Start it again", "start", off=alive),
            _button("Drop its socket", "drop", off=not sockets),
            class_="buttons",
        ),
    )


def _clock(reader: Reader, on: Stage) -> Html:
    now = reader.clock.now
    return _section(
        "The clock",
        h("p", h("b", f"{now:%A} {now.day} {now:%B}, {reader.clock.time(now, True)}"), f" {reader.user.tz}"),
        h(
            "div",
            _button("Jump to 21:00 in Berlin", "clock", to="21:00"),
            _button("+1 hour", "clock", to="1h"),
            _button("+1 day", "clock", to="1d"),
            class_="buttons",
        ),
    )


def _slack(switches: Sequence[Switch]) -> Html:
    return _section("Slack", _switches("slack", switches))


def _sandbox(reader: Reader, name: str, sandbox: Sandbox, held: Sequence[Held], switches: Sequence[Switch]) -> Html:
    received = list(sandbox.ledger)
    changes = [item for item in received if item.method != "GET" and "token" not in item.path]
    return _section(
        _TITLES[name],
        _switches(name, switches),
        _fold(
            f"{name}-holds",
            f"Holds {len(held)}",
            [
                h("li", h("span", item.name), h("span", item.state, class_=f"state {_tone(item.state)}"))
                for item in held
            ],
        ),
        _fold(
            f"{name}-received",
            f"Received {len(received)}, of which {len(changes)} to change something",
            [_line(reader, item) for item in [*changes[::-1][:SHOWN], *received[::-1][:SHOWN]]],
        ),
    )


def _tone(state: str) -> str:
    word = state.casefold()
    if word in ("succeeded", "passed", "ran", "finished"):
        return "good"
    if word in ("failed", "cancelled", "partial passed"):
        return "bad"
    return "busy" if word in ("running", "created", "active") else ""


def _line(reader: Reader, item: Received) -> Html:
    at = reader.clock.time(item.at.astimezone(reader.clock.zone), True)
    return h("li", h("code", item.method), h("span", item.path, class_="path"), h("small", at, class_="muted"))


def _fold(ident: str, title: str, rows: Iterable[Html]) -> Html:
    items = list(rows)[: 2 * SHOWN]
    inner = h("ul", items, class_="rows") if items else h("p", "Nothing yet.", class_="muted")
    return h("details", h("summary", title), inner, data_k=ident)


def _switches(owner: str, switches: Sequence[Switch]) -> Html:
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


def _button(words: str, act: str, *, danger: bool = False, off: bool = False, to: str = "") -> Html:
    return h(
        "button",
        words,
        type="button",
        class_=f"button {'danger' if danger else ''}".strip(),
        data_act=act,
        data_to=to or None,
        disabled=off,
    )
