"""Draws a history. Its parts are in the order in which people work, with anything else in between."""

from dataclasses import replace
from random import Random

from tests.histories.history import (
    FEATURES,
    GROUPS,
    SEARCHES,
    TEMPLATES,
    USERS,
    BackendFails,
    DeactivateOrReturn,
    Decide,
    Delegate,
    Edit,
    Event,
    FeatureChanges,
    Form,
    History,
    HostsChange,
    JoinOrLeave,
    PolicySpec,
    Retract,
    Retry,
    RuleSpec,
    SlackFails,
    Start,
    TakeOver,
    Tamper,
    TimePasses,
)
from tests.histories.pausing import with_pauses
from tests.histories.series import with_series

_PLACED_SHARE = 0.15
_TAKEOVER_SHARE = 0.2
_COMMANDS = ("uptime", "df -h", "reboot")


def draw_history(seed: int, index: int) -> History:
    """Return history number ``index`` of a seed, always the same."""
    random = Random(f"{seed}:{index}")
    events: list[Event] = []
    for _ in range(random.choice((1, 1, 2, 2, 3))):
        events += _disturbances(random, 2)
        events += _rally(random)
        events += _disturbances(random, 3)
        if random.random() < 0.55:
            events.append(_edit(random))
            if random.random() < 0.6:
                events += [*_disturbances(random, 1), *_rally(random)]
        events.append(_start(random))
        if random.random() < 0.3:
            events += [*_disturbances(random, 2), Retry(), _start(random)]
    # Drawn by itself, so that nothing else changes.
    placed = Random(f"{seed}:{index}:placed").random() < _PLACED_SHARE
    history = History(
        policy=_policy(random),
        groups=tuple((name, _members(random, name)) for name in GROUPS),
        hosts=tuple((search, _numbers(random)) for search in SEARCHES),
        requester="UANN" if random.random() < 0.8 else random.choice(USERS),
        form=_form(random),
        events=tuple(with_pauses(events, Random(f"{seed}:{index}:pauses"), placed=placed)),
        placed=placed,
    )
    history = with_series(history, Random(f"{seed}:{index}:series"))
    history = _with_takeover(Random(f"{seed}:{index}:takeover"), history)
    return _with_late_approvals(random, history) if index % 10 == 9 else history


def _with_takeover(random: Random, history: History) -> History:
    """Let somebody take the request over, mostly because its requester has left, and people look at it again."""
    if random.random() > _TAKEOVER_SHARE:
        return history
    leaves: list[Event] = [DeactivateOrReturn(history.requester, heard=True)] if random.random() < 0.7 else []
    taken = [*leaves, TakeOver(random.choice(USERS)), *_rally(random), _start(random)]
    at = random.randint(0, len(history.events))
    return replace(history, events=(*history.events[:at], *taken, *history.events[at:]))


def _with_late_approvals(random: Random, history: History) -> History:
    """Let the start pass between the first approval and the others, of which policy wants two."""
    early, *others = random.sample(USERS[1:], 4)
    between = TimePasses(random.choice((90, 300)))
    late = [Decide(user, late=random.choice(("now", "next"))) for user in others]
    edited = [_edit(random), *_rally(random)] if random.random() < 0.5 else []
    return replace(
        history,
        policy=replace(history.policy, quorum=2),
        form=replace(history.form, schedule=random.choice(("once", "flexible", "window")), start_in=30),
        events=(Decide(early), between, *late, *edited, _start(random), *history.events),
    )


def _members(random: Random, group: str) -> frozenset[str]:
    if group == "ops":
        return frozenset(user for user in USERS if random.random() < 0.75)
    return frozenset(random.sample(USERS[1:] if random.random() < 0.5 else USERS, random.randint(2, 4)))


def _numbers(random: Random) -> tuple[int, ...]:
    """Mostly few hosts, now and then enough of them that one more is little."""
    count = random.choice((1, 2, 2, 3, 5, 25))
    first = random.choice((1, 1, 5))
    return tuple(range(first, first + count))


def _policy(random: Random) -> PolicySpec:
    makers = (_approving, _asking, _asking, _refusing, _limiting)
    return PolicySpec(
        approvers=random.choice((("@a",), ("@a",), ("@b",), ("@a", "UEVE"), ("@a", "@b"))),
        quorum=random.choice((1, 1, 1, 2)),
        may_request=random.choice(((), (), ("@ops",))),
        requester_counts=random.choice((None, None, None, True)),
        rules=tuple(random.choice(makers)(random, f"rule {n}") for n in range(random.choice((0, 1, 1, 2, 3)))),
    )


def _approving(random: Random, name: str) -> RuleSpec:
    return RuleSpec(
        name,
        "approve",
        max_targets=random.choice((2, 3)),
        template=random.choice(("", "Uptime")),
        requester=random.choice(((), ("@ops",), ("UANN",))),
    )


def _asking(random: Random, name: str) -> RuleSpec:
    condition = random.choice(("template", "target", "min_targets", "requester"))
    return RuleSpec(
        name,
        "ask",
        template=random.choice(("Power*", "Run Script")) if condition == "template" else "",
        target="db-*" if condition == "target" else "",
        min_targets=random.choice((3, 6, 26)) if condition == "min_targets" else None,
        requester=random.choice((("@ops",), ("UBOB", "UCAT"))) if condition == "requester" else (),
        approvers=random.choice((("@a",), ("@b",), ("@b",), ("UDAN", "UEVE", "UFAY"))),
        quorum=random.choice((1, 1, 2)),
        requester_counts=random.choice((None, None, True, False)),
        drift=random.choice((None, None, 0, 50)),
        may_request=random.choice(((), (), (), ("@ops",))),
    )


def _refusing(random: Random, name: str) -> RuleSpec:
    if random.random() < 0.5:
        return RuleSpec(name, "refuse", target="db-*", requester=random.choice((("UBOB", "UCAT"), ("UANN",))))
    return RuleSpec(name, "refuse", template="Power*", min_targets=3)


def _limiting(random: Random, name: str) -> RuleSpec:
    return RuleSpec(
        name,
        "limit",
        target=random.choice(("", "db-*")),
        may_request=random.choice(((), ("@ops",))),
        drift=random.choice((None, 0, 20)),
    )


def _form(random: Random) -> Form:
    return Form(
        feature=random.choice(FEATURES),
        command=random.choice(_COMMANDS),
        search=random.choice(SEARCHES),
        dynamic=random.random() < 0.4,
        schedule=random.choice(("now", "now", "once", "flexible", "window", "series", "series")),
        start_in=random.choice((30, 120, 300)),
    )


def _rally(random: Random) -> list[Event]:
    """People look at the card, and most of them approve."""
    if random.random() < 0.1:
        return []
    clicks: list[Event] = [_approve(random, user) for user in random.sample(USERS, random.randint(3, len(USERS)))]
    if random.random() < 0.25:
        clicks.insert(random.randrange(len(clicks)), random.choice(_DISTURBANCES)(random))
    return clicks


def _approve(random: Random, user: str) -> Decide:
    return Decide(user, late=random.choice(("now", "next", "next", "drop")), stale=random.random() < 0.02)


def _start(random: Random) -> Start:
    between = random.choice((_edit, _tamper))(random) if random.random() < 0.06 else None
    answer = "lost" if random.random() < 0.2 else "started"
    return Start(delay=random.choice((0, 0, 0, 0, 5, 90)), answer=answer, between=between)


def _disturbances(random: Random, most: int) -> list[Event]:
    return [random.choice(_DISTURBANCES)(random) for _ in range(random.randint(0, most))]


def _edit(random: Random) -> Edit:
    new = _form(random)
    fields = random.sample(("feature", "command", "search", "dynamic", "schedule"), random.choice((1, 1, 2)))
    user = "UANN" if random.random() < 0.4 else random.choice(USERS)
    return Edit(user, tuple((name, getattr(new, name)) for name in fields), stale=random.random() < 0.08)


def _decide(random: Random) -> Decide:
    return Decide(random.choice(USERS), random.choice(("approved", "approved", "approved", "denied", "changes")))


def _retract(random: Random) -> Retract:
    return Retract(random.choice(USERS))


def _delegate(random: Random) -> Delegate:
    user, to_user = random.sample(USERS, 2)
    if random.random() < 0.5 and to_user != "UANN":
        user = "UANN"
    return Delegate(user, to_user, random.choice((30, 240, 3000)))


def _join_or_leave(random: Random) -> JoinOrLeave:
    return JoinOrLeave(random.choice(USERS), random.choice(GROUPS), heard=random.random() < 0.6)


def _deactivate(random: Random) -> DeactivateOrReturn:
    return DeactivateOrReturn(random.choice(USERS), heard=random.random() < 0.6)


def _slack_fails(random: Random) -> SlackFails:
    if random.random() < 0.45:
        return SlackFails()
    return SlackFails(groups=random.random() < 0.6, users=tuple(random.sample(USERS, random.choice((0, 1, 2)))))


def _backend_fails(random: Random) -> BackendFails:
    return BackendFails(silent=random.random() < 0.5)


def _hosts_change(random: Random) -> HostsChange:
    if random.random() < 0.5:
        return HostsChange(random.choice(SEARCHES), tuple(range(1, random.choice((24, 26, 27, 30)))))
    return HostsChange(random.choice(SEARCHES), _numbers(random))


def _feature_changes(random: Random) -> FeatureChanges:
    return FeatureChanges(random.choice(FEATURES), random.choice((*TEMPLATES, ("7", "Uptime (new)"))))


def _tamper(random: Random) -> Tamper:
    return Tamper(f"rm -rf /{random.randint(1, 9)}")


def _time_passes(random: Random) -> TimePasses:
    return TimePasses(random.choice((1, 10, 20, 90, 300)))


_DISTURBANCES = (
    _edit,
    _edit,
    _decide,
    _retract,
    _delegate,
    _delegate,
    _join_or_leave,
    _join_or_leave,
    _deactivate,
    _slack_fails,
    _slack_fails,
    _backend_fails,
    _hosts_change,
    _hosts_change,
    _feature_changes,
    _tamper,
    _time_passes,
    _time_passes,
)
