"""Three suggestions for somebody who has just opened the page."""

from dataclasses import dataclass

from playground.page.render.html import Html, h
from playground.page.render.icons import icon


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A suggestion: the person to act as, the place to open, the text to type, and the panel to open."""

    title: str
    text: str
    button: str
    person: str
    place: str
    line: str = ""
    tools: str = "try"


SUGGESTIONS = (
    Suggestion(
        "Approve what waits",
        "You are Bob, one of the people who approve. A request of Alice's waits in #approvals: press Approve and watch "
        "the card as Foreman works through the hosts.",
        "Go there as Bob",
        "bob",
        "approvals",
    ),
    Suggestion(
        "Ask for something yourself",
        "Become Alice and send this command: restart the Ubuntu hosts tonight. Say when in your own words, look at "
        "what would happen, then ask. Bob or Carol approve.",
        "Type it as Alice",
        "alice",
        "ops",
        '/foreman template="Power Action - Script Default" hosts="os = Ubuntu" when="tonight at 9pm" '
        'because="New kernel"',
    ),
    Suggestion(
        "Break it",
        "Kill the bot while something runs, lose an answer on the way back, or jump the clock to 21:00, when your run "
        "of tonight starts. Nothing is lost, and nothing runs twice.",
        "Open the sandboxes",
        "bob",
        "approvals",
        tools="sandboxes",
    ),
)


def suggestions_html(ready: bool, startup_error: str) -> Html:
    """The panel. Until the workspace is ready it says so; ``error`` is why it never will be."""
    cards = [
        h(
            "li",
            h("span", str(number), class_="number", aria_hidden="true"),
            h(
                "div",
                h("h3", item.title),
                h("p", item.text),
                h(
                    "button",
                    item.button,
                    icon("in"),
                    type="button",
                    class_="button primary",
                    data_act="suggest",
                    data_number=number - 1,
                    disabled=not ready,
                ),
            ),
        )
        for number, item in enumerate(SUGGESTIONS, 1)
    ]
    return h(
        "div",
        h("h2", "Three things to try"),
        h(
            "p",
            "This is a Slack workspace on your own machine. The bot in it is the real one; Foreman, OpsRamp and "
            "ImmyBot are sandboxes. Change who you are on the left.",
            class_="muted",
        ),
        None if ready else _startup_notice(startup_error),
        h("ol", cards, class_="suggestions"),
        h(
            "p",
            "Other ways in: ",
            [h("code", f" {command} ") for command in ("/opsramp", "/immybot", "/nightshift help")],
            class_="muted",
        ),
        class_="panel try",
    )


def _startup_notice(startup_error: str) -> Html:
    if startup_error:
        return h("p", icon("warn"), startup_error, class_="trouble", role="alert")
    return h(
        "p", h("span", class_="lamp starting"), "The bot is starting and the workspace is filling up …", role="status"
    )
