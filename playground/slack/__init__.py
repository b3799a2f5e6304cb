"""A local Slack workspace that an unchanged Bolt app talks to, and people in it who can be driven from Python.

async with run_workspace() as slack:
    bot = AsyncApp(client=AsyncWebClient(slack.bot_token, base_url=slack.api_url), ...)
    await slack.use_http("http://127.0.0.1:3000/slack/events")    # or: await slack.use_socket(connections=1)
    alice, bob = slack.person("alice"), slack.person("bob")
    reply = await alice.command('/foreman run hosts="os = RedHat"', channel="#ops")   # Outcome
    modal = reply.modal or await alice.modal()                                        # Modal
    await modal.pick("Job template", "Service Action - Script Default")
    await modal.fill({"When": "tomorrow 21:00", "Why": "patch"})
    result = await modal.submit()                          # Submission: .errors by label, .modal, .closed, .error
    card = await bob.wait_for("awaiting approval", where="#approvals")                # Message
    await bob.click("Approve", card)                                                  # Outcome
    await slack.wait_until(lambda: "approved" in card.text)

Also: ``alice.open_home()``, ``.shortcut()``, ``.say()``, ``.choose()`` for menus in messages, ``.find_message()``,
``.messages()``, ``.direct_messages``, ``.ephemerals``; ``modal.search()``, ``.click()``, ``.close()``, ``.text``,
``.labels``, ``.value()``;
``slack.faults`` (429, slow, 500, cuts, lost acks, Slack offline), ``slack.socket.drop_connections()`` and
``.request_refresh()``,
``slack.admin`` (people, groups, channels), ``slack.journal`` (each exchange), ``slack.subscribe`` (each change).
A page uses elements instead of texts: ``surface.elements``, ``.press()``, ``.set_value()``, ``.options()``.
"""

from playground.slack.changes import Change, Changes
from playground.slack.client import HomeTab, MessageSurface, Modal, Outcome, Person, Submission, Surface
from playground.slack.errors import ApiError, NotVisible, SearchFailed
from playground.slack.faults import ApiFault, Faults
from playground.slack.journal import Exchange, Journal
from playground.slack.model import Channel, Message, User, UserGroup, View
from playground.slack.run import Slack, run_workspace
from playground.slack.settings import Settings
from playground.slack.transport.delivery import signature_headers
from playground.slack.workspace import Workspace

__all__ = [
    "ApiError",
    "ApiFault",
    "Change",
    "Changes",
    "Channel",
    "Exchange",
    "Faults",
    "HomeTab",
    "Journal",
    "Message",
    "MessageSurface",
    "Modal",
    "NotVisible",
    "Outcome",
    "Person",
    "SearchFailed",
    "Settings",
    "Slack",
    "Submission",
    "Surface",
    "User",
    "UserGroup",
    "View",
    "Workspace",
    "run_workspace",
    "signature_headers",
]
