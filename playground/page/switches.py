"""The switches of the sandbox panel: what goes wrong while one is on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from playground.foreman import ForemanSandbox
from playground.immybot import ImmyBotSandbox
from playground.opsramp import OpsRampSandbox
from playground.sandbox import Fault, Sandbox
from playground.slack import Faults
from playground.stage import Stage

EVERY = 3
"""Every third host fails while "Hosts fail" is on."""
_LATER = {"Retry-After": "2"}
_STARTS = {
    "foreman": Fault("cut_after", r"/api/job_invocations$", "POST"),
    "opsramp": Fault("cut_after", r"/jobs/[^/]+/run$|/jobs(/[^/]+)?$", "POST"),
    "immybot": Fault("cut_after", r"/run-immy-service", "POST"),
}


@dataclass(frozen=True, slots=True)
class Switch:
    """Something that can be made to go wrong."""

    key: str
    label: str
    hint: str
    is_on: Callable[[], bool]
    turn: Callable[[bool], None] = field(repr=False)


def switches(on: Stage) -> Mapping[str, list[Switch]]:
    """The switches by what they are about: ``slack`` and each sandbox."""
    return {
        "slack": _of_slack(on.slack.faults),
        "foreman": [*_of_http("foreman", on.foreman), _foreman_hosts(on.foreman)],
        "opsramp": [*_of_http("opsramp", on.opsramp), _opsramp_devices(on.opsramp)],
        "immybot": [*_of_http("immybot", on.immybot), _immybot_computers(on.immybot)],
    }


def _of_http(name: str, sandbox: Sandbox) -> list[Switch]:
    body = {"error": "switched on in the playground"}
    start = _STARTS[name]
    return [
        _fault(sandbox, "slow", "Slow", "Every answer takes four seconds", Fault("slow", seconds=4.0)),
        _fault(sandbox, "401", "401", "Credentials are refused", Fault("status", status=401, body=body)),
        _fault(sandbox, "429", "429", "Too many requests", Fault("status", status=429, body=body, headers=_LATER)),
        _fault(sandbox, "500", "500", "Server error", Fault("status", status=500, body=body)),
        _fault(
            sandbox,
            "cut",
            "Lost answer",
            "The next start arrives, and the connection breaks before the answer",
            Fault(start.kind, start.path, start.method),
            times=1,
        ),
    ]


def _fault(sandbox: Sandbox, key: str, label: str, hint: str, fault: Fault, times: int | None = None) -> Switch:
    def is_on() -> bool:
        return fault.times != 0 and any(other is fault for other in sandbox.faults)

    def turn(wanted: bool) -> None:
        sandbox.faults[:] = [other for other in sandbox.faults if other is not fault]
        if wanted:
            fault.times = times
            sandbox.faults.append(fault)

    return Switch(key, label, hint, is_on, turn)


def _foreman_hosts(foreman: ForemanSandbox) -> Switch:
    failing = foreman.state.jobs.failing

    def turn(wanted: bool) -> None:
        failing.clear()
        if wanted:
            foreman.fail_hosts([host.name for host in foreman.state.world.hosts[::EVERY]])

    return Switch("hosts", "Hosts fail", "Every third host fails", lambda: bool(failing), turn)


def _opsramp_devices(opsramp: OpsRampSandbox) -> Switch:
    def turn(wanted: bool) -> None:
        for device in opsramp.devices:
            device.offline = False
        if wanted:
            opsramp.take_offline([device.host for device in opsramp.devices[::EVERY]])

    return Switch(
        "hosts",
        "Devices offline",
        "Every third agent is offline",
        lambda: any(d.offline for d in opsramp.devices),
        turn,
    )


def _immybot_computers(immybot: ImmyBotSandbox) -> Switch:
    computers = list(immybot.world.computers.values())

    def turn(wanted: bool) -> None:
        immybot.fail_computers([])  # Settles what has ended, so that it does not change afterwards.
        for computer in computers:
            computer.outcome, computer.failures = "passes", []
        if wanted:
            immybot.fail_computers([computer.name for computer in computers[::EVERY]])

    return Switch(
        "hosts", "Computers fail", "Every third one fails", lambda: any(c.outcome == "fails" for c in computers), turn
    )


def _of_slack(faults: Faults) -> list[Switch]:
    def limited(wanted: bool) -> None:
        faults.api[:] = [fault for fault in faults.api if fault.kind != "rate_limit"]
        if wanted:
            faults.rate_limit(retry_after=2.0, times=None)

    def away(wanted: bool) -> None:
        faults.away = wanted

    def lost(wanted: bool) -> None:
        faults.lost_acks = 1 if wanted else 0

    return [
        Switch(
            "429",
            "429",
            "Every call is told to come back after two seconds",
            lambda: any(fault.kind == "rate_limit" for fault in faults.api),
            limited,
        ),
        Switch("lost", "Lost ack", "The bot's next acknowledgement is lost", lambda: faults.lost_acks > 0, lost),
        Switch("away", "Slack away", "Nothing goes in or out", lambda: faults.away, away),
    ]
