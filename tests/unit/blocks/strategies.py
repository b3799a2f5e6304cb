"""Requests, runs and fields as heavy as they can get: many targets, long names, long values, many warnings."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from bot.backends.base import FormField, Option
from bot.ids import new_id
from bot.requests.lifecycle import TRANSITIONS
from bot.requests.model import Content, Decision, Person, Request, Requirement, Run, Stage, TargetSet
from bot.schedule import Now, Once, ZonedTime

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
ALICE = Person(team="T1", user="U0ALICE")

sample_characters = st.sampled_from(["x", "web-1.example.com ", "ä", "漢", "🟡", "<@U0BOB> & "])
text_lengths = st.sampled_from([0, 1, 40, 300, 5_000])
item_counts = st.sampled_from([0, 1, 5, 40, 150])


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A text of any length, of one kind of letter."""
    letter, length = draw(sample_characters), draw(text_lengths)
    return (letter * length)[:length]


@st.composite
def names(draw: st.DrawFn) -> tuple[str, ...]:
    """Up to 2,000 names of targets, which is as many as are kept."""
    long = draw(st.sampled_from([1, 20, 250]))
    return tuple(f"{number}-{'n' * long}" for number in range(draw(st.sampled_from([0, 1, 43, 2_000]))))


@st.composite
def changes(draw: st.DrawFn) -> tuple[dict[str, str], ...]:
    """What a request changes in the back end."""
    one = {"field": draw(texts()), "before": draw(texts()), "after": draw(texts())}
    return (one,) * draw(item_counts)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """A request in any state."""
    found = draw(names())
    schedule = draw(
        st.sampled_from([Now(), Once(start=ZonedTime(wall=datetime(2026, 3, 4, 22), zone="Europe/Berlin"))])
    )
    content = Content(backend="foreman.prod", operation="foreman.run", params={}, schedule=schedule)
    return Request(
        id=new_id("r"),
        number=draw(st.sampled_from([1, 999_999])),
        state=draw(st.sampled_from(sorted(TRANSITIONS))),
        version=1,
        revision=draw(st.sampled_from([1, 12])),
        content=content,
        content_hash=content.hash,
        title=draw(texts()),
        summary=((draw(texts()), draw(texts())),) * draw(item_counts),
        phrase=draw(texts()),
        zone="Europe/Berlin",
        reason=draw(texts()),
        requester=ALICE,
        targets=TargetSet(count=len(found) * 50, names=found, note=draw(texts()), fixed=draw(st.booleans())),
        warnings=(draw(texts()),) * draw(item_counts),
        calls=({"method": "POST", "url": "https://there/" + draw(texts()), "body": {"text": draw(texts())}},)
        * draw(item_counts),
        changes=draw(changes()),
        revision_changes=draw(changes()),
        scheduler_reason=draw(texts()),
        requirement=Requirement(
            stages=(Stage(groups=("S1",), names=(draw(texts()),)),), reasons=(draw(texts()),) * draw(item_counts)
        ),
        approve_by=NOW + timedelta(hours=8),
        created_at=NOW,
        outcome=draw(texts()),
    )


@st.composite
def decisions(draw: st.DrawFn, request: Request) -> list[Decision]:
    """The words of many people on a request."""
    comment = draw(texts())
    return [
        Decision(
            id=f"d{number}",
            request_id=request.id,
            revision=request.revision,
            content_hash=request.content_hash,
            person=Person(team="T1", user=f"U{number:08}"),
            verdict="approved",
            comment=comment,
            at=NOW + timedelta(seconds=number),
            on_behalf_of=draw(st.sampled_from(["", "U0CAROL"])) if number == 0 else "",
        )
        for number in range(draw(item_counts))
    ]


@st.composite
def runs(draw: st.DrawFn, request: Request) -> list[Run]:
    """Runs of a request with the outcome of every target."""
    reason = draw(texts())
    results = [{"name": name, "state": "failed", "reason": reason} for name in request.targets.names[:2_000]]
    total = request.targets.count
    progress = {"total": total, "failed": len(results), "summary": draw(texts()), "results": results}
    run = Run(
        id=new_id("n"),
        request_id=request.id,
        number=1,
        state=draw(st.sampled_from(["running", "failed", "partly_failed", "unknown"])),
        version=1,
        handle={"kind": "run", "id": "123", "url": "https://there/123"},
        progress=progress,
        problem=draw(texts()),
    )
    return [run] * draw(st.sampled_from([0, 1, 5, 40]))


@st.composite
def fields(draw: st.DrawFn) -> tuple[list[FormField], dict[str, Any]]:
    """The fields of a form, some with many choices, and very long values in them."""
    widgets = st.sampled_from(["text", "long_text", "json", "number", "flag", "choice", "choices", "lookup", "lookups"])
    choices = tuple(
        Option(value=f"v{i}", label=draw(texts()) or "x") for i in range(draw(st.sampled_from([0, 2, 150])))
    )
    found, values = [], {}
    for number in range(draw(item_counts)):
        widget = draw(widgets)
        name = f"inputs.{number}"
        some = FormField(
            name=name,
            label=draw(texts()) or "x",
            hint=draw(texts()),
            section=draw(st.sampled_from(["Basics", "Inputs"])),
            widget=widget,
            choices=choices if widget.startswith("choice") else (),
            placeholder=draw(texts()),
        )
        found.append(some)
        several = [f"v{i}" for i in range(draw(st.sampled_from([0, 3, 150])))]
        values[name] = several if widget in ("choices", "lookups") else draw(texts())
    return found, values
