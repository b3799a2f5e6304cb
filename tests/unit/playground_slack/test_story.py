"""The happy path, from the slash command to the decision, with a real Bolt app over both transports."""

from typing import Any

import pytest

from playground.slack import Slack
from tests.unit.playground_slack.bots import Transport, bolt, button, modal, text_input


@pytest.mark.parametrize("transport", ["http", "socket"])
async def test_a_request_is_asked_for_approved_and_shown_as_approved(slack: Slack, transport: Transport) -> None:
    async with bolt(slack, transport) as app:

        @app.command("/foreman")
        async def asked(ack: Any, body: Any, client: Any) -> None:
            await ack()
            opened = await client.views_open(trigger_id=body["trigger_id"], view=modal(text_input("wait", "Loading")))
            view = modal(text_input("why", "Why"), private_metadata=body["text"])
            await client.views_update(view_id=opened["view"]["id"], hash=opened["view"]["hash"], view=view)

        @app.view("form")
        async def submitted(ack: Any, view: Any, body: Any, client: Any) -> None:
            why = view["state"]["values"]["why"]["value"]["value"]
            if why == "because":
                await ack(response_action="errors", errors={"why": "Say more."})
                return
            await ack()
            blocks = [
                {"type": "section", "text": {"type": "mrkdwn", "text": f"<@{body['user']['id']}> asks: {why}"}},
                {"type": "actions", "elements": [button("Approve", "approve", value="7")]},
            ]
            await client.chat_postMessage(channel="#approvals", text="A request", blocks=blocks)

        @app.action("approve")
        async def approved(ack: Any, body: Any, client: Any, action: Any) -> None:
            await ack()
            said = f"approved {action['value']} by <@{body['user']['id']}>"
            await client.chat_update(channel=body["channel"]["id"], ts=body["message"]["ts"], text=said)

        alice, bob = slack.person("alice"), slack.person("bob")
        reply = await alice.command("/foreman run", channel="#ops")
        assert reply.error == ""
        form = reply.modal
        assert form is not None
        await form.fill({"Why": "because"})
        result = await form.submit()
        assert result.errors == {"Why": "Say more."}
        assert not result.closed
        await form.fill(Why="the kernel has a hole")
        result = await form.submit()
        assert result.closed
        assert alice.open_modal is None

        card = await bob.wait_for("the kernel has a hole", where="#approvals")
        assert "@alice asks" in card.text
        assert card.buttons == ["Approve"]
        outcome = await bob.click("Approve", card)
        assert outcome.error == ""
        assert card.text == "approved 7 by @bob"
        assert slack.person("dave").find_message("approved 7") is None
