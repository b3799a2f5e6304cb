"""The fault switches of the sandbox panel."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from playground.environment import Environment
from playground.foreman import ForemanSandbox
from playground.immybot import ImmyBotSandbox
from playground.opsramp import OpsRampSandbox
from playground.sandbox import Fault, Sandbox
from playground.slack import Faults

FAIL_EVERY = 3
"""Every third host fails while "Hosts fail" is on."""
_RETRY_HEADERS = {"Retry-After": "2"}
_START_FAULTS = {
    "foreman": Fault("cut_after", r"/api/job_invocations$", "POST"),
    "opsramp": Fault("cut_after", r"/jobs/[^/]+/run$|/jobs(/[^/]+)?$", "POST"),
    "immybot": Fault("cut_after", r"/run-immy-service", "POST"),
}


@dataclass(frozen=True, slots=True)
class FaultSwitch:
    """A fault that can be switched on."""

    key: str
    label: str
    hint: str
    is_on: Callable[[], bool]
    set: Callable[[bool], None] = field(repr=False)


def fault_switches(env: Environment) -> Mapping[str, list[FaultSwitch]]:
    """The switches by their subject: ``slack`` and each sandbox."""
    return {
        "slack": _slack_switches(env.slack.faults),
        "foreman": [*_http_switches("foreman", env.foreman), _foreman_hosts(env.foreman)],
        "opsramp": [*_http_switches("opsramp", env.opsramp), _opsramp_devices(env.opsramp)],
        "immybot": [*_http_switches("immybot", env.immybot), _immybot_computers(env.immybot)],
    }


def _http_switches(name: str, sandbox: Sandbox) -> list[FaultSwitch]:
    body = {"error": "switched on in the playground"}
    start = _START_FAULTS[name]
    return [
        _fault_switch(sandbox, "slow", "Slow", "Every answer takes four seconds", Fault("slow", seconds=4.0)),
        _fault_switch(sandbox, "401", "401", "Credentials are refused", Fault("status", status=401, body=body)),
        _fault_switch(
            sandbox, "429", "429", "Too many requests", Fault("status", status=429, body=body, headers=_RETRY_HEADERS)
        ),
        _fault_switch(sandbox, "500", "500", "Server error", Fault("status", status=500, body=body)),
        _fault_switch(
            sandbox,
            "cut",
            "Lost answer",
            "The next start arrives, and the connection breaks before the answer",
            Fault(start.kind, start.path, start.method),
            times=1,
        ),
    ]


def _fault_switch(
    sandbox: Sandbox, key: str, label: str, hint: str, fault: Fault, times: int | None = None
) -> FaultSwitch:
    def is_on() -> bool:
        return fault.remaining != 0 and any(other is fault for other in sandbox.faults)

    def turn(wanted: bool) -> None:
        sandbox.faults[:] = [other for other in sandbox.faults if other is not fault]
        if wanted:
            fault.remaining = times
            sandbox.faults.append(fault)

    return FaultSwitch(key, label, hint, is_on, turn)


def _foreman_hosts(foreman: ForemanSandbox) -> FaultSwitch:
    failing = foreman.state.jobs.failing_hosts

    def turn(wanted: bool) -> None:
        failing.clear()
        if wanted:
            foreman.fail_hosts([host.name for host in foreman.state.world.hosts[::FAIL_EVERY]])

    return FaultSwitch("hosts", "Hosts fail", "Every third host fails", lambda: bool(failing), turn)


def _opsramp_devices(opsramp: OpsRampSandbox) -> FaultSwitch:
    def turn(wanted: bool) -> None:
        for device in opsramp.devices:
            device.offline = False
        if wanted:
            opsramp.take_offline([device.host for device in opsramp.devices[::FAIL_EVERY]])

    return FaultSwitch(
        "hosts",
        "Devices offline",
        "Every third agent is offline",
        lambda: any(d.offline for d in opsramp.devices),
        turn,
    )


def _immybot_computers(immybot: ImmyBotSandbox) -> FaultSwitch:
    computers = list(immybot.world.computers.values())

    def turn(wanted: bool) -> None:
        immybot.fail_computers([])  # Fixes the results of sessions that have ended.
        for computer in computers:
            computer.outcome, computer.failures = "passes", []
        if wanted:
            immybot.fail_computers([computer.name for computer in computers[::FAIL_EVERY]])

    return FaultSwitch(
        "hosts", "Computers fail", "Every third one fails", lambda: any(c.outcome == "fails" for c in computers), turn
    )


def _slack_switches(faults: Faults) -> list[FaultSwitch]:
    def limited(wanted: bool) -> None:
        faults.api[:] = [fault for fault in faults.api if fault.kind != "rate_limit"]
        if wanted:
            faults.rate_limit(retry_after=2.0, times=None)

    def away(wanted: bool) -> None:
        faults.offline = wanted

    def lost(wanted: bool) -> None:
        faults.lost_acks = 1 if wanted else 0

    return [
        FaultSwitch(
            "429",
            "429",
            "Every call is told to come back after two seconds",
            lambda: any(fault.kind == "rate_limit" for fault in faults.api),
            limited,
        ),
        FaultSwitch("lost", "Lost ack", "The bot's next acknowledgement is lost", lambda: faults.lost_acks > 0, lost),
        FaultSwitch("away", "Slack away", "Nothing goes in or out", lambda: faults.offline, away),
    ]
