"""The modal that a person has open."""

from playground.slack.client.outcome import Outcome, Submission
from playground.slack.client.surface import Surface
from playground.slack.client.values import validation_error
from playground.slack.elements import STATE_PROPERTIES, Element
from playground.slack.errors import ApiError, NotVisible
from playground.slack.model import View
from playground.slack.transport import payloads
from playground.slack.transport.responses import apply_submission_response, close_views


class Modal(Surface):
    """The top view of the person's stack. Raises NotVisible once nothing is open any more."""

    @property
    def container(self) -> View:
        stack = self.person.stack
        if not stack:
            raise NotVisible(f"{self.person.name} has no modal open.")
        return stack[-1]

    @property
    def is_open(self) -> bool:
        return bool(self.person.stack)

    @property
    def depth(self) -> int:
        """The number of views on the stack."""
        return len(self.person.stack)

    @property
    def title(self) -> str:
        return str(self.container.content["title"]["text"])

    @property
    def text(self) -> str:
        buttons = [
            self.container.content[name]["text"] for name in ("submit", "close") if self.container.content.get(name)
        ]
        errors = list(self.errors.values())
        return "\n".join([self.title, super().text, *errors, *(f"[{text}]" for text in buttons)])

    @property
    def errors(self) -> dict[str, str]:
        """The visible errors, by label."""
        return self._errors_by_label(self.container.errors)

    async def submit(self) -> Submission:
        """Press Submit. The client itself rejects empty required fields and invalid values, as Slack's does."""
        view = self.container
        if not view.content.get("submit"):
            raise NotVisible("This modal has no submit button.")
        result = Submission(self.person)
        result.errors = self._validation_errors()
        if result.errors:
            result.sent = False
            return result
        view.errors = {}
        payload = payloads.view_submission(self.ws, self.person.user, view)
        result.trigger_id = payload["trigger_id"]
        with result.record_changes():
            await self._send_submission(view, payload, result)
        result.errors = self._errors_by_label(view.errors, view)
        result.closed = view not in self.person.stack
        return result

    async def close(self, *, everything: bool = False) -> Outcome:
        """Press the close button, or with ``everything`` the X that takes the whole stack away."""
        stack = self.person.stack
        everything = everything or bool(self.container.content.get("clear_on_close"))
        views = list(stack) if everything else [self.container]
        outcome = Outcome(self.person)
        outcome.set_ack(await close_views(self.person.delivery, self.person.id, views, is_cleared=everything))
        return outcome

    async def _send_submission(self, view: View, payload: dict[str, object], result: Submission) -> None:
        name = str(view.content.get("callback_id", "")) or "view_submission"
        ack = await self.person.delivery.deliver_interaction("interactive", name, payload, self.person.id)
        result.set_ack(ack)
        if ack.error:
            return
        try:
            if view in self.person.stack:
                await apply_submission_response(self.person.delivery, view, ack)
        except ApiError as error:
            self.person.record_invalid_response(name, ack, error)
            result.reject(error.code, error.messages)

    def _validation_errors(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for element in self.elements:
            if element.position == "input" and element.kind in STATE_PROPERTIES:
                text = validation_error(element, self.form.get(element))
                if text:
                    found[element.label] = text
        return found

    def _errors_by_label(self, errors: dict[str, str], view: View | None = None) -> dict[str, str]:
        labels = {
            str(b.get("block_id")): Element(b, b.get("element", {}), "input").label
            for b in (view or self.container).blocks
        }
        return {labels.get(block_id, block_id): text for block_id, text in errors.items()}

    def __repr__(self) -> str:
        return f"Modal({self.title!r}, labels={self.labels})" if self.is_open else "Modal(closed)"
